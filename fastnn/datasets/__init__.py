"""Data sets: `digits` comes with fastnn, `mnist` is fetched once from its public home."""

from . import digits, mnist

__all__ = ["digits", "mnist"]
