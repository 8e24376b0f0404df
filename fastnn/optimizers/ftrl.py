"""`Ftrl`: follow the regularized leader."""

from __future__ import annotations

from typing import Any, Unpack

from ..checks import real_number
from .base import Optimizer, registry
from .settings import CommonArguments


@registry.add
class Ftrl(Optimizer):
    """Follow the regularized leader (McMahan et al. 2013), for wide and sparse linear models.

    Parameters
    ----------
    learning_rate : float, default 0.001
    learning_rate_power : float, default -0.5
        The exponent of the sum of squared gradients in the rate; not positive.
    initial_accumulator_value : float, default 0.1
        The initial value of that sum.
    l1_regularization_strength, l2_regularization_strength : float, default 0.0
        Of the penalties; l1 makes weights exactly zero.
    l2_shrinkage_regularization_strength : float, default 0.0
        Of a penalty of the size of the weights.
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
    _slots = ("accumulator", "linear", None)
    _correction = "ftrl"
    _arguments = (
        "learning_rate_power",
        "initial_accumulator_value",
        "l1_regularization_strength",
        "l2_regularization_strength",
        "l2_shrinkage_regularization_strength",
        "beta",
    )

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
        self.learning_rate_power = real_number(learning_rate_power, "learning_rate_power")
        if self.learning_rate_power > 0:
            raise ValueError(f"learning_rate_power: expected at most 0, got {learning_rate_power!r}")
        self.initial_accumulator_value = real_number(
            initial_accumulator_value, "initial_accumulator_value", 0
        )
        self.l1_regularization_strength = real_number(
            l1_regularization_strength, "l1_regularization_strength", 0
        )
        self.l2_regularization_strength = real_number(
            l2_regularization_strength, "l2_regularization_strength", 0
        )
        self.l2_shrinkage_regularization_strength = real_number(
            l2_shrinkage_regularization_strength, "l2_shrinkage_regularization_strength", 0
        )
        self.beta = real_number(beta, "beta", 0)
        self._rule = {
            "power": -self.learning_rate_power,
            "l1": self.l1_regularization_strength,
            "l2": 2 * self.l2_regularization_strength,
            "l2_shrinkage": 2 * self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }
        self._start = {"accumulator": self.initial_accumulator_value}
        super().__init__(learning_rate, **kwargs)
