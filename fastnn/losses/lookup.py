"""Lookup of losses: the values that `compile(loss=...)` accepts."""

from __future__ import annotations

import sys
from types import FunctionType
from typing import Any

from .loss import FunctionLoss, Loss, registry

__all__ = ["deserialize", "get", "loss_of_function", "serialize"]

serialize = registry.serialize
deserialize = registry.deserialize


def loss_of_function(identifier: Any) -> str | None:
    """Return the name of the loss that a function of `fastnn.losses` computes; None for anything else."""
    losses = sys.modules[__package__]
    name = identifier.__name__ if isinstance(identifier, FunctionType) else ""
    return name if name in losses.__all__ and getattr(losses, name) is identifier else None


def get(identifier: Any) -> Any:
    """Return the loss that an argument stands for.

    Parameters
    ----------
    identifier : str, dict, type, Loss, callable or None
        A name such as "mse"; a config as `serialize` returns it; a class; an object or None, for itself; a
        function of `fastnn.losses`, or one of your own, ``fn(y_true, y_pred)``, which runs Python in
        training.

    Raises
    ------
    ValueError
        If there is no loss of that name.
    TypeError
        If it is none of these.

    Examples
    --------
    >>> import fastnn
    >>> get("mse").name, get(fastnn.losses.binary_crossentropy).name
    ('mean_squared_error', 'binary_crossentropy')
    """
    known = loss_of_function(identifier) or identifier
    found = registry.get(known)
    return found if found is None or isinstance(found, Loss) else FunctionLoss(found)
