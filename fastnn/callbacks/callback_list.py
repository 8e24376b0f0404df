"""`CallbackList`: several callbacks as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..checks import ArgumentError
from .callback import HOOKS, BatchLogs, Callback, EpochLogs
from .history import History
from .progress import EpochLogger, ProgbarLogger, shows_bar

_OLDER_NAME = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


def _overrides(callback: Callback, hook: str) -> bool:
    """Return whether a callback defines a hook, in its class or on the object itself."""
    method = getattr(callback, hook)
    if getattr(method, "__func__", method) is not getattr(Callback, hook):
        return True
    return hook in _OLDER_NAME and _overrides(callback, _OLDER_NAME[hook])


def _in_turn(hook: str, methods: list[Callable[..., None]]) -> Callable[..., None]:
    """Return a hook that calls methods with all arguments, and with empty logs where there are none."""
    if "batch" in hook or "epoch" in hook:

        def numbered(index: int, logs: BatchLogs = None) -> None:
            for method in methods:
                method(index, {} if logs is None else logs)

        return numbered

    def plain(logs: EpochLogs = None) -> None:
        for method in methods:
            method({} if logs is None else logs)

    return plain


class CallbackList(Callback):
    """A callback that calls several others in their order.

    Which hooks are called is determined when the list is created, so that a hook that no callback defines
    costs next to nothing; `listens` returns whether any callback defines it.

    Parameters
    ----------
    callbacks : Callback or iterable of Callback, optional
        In the order in which they are called.
    add_history : bool, default False
        Whether to append a `History` if there is none.
    add_progbar : bool, default False
        Whether to append a callback that shows progress if there is none: a `ProgbarLogger` if a bar is
        requested and possible, else one that prints a line for each epoch.
    model : Model, optional
        The callbacks' `model`.
    **params
        The callbacks' `params`: "verbose", "epochs", "steps".

    Attributes
    ----------
    callbacks : list of Callback

    Raises
    ------
    TypeError
        If something in the list is not a callback.

    Examples
    --------
    >>> from fastnn.callbacks import LambdaCallback
    >>> seen = []
    >>> listener = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs["loss"]))
    >>> callbacks = CallbackList([listener], epochs=1, steps=None, verbose=0)
    >>> callbacks.on_epoch_end(0, {"loss": 0.5})
    >>> seen, callbacks.listens("on_epoch_end"), callbacks.listens("on_train_batch_end")
    ([0.5], True, False)
    """

    def __init__(
        self,
        callbacks: Callback | Iterable[Callback] | None = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        if callbacks is None:
            callbacks = []
        self.callbacks = [callbacks] if isinstance(callbacks, Callback) else list(callbacks)
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise ArgumentError(f"callbacks: expected instances of Callback, got {callback!r}")
        if add_history and not any(isinstance(c, History) for c in self.callbacks):
            self.callbacks.append(History())
        if add_progbar and not any(isinstance(c, EpochLogger) for c in self.callbacks):
            self.callbacks.append(ProgbarLogger() if shows_bar(params.get("verbose", 1)) else EpochLogger())
        if model is not None:
            self.set_model(model)
        self.set_params(params)
        self._settle_hooks()

    def append(self, callback: Callback) -> None:
        """Add a callback.

        Parameters
        ----------
        callback : Callback
            Called last from now on.
        """
        self.callbacks.append(callback)
        callback.set_model(self.model)
        callback.set_params(self.params or {})
        self._settle_hooks()

    def _settle_hooks(self) -> None:
        """Make the hooks that call those of the callbacks."""
        self._defined = set()
        ordered = sorted(self.callbacks, key=lambda callback: callback._runs_last)
        for hook in HOOKS:
            methods = [getattr(c, hook) for c in ordered if _overrides(c, hook)]
            if methods:  # else the hook of the base does nothing
                setattr(self, hook, _in_turn(hook, methods))
                self._defined.add(hook)

    def _pickle_attributes(self) -> dict[str, Any]:
        return {"callbacks": list(self.callbacks), "params": self.params}

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state)
        self._settle_hooks()

    def set_model(self, model: Any) -> None:
        """Set the model of all callbacks."""
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)

    def set_params(self, params: dict[str, Any]) -> None:
        """Set the parameters of all callbacks."""
        super().set_params(params)
        for callback in self.callbacks:
            callback.set_params(params)

    def listens(self, hook: str) -> bool:
        """Return whether any callback defines a hook.

        Parameters
        ----------
        hook : str
            Such as "on_train_batch_end".
        """
        return hook in self._defined
