"""Base of the layers that convolve each channel separately."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ... import activations
from ...variables import Variable
from .activation_attribute import ActivationAttribute
from .shapes import Shape, dimension
from .spatial import Spatial
from .weight_spec import WeightSpec, spec_attributes, specs_config
from .window import Window, one_of, whole_numbers

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from ...kernels.core.steps import Value


class Depthwise(Spatial):
    """Base of layers with a convolution of each channel; see `DepthwiseConv2D`."""

    depthwise_initializer, depthwise_regularizer, depthwise_constraint = spec_attributes()
    bias_initializer, bias_regularizer, bias_constraint = spec_attributes()

    activation = ActivationAttribute()

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: None = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format, activity_regularizer=activity_regularizer, **kwargs)
        self.kernel_size = whole_numbers(kernel_size, "kernel_size", self._rank)
        self.strides = whole_numbers(strides, "strides", self._rank)
        self.padding = one_of(padding, "padding", "valid", "same")
        self.depth_multiplier = dimension(depth_multiplier, "depth_multiplier")
        self.dilation_rate = whole_numbers(dilation_rate, "dilation_rate", self._rank)
        self.activation = activation
        self.use_bias = bool(use_bias)
        WeightSpec(depthwise_initializer, depthwise_regularizer, depthwise_constraint).set_on(
            self, "depthwise"
        )
        WeightSpec(bias_initializer, bias_regularizer, bias_constraint).set_on(self, "bias")
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "dilation_rate: expected 1 where strides are longer than 1, "
                f"got {self.dilation_rate} with strides {self.strides}"
            )

    @property
    def _window(self) -> Window:
        """The window of the kernel in a sample."""
        return Window(self.kernel_size, self.strides, self.dilation_rate, self.padding)

    def _width(self, channels: int | None) -> int | None:
        """Return the number of channels of the convolution."""
        return None if channels is None else channels * self.depth_multiplier

    def _kernel_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the kernels of all channels."""
        return (*self.kernel_size, self._channels(input_shape), self.depth_multiplier)

    def _add_kernel(self, input_shape: Shape, name: str) -> Variable:
        """Make the kernels of all channels."""
        shape = self._kernel_shape(input_shape)
        return WeightSpec.of(self, "depthwise").add_to(self, shape, name)

    def _add_bias(self, size: int | None) -> Variable | None:
        """Make the bias, if there is one."""
        if not self.use_bias:
            return None
        return WeightSpec.of(self, "bias").add_to(self, (size,), "bias")

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the steps; softmax is over the last axis of the output, which need not be channels."""
        y: Value = self.activation.emit_unfused(plan, super()._emit(plan, x))
        return y

    def _output_last(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (positions of the window ..., channels of the convolution)."""
        return (*self._window.outputs(sample_shape[:-1]), sample_shape[-1] * self.depth_multiplier)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return (
            super().get_config()
            | specs_config(self, "depthwise", "bias")
            | {
                "kernel_size": list(self.kernel_size),
                "strides": list(self.strides),
                "padding": self.padding,
                "depth_multiplier": self.depth_multiplier,
                "dilation_rate": list(self.dilation_rate),
                "activation": activations.serialize(self.activation),
                "use_bias": self.use_bias,
            }
        )


class DepthwiseConvolution(Depthwise):
    """Base of the layers that are nothing but such a convolution."""

    def _weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of `kernel` and `bias`."""
        width = self._width(self._channels(input_shape))
        return {"kernel": self._kernel_shape(input_shape), "bias": (width,)}

    def build(self, input_shape: Shape) -> None:
        """Make `kernel` and `bias`."""
        self.kernel = self._add_kernel(input_shape, "kernel")
        self.bias = self._add_bias(self._width(self._channels(input_shape)))

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the convolution; an elementwise activation is fused behind it."""
        from ...kernels.ops import depthwise

        geometry = self._window.geometry(x.shape)
        return depthwise.emit(plan, x, self.kernel, self.bias, self.activation.fused, *geometry)
