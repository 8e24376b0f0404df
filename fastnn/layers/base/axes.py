"""Axes that count the batch, and those of a sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...checks import whole_number
from .shapes import Shape

Axis = int | list[int]

FARTHEST = 2**31 - 1


def axis_of(axis: Any) -> int:
    """Return an axis as an int."""
    return whole_number(axis, "axis", -FARTHEST, FARTHEST)


def axes_of(axis: Any) -> Axis:
    """Return an axis, or a list of them, as plain ints."""
    if isinstance(axis, Sequence) and not isinstance(axis, str) and axis:
        return [axis_of(a) for a in axis]
    return axis_of(axis)


def sample_axis(axis: int, input_shape: Shape) -> int:
    """Return the axis of a sample, counted without the batch, that an axis of the input is.

    Raises
    ------
    ValueError
        If there is none: it is the batch's own axis, or there are fewer.
    """
    n = len(input_shape)
    place = axis + n if axis < 0 else axis
    if not 1 <= place < n:
        raise ValueError(
            f"axis: expected one from 1 to {n - 1}, or from {1 - n} to -1, for a batch of shape "
            f"{input_shape}, whose axis 0 is the batch; got {axis}"
        )
    return place - 1


def sample_axes(axis: Axis, input_shape: Shape) -> tuple[int, ...]:
    """Return the axes of a sample in ascending order, each of them once."""
    given = axis if isinstance(axis, list) else [axis]
    places = sorted(sample_axis(a, input_shape) for a in given)
    if len(set(places)) < len(places):
        raise ValueError(f"axis: expected different axes for a batch of shape {input_shape}, got {axis}")
    return tuple(places)
