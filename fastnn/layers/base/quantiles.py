"""Quantiles of numbers that come in batches, by summaries that are merged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Summary = NDArray[np.float32]  # (2, n): numbers in ascending order, and for how many each stands


def summarize(numbers: NDArray[np.float32], epsilon: float) -> Summary:
    """Return some of the numbers, each for as many as lie up to it from the one before."""
    step = max(len(numbers) * epsilon, 1.0)
    some = np.sort(numbers)[int(step - 1) :: int(step)]
    return np.stack([some, np.full_like(some, step)])


def thin_summary(summary: Summary, epsilon: float) -> Summary:
    """Return numbers between those of a summary, one for each share `epsilon` of what it stands for."""
    if summary.shape[1] * epsilon < 1:
        return summary
    numbers, weights = summary
    shares = epsilon + np.arange(0.0, 1.0, epsilon)
    below = weights.cumsum()
    thinned = np.interp(shares, below / below[-1], numbers)
    counts = np.diff(np.interp(shares, below / below[-1], below), prepend=0.0)
    return np.stack([thinned, counts]).astype(np.float32)
