"""`DepthwiseConv1D` and `DepthwiseConv2D`: each channel is convolved by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import activations
from ..variables import Variable
from .base.layer import registry
from .base.shapes import Shape, dimension
from .base.spatial import Spatial, Window, one_of, whole_numbers
from .base.weight_spec import WeightSpec, spec_attributes, specs_config

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


class Depthwise(Spatial):
    """Base of layers with a convolution of each channel; see `DepthwiseConv2D`."""

    depthwise_initializer, depthwise_regularizer, depthwise_constraint = spec_attributes()
    bias_initializer, bias_regularizer, bias_constraint = spec_attributes()

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
        self.activation = activations.get(activation)
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
        """What the kernel reaches of a row."""
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
        return self.activation.emit_unfused(plan, super()._emit(plan, x))

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
        from ..kernels.ops import depthwise

        geometry = self._window.geometry(x.shape)
        return depthwise.emit(plan, x, self.kernel, self.bias, self.activation.fused, *geometry)


@registry.add
class DepthwiseConv1D(DepthwiseConvolution):
    """y[t, c m] = activation(sum over i of x[t s + i d, c] kernel[i, c, m] + bias[c m]).

    Channel c has m = 0 ... depth_multiplier - 1 kernels, whose results lie next to each other.

    Parameters
    ----------
    kernel_size : int
        Number of positions that a kernel has.
    strides : int, default 1
        s, how far a kernel moves from one result to the next.
    padding : {"valid", "same"}, default "valid"
        Where a kernel may go: inside only, or beyond both ends, among zeros, so that there are
        ceil(length / strides) results.
    depth_multiplier : int, default 1
        Number of kernels for each channel.
    data_format : {"channels_last", "channels_first"}, optional
        Where the channels are in a row; `config.image_data_format()` by default.
    dilation_rate : int, default 1
        d, the distance of the positions that a kernel touches; not together with longer strides.
    activation : str, callable or None, default None
        See `fastnn.activations`.
    use_bias : bool, default True
        Whether the bias is there.
    depthwise_initializer : default "glorot_uniform"
        How `kernel` (kernel_size, channels, depth_multiplier) starts.
    bias_initializer : default "zeros"
        How the bias (channels * depth_multiplier,) starts.
    depthwise_regularizer, bias_regularizer : default None
        Penalties added to the loss, see `fastnn.regularizers`.
    depthwise_constraint, bias_constraint : default None
        Where they are brought back to after each step, see `fastnn.constraints`.
    activity_regularizer : str, Regularizer or None, default None
        A penalty on the output: see `Layer`.
    **kwargs
        `trainable`, `dtype`, `name` and `input_shape` of `Layer`.

    Raises
    ------
    ValueError
        If the arguments are none of these, or no window fits into the input when the layer is built.

    Notes
    -----
    Input is (rows, length, channels), output (rows, results, channels * depth_multiplier).

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.layers import DepthwiseConv1D
    >>> layer = DepthwiseConv1D(2, depthwise_initializer="ones")
    >>> layer(np.array([[[1.0, 10.0], [2.0, 20.0]]])).ravel()
    array([ 3., 30.], dtype=float32)
    """

    _rank = 1


@registry.add
class DepthwiseConv2D(DepthwiseConvolution):
    """y[p, q, c m] = activation(sum over i, j of x[p s + i d, q s + j d, c] kernel[i, j, c, m] + bias[c m]).

    Channel c has m = 0 ... depth_multiplier - 1 kernels, whose results lie next to each other.

    Parameters
    ----------
    kernel_size : int or (int, int)
        Height and width of a kernel.
    strides : int or (int, int), default 1
        s, how far a kernel moves from one result to the next.
    padding : {"valid", "same"}, default "valid"
        Where a kernel may go: inside only, or beyond all edges, among zeros, so that there are
        ceil(height / strides) rows of results and ceil(width / strides) columns.
    depth_multiplier : int, default 1
        Number of kernels for each channel.
    data_format : {"channels_last", "channels_first"}, optional
        Where the channels are in a row; `config.image_data_format()` by default.
    dilation_rate : int or (int, int), default 1
        d, the distance of the positions that a kernel touches; not together with longer strides.
    activation : str, callable or None, default None
        See `fastnn.activations`.
    use_bias : bool, default True
        Whether the bias is there.
    depthwise_initializer : default "glorot_uniform"
        How `kernel` (height, width, channels, depth_multiplier) starts.
    bias_initializer : default "zeros"
        How the bias (channels * depth_multiplier,) starts.
    depthwise_regularizer, bias_regularizer : default None
        Penalties added to the loss, see `fastnn.regularizers`.
    depthwise_constraint, bias_constraint : default None
        Where they are brought back to after each step, see `fastnn.constraints`.
    activity_regularizer : str, Regularizer or None, default None
        A penalty on the output: see `Layer`.
    **kwargs
        `trainable`, `dtype`, `name` and `input_shape` of `Layer`.

    Raises
    ------
    ValueError
        If the arguments are none of these, or no window fits into the input when the layer is built.

    Notes
    -----
    Input is (rows, height, width, channels), output (rows, results down, results across,
    channels * depth_multiplier).

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.layers import DepthwiseConv2D
    >>> layer = DepthwiseConv2D(2, depthwise_initializer="ones")
    >>> layer(np.arange(8.0).reshape(1, 2, 2, 2)).ravel()
    array([12., 16.], dtype=float32)
    """
