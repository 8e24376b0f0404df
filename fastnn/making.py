"""The lock of whoever makes weights, graphs and plans, which models that share layers have in common.

There is one for the whole process: making is rare, building may run models and making plans builds layers,
and with a lock for each model two that share layers could wait for each other.
"""

from __future__ import annotations

import os
from threading import RLock

__all__ = ["making"]

_lock = RLock()


def making() -> RLock:
    """Return the lock, to be held in a `with` statement; its holder may take it again.

    Examples
    --------
    >>> with making(), making():
    ...     pass
    """
    return _lock


def _renew() -> None:
    """Make a new lock in a forked child, where the thread that may hold the old one does not exist."""
    global _lock
    _lock = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
