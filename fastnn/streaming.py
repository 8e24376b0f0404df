"""`Stream`: a model over a sequence that comes one time step after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import activations
from .checks import whole_number
from .kernels.plan import Plan
from .kernels.stream import Stepper
from .layers import RNN, Embedding, Layer
from .layers.recurrent import KeptState, check_states
from .variables import ParameterBlock

if TYPE_CHECKING:
    from .kernels.steps import Value
    from .models import Sequential


class Stream(Stepper):
    """A model, and the state that it is in after the steps of a sequence seen so far.

    `model.stream()` makes one. Each keeps a state of its own, so there may be several of one model at once.

    Parameters
    ----------
    model : Sequential
        Built. It takes sequences (steps, ...); up to the recurrent layer that returns its last output only,
        if there is such, its layers treat each step on its own or are recurrent. The layers behind that are
        any.
    rows : int, default 1
        Sequences that advance together.

    Notes
    -----
    A step gives the numbers of `model(x)` for the last step of x, the sequence so far: the state starts from
    zeros, masked steps leave it as it is, random layers do not act. Sequences have no length here, whatever
    the model's input shape says.

    What a recurrent layer makes of its weights is kept from step to step, and made anew after `fit`,
    `set_weights` or anything else that trains or assigns weights. Numbers written into `Variable.value` in
    place are noticed at the next `reset`.

    One thread at a time may take a step of a stream.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layers = fastnn.layers.LSTM(4), fastnn.layers.Dense(1)
    >>> model = fastnn.Sequential([fastnn.Input((None, 2)), *layers])
    >>> stream = model.stream()
    >>> x = np.random.default_rng(1).standard_normal((5, 2)).astype("float32")
    >>> for x_t in x:
    ...     y = stream.step(x_t)
    >>> bool(np.allclose(y, model(x[None])[0]))
    True
    >>> y.shape, stream.step(x[:1]).shape
    ((1,), (1, 1))
    """

    def __init__(self, model: Sequential, rows: int = 1) -> None:
        row = model.input_shape[1:]
        if not row or None in row[1:]:
            raise ValueError(
                f"model: expected one that takes sequences (steps, ...), got rows of shape {row}"
            )
        self.rows = whole_number(rows, "rows", 1)
        self.dtype = model.dtype
        self._taken: tuple[Any, ...] = row[1:]
        self._layers = model.layers
        self._kept: dict[RNN, list[KeptState]] = {}
        self._compile()

    def _compile(self) -> None:
        """Make the plan of a step; states that there are stay."""
        weights = [v for layer in self._layers for v in layer.weights]
        self._block = ParameterBlock.holding(weights, self.dtype)
        plan = Plan(self._block, (1, *self._taken))
        y, over_time = plan.input, True
        for layer in self._layers:
            try:
                if not over_time:
                    y = self._emit_behind(layer, plan, y)
                elif isinstance(layer, RNN):
                    y, over_time = self._emit_recurrent(layer, plan, y), layer.return_sequences
                else:
                    y = self._emit_step(layer, plan, y)
            except ValueError as error:
                raise ValueError(f"layer {layer.name!r} in a stream: {error}") from None
        if y.root is plan.input:
            y = activations.linear.emit(plan, y)
        plan.finish(y, self.rows)
        self._use(plan, self.rows, self._taken, y.shape[1:] if over_time else y.shape)

    def _emit_recurrent(self, layer: RNN, plan: Plan, x: Value) -> Value:
        layer.build_once(x.shape)
        if layer not in self._kept:
            self._kept[layer] = [KeptState() for _ in layer.cells]
            for cell, kept in zip(layer.cells, self._kept[layer], strict=True):
                kept.allocate(self.rows, cell.units, self.dtype)
        mask = layer.emit_mask(plan, x)
        y = layer.emit_step(plan, x, self._kept[layer])
        y.mask = mask
        return y

    def _emit_step(self, layer: Layer, plan: Plan, x: Value) -> Value:
        """Append what a layer does at each step of a sequence."""
        layer.build_once(x.shape)
        if not layer.stepwise or (len(x.shape) < 2 and not isinstance(layer, Embedding)):
            raise ValueError(f"{type(layer).__name__} needs the whole sequence, not a step of it")
        return layer.append(plan, x)

    def _emit_behind(self, layer: Layer, plan: Plan, x: Value) -> Value:
        """Append what a layer does to what is left of the sequence at its last step."""
        y = layer.append(plan, x)
        if plan.guards:
            raise ValueError("stateful: expected False behind the last step, got True")
        return y

    @property
    def states(self) -> list[NDArray[np.floating]]:
        """Copies of the state: h, or h and c, of each cell of each recurrent layer, (rows, units) each."""
        return [array.copy() for array in self._arrays()]

    def _arrays(self) -> list[NDArray[np.floating]]:
        return [
            array
            for layer, states in self._kept.items()
            for cell, kept in zip(layer.cells, states, strict=True)
            for array in kept.arrays[: cell.states]
        ]

    def reset(self, states: Sequence[ArrayLike] | None = None) -> None:
        """Start anew: from zeros, or from states that `states` has given.

        Parameters
        ----------
        states : list of array_like, optional
            In the order and of the shapes of `states`.

        Raises
        ------
        ValueError
            If number or shapes do not fit; then the state is as it was.
        """
        arrays = self._arrays()
        if states is None:
            given = [np.zeros_like(array) for array in arrays]
        else:
            widths = [array.shape[1] for array in arrays]
            given = check_states(states, widths, self.rows, self.dtype, "states")
        for array, new in zip(arrays, given, strict=True):
            array[...] = new
        self._block.version += 1
