"""`AdamW`: Adam with weight decay."""

from __future__ import annotations

from typing import Any

from ..checks import real_number
from .adam import Adam
from .base import registry


@registry.add("adamw")
class AdamW(Adam):
    """`Adam` with decoupled weight decay (Loshchilov & Hutter 2019), on by default.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.001
        The step size, or a schedule that gives it for each step.
    weight_decay : float, default 0.004
        The share of each weight that a step takes away, times the learning rate.
    beta_1, beta_2, epsilon, amsgrad, **kwargs
        See `Adam`.

    Examples
    --------
    >>> AdamW().weight_decay
    0.004
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **kwargs: Any,
    ) -> None:
        weight_decay = real_number(weight_decay, "weight_decay", 0)
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **kwargs)
