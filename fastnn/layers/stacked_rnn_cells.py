"""`StackedRNNCells`: cells on top of each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from .base.cell import Cell, registry
from .base.layer import Layer
from .base.recurrent_cell import RecurrentCell, check_cell


@registry.add
class StackedRNNCells(Cell):
    """Cells on top of each other: the output of one is the input of the next.

    Parameters
    ----------
    cells : list of cells
        Cells of the library, or layers of your own with a `state_size`, which `RNN` runs. The first sees the
        input, the last gives the output.
    name : str, optional
        By default "stacked_rnn_cells", numbered.
    trainable : bool, default True
        Whether optimizers change the weights of the cells.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> cells = fastnn.layers.StackedRNNCells([fastnn.layers.GRUCell(4), fastnn.layers.LSTMCell(3)])
    >>> fastnn.layers.RNN(cells)(np.ones((2, 5, 1))).shape
    (2, 3)
    """

    def __init__(
        self, cells: Sequence[RecurrentCell | Layer], name: str | None = None, trainable: bool = True
    ) -> None:
        super().__init__(name, trainable)
        self.cells: list[Any] = [c if isinstance(c, Layer) else check_cell(c, "cells") for c in cells]
        if not self.cells:
            raise ValueError("cells: expected at least one cell")
        if len({id(c) for c in self.cells}) < len(self.cells):
            raise ValueError("cells: expected each cell once")
        if not self._trainable:
            self.trainable = False

    @property
    def _trainable_parts(self) -> Sequence[Cell]:
        """The cells."""
        return self.cells

    @property
    def state_size(self) -> list[int | list[int]]:
        """Widths of the states, cell by cell."""
        return [c.state_size for c in self.cells]

    @property
    def output_size(self) -> int:
        """Width of the last cell's output."""
        width: int = self.cells[-1].output_size
        return width

    def get_config(self) -> dict[str, Any]:
        """Return the configuration from which `from_config` makes equal cells."""
        return super().get_config() | {"cells": [registry.serialize(c) for c in self.cells]}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make cells of what `get_config` returned; each trains as its own config says."""
        made = cls([registry.deserialize(c) for c in config["cells"]], name=config["name"])
        made._trainable = config.get("trainable", True)
        return made
