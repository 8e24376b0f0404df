"""Files that a benchmark is to write, checked before it runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..extras import extra

__all__ = ["check_file", "checked_plot"]


def checked_plot(parser: argparse.ArgumentParser, file: Path) -> Path:
    """Return the file of `--plot` as matplotlib will name it; exit where it cannot be written.

    Parameters
    ----------
    parser : ArgumentParser
        That exits.
    file : Path
        As it was given: without an ending, it gets that of a PNG.
    """
    if not file.is_dir():
        file = _with_format(parser, file)
    check_file(parser, "plot", file)
    return file


def _with_format(parser: argparse.ArgumentParser, file: Path) -> Path:
    try:
        with extra("plot", "--plot needs matplotlib", "matplotlib"):
            from matplotlib.backend_bases import FigureCanvasBase
    except ImportError as error:
        parser.error(str(error))

    formats = FigureCanvasBase.get_supported_filetypes()
    if not file.suffix and file.name:
        return file.with_name(f"{file.name}.png")
    if file.suffix[1:].lower() not in formats:
        parser.error(
            f"--plot: expected a file name that ends in one of {', '.join(formats)}, got {str(file)!r}"
        )
    return file


def check_file(parser: argparse.ArgumentParser, option: str, file: Path) -> None:
    """Exit if a file cannot be written. It is left as it is, or not there if it was not.

    Parameters
    ----------
    parser : ArgumentParser
        That exits.
    option : str
        Which names the file, without its dashes.
    file : Path
    """
    folder = file.absolute().parent
    try:
        if not folder.is_dir():
            parser.error(f"--{option}: there is no folder {str(folder)!r}")
        if file.is_dir():
            parser.error(f"--{option}: {str(file)!r} is a folder")
        new = not file.exists()
        with open(file, "ab"):
            pass
        if new:
            file.unlink()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        parser.error(f"--{option}: {str(file)!r:.200} cannot be written: {reason}")
