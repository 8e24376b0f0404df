"""Windows that slide over positions, and arguments for each dimension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ... import config
from ...checks import whole_number
from ...pickling import Picklable

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
    """Window that slides over the positions of a sample; each attribute has one number per dimension.

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
        """The number of positions that the window spans in each dimension."""
        return tuple((n - 1) * d + 1 for n, d in zip(self.size, self.dilation, strict=True))

    def outputs(self, positions: tuple[int, ...]) -> tuple[int, ...]:
        """Return the number of results in each dimension.

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
        """Return the number of zeros before the first position in each dimension."""
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
