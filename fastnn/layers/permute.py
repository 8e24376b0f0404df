"""`Permute`: the dimensions of a row in another order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base.layer import Layer, registry
from .base.shapes import Shape, dimension

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class Permute(Layer):
    """Permute the dimensions of each sample.

    Parameters
    ----------
    dims : tuple of int
        Dimension i of a row of the output is dimension `dims[i]` of the input, counted from 1: dimension 0
        is the batch.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.Permute((2, 1))(np.array([[[1, 2, 3], [4, 5, 6]]]))
    array([[[1., 4.],
            [2., 5.],
            [3., 6.]]], dtype=float32)
    """

    def __init__(self, dims: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(dims, (tuple, list)):
            raise ValueError(f"dims: expected a tuple such as (2, 1), got {dims!r}")
        self.dims = tuple(dimension(axis, "dims") for axis in dims)
        if sorted(self.dims) != list(range(1, len(dims) + 1)):
            raise ValueError(f"dims: expected each of 1 to {len(dims)} once, got {self.dims}")

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Check the number of dimensions."""
        if len(input_shape) != len(self.dims) + 1:
            raise ValueError(
                f"dims: {self.dims} orders {len(self.dims)} dimensions, got rows of shape {input_shape[1:]}"
            )

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the transposition."""
        from ..kernels.ops import transpose

        return transpose.emit(plan, x, tuple(axis - 1 for axis in self.dims))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Reorder the dimensions."""
        self._check_input_shape(input_shape)
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"dims": list(self.dims)}
