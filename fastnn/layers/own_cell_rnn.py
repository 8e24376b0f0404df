"""`OwnCellRNN`: cells that a user writes, over the steps of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..graph.graph import leaves, tensors_in
from .base import custom_layer
from .base.cell import registry as cell_registry
from .base.layer import Layer, registry
from .base.recurrent_call import check_states
from .base.recurrent_cell import RecurrentCell
from .recurrent import RNN

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan


class CellStep(Layer):
    """A cell of the library as one of a user's: takes one step from states, with gradients for these.

    Parameters
    ----------
    cell : SimpleRNNCell, LSTMCell or GRUCell
    """

    def __init__(self, cell: RecurrentCell) -> None:
        super().__init__()
        self._rnn = RNN(cell, return_state=True)
        self.state_size = self._rnn.state_size

    @property
    def _configured_parts(self) -> Sequence[Any]:
        """The cell."""
        return (self._rnn.cell,)

    def call(self, inputs: Any, states: Any, training: Any = False) -> Any:
        """Return the output and the states after the step."""
        y, *after = self._rnn(inputs[:, None], initial_state=list(states), training=training)
        return y, after


@registry.add
class OwnCellRNN(Layer):
    """What `RNN` makes of cells of one's own: each step runs their `call` in Python.

    Parameters
    ----------
    cell : Layer or list of Layer
        With a `state_size`, an int or a list of them, and a `call(inputs, states)` that returns the output
        and the states after the step. Cells of a list are on top of each other; some may be the library's.
    return_sequences, return_state, go_backwards, stateful, unroll, zero_output_for_mask, **kwargs
        See `RNN`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> class Sum(fastnn.layers.Layer):
    ...     state_size = 2
    ...
    ...     def call(self, inputs, states):
    ...         total = states[0] + inputs
    ...         return total, [total]
    >>> fastnn.layers.RNN(Sum())(np.array([[[1.0, 2.0], [3.0, 4.0]]]))
    array([[4., 6.]], dtype=float32)
    """

    supports_masking = True

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        given = cell if isinstance(cell, (list, tuple)) else [cell]
        cells = [_cell_from_config(c) if isinstance(c, dict) else c for c in given]
        self._cells: list[Any] = [CellStep(c) if isinstance(c, RecurrentCell) else c for c in cells]
        for own in self._cells:
            if not isinstance(own, Layer) or not hasattr(own, "state_size"):
                raise TypeError(f"cell: expected cells, or layers with a state_size, got {own!r}")
        self.return_sequences = bool(return_sequences)
        self.return_state = bool(return_state)
        self.go_backwards = bool(go_backwards)
        self.stateful = bool(stateful)
        self._kept: list[list[Any]] | None = None  # states of a stateful layer, cell by cell
        self.unroll = bool(unroll)
        self.zero_output_for_mask = bool(zero_output_for_mask)

    @property
    def cell(self) -> Any:
        """The cell, or a list of them."""
        cells = [cell._rnn.cell if isinstance(cell, CellStep) else cell for cell in self._cells]
        return cells[0] if len(cells) == 1 else cells

    @property
    def _configured_parts(self) -> Sequence[Any]:
        """The cells."""
        return self._cells

    def _first_states(self, initial_state: Any, x: Any) -> list[list[Any]]:
        """Return the states to start from, cell by cell."""
        sizes = [list(leaves(cell.state_size)) for cell in self._cells]
        kept = None if custom_layer.is_trial() else self._kept
        if initial_state is None and kept is not None:
            if len(x) != len(kept[0][0]):
                raise ValueError(
                    f"x: {self.name!r} is stateful and keeps the state of {len(kept[0][0])} rows, "
                    f"got {len(x)}; reset_states() forgets it"
                )
            return kept
        if initial_state is None:
            return [[np.zeros((len(x), size), self.compute_dtype) for size in widths] for widths in sizes]
        given = list(leaves(initial_state))
        if len(given) != sum(map(len, sizes)):
            raise ValueError(f"initial_state: expected {sum(map(len, sizes))} arrays, got {len(given)}")
        rest = iter(given)
        return [[next(rest) for _ in widths] for widths in sizes]

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = False) -> Any:
        """Run the cells over the steps."""
        if tensors_in(sequences):
            raise TypeError("call: the steps run one after the other, on numbers")
        states = self._first_states(initial_state, sequences)
        steps = range(sequences.shape[1])
        outputs: list[Any] = []
        last: Any = None
        for t in reversed(steps) if self.go_backwards else steps:
            y, after = sequences[:, t], []
            for cell, state in zip(self._cells, states, strict=True):
                takes_training = "training" in custom_layer.call_parameters(cell)
                options = {"training": training} if takes_training else {}
                y, new = cell(y, state, **options)
                after.append(list(leaves(new)))
            if mask is not None:
                keep = np.asarray(mask)[:, t, None]
                before = np.zeros(y.shape, self.compute_dtype) if last is None else last
                last = np.where(keep, y, before)
                after = [
                    [np.where(keep, new, old) for new, old in zip(one, other, strict=True)]
                    for one, other in zip(after, states, strict=True)
                ]
                y = np.where(keep, y, 0 * before) if self.zero_output_for_mask else last
            else:
                last = y
            states = after
            outputs.append(y)
        if self.stateful and not custom_layer.is_trial():
            self._kept = [[np.array(state) for state in one] for one in states]
        result = np.stack(outputs, axis=1) if self.return_sequences else last
        if not self.return_state:
            return result
        if len(self._cells) == 1:
            return [result, *states[0]]
        return [result, *(state if len(state) > 1 else state[0] for state in states)]

    def _append_steps(self, plan: Plan, x: Any, training: bool | None = None, **options: Any) -> Any:
        """Append the step that runs the cells; all rows at once where their states are kept."""
        plan.whole = plan.whole or self.stateful
        return super()._append_steps(plan, x, training, **options)

    @property
    def _state_widths(self) -> list[int]:
        """Widths of all parts of the state, cell by cell."""
        return list(leaves([cell.state_size for cell in self._cells]))

    @property
    def states(self) -> list[Any]:
        """The state that a stateful layer keeps: copies of its parts, cell by cell."""
        return [np.array(state) for state in leaves(self._kept or [])]

    def reset_states(self, states: Any = None) -> None:
        """Let the next batch of a stateful layer start from zeros, or from these states; see `RNN`."""
        if not self.stateful:
            raise ValueError(f"reset_states: {self.name!r} keeps no state; it needs stateful=True")
        self._kept = None
        if states is not None:
            arrays = check_states(states, self._state_widths, None, self.compute_dtype, "states")
            self._kept = self._first_states(arrays, arrays[0])

    reset_state = reset_states

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return the mask of the steps, where the output has them."""
        mask = previous_mask if self.return_sequences else None
        return [mask, *[None] * len(self._state_widths)] if self.return_state else mask

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, the cells as configs of their own."""
        return super().get_config() | {
            "cell": [_cell_config(cell) for cell in self._cells],
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "unroll": self.unroll,
            "zero_output_for_mask": self.zero_output_for_mask,
        }


def _cell_config(cell: Any) -> dict[str, Any]:
    """Return the configuration of a cell, which says whether it is one of the library."""
    library = isinstance(cell, CellStep)
    config: dict[str, Any] = cell_registry.serialize(cell._rnn.cell) if library else registry.serialize(cell)
    return {"library": config} if library else config


def _cell_from_config(config: dict[str, Any]) -> Any:
    """Return the cell that `_cell_config` has described."""
    if "library" in config:
        return cell_registry.deserialize(config["library"])
    return registry.deserialize(config)
