"""Base of cells, of one or of several on top of each other, and their table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...attributes import PlannedAttributes
from ...configurable import Configurable
from ...naming import unique_name
from ...registry import Registry, snake_case
from .trainable import set_trainable

if TYPE_CHECKING:
    from ...variables import Variable


class Cell(PlannedAttributes, Configurable):
    """Base of the cells of `RNN`, single ones and stacks."""

    _freezes_parts = False
    _config_settings = frozenset({"name", "trainable"})

    def __init__(self, name: str | None, trainable: bool = True) -> None:
        self.name = name or unique_name(snake_case(type(self).__name__))
        self._trainable = bool(trainable)

    def _forget_plans(self) -> None:
        """Let models with this cell make their plans again."""
        from ...training.planned_models import forget_plans

        forget_plans(self)

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


registry: Registry[Cell] = Registry("cell", Cell, "fastnn.layers")
