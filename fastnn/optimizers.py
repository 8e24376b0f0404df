"""Optimizers: Keras' names, defaults and update rules, each one pass over flat memory.

>>> optimizer = get("adam")
>>> optimizer.learning_rate = 0.01
>>> optimizer
<Adam learning_rate=0.01>
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self
from weakref import ReferenceType, ref

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import real_number, refuse, whole_number
from .kernels.optimizer import Update
from .registry import Registry
from .variables import ParameterBlock, Variable


class Optimizer:
    """Base of all optimizers.

    Parameters
    ----------
    learning_rate : float
        May be assigned at any time.
    weight_decay : float, optional
        Weights lose `learning_rate * weight_decay` of themselves before each step (Loshchilov & Hutter 2019).
    clipnorm : float, optional
        The norm of each weight's gradient is brought down to this.
    clipvalue : float, optional
        Each element of the gradients is taken into [-clipvalue, clipvalue].
    global_clipnorm : float, optional
        The norm of all gradients together is brought down to this.
    use_ema, ema_momentum, ema_overwrite_frequency, gradient_accumulation_steps
        Accepted as Keras has them, at their defaults only: no averages of weights, no sums of gradients.
    loss_scale_factor : float, optional
        Accepted and without effect: scaled gradients would be scaled back.
    name : str, optional
        By default the class in lower case.
    rule : dict, optional
        What a subclass gives its kernel.
    """

    kernel: str
    slots: tuple[str | None, str | None, str | None] = (None, None, None)
    bias_correction = False

    def __init__(
        self,
        learning_rate: float,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        rule: dict[str, Any] | None = None,
    ) -> None:
        refuse(use_ema=use_ema, gradient_accumulation_steps=gradient_accumulation_steps)
        limits = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        given = [key for key, value in limits.items() if value is not None]
        if len(given) > 1:
            raise ValueError(f"{', '.join(given)}: at most one of them may be given")
        for key in given:
            if real_number(limits[key], key, 0) == 0:
                raise ValueError(f"{key}: expected a positive number, got 0")
        self.name = name or type(self).__name__.lower()
        self.weight_decay = None if weight_decay is None else real_number(weight_decay, "weight_decay", 0)
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.built = False
        self._block: ParameterBlock | None = None
        self.trainable_variables: list[Variable] = []  # that it was built for
        self._model: ReferenceType[object] | None = None
        fixed = (rule or {}) | {"clip_value": clipvalue or 0.0}
        self._update = Update(self.kernel, self.slots, fixed, self.bias_correction)
        self._update.weight_decay = self.weight_decay or 0.0
        self._update.clip_norm = clipnorm or 0.0
        self._update.global_clip_norm = global_clipnorm or 0.0
        self.learning_rate = learning_rate

    @property
    def learning_rate(self) -> float:
        """The step size, before Adam's bias correction."""
        return float(self._update.learning_rate)

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._update.learning_rate = real_number(value, "learning_rate", 0)

    lr = learning_rate

    @property
    def iterations(self) -> int:
        """The number of steps done."""
        return int(self._update.iterations)

    def serve(self, model: object) -> None:
        """Update the weights of this model from now on.

        Raises
        ------
        ValueError
            If the optimizer serves another model: what it knows belongs to that one's weights.
        """
        served = None if self._model is None else self._model()
        if served is not None and served is not model:
            raise ValueError(
                f"optimizer: {self!r} serves another model, {served!r}; give each one of its own"
            )
        self._model = ref(model)

    def build(self, variables: Sequence[Variable]) -> None:
        """Prepare to update these variables; what is known of them from earlier steps is kept.

        Parameters
        ----------
        variables : sequence of Variable
            Of one dtype.
        """
        variables = list(variables)
        if not variables:
            raise ValueError("variables: expected at least one trainable variable, got none")
        block = ParameterBlock.holding(variables, variables[0].dtype)
        self._update.bind(block, variables)
        self._block, self.trainable_variables = block, variables
        self.built = True

    def get_state(self) -> dict[str, NDArray[Any]]:
        """Return all that the optimizer remembers, in copies.

        Returns
        -------
        dict of str to ndarray
            "iterations", the steps done; "learning_rate"; and "<slot>/<i>" for the variable number i of those
            that the optimizer was built for, such as "momentum/0".
        """
        state = {
            "iterations": np.array(self.iterations, np.int64),
            "learning_rate": np.array(self.learning_rate),
        }
        for name, slot in self._update.slots.items():
            for i, variable in enumerate(self.trainable_variables):
                assert slot is not None
                assert self._block is not None
                state[f"{name}/{i}"] = self._block.part(slot, variable).copy()
        return state

    def set_state(self, state: Mapping[str, ArrayLike]) -> None:
        """Remember what `get_state` returned, of an optimizer for variables of the same shapes.

        Parameters
        ----------
        state : dict of str to array_like

        Raises
        ------
        ValueError
            If something is missing, unknown or of another shape; then nothing has changed.
        """
        own = self.get_state()
        arrays = {key: np.asarray(value) for key, value in state.items()}
        if own.keys() != arrays.keys() or any(own[key].shape != arrays[key].shape for key in own):
            raise ValueError("state: it is that of another optimizer, or of other variables")
        self.learning_rate = float(arrays["learning_rate"])
        for name, slot in self._update.slots.items():
            for i, variable in enumerate(self.trainable_variables):
                assert slot is not None
                assert self._block is not None
                self._block.part(slot, variable)[...] = arrays[f"{name}/{i}"]
        self._update.iterations = whole_number(int(arrays["iterations"]), "iterations")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {
            "learning_rate": self.learning_rate,
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "clipvalue": self.clipvalue,
            "global_clipnorm": self.global_clipnorm,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make an optimizer of what `get_config` returned; it starts anew."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} learning_rate={self.learning_rate:g}>"


registry: Registry[Optimizer] = Registry("optimizer", Optimizer)


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
        What else `Optimizer` takes, by name.

    Examples
    --------
    >>> SGD(0.1, momentum=0.9).momentum
    0.9
    """

    kernel = "sgd"

    def __init__(
        self, learning_rate: float = 0.01, momentum: float = 0.0, nesterov: bool = False, **kwargs: Any
    ) -> None:
        self.momentum = real_number(momentum, "momentum", 0, below=1)
        self.nesterov = bool(nesterov)
        if self.momentum:
            self.slots = ("momentum", None, None)
        rule = {"momentum": self.momentum, "nesterov": self.nesterov}
        super().__init__(learning_rate, rule=rule, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"momentum": self.momentum, "nesterov": self.nesterov}


@registry.add
class Adam(Optimizer):
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
        What else `Optimizer` takes, by name.

    Examples
    --------
    >>> Adam(1e-3).beta_2
    0.999
    """

    kernel = "adam"
    slots: tuple[str | None, str | None, str | None] = ("momentum", "velocity", None)
    bias_correction = True

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **kwargs: Any,
    ) -> None:
        self.beta_1, self.beta_2 = (
            real_number(beta_1, "beta_1", 0, below=1),
            real_number(beta_2, "beta_2", 0, below=1),
        )
        self.epsilon, self.amsgrad = real_number(epsilon, "epsilon", 0), bool(amsgrad)
        if self.amsgrad:
            self.slots = ("momentum", "velocity", "velocity_hat")
        rule = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        super().__init__(learning_rate, rule=rule, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }


