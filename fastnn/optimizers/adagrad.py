"""`Adagrad`: steps divided by the size of all gradients so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Unpack

from .base import Optimizer, registry
from .settings import Check, CommonArguments, Rule, not_negative


@registry.add
class Adagrad(Optimizer):
    """w -= learning_rate * g / sqrt(sum of all g^2 + epsilon) (Duchi et al. 2011).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.001
        The step size, or a schedule that gives it for each step.
    initial_accumulator_value : float, default 0.1
        The initial value of the sum.
    epsilon : float, default 1e-7
        Added to the sum.
    **kwargs
        Other arguments of `Optimizer`, by name.

    Examples
    --------
    >>> Adagrad(0.1).initial_accumulator_value
    0.1
    """

    _kernel = "adagrad"
    _arguments: ClassVar[dict[str, Check]] = {
        "initial_accumulator_value": not_negative,
        "epsilon": not_negative,
    }

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **kwargs: Unpack[CommonArguments],
    ) -> None:
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon
        super().__init__(learning_rate, **kwargs)

    def _rule(self, given: Mapping[str, Any]) -> Rule:
        """Return what the kernel needs."""
        start = {"accumulator": given["initial_accumulator_value"]}
        return Rule(("accumulator", None, None), {"epsilon": given["epsilon"]}, start)
