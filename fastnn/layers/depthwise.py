"""`DepthwiseConv1D` and `DepthwiseConv2D`: each channel is convolved separately."""

from __future__ import annotations

from .base.depthwise import DepthwiseConvolution
from .base.layer import registry


@registry.add
class DepthwiseConv1D(DepthwiseConvolution):
    """y[t, c m] = activation(sum over i of x[t s + i d, c] kernel[i, c, m] + bias[c m]).

    Channel c has m = 0 ... depth_multiplier - 1 kernels, whose results lie next to each other.

    Parameters
    ----------
    kernel_size : int
        Number of positions that a kernel has.
    strides : int, default 1
        s, the step of a kernel from one result to the next.
    padding : {"valid", "same"}, default "valid"
        Where a kernel may go: inside only, or beyond both ends, among zeros, so that there are
        ceil(length / strides) results.
    depth_multiplier : int, default 1
        Number of kernels for each channel.
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
    dilation_rate : int, default 1
        d, the distance of the positions that a kernel touches; not together with longer strides.
    activation : str, callable or None, default None
        See `fastnn.activations`.
    use_bias : bool, default True
        Whether to add a bias.
    depthwise_initializer : default "glorot_uniform"
        Initializer of `kernel` (kernel_size, channels, depth_multiplier).
    bias_initializer : default "zeros"
        Initializer of the bias (channels * depth_multiplier,).
    depthwise_regularizer, bias_regularizer : default None
        Penalties added to the loss, see `fastnn.regularizers`.
    depthwise_constraint, bias_constraint : default None
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
        s, the step of a kernel from one result to the next.
    padding : {"valid", "same"}, default "valid"
        Where a kernel may go: inside only, or beyond all edges, among zeros, so that there are
        ceil(height / strides) rows of results and ceil(width / strides) columns.
    depth_multiplier : int, default 1
        Number of kernels for each channel.
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
    dilation_rate : int or (int, int), default 1
        d, the distance of the positions that a kernel touches; not together with longer strides.
    activation : str, callable or None, default None
        See `fastnn.activations`.
    use_bias : bool, default True
        Whether to add a bias.
    depthwise_initializer : default "glorot_uniform"
        Initializer of `kernel` (height, width, channels, depth_multiplier).
    bias_initializer : default "zeros"
        Initializer of the bias (channels * depth_multiplier,).
    depthwise_regularizer, bias_regularizer : default None
        Penalties added to the loss, see `fastnn.regularizers`.
    depthwise_constraint, bias_constraint : default None
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
