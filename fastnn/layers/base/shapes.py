"""Shapes of inputs and outputs, with and without the batch dimension.

An `input_shape` has the batch dimension first, as in Keras: (None, 28, 28, 1); a list of such shapes stands
for several inputs. A `sample_shape` is one without it. None is a dimension that may vary.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from ...checks import whole_number

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


def with_batch(sample_shape: Any) -> Any:
    """Return a sample shape, or a list of them, with None for the batch in front."""
    if isinstance(sample_shape, list):
        return [with_batch(part) for part in sample_shape]
    return (None, *sample_shape)


def without_batch(shape: Any) -> Any:
    """Return a shape, or a list of them, without the batch dimension."""
    return [part[1:] for part in shape] if isinstance(shape, list) else shape[1:]


def varies(shape: Any) -> bool:
    """Return whether any dimension other than the batch is None, in a shape or a list of shapes."""
    return any(map(varies, shape)) if isinstance(shape, list) else None in shape[1:]


def with_length(shape: Any, length: int) -> Any:
    """Return a shape, or a list of shapes, with `length` in the place of None, but for the batch."""
    if isinstance(shape, list):
        return [with_length(part, length) for part in shape]
    return (*shape[:1], *(length if n is None else n for n in shape[1:]))


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
        first, second = (rule(layer, with_length(input_shape, n)) for n in TRIAL_LENGTHS)
        if isinstance(first, list):
            return [_common(a, b) for a, b in zip(first, second, strict=True)]
        return _common(first, second)

    return compute_output_shape  # type: ignore[return-value]


def _common(first: Shape, second: Shape) -> Shape:
    return tuple(m if m == n else None for m, n in zip(first, second, strict=True))


def checked_output_shape(shape: Any, owner: str) -> Any:
    """Return what a user's `compute_output_shape` has returned: a tuple, or a list of tuples.

    Raises
    ------
    TypeError
        If it is neither a shape nor a list or tuple of shapes.
    """
    if _is_shape(shape):
        return tuple(shape)
    if isinstance(shape, (list, tuple)) and shape and all(map(_is_shape, shape)):
        return [tuple(part) for part in shape]
    raise TypeError(
        f"compute_output_shape: expected {owner} to return a shape such as (None, 10), or a list of them, "
        f"got {shape!r}"
    )


def _is_shape(value: Any) -> bool:
    whole = isinstance(value, (tuple, list)) and all(n is None or hasattr(n, "__index__") for n in value)
    return whole and len(value) > 0


def check_weight_shape(name: str, needed: Shape, existing: Shape | None) -> None:
    """Raise a `ValueError` if a weight cannot have the shape that an input needs."""
    if None in needed:
        raise ValueError("its weights depend on a dimension that is None; give the input a fixed size there")
    if existing not in (None, needed):
        raise ValueError(f"input: {name!r} has shape {existing}, these rows need {needed}")
