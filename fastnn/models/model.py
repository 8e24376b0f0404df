"""`Model`: layers that are trained, evaluated and used together.

A model holds parts: the graph of its layers, what `compile` decided, and the plans made so far. It is the
public face of work that is done elsewhere: data are converted in `fastnn.data`, epochs run in
`fastnn.training`. Most lines here are signatures and documentation of its methods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from threading import get_ident
from types import NoneType
from typing import TYPE_CHECKING, Any, ClassVar, Self
from weakref import ReferenceType, proxy, ref

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import config
from ..checks import ArgumentError, is_overridden, refuse, whole_number
from ..custom_objects import CustomObjectScope
from ..data.adapters import SampleShapes
from ..data.dataset import is_dataset
from ..data.shuffle import EpochShuffler
from ..data.sparse import is_sparse
from ..graph.graph import Graph, SymbolicTensor, leaves, tensors_in
from ..kernels.core.claim import Claim
from ..kernels.core.plan import Plan
from ..layers import Layer
from ..layers.base import custom_layer
from ..layers.base.emission import acting, tensor_shapes, value_specs
from ..layers.base.layer import registry as layer_registry
from ..layers.base.masks import _masks, masks_of, with_masks
from ..layers.base.shapes import (
    Shape,
    shape_leaves,
    with_batch,
)
from ..layers.base.trainable import flatten_parts
from ..making import making
from ..saving.metadata import checked_metadata
from ..saving.trainability import frozen_parts, set_frozen_parts
from ..training.alone import ALONE, Alone
from ..training.evaluation import evaluate, evaluate_once
from ..training.fitting import fit, run_with_class_weights, train_once
from ..training.inference import inference_plan
from ..training.model_data import WITHOUT_LOSS
from ..training.plan_cache import RUN_KINDS, PlanCache
from ..training.planned_models import note_planned
from ..training.prediction import predict
from ..training.progress import Progress
from ..training.results import reported, results_of
from .building import as_specs, build_for_data, build_once, build_written, checked_shapes
from .calls import call_model
from .functional import graph_config, graph_from_config, layers_from_config, own_arguments, takes_graph
from .inputs import InputStructure, spread
from .outputs import OutputStructure, converted, keep_masks
from .steps import Steps
from .summary import print_text, summary_lines
from .validation import output_sample_shapes, validated_inputs

if TYPE_CHECKING:
    from ..callbacks import History
    from ..metrics import Metric
    from ..optimizers import Optimizer
    from ..saving import LoadReport
    from ..saving.errors import Path
    from ..training.compile_spec import CompileSpec, Objective
    from ..training.profile_table import Profile
    from ..training.streaming import Stream


@layer_registry.add("functional")
class Model(Steps):
    """Layers between inputs and outputs.

    Parameters
    ----------
    inputs, outputs : SymbolicTensor, or list, tuple or dict of them, nested at will
        Results of `Input`, and of layers called on them. Arrays are given and returned in the same structure;
        inputs also as a flat list, or by the names of the layers.
    trainable : bool, default True
        Whether training changes any weight.
    name : str, optional
        By default "model", numbered.
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

    optimizer: Optimizer | None = None
    loss: Any = None
    history: History | None = None
    stop_training = False
    stop_evaluating = False
    stop_predicting = False
    _metadata: Any = None

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
        self._outputs = OutputStructure()
        self._input_structure: InputStructure | None = None
        self._converts = False  # whether outputs are converted to other dtypes
        self._compile_spec: CompileSpec | None = None
        self._objective: Objective | None = None
        self._shuffler: EpochShuffler | None = None
        if (inputs is None) != (outputs is None):
            raise ValueError(f"inputs, outputs: expected both or none, got {inputs!r} and {outputs!r}")
        if inputs is not None:
            self._connect(inputs, outputs)

    _built_shapes: list[Shape] | None = None  # of samples of the inputs
    _output_shapes_of: dict[SampleShapes, list[tuple[int, ...]]]
    _plans: PlanCache | None
    _fast_inference: Plan | None  # the plan used last
    _fast_training: Plan | None  # the plan of the last `train_on_batch`
    _fast_evaluation: tuple[int, Plan] | None  # of the last `test_on_batch`, with the thread that it is of
    _progress: Progress | None  # during `fit`
    _claim: Claim  # of who trains the model
    _ranks: Alone  # that train it together
    _pickle_defaults: ClassVar[dict[str, Callable[[], Any]]] = Layer._pickle_defaults | {
        "_output_shapes_of": dict,
        "_plans": NoneType,
        "_fast_inference": NoneType,
        "_fast_training": NoneType,
        "_fast_evaluation": NoneType,
        "_progress": NoneType,
        "_claim": partial(Claim, "model"),
        "_ranks": lambda: ALONE,
    }

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state)
        if self._compile_spec is not None and self._compile_spec.optimizer._served is None:
            self._compile_spec.optimizer._serve(self)
        if self.history is not None:
            self.history.model = proxy(self)

    # ---- structure ----------------------------------------------------------------------------------

    def _connect(self, inputs: Any, outputs: Any) -> None:
        """Become the model of a graph."""
        if custom_layer.is_written(self):
            raise TypeError(
                f"{type(self).__name__}.call: a model of a graph computes that, and a call of its own would "
                "never run; derive from Model, and keep the Sequential or the graph's model as a part of it"
            )
        for name, structure in (("inputs", inputs), ("outputs", outputs)):
            wrong = [leaf for leaf in leaves(structure) if not isinstance(leaf, SymbolicTensor)]
            if wrong or not tensors_in(structure):
                raise ArgumentError(
                    f"{name}: expected symbolic tensors, got {(wrong or [structure])[0]!r:.200}"
                )
        self._graph = Graph(tensors_in(inputs), tensors_in(outputs))
        if len(set(self._graph.inputs)) < len(self._graph.inputs):
            raise ValueError("inputs: expected each tensor once")
        self._outputs = OutputStructure(_unwrapped(outputs))
        self._input_structure = InputStructure.of_tensors(_unwrapped(inputs))
        self._converts = any(self._outputs.dtypes)
        self._set_built([tensor.sample_shape for tensor in self._graph.inputs])

    def _set_built(self, sample_shapes: list[Shape]) -> None:
        """Note the shapes of samples that the model is built for."""
        self._output_shapes_of, self._objective = {}, None
        self._forget_own_plans()
        self._freeze_parts()
        if self._compile_spec is not None:
            self._compile_spec.snapshot.extend(self)
        self._built_shapes = sample_shapes  # last: other threads may use the model from here on

    @property
    def built(self) -> bool:
        """Whether the inputs are known, and the weights made for them."""
        return self._built_shapes is not None

    @built.setter
    def built(self, value: bool) -> None:
        """Ignore the attribute, which a subclass may set before anybody knows what the inputs are."""

    @property
    def _sublayers(self) -> list[Layer]:
        """The layers, in the order of their weights."""
        return self._graph.layers if self._graph is not None else super()._sublayers

    @property
    def layers(self) -> list[Layer]:
        """The layers, in topological order."""
        return self._sublayers

    @property
    def inputs(self) -> list[SymbolicTensor]:
        """The symbolic inputs."""
        return self._require_graph().inputs

    @property
    def outputs(self) -> list[SymbolicTensor]:
        """The symbolic outputs."""
        return self._require_graph().outputs

    @property
    def input_names(self) -> list[str]:
        """The names by which a dict of arrays gives the inputs."""
        return self._require_inputs().names

    def _require_inputs(self) -> InputStructure:
        """Return how the inputs are arranged."""
        if self._input_structure is None:
            self._refuse_unbuilt()
        assert self._input_structure is not None
        return self._input_structure

    @property
    def output_names(self) -> list[str]:
        """The names of losses, labels and metrics: the keys of a dict, or the layers'."""
        return self._names_of_outputs(self._compile_spec)

    def _names_of_outputs(self, spec: CompileSpec | None) -> list[str]:
        """Return the names of the outputs; those of a `call` that has not run follow from `compile`."""
        names = self._outputs.names
        if names:
            return names
        if self._built_shapes is not None:
            count = len(shape_leaves(self.output_shape))
        elif spec is not None and spec.keys:
            return spec.keys
        else:
            count = len(spec.loss) if spec is not None and isinstance(spec.loss, list) else 1
        return [self.name] if count == 1 else [f"output_{i + 1}" for i in range(count)]

    @property
    def input(self) -> Any:
        """The symbolic input, or a list, tuple or dict of them."""
        return super().input if self._graph is None else self._require_inputs().arranged(self.inputs)[0]

    @property
    def output(self) -> Any:
        """The symbolic output, or a list or dict of them."""
        return super().output if self._graph is None else self._outputs.whole

    def _require_graph(self) -> Graph:
        if self._graph is None:
            raise ValueError(
                f"model {self.name!r} has no graph: it has not been built, or is written as `call`"
            )
        return self._graph

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by its name or index.

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
        if isinstance(name, int):
            raise TypeError(
                f"name: expected a string, got {name!r}; get_layer(index={name!r}) takes a number"
            )
        found = {layer.name: layer for layer in self.layers}
        if name in found:
            return found[name]
        near = get_close_matches(str(name), found, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"name: there is no layer {name!r}; there are {list(found)}{hint}")

    @property
    def dtype(self) -> str:
        """The dtype that the model computes in: that of its layers, or `config.floatx()`."""
        given = self._given_dtypes
        if len(given) > 1:
            raise ValueError(f"dtype: the layers of a model share one dtype, got {sorted(given)}")
        return given.pop() if given else config.floatx()

    @dtype.setter
    def dtype(self, value: str | None) -> None:
        self._dtype = value
        for layer in self._sublayers:
            layer.dtype = value

    @property
    def _given_dtypes(self) -> set[str]:
        found = {layer._dtype for layer in self._sublayers} | {self._dtype}
        if None in found:
            found.discard(None)
            found.update(*(layer._given_dtypes for layer in self._sublayers if layer._dtype is None))
        return found  # type: ignore[return-value]

    @property
    def _sample_shapes(self) -> list[Shape]:
        """Shape of a sample of each input."""
        self._refuse_unbuilt()
        return self._built_shapes  # type: ignore[return-value]

    @property
    def input_shape(self) -> Any:
        """Shape of the input, None for the batch; a structure of shapes where there are several."""
        if self._graph is not None:
            return with_batch(self._one_or_list(self._sample_shapes))
        structure = self._require_inputs()
        x, options = structure.arranged(self._sample_shapes)
        return with_batch({structure.argument: x, **options} if options else x)

    @property
    def output_shape(self) -> Any:
        """Shape of the output, None for the batch; a list of shapes where there are several."""
        if self._graph is not None:
            return self._one_or_list(self._graph.compute_output_shapes(self._order_inputs(self.input_shape)))
        return self._declared_output_shape(*self._call_shapes(self._sample_shapes))

    # ---- as a layer ---------------------------------------------------------------------------------

    def _arranged(self, parts: Sequence[Any]) -> tuple[Any, dict[str, Any]]:
        """Return what stands for the inputs as layers inside, or a `call`, get it, and by name what else."""
        if self._graph is not None or not custom_layer.is_written(self):
            return self._one_or_list(list(parts)), {}
        return self._require_inputs().arranged(parts)

    def _call_shapes(self, sample_shapes: Sequence[Shape]) -> tuple[Any, dict[str, Any]]:
        """Return the shapes of the inputs of a call, of the first argument and of others by name."""
        x, options = self._arranged(sample_shapes)
        return with_batch(x), as_specs(with_batch(options))

    def _one_or_list(self, parts: list[Any]) -> Any:
        return parts[0] if len(parts) == 1 else parts

    def build(self, input_shape: Any) -> None:
        """Make the weights.

        Parameters
        ----------
        input_shape : tuple, or list of them
            Batch dimension first, as in Keras: (None, 784).
        """
        self._check_built_for(input_shape)

    def _check_built_for(self, input_shape: Any) -> None:
        """Build for inputs of this shape; where the model is built, check that they fit."""
        if not is_overridden(self, "build"):
            x, options = spread(self, checked_shapes(input_shape))
            build_once(self, x, as_specs(options))

    def get_build_config(self) -> dict[str, Any]:
        """Return the shapes that the model has been built for, by the arguments of `call` that have them."""
        x, options = self._require_inputs().arranged(self._sample_shapes)
        shapes = {f"{name}_shape": with_batch(part) for name, part in options.items()}
        return {"input_shape": with_batch(x), **shapes}

    def build_from_config(self, config: Mapping[str, Any]) -> None:
        """Build for the shapes that `get_build_config` of an equal model has returned."""
        shapes = {name.removesuffix("_shape"): checked_shapes(shape) for name, shape in config.items()}
        build_once(self, shapes.pop("input"), as_specs(shapes))

    def _after_build(self, input_shape: Any, **_: Any) -> None:
        """Finish building where a subclass has made layers and weights in a `build` of its own."""
        if self._built_shapes is None and not self._builds_running and is_overridden(self, "build"):
            x, options = spread(self, checked_shapes(input_shape))
            self._build(x, as_specs(options))

    def _build_once(self, input_shape: Any, options: dict[str, Any] | None = None) -> None:
        """Build for an input of this shape; where the model is built, check that it fits."""
        build_once(self, input_shape, options or {})

    @property
    def _input_sample_shape(self) -> Shape | None:
        """Sample shape of the input, if there is one input and the model is built."""
        shapes = self._built_shapes
        return shapes[0] if shapes is not None and len(shapes) == 1 else None

    @_input_sample_shape.setter
    def _input_sample_shape(self, value: Shape | None) -> None:
        """Ignore the attribute that layers set."""

    def _build(self, input_shape: Any, options: dict[str, Any]) -> None:
        """Make the weights for inputs of these shapes, called once."""
        build_written(self, input_shape, options)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output, or a structure of shapes, for that of the inputs."""
        if self._graph is None:
            x, options = spread(self, input_shape)
            return custom_layer.computed_output_shape(self, x, as_specs(options))
        shapes = self._graph.compute_output_shapes(self._order_inputs(input_shape))
        return self._outputs.packed(shapes if len(shapes) > 1 else shapes[0])

    def _emit(self, plan: Plan, x: Any, **options: Any) -> Any:
        """Append the steps of all layers."""
        if self._graph is None:
            return custom_layer.emit(self, plan, x, options)
        return self._one_or_list(self._graph.emit(plan, self._order_inputs(x)))

    def _append_steps(self, plan: Plan, x: Any, training: bool | None = None, **options: Any) -> Any:
        """Append the steps of all layers; the last ones say what the masks of the outputs are."""
        x = with_masks(plan, x, options.pop("mask", None))
        self._build_once(tensor_shapes(x), value_specs(options))
        with acting(plan, training):
            return self._emit(plan, x, **options)

    def _order_inputs(self, x: Any) -> list[Any]:
        """Return what the model is called on as a list, in the order of the inputs."""
        return self._require_inputs().flat(x)

    # ---- inputs -------------------------------------------------------------------------------------

    def _accepted_shape(self, i: int) -> Shape:
        """Return the sample shape that input i must have, None in dimensions that only the layers check.

        A model that has been given the shape of its input takes no other; one that was built on data takes
        what its layers do, as long as there are as many dimensions.
        """
        return self._sample_shapes[i]

    def _output_sample_shapes(self, sample_shapes: SampleShapes) -> list[tuple[int, ...]]:
        """Return the sample shapes of the outputs, for inputs perhaps of other lengths than the model's."""
        return output_sample_shapes(self, sample_shapes)

    def _validate_inputs(self, x: Any, name: str = "x") -> list[NDArray[np.floating]]:
        """Convert inputs to arrays for the plans, or raise an error; the model is built if need be."""
        self._build_for(x)
        return validated_inputs(self, x, name)

    def _check_input(self, x: NDArray[np.floating], name: str) -> None:
        """Raise an error for inputs that the first layers cannot take."""
        if self._graph is not None:
            for node in self._graph.nodes:
                if node.x is self._graph.inputs[0]:
                    node.layer._check_input(x, name)

    def _split_inputs(self, x: Any) -> list[Any]:
        """Return the inputs in their order."""
        return self._require_inputs().split(x, [len(shape) for shape in self._sample_shapes])

    def _build_for(self, x: Any, others: Mapping[str, Any] | None = None) -> None:
        """Build the model for data, if it has not been built."""
        build_for_data(self, x, others)

    # ---- weights ------------------------------------------------------------------------------------

    def set_weights(self, weights: list[ArrayLike]) -> None:
        """Set all weights, in the order of `get_weights`.

        Raises
        ------
        ValueError
            If number or shapes differ, or the model has not been built; then no weight has changed.
        """
        if not self.weights:
            self._refuse_unbuilt()
        super().set_weights(weights)

    def _refuse_unbuilt(self) -> None:
        """Raise a `ValueError` if it is not known what the inputs are."""
        if self._built_shapes is None:
            raise ValueError(
                f"model {self.name!r} has not been built: call it on data, or build(input_shape)"
            )

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
            Ignored; kept for Keras compatibility.
        """
        lines = summary_lines(self, line_length or 80, show_trainable, expand_nested, layer_range)
        text = "\n".join(lines)
        if print_fn is None:
            print_text(text)
        else:
            print_fn(text)

    # ---- compile ------------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Choose how to train.

        Parameters
        ----------
        optimizer : str or Optimizer, default "rmsprop"
            What changes the weights after each batch.
        loss : str, Loss or function of (y_true, y_pred), or a list or dict of them
            Training is on its `reduction` of each batch; an epoch reports the mean over batches, weighted by
            their rows. For several outputs: one for each in their order, or by the outputs' names, where one
            that is None or not named is not trained; or one for all. A list in such a place adds up. There
            need not be any where layers add losses or penalties, or a `train_step` or `compute_loss` of the
            model's own makes one.
        loss_weights : list or dict of float, optional
            What the losses of several outputs are multiplied by in that of the model; 1 by default.
        metrics, weighted_metrics : list of str, Metric or function of (y_true, y_pred), optional
            Reported beside the loss, on the labels that it takes, class numbers or labels like the outputs;
            the latter count samples by their weights. A name that is taken gets a number, "mae_1", or for
            a weighted metric ``"weighted_"`` before it. For several outputs: a list for each, or a dict.
        run_eagerly, steps_per_execution, jit_compile, auto_scale_loss
            Ignored; kept for Keras compatibility: a plan is always compiled.

        Raises
        ------
        ValueError
            If a name is unknown.

        Examples
        --------
        >>> import fastnn
        >>> model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(1, "sigmoid", name="odds")])
        >>> model.compile("adam", "binary_crossentropy", metrics=["accuracy", fastnn.metrics.AUC()])
        >>> model.metrics_names
        ['loss', 'accuracy', 'auc']
        """
        from .. import losses
        from ..training.compile_spec import CompileSpec, map_structure

        spec = CompileSpec.of(self, optimizer, loss, loss_weights, metrics, weighted_metrics)
        self._resolved(spec)  # raises what is wrong
        spec.optimizer._compile_for(self)
        self._compile_spec, self._objective = spec, None
        self.optimizer, self.loss = spec.optimizer, map_structure(losses.get, loss)
        self._fast_training = self._fast_evaluation = None
        if self._plans is not None:
            self._plans.clear_compiled()

    def _resolved(self, spec: CompileSpec) -> Objective:
        """Return what a spec means for the outputs, as far as these are known before the model is built."""
        places = self._outputs.places(self._names_of_outputs(spec))
        if self._built_shapes is None:
            return spec.objective(self, places, None)
        return spec.objective(self, places, [tuple(part[1:]) for part in shape_leaves(self.output_shape)])

    def _require_spec(self) -> CompileSpec:
        spec = self._compile_spec
        if spec is None:
            raise ValueError(WITHOUT_LOSS)
        return spec

    def _require_objective(self) -> Objective:
        """Return what the outputs are trained for; it stays the same once the model is built."""
        if self._objective is not None and self._objective.is_current():
            return self._objective
        spec = self._require_spec()
        objective = self._resolved(spec)
        if self.built:
            self._objective = objective
        return objective

    @property
    def compiled(self) -> bool:
        """Whether `compile` has been called."""
        return self._compile_spec is not None

    @property
    def metrics(self) -> list[Metric]:
        """The metrics beside the loss, as names have been resolved for this model's output.

        Of a model with steps in Python they begin with the mean loss, and end with the metrics in attributes.
        """
        reported = [reported.metric.given for reported in self._require_objective().metrics]
        if not self._runs_in_python:
            return reported
        found = [self._loss_tracker, *reported, *(m for m in vars(self).copy().values() if _is_metric(m))]
        return list({id(metric): metric for metric in found}.values())

    @property
    def metrics_names(self) -> list[str]:
        """The keys of what `evaluate` returns."""
        return list(self.get_metrics_result()) if self._runs_in_python else self._require_objective().keys

    # ---- plans --------------------------------------------------------------------------------------

    def _counted_runs(self) -> NDArray[np.int64]:
        """Return how many runs of each kind there have been, in the array that plans update."""
        if self._run_counts is None:
            self._run_counts = np.zeros(len(RUN_KINDS), np.int64)
        return self._run_counts

    @property
    def _acts_by_default(self) -> bool:
        """Whether a layer acts in calls that do not say whether they are training."""
        plans = self._plans
        if plans is None:
            return super()._acts_by_default
        if plans.acts_by_default is None:
            plans.acts_by_default = super()._acts_by_default
        return plans.acts_by_default

    def _plan_cache(self) -> PlanCache:
        plans = self._plans
        return self._make_plan_cache() if plans is None else plans

    def _make_plan_cache(self) -> PlanCache:
        self._refuse_unbuilt()
        with making():
            if self._plans is None:  # not made by another thread in the meantime
                emit = partial(_emit_call, ref(self)) if self._graph is None else self._graph.emit
                may_lack = [shape[-1:] == (1,) for shape in self._sample_shapes]
                self._plans = PlanCache(
                    emit, self.dtype, self._counted_runs(), self._claim, may_lack, self._require_inputs().keys
                )
                note_planned(self)
            return self._plans

    def _plans_depend_on(self, name: str) -> bool:
        """Return whether plans may depend on an attribute: those of a graph depend on its layers alone."""
        return self._graph is None and super()._plans_depend_on(name)

    def _forget_own_plans(self) -> None:
        """Let plans be made again when they are needed."""
        self._plans = self._fast_inference = self._fast_training = self._fast_evaluation = None

    def _drop_plans(self) -> None:
        """Make plans again when they are needed, also those of a running `fit`, since a part has changed."""
        self._output_shapes_of = {}
        self._forget_own_plans()
        if self._progress is not None:
            self._progress.batches.forget_plan()

    # ---- training -----------------------------------------------------------------------------------

    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Iterable[int] = 1,
    ) -> History:
        """Train for a number of epochs.

        Parameters
        ----------
        x : array_like, list or dict of them, or data set
            (rows, ...) for each input: in their order, or by their names. Or batches (x, y) or (x, y,
            sample_weight): a generator or another iterator, a `utils.PyDataset`, or what can be walked
            through again and again, such as a `DataLoader` of torch.
        y : array_like, or list or dict of them
            Labels of each output: like the outputs, or class numbers where the loss is sparse. None beside a
            data set, or where no output has a loss.
        batch_size : int, default 32
            Rows of one step; the last step of an epoch takes what is left. A data set has its own.
        epochs : int, default 1
            The epoch to end before; with `initial_epoch` not how many to train.
        verbose : {"auto", 0, 1, 2}, default "auto"
            Silent, a progress bar per epoch, or a line per epoch.
        callbacks : list of Callback, optional
            Called at the beginning and end of training, epochs and batches.
        validation_split : float, default 0.0
            Share of the rows, the last ones before shuffling, that is evaluated and not trained on.
        validation_data : tuple or data set, optional
            (x, y) or (x, y, sample_weight) to evaluate after each epoch, or batches of that. An iterator goes
            on with the next evaluation.
        shuffle : bool, default True
            Whether each epoch takes the rows, or the batches of a `PyDataset`, in a new order. Data sets with
            an order of their own, such as `utils.NpyDataset`, keep it.
        class_weight : dict, optional
            From class number to a factor of the losses of its rows in training, not in validation; where
            there are sample weights too, their product counts.
        sample_weight : array_like, or list or dict of them, optional
            A factor for the loss of each row, (rows,), or of each step of a sequence, (rows, steps): one for
            all outputs, or for each. None beside a data set.
        initial_epoch : int, default 0
            The epoch to start at.
        steps_per_epoch : int, optional
            At most so many batches an epoch, by default all; the next epoch goes on where one has stopped,
            and ends with the data. An iterator without end needs it; where it ends, so does the training,
            with a warning if there were more epochs to come.
        validation_steps : int, optional
            At most so many batches; by default all.
        validation_batch_size : int, optional
            `batch_size` of the evaluation, by default that of training; see `evaluate`.
        validation_freq : int or list of int, default 1
            Evaluate after every so many epochs, or after these, of which the first is 1.

        Returns
        -------
        History
            Its `history` holds a list per loss and metric, one number per epoch.

        Raises
        ------
        ValueError, TypeError
            If an argument is not as expected; the message names it.
        RuntimeError
            If the model is being trained already, by another thread or around this callback.

        Examples
        --------
        >>> import numpy as np
        >>> import fastnn
        >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> x = np.random.default_rng(0).random((100, 2))
        >>> history = model.fit(x, x.sum(axis=1), epochs=20, validation_split=0.2, verbose=0)
        >>> history.history["loss"][-1] < history.history["loss"][0]
        True
        """
        return fit(
            self, x, y, batch_size, epochs, verbose, callbacks, validation_split, validation_data, shuffle,
            class_weight, sample_weight, initial_epoch, steps_per_epoch, validation_steps,
            validation_batch_size, validation_freq,
        )  # fmt: skip

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> float | list[float] | dict[str, float]:
        """Do one training step on these rows.

        Parameters
        ----------
        x, y, sample_weight, class_weight
            See `fit`.
        return_dict : bool, default False
            Whether to return a dict rather than a number or a list.

        Returns
        -------
        float, list of float or dict
            Loss and metrics of these rows, before the step.
        """
        plan = self._fast_training
        if plan is None or not (
            self._run_by_last_plan(plan, x, y, sample_weight)
            if class_weight is None
            else run_with_class_weights(self, plan, x, y, sample_weight, class_weight)
        ):
            plan = train_once(self, x, y, sample_weight, class_weight)
            self._fast_training = None if self._runs_in_python else plan
        return results_of(plan, return_dict)

    def _run_by_last_plan(self, plan: Plan, x: Any, y: Any, sample_weight: Any) -> bool:
        """Do one step by the plan used last, and return whether the batch was such that it could."""
        try:
            return plan.run_on(x, y, sample_weight) == -1
        except ValueError:  # of a value: validation says in which of the inputs
            self._validate_inputs(x)
            raise

    # ---- evaluation ---------------------------------------------------------------------------------

    def evaluate(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> float | list[float] | dict[str, float]:
        """Compute loss and metrics on a data set.

        Parameters
        ----------
        x, y, sample_weight, verbose, callbacks
            See `fit`.
        batch_size : int, optional
            Rows of one batch: 32 by default. Results do not depend on it, except where the loss of a batch
            is no mean over its rows: with another `reduction`, with `ignore_class` or with a mask.
        steps : int, optional
            At most so many batches.
        return_dict : bool, default False
            Whether to return a dict rather than a number or a list.

        Returns
        -------
        float, list of float or dict
            The loss; with metrics a list that starts with it. Of no rows all are 0, where Keras returns an
            empty list; `fit` and `test_on_batch` refuse them.
        """
        results = evaluate(self, x, y, batch_size, verbose, sample_weight, steps, callbacks)
        return reported(results, return_dict)

    def test_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        return_dict: bool = False,
    ) -> float | list[float] | dict[str, float]:
        """Compute loss and metrics on these rows as one batch."""
        thread = get_ident()
        owner, plan = self._fast_evaluation or (0, None)
        if plan is None or owner != thread or not self._run_by_last_plan(plan, x, y, sample_weight):
            plan = evaluate_once(self, x, y, sample_weight)
            self._fast_evaluation = None if self._runs_in_python else (thread, plan)
        return results_of(plan, return_dict)

    # ---- prediction ---------------------------------------------------------------------------------

    def __call__(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """Return the output for all rows of the inputs.

        Parameters
        ----------
        x : array_like, or list, tuple or dict of them, nested at will
            (rows, ...) for each input; or tensors of `fastnn.autograd`; or symbolic tensors, for a larger
            model. A `call` of one's own that requires several arguments also takes a list or dict of them.
        training : bool, optional
            Whether `Dropout` and its like act: by default only layers of augmentation do, as in Keras; in
            `predict` they do not.
        *args, **kwargs
            See `Layer.__call__`.

        Returns
        -------
        ndarray or Tensor, or list, tuple or dict of them
            (rows, ...) of the model's dtype; zero rows give zero rows. A `Tensor` of tensors, and in
            training outside of `no_grad`, so that `backward` of what is computed from it reaches the weights.
        """
        if not training and not kwargs and len(args) == 1 and (not _masks or masks_of(args[0]) is None):
            y = self._predict_by_last_plan(args[0])
            if y is not None:
                return y
        given = kwargs if training is None else kwargs | {"training": training}
        return call_model(self, args, given)

    def _sample(self, x: Any) -> Any:
        """Return the output for arrays with `Dropout` and its like acting; no weight changes."""
        return self._apply(x, stochastic=True)

    def _predict(self, x: Any) -> Any:
        """Return the output for arrays, by the plan used last where it fits."""
        y = self._predict_by_last_plan(x)
        return self._apply(x) if y is None else y

    def _predict_by_last_plan(self, x: Any) -> Any:
        """Return the output by the plan used last, or None if x needs validation or another plan."""
        plan = self._fast_inference
        if plan is None:
            return None
        try:
            y = plan.predict(x)
            if y is None and type(x) is np.ndarray:  # perhaps of a length that there has been before
                other = self._plan_cache().kept_inference((x.shape[1:],))
                if other is not None and other is not plan:
                    self._fast_inference = plan = other
                    y = plan.predict(x)
        except ValueError:  # of a value: validation says in which of the inputs
            self._validate_inputs(x)
            raise
        plain = y is None or (self._outputs.whole is None and not plan.masked_outputs)
        return y if plain else self._pack_outputs(y, plan)

    def _apply(self, x: Any, stochastic: bool | None = False) -> Any:
        """Return the output for inputs that have to be converted, or are the first of their shapes.

        Parameters
        ----------
        x : array_like, or structure of them
        stochastic : bool, default False
            Whether `Dropout` and its like act; None for those that do unless told otherwise.
        """
        arrays = self._validate_inputs(x)
        plan = inference_plan(self._plan_cache(), arrays, stochastic)
        if stochastic is False and not self._acts_by_default:
            self._fast_inference = plan
        y = plan.predict(arrays)
        assert y is not None
        return self._pack_outputs(y, plan)

    @property
    def _result_dtype(self) -> str | None:  # type: ignore[override]
        """That of the output, if there is one."""
        dtypes = self._outputs.dtypes
        return dtypes[0] if len(dtypes) == 1 else None

    def _pack_outputs(self, y: Any, plan: Plan | None = None) -> Any:
        """Return outputs in the lists and dicts in which the model was given them, with masks from a run."""
        if plan is not None and plan.masked_outputs:
            y = keep_masks(y, plan.masked_outputs)
        if self._converts:
            y = converted(y, self._outputs.dtypes)
        return self._outputs.packed(y)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Return the output for all rows of `x`, as calling the model does.

        Parameters
        ----------
        x : array_like, list or dict of them, or data set
            (rows, ...) for each input; or batches, of which labels and weights are passed over: see `fit`.
        batch_size : int, optional
            Rows of one batch, for `steps` and `callbacks`; results do not depend on it.
        verbose
            Ignored; kept for Keras compatibility: a prediction is done before a bar could be drawn.
        callbacks : list of Callback, optional
            Called around batches of 32 rows or as many as `batch_size` says.
        steps : int, optional
            At most so many batches.

        Returns
        -------
        ndarray, or list or dict of ndarray
            Predictions, a row for each sample.
        """
        plain = steps is None and callbacks is None and not self._predicts_in_python and self._ranks is ALONE
        if plain and batch_size is not None:
            whole_number(batch_size, "batch_size", 1)
            plan = self._fast_inference
            plain = plan is not None and not (plan.whole or plan.runs_python)
        if plain and (type(x) is np.ndarray or not (is_dataset(x) or is_sparse(x))):
            return self._predict(x)
        return predict(self, x, batch_size, steps, callbacks)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the output for all rows of `x`."""
        return self._predict(x)

    def profile(self, x: Any, y: Any = None, training: bool = False) -> Profile:
        """Time each step of a prediction, or of a training step, on these samples.

        The weights and states of the model, its layers and its optimizer are what they were before.

        Parameters
        ----------
        x : array_like, or list or dict of them
            (samples, ...) for each input: all of them are one batch.
        y : array_like, or list or dict of them, optional
            Labels of a training step; zeros by default, since times do not depend on them.
        training : bool, default False
            Whether to time a training step, forward, backward and the update of the weights; the model has to
            be compiled.

        Returns
        -------
        Profile
            A table that prints itself, also in notebooks. Its `rows` have for each step the seconds, GFLOP/s
            and GB/s, and the shares of what the processor and its memory can do, measured at the same time;
            `as_dict()` is ready for JSON. FLOPs are those of products and convolutions, and an estimate for
            other steps. Bytes are those of all arrays that a step reads or writes, also where a cache holds
            them, so that the share of memory may pass 100 %.

        Raises
        ------
        ValueError
            If the arguments do not fit the model, or if a method of a subclass, such as `train_step`, runs in
            Python instead of the steps.

        Examples
        --------
        >>> import fastnn, numpy as np
        >>> model = fastnn.Sequential([fastnn.Input((8,)), fastnn.layers.Dense(4, "relu", name="hidden")])
        >>> table = model.profile(np.zeros((32, 8)))
        >>> [(row.layer, row.step, row.seconds > 0) for row in table.rows]
        [('hidden', 'dense', True)]
        """
        from ..training.profile import profile

        return profile(self, x, y, training)

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

    def reset_states(self) -> None:
        """Forget the states of all recurrent layers that are `stateful`."""
        for layer in flatten_parts(self):
            if getattr(layer, "stateful", False):
                layer.reset_states()

    # ---- configuration and files --------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return the configuration that `from_config` makes an equal model of.

        The calls of layers are "nodes", each after those that it reads; a tensor is ``{"node": i, "output":
        j}``, where the inputs are the first nodes. A subclass with a constructor of its own is described by
        its name, dtype, whether it trains, and the arguments of the constructor.
        """
        if self._graph is None or not takes_graph(type(self)):
            config = super().get_config() | {"dtype": self.dtype}
            return {name: value for name, value in config.items() if name != "input_shape"}
        self._freeze_parts()
        config = graph_config(self._graph, self.output, self.input)
        return {"name": self.name, "trainable": self._trainable, "frozen": frozen_parts(self)} | config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Self:
        """Make a model of what `get_config` returned; its weights are new.

        Parameters
        ----------
        config : dict
        custom_objects : dict, optional
            The program's own classes and functions that the model uses, by name.
        """
        with CustomObjectScope(custom_objects):
            if not cls._describes_layers(config):
                return super().from_config(config)
            model = cls._of_layers(config, layers_from_config(config))
            if "frozen" in config:  # a configuration written by hand may leave it out
                set_frozen_parts(model, config["frozen"])
            return model

    @classmethod
    def _describes_layers(cls, config: dict[str, Any]) -> bool:
        """Whether a configuration has layers, rather than arguments of the constructor of a subclass."""
        return "nodes" in config and takes_graph(cls)

    @classmethod
    def _of_layers(
        cls,
        config: dict[str, Any],
        made: list[Layer],
        inputs: list[SymbolicTensor] | None = None,
        call: Callable[..., Any] = Layer.__call__,
    ) -> Self:
        """Connect layers as a configuration says: those that it describes, or others in their places.

        Parameters
        ----------
        config : dict
            What `get_config` returned.
        made : list of Layer
        inputs : list of SymbolicTensor, optional
            What the model starts from, by default new inputs.
        call : callable
            What calls a layer: from the layer and the arguments of its call to the result.
        """
        starts, ends = graph_from_config(config, made, inputs, call)
        model = cls(inputs=starts, outputs=ends, name=config["name"], **own_arguments(cls, config))
        model._trainable = config["trainable"]  # as it is: the layers inside have flags of their own
        return model

    @property
    def metadata(self) -> Any:
        """What the program notes about the model, such as names of features, classes, a threshold, a version.

        None, a number, a string, or a list or dict of such values; files and copies of the model keep it, and
        ``fastnn info FILE`` shows it.

        Examples
        --------
        >>> import fastnn, io
        >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(1, "sigmoid")])
        >>> model.metadata = {"features": ["age", "income"], "threshold": 0.4}
        >>> file = io.BytesIO()
        >>> model.save(file)
        >>> _ = file.seek(0)
        >>> fastnn.saving.load_model(file).metadata["features"]
        ['age', 'income']
        """
        return self._metadata

    @metadata.setter
    def metadata(self, value: Any) -> None:
        self._metadata = checked_metadata(value)

    def save(
        self,
        filepath: Path,
        overwrite: bool = True,
        zipped: None = None,
        include_optimizer: bool = True,
    ) -> None:
        """Write the model to a file: see `fastnn.saving.save_model`.

        Parameters
        ----------
        filepath : str, path or binary file object
            Any name will do: "digits.fastnn".
        overwrite : bool, default True
            Whether to replace a file that is there.
        zipped
            Ignored; kept for Keras compatibility: a model is one file.
        include_optimizer : bool, default True
            Whether the model that is read from the file has been compiled, and can go on training.
        """
        from ..saving import save_model

        save_model(self, filepath, overwrite, zipped, include_optimizer)

    def export(
        self,
        filepath: Path,
        format: str = "onnx",
        verbose: bool | None = None,
        input_signature: None = None,
        opset_version: int | None = None,
    ) -> None:
        """Write the model as a file for other programs (extra ``onnx``).

        The sizes of the batch and of axes that may vary stay open. The file is for prediction.

        Parameters
        ----------
        filepath : str, path or binary file object
            Where to write the file.
        format : str, default "onnx"
            The only one there is.
        verbose : bool, optional
            Whether to print where the file is.
        input_signature
            Kept for Keras compatibility: inputs are those of the model.
        opset_version : int, optional
            Of ONNX's operators, by default 17, which is the oldest.

        Raises
        ------
        ValueError
            If layers have no counterpart: all of them are listed, with the reasons.
        OverflowError
            If the weights are too large for a file.
        ImportError
            Without the package onnx.
        """
        if format != "onnx":
            raise ValueError(f"format: expected 'onnx', got {format!r}")
        refuse(input_signature=input_signature)
        from ..interop.onnx import export

        export(self, filepath, opset_version)
        if verbose:
            print(f"Saved artifact at {str(filepath)!r}.")

    def save_weights(self, filepath: Path, overwrite: bool = True, max_shard_size: None = None) -> None:
        """Write the weights to a file: see `fastnn.saving.save_weights`.

        Parameters
        ----------
        filepath : str, path or binary file object
            Its ending may choose a format of Keras: "x.weights.h5".
        overwrite : bool, default True
            Whether to replace a file that is there.
        max_shard_size
            Ignored; kept for Keras compatibility: a model is one file.
        """
        from ..saving import save_weights

        save_weights(self, filepath, overwrite)

    def load_weights(self, filepath: Path, skip_mismatch: bool = False, by_name: bool = False) -> LoadReport:
        """Set the weights to those of a file: see `fastnn.saving.load_weights`.

        Parameters
        ----------
        filepath : str, path or binary file object
            A file of weights, or of a model, of which only weights are read.
        skip_mismatch : bool, default False
            Whether to set what fits and warn of the rest, rather than to set nothing and raise an error.
        by_name : bool, default False
            Whether to go by the names of all layers, and leave out what only the file or only the model has.

        Returns
        -------
        LoadReport
            What has been set and what has not.
        """
        from ..saving import load_weights

        return load_weights(self, filepath, skip_mismatch, by_name)

    def to_json(self, **kwargs: Any) -> str:
        """Return the configuration as JSON: see `fastnn.saving.to_json`.

        Parameters
        ----------
        **kwargs
            See `json.dumps`.
        """
        from ..saving import to_json

        return to_json(self, **kwargs)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r} layers={len(self.layers)} built={self.built}>"


def _is_metric(value: Any) -> bool:
    from ..metrics import Metric

    return isinstance(value, Metric)


def _unwrapped(structure: Any) -> Any:
    """Return the tensor in a list of one, as Keras does."""
    return structure[0] if isinstance(structure, (list, tuple)) and len(structure) == 1 else structure


def _emit_call(model: ReferenceType[Model], plan: Plan, inputs: list[Any]) -> list[Any]:
    """Append the steps of a model that is written as `call`."""
    layer = model()
    assert layer is not None
    x, options = layer._arranged(inputs)
    return list(leaves(custom_layer.emit(layer, plan, x, options)))
