"""Merging of two values, as in `Bidirectional`: sum, mean, product or concatenation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import add, concatenate, elementwise_binary

if TYPE_CHECKING:
    from ..core.plan import Plan
    from ..core.steps import Value


def emit(plan: Plan, a: Value, b: Value, mode: str) -> Value:
    """Append y to `plan`: a + b, (a + b) / 2, a * b, or a and b concatenated along the last axis.

    Parameters
    ----------
    a, b : Value
        Of one shape.
    mode : {"sum", "ave", "mul", "concat"}

    Returns
    -------
    Value
    """
    if mode == "concat":
        return concatenate.emit(plan, [a, b], len(a.shape) - 1)
    if mode == "mul":
        return elementwise_binary.emit(plan, a, b, "multiply")
    return add.emit(plan, [a, b], 0.5 if mode == "ave" else 1.0)
