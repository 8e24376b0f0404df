"""`Adagrad`: steps divided by the size of all gradients so far."""

from __future__ import annotations

from typing import Any

from ..checks import real_number
from .base import Optimizer, registry


@registry.add
class Adagrad(Optimizer):
    """w -= learning_rate * g / sqrt(sum of all g^2 + epsilon) (Duchi et al. 2011).

    Parameters
    ----------
    learning_rate : float, default 0.001
    initial_accumulator_value : float, default 0.1
        What the sum starts from.
    epsilon : float, default 1e-7
        Added to the sum.
    **kwargs
        What else `Optimizer` takes, by name.

    Examples
    --------
    >>> Adagrad(0.1).initial_accumulator_value
    0.1
    """

    kernel = "adagrad"
    slots = ("accumulator", None, None)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        self.initial_accumulator_value = real_number(
            initial_accumulator_value, "initial_accumulator_value", 0
        )
        self.epsilon = real_number(epsilon, "epsilon", 0)
        start = {"accumulator": self.initial_accumulator_value}
        super().__init__(learning_rate, rule={"epsilon": self.epsilon}, start=start, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }
