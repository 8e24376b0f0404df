"""`plot_activation`: activation functions and their derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import activations
from ..autograd import Tensor
from .figures import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_activation"]

POINTS = 401


def plot_activation(
    activation: str | Callable[..., Any] | list[str | Callable[..., Any]],
    low: float = -5.0,
    high: float = 5.0,
    derivative: bool = True,
    title: str | None = None,
) -> Figure:
    """Plot activation functions, and beside them their derivatives.

    Parameters
    ----------
    activation : str or callable, or list of them
        Names, functions of `fastnn.activations`, or functions of your own that `fastnn.autograd`
        differentiates.
    low, high : float, default -5 and 5
        The range of the inputs.
    derivative : bool, default True
        Whether to plot the derivatives.
    title : str, optional
        Above the plot.

    Returns
    -------
    matplotlib.figure.Figure
        Derivatives are those that training uses: 0 of a function that has none, such as a comparison.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If a name is unknown, the range is empty, or a function is not elementwise, such as `softmax`.

    Examples
    --------
    >>> figure = plot_activation(["relu", "tanh"])
    >>> [(axes.get_title(), len(axes.lines)) for axes in figure.axes]
    [('activation', 2), ('derivative', 2)]
    """
    if not low < high:
        raise ValueError(f"low, high: expected an interval, got {low!r} and {high!r}")
    given = activation if isinstance(activation, list) else [activation]
    if not given:
        raise ValueError("activation: expected at least one, got []")
    inputs = np.linspace(low, high, POINTS)
    curves = {}
    for one in given:
        function: Any = activations.get(one)
        name = one if isinstance(one, str) else getattr(one, "__name__", function.name)
        curves[name] = _values(function, inputs, name)
    panels = ["activation", "derivative"] if derivative else ["activation"]
    figure = new_figure(4.2 * len(panels), 3.2)
    for i, panel in enumerate(panels):
        axes = figure.add_subplot(1, len(panels), i + 1)
        for name, values in curves.items():
            axes.plot(inputs, values[i], label=name)
        axes.set(xlabel="input", title=panel, xlim=(low, high))
        axes.grid(alpha=0.3)
    figure.axes[0].legend()
    figure.suptitle(title or "")
    return figure


def _values(
    function: Any, inputs: NDArray[np.float64], name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a function's values and derivatives."""
    x = Tensor(inputs, requires_grad=True)
    y = function(x)
    values = np.asarray(y.numpy() if isinstance(y, Tensor) else y)
    half = np.asarray(function(inputs[: POINTS // 2]))
    if values.shape != inputs.shape or not np.allclose(half, values[: POINTS // 2], rtol=1e-6, atol=1e-9):
        raise ValueError(f"activation: expected one that acts on each element by itself, got {name!r}")
    if not isinstance(y, Tensor) or not y.requires_grad:
        return values, np.zeros_like(inputs)
    y.sum().backward()
    return values, np.asarray(x.grad)
