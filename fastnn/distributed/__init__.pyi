# Written by tools/public_api.py from the table in __init__.py.

from .program import (
    distribute,
    rank,
    size,
)

__all__ = [
    "distribute",
    "rank",
    "size",
]
