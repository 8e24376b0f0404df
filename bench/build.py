"""How long a build takes, phase by phase, and how large what it makes is.

    python bench/build.py            # or: make build-report

It builds a copy of the checkout from scratch, then again after an edit in a kernel and in an op. The tools of
the group "dev" have to be installed; FASTNN_ISAS and FASTNN_OPENMP count as for any build.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
KERNELS, OPS = "csrc/kernels", "fastnn/kernels/ops"


def copy_of_checkout(folder):
    """Copy the files that git tracks, or of a source distribution all."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    names = listed.stdout.decode().split("\0") if listed.returncode == 0 else []
    files = [ROOT / name for name in names if name] or [p for p in ROOT.rglob("*") if p.is_file()]
    for file in files:
        if file.is_file():
            target = folder / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)


def timed(name, *command, cwd):
    """Run a command, print how long it took, and return the seconds."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{name}: {' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    print(f"  {seconds:7.1f} s  {name}", flush=True)
    return seconds


def edit(file):
    """Change a source so that it has to be compiled again, to the same code."""
    comment = "/* edited */\n" if file.suffix == ".c" else "# edited\n"
    file.write_text(file.read_text() + comment)


def report_sizes(wheel):
    """Print the sizes of a wheel, of what it installs, and of the compiled modules in it."""
    with zipfile.ZipFile(wheel) as archive:
        entries = archive.infolist()
    modules = sorted(
        (entry for entry in entries if entry.filename.endswith((".so", ".pyd"))), key=lambda e: -e.file_size
    )
    print(f"  {wheel.stat().st_size / 1e6:7.2f} MB  wheel, before it is repaired for any Linux")
    print(f"  {sum(entry.file_size for entry in entries) / 1e6:7.2f} MB  installed")
    print(f"  {sum(entry.file_size for entry in modules) / 1e6:7.2f} MB  in {len(modules)} compiled modules:")
    for entry in modules[:5]:
        print(f"  {entry.file_size / 1e6:11.2f} MB  {Path(entry.filename).name.split('.')[0]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernel", default="dropout", help="the kernel to edit: csrc/kernels/KERNEL.inc.c")
    parser.add_argument("--op", default="dropout", help="the op to edit: fastnn/kernels/ops/OP.pyx")
    options = parser.parse_args()
    kernel, op = f"{KERNELS}/{options.kernel}.inc.c", f"{OPS}/{options.op}.pyx"
    for file in (kernel, op):
        if not (ROOT / file).is_file():
            parser.error(f"there is no file {file}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "fastnn")
        copy_of_checkout(folder)
        setup = sys.executable, "setup.py", "--quiet"
        print(f"build on {os.cpu_count()} processors")
        libraries = timed("kernels for all instruction sets", *setup, "build_clib", cwd=folder)
        modules = timed("Cython, its modules, and linking", *setup, "build_ext", "--inplace", cwd=folder)
        print(f"  {libraries + modules:7.1f} s  in all, from scratch")
        for file in (kernel, op):
            edit(folder / file)
            timed(f"again after an edit in {file}", *setup, "build_ext", "--inplace", cwd=folder)
        pip = sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"
        timed("a wheel of what is built", *pip, "--wheel-dir", temporary, ".", cwd=folder)
        print("sizes")
        report_sizes(next(Path(temporary).glob("*.whl")))


if __name__ == "__main__":
    main()
