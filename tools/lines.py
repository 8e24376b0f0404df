"""Print the lines of each folder, and the files that are longer than files of their kind should be.

    python tools/lines.py               # or: make lines

A long file is a reason to look whether it holds two things, not an error: one that stays long says why in its
header. The sizes are those of CONTRIBUTING.md.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = {".py", ".pyx", ".pxd", ".pyi", ".c", ".h", ".def"}
FOLDERS = ["bench", "csrc", "examples", "fastnn", "tests", "tools"]
SIZES = {"fastnn/layers/": 150, "fastnn/kernels/ops/": 300, "csrc/kernels/": 300, "setup.py": 150}


def line_counts() -> dict[str, int]:
    """Lines of each source file by its path, without what Cython generates."""
    found = [ROOT / "setup.py", *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))]
    return {
        path.relative_to(ROOT).as_posix(): len(path.read_bytes().splitlines())
        for path in found
        if path.suffix in SOURCES and not (path.suffix == ".c" and path.with_suffix(".pyx").exists())
    }


def long_files() -> dict[str, tuple[int, int]]:
    """Lines and the size aimed at, of each file above it."""
    return {
        path: (lines, size)
        for path, lines in line_counts().items()
        for start, size in SIZES.items()
        if path.startswith(start) and not path.endswith(".pyi") and lines > size
    }


def main() -> None:
    """Print both lists."""
    counts, folders = line_counts(), Counter()
    for path, lines in counts.items():
        folders[path.rpartition("/")[0] or "."] += lines
    for folder, lines in sorted(folders.items()):
        print(f"{lines:7}  {folder}")
    print(f"{sum(counts.values()):7}  in all\n")
    print("longer than files of their kind should be:")
    for path, (lines, size) in sorted(long_files().items(), key=lambda item: item[1][1] - item[1][0]):
        print(f"{lines:7}  {path} (about {size})")


if __name__ == "__main__":
    main()
