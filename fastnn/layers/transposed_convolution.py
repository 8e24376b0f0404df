"""`Conv1DTranspose` and `Conv2DTranspose`: transposed convolutions, to more positions."""

from __future__ import annotations

from .base.layer import registry
from .base.transposed_convolution import TransposedConvolution


@registry.add
class Conv1DTranspose(TransposedConvolution):
    """Each position of a sequence spreads, times the kernel, over a window of the output; windows add up.

    Parameters
    ----------
    filters : int
        Number of channels of the output.
    kernel_size : int
        Over how many positions of the output one of the input spreads.
    strides : int, default 1
        How far these lie from those of the next position.
    padding : {"valid", "same"}, default "valid"
        "valid" keeps all positions reached, and has at least length * strides; "same" has length * strides,
        and cuts both ends alike, the end once more where they cannot be.
    output_padding : int, optional
        Less than `strides`. Given, there are (length - 1) * strides + reach + output_padding results; the
        reach, (kernel_size - 1) * dilation_rate + 1, counts as the remainder of its division by 2 for "same".
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
    dilation_rate : int, default 1
        Distance of the positions that the kernel touches; not together with longer strides.
    activation : str, callable or None, default None
        See `fastnn.activations`.
    use_bias : bool, default True
        Whether to add a bias.
    kernel_initializer : default "glorot_uniform"
        Initializer of the kernel (kernel_size, filters, channels).
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
    Input is (rows, length, channels), output (rows, results, filters): the gradient of `Conv1D` with respect
    to its input, used as a layer.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.Conv1DTranspose(1, 3, strides=2, kernel_initializer="ones")
    >>> layer(np.array([[[1.0], [2.0]]])).ravel()
    array([1., 1., 3., 2., 2.], dtype=float32)
    """

    _rank = 1


@registry.add
class Conv2DTranspose(TransposedConvolution):
    """Each position of an image spreads, times the kernel, over a window of the output; windows add up.

    Parameters
    ----------
    filters : int
        Number of channels of the output.
    kernel_size : int or (int, int)
        Height and width of the window.
    strides : int or (int, int), default 1
        How far the windows of neighbours lie apart.
    padding : {"valid", "same"}, default "valid"
        "valid" keeps all positions reached, and has at least height * strides by width * strides; "same" has
        just these, and cuts opposite sides alike, the bottom and the right once more where they cannot be.
    output_padding : int or (int, int), optional
        Less than `strides`. Given, there are (height - 1) * strides + reach + output_padding rows of results,
        and columns likewise; the reach, (kernel_size - 1) * dilation_rate + 1, counts as the remainder of its
        division by 2 for "same".
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
    dilation_rate : int or (int, int), default 1
        Distance of the positions that the kernel touches; not together with longer strides.
    activation : str, callable or None, default None
        See `fastnn.activations`.
    use_bias : bool, default True
        Whether to add a bias.
    kernel_initializer : default "glorot_uniform"
        Initializer of the kernel (height, width, filters, channels).
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
    Input is (rows, height, width, channels), output (rows, ..., ..., filters): the gradient of `Conv2D` with
    respect to its input, used as a layer (Zeiler et al. 2010).

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.Conv2DTranspose(1, 2, strides=2, kernel_initializer="ones")
    >>> layer(np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 2, 2, 1))[0, :, :, 0]
    array([[1., 1., 2., 2.],
           [1., 1., 2., 2.],
           [3., 3., 4., 4.],
           [3., 3., 4., 4.]], dtype=float32)
    """

    _rank = 2
