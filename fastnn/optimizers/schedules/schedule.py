"""`LearningRateSchedule`, the base of all schedules, and the table of their names."""

from __future__ import annotations

import math
from collections.abc import Callable
from sys import float_info
from typing import Any

from ...checks import real_number
from ...configurable import Configurable
from ...registry import FunctionRegistry


class LearningRateSchedule(Configurable):
    """Base of all schedules.

    A subclass defines `__call__`. It keeps the arguments of its constructor as attributes of the same names,
    or defines `get_config`; ``fastnn.optimizers.schedules.registry.add`` makes it savable.

    Examples
    --------
    >>> import fastnn
    >>> class Halving(LearningRateSchedule):
    ...     def __init__(self, rate):
    ...         self.rate = rate
    ...     def __call__(self, step):
    ...         return self.rate / (1 + step)
    >>> fastnn.optimizers.SGD(Halving(0.5)).learning_rate
    0.5
    """

    def __call__(self, step: int) -> float:
        """Return the learning rate of a step.

        Parameters
        ----------
        step : int
            The number of steps done before.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no __call__(step)")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        import inspect  # takes longer than the rest of the module

        names = inspect.signature(type(self)).parameters
        return {name: getattr(self, name) for name in names if hasattr(self, name)}


def power_times(rate: float, base: float, exponent: float) -> float:
    """Return rate * base**exponent, of numbers of at least 0: infinity only where that is too large.

    Examples
    --------
    >>> power_times(0.5, 2.0, 3), power_times(1e-300, 2.0, 10**6), power_times(0.0, 2.0, 10**6)
    (4.0, inf, 0.0)
    """
    if not rate:
        return 0.0
    try:
        return float(rate * base**exponent)
    except OverflowError:
        logarithm = math.log(rate) + exponent * math.log(base)
        return math.exp(logarithm) if logarithm < math.log(float_info.max) else math.inf


registry = FunctionRegistry("schedule", LearningRateSchedule, "fastnn.optimizers.schedules")

serialize: Callable[[Any], dict[str, Any]] = registry.serialize
deserialize = registry.deserialize


def rate_of(schedule: Callable[..., Any]) -> Callable[[int], float]:
    """Return a function from the number of steps done to a validated learning rate.

    Parameters
    ----------
    schedule : callable
        A function of one argument, or of none.
    """
    import inspect

    try:
        inspect.signature(schedule).bind(0)
        takes_step = True
    except TypeError:
        takes_step = False

    def rate(step: int) -> float:
        value = schedule(step) if takes_step else schedule()
        return real_number(float(value), "learning_rate", 0)

    return rate
