"""Schedules: learning rates that depend on the number of steps done.

>>> schedule = CosineDecay(0.1, decay_steps=1000)
>>> [round(schedule(step), 3) for step in (0, 250, 500, 750, 1000)]
[0.1, 0.085, 0.05, 0.015, 0.0]
"""

from __future__ import annotations

import inspect
import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Self

from ..checks import positive_number, real_number
from ..pickling import Picklable
from ..registry import Registry

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "registry",
    "serialize",
]


class LearningRateSchedule(Picklable):
    """Base of all schedules.

    A subclass defines `__call__`; it keeps the arguments of its constructor as attributes of the same names,
    or defines `get_config` too. ``fastnn.optimizers.schedules.registry.add`` lets it be saved.

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
            The number of steps done before it.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no __call__(step)")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a schedule of what `get_config` returned."""
        return cls(**config)


registry = Registry("schedule", LearningRateSchedule)


def rate_of(schedule: Callable[..., Any]) -> Callable[[int], float]:
    """Return a function from the number of steps done to a learning rate that has been checked.

    Parameters
    ----------
    schedule : callable
        Of one argument, or of none.
    """
    try:
        inspect.signature(schedule).bind(0)
        takes_step = True
    except TypeError:
        takes_step = False

    def rate(step: int) -> float:
        value = schedule(step) if takes_step else schedule()
        return real_number(float(value), "learning_rate", 0)

    return rate


@registry.add
class ExponentialDecay(LearningRateSchedule):
    """initial_learning_rate * decay_rate ^ (step / decay_steps).

    Parameters
    ----------
    initial_learning_rate : float
        The rate of the first step.
    decay_steps : int
        Steps after which the rate has been multiplied by `decay_rate` once.
    decay_rate : float
        The factor.
    staircase : bool, default False
        Whether the rate changes every `decay_steps` steps only.
    name : str, optional
        Of no effect.

    Examples
    --------
    >>> ExponentialDecay(0.1, 10, 0.5)(20)
    0.025
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = real_number(initial_learning_rate, "initial_learning_rate", 0)
        self.decay_steps = positive_number(decay_steps, "decay_steps")
        self.decay_rate = real_number(decay_rate, "decay_rate", 0)
        self.staircase = bool(staircase)
        self.name = name

    def __call__(self, step: int) -> float:
        """Return the learning rate of a step."""
        p = step // self.decay_steps if self.staircase else step / self.decay_steps
        return float(self.initial_learning_rate * self.decay_rate**p)


@registry.add
class InverseTimeDecay(LearningRateSchedule):
    """initial_learning_rate / (1 + decay_rate * step / decay_steps).

    Parameters
    ----------
    initial_learning_rate : float
        The rate of the first step.
    decay_steps : int
        Steps that count as one unit of time.
    decay_rate : float
        How fast the rate falls.
    staircase : bool, default False
        Whether the rate changes every `decay_steps` steps only.
    name : str, optional
        Of no effect.

    Examples
    --------
    >>> InverseTimeDecay(0.1, 10, 1.0)(10)
    0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self.initial_learning_rate = real_number(initial_learning_rate, "initial_learning_rate", 0)
        self.decay_steps = positive_number(decay_steps, "decay_steps")
        self.decay_rate = real_number(decay_rate, "decay_rate", 0)
        self.staircase = bool(staircase)
        self.name = name

    def __call__(self, step: int) -> float:
        """Return the learning rate of a step."""
        p = step // self.decay_steps if self.staircase else step / self.decay_steps
        return float(self.initial_learning_rate / (1 + self.decay_rate * p))


@registry.add
class PiecewiseConstantDecay(LearningRateSchedule):
    """One rate up to and with each boundary, and one beyond the last.

    Parameters
    ----------
    boundaries : sequence of int
        Steps, rising.
    values : sequence of float
        One rate more than there are boundaries.
    name : str, optional
        Of no effect.

    Raises
    ------
    ValueError
        If the lengths do not fit, or the boundaries do not rise.

    Examples
    --------
    >>> schedule = PiecewiseConstantDecay([100, 200], [0.1, 0.01, 0.001])
    >>> schedule(100), schedule(101), schedule(1000)
    (0.1, 0.01, 0.001)
    """

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant"
    ) -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                f"values: expected one more than the {len(boundaries)} boundaries, got {len(values)}"
            )
        if any(b <= a for a, b in pairwise(boundaries)):
            raise ValueError(f"boundaries: expected rising numbers of steps, got {boundaries!r:.80}")
        self.boundaries = list(boundaries)
        self.values = [real_number(value, "values", 0) for value in values]
        self.name = name

    def __call__(self, step: int) -> float:
        """Return the learning rate of a step."""
        return self.values[bisect_left(self.boundaries, step)]


