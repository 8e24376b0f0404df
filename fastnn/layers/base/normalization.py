"""What the normalisations share: axes that count the batch, and the gamma and beta behind them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ... import constraints, initializers, regularizers
from ...checks import real_number, whole_number
from .layer import Layer, Shape

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


def row_axis(axis: int, row: Shape) -> int:
    """Return the axis of a row that an axis of the batch is.

    Raises
    ------
    ValueError
        If there is none: it is the batch's own axis, or there are fewer.
    """
    n = len(row) + 1
    place = axis + n if axis < 0 else axis
    if not 1 <= place < n:
        raise ValueError(
            f"axis: expected one from 1 to {n - 1}, or from {1 - n} to -1, for a batch of shape "
            f"{(None, *row)}, whose axis 0 is the batch; got {axis}"
        )
    return place - 1


def row_axes(axis: Axis, row: Shape) -> tuple[int, ...]:
    """Return the axes of a row in their order, each of them once."""
    given = axis if isinstance(axis, list) else [axis]
    places = sorted(row_axis(a, row) for a in given)
    if len(set(places)) < len(places):
        raise ValueError(f"axis: expected different axes for a batch of shape {(None, *row)}, got {axis}")
    return tuple(places)


def epsilon_of(epsilon: Any) -> float:
    """Return what is added to a variance."""
    return real_number(epsilon, "epsilon", 0)


class OverAxes(Layer):
    """A layer that treats each row along some axes by itself; `emit_rows` sees them as the last one."""

    axis: Axis

    def emit_rows(self, plan: Plan, x: Value) -> Value:
        """Append the steps for rows of (..., elements)."""
        raise NotImplementedError

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Check the axes, and make the weights, of the shape of the axes."""
        self.build_weights(tuple(input_shape[a] for a in row_axes(self.axis, input_shape)))

    @property
    def _stepwise(self) -> bool:
        """Whether steps are not along one of the axes."""
        return self._built_for is not None and 0 not in row_axes(self.axis, self._built_for)

    def build_weights(self, shape: tuple[int, ...]) -> None:
        """Make the weights."""

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the steps; axes that are not the last ones are moved there and back."""
        axes, all_axes = row_axes(self.axis, x.shape), range(len(x.shape))
        order = (*(a for a in all_axes if a not in axes), *axes)
        if order == tuple(all_axes):
            return self._emit_last(plan, x, len(axes))
        from ...kernels.ops import transpose

        y = self._emit_last(plan, transpose.emit(plan, x, order), len(axes))
        return transpose.emit(plan, y, tuple(order.index(a) for a in all_axes))

    def _emit_last(self, plan: Plan, x: Value, count: int) -> Value:
        shape = x.shape
        elements = math.prod(shape[len(shape) - count :])
        y = self.emit_rows(plan, plan.reshaped(x, (*shape[: len(shape) - count], elements)))
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
    beta_initializer : default "zeros"
    gamma_initializer : default "ones"
    beta_regularizer, gamma_regularizer : default None
        Penalties added to the loss, see `fastnn.regularizers`.
    beta_constraint, gamma_constraint : default None
        Where they are brought back to after each step, see `fastnn.constraints`.
    **kwargs
        See `Layer`.
    """

    def __init__(
        self,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon_of(epsilon)
        self.center = bool(center)
        self.scale = bool(scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def add_gamma_and_beta(self, shape: tuple[int, ...]) -> None:
        """Make `gamma` and `beta`, as far as they are wanted."""
        self.gamma: Variable | None = None
        self.beta: Variable | None = None
        if self.scale:
            self.gamma = self.add_weight(
                shape,
                self.gamma_initializer,
                "gamma",
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
            )
        if self.center:
            self.beta = self.add_weight(
                shape,
                self.beta_initializer,
                "beta",
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
            )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }
