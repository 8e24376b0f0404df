"""Base of layers that make one output of several inputs, and the steps that these share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .layer import Layer
from .shapes import of_any_length, without_batch

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from ...kernels.core.steps import Value


def joined(plan: Plan, xs: list[Value], operation: str) -> Value:
    """Append an operation on two values at a time, from the first on."""
    from ...kernels.ops import elementwise_binary

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


def complement(plan: Plan, mask: Value) -> Value:
    """Append the steps that a mask leaves out."""
    from ...kernels.ops import affine

    return affine.emit(plan, mask, -1.0, 1.0)


def layer_function(cls: type[Merge], text: str) -> Callable[..., Any]:
    """Return the function that makes a layer of a class and calls it on a list of inputs."""

    def function(inputs: Any, **kwargs: Any) -> Any:
        return cls(**kwargs)(inputs)

    function.__name__ = function.__qualname__ = cls.__name__.lower()
    function.__module__ = cls.__module__  # where pickle finds it
    function.__doc__ = f"""Return {text} a list of arrays or tensors.

    Parameters
    ----------
    inputs : list
        See `{cls.__name__}`.
    **kwargs
        Those of the layer that is made, such as `name`.
    """
    return function
