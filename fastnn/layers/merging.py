"""Layers of several inputs, element by element: `Add`, `Multiply`, `Maximum` and their like."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .base.layer import Layer, registry
from .base.shapes import of_any_length, without_batch

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


def joined(plan: Plan, xs: list[Value], operation: str) -> Value:
    """Append an operation on two values at a time, from the first on."""
    from ..kernels.ops import elementwise_binary

    y, *rest = xs
    for x in rest:
        y = elementwise_binary.emit(plan, y, x, operation)
    return y


def union(plan: Plan, masks: list[Value]) -> Value:
    """Append the steps that count in any of the masks."""
    return joined(plan, masks, "maximum")


class Merge(Layer):
    """Base of layers that make one output of a list of inputs.

    Notes
    -----
    The mask of the output is the union of those of the inputs, and none if one of them has none.
    """

    supports_masking = True

    _least: int = 1  # inputs
    _most: int | None = None

    def _check_count(self, inputs: Any) -> None:
        """Refuse what is not a list of as many inputs as the layer takes."""
        name = type(self).__name__
        wanted = (
            f"a list of {self._most}" if self._most == self._least else f"a list of at least {self._least}"
        )
        if not isinstance(inputs, list):
            raise ValueError(f"inputs: {name} expects {wanted}, got one input")
        if len(inputs) < self._least or (self._most is not None and len(inputs) > self._most):
            raise ValueError(f"inputs: {name} expects {wanted}, got {len(inputs)}")

    def _check_input_shape(self, input_shape: Any) -> None:
        """Check number and shapes of the inputs."""
        self._check_count(input_shape)
        self._output_shape(input_shape)

    def _output_sample_shape(self, sample_shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
        """Return the sample shape of the output, or raise a `ValueError`."""
        raise NotImplementedError

    @of_any_length
    def _output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0][0], *self._output_sample_shape(without_batch(input_shape)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output for a list of shapes of inputs."""
        self._check_count(input_shape)
        return self._output_shape(input_shape)

    def _emit_mask(self, plan: Plan, x: Any) -> Value | None:
        """Append the union of the masks."""
        masks = [value.mask for value in x]
        if None in masks or len({mask.shape for mask in masks}) > 1:
            return None
        return union(plan, masks)


class Elementwise(Merge):
    """Base of merge layers whose inputs broadcast against each other.

    Rows may have fewer dimensions than others, to which dimensions of 1 are then added in front; dimensions
    of 1 repeat.
    """

    _operation: str

    def _output_sample_shape(self, sample_shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
        """Return the shape that all samples broadcast to."""
        try:
            return np.broadcast_shapes(*sample_shapes)
        except ValueError:
            shapes = ", ".join(map(str, sample_shapes))
            raise ValueError(
                f"inputs: {type(self).__name__} expects rows that broadcast against each other, got {shapes}"
            ) from None

    def _emit(self, plan: Plan, x: Any) -> Value:
        """Append the operation."""
        return joined(plan, x, self._operation)


def _complement(plan: Plan, mask: Value) -> Value:
    """Append the steps that a mask leaves out."""
    from ..kernels.ops import affine

    return affine.emit(plan, mask, -1.0, 1.0)


def _choose(plan: Plan, mask: Value, x: Value, other: Value) -> Value:
    """Append x in the steps that count, and `other` in those that do not."""
    from ..kernels.ops import elementwise_binary, masking

    return elementwise_binary.emit(
        plan, masking.emit(plan, x, mask), masking.emit(plan, other, _complement(plan, mask)), "add"
    )


def _ones_where_masked(plan: Plan, x: Value) -> Value:
    """Append x with ones in the steps that do not count."""
    from ..kernels.ops import elementwise_binary, masking

    if x.mask is None:
        return x
    shape = x.mask.shape + (1,) * (len(x.shape) - len(x.mask.shape))
    ones = plan.reshaped(_complement(plan, x.mask), shape)
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
    """The sum of the inputs.

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
    """The mean of the inputs.

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
    """The first input minus the second.

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
    """The product of the inputs.

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
    """The largest of the inputs, element by element.

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
    """The smallest of the inputs, element by element.

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


def _function(cls: type[Merge], text: str) -> Callable[..., Any]:
    def function(inputs: Any, **kwargs: Any) -> Any:
        return cls(**kwargs)(inputs)

    function.__name__ = function.__qualname__ = cls.__name__.lower()
    function.__doc__ = f"""Return {text} a list of arrays or tensors.

    Parameters
    ----------
    inputs : list
        See `{cls.__name__}`.
    **kwargs
        Those of the layer that is made, such as `name`.
    """
    return function


add = _function(Add, "the sum of")
subtract = _function(Subtract, "the difference of")
multiply = _function(Multiply, "the product of")
average = _function(Average, "the mean of")
maximum = _function(Maximum, "the largest elements of")
minimum = _function(Minimum, "the smallest elements of")
