"""`Frequency`: when callbacks save, after each epoch or after a number of batches."""

from __future__ import annotations

from typing import Any

from ..checks import whole_number
from ..pickling import Picklable


class Frequency(Picklable):
    """A counter of batches over the epochs.

    Parameters
    ----------
    save_freq : "epoch" or int
        Number of batches between saves, or "epoch" to save after each epoch.

    Raises
    ------
    ValueError
        If it is neither.

    Examples
    --------
    >>> frequency = Frequency(3)
    >>> [frequency.due() for _ in range(6)]
    [False, False, True, False, False, True]
    """

    def __init__(self, save_freq: Any) -> None:
        if isinstance(save_freq, str) and save_freq != "epoch":
            raise ValueError(f"save_freq: expected 'epoch' or a number of batches, got {save_freq!r}")
        self.batches = None if save_freq == "epoch" else whole_number(save_freq, "save_freq", 1)
        self.seen = 0

    def due(self) -> bool:
        """Count a batch, and return whether to save after it."""
        if self.batches is None:
            return False
        self.seen = (self.seen + 1) % self.batches
        return self.seen == 0
