"""`RMSprop`: steps divided by the size of recent gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Unpack

from .base import Optimizer, registry
from .settings import Check, CommonArguments, Rule, flag, not_negative, share


@registry.add("rmsprop")
class RMSprop(Optimizer):
    """Steps divided by a running root mean square of the gradient (Tieleman & Hinton 2012).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.001
        The step size, or a schedule that gives it for each step.
    rho : float, default 0.9
        Decay of the mean square.
    momentum : float, default 0.0
        The share of the last step that is added to a step.
    epsilon : float, default 1e-7
        Added to the mean square.
    centered : bool, default False
        Divide by an estimate of the variance rather than of the mean square.
    **kwargs
        Other arguments of `Optimizer`, by name.

    Examples
    --------
    >>> RMSprop().rho
    0.9
    """

    _kernel = "rmsprop"
    _arguments: ClassVar[dict[str, Check]] = {
        "rho": share,
        "momentum": share,
        "epsilon": not_negative,
        "centered": flag,
    }

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **kwargs: Unpack[CommonArguments],
    ) -> None:
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered
        super().__init__(learning_rate, **kwargs)

    def _rule(self, given: Mapping[str, Any]) -> Rule:
        """Return what the kernel needs."""
        momentum = "momentum" if given["momentum"] else None
        slots = "velocity", momentum, "average_gradient" if given["centered"] else None
        fields = {"beta_1": given["rho"], "momentum": given["momentum"], "epsilon": given["epsilon"]}
        return Rule(slots, fields)
