"""Losses that a `call` adds to that of the model, from where they are added to where they count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from numpy.typing import NDArray


class AddedLoss:
    """A loss that a layer has added.

    Parameters
    ----------
    layer : Layer
    value : Tensor or number

    Attributes
    ----------
    weight : int
        How often it counts: once for each step where the layer runs on all steps of a sequence at once.
    gradient : ndarray or float or None
        Of the loss of the model with respect to this one; None if that does not depend on it.
    """

    __slots__ = ("gradient", "layer", "value", "weight")

    def __init__(self, layer: Any, value: Any) -> None:
        self.layer, self.value, self.weight = layer, value, 1
        self.gradient: NDArray[Any] | float | None = None

    def numbers(self) -> NDArray[Any]:
        """Return the loss as an array, as it counts."""
        return np.array(self.value) * self.weight


_added: ContextVar[list[AddedLoss] | None] = ContextVar("added_losses", default=None)
_seen: set[bool] = set()  # whether any loss has been added
_running: ContextVar[bool] = ContextVar("running", default=False)


@contextmanager
def collecting() -> Iterator[list[AddedLoss]]:
    """Collect the losses that are added inside of a block, in a list.

    Examples
    --------
    >>> with collecting() as found:
    ...     collected(AddedLoss(None, 0.5))
    True
    >>> [loss.value for loss in found], collected(AddedLoss(None, 0.5))
    ([0.5], False)
    """
    found: list[AddedLoss] = []
    token = _added.set(found)
    try:
        yield found
    finally:
        _added.reset(token)


def collected(loss: AddedLoss) -> bool:
    """Add a loss to those of the block, and return whether there is one."""
    _seen.add(True)
    found = _added.get()
    if found is None:
        return False
    found.append(loss)
    return True


def any_added() -> bool:
    """Return whether the program has added a loss at all: if not, no layer has to be asked."""
    return bool(_seen)


@contextmanager
def outermost() -> Iterator[bool]:
    """Yield whether no other call of a layer on tensors is around this one."""
    if _running.get():
        yield False
        return
    token = _running.set(True)
    try:
        yield True
    finally:
        _running.reset(token)
