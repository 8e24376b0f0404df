"""Shapes of inputs and outputs, with and without the batch dimension.

An `input_shape` has the batch dimension first, as in Keras: (None, 28, 28, 1); lists, tuples and dicts of
such shapes stand for several inputs. A `sample_shape` is one without it. None is a dimension that may vary.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from numbers import Integral
from typing import Any, TypeVar

from ...checks import ArgumentError, whole_number

Shape = tuple[int | None, ...]

Rule = TypeVar("Rule", bound=Callable[..., Any])

# Sizes that stand for a dimension of None, to find out what depends on it: whatever differs between the two.
# Both have many divisors, for layers that reshape.
TRIAL_LENGTHS = 720, 1440


def dimension(value: Any, name: str) -> int:
    """Return the size of a dimension, or raise a `ValueError` that names the argument."""
    return whole_number(value, name, 1, 2**31 - 1)


def check_sample_shape(shape: Any, name: str = "input_shape") -> tuple[Any, ...]:
    """Return a shape without its batch dimension: positive ints, and None for what may vary."""
    if isinstance(shape, int) or not isinstance(shape, (tuple, list)):
        raise ValueError(f"{name}: expected a tuple such as (784,), got {shape!r}")
    return tuple(None if n is None else dimension(n, f"{name}: dimension {i}") for i, n in enumerate(shape))


def is_shape(value: Any) -> bool:
    """Return whether a value is one shape, rather than a list, tuple or dict of shapes."""
    return isinstance(value, tuple) and all(n is None or isinstance(n, Integral) for n in value)


def map_shapes(function: Callable[[Any], Any], shapes: Any) -> Any:
    """Return a shape, or a list, tuple or dict of shapes, with each replaced.

    Examples
    --------
    >>> map_shapes(len, {"image": (None, 28, 28), "rest": [(None, 3), (None,)]})
    {'image': 3, 'rest': [2, 1]}
    """
    if is_shape(shapes):
        return function(shapes)
    if isinstance(shapes, dict):
        return {key: map_shapes(function, part) for key, part in shapes.items()}
    parts = [map_shapes(function, part) for part in shapes]
    if isinstance(shapes, list):
        return parts
    return type(shapes)(*parts) if hasattr(shapes, "_fields") else tuple(parts)


def shape_leaves(shapes: Any) -> list[Any]:
    """Return the shapes in lists, tuples and dicts, in their order."""
    found: list[Any] = []
    map_shapes(found.append, shapes)
    return found


def with_batch(sample_shape: Any) -> Any:
    """Return a sample shape, or a structure of them, with None for the batch in front."""
    return map_shapes(lambda shape: (None, *shape), sample_shape)


def without_batch(shape: Any) -> Any:
    """Return a shape, or a structure of them, without the batch dimension."""
    return map_shapes(lambda part: part[1:], shape)


def varies(shape: Any) -> bool:
    """Return whether any dimension other than the batch is None, in a shape or a structure of shapes."""
    return any(None in part[1:] for part in shape_leaves(shape))


def with_length(shape: Any, length: int) -> Any:
    """Return a shape, or a structure of shapes, with `length` in the place of None, but for the batch."""
    return map_shapes(
        lambda part: (*part[:1], *(length if n is None else n for n in part[1:])),
        shape,
    )


def of_any_length(rule: Rule) -> Rule:
    """Make a shape rule that computes with sizes take dimensions of None; what depends on them is None.

    Parameters
    ----------
    rule : callable
        From a layer and an `input_shape` without None, except for the batch, to the shape of the output, or a
        list of shapes.

    Examples
    --------
    >>> @of_any_length
    ... def doubled(layer, input_shape):
    ...     return (input_shape[0], 2 * input_shape[1], input_shape[2])
    >>> doubled(None, (None, 5, 3)), doubled(None, (None, None, 3))
    ((None, 10, 3), (None, None, 3))
    """

    @wraps(rule)
    def compute_output_shape(layer: Any, input_shape: Any) -> Any:
        if not varies(input_shape):
            return rule(layer, input_shape)
        return common_shapes(*(rule(layer, with_length(input_shape, n)) for n in TRIAL_LENGTHS))

    return compute_output_shape  # type: ignore[return-value]


def common_shapes(first: Any, second: Any) -> Any:
    """Return shapes with None for the dimensions in which two structures of shapes differ."""
    others = iter(shape_leaves(second))
    return map_shapes(
        lambda shape: tuple(m if m == n else None for m, n in zip(shape, next(others), strict=True)), first
    )


def checked_output_shape(shape: Any, owner: str) -> Any:
    """Return what a user's `compute_output_shape` has returned: a tuple, or a structure of tuples.

    Raises
    ------
    TypeError
        If it is neither a shape nor lists, tuples or dicts of shapes.
    """
    try:
        shapes = as_shapes(shape)
        whole = all(shape_leaves(shapes))  # all have a batch dimension
    except TypeError:
        whole = False
    if whole:
        return shapes
    raise ArgumentError(
        f"compute_output_shape: expected {owner} to return a shape such as (None, 10), or a list of them, "
        f"got {shape!r}"
    )


def as_shapes(shapes: Any) -> Any:
    """Return a shape, or a structure of them, in which lists of ints may stand for shapes.

    Raises
    ------
    TypeError
        If it is no such thing.
    """
    if isinstance(shapes, (list, tuple)) and is_shape(tuple(shapes)):
        return tuple(shapes)
    if isinstance(shapes, dict):
        return {key: as_shapes(part) for key, part in shapes.items()}
    if isinstance(shapes, (list, tuple)):
        return type(shapes)(map(as_shapes, shapes))
    raise ArgumentError(f"shape: expected a tuple of ints, got {shapes!r}")


def check_weight_shape(name: str, needed: Shape, existing: Shape | None) -> None:
    """Raise a `ValueError` if a weight cannot have the shape that an input needs."""
    if None in needed:
        raise ValueError("its weights depend on a dimension that is None; give the input a fixed size there")
    if existing not in (None, needed):
        raise ValueError(f"input: {name!r} has shape {existing}, these rows need {needed}")
