"""`fastnn bench`: fastnn against plain NumPy, or against other libraries, on this machine.

Each model is verified first: all sides start from the same weights and have to agree in predictions and in
the losses of training steps. What is printed are ratios and shares.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["main", "parse"]

# NumPy's BLAS reads one of these, and only when it is loaded.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

THREADS_PER_PROCESSOR = 4  # at most: with many more, sides use fewer than they were told


def main(arguments: list[str]) -> int:
    """Run the command `fastnn bench`.

    Unless the environment gives NumPy's BLAS the same number of threads and the same instruction set already,
    the work is done in a second process whose environment does.

    Parameters
    ----------
    arguments : list of str
        Those behind `fastnn bench`; `--help` lists them.

    Returns
    -------
    int
        0, or 1 if the sides of a comparison do not compute the same, or if no peer is installed.
    """
    from .. import threads

    options = parse(arguments)
    wanted = blas_environment(options.threads)
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        # -P: a source folder in the current one is not to stand in front of the installed package.
        command = [sys.executable, "-P", "-m", "fastnn", "bench", *arguments]
        return subprocess.call([*command, "--threads", str(options.threads)], env=os.environ | wanted)
    from .peers import PeerError
    from .report import MismatchError
    from .run import against_numpy, against_peers

    try:
        with threads(options.threads):
            (against_peers if options.against else against_numpy)(options)
    except (MismatchError, PeerError) as error:
        print(f"fastnn bench: {error}", file=sys.stderr)
        return 1
    return 0


def blas_environment(threads: int) -> dict[str, str]:
    """Return the environment in which NumPy's BLAS uses so many threads and the instruction set of fastnn."""
    from .peers import limits

    return dict.fromkeys(THREAD_VARIABLES, str(threads)) | limits()


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the options of `fastnn bench`, or exit with a message about the first that is wrong.

    Parameters
    ----------
    arguments : list of str
        Those behind `fastnn bench`.

    Returns
    -------
    Namespace
        `models`, `threads`, `rounds`, `dtype`, `against` (names of peers), `python` (a dict by their names),
        `json` and `plot` (paths or None).
    """
    from .. import num_threads
    from ..cli import whole_number_type
    from .files import check_file, checked_plot
    from .models import MODELS
    from .peers import PEERS

    parser = argparse.ArgumentParser(
        "fastnn bench", description="Compare fastnn with plain NumPy, or with other libraries."
    )
    parser.add_argument(
        "--models",
        nargs="+",
        default=list(MODELS),
        choices=MODELS,
        metavar="NAME",
        help=f"which of {', '.join(MODELS)}; default: all",
    )
    parser.add_argument(
        "--against",
        type=_peers,
        default=[],
        metavar="PEER,...",
        help=f"compare with these instead of NumPy: {', '.join(PEERS)}",
    )
    parser.add_argument(
        "--python",
        type=_python,
        action="append",
        default=[],
        metavar="PEER=PATH",
        help="the Python of a peer's own environment, which does not need fastnn; default: this one",
    )
    parser.add_argument(
        "--threads",
        type=whole_number_type(1, THREADS_PER_PROCESSOR * (os.cpu_count() or 1)),
        default=num_threads(),
        metavar="N",
        help="threads of each side, at most four for each processor; default: as fastnn info prints",
    )
    parser.add_argument(
        "--rounds",
        type=whole_number_type(1),
        default=7,
        metavar="N",
        help="rounds, in which each side runs once; default: 7",
    )
    parser.add_argument(
        "--dtype", choices=("float32", "float64"), default="float32", help="of all numbers; default: float32"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw them there; needs matplotlib")
    options = parser.parse_args(arguments)
    pythons = dict(options.python)
    for name in pythons:
        if name not in options.against:
            parser.error(f"argument --python: {name!r} is not one of those that --against names")
    options.python, options.models = pythons, list(dict.fromkeys(options.models))
    if options.plot:
        options.plot = checked_plot(parser, options.plot)
    if options.json:
        check_file(parser, "json", options.json)
    if options.plot and options.json and options.plot.resolve() == options.json.resolve():
        parser.error("--plot: expected another file than that of --json")
    return options


def _peers(text: str) -> list[str]:
    """Return the names of peers in a list with commas, each once."""
    from .peers import PEERS

    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in PEERS:
            raise argparse.ArgumentTypeError(
                f"expected names from {', '.join(PEERS)}, separated by commas, got {name!r}"
            )
    return list(dict.fromkeys(names))


def _python(text: str) -> tuple[str, str]:
    """Return the name of a peer and the path of a Python."""
    from .peers import PEERS

    name, separator, path = text.partition("=")
    if not separator or name not in PEERS or not path:
        raise argparse.ArgumentTypeError(f"expected PEER=PATH with one of {', '.join(PEERS)}, got {text!r}")
    found = shutil.which(os.path.expanduser(path))
    if found is None:
        raise argparse.ArgumentTypeError(f"there is no program {path!r}")
    return name, found
