"""`RMSprop`: steps divided by the size of recent gradients."""

from __future__ import annotations

from typing import Any, Unpack

from ..checks import real_number
from .base import Optimizer, registry
from .settings import CommonArguments


@registry.add("rmsprop")
class RMSprop(Optimizer):
    """Steps divided by a running root mean square of the gradient (Tieleman & Hinton 2012).

    Parameters
    ----------
    learning_rate : float, default 0.001
    rho : float, default 0.9
        Decay of the mean square.
    momentum : float, default 0.0
        Of the steps.
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
    _arguments = ("rho", "momentum", "epsilon", "centered")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **kwargs: Unpack[CommonArguments],
    ) -> None:
        self.rho = real_number(rho, "rho", 0, below=1)
        self.momentum = real_number(momentum, "momentum", 0, below=1)
        self.epsilon, self.centered = real_number(epsilon, "epsilon", 0), bool(centered)
        self._slots = (
            "velocity",
            "momentum" if self.momentum else None,
            "average_gradient" if self.centered else None,
        )
        self._rule = {"beta_1": self.rho, "momentum": self.momentum, "epsilon": self.epsilon}
        super().__init__(learning_rate, **kwargs)
