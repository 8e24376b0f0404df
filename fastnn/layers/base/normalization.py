"""What the normalisations share: axes that count the batch, and the gamma and beta behind them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...checks import real_number, whole_number
from .layer import Layer
from .shapes import Shape, with_batch
from .weight_spec import WeightSpec, spec_attributes, specs_config

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from ...kernels.core.steps import Value
    from ...variables import Variable

Axis = int | list[int]

FARTHEST = 2**31 - 1


def axis_of(axis: Any) -> int:
    """Return an axis as an int."""
    return whole_number(axis, "axis", -FARTHEST, FARTHEST)


def axes_of(axis: Any) -> Axis:
    """Return an axis, or a list of them, as plain ints."""
    if isinstance(axis, Sequence) and not isinstance(axis, str) and axis:
        return [axis_of(a) for a in axis]
    return axis_of(axis)


def sample_axis(axis: int, input_shape: Shape) -> int:
    """Return the axis of a sample, counted without the batch, that an axis of the input is.

    Raises
    ------
    ValueError
        If there is none: it is the batch's own axis, or there are fewer.
    """
    n = len(input_shape)
    place = axis + n if axis < 0 else axis
    if not 1 <= place < n:
        raise ValueError(
            f"axis: expected one from 1 to {n - 1}, or from {1 - n} to -1, for a batch of shape "
            f"{input_shape}, whose axis 0 is the batch; got {axis}"
        )
    return place - 1


def sample_axes(axis: Axis, input_shape: Shape) -> tuple[int, ...]:
    """Return the axes of a sample in ascending order, each of them once."""
    given = axis if isinstance(axis, list) else [axis]
    places = sorted(sample_axis(a, input_shape) for a in given)
    if len(set(places)) < len(places):
        raise ValueError(f"axis: expected different axes for a batch of shape {input_shape}, got {axis}")
    return tuple(places)


def epsilon_of(epsilon: Any) -> float:
    """Return what is added to a variance."""
    return real_number(epsilon, "epsilon", 0)


class OverAxes(Layer):
    """Base of layers that normalise each sample along some axes; `_emit_last` sees these as the last one."""

    axis: Axis

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the steps for samples of (..., elements)."""
        raise NotImplementedError

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Check the axes."""
        sample_axes(self.axis, input_shape)

    def _shape_of_axes(self, input_shape: Shape) -> Shape:
        """Return the sizes of the axes: the shape of the weights."""
        return tuple(input_shape[1 + a] for a in sample_axes(self.axis, input_shape))

    @property
    def _stepwise(self) -> bool:
        """Whether steps are not along one of the axes."""
        return self._built_for is not None and 0 not in sample_axes(self.axis, self._built_for)

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the steps; axes that are not the last ones are moved there and back."""
        axes, all_axes = sample_axes(self.axis, with_batch(x.shape)), range(len(x.shape))
        order = (*(a for a in all_axes if a not in axes), *axes)
        if order == tuple(all_axes):
            return self._emit_flat(plan, x, len(axes))
        from ...kernels.ops import transpose

        y = self._emit_flat(plan, transpose.emit(plan, x, order), len(axes))
        return transpose.emit(plan, y, tuple(order.index(a) for a in all_axes))

    def _emit_flat(self, plan: Plan, x: Value, count: int) -> Value:
        """Append the steps for the last `count` axes, as one."""
        shape = x.shape
        elements = math.prod(shape[len(shape) - count :])
        y = self._emit_last(plan, plan.reshaped(x, (*shape[: len(shape) - count], elements)))
        return plan.reshaped(y, shape)


class Scaled(Layer):
    """Base of layers that multiply what they have normalised by gamma and add beta.

    Parameters
    ----------
    epsilon : float, default 0.001
        Added to the variance.
    center : bool, default True
        Whether there is a beta.
    scale : bool, default True
        Whether there is a gamma.
    gamma, beta : WeightSpec
    **kwargs
        See `Layer`.
    """

    gamma_initializer, gamma_regularizer, gamma_constraint = spec_attributes()
    beta_initializer, beta_regularizer, beta_constraint = spec_attributes()

    def __init__(
        self,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        *,
        gamma: WeightSpec,
        beta: WeightSpec,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon_of(epsilon)
        self.center = bool(center)
        self.scale = bool(scale)
        gamma.set_on(self, "gamma")
        beta.set_on(self, "beta")

    def _shape_of_weights(self, input_shape: Shape) -> Shape:
        """Return the shape of gamma and beta."""
        raise NotImplementedError

    def _weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of gamma and beta."""
        return dict.fromkeys(("gamma", "beta"), self._shape_of_weights(input_shape))

    def build(self, input_shape: Shape) -> None:
        """Make `gamma` and `beta`, as far as they are wanted."""
        shape = self._shape_of_weights(input_shape)
        self.gamma: Variable | None = None
        self.beta: Variable | None = None
        if self.scale:
            self.gamma = WeightSpec.of(self, "gamma").add_to(self, shape, "gamma")
        if self.center:
            self.beta = WeightSpec.of(self, "beta").add_to(self, shape, "beta")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return (
            super().get_config()
            | specs_config(self, "gamma", "beta")
            | {
                "epsilon": self.epsilon,
                "center": self.center,
                "scale": self.scale,
            }
        )
