"""Bases of the normalizations: over which axes, and with gamma and beta."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ...checks import real_number
from .axes import Axis, sample_axes
from .layer import Layer
from .shapes import Shape, with_batch
from .weight_spec import WeightSpec, spec_attributes, specs_config

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from ...kernels.core.steps import Value
    from ...variables import Variable


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
        """Whether the axis of time is not normalized over."""
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
