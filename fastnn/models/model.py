"""`Model`: layers as a graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import config
from ..autograd import Tensor, is_recording
from ..data.validation import as_rows, is_several
from ..graph.graph import Graph, SymbolicTensor, leaves, tensors_in, undescribed
from ..kernels.core.plan import Plan
from ..layers import InputLayer, Layer
from ..layers.base import custom_layer
from ..layers.base.layer import Shape, acting, row_shape
from ..layers.base.layer import registry as layer_registry
from ..training.inference import Predicting
from ..training.plan_cache import Rows, keep
from .savable import Savable
from .summary import summary_lines

if TYPE_CHECKING:
    from ..training.streaming import Stream


@layer_registry.add("functional")
class Model(Savable, Layer, Predicting):
    """Layers between inputs and outputs.

    Parameters
    ----------
    inputs, outputs : SymbolicTensor, or list or dict of them
        What `Input` returned, and what layers made of it.
    trainable : bool, default True
        Whether training changes any weight.
    name : str, optional
    dtype : {"float32", "float64"}, optional
        See `Layer`.

    Notes
    -----
    A model is a layer too: it can be called on a symbolic tensor, as part of a larger one. Its plan is one
    list of steps for the whole graph. A subclass makes its layers in `__init__` and calls them in `call`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> x = fastnn.Input((4,))
    >>> hidden = fastnn.layers.Dense(8, activation="relu")(x)
    >>> value, kind = fastnn.layers.Dense(1)(hidden), fastnn.layers.Dense(3, activation="softmax")(hidden)
    >>> model = fastnn.Model(x, [value, kind])
    >>> [y.shape for y in model(np.zeros((5, 4)))]
    [(5, 1), (5, 3)]

    A subclass:

    >>> class Residual(fastnn.Model):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.inner, self.last = fastnn.layers.Dense(4, "relu"), fastnn.layers.Dense(1)
    ...
    ...     def call(self, x):
    ...         return self.last(x + self.inner(x))
    >>> Residual()(np.zeros((5, 4))).shape
    (5, 1)
    """

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        trainable: bool = True,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(trainable=trainable, name=name, dtype=dtype)
        self._graph: Graph | None = None
        self._plans: dict[tuple[Any, ...], dict[Rows, Plan]] = {}
        self._output_rows: dict[Rows, list[tuple[int, ...]]] = {}
        self._predict: Plan | None = None
        self._rows: list[Shape] | None = None
        self._structure: Any = None
        if (inputs is None) != (outputs is None):
            raise ValueError(f"inputs, outputs: expected both or none, got {inputs!r} and {outputs!r}")
        if inputs is not None:
            self._connect(inputs, outputs)

    # ---- structure ----------------------------------------------------------------------------------

    def _connect(self, inputs: Any, outputs: Any) -> None:
        """Become the model of a graph."""
        for name, structure in (("inputs", inputs), ("outputs", outputs)):
            wrong = [leaf for leaf in leaves(structure) if not isinstance(leaf, SymbolicTensor)]
            if wrong or not tensors_in(structure):
                raise TypeError(f"{name}: expected symbolic tensors, got {(wrong or [structure])[0]!r:.200}")
        self._graph = Graph(tensors_in(inputs), tensors_in(outputs))
        if len(set(self._graph.inputs)) < len(self._graph.inputs):
            raise ValueError("inputs: expected each tensor once")
        self._structure = _unwrapped(outputs)
        self._keys = list(inputs) if isinstance(inputs, dict) else None
        self._rows = [tensor.row for tensor in self._graph.inputs]
        self.built = True
        if not self._trainable:
            self.trainable = False
        self._forget_plans()

    @property
    def _sublayers(self) -> list[Layer]:
        """The layers, in the order of their weights."""
        return self._graph.layers if self._graph is not None else super()._sublayers

    @property
    def layers(self) -> list[Layer]:
        """The layers, those before others first."""
        return self._sublayers

    @property
    def inputs(self) -> list[SymbolicTensor]:
        """What the model starts from."""
        return self._built_graph().inputs

    @property
    def outputs(self) -> list[SymbolicTensor]:
        """What the model makes."""
        return self._built_graph().outputs

    @property
    def input_names(self) -> list[str]:
        """The names by which a dict of arrays gives the inputs."""
        if self._graph is None and custom_layer.is_written(self):
            return [f"input_{i}" for i in range(len(self._sample_shapes))]
        return self._keys or [tensor.name for tensor in self.inputs]

    @property
    def output_names(self) -> list[str]:
        """The names of losses, labels and metrics: the keys of a dict, or the layers'."""
        if isinstance(self._structure, dict):
            return list(self._structure)
        if self._graph is None:
            count = self._outputs_of_call()
            return [self.name] if count == 1 else [f"output_{i + 1}" for i in range(count)]
        taken: list[str] = []
        for tensor in self.outputs:
            name = tensor.name
            taken.append(name if name not in taken else f"{name}_{taken.count(name)}")
        return taken

    def _outputs_of_call(self) -> int:
        """Return how many outputs a `call` has; before it has run, for how many there are losses."""
        if self._rows is None:
            loss = self._compiled[0]
            return len(loss) if isinstance(loss, (list, tuple)) else 1
        made = self.output_of(self._as_called(self._rows))
        return len(made) if isinstance(made, list) else 1

    @property
    def input(self) -> Any:
        """The symbolic tensor, or list of them, that the model starts from."""
        return super().input if self._graph is None else self._as_called(self.inputs)

    @property
    def output(self) -> Any:
        """The symbolic tensor, or list or dict of them, that the model makes."""
        return super().output if self._graph is None else self._structure

    def _built_graph(self) -> Graph:
        if self._graph is None:
            raise ValueError(
                f"model {self.name!r} has no graph: it has not been built, or is written as `call`"
            )
        return self._graph

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
        given = {layer.dtype for layer in self._sublayers} | {self._dtype}
        given -= {None}
        if len(given) > 1:
            raise ValueError(f"dtype: the layers of a model share one dtype, got {sorted(map(str, given))}")
        return str(given.pop()) if given else config.floatx()

    @dtype.setter
    def dtype(self, value: str | None) -> None:
        self._dtype = value
        for layer in self._sublayers:
            layer.dtype = value

    @property
    def _sample_shapes(self) -> list[Shape]:
        """Shape of a row of each input."""
        if self._rows is None:
            raise ValueError(
                f"model {self.name!r} has not been built: call it on data, or build(input_shape)"
            )
        return self._rows

    @property
    def input_shape(self) -> Any:
        """Shape of the input, None for the batch; a list of shapes where there are several."""
        shapes = [(None, *row) for row in self._sample_shapes]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def output_shape(self) -> Any:
        """Shape of the output, None for the batch; a list of shapes where there are several."""
        rows = self.output_of(self._as_called(self._sample_shapes))
        return [(None, *row) for row in rows] if isinstance(rows, list) else (None, *rows)

    # ---- as a layer ---------------------------------------------------------------------------------

    def _as_called(self, parts: list[Any]) -> Any:
        return parts[0] if len(parts) == 1 else parts

    def build(self, input_shape: Any) -> None:
        """Make the weights.

        Parameters
        ----------
        input_shape : tuple, or list of them
            Batch dimension first, as in Keras: (None, 784).
        """
        several = isinstance(input_shape, list)
        rows = [row_shape(tuple(shape)[1:]) for shape in (input_shape if several else [input_shape])]
        self._build_once(self._as_called(rows))

    def _build_once(self, input_shape: Any) -> None:
        """Build for rows of `input_shape`; where the model is built, check that they fit."""
        rows = input_shape if isinstance(input_shape, list) else [input_shape]
        if not self.built:
            self._build(rows)
            if not self._trainable:
                self.trainable = False
        elif None not in [n for row in rows for n in row]:
            self._output_sample_shapes(tuple(rows))

    @property
    def _input_sample_shape(self) -> Shape | None:
        """Shape of a row of the input, if there is one input and the model is built."""
        return self._rows[0] if self._rows is not None and len(self._rows) == 1 else None

    @_input_sample_shape.setter
    def _input_sample_shape(self, value: Shape | None) -> None:
        """Ignore what a layer would be given as `input_shape`."""

    def _build(self, rows: list[Shape]) -> None:
        """Make the weights for rows of these shapes, of a model that is written as `call`."""
        if not custom_layer.is_written(self):
            raise TypeError(
                f"{type(self).__name__} defines no call(x): a model needs that, or inputs and outputs"
            )
        for layer in self._sublayers:
            layer.dtype = self.dtype
        custom_layer.build(self, self._as_called(rows))
        self._rows = list(rows)

    def output_row(self, input_shape: Any) -> Any:
        """Return the shapes of rows of the outputs for those of the inputs."""
        if self._graph is None:
            return super().output_row(input_shape)
        return self._as_called(self._graph.output_sample_shapes(self._ordered(input_shape)))

    def output_of(self, row: Any) -> Any:
        """Return `output_row` of a shape with dimensions of None."""
        return super().output_of(row) if self._graph is None else self.output_row(row)

    def _emit(self, plan: Plan, x: Any, **options: Any) -> Any:
        """Append the steps of all layers."""
        if self._graph is None:
            return custom_layer.emit(self, plan, x, options)
        return self._as_called(self._graph.emit(plan, self._ordered(x)))

    def _append_steps(self, plan: Plan, x: Any, training: bool | None = None, **options: Any) -> Any:
        """Append the steps of all layers; the last ones say what the masks of the outputs are."""
        self._build_once([value.shape for value in x] if isinstance(x, list) else x.shape)
        with acting(plan, training):
            return self._emit(plan, x, **options)

    def _ordered(self, x: Any) -> list[Any]:
        """Return what the model is called on as a list, in the order of the inputs."""
        names = self.input_names
        if isinstance(x, dict):
            missing, unknown = set(names) - set(x), set(x) - set(names)
            if missing or unknown:
                raise ValueError(f"x: expected the inputs {names}, got {list(x)}")
            return [x[name] for name in names]
        parts = list(x) if isinstance(x, list) else [x]
        if len(parts) != len(names):
            raise ValueError(f"x: expected {len(names)} inputs, {names}, got {len(parts)}")
        return parts

    # ---- data ---------------------------------------------------------------------------------------

    def _accepted_shape(self, i: int) -> Shape:
        """Return what rows of input i have to be like, None where only the layers say something.

        A model that has been given the shape of its input takes no other; one that was built on data takes
        what its layers do, as long as there are as many dimensions.
        """
        return self._sample_shapes[i]

    def _output_sample_shapes(self, rows: Rows) -> list[tuple[int, ...]]:
        """Return the shapes of rows of the outputs, for inputs perhaps of other lengths than those built for.

        Raises
        ------
        ValueError
            If a layer does not take such rows.
        """
        outputs = self._output_rows.get(rows)
        if outputs is None:
            try:
                made = self.output_row(self._as_called(list(rows)))
            except ValueError as error:
                expected = [", ".join(["rows", *map(str, row)]) for row in self._sample_shapes]
                raise ValueError(
                    f"x: expected shape ({'), ('.join(expected)}), got rows of shape "
                    f"{self._as_called(list(rows))}: {error}"
                ) from None
            outputs = made if isinstance(made, list) else [made]
            keep(self._output_rows, rows, outputs)
        return outputs

    def _validate_inputs(self, x: Any, name: str = "x") -> list[NDArray[np.floating]]:
        """Bring inputs into the plans' form, or say what is wrong; the model is built if need be."""
        self._build_for(x)
        rows, dtype = self._sample_shapes, self.dtype
        parts = self._parts(x)
        names = [name] if len(parts) == 1 else [f"{name}[{n!r}]" for n in self.input_names]
        arrays = [
            as_rows(part, row, dtype, n, self._accepted_shape(i))
            for i, (part, row, n) in enumerate(zip(parts, rows, names, strict=True))
        ]
        if len({len(array) for array in arrays}) > 1:
            raise ValueError(f"{name}: expected as many rows in each input, got {[len(a) for a in arrays]}")
        self._output_sample_shapes(tuple(array.shape[1:] for array in arrays))
        if self._graph is not None:
            for tensor, array, n in zip(self._graph.inputs, arrays, names, strict=True):
                for node in self._graph.nodes:
                    if node.x is tensor:
                        node.layer._check_input(array, n)
        return arrays

    def _check_input(self, x: NDArray[np.floating], name: str) -> None:
        """Refuse rows that the first layers cannot take."""
        if self._graph is not None:
            for node in self._graph.nodes:
                if node.x is self._graph.inputs[0]:
                    node.layer._check_input(x, name)

    def _parts(self, x: Any) -> list[Any]:
        """Return the inputs in order, of what a caller gives."""
        if isinstance(x, dict):
            return self._ordered(x)
        if len(self._sample_shapes) == 1:
            alone = is_several(x) and len(x) == 1 and x[0].ndim > len(self._sample_shapes[0])
            return [x[0]] if alone else [x]
        if not isinstance(x, (list, tuple)):
            raise TypeError(
                f"x: expected a list of {len(self._sample_shapes)} arrays, or a dict, got {x!r:.80}"
            )
        return self._ordered(list(x))

    def _build_for(self, x: Any) -> None:
        """Build the model for data, if it has not been built."""
        if not self.built:
            parts = list(x.values()) if isinstance(x, dict) else list(x) if is_several(x) else [x]
            for part in parts:
                if not np.shape(part):
                    raise ValueError(f"x: expected rows, got {part!r:.80}")
            self._build_once(self._as_called([row_shape(np.shape(part)[1:], "x") for part in parts]))

    # ---- weights ------------------------------------------------------------------------------------

    def set_weights(self, weights: list[ArrayLike]) -> None:
        """Set all weights, in the order of `get_weights`.

        Raises
        ------
        ValueError
            If number or shapes differ; then no weight has changed.
        """
        if not self.weights:
            self._check_built()
        super().set_weights(weights)

    def count_params(self) -> int:
        """Return the number of elements of all weights."""
        self._check_built()
        return sum(v.size for v in self.weights)

    def _check_built(self) -> None:
        assert self._sample_shapes is not None

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
        expand_nested : bool, default False
            Whether to show the layers of models inside.
        layer_range : tuple of two str, optional
            Names of the first and the last layer to show.
        positions
            Accepted for Keras' sake.
        """
        lines = summary_lines(self, line_length or 80, show_trainable, expand_nested, layer_range)
        (print_fn or print)("\n".join(lines))

    # ---- plans --------------------------------------------------------------------------------------

    # ---- prediction ---------------------------------------------------------------------------------

    def __call__(self, x: Any, training: bool | None = None, **options: Any) -> Any:
        """Return the output for all rows of `x`.

        Parameters
        ----------
        x : array_like, or list or dict of them
            (rows, ...) for each input; or tensors of `fastnn.autograd`; or symbolic tensors, for a larger
            model.
        training : bool, optional
            Whether `Dropout` and its like act: not by default.

        Returns
        -------
        ndarray or Tensor, or list or dict of them
            (rows, ...) of the model's dtype; zero rows give zero rows. A `Tensor` of tensors, and in
            training, so that `backward` of what is computed from it reaches the weights.
        """
        plan = self._predict
        if plan is not None and not training:
            y = plan.predict(x)
            if y is not None:
                return y if self._structure is None else self._packed(y)
        if tensors_in([x, options]):
            return super().__call__(self._symbolic(x), training, **options)
        if any(isinstance(leaf, Tensor) for leaf in leaves(x)):
            if custom_layer.is_written(self):
                return super().__call__(x, training, **options)
            return self._call_on_tape(x, custom_layer.is_training() if training is None else bool(training))
        if training and is_recording() and self._learns(x):
            return self._call_on_tape(x, True)
        return self._apply(x, "sample" if training else "predict")

    def _learns(self, x: Any) -> bool:
        """Whether a gradient can flow into any weight."""
        self._build_for(x)
        return bool(self.trainable_variables)

    def _symbolic(self, x: Any) -> Any:
        """Return the tensors that the model is called on as layers are: one, or a list."""
        return self._as_called(self._ordered(list(x) if isinstance(x, tuple) else x)) if self.built else x

    def stream(self, rows: int = 1) -> Stream:
        """Return a `Stream`: the model over sequences that come one time step after the other.

        Parameters
        ----------
        rows : int, default 1
            Sequences that advance together.

        Raises
        ------
        ValueError
            If a layer needs the whole sequence: the message names it.
        """
        from ..training.streaming import Stream

        return Stream(self, rows)

    # ---- configuration ------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes an equal model of.

        The calls of layers are "nodes", each after those that it reads; a tensor is ``{"node": i, "output":
        j}``, where the inputs are the first nodes.
        """
        graph = self._built_graph()
        return {
            "name": self.name,
            "trainable": self._trainable,
            "layers": [layer_registry.serialize(layer) for layer in graph.layers],
            "inputs": [
                {"name": tensor.name, "shape": list(tensor.row), "dtype": tensor.dtype}
                for tensor in graph.inputs
            ],
            "input_keys": self._keys,
            "nodes": [
                {
                    "layer": node.layer.name,
                    "x": graph.describe(node.x),
                    "options": graph.describe(node.options),
                }
                for node in graph.nodes
            ],
            "outputs": graph.describe(self._structure),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a model of what `get_config` returned; its weights are new."""
        if "nodes" not in config:
            return super().from_config(config)
        return cls._of_layers(config, [layer_registry.deserialize(c) for c in config["layers"]])

    @classmethod
    def _of_layers(cls, config: dict[str, Any], made: list[Layer]) -> Self:
        """Connect layers as a config says: those that it describes, or others in their places."""
        names = [described["config"]["name"] for described in config["layers"]]
        layers = dict(zip(names, made, strict=True))
        results: list[list[SymbolicTensor]] = []
        for described in config["inputs"]:
            start = layers.get(described["name"])
            if not isinstance(start, InputLayer):
                start = InputLayer(tuple(described["shape"]), dtype=described["dtype"])
            results.append([start.output])
        for node in config["nodes"]:
            if node["layer"] not in layers:
                raise ValueError(f"nodes: there is no layer {node['layer']!r}; there are {list(layers)}")
            options = undescribed(node["options"], results)
            result = layers[node["layer"]](undescribed(node["x"], results), **options)
            results.append(result if isinstance(result, list) else [result])
        inputs: Any = [tensors[0] for tensors in results[: len(config["inputs"])]]
        if config["input_keys"] is not None:
            inputs = dict(zip(config["input_keys"], inputs, strict=True))
        return cls(inputs, undescribed(config["outputs"], results), config["trainable"], config["name"])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r} layers={len(self.layers)} built={self.built}>"


def _unwrapped(structure: Any) -> Any:
    """Return the tensor in a list of one, as Keras does."""
    return structure[0] if isinstance(structure, (list, tuple)) and len(structure) == 1 else structure
