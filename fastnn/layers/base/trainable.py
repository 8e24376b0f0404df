"""Which layers and weights train: flags of a layer and of all that is inside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...variables import Variable


class TrainablePart(Protocol):
    """A layer, or a cell of a recurrent layer: has weights, and a flag that says whether they train."""

    _trainable: bool

    @property
    def _variables(self) -> list[Variable]:
        """Its own weights."""
        ...

    @property
    def _trainable_parts(self) -> Sequence[Any]:
        """The parts that the flag is passed on to when it is set."""
        ...

    def _freeze_parts(self) -> None:
        """Pass on a flag of False that has not been yet."""
        ...


def flatten_parts(layer: TrainablePart) -> list[Any]:
    """Return a layer and all layers and cells inside it, each once, outer ones first."""
    found: dict[Any, None] = {layer: None}
    layer._freeze_parts()
    for inner in layer._trainable_parts:
        found |= dict.fromkeys(flatten_parts(inner))
    return list(found)


def set_trainable(part: TrainablePart, value: bool) -> None:
    """Set the flag of a layer or cell, of its weights, and of all that is inside it."""
    part._trainable = value
    for variable in part._variables:
        variable.trainable = variable.learns and value
    for inner in part._trainable_parts:
        inner.trainable = value
