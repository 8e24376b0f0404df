"""Refuse to publish under another project's name: python tools/check_distribution_name.py NAME FILE...

`NAME` is what the project is called on the package index, and every file must be a distribution of it.
`fastnn` is refused: there, that is an unrelated project.
"""

import argparse
import re
import sys
from pathlib import Path


def normalized(name: str) -> str:
    """Write a name as file names of distributions have it."""
    return re.sub(r"[-_.]+", "_", name).lower()


def fault(name: str, files: list[str]) -> str | None:
    """Say why files cannot be published under a name."""
    if not name.strip():
        return "the distribution has no name yet"
    if normalized(name) == "fastnn":
        return "fastnn is the name of an unrelated project on the package index"
    if not files:
        return "there is nothing to publish"
    others = [
        Path(file).name for file in files if normalized(Path(file).name.split("-")[0]) != normalized(name)
    ]
    return f"not distributions of {name}: {', '.join(others)}" if others else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0].partition(":")[0])
    parser.add_argument("name", metavar="NAME", help="of the project on the package index")
    parser.add_argument("files", nargs="*", metavar="FILE", help="a distribution to publish")
    options = parser.parse_args()
    sys.exit(fault(options.name, options.files))
