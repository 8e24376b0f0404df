"""`LambdaCallback`: a callback made of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
        Functions for any other hooks.

    Raises
    ------
    TypeError
        If there is no such hook, or its value cannot be called.

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
        **kwargs: Callable[..., Any] | None,
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
            if hook not in HOOKS:
                raise TypeError(unknown_name("hook", hook, HOOKS))
            if function is None:
                continue
            if not callable(function):
                raise TypeError(f"{hook}: expected a function, got {function!r}")
            setattr(self, hook, function)
