"""`SGD`: gradient descent."""

from __future__ import annotations

from typing import Any, Unpack

from ..checks import real_number
from .base import Optimizer, registry
from .settings import CommonArguments


@registry.add
class SGD(Optimizer):
    """w -= learning_rate * g, or with momentum (Keras' form: the learning rate is inside the velocity).

    Parameters
    ----------
    learning_rate : float, default 0.01
    momentum : float, default 0.0
        v = momentum * v - learning_rate * g; w += v.
    nesterov : bool, default False
        w += momentum * v - learning_rate * g (Sutskever et al. 2013).
    **kwargs
        Other arguments of `Optimizer`, by name.

    Examples
    --------
    >>> SGD(0.1, momentum=0.9).momentum
    0.9
    """

    _kernel = "sgd"
    _arguments = ("momentum", "nesterov")

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **kwargs: Unpack[CommonArguments],
    ) -> None:
        self.momentum = real_number(momentum, "momentum", 0, below=1)
        self.nesterov = bool(nesterov)
        if self.momentum:
            self._slots = ("momentum", None, None)
        self._rule = {"momentum": self.momentum, "nesterov": self.nesterov}
        super().__init__(learning_rate, **kwargs)
