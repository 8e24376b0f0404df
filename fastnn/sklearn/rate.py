"""The learning rate of a perceptron from epoch to epoch, as scikit-learn has it."""

from __future__ import annotations

__all__ = ["Rate"]

_SMALLEST, _DIVISOR = 1e-6, 5.0  # of the schedule "adaptive"


class Rate:
    """A learning rate.

    Parameters
    ----------
    start : float
    schedule : {"constant", "invscaling", "adaptive"}
    power : float
        Of the number of samples, by which "invscaling" divides.

    Attributes
    ----------
    value : float

    Examples
    --------
    >>> rate = Rate(0.1, "adaptive", 0.5)
    >>> rate.after_a_standstill()
    (True, 'Setting learning rate to 0.020000')
    """

    def __init__(self, start: float, schedule: str, power: float) -> None:
        self.value, self._start, self._schedule, self._power = start, start, schedule, power

    def epoch_ends(self, samples: int) -> None:
        """Set the rate after so many samples."""
        if self._schedule == "invscaling":
            self.value = self._start / (samples + 1) ** self._power

    def after_a_standstill(self) -> tuple[bool, str]:
        """Return whether training goes on where it has not improved, with another rate, and what to print."""
        if self._schedule != "adaptive":
            return False, "Stopping."
        if self.value <= _SMALLEST:
            return False, "Learning rate too small. Stopping."
        self.value /= _DIVISOR
        return True, f"Setting learning rate to {self.value:f}"
