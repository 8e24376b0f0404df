"""`Adam`, and what its relatives share with it."""

from __future__ import annotations

from typing import Any, ClassVar, Unpack

from ..checks import real_number
from .base import Optimizer, registry
from .settings import CommonArguments


class Moments(Optimizer):
    """Base of optimizers with running means of the gradient and of its size.

    Parameters
    ----------
    learning_rate : float, default 0.001
    beta_1, beta_2 : float, default 0.9 and 0.999
        Decay of the two means.
    epsilon : float, default 1e-7
        Added to the divisor.
    **kwargs
        Other arguments of `Optimizer`, by name.
    """

    _slots: tuple[str | None, str | None, str | None] = ("momentum", "velocity", None)
    _arguments: ClassVar[tuple[str, ...]] = ("beta_1", "beta_2", "epsilon")
    _nesterov: ClassVar[bool] = False

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **kwargs: Unpack[CommonArguments],
    ) -> None:
        self.beta_1 = real_number(beta_1, "beta_1", 0, below=1)
        self.beta_2 = real_number(beta_2, "beta_2", 0, below=1)
        self.epsilon = real_number(epsilon, "epsilon", 0)
        self._rule = {name: getattr(self, name) for name in Moments._arguments} | {"nesterov": self._nesterov}
        super().__init__(learning_rate, **kwargs)


@registry.add
class Adam(Moments):
    """Adaptive moments (Kingma & Ba 2015), with Keras' epsilon outside the bias correction.

    Parameters
    ----------
    learning_rate : float, default 0.001
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
    _arguments = (*Moments._arguments, "amsgrad")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **kwargs: Unpack[CommonArguments],
    ) -> None:
        self.amsgrad = bool(amsgrad)
        if self.amsgrad:
            self._slots = ("momentum", "velocity", "velocity_hat")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)
