"""Warnings of this package: one class, shown once for each thing that they are about."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from .variables import Variable

__all__ = ["FastnnWarning", "renamed", "warn", "warn_of_unused", "warn_once", "warn_without_gradient"]

_PACKAGE = __name__.partition(".")[0]

_shown: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


class FastnnWarning(UserWarning):
    """A program does what is probably not meant, and goes on.

    All warnings of this package have this class, so that one line switches them off.

    Examples
    --------
    >>> import fastnn, warnings
    >>> warnings.filterwarnings("ignore", category=fastnn.FastnnWarning)
    """


def warn(message: str) -> None:
    """Show a warning at the line of the program that has called this package."""
    warnings.warn(message, FastnnWarning, stacklevel=_levels_to_program())


def warn_once(subject: object, message: str) -> None:
    """Show a warning, unless it has been shown for this subject, such as a layer."""
    shown = _shown.setdefault(subject, set())
    if message not in shown:
        shown.add(message)
        warn(message)


def warn_without_gradient(subject: object, name: str) -> None:
    """Warn, once for a subject, that no gradient flows through a layer or a loss."""
    warn_once(
        subject,
        f"{name}: no gradient flows through it, so the layers before it do not learn; comparisons, rounding, "
        "argmax and conversions to whole numbers have none",
    )


def warn_of_unused(subject: object, name: str, variables: Sequence[Variable]) -> None:
    """Warn, once for a subject, of weights of a model or layer on which no loss depends."""
    paths = [variable.path or variable.name for variable in variables]
    listed = ", ".join(paths[:10]) + (", ..." if len(paths) > 10 else "")
    warn_once(
        subject,
        f"{name}: {len(paths)} of its weights reach no loss, so training does not change them: {listed}",
    )


def _levels_to_program() -> int:
    """Return the `stacklevel`, for `warn`, of the innermost call that is not in this package."""
    frame, levels = sys._getframe(2), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        frame, levels = frame.f_back, levels + 1
    return levels


def renamed(arguments: dict[str, Any], old: str, new: str, value: Any) -> Any:
    """Return the value of an argument that may have been given by a name it had in earlier versions of Keras.

    Parameters
    ----------
    arguments : dict
        Arguments by name that a constructor does not know; the old name is taken out.
    old, new : str
    value : object
        What was given by the new name, or its default.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(action="always", record=True) as shown:
    ...     renamed({"lr": 0.1}, "lr", "learning_rate", 0.01), str(shown[0].message)
    (0.1, 'lr: this argument is called learning_rate now')
    """
    if old not in arguments:
        return value
    warn(f"{old}: this argument is called {new} now")
    return arguments.pop(old)
