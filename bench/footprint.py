"""What fastnn costs before it computes anything: `python bench/footprint.py`.

Import time, memory after import, optional modules imported, size on disk, and whether a million calls of a
model leave anything behind. Times and memory are what fastnn adds to NumPy in the same process; each figure
is the median over several processes, which read all modules from Python's caches. The import should take at
most 0.15 of NumPy's time and 6 MB; what it delays is the time of the first model, printed beside it.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from fastnn.bench.files import check_file
from fastnn.cli import exit_status, whole_number_type

# Prints milliseconds and MB that an import adds to NumPy's, the modules that are then there, and the
# milliseconds until there is a first model, which imports layers and the like.
IMPORT = """
import sys, time
def resident():
    if sys.platform == "linux":
        import os
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    if sys.platform == "win32":
        return float("nan")
    import resource
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
import json
start, empty = time.perf_counter(), resident()
import numpy
middle, numpy_memory = time.perf_counter(), resident()
import fastnn
end, memory = time.perf_counter(), resident()
modules = sorted(sys.modules)
model = fastnn.Sequential([fastnn.Input((8,)), fastnn.layers.Dense(1)])
model.compile(optimizer="adam", loss="mse")
print(json.dumps({
    "numpy_ms": 1e3 * (middle - start), "fastnn_ms": 1e3 * (end - middle),
    "first_model_ms": 1e3 * (time.perf_counter() - end),
    "numpy_mb": numpy_memory - empty, "fastnn_mb": memory - numpy_memory,
    "modules": modules,
}))
"""

# Prints bytes per thousand calls: the slope of resident memory, and what tracemalloc says is kept.
GROWTH = """
import json, sys, tracemalloc
import numpy as np, fastnn
from fastnn import layers
calls = int(sys.argv[1])
model = fastnn.Sequential([
    layers.Dense(32, activation="relu", input_shape=(20,)), layers.Dense(1, activation="sigmoid"),
])
x = np.zeros((1, 20), "float32")
def resident():
    import os
    if sys.platform != "linux":
        return float("nan")
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
def call(n):
    for _ in range(n):
        model(x)
call(calls // 10)
points = [resident()]
for _ in range(10):
    call(calls // 10)
    points.append(resident())
slope = np.polyfit(np.arange(len(points)) * (calls // 10), points, 1)[0]
tracemalloc.start()
call(1000)
before = tracemalloc.get_traced_memory()[0]
call(max(1000, calls // 100))
kept = tracemalloc.get_traced_memory()[0] - before
print(json.dumps({
    "resident_bytes_per_1000_calls": 1000 * slope,
    "traced_bytes_per_1000_calls": 1000 * kept / max(1000, calls // 100),
}))
"""


def child(program: str, *arguments: str, cache: str | None = None) -> dict:
    # -P: not the source folder that may be the current one.
    command = [sys.executable, "-P", "-c", program, *arguments]
    environ = dict(os.environ)
    if cache is not None:  # compiled modules, whether or not this installation and this user may write them
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        environ["PYTHONPYCACHEPREFIX"] = cache
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environ).stdout)


def optional_modules() -> set[str]:
    """Return the modules of the packages that an extra of fastnn names."""
    extras = [line for line in importlib.metadata.requires("fastnn") or [] if "extra ==" in line]
    packages = {re.match(r"[\w.-]+", line)[0].lower() for line in extras}
    return {
        module
        for module, owners in importlib.metadata.packages_distributions().items()
        if packages & {owner.lower() for owner in owners}
    }


def installed_mb(package: str) -> float:
    """Return the size of a package and the libraries in its wheel, without caches and what a build leaves."""
    folder = Path(importlib.util.find_spec(package).origin).parent
    places = [folder, folder.with_name(f"{package}.libs")]
    files = [f for place in places for f in place.rglob("*") if f.is_file() and "__pycache__" not in f.parts]
    if any(folder.glob("kernels/*/*.pyx")):  # an editable install: generated C lies beside the modules
        files = [f for f in files if f.suffix != ".c"]
    return sum(f.stat().st_size for f in files) / 1e6


def footprint(runs: int, calls: int) -> dict:
    with tempfile.TemporaryDirectory() as cache:
        child(IMPORT, cache=cache)  # fills it
        imports = [child(IMPORT, cache=cache) for _ in range(runs)]
    result = {key: statistics.median(run[key] for run in imports) for key in imports[0] if key != "modules"}
    result["import_ratio"] = statistics.median(run["fastnn_ms"] / run["numpy_ms"] for run in imports)
    imported = {module.partition(".")[0] for module in imports[0]["modules"]}
    result["optional_modules"] = sorted(optional_modules() & imported)
    result |= {f"{package}_installed_mb": installed_mb(package) for package in ("fastnn", "numpy")}
    return result | child(GROWTH, str(calls))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=whole_number_type(1), default=7, help="processes; default: 7")
    parser.add_argument(
        "--calls", type=whole_number_type(1), default=1_000_000, help="of a model; default: a million"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    options = parser.parse_args()
    if options.json:
        check_file(parser, "json", options.json)
    r = footprint(options.runs, options.calls)
    ours = f"{r['fastnn_ms']:.1f} ms, {r['import_ratio']:.3f} of it"
    print(f"import          NumPy's {r['numpy_ms']:.0f} ms + {ours}")
    print(f"first model     {r['first_model_ms']:.0f} ms, with all that it imports")
    print(f"resident        NumPy's {r['numpy_mb']:.0f} MB + {r['fastnn_mb']:.1f} MB")
    print(f"installed       {r['fastnn_installed_mb']:.1f} MB, NumPy {r['numpy_installed_mb']:.0f} MB")
    print(f"optional        {', '.join(r['optional_modules']) or 'nothing optional is imported'}")
    print(
        f"model(x)        a thousand of {options.calls} calls leave "
        f"{r['resident_bytes_per_1000_calls']:.0f} bytes resident, "
        f"{r['traced_bytes_per_1000_calls']:.0f} bytes of Python's"
    )
    if options.json:
        options.json.write_text(json.dumps(r, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(exit_status("footprint.py", main))
