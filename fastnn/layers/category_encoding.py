"""`CategoryEncoding`: vectors for category numbers, or for sets of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..checks import refuse
from .base.layer import Layer, registry
from .base.shapes import Shape, dimension

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value

MODES = ("one_hot", "multi_hot", "count")


def check_mode(output_mode: Any, modes: tuple[str, ...] = MODES) -> str:
    """Return an output mode, or raise a `ValueError`."""
    if output_mode not in modes:
        raise ValueError(f"output_mode: expected one of {', '.join(modes)}, got {output_mode!r}")
    return str(output_mode)


def encoded_sample_shape(sample_shape: Any, depth: int, mode: str) -> tuple[Any, ...]:
    """Return the sample shape of the output."""
    if mode != "one_hot":
        return (*sample_shape[1:], depth)
    return (*(sample_shape[:-1] if sample_shape[-1:] == (1,) else sample_shape), depth)


def emit_encoding(plan: Plan, x: Value, depth: int, mode: str) -> Value:
    """Append the vectors for the numbers of x."""
    from ..kernels.ops import category_encoding, transpose

    shape = encoded_sample_shape(x.shape, depth, mode)
    numbers = x.shape[0] if x.shape and mode != "one_hot" else 1
    if mode != "one_hot" and len(x.shape) > 1:
        x = transpose.emit(plan, x, (*range(1, len(x.shape)), 0))  # the numbers of a set beside each other
    most = math.inf if mode == "count" else 1.0
    return category_encoding.emit(plan, x, numbers, depth, most, shape)


def is_one_sample(ndim: int, mode: str) -> bool:
    """Return whether an array of so many dimensions is one sample: a number, or the numbers of a set."""
    return ndim == 0 or (ndim == 1 and mode in ("multi_hot", "count"))


@registry.add
class CategoryEncoding(Layer):
    """Vectors for category numbers: one for each number, or one for all the numbers of a row.

    Parameters
    ----------
    num_tokens : int
        How many categories there are: inputs are from 0 to num_tokens - 1.
    output_mode : {"multi_hot", "one_hot", "count"}, default "multi_hot"
        For "one_hot" each number becomes a vector, 1 at its place and 0 elsewhere, along a new last
        dimension, or in the place of the last if that is 1. For "multi_hot" the numbers along the first
        dimension after the batch become one vector along a new last dimension, 1 at their places; for "count"
        it says how often each is there. There an array of one dimension is one sample.
    sparse : bool, default False
        Kept for Keras compatibility; only False is accepted.
    **kwargs
        See `Layer`.

    Raises
    ------
    ValueError
        If an input is not a whole number from 0 to num_tokens - 1.

    Notes
    -----
    Numbers have no gradient, so nothing before the layer may learn.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.CategoryEncoding(num_tokens=4)([[0, 1], [0, 0], [3, 1]])
    array([[1., 1., 0., 0.],
           [1., 0., 0., 0.],
           [0., 1., 0., 1.]], dtype=float32)
    >>> fastnn.layers.CategoryEncoding(num_tokens=4, output_mode="count")([[0, 0, 3]])
    array([[2., 0., 0., 1.]], dtype=float32)
    """

    sparse = False

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        refuse(sparse=sparse)
        self.num_tokens = dimension(num_tokens, "num_tokens")
        self.output_mode = check_mode("multi_hot" if output_mode == "binary" else output_mode)

    def _lacks_batch(self, x: Any) -> bool:
        """Whether an array is one sample."""
        return is_one_sample(np.ndim(x), self.output_mode)

    def _check_input(self, x: NDArray[np.floating], name: str) -> None:
        """Refuse what is no category number."""
        from ..kernels.ops import embedding

        embedding.check(x, self.num_tokens, name)

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the vectors."""
        return emit_encoding(plan, x, self.num_tokens, self.output_mode)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Replace a dimension, or add one."""
        return (input_shape[0], *encoded_sample_shape(input_shape[1:], self.num_tokens, self.output_mode))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"num_tokens": self.num_tokens, "output_mode": self.output_mode}
