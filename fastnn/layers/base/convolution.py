"""Base of the convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ... import activations
from .activation_attribute import ActivationAttribute
from .shapes import Shape, dimension
from .spatial import Spatial
from .weight_spec import WeightSpec, spec_attributes, specs_config
from .window import Pair, Window, one_of, whole_numbers

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from ...kernels.core.steps import Value


class Convolution(Spatial):
    """Base of the convolutions; see `Conv2D`."""

    kernel_initializer, kernel_regularizer, kernel_constraint = spec_attributes()
    bias_initializer, bias_regularizer, bias_constraint = spec_attributes()

    activation = ActivationAttribute()

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: None = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format, activity_regularizer=activity_regularizer, **kwargs)
        self.filters = dimension(filters, "filters")
        self.kernel_size = whole_numbers(kernel_size, "kernel_size", self._rank)
        self.strides = whole_numbers(strides, "strides", self._rank)
        self.padding = one_of(padding, "padding", *self._paddings)
        self.dilation_rate = whole_numbers(dilation_rate, "dilation_rate", self._rank)
        self.groups = dimension(groups, "groups")
        self.activation = activation
        self.use_bias = bool(use_bias)
        WeightSpec(kernel_initializer, kernel_regularizer, kernel_constraint).set_on(self, "kernel")
        WeightSpec(bias_initializer, bias_regularizer, bias_constraint).set_on(self, "bias")
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "dilation_rate: expected 1 where strides are longer than 1, "
                f"got {self.dilation_rate} with strides {self.strides}"
            )
        if self.filters % self.groups:
            raise ValueError(f"groups: expected a divisor of the {self.filters} filters, got {self.groups}")

    @property
    def _paddings(self) -> tuple[str, ...]:
        """The values of `padding` that are accepted."""
        return ("valid", "same", "causal") if self._rank == 1 else ("valid", "same")

    @property
    def _window(self) -> Window:
        """The window of the kernel in a sample."""
        return Window(self.kernel_size, self.strides, self.dilation_rate, self.padding)

    def _kernel_shape(self, channels: int | None) -> Shape:
        """Return the shape of `kernel` for so many channels."""
        if channels is None:
            return (*self.kernel_size, None, self.filters)
        if channels % self.groups:
            raise ValueError(
                f"groups: expected a divisor of the input's {channels} channels, got {self.groups}"
            )
        return (*self.kernel_size, channels // self.groups, self.filters)

    def _weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of `kernel` and `bias` (filters,)."""
        return {"kernel": self._kernel_shape(self._channels(input_shape)), "bias": (self.filters,)}

    def build(self, input_shape: Shape) -> None:
        """Make `kernel` and `bias` (filters,)."""
        shape = self._kernel_shape(self._channels(input_shape))
        self.kernel = WeightSpec.of(self, "kernel").add_to(self, shape, "kernel")
        self.bias = None
        if self.use_bias:
            self.bias = WeightSpec.of(self, "bias").add_to(self, (self.filters,), "bias")

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the convolution; softmax is over the last axis of the output, which need not be channels."""
        y: Value = self.activation.emit_unfused(plan, super()._emit(plan, x))
        return y

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the convolution; an elementwise activation is fused behind it."""
        from ...kernels.ops import conv

        return conv.emit(plan, x, self.kernel, self.bias, self.activation.fused, *self._geometry(x))

    def _geometry(self, x: Value) -> tuple[Pair, Pair, Pair, Pair]:
        """Return strides, zeros in front, dilation and size of the output, each as (height, width)."""
        return self._window.geometry(x.shape)

    def _output_last(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (positions of the window ..., filters)."""
        return (*self._window.outputs(sample_shape[:-1]), self.filters)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return (
            super().get_config()
            | specs_config(self, "kernel", "bias")
            | {
                "filters": self.filters,
                "kernel_size": list(self.kernel_size),
                "strides": list(self.strides),
                "padding": self.padding,
                "dilation_rate": list(self.dilation_rate),
                "groups": self.groups,
                "activation": activations.serialize(self.activation),
                "use_bias": self.use_bias,
            }
        )
