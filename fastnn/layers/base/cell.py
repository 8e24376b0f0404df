"""Base of cells, of one or of several on top of each other, and their table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from ...pickling import Picklable
from ...registry import Registry
from .layer import unique_name
from .trainable import set_trainable

if TYPE_CHECKING:
    from ...variables import Variable


class Cell(Picklable):
    """Base of the cells of `RNN`, single ones and stacks."""

    _freezes_parts = False

    def __init__(self, name: str | None, trainable: bool = True) -> None:
        self.name = name or unique_name(type(self))
        self._trainable = bool(trainable)

    @property
    def _trainable_parts(self) -> Sequence[Cell]:
        """The cells that `trainable` is passed on to."""
        return ()

    def _freeze_parts(self) -> None:
        """Do nothing: a flag is passed on when it is set."""

    @property
    def _variables(self) -> list[Variable]:
        """The weights of this cell itself."""
        return []

    @property
    def trainable(self) -> bool:
        """Whether optimizers change the weights; set it before `compile`."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        set_trainable(self, bool(value))

    def get_config(self) -> dict[str, Any]:
        """Return the configuration from which `from_config` makes an equal cell."""
        return {"name": self.name, "trainable": self._trainable}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Return a new cell with the configuration that `get_config` returned."""
        return cls(**config)


registry: Registry[Cell] = Registry("cell", Cell, "fastnn.layers")