@registry.add("adamw")
class AdamW(Adam):
    """`Adam` with decoupled weight decay (Loshchilov & Hutter 2019), on by default.

    Parameters
    ----------
    learning_rate : float, default 0.001
    weight_decay : float, default 0.004
    beta_1, beta_2, epsilon, amsgrad, **kwargs
        See `Adam`.

    Examples
    --------
    >>> AdamW().weight_decay
    0.004
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **kwargs)


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
        What else `Optimizer` takes, by name.

    Examples
    --------
    >>> RMSprop().rho
    0.9
    """

    kernel = "rmsprop"

    def __init__(
        self,
        learning_rate: float = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **kwargs: Any,
    ) -> None:
        self.rho, self.momentum = (
            real_number(rho, "rho", 0, below=1),
            real_number(momentum, "momentum", 0, below=1),
        )
        self.epsilon, self.centered = real_number(epsilon, "epsilon", 0), bool(centered)
        self.slots = (
            "velocity",
            "momentum" if self.momentum else None,
            "average_gradient" if self.centered else None,
        )
        rule = {"beta_1": self.rho, "momentum": self.momentum, "epsilon": self.epsilon}
        super().__init__(learning_rate, rule=rule, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }


def get(identifier: Any) -> Any:
    """Return the optimizer that an argument stands for.

    Parameters
    ----------
    identifier : str, dict, type or Optimizer
        A name in any case, such as "adam" or "RMSprop"; see `Registry.get` for the others.

    Raises
    ------
    ValueError, TypeError
        If there is no such optimizer.
    """
    return registry.get(identifier.lower() if isinstance(identifier, str) else identifier)


serialize = registry.serialize
deserialize = registry.deserialize
