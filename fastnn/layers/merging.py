"""`Add`, `Average`, `Subtract` and `Multiply`: inputs element by element."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base.layer import registry
from .base.merge import Elementwise, complement, joined, layer_function

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


def _ones_where_masked(plan: Plan, x: Value) -> Value:
    """Append x with ones in the steps that do not count."""
    from ..kernels.ops import elementwise_binary, masking

    if x.mask is None:
        return x
    shape = x.mask.shape + (1,) * (len(x.shape) - len(x.mask.shape))
    ones = plan.reshaped(complement(plan, x.mask), shape)
    return elementwise_binary.emit(plan, masking.emit(plan, x, x.mask), ones, "add")


def emit_sum(plan: Plan, xs: list[Value], factor: float = 1.0) -> Value:
    """Append the sum of values times `factor`; in one pass over those of one shape."""
    from ..kernels.ops import add, affine

    if len({x.shape for x in xs}) == 1:
        return add.emit(plan, xs, factor)
    y = joined(plan, xs, "add")
    return y if factor == 1 else affine.emit(plan, y, factor, 0.0)


@registry.add
class Add(Elementwise):
    """Compute the elementwise sum of the inputs.

    Parameters
    ----------
    **kwargs
        See `Layer`.

    Notes
    -----
    Inputs are a list of arrays or tensors whose rows broadcast against each other, as those of (rows, 5, 3),
    (rows, 1, 3) and (rows, 3) do.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.Add()([np.array([[1.0, 2.0]]), np.array([[10.0, 20.0]])])
    array([[11., 22.]], dtype=float32)
    """

    def _emit(self, plan: Plan, x: Any) -> Value:
        """Append the sum."""
        return emit_sum(plan, x)


@registry.add
class Average(Elementwise):
    """Compute the elementwise mean of the inputs.

    Parameters
    ----------
    **kwargs
        See `Layer`; inputs as those of `Add`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.Average()([np.array([[1.0, 2.0]]), np.array([[3.0, 6.0]])])
    array([[2., 4.]], dtype=float32)
    """

    def _emit(self, plan: Plan, x: Any) -> Value:
        """Append the mean."""
        return emit_sum(plan, x, 1 / len(x))


@registry.add
class Subtract(Elementwise):
    """Subtract the second input from the first.

    Parameters
    ----------
    **kwargs
        See `Layer`; two inputs, as those of `Add`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.Subtract()([np.array([[1.0, 2.0]]), np.array([[3.0, 6.0]])])
    array([[-2., -4.]], dtype=float32)
    """

    _least, _most = 2, 2
    _operation = "subtract"


@registry.add
class Multiply(Elementwise):
    """Compute the elementwise product of the inputs.

    Parameters
    ----------
    **kwargs
        See `Layer`; inputs as those of `Add`.

    Notes
    -----
    An input's masked steps count as ones; steps that all inputs mask are zero.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.Multiply()([np.array([[1.0, 2.0]]), np.array([[3.0, 6.0]])])
    array([[ 3., 12.]], dtype=float32)
    """

    _operation = "multiply"

    def _emit(self, plan: Plan, x: Any) -> Value:
        """Append the product."""
        from ..kernels.ops import masking

        y = super()._emit(plan, [_ones_where_masked(plan, value) for value in x])
        mask = self._emit_mask(plan, x)
        return y if mask is None else masking.emit(plan, y, mask)


add = layer_function(Add, "the sum of")

subtract = layer_function(Subtract, "the difference of")

multiply = layer_function(Multiply, "the product of")

average = layer_function(Average, "the mean of")
