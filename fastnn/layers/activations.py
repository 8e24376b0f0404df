"""Activations as layers of their own: `Activation`, `ReLU`, `LeakyReLU`, `ELU` and `Softmax`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import activations
from ..checks import real_number
from .base.elementwise import ElementwiseActivation
from .base.layer import Layer, registry
from .base.shapes import Shape

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class Activation(ElementwiseActivation):
    """An activation by name.

    Parameters
    ----------
    activation : str or function of fastnn.activations
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.Activation("relu")([[-1.0, 2.0]])
    array([[0., 2.]], dtype=float32)
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = self._function = activations.get(activation)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"activation": activations.serialize(self.activation)}


@registry.add
class ReLU(ElementwiseActivation):
    """max(x, 0), bounded, leaky or shifted.

    Parameters
    ----------
    max_value : float, optional
        Upper bound.
    negative_slope : float, default 0.0
        Slope below the threshold.
    threshold : float, default 0.0
        Below it the output is negative_slope * (x - threshold).
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.ReLU(max_value=1.0)([[-1.0, 0.5, 2.0]])
    array([[0. , 0.5, 1. ]], dtype=float32)
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.max_value = None if max_value is None else real_number(max_value, "max_value", 0)
        self.negative_slope = real_number(negative_slope, "negative_slope", 0)
        self.threshold = real_number(threshold, "threshold", 0)
        self._function = activations.relu.bind(
            negative_slope=self.negative_slope, max_value=self.max_value, threshold=self.threshold
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }


@registry.add
class LeakyReLU(ElementwiseActivation):
    """x where x > 0, else negative_slope * x.

    Parameters
    ----------
    negative_slope : float, default 0.3
        Keras' default for the layer; that of the activation of the same name is 0.2.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.LeakyReLU(0.5)([[-1.0, 2.0]])
    array([[-0.5,  2. ]], dtype=float32)
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.negative_slope = real_number(negative_slope, "negative_slope", 0)
        self._function = activations.leaky_relu.bind(negative_slope=self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"negative_slope": self.negative_slope}


@registry.add
class ELU(ElementwiseActivation):
    """x where x > 0, else alpha * (exp(x) - 1).

    Parameters
    ----------
    alpha : float, default 1.0
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.ELU()([[0.0, 2.0]])
    array([[0., 2.]], dtype=float32)
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = real_number(alpha, "alpha")
        self._function = activations.elu.bind(alpha=self.alpha)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"alpha": self.alpha}


@registry.add
class Softmax(Layer):
    """exp(x) / sum(exp(x)) over an axis.

    Parameters
    ----------
    axis : int, default -1
        An axis of the input, the batch being axis 0.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.Softmax()([[0.0, 0.0]])
    array([[0.5, 0.5]], dtype=float32)
    """

    supports_masking = True

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(axis, bool) or not hasattr(axis, "__index__"):
            raise ValueError(f"axis: expected an integer, got {axis!r}")
        self.axis = int(axis)

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Check the axis."""
        ndim = len(input_shape)
        if not self.axis % ndim >= 1 or not -ndim < self.axis < ndim:
            raise ValueError(f"axis: expected one of the {ndim - 1} axes after the batch, got {self.axis}")

    @property
    def _stepwise(self) -> bool:
        """Whether the axis is not that of time."""
        return self._built_for is not None and self.axis % len(self._built_for) > 1

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the softmax."""
        return activations.softmax.emit(plan, x, self.axis if self.axis < 0 else self.axis - 1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"axis": self.axis}
