"""Activations as layers of their own: `Activation`, `ReLU`, `LeakyReLU`, `ELU` and `Softmax`."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import activations
from ..checks import real_number
from ..warning import renamed
from .base.activation_attribute import ActivationAttribute
from .base.elementwise import ElementwiseActivation
from .base.layer import Layer, registry
from .base.masks import as_mask
from .base.shapes import Shape

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value

# Added to the scores of elements that a mask leaves out, with a minus.
HIDDEN = 1e9


@registry.add
class Activation(ElementwiseActivation):
    """An activation by name.

    Parameters
    ----------
    activation : str or function of fastnn.activations
        Applied to each number, or along the last axis.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.Activation("relu")([[-1.0, 2.0]])
    array([[0., 2.]], dtype=float32)
    """

    activation = ActivationAttribute()

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activation

    @property
    def _function(self) -> Any:  # type: ignore[override]
        return self.activation

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

    @property
    def _function(self) -> activations.Activation:  # type: ignore[override]
        """The activation."""
        return activations.relu.bind(
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
        negative_slope = renamed(kwargs, "alpha", "negative_slope", negative_slope)
        super().__init__(**kwargs)
        self.negative_slope = real_number(negative_slope, "negative_slope", 0)

    @property
    def _function(self) -> activations.Activation:  # type: ignore[override]
        """The activation."""
        return activations.leaky_relu.bind(negative_slope=self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"negative_slope": self.negative_slope}


@registry.add
class ELU(ElementwiseActivation):
    """x where x > 0, else alpha * (exp(x) - 1).

    Parameters
    ----------
    alpha : float, default 1.0
        The limit at minus infinity, with a minus sign.
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

    @property
    def _function(self) -> activations.Activation:  # type: ignore[override]
        """The activation."""
        return activations.elu.bind(alpha=self.alpha)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"alpha": self.alpha}


@registry.add
class Softmax(Layer):
    """exp(x) / sum(exp(x)) over an axis.

    Parameters
    ----------
    axis : int or sequence of int, default -1
        An axis of the input, the batch being axis 0, or several over which the sum is taken.
    **kwargs
        See `Layer`.

    Notes
    -----
    A mask that broadcasts against the input, as that of attention scores does, leaves elements out: they are
    0 in the output and do not count in the sum. A mask of the steps of a sequence is passed on.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.Softmax()([[0.0, 0.0, 7.0]], mask=[[True, True, False]])
    array([[0.5, 0.5, 0. ]], dtype=float32)
    """

    supports_masking = True
    _call_arguments = ("mask",)

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis: int | list[int] = as_axes(axis)

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Check the axis."""
        for axis in self._axes:
            check_axis(axis, input_shape)

    @property
    def _axes(self) -> list[int]:
        return self.axis if isinstance(self.axis, list) else [self.axis]

    @property
    def _stepwise(self) -> bool:
        """Whether the axis is not that of time."""
        shape = self._built_for
        return shape is not None and all(axis % len(shape) > 1 for axis in self._axes)

    def _given_mask(self, mask: Any, x: Any) -> Any:
        """Return the mask of all elements of x, or else that of its steps."""
        array, shape = as_mask(mask), np.shape(x)
        try:
            return np.broadcast_to(array, shape)
        except ValueError:
            return super()._given_mask(array, x)

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the softmax of the elements that count, and zeros in the place of others."""
        from ..kernels.ops import affine, elementwise_binary, masking

        mask = x.mask
        if mask is None or len(mask.shape) < len(x.shape):
            return self._emit_softmax(plan, x)
        if mask.shape != x.shape:
            mask = elementwise_binary.emit_constant(plan, mask, np.ones(x.shape), "multiply", False)
        hidden = affine.emit(plan, mask, HIDDEN, -HIDDEN)
        scores = elementwise_binary.emit(plan, masking.emit(plan, x, mask), hidden, "add")
        return masking.emit(plan, self._emit_softmax(plan, scores), mask)

    def _emit_softmax(self, plan: Plan, x: Value) -> Value:
        """Append the softmax over the axes: over one, these being moved behind the others and joined."""
        from ..kernels.ops import transpose

        axes = [axis % (len(x.shape) + 1) - 1 for axis in self._axes]
        if len(axes) == 1:
            return activations.softmax.emit(plan, x, axes[0])
        kept = [axis for axis in range(len(x.shape)) if axis not in axes]
        order = (*kept, *axes)
        moved = transpose.emit(plan, x, order)
        rows = plan.reshaped(moved, (*(x.shape[axis] for axis in kept), prod(x.shape[axis] for axis in axes)))
        y = plan.reshaped(activations.softmax.emit(plan, rows, len(kept)), moved.shape)
        return transpose.emit(plan, y, tuple(order.index(axis) for axis in range(len(order))))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"axis": self.axis}


def as_axes(axis: Any) -> int | list[int]:
    """Return an axis, or a list of axes, as plain integers."""
    if isinstance(axis, (list, tuple)):
        axes = [as_axis(part) for part in axis]
        if not axes or len(set(axes)) < len(axes):
            raise ValueError(f"axis: expected different axes, got {axis!r}")
        return axes
    return as_axis(axis)


def as_axis(axis: Any) -> int:
    """Return an axis as a plain integer."""
    if isinstance(axis, bool) or not hasattr(axis, "__index__"):
        raise ValueError(f"axis: expected an integer, got {axis!r}")
    return int(axis)


def check_axis(axis: int, input_shape: Shape) -> None:
    """Raise a `ValueError` for an axis that an input of this shape does not have, or that is the batch."""
    ndim = len(input_shape)
    if not -ndim < axis < ndim or axis % ndim < 1:
        raise ValueError(f"axis: expected one of the {ndim - 1} axes after the batch, got {axis}")
