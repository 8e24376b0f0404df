"""Losses that a `call` adds to that of the model, from where they are added to where they count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_added: ContextVar[list[Any] | None] = ContextVar("added_losses", default=None)
_seen: set[bool] = set()  # whether any loss has been added
_running: ContextVar[bool] = ContextVar("running", default=False)


@contextmanager
def collecting() -> Iterator[list[Any]]:
    """Collect the losses that are added inside of a block, in a list.

    Examples
    --------
    >>> with collecting() as found:
    ...     collected(0.5)
    True
    >>> found, collected(0.5)
    ([0.5], False)
    """
    found: list[Any] = []
    token = _added.set(found)
    try:
        yield found
    finally:
        _added.reset(token)


def collected(loss: Any) -> bool:
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


class UncountedLoss(RuntimeError):
    """A plan has run a `call` that adds a loss, where nothing reads what is added."""


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
