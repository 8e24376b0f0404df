"""What layers over images and sequences share: positions and channels, and windows that slide over them.

Inside the library rows are (height, width, channels), and a sequence is an image of height 1. A layer with
`data_format="channels_first"` transposes its input on the way in and its output on the way out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ... import config
from ...checks import whole_number
from ...pickling import Picklable
from .layer import Layer
from .shapes import Shape, of_any_length

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from ...kernels.core.steps import Value

LARGEST = 2**31 - 1
Pair = tuple[int, int]


def whole_numbers(value: Any, name: str, count: int, least: int = 1) -> tuple[int, ...]:
    """Return `count` integers, given as such or as one that holds for all."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        if len(value) != count:
            raise ValueError(f"{name}: expected an integer or {count} of them, got {value!r}")
        return tuple(whole_number(n, name, least, LARGEST) for n in value)
    return (whole_number(value, name, least, LARGEST),) * count


def one_of(value: Any, name: str, *choices: str) -> str:
    """Return a string if it is one of the choices, in any case of its letters."""
    if not isinstance(value, str) or value.lower() not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(map(repr, choices))}, got {value!r}")
    return value.lower()


def format_of(data_format: Any) -> str:
    """Return "channels_last" or "channels_first"; None stands for `config.image_data_format()`."""
    if data_format is None:
        return config.image_data_format()
    return one_of(data_format, "data_format", "channels_last", "channels_first")


def as_pair(values: tuple[int, ...], above: int = 1) -> Pair:
    """Return (height, width) of one or two numbers; `above` is the height of what has none."""
    down, across = values if len(values) == 2 else (above, *values)
    return down, across


@dataclass(frozen=True)
class Window(Picklable):
    """A window that slides over the positions of a row, one number for each dimension.

    Attributes
    ----------
    size, strides, dilation : tuple of int
    padding : {"valid", "same", "causal"}
        "same" has ceil(positions / stride) results; of the zeros that this takes the end gets the odd one.
        "causal" has all of them at the beginning.
    """

    size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: str

    @property
    def extent(self) -> tuple[int, ...]:
        """How many positions the window reaches over."""
        return tuple((n - 1) * d + 1 for n, d in zip(self.size, self.dilation, strict=True))

    def outputs(self, positions: tuple[int, ...]) -> tuple[int, ...]:
        """How many results there are in each dimension.

        Raises
        ------
        ValueError
            If there is none.
        """
        if self.padding != "valid":
            return tuple(-(-n // s) for n, s in zip(positions, self.strides, strict=True))
        sizes = tuple((n - e) // s + 1 for n, e, s in zip(positions, self.extent, self.strides, strict=True))
        if min(sizes) < 1:
            raise ValueError(
                f"a window of {self.extent} positions does not fit into {positions}; "
                "padding='same' would let it reach beyond"
            )
        return sizes

    def before(self, positions: tuple[int, ...]) -> tuple[int, ...]:
        """How many zeros stand before the first position in each dimension."""
        if self.padding == "valid":
            return (0,) * len(positions)
        if self.padding == "causal":
            return tuple(e - 1 for e in self.extent)
        outputs = self.outputs(positions)
        sides = zip(positions, outputs, self.extent, self.strides, strict=True)
        return tuple(max(0, (m - 1) * s + e - n) // 2 for n, m, e, s in sides)

    def geometry(self, shape: tuple[int, ...]) -> tuple[Pair, Pair, Pair, Pair]:
        """Return strides, zeros in front, dilation and size of the output, each as (height, width).

        Parameters
        ----------
        shape : tuple of int
            (height, width, channels); the height is 1 for windows of one dimension.
        """
        positions = shape[2 - len(self.size) : 2]
        return (
            as_pair(self.strides),
            as_pair(self.before(positions), 0),
            as_pair(self.dilation),
            as_pair(self.outputs(positions)),
        )


class Spatial(Layer):
    """Base of layers over images (rank 2) and sequences (rank 1); their rows end in channels here.

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}, optional
        Where the channels are in a row; `config.image_data_format()` by default.
    **kwargs
        See `Layer`.
    """

    _rank: ClassVar[int] = 2

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = format_of(data_format)

    # What a layer defines, in terms of channels last, without the batch dimension.

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the steps for samples of (height, width, channels); the height is 1 for sequences."""
        raise NotImplementedError

    def _output_last(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the sample shape of the output for samples of (positions ..., channels)."""
        return sample_shape

    # What it gets.

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Refuse samples that there is no output for."""
        Spatial.compute_output_shape(self, input_shape)

    def _channels(self, input_shape: Shape) -> int | None:
        """Return the number of channels of the input."""
        channels: int | None = self._last(input_shape[1:])[-1]
        return channels

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the steps, with channels last in between."""
        from ...kernels.ops import transpose

        first, shape = self.data_format == "channels_first", x.shape
        if first:
            x = transpose.emit(plan, x, (*range(1, self._rank + 1), 0))
        if self._rank == 1:
            x = plan.reshaped(x, (1, *x.shape))
        y = self._emit_last(plan, x)
        last = self._output_last(self._last(shape))
        if y.shape != last:
            y = plan.reshaped(y, last)
        if first and len(last) == self._rank + 1:
            y = transpose.emit(plan, y, (self._rank, *range(self._rank)))
        return y

    @of_any_length
    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output."""
        last = self._output_last(self._last(input_shape[1:]))
        if self.data_format == "channels_first" and len(last) == self._rank + 1:
            last = (last[-1], *last[:-1])
        return (input_shape[0], *last)

    def _last(self, shape: Any) -> Any:
        """Return a sample shape with channels last, if it has as many dimensions as it should."""
        if len(shape) != self._rank + 1:
            names = ("length",) if self._rank == 1 else ("height", "width")
            order = (*names, "channels") if self.data_format == "channels_last" else ("channels", *names)
            raise ValueError(
                f"input: {type(self).__name__} expects rows of ({', '.join(order)}), "
                f"got rows of shape {shape}"
            )
        return (*shape[1:], shape[0]) if self.data_format == "channels_first" else shape

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"data_format": self.data_format}
