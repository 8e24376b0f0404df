"""New figures of matplotlib, which a notebook shows once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["new_figure"]


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches, known to `pyplot`, that a notebook shows once.

    Raises
    ------
    ImportError
        If matplotlib is not installed; it says how to install it.
    """
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError(
            "pictures need matplotlib: install the checkout with its extra plot ('.[plot]')"
        ) from error
    from .shown_once import ShownOnce

    return pyplot.figure(figsize=(width, height), layout="constrained", FigureClass=ShownOnce)
