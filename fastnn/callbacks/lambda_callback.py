"""`LambdaCallback`: a callback made of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..checks import ArgumentError
from ..registry import unknown_name
from .callback import HOOKS, Callback


class LambdaCallback(Callback):
    """A callback made of functions.

    Parameters
    ----------
    on_epoch_begin, on_epoch_end, on_train_begin, on_train_end : callable, optional
        Called as these hooks, with the hook's arguments by position.
    on_train_batch_begin, on_train_batch_end : callable, optional
        The same.
    **kwargs
        Functions for any other hooks, and other attributes of the callback.

    Raises
    ------
    TypeError
        If there is no hook of a name that starts with ``"on_"``, or its value cannot be called.

    Examples
    --------
    >>> from fastnn.callbacks import CallbackList
    >>> callback = LambdaCallback(on_epoch_begin=lambda epoch, logs: print("epoch", epoch))
    >>> CallbackList([callback]).on_epoch_begin(3)
    epoch 3
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        named = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
        }
        for hook, function in (named | kwargs).items():
            if hook.startswith("on_") and hook not in HOOKS:
                raise ArgumentError(unknown_name("hook", hook, HOOKS))
            if function is None:
                continue
            if hook in HOOKS and not callable(function):
                raise ArgumentError(f"{hook}: expected a function, got {function!r}")
            setattr(self, hook, function)
