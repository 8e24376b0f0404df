"""`Dot`: the products of two inputs, row by row, summed over an axis of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import index
from typing import TYPE_CHECKING, Any

from .base.layer import registry
from .base.merge import Merge

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value

EPSILON = 1e-12  # the least length that a row is divided by


@registry.add
class Dot(Merge):
    """Compute the dot products of the samples of two inputs along an axis of each.

    Parameters
    ----------
    axes : int or tuple of int
        The axis of both inputs, or one of each, the batch being axis 0, which it cannot be.
    normalize : bool, default False
        Whether both are divided by their lengths along the axis first: then the output is the cosine of the
        angle between them.
    **kwargs
        See `Layer`.

    Notes
    -----
    The output has the other axes of the first input and then those of the second: (rows, 3, 5) and (rows, 4,
    5) become (rows, 3, 4) with ``axes=2``, (rows, 5) and (rows, 5) become (rows, 1) with ``axes=1``. It has
    no mask.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.Dot(axes=1)([np.array([[1.0, 2.0]]), np.array([[10.0, 20.0]])])
    array([[50.]], dtype=float32)
    """

    _least, _most = 2, 2

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        try:
            pair = [index(axis) for axis in axes] if isinstance(axes, Sequence) else [index(axes)] * 2
        except TypeError:
            pair = []
        if len(pair) != 2:
            raise ValueError(f"axes: expected an integer or two, got {axes!r}")
        self.axes = pair[0] if isinstance(axes, int) else tuple(pair)
        self.normalize = bool(normalize)

    def _axes_of(self, sample_shapes: list[tuple[int, ...]]) -> list[int]:
        """Return the axis of each input's samples, counted from 0."""
        one, other = sample_shapes
        pair = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        pairs = list(zip(pair, sample_shapes, strict=True))
        axes = [a + len(shape) if a < 0 else a - 1 for a, shape in pairs]
        if not all(0 <= a < len(shape) for a, shape in zip(axes, sample_shapes, strict=True)):
            raise ValueError(
                f"axes: expected axes of rows of shapes {one} and {other}, not that of the batch, "
                f"got {self.axes}"
            )
        return axes

    def _output_sample_shape(self, sample_shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
        """Leave out the axes."""
        a, b = self._axes_of(sample_shapes)
        one, other = sample_shapes
        if one[a] != other[b]:
            raise ValueError(
                f"inputs: Dot expects equal sizes along axes {self.axes}, got {one[a]} and {other[b]} "
                f"of rows of shapes {one} and {other}"
            )
        return (*one[:a], *one[a + 1 :], *other[:b], *other[b + 1 :]) or (1,)

    def _emit(self, plan: Plan, x: Any) -> Value:
        """Append the products."""
        from ..kernels.ops import dot

        shapes = [value.shape for value in x]
        (one, last), (other, other_last) = (
            self._as_matrix(plan, value, axis) for value, axis in zip(x, self._axes_of(shapes), strict=True)
        )
        return plan.reshaped(dot.emit(plan, one, other, last, other_last), self._output_sample_shape(shapes))

    def _emit_mask(self, plan: Plan, x: Any) -> Value | None:
        """Return none."""
        return None

    def _as_matrix(self, plan: Plan, x: Value, axis: int) -> tuple[Value, bool]:
        """Return rows of two dimensions, and whether the axis is the last of them."""
        from ..kernels.ops import transpose, unit_norm

        n, rank = x.shape[axis], len(x.shape)
        if self.normalize or 0 < axis < rank - 1:
            x = transpose.emit(plan, x, (*range(axis), *range(axis + 1, rank), axis))
            axis = rank - 1
        if self.normalize:
            x = unit_norm.emit(plan, x, EPSILON)
        last = axis == rank - 1
        others = math.prod(x.shape[:-1] if last else x.shape[1:])
        return plan.reshaped(x, (others, n) if last else (n, others)), last

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        axes = self.axes if isinstance(self.axes, int) else list(self.axes)
        return super().get_config() | {"axes": axes, "normalize": self.normalize}


def dot(inputs: Any, axes: int | Sequence[int] = -1, **kwargs: Any) -> Any:
    """Return the products of two arrays or tensors, row by row, summed over an axis of each.

    Parameters
    ----------
    inputs : list
        See `Dot`.
    axes : int or tuple of int, default -1
        The batch being axis 0.
    **kwargs
        Those of the layer that is made, such as `normalize`.
    """
    return Dot(axes, **kwargs)(inputs)
