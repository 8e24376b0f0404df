"""Losses that a `call` adds to that of the model, from where they are added to where they count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_added: ContextVar[list[Any] | None] = ContextVar("added_losses", default=None)


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
    found = _added.get()
    if found is None:
        return False
    found.append(loss)
    return True
