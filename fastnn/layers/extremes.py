"""`Maximum` and `Minimum`: the largest and the smallest of the inputs, element by element."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base.layer import registry
from .base.merge import Elementwise, complement, layer_function, union

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


def _choose(plan: Plan, mask: Value, x: Value, other: Value) -> Value:
    """Append x in the steps that count, and `other` in those that do not."""
    from ..kernels.ops import elementwise_binary, masking

    return elementwise_binary.emit(
        plan, masking.emit(plan, x, mask), masking.emit(plan, other, complement(plan, mask)), "add"
    )


class _Extreme(Elementwise):
    """Base of `Maximum` and `Minimum`."""

    def _emit(self, plan: Plan, x: Any) -> Value:
        """Append the comparison of each input with the extreme of those before it."""
        from ..kernels.ops import elementwise_binary, fan_out

        y: Value = x[0]
        mask = y.mask
        for value in x[1:]:
            both = None if mask is None or value.mask is None else union(plan, [mask, value.mask])
            if value.mask is not None:
                y, other = fan_out.emit(plan, y, 2)
                value = _choose(plan, value.mask, value, other)
            if mask is not None:
                value, other = fan_out.emit(plan, value, 2)
                y = _choose(plan, mask, y, other)
            y, mask = elementwise_binary.emit(plan, y, value, self._operation), both
        return y


@registry.add
class Maximum(_Extreme):
    """Compute the elementwise maximum of the inputs.

    Parameters
    ----------
    **kwargs
        See `Layer`; inputs as those of `Add`.

    Notes
    -----
    Of two equal elements, each gets half of the gradient, as in Keras with JAX. What is not a number stays
    so.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.Maximum()([np.array([[1.0, 9.0]]), np.array([[3.0, 6.0]])])
    array([[3., 9.]], dtype=float32)
    """

    _operation = "maximum"


@registry.add
class Minimum(_Extreme):
    """Compute the elementwise minimum of the inputs.

    Parameters
    ----------
    **kwargs
        See `Layer`; inputs as those of `Add`.

    Notes
    -----
    Of two equal elements, each gets half of the gradient, as in Keras with JAX. What is not a number stays
    so.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.Minimum()([np.array([[1.0, 9.0]]), np.array([[3.0, 6.0]])])
    array([[1., 6.]], dtype=float32)
    """

    _operation = "minimum"


maximum = layer_function(Maximum, "the largest elements of")

minimum = layer_function(Minimum, "the smallest elements of")
