"""`Lion`: the sign of a momentum."""

from __future__ import annotations

from typing import Any, Unpack

from ..checks import real_number
from .base import Optimizer, registry
from .settings import CommonArguments


@registry.add
class Lion(Optimizer):
    """w -= learning_rate * sign(beta_1 * m + (1 - beta_1) * g): all elements move as far (Chen et al. 2023).

    Parameters
    ----------
    learning_rate : float, default 0.001
        A third or a tenth of Adam's is usual.
    beta_1 : float, default 0.9
        The share of the mean gradient m in the direction of a step.
    beta_2 : float, default 0.99
        Decay of that mean.
    **kwargs
        Other arguments of `Optimizer`, by name.

    Examples
    --------
    >>> Lion(1e-4).beta_2
    0.99
    """

    _kernel = "lion"
    _slots = ("momentum", None, None)
    _arguments = ("beta_1", "beta_2")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        **kwargs: Unpack[CommonArguments],
    ) -> None:
        self.beta_1 = real_number(beta_1, "beta_1", 0, below=1)
        self.beta_2 = real_number(beta_2, "beta_2", 0, below=1)
        self._rule = {"beta_1": self.beta_1, "beta_2": self.beta_2}
        super().__init__(learning_rate, **kwargs)
