"""`SGD`: gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Unpack

from .base import Optimizer, registry
from .settings import Check, CommonArguments, Rule, flag, share


@registry.add
class SGD(Optimizer):
    """w -= learning_rate * g, or with momentum (Keras' form: the learning rate is inside the velocity).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.01
        The step size, or a schedule that gives it for each step.
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
    _arguments: ClassVar[dict[str, Check]] = {"momentum": share, "nesterov": flag}

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **kwargs: Unpack[CommonArguments],
    ) -> None:
        self.momentum, self.nesterov = momentum, nesterov
        super().__init__(learning_rate, **kwargs)

    def _rule(self, given: Mapping[str, Any]) -> Rule:
        """Return what the kernel needs."""
        return Rule(("momentum" if given["momentum"] else None, None, None), dict(given))
