"""Tensors of a trace, and the layers that stand for modules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Counterpart", "Unsupported", "Value", "axis_last", "channels_last", "need"]

Order = tuple[int, ...]


class Unsupported(Exception):
    """A part of a module has no counterpart; the message says why."""


@dataclass(eq=False)
class Value:
    """A tensor of a trace.

    Attributes
    ----------
    shape : tuple of int or None
        In PyTorch; None stands for what depends on the batch or on unknown sizes.
    order : tuple of int
        Axis i here is axis `order[i]` in PyTorch. The first one is that of the batch.
    make : callable
        Makes the symbolic tensor.
    positive : bool
        Whether no element is negative.
    flattened : tuple of int
        The axes of a sample, channels last, that have been flattened in this order; () if none have.
    tensor : SymbolicTensor
        What `make` has made.
    """

    shape: tuple[int | None, ...]
    order: Order
    make: Callable[[], Any]
    positive: bool = False
    flattened: tuple[int | None, ...] = ()
    tensor: Any = None

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)


@dataclass
class Counterpart:
    """The layers that do what a module does.

    Attributes
    ----------
    layers : list of Layer
    order : tuple of int, optional
        The order of axes that they take and give; None for any.
    positive : bool
        Whether nothing that they make is negative.
    keeps : bool
        Whether elements stay where they are, so that the order of flattened axes stays.
    """

    layers: list[Any] = field(default_factory=list)
    order: Order | None = None
    positive: bool = False
    keeps: bool = False


def need(condition: bool, text: str) -> None:
    """Raise `Unsupported` unless a condition holds."""
    if not condition:
        raise Unsupported(text)


def channels_last(rank: int) -> Order:
    """Return the order of axes with that of the channels, the second in PyTorch, last."""
    return (0, *range(2, rank), 1) if rank > 1 else (0,)


def axis_last(value: Value, axis: int) -> Order:
    """Return an order of axes in which one is last: the present one if it can be."""
    axis %= value.rank
    batch = value.order[0]
    need(axis != batch, "it works on the axis of the batch")
    if value.order[-1] == axis:
        return value.order
    return (batch, *(a for a in range(value.rank) if a not in (batch, axis)), axis)
