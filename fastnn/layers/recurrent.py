"""`RNN`: a cell over the steps of a sequence, and all that does not depend on which cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..gate import as_real
from ..graph import tensors_in
from ..variables import ParameterBlock
from .cells import RecurrentCell, StackedRNNCells, check_cell
from .cells import registry as cell_registry
from .layer import Layer, registry, row_shape

if TYPE_CHECKING:
    from ..kernels.plan import Plan
    from ..kernels.steps import Value

CAPACITY = 256  # rows of a run on arrays


class KeptState:
    """The state of a cell between batches.

    Attributes
    ----------
    arrays : list of ndarray
        h and c, each (rows, units), whether the cell has both or not; none before the first batch.
    addresses : ndarray of int64
        Where they are: what plans read.
    """

    def __init__(self) -> None:
        self.arrays: list[NDArray[np.floating]] = []
        self.addresses = np.zeros(2, np.int64)

    def allocate(self, rows: int, units: int, dtype: str) -> None:
        """Start from zeros."""
        self._keep([np.zeros((rows, units), dtype) for _ in range(2)])

    def _keep(self, arrays: list[NDArray[np.floating]]) -> None:
        self.arrays = arrays
        self.addresses[: len(arrays)] = [array.ctypes.data for array in arrays]

    def __getstate__(self) -> dict[str, Any]:
        return {"arrays": self.arrays}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Let a copy keep its own arrays, which have addresses of their own."""
        self.addresses = np.zeros(2, np.int64)
        self._keep(state["arrays"])


