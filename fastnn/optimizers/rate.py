"""The value of `optimizer.learning_rate`."""

from __future__ import annotations

from typing import Any

import numpy as np


class LearningRate(float):
    """A learning rate: a float with the methods of Keras' variable.

    Examples
    --------
    >>> import fastnn
    >>> optimizer = fastnn.optimizers.SGD(0.1)
    >>> optimizer.learning_rate.assign(0.05)
    >>> optimizer.learning_rate, float(optimizer.learning_rate.numpy())
    (0.05, 0.05)
    """

    _optimizer: Any

    @classmethod
    def of(cls, optimizer: Any, value: float) -> LearningRate:
        """Return the rate of an optimizer."""
        rate = cls(value)
        rate._optimizer = optimizer
        return rate

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy as a plain float, without the optimizer."""
        return float, (float(self),)

    @property
    def value(self) -> LearningRate:
        """The number itself."""
        return self

    def numpy(self) -> np.float64:
        """Return it as a NumPy number."""
        return np.float64(self)

    def assign(self, value: float) -> None:
        """Set the learning rate of the optimizer."""
        self._optimizer.learning_rate = value
