"""`SeparableConv1D` and `SeparableConv2D`: a depthwise convolution, then a pointwise one."""

from __future__ import annotations

from .base.layer import registry
from .base.separable import Separable


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
        Step of a kernel from one result to the next.
    padding : {"valid", "same"}, default "valid"
        Where a kernel may go: inside only, or beyond both ends, among zeros, so that there are
        ceil(length / strides) results.
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
    dilation_rate : int, default 1
        Distance of the positions that a kernel touches; not together with longer strides.
    depth_multiplier : int, default 1
        Number of kernels for each channel.
    activation : str, callable or None, default None
        See `fastnn.activations`.
    use_bias : bool, default True
        Whether to add a bias.
    depthwise_initializer : default "glorot_uniform"
        Initializer of `depthwise_kernel` (kernel_size, channels, depth_multiplier).
    pointwise_initializer : default "glorot_uniform"
        Initializer of `pointwise_kernel` (1, channels * depth_multiplier, filters).
    bias_initializer : default "zeros"
        Initializer of the bias (filters,).
    depthwise_regularizer, pointwise_regularizer, bias_regularizer : default None
        Penalties added to the loss, see `fastnn.regularizers`.
    depthwise_constraint, pointwise_constraint, bias_constraint : default None
        Projections applied after each update, see `fastnn.constraints`.
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
        Step of a kernel from one result to the next.
    padding : {"valid", "same"}, default "valid"
        Where a kernel may go: inside only, or beyond all edges, among zeros, so that there are
        ceil(height / strides) rows of results and ceil(width / strides) columns.
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
    dilation_rate : int or (int, int), default 1
        Distance of the positions that a kernel touches; not together with longer strides.
    depth_multiplier : int, default 1
        Number of kernels for each channel.
    activation : str, callable or None, default None
        See `fastnn.activations`.
    use_bias : bool, default True
        Whether to add a bias.
    depthwise_initializer : default "glorot_uniform"
        Initializer of `depthwise_kernel` (height, width, channels, depth_multiplier).
    pointwise_initializer : default "glorot_uniform"
        Initializer of `pointwise_kernel` (1, 1, channels * depth_multiplier, filters).
    bias_initializer : default "zeros"
        Initializer of the bias (filters,).
    depthwise_regularizer, pointwise_regularizer, bias_regularizer : default None
        Penalties added to the loss, see `fastnn.regularizers`.
    depthwise_constraint, pointwise_constraint, bias_constraint : default None
        Projections applied after each update, see `fastnn.constraints`.
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