@registry.add
class RNN(Layer):
    """A cell over the steps of a sequence.

    Parameters
    ----------
    cell : SimpleRNNCell, LSTMCell, GRUCell, StackedRNNCells, list of cells, or config of one
        What is done at each step.
    return_sequences : bool, default False
        Whether the output is that of each step, or of the last.
    return_state : bool, default False
        Whether a call on arrays returns a list: the output, then the last state. Not in a `Sequential`.
    go_backwards : bool, default False
        Whether the last step is taken first; outputs are in the order in which they are made.
    stateful : bool, default False
        Whether a batch starts from the state that the one before has left, row by row, until `reset_states`.
    unroll : bool, default False
        Accepted as Keras has it, without effect: the loop over steps is compiled code in any case.
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
        self.cells: list[RecurrentCell] = (
            cell.cells if isinstance(cell, StackedRNNCells) else [check_cell(cell, "cell")]
        )
        self.return_sequences = bool(return_sequences)
        self.return_state = bool(return_state)
        self.go_backwards = bool(go_backwards)
        self.stateful = bool(stateful)
        self.unroll = bool(unroll)
        self.zero_output_for_mask = bool(zero_output_for_mask)
        self._kept = [KeptState() for _ in self.cells]
        self._plans: dict[tuple[Any, ...], Plan] = {}

    @property
    def units(self) -> int:
        """Width of the output."""
        return self.cells[-1].units

    @property
    def state_size(self) -> Any:
        """Width of the state, or of each of its parts."""
        return self.cell.state_size

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Make the weights of the cells: `kernel`, `recurrent_kernel` and `bias` of each."""
        if len(input_shape) != 2:
            raise ValueError(
                f"input: {type(self).__name__} expects rows (steps, inputs), got rows of shape {input_shape}"
            )
        inputs = input_shape[1]
        for i, cell in enumerate(self.cells):
            cell.build(self, inputs, f"cell_{i}/" if len(self.cells) > 1 else "")
            inputs = cell.units

    def emit(self, plan: Plan, x: Value) -> Value:
        """Append the cells, one after the other over all steps."""
        if self.return_state:
            raise ValueError("return_state: only a call of the layer on arrays returns more than one array")
        self._guard(plan)
        return self._emit_cells(plan, x)

    def emit_mask(self, plan: Plan, x: Value) -> Value | None:
        """Return the mask of the input, where the output has its steps."""
        return x.mask if self.return_sequences else None

    def _emit_cells(self, plan: Plan, x: Value, **options: Any) -> Value:
        backwards = self.go_backwards
        if backwards and len(self.cells) > 1 and x.mask is not None:
            raise ValueError("go_backwards: cells on top of each other cannot take a mask backwards")
        for cell, kept in zip(self.cells, self._kept, strict=True):
            last = cell is self.cells[-1]
            x = cell.emit(
                plan,
                x,
                backwards=backwards,
                state=kept.addresses if self.stateful else None,
                **{
                    "sequences": self.return_sequences or not last,
                    "zero_masked": self.zero_output_for_mask and last,
                }
                | options,
            )
            backwards = False
        return x

    # ---- state --------------------------------------------------------------------------------------

    def _guard(self, plan: Plan) -> None:
        if self.stateful:
            plan.whole = True
            plan.guards.append(self._hold)

    def _hold(self, rows: int) -> None:
        """Have a state for so many rows, before a run of them."""
        if not self._kept[0].arrays:
            for cell, kept in zip(self.cells, self._kept, strict=True):
                kept.allocate(rows, cell.units, self.compute_dtype)
        elif rows != len(self._kept[0].arrays[0]):
            raise ValueError(
                f"x: {self.name!r} is stateful and keeps the state of {len(self._kept[0].arrays[0])} rows, "
                f"got {rows}; reset_states() forgets it"
            )

    @property
    def states(self) -> list[NDArray[np.floating]]:
        """The state that a stateful layer keeps: copies of h, or of h and c, of each cell."""
        pairs = zip(self.cells, self._kept, strict=True)
        return [array.copy() for cell, kept in pairs for array in kept.arrays[: cell.states]]

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
        for cell, kept in zip(self.cells, self._kept, strict=True):
            for array in kept.arrays[: cell.states]:
                array[...] = arrays[at]
                at += 1

    reset_state = reset_states

    def _check_states(self, states: Any, rows: int | None) -> list[NDArray[np.floating]]:
        given = list(states) if isinstance(states, (list, tuple)) else [states]
        widths = [cell.units for cell in self.cells for _ in range(cell.states)]
        if len(given) != len(widths):
            raise ValueError(f"initial_state: expected {len(widths)} arrays, got {len(given)}")
        arrays = [as_real(s, self.compute_dtype, f"initial_state[{i}]") for i, s in enumerate(given)]
        if rows is None and arrays[0].ndim:
            rows = len(arrays[0])
        for i, (array, width) in enumerate(zip(arrays, widths, strict=True)):
            if array.shape != (rows, width):
                raise ValueError(f"initial_state[{i}]: expected shape ({rows}, {width}), got {array.shape}")
        return arrays

    # ---- on arrays ----------------------------------------------------------------------------------

    def __call__(  # type: ignore[override]
        self,
        x: ArrayLike,
        training: bool | None = None,
        mask: ArrayLike | None = None,
        initial_state: Any = None,
    ) -> Any:
        """Apply the layer to arrays; it is built if need be.

        Parameters
        ----------
        x : array_like
            (rows, steps, inputs).
        training : bool, default False
            Whether dropout acts.
        mask : array_like of bool, optional
            (rows, steps): False where a step is left out.
        initial_state : list of array_like, optional
            [h], or [h, c], each (rows, units); zeros by default.

        Returns
        -------
        ndarray or list of ndarray
            The output; with `return_state` a list of it and the last state.
        """
        plain = mask is None and initial_state is None
        if tensors_in([x, mask, initial_state]) or (plain and not self.return_state):
            return super().__call__(x, training=training)
        return self.advance(x, training, mask, initial_state, self.return_sequences, self.return_state)

    def advance(
        self,
        x: ArrayLike,
        training: bool | None = None,
        mask: ArrayLike | None = None,
        initial_state: Any = None,
        sequences: bool = False,
        ends: bool = False,
    ) -> Any:
        """Return the output for arrays, in a list with the last state if it `ends` with that."""
        if len(self.cells) > 1:
            raise ValueError(
                "mask, initial_state, return_state: a call with these takes one cell, "
                f"got {len(self.cells)} on top of each other"
            )
        cell, kept = self.cells[0], self._kept[0]
        array = as_real(x, self.compute_dtype, "x")
        if array.ndim != 3:
            raise ValueError(f"x: expected shape (rows, steps, inputs), got {array.shape}")
        rows = len(array)
        self.build_once(row_shape(array.shape[1:], "x"))
        parts = [array.reshape(rows, -1)]
        if mask is not None:
            steps = np.asarray(mask)
            if steps.shape != array.shape[:2]:
                raise ValueError(f"mask: expected shape {array.shape[:2]}, got {steps.shape}")
            parts.append((steps != 0).astype(self.compute_dtype))
        if initial_state is not None:
            parts += self._check_states(initial_state, rows)
        elif self.stateful:
            self._hold(rows)
            parts += kept.arrays[: cell.states]
        flags = {"masks": mask is not None, "starts": len(parts) > 1 + (mask is not None)}
        ends = ends or self.stateful
        plan = self._plan_for(array.shape[1:], bool(training), sequences, ends, flags)
        y = plan.predict(np.concatenate(parts, axis=1))
        assert y is not None
        width = cell.units * (array.shape[1] if sequences else 1)
        shape = (rows, array.shape[1], cell.units) if sequences else (rows, cell.units)
        output = np.ascontiguousarray(y[:, :width]).reshape(shape)
        last = [y[:, at : at + cell.units].copy() for at in range(width, y.shape[1], cell.units)]
        if self.stateful:
            kept.allocate(rows, cell.units, self.compute_dtype)
            for state, after in zip(kept.arrays, last, strict=False):
                state[...] = after
        return [output, *last] if ends and (self.return_state or not self.stateful) else output

    def _plan_for(
        self, row: tuple[int, ...], training: bool, sequences: bool, ends: bool, flags: dict[str, bool]
    ) -> Plan:
        """Return the plan of a call, made if need be."""
        from ..kernels.plan import Plan

        key = (row, training, sequences, ends, *flags.values())
        plan = self._plans.get(key)
        if plan is None or plan.block.stale:
            cell = self.cells[0]
            block = ParameterBlock.holding(self.weights, self.compute_dtype)
            steps, inputs = row
            width = steps * inputs + flags["masks"] * steps + flags["starts"] * cell.states * cell.units
            plan = Plan(block, [(width,)], stochastic=training)
            options: dict[str, Any] = {"row": row, "ends": ends, "sequences": sequences, **flags}
            y = cell.emit(
                plan,
                plan.inputs[0],
                backwards=self.go_backwards,
                zero_masked=self.zero_output_for_mask,
                **options,
            )
            plan.finish([y], CAPACITY)
            self._plans[key] = plan
        return plan

    # ---- configuration ------------------------------------------------------------------------------

    def output_row(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Replace the last dimension by `units`, and drop the steps unless `return_sequences`."""
        return (input_shape[0], self.units) if self.return_sequences else (self.units,)

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


class CellLayer(RNN):
    """Base of the layers that are named after their cell, and take its arguments as their own."""

    cell: RecurrentCell

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the layer and of its cell."""
        cell = self.cell.get_config()
        del cell["name"]
        return Layer.get_config(self) | self._flags() | cell
