"""Transposition of the axes of a row: a `strided_copy`, whose gradient is the inverse transposition."""

from __future__ import annotations

from itertools import accumulate
from operator import mul
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import strided_copy

if TYPE_CHECKING:
    from ..core.plan import Plan
    from ..core.steps import Value


def strides_of(shape: tuple[int, ...]) -> list[int]:
    """Return the strides, in elements, of a contiguous array of this shape."""
    return list(accumulate(shape[:0:-1], mul, initial=1))[::-1] if shape else []


def box_of(shape: tuple[int, ...], axes: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the permutation as a box: sizes, strides in y, strides in x.

    Axes that stay adjacent are merged. The last dimension is the contiguous one of y, the one before it the
    contiguous one of x if that is another.
    """
    strides = strides_of(shape)
    sizes: list[int] = []
    source: list[int] = []
    for n, stride in ((shape[axis], strides[axis]) for axis in axes if shape[axis] != 1):
        if source and source[-1] == n * stride:
            sizes[-1], source[-1] = sizes[-1] * n, stride
        else:
            sizes.append(n)
            source.append(stride)
    order = sorted(range(len(sizes)), key=lambda i: (i == len(sizes) - 1, source[i] == 1))
    return np.array([sizes, strides_of(tuple(sizes)), source], np.int64)[:, order].copy()


def emit(plan: Plan, x: Value, axes: tuple[int, ...]) -> Value:
    """Append y = transpose(x) to `plan`; axis i of a row of y is axis `axes[i]` of a row of x, from 0 on.

    A permutation that moves nothing in memory is a reshape of x and no step.
    """
    shape = tuple(x.shape[axis] for axis in axes)
    box = box_of(x.shape, axes)
    if box.shape[1] < 2:
        return plan.reshaped(x, shape)
    return strided_copy.emit(plan, x, shape, box)
