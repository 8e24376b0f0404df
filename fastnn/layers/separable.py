"""`SeparableConv1D` and `SeparableConv2D`: each channel is convolved by itself, then all are mixed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .base.layer import registry
from .base.shapes import Shape, dimension
from .base.weight_spec import WeightSpec, spec_attributes, specs_config
from .depthwise import Depthwise

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


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
        from ..kernels.ops import dense, depthwise

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


@registry.add
class SeparableConv1D(Separable):
    """y[t, f] = activation(sum over d of z[t, d] pointwise_kernel[0, d, f] + bias[f]).

    z is `DepthwiseConv1D` of the input with `depthwise_kernel`, without bias or activation (Chollet 2017).

    Parameters
    ----------
    filters : int
        Number of channels of the output.
    kernel_size : int
        Number of positions that a kernel has.
    strides : int, default 1
        How far a kernel moves from one result to the next.
    padding : {"valid", "same"}, default "valid"
        Where a kernel may go: inside only, or beyond both ends, among zeros, so that there are
        ceil(length / strides) results.
    data_format : {"channels_last", "channels_first"}, optional
        Where the channels are in a row; `config.image_data_format()` by default.
    dilation_rate : int, default 1
        Distance of the positions that a kernel touches; not together with longer strides.
    depth_multiplier : int, default 1
        Number of kernels for each channel.
    activation : str, callable or None, default None
        See `fastnn.activations`.
    use_bias : bool, default True
        Whether the bias is there.
    depthwise_initializer : default "glorot_uniform"
        How `depthwise_kernel` (kernel_size, channels, depth_multiplier) starts.
    pointwise_initializer : default "glorot_uniform"
        How `pointwise_kernel` (1, channels * depth_multiplier, filters) starts.
    bias_initializer : default "zeros"
        How the bias (filters,) starts.
    depthwise_regularizer, pointwise_regularizer, bias_regularizer : default None
        Penalties added to the loss, see `fastnn.regularizers`.
    depthwise_constraint, pointwise_constraint, bias_constraint : default None
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
    Input is (rows, length, channels), output (rows, results, filters).

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.layers import SeparableConv1D
    >>> layer = SeparableConv1D(2, 2, depthwise_initializer="ones", pointwise_initializer="ones")
    >>> layer(np.array([[[1.0, 10.0], [2.0, 20.0]]])).ravel()
    array([33., 33.], dtype=float32)
    """

    _rank = 1


@registry.add
class SeparableConv2D(Separable):
    """y[p, q, f] = activation(sum over d of z[p, q, d] pointwise_kernel[0, 0, d, f] + bias[f]).

    z is `DepthwiseConv2D` of the input with `depthwise_kernel`, without bias or activation (Chollet 2017).

    Parameters
    ----------
    filters : int
        Number of channels of the output.
    kernel_size : int or (int, int)
        Height and width of a kernel.
    strides : int or (int, int), default 1
        How far a kernel moves from one result to the next.
    padding : {"valid", "same"}, default "valid"
        Where a kernel may go: inside only, or beyond all edges, among zeros, so that there are
        ceil(height / strides) rows of results and ceil(width / strides) columns.
    data_format : {"channels_last", "channels_first"}, optional
        Where the channels are in a row; `config.image_data_format()` by default.
    dilation_rate : int or (int, int), default 1
        Distance of the positions that a kernel touches; not together with longer strides.
    depth_multiplier : int, default 1
        Number of kernels for each channel.
    activation : str, callable or None, default None
        See `fastnn.activations`.
    use_bias : bool, default True
        Whether the bias is there.
    depthwise_initializer : default "glorot_uniform"
        How `depthwise_kernel` (height, width, channels, depth_multiplier) starts.
    pointwise_initializer : default "glorot_uniform"
        How `pointwise_kernel` (1, 1, channels * depth_multiplier, filters) starts.
    bias_initializer : default "zeros"
        How the bias (filters,) starts.
    depthwise_regularizer, pointwise_regularizer, bias_regularizer : default None
        Penalties added to the loss, see `fastnn.regularizers`.
    depthwise_constraint, pointwise_constraint, bias_constraint : default None
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
    Input is (rows, height, width, channels), output (rows, results down, results across, filters).

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.layers import SeparableConv2D
    >>> layer = SeparableConv2D(2, 2, depthwise_initializer="ones", pointwise_initializer="ones")
    >>> layer(np.arange(8.0).reshape(1, 2, 2, 2)).ravel()
    array([28., 28.], dtype=float32)
    """
