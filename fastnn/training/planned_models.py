"""The models that have plans, which are made again when a part of the model has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from ..layers.base.trainable import flatten_parts

if TYPE_CHECKING:
    from ..models import Model

_planned: WeakSet[Model] = WeakSet()


def note_planned(model: Model) -> None:
    """Note that a model has plans."""
    _planned.add(model)


def forget_plans(part: Any = None) -> None:
    """Let all models make their plans again, or those with a layer or cell, which has changed."""
    for model in list(_planned):
        parts = flatten_parts(model)
        if part is None or part in parts:
            _planned.discard(model)
            for inner in parts:
                if hasattr(inner, "_traces"):  # a `call` may have asked for the attribute
                    inner._traces, inner._computed_shapes = {}, {}
            model._drop_plans()
