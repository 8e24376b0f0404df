"""`Stream`: a model over a sequence that comes one time step after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import activations
from ..checks import whole_number
from ..graph.graph import Graph, Node, leaves, mapped
from ..kernels.core.plan import Plan
from ..kernels.core.stream import Stepper
from ..layers import RNN, Embedding, Layer
from ..layers.base.recurrent_call import check_states
from ..layers.base.recurrent_state import KeptState
from ..layers.base.shapes import with_batch
from ..models import Model

if TYPE_CHECKING:
    from ..kernels.core.steps import Value


@dataclass(frozen=True, slots=True)
class Part:
    """What a layer makes at a step, and whether it makes one of each step, or one of the last."""

    value: Value
    over_time: bool


def _value(part: Part) -> Value:
    return part.value


class Stream(Stepper):
    """A model, and the state that it is in after the steps of a sequence seen so far.

    `model.stream()` makes one. Each keeps a state of its own, so there may be several of one model at once.

    Parameters
    ----------
    model : Model
        Built, with one input and one output. It takes sequences (steps, ...); up to the recurrent layer that
        returns its last output only, if there is such, its layers treat each step on its own or are
        recurrent. The layers behind that are any.
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

    def __init__(self, model: Model, rows: int = 1) -> None:
        given, made = model.inputs, model.outputs
        if len(given) != 1 or len(made) != 1:
            raise ValueError(
                f"model: expected one with one input and one output, got {len(given)} and {len(made)}"
            )
        sample_shape = given[0].sample_shape
        if not sample_shape or None in sample_shape[1:]:
            raise ValueError(
                f"model: expected one that takes sequences (steps, ...), got rows of shape {sample_shape}"
            )
        self.rows = whole_number(rows, "rows", 1)
        self.dtype = model.dtype
        self._taken: tuple[Any, ...] = sample_shape[1:]
        self._graph = model._require_graph()
        self._kept: dict[tuple[Node, ...], tuple[RNN, list[KeptState]]] = {}
        self._compile()

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        """Refuse to be pickled or copied: the state alone is what goes on elsewhere."""
        raise TypeError(
            "a stream is neither pickled nor copied: take its state, states = stream.states, and go on with "
            f"a new one of the model or of its copy, model.stream({self.rows}).reset(states)"
        )

    def _compile(self) -> None:
        """Make the plan of a step; states that there are stay."""
        plan = Plan(self.dtype, [(1, *self._taken)])
        (y,) = self._emit(plan, self._graph, [Part(plan.inputs[0], True)], ())
        value = y.value if plan.is_result(y.value) else activations.linear.emit(plan, y.value)
        plan.finish([value], self.rows)
        self._use(plan, self.rows, self._taken, value.shape[1:] if y.over_time else value.shape)

    def _emit(self, plan: Plan, graph: Graph, inputs: list[Part], inside: tuple[Node, ...]) -> list[Part]:
        """Append the layers of a graph, which is a model called at the last one of the nodes `inside`."""

        def call(node: Node, x: Any, options: dict[str, Any]) -> list[Part]:
            layer, parts = node.layer, [leaf for leaf in leaves([x, options]) if isinstance(leaf, Part)]
            try:
                if not any(part.over_time for part in parts):
                    return self._emit_behind(layer, plan, x, options)
                if isinstance(layer, Model):
                    return self._emit(plan, layer._require_graph(), layer._order_inputs(x), (*inside, node))
                if not all(part.over_time for part in parts) or options.keys() - {"training"}:
                    raise ValueError("it reads a step, and what is left of the sequence at the last one")
                if isinstance(layer, RNN):
                    return [self._emit_recurrent(layer, plan, x.value, (*inside, node))]
                return self._emit_step(layer, plan, x)
            except ValueError as error:
                if str(error).startswith("layer "):
                    raise
                raise ValueError(f"layer {layer.name!r} in a stream: {error}") from None

        return graph.walk(inputs, call)

    def _emit_recurrent(self, layer: RNN, plan: Plan, x: Value, place: tuple[Node, ...]) -> Part:
        layer._build_once(with_batch(x.shape))
        if place not in self._kept:
            self._kept[place] = layer, [KeptState() for _ in layer._cells]
            for cell, kept in zip(layer._cells, self._kept[place][1], strict=True):
                kept.allocate(self.rows, cell.units, self.dtype)
        mask = layer._emit_mask(plan, x)
        y = layer._emit_step(plan, x, self._kept[place][1])
        y.mask = mask
        return Part(y, layer.return_sequences)

    def _emit_step(self, layer: Layer, plan: Plan, x: Any) -> list[Part]:
        """Append what a layer does at each step of a sequence."""
        values = mapped(_value, x, Part)
        shapes = [value.shape for value in leaves(values)]
        layer._build_once(with_batch(shapes if isinstance(values, list) else shapes[0]))
        if not layer._stepwise or (min(map(len, shapes)) < 2 and not isinstance(layer, Embedding)):
            raise ValueError(f"{type(layer).__name__} needs the whole sequence, not a step of it")
        return [Part(y, True) for y in leaves(layer._append_steps(plan, values))]

    def _emit_behind(self, layer: Layer, plan: Plan, x: Any, options: dict[str, Any]) -> list[Part]:
        """Append what a layer does to what is left of the sequence at its last step."""
        made = layer._append_steps(plan, mapped(_value, x, Part), **mapped(_value, options, Part))
        if plan.guards:
            raise ValueError("stateful: expected False behind the last step, got True")
        return [Part(y, False) for y in leaves(made)]

    @property
    def states(self) -> list[NDArray[np.floating]]:
        """Copies of the state: h, or h and c, of each cell of each recurrent layer, (rows, units) each."""
        return [array.copy() for array in self._arrays()]

    def _arrays(self) -> list[NDArray[np.floating]]:
        return [
            array
            for layer, states in self._kept.values()
            for cell, kept in zip(layer._cells, states, strict=True)
            for array in kept.arrays[: cell._states]
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
        for layer in self._graph.layers:
            for variable in layer.weights:
                variable.version += 1  # whatever has been written into its value in place
