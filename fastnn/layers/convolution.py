"""`Conv1D` and `Conv2D`: filters that slide over sequences and images."""

from __future__ import annotations

from .base.convolution import Convolution
from .base.layer import registry


@registry.add
class Conv1D(Convolution):
    """y[t, f] = activation(sum over i, c of x[t stride + i dilation, c] kernel[i, c, f] + bias[f]).

    Parameters
    ----------
    filters : int
        Number of channels of the output.
    kernel_size : int
        Number of positions that the kernel has.
    strides : int, default 1
        Step of the kernel from one result to the next.
    padding : {"valid", "same", "causal"}, default "valid"
        Where the kernel may go: inside only; beyond both ends, among zeros, so that there are
        ceil(length / strides) results; or as many, with all zeros before the beginning, so that no result
        depends on later positions.
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
    dilation_rate : int, default 1
        Distance of the positions that the kernel touches; not together with longer strides.
    groups : int, default 1
        The channels fall into so many groups, each convolved with its share of the filters.
    activation : str, callable or None, default None
        See `fastnn.activations`.
    use_bias : bool, default True
        Whether to add a bias.
    kernel_initializer : default "glorot_uniform"
        Initializer of the kernel (kernel_size, channels / groups, filters).
    bias_initializer : default "zeros"
        Initializer of the bias (filters,).
    kernel_regularizer, bias_regularizer : default None
        Penalties added to the loss, see `fastnn.regularizers`.
    kernel_constraint, bias_constraint : default None
        Projections applied after each update, see `fastnn.constraints`.
    activity_regularizer : str, Regularizer or None, default None
        A penalty on the output: see `Layer`.
    **kwargs
        `trainable`, `dtype`, `name` and `input_shape` of `Layer`.

    Raises
    ------
    ValueError
        If the arguments are none of these, or do not fit the input when the layer is built.

    Notes
    -----
    Input is (rows, length, channels), output (rows, results, filters). Like every library of this kind it
    computes a cross-correlation: the kernel is not turned round.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.Conv1D(1, 2, padding="causal", kernel_initializer="ones")
    >>> layer(np.array([[[1.0], [2.0], [4.0]]])).ravel()
    array([1., 3., 6.], dtype=float32)
    """

    _rank = 1


@registry.add
class Conv2D(Convolution):
    """y[p, q, f] = activation(sum over i, j, c of x[p s + i d, q s + j d, c] kernel[i, j, c, f] + bias[f]).

    Parameters
    ----------
    filters : int
        Number of channels of the output.
    kernel_size : int or (int, int)
        Height and width of the kernel.
    strides : int or (int, int), default 1
        s, the step of the kernel from one result to the next.
    padding : {"valid", "same"}, default "valid"
        Where the kernel may go: inside only, or beyond all edges, among zeros, so that there are
        ceil(height / strides) rows of results and ceil(width / strides) columns. Where the zeros cannot be
        as many on both sides, the bottom and the right get one more.
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
    dilation_rate : int or (int, int), default 1
        d, the distance of the positions that the kernel touches; not together with longer strides.
    groups : int, default 1
        The channels fall into so many groups, each convolved with its share of the filters.
    activation : str, callable or None, default None
        See `fastnn.activations`.
    use_bias : bool, default True
        Whether to add a bias.
    kernel_initializer : default "glorot_uniform"
        Initializer of the kernel (height, width, channels / groups, filters).
    bias_initializer : default "zeros"
        Initializer of the bias (filters,).
    kernel_regularizer, bias_regularizer : default None
        Penalties added to the loss, see `fastnn.regularizers`.
    kernel_constraint, bias_constraint : default None
        Projections applied after each update, see `fastnn.constraints`.
    activity_regularizer : str, Regularizer or None, default None
        A penalty on the output: see `Layer`.
    **kwargs
        `trainable`, `dtype`, `name` and `input_shape` of `Layer`.

    Raises
    ------
    ValueError
        If the arguments are none of these, or do not fit the input when the layer is built.

    Notes
    -----
    Input is (rows, height, width, channels), output (rows, ..., ..., filters). Like every library of this
    kind it computes a cross-correlation: the kernel is not turned round.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.Conv2D(1, 2, kernel_initializer="ones")
    >>> layer(np.arange(9.0).reshape(1, 3, 3, 1))[0, :, :, 0]
    array([[ 8., 12.],
           [20., 24.]], dtype=float32)
    """

    _rank = 2
