"""`fastnn bench`: fastnn against plain NumPy, on this machine.

Each model is verified first: both sides start from the same weights and have to agree in predictions, the
loss of a training step and the weights after three steps of Adam. What is printed are ratios and shares.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

__all__ = ["main"]

# NumPy's BLAS reads one of these, and only when it is loaded.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def main(arguments: list[str]) -> int:
    """Run the command `fastnn bench`.

    Unless the environment gives NumPy's BLAS the same number of threads already, the work is done in a
    second process whose environment does.

    Parameters
    ----------
    arguments : list of str
        Those behind `fastnn bench`; `--help` lists them.

    Returns
    -------
    int
        0, or 1 if the two sides of a comparison do not compute the same.
    """
    from .. import num_threads, threads
    from ..cli import whole_number_type
    from ..kernels.core.cpu_count import MAX_THREADS
    from . import models

    parser = argparse.ArgumentParser("fastnn bench", description="Compare fastnn with plain NumPy.")
    parser.add_argument(
        "--models",
        nargs="+",
        default=list(models.MODELS),
        choices=models.MODELS,
        metavar="NAME",
        help=f"which of {', '.join(models.MODELS)}; default: all",
    )
    parser.add_argument(
        "--threads",
        type=whole_number_type(1, MAX_THREADS),
        default=num_threads(),
        metavar="N",
        help="of both sides",
    )
    parser.add_argument(
        "--rounds", type=whole_number_type(1), default=7, metavar="N", help="turns each; default: 7"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw them there; needs matplotlib")
    options = parser.parse_args(arguments)
    if options.plot and importlib.util.find_spec("matplotlib") is None:
        parser.error("--plot needs matplotlib: install the checkout with its extra plot ('.[plot]')")
    for option in ("json", "plot"):
        file = getattr(options, option)
        if file and not file.absolute().parent.is_dir():
            parser.error(f"--{option}: there is no folder {str(file.absolute().parent)!r}")
        if file and file.is_dir():
            parser.error(f"--{option}: {str(file)!r} is a folder")
    if options.plot:
        _check_format(parser, options.plot)

    wanted = dict.fromkeys(THREAD_VARIABLES, str(options.threads))
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        # -P: a source folder in the current one is not to stand in front of the installed package.
        command = [sys.executable, "-P", "-m", "fastnn", "bench", *arguments]
        return subprocess.call([*command, "--threads", str(options.threads)], env=os.environ | wanted)
    with threads(options.threads):
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    from . import report
    from .models import MODELS
    from .peak import Peak

    peak = Peak(options.threads)
    environment = report.environment(peak, options.rounds)
    print(report.heading(environment))
    results = []
    for name in options.models:
        try:
            report.verify(MODELS[name])
        except report.MismatchError as error:
            print(f"fastnn bench: {error}", file=sys.stderr)
            return 1
        print(f"{name}: both sides agree in predictions, losses and weights", flush=True)
        results.append(report.measure(MODELS[name], peak, options.rounds))
    print(f"\n{report.table(results)}")
    if options.json:
        options.json.write_text(json.dumps(environment | {"models": results}, indent=2) + "\n")
    if options.plot:
        report.plot(results, environment, options.plot)
    return 0


def _check_format(parser: argparse.ArgumentParser, file: Path) -> None:
    """Exit if matplotlib does not write files with this extension: before the run, not after it."""
    from matplotlib.backend_bases import FigureCanvasBase

    formats = FigureCanvasBase.get_supported_filetypes()
    if file.suffix and file.suffix[1:].lower() not in formats:
        parser.error(
            f"--plot: expected a file name that ends in one of {', '.join(formats)}, got {str(file)!r}"
        )
