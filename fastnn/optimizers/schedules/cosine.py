"""Schedules that decay along a cosine."""

from __future__ import annotations

import math
from sys import float_info

from ...checks import positive_number, real_number
from .schedule import LearningRateSchedule, power_times, registry

LONGEST = float_info.max / 4  # times in lengths of the first half cosine


@registry.add
class CosineDecay(LearningRateSchedule):
    """Half a period of a cosine, after a linear warm-up if there is one (Loshchilov & Hutter 2017).

    Parameters
    ----------
    initial_learning_rate : float
        The rate of the first step.
    decay_steps : int
        Steps of the decay, after those of the warm-up.
    alpha : float, default 0.0
        The final rate, as a share of the rate that the decay starts from.
    name : str, optional
        Ignored; accepted for compatibility with Keras.
    warmup_target : float, optional
        The rate at the end of the warm-up.
    warmup_steps : int, default 0
        Steps of the warm-up.

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
                return start + (self.warmup_target - start) * (step / self.warmup_steps)
            start, fallen = self.warmup_target, step - self.warmup_steps
        fall = 0.5 * (1 + math.cos(math.pi * min(fallen, self.decay_steps) / self.decay_steps))
        return start * ((1 - self.alpha) * fall + self.alpha)


@registry.add
class CosineDecayRestarts(LearningRateSchedule):
    """Half cosines, each longer and lower than the one before (Loshchilov & Hutter 2017).

    Parameters
    ----------
    initial_learning_rate : float
        The rate of the first step.
    first_decay_steps : int
        Steps of the first half cosine.
    t_mul : float, default 2.0
        Factor of the length of the next half cosine, at least 1.
    m_mul : float, default 1.0
        Factor of the initial rate of the next one.
    alpha : float, default 0.0
        The least rate, as a share of the initial one.
    name : str, optional
        Ignored; accepted for compatibility with Keras.

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
        if not self.initial_learning_rate:
            return 0.0
        restarts, done = self._position(min(step / self.first_decay_steps, LONGEST))
        fall = power_times(0.5 * (1 + math.cos(math.pi * done)), self.m_mul, restarts)
        part = (1 - self.alpha) * fall if self.alpha != 1 else 0.0
        return self.initial_learning_rate * (part + self.alpha)

    def _position(self, time: float) -> tuple[int, float]:
        """Return the restarts and the part of the half cosine done, at a time in lengths of the first one.

        It is not counted: a state that was read from a file may have done any number of steps.
        """
        if self.t_mul == 1:
            return int(time), time % 1
        reached = time * (1 + 1e-12)  # a step at which a half cosine starts is the first one of it
        restarts = int(math.log1p(min(time * (self.t_mul - 1), float_info.max)) / math.log(self.t_mul))
        restarts += self._start(restarts + 1) <= reached  # a quotient of logarithms may be rounded
        restarts -= self._start(restarts) > reached
        start = self._start(restarts)
        length = start * (self.t_mul - 1) + 1
        return restarts, min(max((time - start) / length, 0.0), 1.0)

    def _start(self, restarts: int) -> float:
        """Return when a half cosine starts: (t_mul**restarts - 1) / (t_mul - 1)."""
        growth = self.t_mul - 1
        try:
            power = self.t_mul**restarts - 1 if growth > 0.01 else math.expm1(restarts * math.log1p(growth))
        except OverflowError:
            return math.inf
        return power / growth
