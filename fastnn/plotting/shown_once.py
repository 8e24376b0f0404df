"""`ShownOnce`: a figure that a notebook does not show twice. Importing this module imports matplotlib."""

from __future__ import annotations

from typing import Any

from matplotlib import get_backend, pyplot
from matplotlib.figure import Figure

__all__ = ["ShownOnce"]


class ShownOnce(Figure):
    """A figure that is not shown at the end of a notebook's cell if it has been shown as its last line.

    A notebook shows the value of a cell's last line, and then all figures that `pyplot` still knows. A figure
    in a variable is shown by the latter only.
    """

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Make pyplot forget the figure, which IPython is about to show; add nothing to what it shows."""
        if get_backend().endswith("inline"):  # in other backends pyplot owns a window
            pyplot.close(self)
        return {}
