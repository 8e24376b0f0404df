"""Print every file that belongs to a layer, an op, a kernel, an optimizer, a loss or an activation.

    python tools/story.py lstm          # or: make story OP=lstm

The files are found by what they contain: the ops of a layer by its imports, the kernels of an op by its
calls, the check of a kernel by its function. So an op that serves several layers, as `recurrent` serves
SimpleRNN, LSTM and GRU, is part of the story of each. A name without a layer or op (`lion`, `log_cosh`,
`mish`) has the files that spell it.

`tests/test_story.py` checks that every op has all its parts.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
LAYERS, OPS, KERNELS = ROOT / "fastnn/layers", ROOT / "fastnn/kernels/ops", ROOT / "csrc/kernels"
SOURCES = {"fastnn": "py pyi pyx pxd", "csrc": "c h def", "tests": "py c", "bench": "py"}
COMMON = {"layer", "custom_layer", "shapes", "weight_spec"}  # what most layers import, part of no story

# The parts of a story in the order in which data pass them, by the beginning of a path: the first that fits.
PARTS = {
    "layer": "fastnn/layers/",
    "optimizer": "fastnn/optimizers/",
    "loss": "fastnn/losses/",
    "metric": "fastnn/metrics/",
    "op": "fastnn/kernels/",
    "python": "fastnn/",
    "kernel": "csrc/kernels/",
    "reference": "csrc/ref/",
    "list": "csrc/",
    "C check": "tests/csrc/",
    "test": "tests/",
    "benchmark": "bench/",
}


@cache
def sources() -> frozenset[Path]:
    """All files of the checkout that people write."""
    found = {
        path
        for folder, kinds in SOURCES.items()
        for kind in kinds.split()
        for path in (ROOT / folder).rglob(f"*.{kind}")
    }
    return frozenset(path for path in found if path.suffix != ".c" or not path.with_suffix(".pyx").exists())


@cache
def text(path: Path) -> str:
    """What a file contains."""
    return path.read_text(encoding="utf-8")


@cache
def stem(path: Path) -> str:
    """The name that a file is about: "lstm" for lstm.py, lstm.inc.c, test_lstm.py and bench_lstm.py."""
    name = re.sub(r"^(test|bench)_", "", path.name.split(".")[0])
    return re.sub(r"_(layer|kernels)$", "", name)


def stems(paths: Iterable[Path]) -> set[str]:
    """The names that files are about."""
    return {stem(path) for path in paths}


@cache
def inside(folder: Path) -> frozenset[Path]:
    """Files of a folder."""
    return frozenset(path for path in sources() if path.parent == folder)


def named(names: Iterable[str], folder: Path) -> set[Path]:
    """Files of a folder that are about one of the names."""
    names = set(names)
    return {path for path in inside(folder) if stem(path) in names}


def class_name(name: str) -> str:
    """The pattern of a class: "log_cosh" -> LogCosh, "lstm" -> LSTM."""
    return f"(?=[A-Z])(?i:{re.escape(name.replace('_', ''))})"


@cache
def files_with(pattern: str) -> frozenset[Path]:
    """Files that contain a word."""
    word = re.compile(rf"(?<![A-Za-z0-9_])(?:{pattern})(?![A-Za-z0-9_])")
    return frozenset(path for path in sources() if word.search(text(path)))


def mentions(name: str) -> frozenset[Path]:
    """Files that spell a name, in snake case or as a class."""
    return files_with(f"{re.escape(name)}|{class_name(name)}")


# ---- from one file to the next ------------------------------------------------------------------------


def with_bases(layers: set[Path]) -> set[Path]:
    """Modules of layers with those that they import from their package, except what all layers import."""
    found, waiting = set(), set(layers)
    while waiting:
        path = waiting.pop()
        found.add(path)
        names = set(re.findall(r"^from \.(?:base\.)?(\w+) import", text(path), flags=re.M))
        names -= COMMON
        near = {other for other in inside(LAYERS) | inside(LAYERS / "base") if other.stem in names}
        waiting |= near - found
    return found


@cache
def op_files() -> dict[str, set[Path]]:
    """Files of each op: those of its name, and x_y of the op x if nothing but x and the like imports it."""
    found: dict[str, set[Path]] = {}
    for path in inside(OPS):
        head = path.stem.rpartition("_")[0]
        users = {other.stem for other in inside(OPS) if path.stem in imported(other)}
        part = head in users and all(user.startswith(head) for user in users)
        found.setdefault(head if part else path.stem, set()).add(path)
    del found["__init__"]
    return found


def imported(path: Path) -> set[str]:
    """Names of the files beside it that a file of Cython imports."""
    return set(re.findall(r"^from \.(\w+) c?import", text(path), flags=re.M))


@cache
def all_ops() -> set[str]:
    """Names of all ops."""
    return set(op_files())


@cache
def imported_ops(module: Path) -> set[str]:
    """Ops that a Python module imports."""
    lists = re.findall(r"from \.+kernels\.ops import ([\w, ]+)", text(module))
    names = {name.split(" as ")[0].strip() for found in lists for name in found.split(",")}
    return names | set(re.findall(r"from \.+kernels\.ops\.(\w+) import", text(module)))


def importers(ops: set[str]) -> set[Path]:
    """Layers that import one of the ops; for an op that no layer imports, the other modules that do."""
    found = {path for path in sources() if imported_ops(path) & ops}
    return {path for path in found if path.is_relative_to(LAYERS)} or found


@cache
def helper_ops(op: str) -> set[str]:
    """Ops that another one is made of."""
    return {name for path in op_files()[op] for name in imported(path)} & all_ops() - {op}


@cache
def definitions() -> dict[str, Path]:
    """The file that defines each kernel of the table; in csrc/ref/ if all instruction sets share it."""
    kernels = set(re.findall(r"^FNN_KERNEL\(\w+, (\w+),", text(ROOT / "csrc/kernels.def"), flags=re.M))
    found = {}
    for folder in (ROOT / "csrc/ref", KERNELS):
        for path in folder.glob("*.inc.c"):  # functions, and macros that make functions
            words = re.findall(r"^(?:\w+ KERNEL\(|([A-Z_]+)\()(\w+)[,)]", text(path), flags=re.M)
            names = {name for macro, word in words for name in (word, f"{macro.lower()}_{word}")}
            found.update(dict.fromkeys(names & kernels, path))
    return found


@cache
def called_kernels(op: str) -> set[Path]:
    """Files of the kernels that an op calls."""
    calls = {name for path in op_files()[op] for name in re.findall(r"\.(\w+)\(", text(path))}
    return {place for name, place in definitions().items() if name in calls}


@cache
def headers(kernel: Path) -> set[Path]:
    """Headers of its own folder that a file of kernels includes."""
    return {kernel.parent / name for name in re.findall(r'^#include "(\w+\.h)"', text(kernel), flags=re.M)}


@cache
def twins(kernel: Path) -> set[Path]:
    """The textbook version of a file of kernels, and what compares the two in tests/csrc/."""
    names = "|".join(name for name, place in definitions().items() if place == kernel)
    check = re.compile(rf"\bcheck_(?:{names})\b|^[A-Z_]+\((?:{names})[,)]" if names else "(?!)", flags=re.M)
    files = {path for path in inside(ROOT / "tests/csrc") if path.name != "check.c"}
    found = {path for path in files if stem(path) == stem(kernel) or check.search(text(path))}
    return found | named([stem(kernel)], ROOT / "csrc/ref")


# ---- the story ----------------------------------------------------------------------------------------


def story(name: str) -> tuple[set[Path], set[str]]:
    """Every file that belongs to a name, and the names of other ops and kernels that these files use."""
    layers = with_bases({path for path in named([name], LAYERS) if path.suffix == ".py"})
    kernels = named([name], KERNELS)
    if name in all_ops():
        ops = {name}
    elif layers:
        ops = {op for path in layers for op in imported_ops(path)}
    else:
        families = stems(header for kernel in kernels for header in headers(kernel))
        ops = {op for op in all_ops() if op in families or called_kernels(op) & kernels}
    layers = layers or importers(ops)
    if not layers and not ops:
        return mentions(name) | {file for kernel in kernels for file in twins(kernel)}, set()

    names = {name} | ops
    called = {kernel for op in ops for kernel in called_kernels(op)}
    kernels |= {kernel for kernel in called if names & stems({kernel, *headers(kernel)})}
    kernels = kernels or called
    names |= stems(kernels) | stems(header for kernel in kernels for header in headers(kernel))
    found = layers.union(*(op_files()[op] for op in ops))
    for kernel in kernels:
        found |= {kernel, *headers(kernel), *twins(kernel)}
    for folder in (ROOT / "tests", ROOT / "bench"):
        found |= named(names, folder)
        if not named([name], folder):
            users = files_with(class_name(name)) & inside(folder)
            found |= named(stems(layers), folder) or users
    used = {op for path in layers for op in imported_ops(path)} | {
        other for op in ops for other in helper_ops(op)
    }
    return found, (used | stems(called)) - names


def parts(files: Iterable[Path]) -> dict[str, list[str]]:
    """Paths of files by the part that they have in a story."""
    found: dict[str, list[str]] = {part: [] for part in PARTS}
    for place in sorted(path.relative_to(ROOT).as_posix() for path in files):
        found[next(part for part, start in PARTS.items() if place.startswith(start))].append(place)
    return {part: places for part, places in found.items() if places}


def main() -> None:
    """Print the story of the name on the command line."""
    if len(sys.argv) != 2 or not sys.argv[1]:
        sys.exit("usage: python tools/story.py NAME, or make story OP=NAME; NAME may be lstm or LSTM")
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", sys.argv[1]).lower()
    files, used = story(name)
    if not files:
        sys.exit(f"NAME: nothing in this checkout is called {sys.argv[1]!r}")
    for part, places in parts(files).items():
        for i, place in enumerate(places):
            print(f"{'' if i else part:10}  {place}")
    if used:
        print(f"{'uses':10}  {' '.join(sorted(used))}")


if __name__ == "__main__":
    main()
