"""Schedules that decay by steps, powers or inverse time."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from ...checks import positive_number, real_number
from .schedule import LearningRateSchedule, power_times, registry


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
        Whether the rate only changes every `decay_steps` steps.
    name : str, optional
        Ignored; accepted for compatibility with Keras.

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
        return power_times(self.initial_learning_rate, self.decay_rate, p)


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
        The speed of the decay.
    staircase : bool, default False
        Whether the rate only changes every `decay_steps` steps.
    name : str, optional
        Ignored; accepted for compatibility with Keras.

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
        return float(self.initial_learning_rate / (1 + (self.decay_rate and self.decay_rate * p)))


@registry.add
class PiecewiseConstantDecay(LearningRateSchedule):
    """One rate up to and including each boundary, and one beyond the last.

    Parameters
    ----------
    boundaries : sequence of int
        Numbers of steps, in ascending order.
    values : sequence of float
        One rate more than there are boundaries.
    name : str, optional
        Ignored; accepted for compatibility with Keras.

    Raises
    ------
    ValueError
        If the lengths do not match, or the boundaries are not ascending.

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
        for boundary in boundaries:
            real_number(boundary, "boundaries")
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
        The power of the polynomial.
    cycle : bool, default False
        Whether the rate rises again after `decay_steps`, to decay over twice, three times ... as many steps.
    name : str, optional
        Ignored; accepted for compatibility with Keras.

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
        done = step / self.decay_steps
        end = self.decay_steps * (max(1, math.ceil(done)) if self.cycle and done < math.inf else 1)
        span = self.initial_learning_rate - self.end_learning_rate
        return float(span * (1 - min(step, end) / end) ** self.power + self.end_learning_rate)
