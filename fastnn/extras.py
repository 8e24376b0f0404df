"""Packages that fastnn does without until something needs them, and the extras that bring them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["extra"]


@contextmanager
def extra(name: str, need: str, *packages: str) -> Iterator[None]:
    """Import packages that may be missing, or name the extra that brings them.

    Parameters
    ----------
    name : str
        Of the extra.
    need : str
        What needs what, as the error says it.
    *packages : str
        Names by which they are imported. That of others which are missing stays as it is.

    Raises
    ------
    ImportError
        If one of them is missing.

    Examples
    --------
    >>> with extra("fast", "speed needs patience", "patience"):
    ...     import patience
    Traceback (most recent call last):
    ...
    ImportError: speed needs patience; install fastnn from its checkout with the extra that brings it: \
pip install '.[fast]'
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in packages:
            raise
        raise ImportError(
            f"{need}; install fastnn from its checkout with the extra that brings it: pip install '.[{name}]'"
        ) from error
