"""`Progbar`: a progress bar for loops written by hand."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

__all__ = ["Progbar"]


class Progbar:
    """Show the progress of a loop and the means of some values.

    Parameters
    ----------
    target : int or None
        Number of steps, or None if it is unknown.
    width : int, default 20
        Width of the bar in characters.
    verbose : {1, 0, 2}, default 1
        1 shows a bar on a terminal or in a notebook, and a line at the end; 2 shows the line only, 0 nothing.
    interval : float, default 0.05
        Seconds between updates of the bar.
    stateful_metrics : iterable of str, optional
        Values that are shown as they are, not as means over the steps.
    stateless_metrics : iterable of str, optional
        Values whose mean is shown; all others are shown as they are.
    unit_name : str, default "step"
        Name of a step.

    Examples
    --------
    >>> progress = Progbar(3, verbose=0)
    >>> for loss in (4.0, 1.0, 1.0):
    ...     progress.add(1, [("loss", loss)])
    >>> progress.values
    {'loss': 2.0}
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if verbose not in (0, 1, 2):
            raise ValueError(f"verbose: expected 0, 1 or 2, got {verbose!r}")
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError("stateful_metrics, stateless_metrics: expected at most one of them, got both")
        self.target, self.width, self.verbose, self.interval = target, width, verbose, interval
        self.unit_name = unit_name
        self._as_they_are = set(stateful_metrics or ())
        self._averaged = None if stateless_metrics is None else set(stateless_metrics)
        self._sums: dict[str, tuple[float, float]] = {}
        self._seen = 0
        self._start = time.perf_counter()
        self._bar: Any = None

    @property
    def values(self) -> dict[str, float]:
        """The values that are shown, by name."""
        return {name: total / steps for name, (total, steps) in self._sums.items()}

    def update(
        self,
        current: int,
        values: Iterable[tuple[str, float]] | None = None,
        finalize: bool | None = None,
    ) -> None:
        """Set the number of steps that have been done.

        Parameters
        ----------
        current : int
            Steps done so far.
        values : iterable of (str, float), optional
            Names and values of the steps since the last call.
        finalize : bool, optional
            Whether the loop has ended; by default if `current` has reached the target.
        """
        steps = max(1, current - self._seen)
        for name, value in values or ():
            averaged = name not in self._as_they_are if self._averaged is None else name in self._averaged
            total, weight = self._sums.get(name, (0.0, 0.0)) if averaged else (0.0, 0.0)
            self._sums[name] = total + float(value) * steps, weight + steps
        self._seen = current
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        self._show(finalize)

    def add(self, n: int, values: Iterable[tuple[str, float]] | None = None) -> None:
        """Add `n` steps; see `update`."""
        self.update(self._seen + n, values)

    def _show(self, last: bool) -> None:
        from ..callbacks.progress import items, say, shows_bar

        if shows_bar(self.verbose):
            self._draw()
        if not last:
            return
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        if self.verbose:
            count = f"{self._seen}" if self.target is None else f"{self._seen}/{self.target}"
            seconds = time.perf_counter() - self._start
            each = 1000 * seconds / max(1, self._seen)
            say(" - ".join([f"{count} {seconds:.2f}s - {each:.3g}ms/{self.unit_name}", *items(self.values)]))

    def _draw(self) -> None:
        from ..callbacks.progress import items, open_bar

        if self._bar is None:
            form = "{n_fmt}/{total_fmt} |{bar:" + str(self.width) + "}| {elapsed}<{remaining} {postfix}"
            self._bar = open_bar(
                total=self.target, unit=self.unit_name, bar_format=form, mininterval=self.interval
            )
        if self._bar.update(self._seen - self._bar.n):
            self._bar.set_postfix_str(" - ".join(items(self.values)))
