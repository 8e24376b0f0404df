"""`RNN`: a cell over the steps of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..graph.graph import leaves
from .base.calls import bind_arguments
from .base.cell import Cell
from .base.cell import registry as cell_registry
from .base.layer import Layer, registry
from .base.recurrent_call import call_options, check_states
from .base.recurrent_cell import RecurrentCell, check_cell
from .base.recurrent_state import KeptState, reversed_steps
from .base.shapes import Shape
from .stacked_rnn_cells import StackedRNNCells

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class RNN(Layer):
    """Run a cell over the time steps of a sequence.

    Parameters
    ----------
    cell : SimpleRNNCell, LSTMCell, GRUCell, StackedRNNCells, list of cells, or config of one
        What is done at each step. Of layers of your own with a `state_size` the result is an `OwnCellRNN`,
        which runs them in Python.
    return_sequences : bool, default False
        Whether the output is that of each step, or of the last.
    return_state : bool, default False
        Whether there are more results than one: the output, then the last state, h, or h and c.
    go_backwards : bool, default False
        Whether the last step is taken first; outputs are in the order in which they are made.
    stateful : bool, default False
        Whether a batch starts from the state that the one before has left, row by row, until `reset_states`.
    unroll : bool, default False
        Ignored; kept for Keras compatibility: the loop over steps is compiled code in any case.
    zero_output_for_mask : bool, default False
        Whether the output of a masked step is zero; else the one before it is repeated.
    **kwargs
        `trainable`, `dtype`, `name` and `input_shape` of `Layer`.

    Notes
    -----
    Input is (rows, steps, inputs), output (rows, units) or (rows, steps, units). A masked step leaves the
    state as it is. All weights of a cell learn, or none.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.RNN(fastnn.layers.LSTMCell(4), return_sequences=True)
    >>> layer(np.ones((2, 7, 3))).shape
    (2, 7, 4)
    """

    def __new__(cls, cell: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return a layer that runs cells in Python, if they are layers of a user."""
        if isinstance(cell, StackedRNNCells):
            cell = cell.cells if any(isinstance(part, Layer) for part in cell.cells) else cell
        if cls is RNN and any(isinstance(part, Layer) for part in leaves(cell)):
            from .own_cell_rnn import OwnCellRNN

            return OwnCellRNN(cell, *args, **kwargs)
        return super().__new__(cls)

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
        if isinstance(cell, dict):
            cell = cell_registry.deserialize(cell)
        elif isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        self.cell = cell
        self._cells: list[RecurrentCell] = (
            cell.cells if isinstance(cell, StackedRNNCells) else [check_cell(cell, "cell")]
        )
        self.return_sequences = bool(return_sequences)
        self.return_state = bool(return_state)
        self.go_backwards = bool(go_backwards)
        self.stateful = bool(stateful)
        self.unroll = bool(unroll)
        self.zero_output_for_mask = bool(zero_output_for_mask)
        self._kept = [KeptState() for _ in self._cells]

    supports_masking = True
    _call_arguments = ("initial_state", "mask", "training")

    @property
    def _configured_parts(self) -> Sequence[Cell]:
        """The cell."""
        return (self.cell,)

    @property
    def _trainable_parts(self) -> Sequence[Cell]:
        """The cell."""
        return (self.cell,)

    @property
    def state_size(self) -> Any:
        """Width of the state, or of each of its parts."""
        return self.cell.state_size

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Refuse what is not a sequence of vectors."""
        if len(input_shape) != 3:
            raise ValueError(
                f"input: {type(self).__name__} expects rows (steps, inputs), "
                f"got rows of shape {input_shape[1:]}"
            )

    def _cell_inputs(self, input_shape: Shape) -> list[int | None]:
        """Return the width of the input of each cell."""
        return [input_shape[-1], *(cell.units for cell in self._cells[:-1])]

    def _check_weights(self, input_shape: Shape) -> None:
        """Raise a `ValueError` if the weights of the cells have other shapes than the input needs."""
        for cell, inputs in zip(self._cells, self._cell_inputs(input_shape), strict=True):
            cell._check_weights(inputs)

    def build(self, input_shape: Shape) -> None:
        """Make the weights of the cells: `kernel`, `recurrent_kernel` and `bias` of each."""
        for i, (cell, inputs) in enumerate(zip(self._cells, self._cell_inputs(input_shape), strict=True)):
            cell._build(self, inputs, f"cell_{i}/" if len(self._cells) > 1 else "")

    def _emit(self, plan: Plan, x: Value, initial_state: Any = None) -> Any:
        """Append the cells, one after the other over all steps, from states (units) a row."""
        self._guard(plan)
        states = [k.addresses if self.stateful else None for k in self._kept]
        return self._emit_cells(plan, x, states, initial_state)

    def _emit_step(self, plan: Plan, x: Value, kept: Sequence[KeptState]) -> Value:
        """Append a step of a stream, from the states in `kept`, one for each cell, to those after it."""
        if self.return_state or self.go_backwards:
            name = "return_state" if self.return_state else "go_backwards"
            raise ValueError(f"{name}: expected False, got True")
        y: Value = self._emit_cells(plan, x, [k.addresses for k in kept], None, stays_packed=True)
        return y

    def _emit_mask(self, plan: Plan, x: Value) -> Any:
        """Return the mask of the input, where the output has its steps."""
        mask = x.mask if self.return_sequences else None
        return [mask, *(None for _ in self._state_widths)] if self.return_state else mask

    def _emit_cells(
        self,
        plan: Plan,
        x: Value,
        kept: Sequence[NDArray[np.int64] | None],
        initial_state: Any,
        **options: Any,
    ) -> Any:
        given = None if initial_state is None else iter(leaves(initial_state))
        mask = x.mask
        last: list[Value] = []
        for cell, state in zip(self._cells, kept, strict=True):
            final = cell is self._cells[-1]
            y = cell._emit(
                plan,
                x,
                backwards=self.go_backwards and cell is self._cells[0],
                state=state,
                initial=None if given is None else list(islice(given, cell._states)),
                sequences=self.return_sequences or not final,
                zero_masked=self.zero_output_for_mask and final,
                ends=self.return_state,
                **options,
            )
            x, *after = y if self.return_state else [y]
            last += after
            if self.go_backwards and mask is not None and not final:
                x.mask = reversed_steps(plan, mask)
        return [x, *last] if self.return_state else x

    # ---- state --------------------------------------------------------------------------------------

    def _guard(self, plan: Plan) -> None:
        if self.stateful:
            plan.whole = True
            plan.guards.append(self._hold)

    def _hold(self, rows: int) -> None:
        """Have a state for so many rows, before a run of them."""
        if not self._kept[0].arrays:
            for cell, kept in zip(self._cells, self._kept, strict=True):
                kept.allocate(rows, cell.units, self.compute_dtype)
        elif rows != len(self._kept[0].arrays[0]):
            raise ValueError(
                f"x: {self.name!r} is stateful and keeps the state of {len(self._kept[0].arrays[0])} rows, "
                f"got {rows}; reset_states() forgets it"
            )

    @property
    def states(self) -> list[NDArray[np.floating]]:
        """The state that a stateful layer keeps: copies of h, or of h and c, of each cell."""
        pairs = zip(self._cells, self._kept, strict=True)
        return [array.copy() for cell, kept in pairs for array in kept.arrays[: cell._states]]

    def reset_states(self, states: Sequence[ArrayLike] | None = None) -> None:
        """Let the next batch of a stateful layer start from zeros, or from these states.

        Parameters
        ----------
        states : list of array_like, optional
            In the order of `states`, each (rows, units).

        Raises
        ------
        ValueError
            If the layer is not stateful, or number or shapes do not fit.
        """
        if not self.stateful:
            raise ValueError(f"reset_states: {self.name!r} keeps no state; it needs stateful=True")
        for kept in self._kept:
            kept.arrays = []
        if states is None:
            return
        arrays = self._check_states(states, None)
        self._hold(len(arrays[0]))
        at = 0
        for cell, kept in zip(self._cells, self._kept, strict=True):
            for array in kept.arrays[: cell._states]:
                array[...] = arrays[at]
                at += 1

    reset_state = reset_states

    def _check_states(self, states: Any, rows: int | None) -> list[NDArray[np.floating]]:
        return check_states(states, self._state_widths, rows, self.compute_dtype, "initial_state")

    @property
    def _state_widths(self) -> list[int]:
        """Widths of all parts of the state, cell by cell."""
        return [cell.units for cell in self._cells for _ in range(cell._states)]

    # ---- calls --------------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the layer to arrays, or to symbolic tensors; it is built if need be.

        Parameters
        ----------
        x : array_like or SymbolicTensor
            (rows, steps, inputs).
        training : bool, optional
            Whether dropout acts: on arrays not by default, in a model where it trains.
        mask : array_like of bool or SymbolicTensor, optional
            (rows, steps): False where a step is left out.
        initial_state : list of array_like or SymbolicTensor, optional
            [h], or [h, c], each (rows, units), of cells on top of each other one after the other; by default
            zeros, or what a stateful layer keeps.

        Returns
        -------
        ndarray, SymbolicTensor, or list of them
            The output; with `return_state` a list of it and the last state: h, or h and c. Of cells on top of
            each other the state of each is h or [h, c].
        """
        x, options = bind_arguments(self, args, kwargs)
        return super().__call__(x, **call_options(x, options, self._state_widths, self.compute_dtype))

    # ---- configuration ------------------------------------------------------------------------------

    def compute_output_shape(self, input_shape: Shape) -> Any:
        """Replace the last dimension by `units`, and drop the steps unless `return_sequences`."""
        RNN._check_input_shape(self, input_shape)
        batch, steps, _ = input_shape
        units = self._cells[-1].units
        shape = (batch, steps, units) if self.return_sequences else (batch, units)
        if not self.return_state:
            return shape
        states = [[(batch, cell.units)] * cell._states for cell in self._cells]
        if not isinstance(self.cell, StackedRNNCells):
            return [shape, *states[0]]
        return [shape, *(state if len(state) > 1 else state[0] for state in states)]

    def _flags(self) -> dict[str, Any]:
        """Return what the config has besides the cell."""
        return {
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "unroll": self.unroll,
            "zero_output_for_mask": self.zero_output_for_mask,
        }

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, the cell as a config of its own."""
        return super().get_config() | self._flags() | {"cell": cell_registry.serialize(self.cell)}
