"""`OwnCellRNN`: cells that a user writes, over the steps of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..graph.graph import leaves, tensors_in
from .base.custom_layer import call_parameters
from .base.layer import Layer, registry


@registry.add
class OwnCellRNN(Layer):
    """What `RNN` makes of cells of one's own: each step runs their `call` in Python.

    Parameters
    ----------
    cell : Layer or list of Layer
        With a `state_size`, an int or a list of them, and a `call(inputs, states)` that returns the output
        and the states after the step. Cells of a list are on top of each other.
    return_sequences, return_state, go_backwards, unroll, zero_output_for_mask, **kwargs
        See `RNN`.
    stateful : bool, default False
        Only False is accepted.

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
        if stateful:
            raise ValueError("stateful: expected False for cells of your own, got True")
        given = cell if isinstance(cell, (list, tuple)) else [cell]
        self._cells: list[Any] = [registry.deserialize(c) if isinstance(c, dict) else c for c in given]
        for own in self._cells:
            if not isinstance(own, Layer) or not hasattr(own, "state_size"):
                raise TypeError(f"cell: expected layers with a state_size, all of your own, got {own!r}")
        self.return_sequences = bool(return_sequences)
        self.return_state = bool(return_state)
        self.go_backwards = bool(go_backwards)
        self.unroll = bool(unroll)
        self.zero_output_for_mask = bool(zero_output_for_mask)

    @property
    def cell(self) -> Any:
        """The cell, or a list of them."""
        return self._cells[0] if len(self._cells) == 1 else self._cells

    @property
    def _configured_parts(self) -> Sequence[Any]:
        """The cells."""
        return self._cells

    def _first_states(self, initial_state: Any, x: Any) -> list[list[Any]]:
        """Return the states to start from, cell by cell."""
        sizes = [list(leaves(cell.state_size)) for cell in self._cells]
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
                options = {"training": training} if "training" in call_parameters(cell) else {}
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
        result = np.stack(outputs, axis=1) if self.return_sequences else last
        if not self.return_state:
            return result
        if len(self._cells) == 1:
            return [result, *states[0]]
        return [result, *(state if len(state) > 1 else state[0] for state in states)]

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return the mask of the steps, where the output has them."""
        mask = previous_mask if self.return_sequences else None
        count = len(list(leaves([cell.state_size for cell in self._cells])))
        return [mask, *[None] * count] if self.return_state else mask

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, the cells as configs of their own."""
        return super().get_config() | {
            "cell": [registry.serialize(cell) for cell in self._cells],
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "unroll": self.unroll,
            "zero_output_for_mask": self.zero_output_for_mask,
        }