@registry.add
class PolynomialDecay(LearningRateSchedule):
    """(initial_learning_rate - end_learning_rate) * (1 - step / decay_steps) ^ power + end_learning_rate.

    Parameters
    ----------
    initial_learning_rate : float
        The rate of the first step.
    decay_steps : int
        Steps after which the rate stays at `end_learning_rate`.
    end_learning_rate : float, default 0.0001
        The last rate.
    power : float, default 1.0
        Of the polynomial.
    cycle : bool, default False
        Whether the rate rises again after `decay_steps`, to fall to the end twice as long, three times, ...
    name : str, optional
        Of no effect.

    Examples
    --------
    >>> PolynomialDecay(0.1, 10, end_learning_rate=0.0)(5)
    0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = real_number(initial_learning_rate, "initial_learning_rate", 0)
        self.decay_steps = positive_number(decay_steps, "decay_steps")
        self.end_learning_rate = real_number(end_learning_rate, "end_learning_rate", 0)
        self.power = real_number(power, "power", 0)
        self.cycle = bool(cycle)
        self.name = name

    def __call__(self, step: int) -> float:
        """Return the learning rate of a step."""
        end = self.decay_steps * (max(1, math.ceil(step / self.decay_steps)) if self.cycle else 1)
        span = self.initial_learning_rate - self.end_learning_rate
        return float(span * (1 - min(step, end) / end) ** self.power + self.end_learning_rate)


@registry.add
class CosineDecay(LearningRateSchedule):
    """Half a period of a cosine, after a straight rise if there is a warm-up (Loshchilov & Hutter 2017).

    Parameters
    ----------
    initial_learning_rate : float
        The rate of the first step.
    decay_steps : int
        Steps of the fall, after those of the warm-up.
    alpha : float, default 0.0
        The rate to end at, as a share of the one that the fall begins with.
    name : str, optional
        Of no effect.
    warmup_target : float, optional
        The rate to rise to first.
    warmup_steps : int, default 0
        Steps of the rise.

    Examples
    --------
    >>> schedule = CosineDecay(0.0, 100, warmup_target=0.1, warmup_steps=10)
    >>> schedule(5), schedule(10), schedule(110)
    (0.05, 0.1, 0.0)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        self.initial_learning_rate = real_number(initial_learning_rate, "initial_learning_rate", 0)
        self.decay_steps = positive_number(decay_steps, "decay_steps")
        self.alpha = real_number(alpha, "alpha", 0)
        self.name = name
        self.warmup_target = None if warmup_target is None else real_number(warmup_target, "warmup_target", 0)
        self.warmup_steps = real_number(warmup_steps, "warmup_steps", 0)

    def __call__(self, step: int) -> float:
        """Return the learning rate of a step."""
        start, fallen = self.initial_learning_rate, float(step)
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return start + (self.warmup_target - start) * step / self.warmup_steps
            start, fallen = self.warmup_target, step - self.warmup_steps
        fall = 0.5 * (1 + math.cos(math.pi * min(fallen, self.decay_steps) / self.decay_steps))
        return start * ((1 - self.alpha) * fall + self.alpha)


@registry.add
class CosineDecayRestarts(LearningRateSchedule):
    """Falls like half a cosine, each longer and lower than the one before (Loshchilov & Hutter 2017).

    Parameters
    ----------
    initial_learning_rate : float
        The rate of the first step.
    first_decay_steps : int
        Steps of the first fall.
    t_mul : float, default 2.0
        How many times as long the next fall is, at least 1.
    m_mul : float, default 1.0
        How many times as high the next one begins.
    alpha : float, default 0.0
        The least rate, as a share of the initial one.
    name : str, optional
        Of no effect.

    Examples
    --------
    >>> schedule = CosineDecayRestarts(0.1, 10)
    >>> schedule(0), schedule(5), schedule(10), schedule(20)
    (0.1, 0.05, 0.1, 0.05)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = real_number(initial_learning_rate, "initial_learning_rate", 0)
        self.first_decay_steps = positive_number(first_decay_steps, "first_decay_steps")
        self.t_mul = real_number(t_mul, "t_mul", 1)
        self.m_mul = real_number(m_mul, "m_mul", 0)
        self.alpha = real_number(alpha, "alpha", 0)
        self.name = name

    def __call__(self, step: int) -> float:
        """Return the learning rate of a step."""
        left, length, restarts = float(step), float(self.first_decay_steps), 0
        if self.t_mul == 1:
            restarts, left = int(left // length), left % length
        while left >= length:
            left, length, restarts = left - length, length * self.t_mul, restarts + 1
        fall = 0.5 * self.m_mul**restarts * (1 + math.cos(math.pi * left / length))
        return self.initial_learning_rate * ((1 - self.alpha) * fall + self.alpha)


serialize: Callable[[Any], dict[str, Any]] = registry.serialize
deserialize = registry.deserialize
