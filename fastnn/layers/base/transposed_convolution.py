"""Base of the transposed convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .convolution import Convolution
from .shapes import Shape
from .window import Window, whole_numbers

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from ...kernels.core.steps import Value


@dataclass(frozen=True)
class Spread(Window):
    """Window of the output that each position of the input is spread over, moved by one stride per position.

    Attributes
    ----------
    output_padding : tuple of int, optional
        How many results there are beyond Keras' least number; by default as many as make a convolution of
        the results give the positions again.
    """

    output_padding: tuple[int, ...] | None

    def outputs(self, positions: tuple[int, ...]) -> tuple[int, ...]:
        """Return the number of results in each dimension.

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
        """Return the number of positions cropped before the first result in each dimension."""
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
        extra = None
        if output_padding is not None:
            extra = whole_numbers(output_padding, "output_padding", self._rank, 0)
        if extra and any(p >= s for p, s in zip(extra, self.strides, strict=True)):
            raise ValueError(
                f"output_padding: expected less than the strides {self.strides}, got {output_padding!r}"
            )
        self.output_padding = extra

    @property
    def _paddings(self) -> tuple[str, ...]:
        """The values of `padding` that are accepted."""
        return ("valid", "same")

    @property
    def _window(self) -> Spread:
        """The window of the kernel in the output."""
        return Spread(self.kernel_size, self.strides, self.dilation_rate, self.padding, self.output_padding)

    def _kernel_shape(self, channels: int | None) -> Shape:
        """Return the shape of `kernel` for so many channels."""
        return (*self.kernel_size, self.filters, channels)

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the transposed convolution; an elementwise activation is fused behind it."""
        from ...kernels.ops import conv

        return conv.emit_transpose(plan, x, self.kernel, self.bias, self.activation.fused, *self._geometry(x))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        config = super().get_config() | {
            "output_padding": None if self.output_padding is None else list(self.output_padding)
        }
        del config["groups"]
        return config
