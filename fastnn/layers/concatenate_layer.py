"""`Concatenate`: inputs behind each other along an axis."""

from __future__ import annotations

import math
from operator import index
from typing import TYPE_CHECKING, Any

from ..checks import ArgumentError
from .base.layer import registry
from .base.merge import Merge, union

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class Concatenate(Merge):
    """Concatenate the inputs along an axis.

    Parameters
    ----------
    axis : int, default -1
        Axis of the inputs, the batch being axis 0, which it cannot be. All other dimensions have to be equal.
    **kwargs
        See `Layer`.

    Notes
    -----
    The mask of the output has the steps of all inputs, those of an input without a mask counting, if the axis
    is that of time; else a step counts if it does for any input.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.Concatenate()([np.array([[1.0, 2.0]]), np.array([[10.0]])])
    array([[ 1.,  2., 10.]], dtype=float32)
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        try:
            self.axis = index(axis)
        except TypeError:
            raise ArgumentError(f"axis: expected an integer, got {axis!r}") from None

    def _axis_of(self, rank: int) -> int:
        """Return the axis of rows of so many dimensions, counted from 0."""
        axis = self.axis + rank if self.axis < 0 else self.axis - 1
        if not 0 <= axis < rank:
            raise ValueError(f"axis: expected one from 1 to {rank}, or as many from the end, got {self.axis}")
        return axis

    def _output_sample_shape(self, sample_shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
        """Add up the dimension of the axis."""
        first = sample_shapes[0]
        axis = self._axis_of(len(first))
        if len({(len(shape), shape[:axis], shape[axis + 1 :]) for shape in sample_shapes}) > 1:
            raise ValueError(
                f"inputs: Concatenate expects rows that differ in axis {self.axis} only, "
                f"got {', '.join(map(str, sample_shapes))}"
            )
        return (*first[:axis], sum(shape[axis] for shape in sample_shapes), *first[axis + 1 :])

    def _emit(self, plan: Plan, x: Any) -> Value:
        """Append the moves."""
        from ..kernels.ops import concatenate

        return concatenate.emit(plan, x, self._axis_of(len(x[0].shape)))

    def _emit_mask(self, plan: Plan, x: Any) -> Value | None:
        """Append the masks behind each other, or their union."""
        from ..kernels.ops import concatenate, masking

        rank = len(x[0].shape)
        if rank != 2 or all(value.mask is None for value in x):
            return None
        # Nothing equals what is not a number, so all steps of an input without a mask count.
        masks = [
            masking.emit_mask(plan, value, math.nan, value.shape[1]) if value.mask is None else value.mask
            for value in x
        ]
        return concatenate.emit(plan, masks, 0) if self._axis_of(rank) == 0 else union(plan, masks)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"axis": self.axis}


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """Return a list of arrays or tensors behind each other.

    Parameters
    ----------
    inputs : list
        See `Concatenate`.
    axis : int, default -1
        The batch being axis 0.
    **kwargs
        Those of the layer that is made, such as `name`.
    """
    return Concatenate(axis, **kwargs)(inputs)
