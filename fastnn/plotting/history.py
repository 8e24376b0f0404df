"""`plot_history`: losses and metrics over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..callbacks import History
from .figures import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_history"]

PANEL = 4.0, 3.0  # inches


def plot_history(history: Any, metrics: Sequence[str] | None = None, title: str | None = None) -> Figure:
    """Plot loss and metrics over the epochs, training and validation in one panel.

    Parameters
    ----------
    history : History or dict of list
        The object that `fit` returned, or its `history`.
    metrics : sequence of str, optional
        Names of the metrics, without ``"val_"``; all by default.
    title : str, optional
        Above the plot.

    Returns
    -------
    matplotlib.figure.Figure
        With one axes for each quantity.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If there is nothing to plot, or `metrics` contains unknown names.

    Examples
    --------
    >>> figure = plot_history({"loss": [0.9, 0.5, 0.3], "val_loss": [0.8, 0.6, 0.5]})
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['training', 'validation']
    """
    record: Mapping[str, Sequence[float]] = getattr(history, "history", history)
    names = [name for name in record if not name.startswith("val_")] if metrics is None else list(metrics)
    unknown = [name for name in names if name not in record]
    if unknown or not names:
        raise ValueError(f"metrics: expected some of {list(record)}, got {metrics!r}")
    columns = min(3, len(names))
    lines = -(-len(names) // columns)
    figure = new_figure(PANEL[0] * columns, PANEL[1] * lines)
    for i, name in enumerate(names):
        axes = figure.add_subplot(lines, columns, i + 1)
        curves = {"training": record[name], "validation": record.get(f"val_{name}")}
        for label, values in curves.items():
            if values is not None:
                axes.plot(
                    _epochs(history, name if label == "training" else f"val_{name}", len(values)),
                    values,
                    label=label,
                    marker="." if len(values) < 20 else None,
                )
        axes.set(xlabel="epoch", ylabel=name.replace("_", " "))
        axes.locator_params(axis="x", integer=True)
        axes.grid(alpha=0.3)
        if curves["validation"] is not None:
            axes.legend()
    figure.suptitle(title or "")
    return figure


def _epochs(history: Any, name: str, count: int) -> list[int]:
    """Return the numbers of the epochs from 1 that a History's values of a name are of; else 1, 2 ..."""
    epochs = history._epochs_of(name) if isinstance(history, History) else range(count)
    return [epoch + 1 for epoch in epochs]
