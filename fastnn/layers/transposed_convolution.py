"""`Conv1DTranspose` and `Conv2DTranspose`: the way back through a convolution, to more positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .base.layer import registry
from .base.shapes import Shape
from .base.spatial import Window, whole_numbers
from .convolution import Convolution

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@dataclass(frozen=True)
class Spread(Window):
    """A window that each position of a row spreads over, one stride further for the next position.

    Attributes
    ----------
    output_padding : tuple of int, optional
        How many results there are beyond Keras' least number; by default as many as make a convolution of
        the results give the positions again.
    """

    output_padding: tuple[int, ...] | None

    def outputs(self, positions: tuple[int, ...]) -> tuple[int, ...]:
        """How many results there are in each dimension.

        Raises
        ------
        ValueError
            If there is none.
        """
        extra = self.output_padding or (None,) * len(positions)
        sides = zip(positions, self.extent, self.strides, extra, strict=True)
        if self.padding == "valid":
            return tuple((n - 1) * s + (max(e, s) if p is None else e + p) for n, e, s, p in sides)
        sizes = tuple(n * s if p is None else (n - 1) * s + e % 2 + p for n, e, s, p in sides)
        if min(sizes) < 1:
            raise ValueError(
                f"a window of {self.extent} positions leaves {sizes} of {positions} with padding='same' "
                f"and output_padding={self.output_padding}"
            )
        return sizes

    def before(self, positions: tuple[int, ...]) -> tuple[int, ...]:
        """How many of the positions reached are cut off before the first result: half of what is too many."""
        sides = zip(positions, self.outputs(positions), self.extent, self.strides, strict=True)
        return tuple(max(0, (n - 1) * s + e - m) // 2 for n, m, e, s in sides)


class TransposedConvolution(Convolution):
    """Base of the transposed convolutions; see `Conv2DTranspose`."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        output_padding: int | Sequence[int] | None = None,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
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
        super().__init__(
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            groups=1,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.output_padding = None
        if output_padding is not None:
            self.output_padding = whole_numbers(output_padding, "output_padding", self._rank, 0)
            if any(p >= s for p, s in zip(self.output_padding, self.strides, strict=True)):
                raise ValueError(
                    f"output_padding: expected less than the strides {self.strides}, got {output_padding!r}"
                )

    @property
    def _paddings(self) -> tuple[str, ...]:
        """What `padding` may be."""
        return ("valid", "same")

    @property
    def _window(self) -> Spread:
        """What the kernel reaches of the output."""
        return Spread(self.kernel_size, self.strides, self.dilation_rate, self.padding, self.output_padding)

    def _kernel_shape(self, channels: int | None) -> Shape:
        """Return the shape of `kernel` for so many channels."""
        return (*self.kernel_size, self.filters, channels)

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the transposed convolution; an elementwise activation is fused behind it."""
        from ..kernels.ops import conv

        return conv.emit_transpose(plan, x, self.kernel, self.bias, self.activation.fused, *self._geometry(x))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        config = super().get_config() | {
            "output_padding": None if self.output_padding is None else list(self.output_padding)
        }
        del config["groups"]
        return config


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
        Where the channels are in a row; `config.image_data_format()` by default.
    dilation_rate : int, default 1
        Distance of the positions that the kernel touches; not together with longer strides.
    activation : str, callable or None, default None
        See `fastnn.activations`.
    use_bias : bool, default True
        Whether the bias is there.
    kernel_initializer : default "glorot_uniform"
        How the kernel (kernel_size, filters, channels) starts.
    bias_initializer : default "zeros"
        How the bias (filters,) starts.
    kernel_regularizer, bias_regularizer : default None
        Penalties added to the loss, see `fastnn.regularizers`.
    kernel_constraint, bias_constraint : default None
        Where they are brought back to after each step, see `fastnn.constraints`.
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
        Where the channels are in a row; `config.image_data_format()` by default.
    dilation_rate : int or (int, int), default 1
        Distance of the positions that the kernel touches; not together with longer strides.
    activation : str, callable or None, default None
        See `fastnn.activations`.
    use_bias : bool, default True
        Whether the bias is there.
    kernel_initializer : default "glorot_uniform"
        How the kernel (height, width, filters, channels) starts.
    bias_initializer : default "zeros"
        How the bias (filters,) starts.
    kernel_regularizer, bias_regularizer : default None
        Penalties added to the loss, see `fastnn.regularizers`.
    kernel_constraint, bias_constraint : default None
        Where they are brought back to after each step, see `fastnn.constraints`.
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
