"""`ModelFileError`, and how the errors of constructors become one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TypeAlias

__all__ = ["ModelFileError", "Path", "file_name", "named_errors", "wrapped_errors"]

Path: TypeAlias = "str | os.PathLike[str] | IO[bytes]"

# What constructors raise for a configuration that is not theirs.
_BAD_CONFIG = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError,
    ValueError,
)  # fmt: skip


class ModelFileError(ValueError):
    """A file that is no model file of fastnn, or has changed since it was written.

    It is truncated or altered, of another kind, of a newer format, or names an unknown class. Nothing in it
    has been executed, and no model has changed.
    """


def file_name(path: Path) -> str:
    """Return what errors call a file."""
    return os.fspath(path) if isinstance(path, (str, os.PathLike)) else repr(path)


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Put the name of a file before the text of each `ModelFileError`."""
    try:
        yield
    except ModelFileError as error:
        raise ModelFileError(f"{file_name(path)}: {error}") from error.__cause__


@contextmanager
def wrapped_errors(path: Path) -> Iterator[None]:
    """Turn the errors of constructors that get a foreign configuration into `ModelFileError`."""
    try:
        yield
    except _BAD_CONFIG as error:
        if isinstance(error, ModelFileError):
            text = str(error)
        else:
            text = f"what it describes is no model: {type(error).__name__}: {error}"
        if "unknown name" in text:
            text += " A class of your own is passed as custom_objects={name: class}."
        raise ModelFileError(f"{file_name(path)}: {text}") from error
