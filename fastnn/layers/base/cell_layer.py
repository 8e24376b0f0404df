"""Base of `SimpleRNN`, `LSTM` and `GRU`, which take the arguments of their cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...attributes import part_attributes
from ...checks import whole_number
from ..recurrent import RNN
from .cell import Cell
from .layer import Layer
from .recurrent_cell import RecurrentCell


class CellLayer(RNN):
    """Base of the layers that are named after their cell, and take its arguments as their own."""

    cell: RecurrentCell
    units, activation, use_bias, dropout, recurrent_dropout, seed = part_attributes("cell", 6)
    kernel_initializer, kernel_regularizer, kernel_constraint = part_attributes("cell", 3)
    recurrent_initializer, recurrent_regularizer, recurrent_constraint = part_attributes("cell", 3)
    bias_initializer, bias_regularizer, bias_constraint = part_attributes("cell", 3)

    def __init__(self, cell: RecurrentCell, implementation: int = 0, **kwargs: Any) -> None:
        whole_number(implementation, "implementation")  # ignored; kept for Keras compatibility
        super().__init__(cell, **kwargs)

    @property
    def _configured_parts(self) -> Sequence[Cell]:
        """None: the configuration of the layer is that of its cell."""
        return ()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the layer and of its cell."""
        own = Layer.get_config(self) | self._flags()
        cell = self.cell.get_config()  # with `trainable`, since all weights are the cell's
        del cell["name"]
        return own | cell
