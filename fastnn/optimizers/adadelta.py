"""`Adadelta`: steps as long as recent steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Unpack

from .base import Optimizer, registry
from .settings import Check, CommonArguments, Rule, not_negative, share


@registry.add
class Adadelta(Optimizer):
    """Gradients scaled to the size of recent steps, then times the learning rate (Zeiler 2012).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.001
        1.0 is the paper's.
    rho : float, default 0.95
        Decay of the mean squares of gradients and steps.
    epsilon : float, default 1e-7
        Added to both under the root.
    **kwargs
        Other arguments of `Optimizer`, by name.

    Examples
    --------
    >>> Adadelta(1.0).rho
    0.95
    """

    _kernel = "adadelta"
    _arguments: ClassVar[dict[str, Check]] = {"rho": share, "epsilon": not_negative}

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        **kwargs: Unpack[CommonArguments],
    ) -> None:
        self.rho, self.epsilon = rho, epsilon
        super().__init__(learning_rate, **kwargs)

    def _rule(self, given: Mapping[str, Any]) -> Rule:
        """Return what the kernel needs."""
        slots = "accumulated_grad", "accumulated_delta_var", None
        return Rule(slots, {"beta_1": given["rho"], "epsilon": given["epsilon"]})
