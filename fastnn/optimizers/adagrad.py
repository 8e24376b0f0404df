"""`Adagrad`: steps divided by the size of all gradients so far."""

from __future__ import annotations

from typing import Any, Unpack

from ..checks import real_number
from .base import Optimizer, registry
from .settings import CommonArguments


@registry.add
class Adagrad(Optimizer):
    """w -= learning_rate * g / sqrt(sum of all g^2 + epsilon) (Duchi et al. 2011).

    Parameters
    ----------
    learning_rate : float, default 0.001
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
    _slots = ("accumulator", None, None)
    _arguments = ("initial_accumulator_value", "epsilon")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **kwargs: Unpack[CommonArguments],
    ) -> None:
        self.initial_accumulator_value = real_number(
            initial_accumulator_value, "initial_accumulator_value", 0
        )
        self.epsilon = real_number(epsilon, "epsilon", 0)
        self._rule = {"epsilon": self.epsilon}
        self._start = {"accumulator": self.initial_accumulator_value}
        super().__init__(learning_rate, **kwargs)
