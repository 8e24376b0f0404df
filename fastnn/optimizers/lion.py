"""`Lion`: the sign of a momentum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Unpack

from .base import Optimizer, registry
from .settings import Check, CommonArguments, Rule, share


@registry.add
class Lion(Optimizer):
    """w -= learning_rate * sign(beta_1 * m + (1 - beta_1) * g): all elements move as far (Chen et al. 2023).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.001
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
    _arguments: ClassVar[dict[str, Check]] = {"beta_1": share, "beta_2": share}

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        **kwargs: Unpack[CommonArguments],
    ) -> None:
        self.beta_1, self.beta_2 = beta_1, beta_2
        super().__init__(learning_rate, **kwargs)

    def _rule(self, given: Mapping[str, Any]) -> Rule:
        """Return what the kernel needs."""
        return Rule(("momentum", None, None), dict(given))
