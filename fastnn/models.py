"""`Sequential`: a model as a list of layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import RLock, get_ident
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import activations, config
from .checks import whole_number
from .gate import as_rows
from .kernels import regularization
from .kernels.optimizer import Update
from .kernels.plan import Plan
from .kernels.score import emit as emit_score
from .layers import InputLayer, Layer
from .layers.layer import Shape, of_length, row_shape, set_values, unique_name
from .layers.layer import registry as layer_registry
from .savable import Savable
from .summary import summary_lines
from .trainer import Trainer, batch_of
from .variables import ParameterBlock, Variable

# Rows of one piece of a prediction: enough for the large products to be efficient; a plan of so many rows
# whose arena would pass the limit takes fewer.
CAPACITY = 256
ARENA_BYTES = 1 << 26

# Shapes of rows that there is a plan for, of each purpose: the ones used last.
LENGTHS = 16

_compiling = RLock()  # plans of models that share layers move weights about


class Sequential(Savable, Trainer):
    """Layers one after the other.

    Parameters
    ----------
    layers : iterable of Layer, optional
        May start with `Input`; else the first layer may have an `input_shape`, or the model is built when
        it first sees data.
    trainable : bool, default True
        Whether training changes any weight.
    name : str, optional

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(2)])
    >>> model.count_params()
    10
    >>> model(np.zeros((3, 4), "float32")).shape
    (3, 2)
    """

    def __init__(
        self, layers: Iterable[Layer] | None = None, trainable: bool = True, name: str | None = None
    ) -> None:
        self.name = name or unique_name(type(self))
        self._layers: list[Layer] = []
        self._trainable = bool(trainable)
        self._plans: dict[tuple[Any, ...], dict[tuple[int, ...], Plan]] = {}
        self._outputs: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._predict: Plan | None = None
        self._block: ParameterBlock | None = None
        self.built = False
        self.input_row: Shape | None = None
        self.output_row: Shape | None = None
        for layer in layers or ():
            self._append(layer)
        self._build_early()

    # ---- structure ----------------------------------------------------------------------------------

    def add(self, layer: Layer) -> None:
        """Append a layer.

        Parameters
        ----------
        layer : Layer or Sequential

        Raises
        ------
        TypeError
            If it is something else.
        ValueError
            If it does not fit; then it has not been added.
        """
        before = self._layers.copy()
        try:
            self._append(layer)
            self._build_early()
        except Exception:
            self._layers = before
            self._unbuild()
            self._build_early()
            raise

    def pop(self) -> Layer:
        """Remove and return the last layer."""
        if not self._layers:
            raise TypeError("layers: there is no layer to remove")
        layer = self._layers.pop()
        self._unbuild()
        self._build_early()
        return layer

    def _append(self, layer: Any) -> None:
        if isinstance(layer, Sequential):
            for inner in layer._layers:
                if not isinstance(inner, InputLayer) or not self._layers:
                    self._append(inner)
            return
        if not isinstance(layer, Layer):
            raise TypeError(f"layers: expected Layer objects, got {layer!r}")
        if isinstance(layer, InputLayer) and self._layers:
            raise ValueError(f"layers: {layer.name!r} may only come first")
        if any(layer is other for other in self._layers):
            raise ValueError(f"layers: {layer.name!r} is in the model already")
        if any(layer.name == other.name for other in self._layers):
            raise ValueError(f"layers: every layer needs a name of its own, {layer.name!r} is taken")
        self._layers.append(layer)
        self._unbuild()

    def _unbuild(self) -> None:
        self.built = False
        self.input_row = self.output_row = None
        self._block = None
        self.forget_plans()

    def _build_early(self) -> None:
        if self._layers and self._layers[0].input_shape is not None:
            self._build(self._layers[0].input_shape)

    @property
    def layers(self) -> list[Layer]:
        """The layers, without `Input`."""
        return [layer for layer in self._layers if not isinstance(layer, InputLayer)]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by its name or its place.

        Raises
        ------
        ValueError
            If there is no such layer.
        """
        if (name is None) == (index is None):
            raise ValueError(f"name, index: expected one of them, got {name!r} and {index!r}")
        if index is not None:
            n = len(self.layers)
            if not -n <= index < n:
                raise ValueError(f"index: expected a number from {-n} to {n - 1}, got {index!r}")
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(
            f"name: there is no layer {name!r}; there are {[layer.name for layer in self.layers]}"
        )

    @property
    def dtype(self) -> str:
        """What the model computes in: the dtype its layers were given, or `config.floatx()`."""
        given = {layer.dtype for layer in self._layers} - {None}
        if len(given) > 1:
            raise ValueError(f"dtype: the layers of a model share one dtype, got {sorted(map(str, given))}")
        return str(given.pop()) if given else config.floatx()

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """Shape of the input, None for the batch."""
        return (None, *self._built_row(self.input_row))

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """Shape of the output, None for the batch."""
        return (None, *self._built_row(self.output_row))

    def _built_row(self, row: Shape | None) -> Shape:
        if row is None:
            raise ValueError(
                f"model {self.name!r} has not been built: call it on data, or build(input_shape)"
            )
        return row

    # ---- weights ------------------------------------------------------------------------------------

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights.

        Parameters
        ----------
        input_shape : tuple
            Batch dimension first, as in Keras: (None, 784).
        """
        self._build(row_shape(tuple(input_shape)[1:]))

    def _build(self, row: Shape) -> None:
        if not self._layers:
            raise ValueError("layers: a model needs at least one")
        dtype = self.dtype
        shape = row
        for layer in self._layers:
            layer.dtype = dtype
            try:
                layer.build_once(shape)
                shape = layer.output_of(shape)
            except ValueError as error:
                raise ValueError(f"layer {layer.name!r} on rows of shape {shape}: {error}") from None
        self.input_row, self.output_row, self.built = row, shape, True
        self.forget_plans()

    def accepts(self) -> Shape:
        """Return what rows have to be like, None for a dimension that only the layers say something about.

        A model that has been given the shape of its input takes no other; one that was built on data takes
        what its layers do, as long as there are as many dimensions.
        """
        row = self._built_row(self.input_row)
        return (None,) * len(row) if self._layers[0].input_shape is None else row

    def output_for(self, row: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of a row of the output for rows of another length than the model was built for.

        Raises
        ------
        ValueError
            If a layer does not take such rows.
        """
        output = self._outputs.get(row)
        if output is None:
            output = row_shape(row, "x")
            for layer in self._layers:
                try:
                    layer.build_once(output)
                    output = layer.output_row(output)
                except ValueError as error:
                    shape = ", ".join(["rows", *map(str, self._built_row(self.input_row))])
                    raise ValueError(
                        f"x: expected shape ({shape}), got rows of shape {row}: layer {layer.name!r} "
                        f"on rows of shape {output}: {error}"
                    ) from None
            while len(self._outputs) >= LENGTHS:
                del self._outputs[next(iter(self._outputs))]
            self._outputs[row] = output
        return output

    def rows_of(self, x: Any, name: str = "x") -> NDArray[np.floating]:
        """Bring inputs into the plans' form, or say what is wrong; the model is built if need be."""
        self.build_for(x)
        row = self._built_row(self.input_row)
        rows = as_rows(x, row, self.dtype, name, self.accepts())
        self.output_for(rows.shape[1:])
        self._layers[0 if len(self._layers) == 1 else isinstance(self._layers[0], InputLayer)].check_input(
            rows, name
        )
        return rows

    def build_for(self, x: Any) -> None:
        """Build the model for data, if it has not been built."""
        if not self.built:
            shape = np.shape(x)
            if not shape:
                raise ValueError(f"x: expected rows, got {x!r:.80}")
            self._build(row_shape(tuple(shape)[1:], "x"))

    @property
    def trainable(self) -> bool:
        """Whether training changes any weight; set it before `compile`."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for layer in self._layers:
            layer.trainable = value

    @property
    def weights(self) -> list[Variable]:
        """All weights, layer by layer."""
        return [v for layer in self._layers for v in layer.weights]

    @property
    def variables(self) -> list[Variable]:
        """All weights, layer by layer."""
        return self.weights

    @property
    def trainable_variables(self) -> list[Variable]:
        """The weights that training changes."""
        return [v for v in self.weights if v.trainable and self._trainable]

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes."""
        return self.trainable_variables

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone."""
        return [v for v in self.weights if not (v.trainable and self._trainable)]

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The weights that training leaves alone."""
        return self.non_trainable_weights

    def get_weights(self) -> list[NDArray[np.floating]]:
        """Return copies of all weights, in the order of `weights`."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: list[ArrayLike]) -> None:
        """Set all weights, in the order of `get_weights`.

        Raises
        ------
        ValueError
            If number or shapes differ; then no weight has changed.
        """
        self._built_row(self.input_row)
        set_values(self.weights, weights, self.name)

    def count_params(self) -> int:
        """Return the number of elements of all weights."""
        self._built_row(self.input_row)
        return sum(v.size for v in self.weights)

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Callable[[str], object] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: tuple[str, str] | None = None,
    ) -> None:
        """Print the layers, their output shapes and numbers of parameters.

        Parameters
        ----------
        line_length : int, default 80
            Width of the table.
        print_fn : callable, default print
            Called with the text.
        show_trainable : bool, default False
            Whether to show which layers learn.
        positions, expand_nested, layer_range
            Accepted for Keras' sake.
        """
        (print_fn or print)("\n".join(summary_lines(self, line_length or 80, show_trainable)))

    # ---- plans --------------------------------------------------------------------------------------

    def forget_plans(self) -> None:
        """Compile anew at the next run."""
        self._plans, self._outputs = {}, {}
        self._predict = self._train = None

    def plan(
        self,
        purpose: str,
        capacity: int | None = None,
        weighted: bool = False,
        row: tuple[int, ...] | None = None,
    ) -> Plan:
        """Return the plan for a purpose, compiled if need be; of plans that test, each thread has its own.

        Parameters
        ----------
        purpose : {"predict", "sample", "train", "test"}
            "sample" is a prediction in which `Dropout` and its like act.
        capacity : int, optional
            Rows of one run; by default as many as are efficient.
        weighted : bool, default False
            Whether runs get sample weights.
        row : tuple of int, optional
            Shape of a row of the input; what the model was built for by default. Plans for the `LENGTHS`
            shapes
            used last are kept; they share weights and the optimizer's state.
        """
        with _compiling:
            if self._block is None or self._block.stale:
                self._block = ParameterBlock.holding(self.weights, self.dtype)
                self.forget_plans()
            row = self._fixed_row() if row is None else row
            key = purpose, weighted, get_ident() if purpose == "test" else None
            plans = self._plans.setdefault(key, {})
            plan = plans.pop(row, None)
            if plan is None:
                plan = self._compile(purpose, capacity or CAPACITY, weighted, row)
                while len(plans) >= LENGTHS:
                    del plans[next(iter(plans))]
            plans[row] = plan
            if capacity is not None and capacity > plan.capacity:
                plan.reshape(capacity)
            return plan

    def _fixed_row(self) -> tuple[int, ...]:
        """Return the shape of a row of the input, if there is but one."""
        row = self._built_row(self.input_row)
        if None in row:
            raise ValueError(f"row: rows of shape {row} may have any length; say which")
        return of_length(row, 0)

    def _enlarged(self, purpose: str, capacity: int, row: tuple[int, ...]) -> Plan:
        """Put a plan of more rows a run in the place of one that other threads may be running."""
        with _compiling:
            old = self.plan(purpose, row=row)
            plan = self._compile(purpose, capacity, False, row)
            plan.samples = old.samples
            self._plans[purpose, False, None][row] = plan
            return plan

    def _compile(self, purpose: str, capacity: int, weighted: bool, row: tuple[int, ...]) -> Plan:
        assert self._block is not None
        plan = Plan(
            self._block,
            row,
            training=purpose == "train",
            stochastic=purpose in ("train", "sample"),
        )
        scored = purpose in ("train", "test")
        if scored:
            plan.total("loss")
            for variable in self.trainable_variables:
                penalty = variable.regularizer
                if penalty is not None and (penalty.l1 or penalty.l2):
                    regularization.emit(plan, variable, penalty.l1, penalty.l2)
        y = plan.input
        for layer in self._layers:
            y = layer.append(plan, y)
        update: Update | None = None
        if scored:
            self._emit_scores(plan, y, weighted)
        elif y.root is plan.input:
            y = activations.linear.emit(plan, y)
        if purpose == "train":
            assert self.optimizer is not None
            self.optimizer.build(self.trainable_variables)
            update = self.optimizer._update
        plan.finish(None if scored else y, capacity, update)
        if plan.arena_size > ARENA_BYTES and purpose != "train" and not plan.whole:
            plan.reshape(max(1, capacity * ARENA_BYTES // plan.arena_size))
        return plan

    def _emit_scores(self, plan: Plan, y: Any, weighted: bool) -> None:
        loss = self._require_compiled()
        score = loss.score
        assert loss.reduction is not None
        emit_score(plan, y, score, "loss", True, weighted, loss.reduction)
        for name, metric, counts in self._reported():
            if metric.score.sparse != score.sparse:
                labels = "class numbers" if metric.score.sparse else "labels like the output"
                raise ValueError(f"metrics: {metric.name!r} takes {labels}, the loss {loss.name!r} does not")
            emit_score(plan, y, metric.score, name, False, weighted and counts)

    # ---- prediction ---------------------------------------------------------------------------------

    def __call__(self, x: ArrayLike, training: bool = False) -> NDArray[np.floating]:
        """Return the output for all rows of `x`.

        Parameters
        ----------
        x : array_like
            (rows, ...).
        training : bool, default False
            Whether `Dropout` and its like act.

        Returns
        -------
        ndarray
            (rows, ...) of the model's dtype; zero rows give zero rows.
        """
        plan = self._predict
        if plan is not None and not training:
            y = plan.predict(x)
            if y is not None:
                return y
        return self._apply(x, "sample" if training else "predict")

    def _apply(self, x: ArrayLike, purpose: str) -> NDArray[np.floating]:
        """Take the long way to a prediction: through the gate, with a plan made if need be."""
        rows = self.rows_of(x)
        plan = self.plan(purpose, row=rows.shape[1:])
        if plan.whole and len(rows) > plan.capacity:
            plan = self._enlarged(purpose, len(rows), rows.shape[1:])
        if purpose == "predict":
            self._predict = plan
        y = plan.predict(rows)
        assert y is not None
        return y

    def predict(
        self,
        x: ArrayLike,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> NDArray[np.floating]:
        """Return the output for all rows of `x`, as calling the model does.

        Parameters
        ----------
        x : array_like
            (rows, ...).
        batch_size : int, optional
            Rows of one batch, for `steps` and `callbacks`; results do not depend on it.
        verbose
            Accepted for Keras' sake: a prediction is done before a bar could be drawn.
        callbacks : list of Callback, optional
            Called around batches of 32 rows or as many as `batch_size` says.
        steps : int, optional
            At most so many batches.

        Returns
        -------
        ndarray
        """
        if batch_size is None and steps is None and callbacks is None:
            return self(x)
        rows = self.rows_of(x)
        batch = batch_of(batch_size, len(rows))
        if steps is not None:
            rows = rows[: whole_number(steps, "steps", 1) * batch]
        heard = self._callbacks(callbacks, 0, history=False, epochs=1, steps=-(-len(rows) // batch))
        heard.on_predict_begin()
        outputs = []
        for step, start in enumerate(range(0, max(1, len(rows)), batch)):
            heard.on_predict_batch_begin(step)
            outputs.append(self(rows[start : start + batch]))
            heard.on_predict_batch_end(step, {"outputs": outputs[-1]})  # type: ignore[dict-item]
        heard.on_predict_end()
        return outputs[0] if len(outputs) == 1 else np.concatenate(outputs)

    def predict_on_batch(self, x: ArrayLike) -> NDArray[np.floating]:
        """Return the output for all rows of `x`."""
        return self(x)

    # ---- configuration ------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes an equal model of."""
        return {
            "name": self.name,
            "trainable": self._trainable,
            "layers": [layer_registry.serialize(layer) for layer in self._layers],
            "build_input_shape": None if self.input_row is None else [None, *self.input_row],
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a model of what `get_config` returned; its weights are new."""
        model = cls(
            [layer_registry.deserialize(c) for c in config["layers"]], config["trainable"], config["name"]
        )
        if not model.built and config["build_input_shape"] is not None:
            model.build(tuple(config["build_input_shape"]))
        return model

    def __repr__(self) -> str:
        return f"<Sequential name={self.name!r} layers={len(self.layers)} built={self.built}>"


def __getattr__(name: str) -> Any:
    """Import on first use what a program that saves nothing does without."""
    if name in ("clone_model", "load_model", "model_from_json", "save_model"):
        from . import saving

        return getattr(saving, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
