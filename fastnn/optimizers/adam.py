"""`Adam`, and what its relatives share with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Unpack

from .base import Optimizer, registry
from .settings import Check, CommonArguments, Rule, Slots, flag, not_negative, share


class Moments(Optimizer):
    """Base of optimizers with running means of the gradient and of its size.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.001
    beta_1, beta_2 : float, default 0.9 and 0.999
        Decay of the two means.
    epsilon : float, default 1e-7
        Added to the divisor.
    **kwargs
        Other arguments of `Optimizer`, by name.
    """

    _slots: ClassVar[Slots] = ("momentum", "velocity", None)
    _arguments: ClassVar[dict[str, Check]] = {"beta_1": share, "beta_2": share, "epsilon": not_negative}
    _nesterov: ClassVar[bool] = False

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **kwargs: Unpack[CommonArguments],
    ) -> None:
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        super().__init__(learning_rate, **kwargs)

    def _rule(self, given: Mapping[str, Any]) -> Rule:
        """Return what the kernel needs."""
        fields = {name: given[name] for name in Moments._arguments} | {"nesterov": self._nesterov}
        return Rule(self._slots, fields)


@registry.add
class Adam(Moments):
    """Adaptive moments (Kingma & Ba 2015), with Keras' epsilon outside the bias correction.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.001
        The step size, or a schedule that gives it for each step.
    beta_1, beta_2 : float, default 0.9 and 0.999
        Decay of the means of the gradient and of its square.
    epsilon : float, default 1e-7
        Added to the root of the second mean.
    amsgrad : bool, default False
        Divide by the largest second mean so far (Reddi et al. 2018).
    **kwargs
        Other arguments of `Optimizer`, by name.

    Examples
    --------
    >>> Adam(1e-3).beta_2
    0.999
    """

    _kernel = "adam"
    _correction = "adam"
    _arguments: ClassVar[dict[str, Check]] = Moments._arguments | {"amsgrad": flag}

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **kwargs: Unpack[CommonArguments],
    ) -> None:
        self.amsgrad = amsgrad
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)

    def _rule(self, given: Mapping[str, Any]) -> Rule:
        """Return what the kernel needs."""
        rule = super()._rule(given)
        return rule._replace(slots=("momentum", "velocity", "velocity_hat")) if given["amsgrad"] else rule
