"""Base of the separable convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .depthwise import Depthwise
from .shapes import Shape, dimension
from .weight_spec import WeightSpec, spec_attributes, specs_config

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from ...kernels.core.steps import Value


class Separable(Depthwise):
    """Base of the separable convolutions; see `SeparableConv2D`."""

    pointwise_initializer, pointwise_regularizer, pointwise_constraint = spec_attributes()

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: None = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            depth_multiplier=depth_multiplier,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            depthwise_constraint=depthwise_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.filters = dimension(filters, "filters")
        WeightSpec(pointwise_initializer, pointwise_regularizer, pointwise_constraint).set_on(
            self, "pointwise"
        )

    def _pointwise_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of `pointwise_kernel`."""
        return (*(1,) * self._rank, self._width(self._channels(input_shape)), self.filters)

    def _weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of `depthwise_kernel`, `pointwise_kernel` and `bias` (filters,)."""
        return {
            "depthwise_kernel": self._kernel_shape(input_shape),
            "pointwise_kernel": self._pointwise_shape(input_shape),
            "bias": (self.filters,),
        }

    def build(self, input_shape: Shape) -> None:
        """Make `depthwise_kernel`, `pointwise_kernel` and `bias` (filters,)."""
        self.depthwise_kernel = self._add_kernel(input_shape, "depthwise_kernel")
        self.pointwise_kernel = WeightSpec.of(self, "pointwise").add_to(
            self, self._pointwise_shape(input_shape), "pointwise_kernel"
        )
        self.bias = self._add_bias(self.filters)

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append both convolutions; an elementwise activation is fused behind the second."""
        from ...kernels.ops import dense, depthwise

        geometry = self._window.geometry(x.shape)
        z = depthwise.emit(plan, x, self.depthwise_kernel, None, ("linear",), *geometry)
        return dense.emit(plan, z, self.pointwise_kernel, self.bias, self.activation.fused)

    def _output_last(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (positions of the window ..., filters)."""
        return (*self._window.outputs(sample_shape[:-1]), self.filters)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return (
            super().get_config()
            | specs_config(self, "pointwise")
            | {
                "filters": self.filters,
            }
        )
