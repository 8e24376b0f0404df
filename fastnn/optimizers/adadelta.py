"""`Adadelta`: steps as long as recent steps."""

from __future__ import annotations

from typing import Any, Unpack

from ..checks import real_number
from .base import Optimizer, registry
from .settings import CommonArguments


@registry.add
class Adadelta(Optimizer):
    """Gradients scaled to the size of recent steps, then times the learning rate (Zeiler 2012).

    Parameters
    ----------
    learning_rate : float, default 0.001
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
    _slots = ("accumulated_grad", "accumulated_delta_var", None)
    _arguments = ("rho", "epsilon")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        **kwargs: Unpack[CommonArguments],
    ) -> None:
        self.rho = real_number(rho, "rho", 0, below=1)
        self.epsilon = real_number(epsilon, "epsilon", 0)
        self._rule = {"beta_1": self.rho, "epsilon": self.epsilon}
        super().__init__(learning_rate, **kwargs)
