"""`Ftrl`: follow the regularized leader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Unpack

from ..checks import real_number
from .base import Optimizer, registry
from .settings import Check, CommonArguments, Rule, not_negative


def _not_positive(value: Any, name: str) -> float:
    number = real_number(value, name)
    if number > 0:
        raise ValueError(f"{name}: expected at most 0, got {value!r}")
    return number


@registry.add
class Ftrl(Optimizer):
    """Follow the regularized leader (McMahan et al. 2013), for wide and sparse linear models.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.001
        The step size, or a schedule that gives it for each step.
    learning_rate_power : float, default -0.5
        The exponent of the sum of squared gradients in the rate; not positive.
    initial_accumulator_value : float, default 0.1
        The initial value of that sum.
    l1_regularization_strength, l2_regularization_strength : float, default 0.0
        Strengths of the penalties; l1 makes weights exactly zero.
    l2_shrinkage_regularization_strength : float, default 0.0
        Strength of a penalty on the size of the weights.
    beta : float, default 0.0
        Adds beta / (2 * learning_rate) to the l2 strength.
    **kwargs
        Other arguments of `Optimizer`, by name.

    Examples
    --------
    >>> Ftrl(0.1, l1_regularization_strength=0.01).learning_rate_power
    -0.5
    """

    _kernel = "ftrl"
    _correction = "ftrl"
    _arguments: ClassVar[dict[str, Check]] = {
        "learning_rate_power": _not_positive,
        "initial_accumulator_value": not_negative,
        "l1_regularization_strength": not_negative,
        "l2_regularization_strength": not_negative,
        "l2_shrinkage_regularization_strength": not_negative,
        "beta": not_negative,
    }

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **kwargs: Unpack[CommonArguments],
    ) -> None:
        self.learning_rate_power, self.beta = learning_rate_power, beta
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        super().__init__(learning_rate, **kwargs)

    def _rule(self, given: Mapping[str, Any]) -> Rule:
        """Return what the kernel needs."""
        fields = {
            "power": -given["learning_rate_power"],
            "l1": given["l1_regularization_strength"],
            "l2": 2 * given["l2_regularization_strength"],
            "l2_shrinkage": 2 * given["l2_shrinkage_regularization_strength"],
            "beta": given["beta"],
        }
        start = {"accumulator": given["initial_accumulator_value"]}
        return Rule(("accumulator", "linear", None), fields, start)
