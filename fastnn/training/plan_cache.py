"""The plans of a model, made when they are first needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import get_ident
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..data.adapters import SampleShapes, WeightShapes
from ..data.alignment import axes_to_last
from ..graph.graph import flat_keys
from ..kernels.core import tape
from ..kernels.core.claim import Claim
from ..kernels.core.optimizer import Update
from ..kernels.core.plan import Plan
from ..kernels.ops import fan_out, transpose
from ..layers.base.emission import recorded_layers
from ..layers.base.masks import output_masks
from ..making import making
from ..variables import ParameterLayout, Variable, training_scope
from .plan_log import log_made, log_message

if TYPE_CHECKING:
    from ..kernels.core.steps import Value
    from ..models import Model
    from .compile_spec import Objective

# Samples of one piece of a prediction: enough for large products to be efficient. A plan whose arena would
# pass the limit takes fewer.
CAPACITY = 256
ARENA_BYTES = 1 << 26

# Shapes of samples that a cache keeps plans for, of each kind: those used last; and bytes that all plans but
# the last one of each kind may hold between runs.
KEPT_SHAPES = 16
KEPT_BYTES = 1 << 27

# Runs of these kinds are counted apart, so that predictions leave the random masks of training alone.
RUN_KINDS = ("inference", "stochastic", "tape", "stochastic tape", "training")

T = TypeVar("T")


def keep_recent(known: dict[SampleShapes, T], shapes: SampleShapes, found: T) -> None:
    """Keep an entry as the one used last, and drop the oldest beyond `KEPT_SHAPES`."""
    while len(known) >= KEPT_SHAPES:
        del known[next(iter(known))]
    known[shapes] = found


class PlanCache:
    """The plans of one model, by what they are for and the shapes of samples.

    Plans read weights in place and share the optimizer's state, so those of several models with the same
    layers do not disturb each other.

    Parameters
    ----------
    emit : callable
        Appends the steps of the model to a plan, from the list of its inputs to the list of its outputs.
    dtype : str
        "float32" or "float64".
    run_counts : ndarray of int64, optional
        The runs so far of each kind in `RUN_KINDS`, which determine random masks; it is updated in place.
    claim : Claim, optional
        On the model, for training steps that do without one of their caller.
    axis_may_lack : sequence of bool, optional
        For each input whether its last axis, of size 1, may be missing in arrays; by default that is taken as
        it is, and so is one too many.
    input_keys : tuple, optional
        By which a dict gives the inputs.

    Examples
    --------
    >>> from fastnn.activations import relu
    >>> plans = PlanCache(lambda plan, inputs: [relu.emit(plan, x) for x in inputs], "float32")
    >>> [step.name for step in plans.inference(((3,),)).steps]
    ['activation']
    """

    def __init__(
        self,
        emit: Callable[[Plan, list[Any]], list[Any]],
        dtype: str,
        run_counts: NDArray[np.int64] | None = None,
        claim: Claim | None = None,
        axis_may_lack: Sequence[bool] = (),
        input_keys: tuple[Any, ...] | None = None,
    ) -> None:
        self._emit, self._dtype, self._claim = emit, dtype, claim
        self._axis_may_lack, self._input_keys = axis_may_lack, input_keys
        self._run_counts = np.zeros(len(RUN_KINDS), np.int64) if run_counts is None else run_counts
        self._inference: dict[Any, dict[SampleShapes, Plan]] = {}
        self._compiled: dict[Any, dict[SampleShapes, Plan]] = {}
        self._uses = 0
        self.acts_by_default: bool | None = None  # whether layers act unless told otherwise, once known

    def clear_compiled(self) -> None:
        """Drop the plans that depend on `compile`."""
        self._compiled = {}

    # ---- inference ----------------------------------------------------------------------------------

    def inference(
        self, shapes: SampleShapes, stochastic: bool | None = False, capacity: int | None = None
    ) -> Plan:
        """Return the plan for predictions; with `stochastic`, `Dropout` and its like act.

        Parameters
        ----------
        shapes : tuple of tuple of int
            Shape of a sample of each input.
        stochastic : bool, default False
            None for those layers that act unless told otherwise, as those of augmentation do.
        capacity : int, optional
            Samples of one run that the plan has to take at least.
        """

        def make() -> Plan:
            return self._make_inference(shapes, stochastic, capacity or CAPACITY)

        return self._get(self._inference, stochastic, shapes, capacity, make)

    def kept_inference(self, shapes: SampleShapes) -> Plan | None:
        """Return the plan for predictions that there is, or None."""
        plan = self._inference.get(False, {}).get(shapes)
        if plan is not None:
            self._uses += 1
            plan.used = self._uses
        return plan

    def inference_of_all(self, shapes: SampleShapes, stochastic: bool | None, samples: int) -> Plan:
        """Return a plan that takes so many samples in one run, for models whose samples depend on each other.

        It replaces one that other threads may be running.
        """
        with making():
            plan = self._make_inference(shapes, stochastic, samples)
            self._keep(self._inference.setdefault(stochastic, {}), shapes, plan)
            return plan

    def _make_inference(self, shapes: SampleShapes, stochastic: bool | None, capacity: int) -> Plan:
        plan = self._new_plan(shapes, stochastic=bool(stochastic))
        plan.acts_by_default = stochastic is None
        self._count_runs(plan, "inference" if stochastic is False else "stochastic")
        outputs = self._emit(plan, plan.inputs)
        plan.masked_outputs, masks = output_masks(outputs)
        plan.finish(_results(plan, [*outputs, *masks]), capacity)
        return _within_limit(plan, capacity)

    # ---- what `compile` decides ---------------------------------------------------------------------

    def training(
        self,
        objective: Objective,
        shapes: SampleShapes,
        weight_shapes: WeightShapes = (),
        capacity: int | None = None,
    ) -> Plan:
        """Return the plan for training steps.

        Parameters
        ----------
        objective : Objective
        shapes : tuple of tuple of int
            Shape of a sample of each input.
        weight_shapes : tuple of (tuple of int or None), optional
            For each output the shape of the weights of a sample; none by default.
        capacity : int, optional
            Samples of a step that the plan has to take at least.
        """
        key = "training", _without_none(weight_shapes), objective.label_kinds

        def make() -> Plan:
            return self._make_training(objective, shapes, key[1], capacity or CAPACITY)

        plan = self._get(self._compiled, key, shapes, capacity, make)
        if objective.trainable and plan.layout is not objective.optimizer._update.layout:
            self._compiled.clear()  # the optimizer has been built for other variables in between
            plan = self._get(self._compiled, key, shapes, capacity, make)
        return plan

    def gradients(
        self, objective: Objective, shapes: SampleShapes, weight_shapes: WeightShapes, capacity: int
    ) -> Plan:
        """Return a plan that leaves the gradients of the trainable weights in its `gradients`."""
        key = "gradients", _without_none(weight_shapes), objective.label_kinds

        def make() -> Plan:
            layout = ParameterLayout(objective.trainable, self._dtype)
            plan = self._new_plan(shapes, training=True, layout=layout)
            plan.layer_trains = objective.snapshot.layer_trains
            self._emit_objective(plan, objective, key[1])
            plan.finish([], capacity)
            return plan

        return self._get(self._compiled, key, shapes, capacity, make)

    def evaluation(
        self,
        objective: Objective,
        shapes: SampleShapes,
        weight_shapes: WeightShapes = (),
        capacity: int | None = None,
    ) -> Plan:
        """Return this thread's plan for losses and metrics; see `training`."""
        key = "evaluation", _without_none(weight_shapes), objective.label_kinds, get_ident()

        def make() -> Plan:
            plan = self._new_plan(shapes)
            self._emit_objective(plan, objective, key[1])
            plan.finish([], capacity or CAPACITY)
            return _within_limit(plan, capacity or CAPACITY)

        return self._get(self._compiled, key, shapes, capacity, make)

    def _make_training(
        self, objective: Objective, shapes: SampleShapes, weight_shapes: WeightShapes, capacity: int
    ) -> Plan:
        from .advice import advise_on_frozen_model

        update: Update | None = None
        layout: ParameterLayout | None = ParameterLayout([], self._dtype)
        if objective.trainable:
            objective.optimizer._build(objective.trainable)
            update = objective.optimizer._update
            layout = update.layout
        else:
            advise_on_frozen_model(objective)
        plan = self._new_plan(shapes, training=True, stochastic=True, layout=layout)
        self._count_runs(plan, "training")
        plan.layer_trains = objective.snapshot.layer_trains
        self._emit_objective(plan, objective, weight_shapes)
        plan.finish([], capacity, update, self._claim)
        return plan

    def _emit_objective(self, plan: Plan, objective: Objective, weight_shapes: WeightShapes) -> None:
        """Append the penalties on weights, the layers, the losses and the metrics."""
        from .. import regularizers
        from .advice import advise

        plan.total("loss")
        for variable in objective.trainable:
            regularizers.emit(plan, variable)
        with recorded_layers() as made:
            outputs = self._emit(plan, plan.inputs)
        if plan.training:
            advise(objective, plan, outputs, made)
        emit_losses_and_metrics(plan, objective, outputs, weight_shapes)

    # ---- as an operation of a tape ------------------------------------------------------------------

    def tape(
        self,
        variables: Sequence[Variable],
        shapes: SampleShapes,
        wants: tuple[bool, ...],
        training: bool | None,
        capacity: int,
    ) -> Plan:
        """Return the plan of the model as one operation of a tape.

        Parameters
        ----------
        variables : sequence of Variable
            Those that get gradients.
        shapes : tuple of tuple of int
            Shape of a sample of each input.
        wants : tuple of bool
            Whether each input gets a gradient.
        training : bool or None
            Whether `Dropout` and its like act; None for those layers that do unless told otherwise.
        capacity : int
            Samples of a run that the plan has to take at least. Runs of a smaller plan may be waiting for
            their backward half, so that one is replaced rather than laid out anew.
        """
        with making():
            scope = training_scope()
            layer_trains = None if scope is None else scope.layer_trains
            key = "tape", training, wants, tuple(map(id, variables)), layer_trains
            plans = self._inference.setdefault(key, {})
            plan = plans.pop(shapes, None)
            if plan is None or plan.capacity < capacity:
                layout = ParameterLayout(variables, self._dtype)
                plan = self._new_plan(shapes, training=True, stochastic=bool(training), layout=layout)
                plan.acts_by_default = training is None
                self._count_runs(plan, "tape" if training is False else "stochastic tape")
                if layer_trains is not None:
                    plan.layer_trains = layer_trains
                inputs = [
                    tape.emit_input(plan, i) if wanted else plan.inputs[i] for i, wanted in enumerate(wants)
                ]
                outputs = self._emit(plan, inputs)
                plan.masked_outputs, masks = output_masks(outputs)
                for y in [*outputs, *masks]:
                    tape.emit_output(plan, y)
                plan.finish([], capacity)
            self._keep(plans, shapes, plan)
            return plan

    # ---- all of them --------------------------------------------------------------------------------

    def _new_plan(self, shapes: SampleShapes, **options: Any) -> Plan:
        plan = Plan(self._dtype, list(shapes), **options)
        plan.adjust_axes(self._axis_may_lack)
        plan.input_keys = self._input_keys
        return plan

    def _count_runs(self, plan: Plan, kind: str) -> None:
        plan.count_runs_in(self._run_counts, RUN_KINDS.index(kind))

    def _keep(self, of_kind: dict[SampleShapes, Plan], shapes: SampleShapes, plan: Plan) -> None:
        """Keep a plan as the one used last, and drop those used longest ago beyond `KEPT_BYTES`.

        Whoever runs a dropped plan goes on with it. The last one of each kind stays, so that steps that take
        turns do not make each other's plans again and again.
        """
        keep_recent(of_kind, shapes, plan)
        self._uses += 1
        plan.used = self._uses
        entries = [
            (other.used, key[0] if isinstance(key, tuple) else key, plans, kept, other.nbytes)
            for known in (self._inference, self._compiled)
            for key, plans in known.items()
            for kept, other in plans.items()
        ]
        held, seen = 0, set()
        for _, kind, plans, kept, nbytes in sorted(entries, reverse=True):
            if kind in seen:
                held += nbytes
                if held > KEPT_BYTES:
                    del plans[kept]
                    log_message("dropped a plan of %d bytes for samples of %s", nbytes, kept)
            seen.add(kind)

    def _get(
        self,
        plans: dict[Any, dict[SampleShapes, Plan]],
        key: Any,
        shapes: SampleShapes,
        capacity: int | None,
        make: Callable[[], Plan],
    ) -> Plan:
        """Return a plan that takes at least `capacity` samples a run, made if need be."""
        with making():
            of_kind = plans.setdefault(key, {})
            plan = of_kind.pop(shapes, None)
            if plan is None:
                start = perf_counter()
                plan = make()
                log_made(plan, key, shapes, perf_counter() - start)
            self._keep(of_kind, shapes, plan)
            if capacity is not None and capacity > plan.capacity:
                plan.reshape(capacity)
            return plan


def plan_of(
    model: Model, purpose: str, capacity: int | None = None, shapes: SampleShapes | None = None
) -> Plan:
    """Return a plan of a model, to look at.

    Parameters
    ----------
    model : Model
        Built, and compiled unless the plan is for predictions.
    purpose : {"inference", "training", "evaluation"}
    capacity : int, optional
        Samples of one run.
    shapes : tuple of tuple of int, optional
        Shape of a sample of each input; those that the model was built for by default.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(2, "relu")])
    >>> [step.name for step in plan_of(model, "inference").steps]
    ['dense']
    """
    found: Any = tuple(model._sample_shapes) if shapes is None else shapes
    for shape in found:
        if None in shape:
            raise ValueError(f"shapes: samples of shape {shape} may have any length; say which")
    plans = model._plan_cache()
    if purpose == "inference":
        return plans.inference(found, capacity=capacity)
    make = {"training": plans.training, "evaluation": plans.evaluation}[purpose]
    return make(model._require_objective(), found, capacity=capacity)


def emit_losses_and_metrics(
    plan: Plan, objective: Objective, outputs: list[Value], weight_shapes: WeightShapes
) -> None:
    """Append the losses and metrics of the outputs to a plan."""
    from ..kernels.core.specs import Labels, PythonSpec
    from ..kernels.ops.loss import emit_count, emit_loss
    from ..kernels.ops.metric import emit_metric

    shapes = weight_shapes or (None,) * len(outputs)
    weights = [None if shape is None else plan.sample_weight(i, shape) for i, shape in enumerate(shapes)]
    plan.masked = any(y.mask is not None for y in outputs)
    plan.labeled_outputs = len(outputs)
    plan.output_keys = flat_keys(objective.places)
    targets: list[Any] = []
    first = True
    for i, (output, y) in enumerate(zip(objective.outputs, outputs, strict=True)):
        targets.append(None)
        readers = fan_out.emit(plan, y, len(output.losses))
        if not output.losses:
            continue
        assert output.loss_key is not None
        sparse = output.labels.sparse
        axes = axes_to_last(output.axis, (0, *y.shape))
        vectors = y.shape if axes is None else tuple(y.shape[axis - 1] for axis in axes[1:])
        single = output.labels is Labels.SINGLE
        of_sample = vectors[:-1] if sparse else (*vectors[:-1], 1) if single else y.shape
        # What kind of labels a loss in Python gets depends on the batch: `data.adapters` finds out.
        written = any(isinstance(loss._spec, PythonSpec) for loss in output.losses)
        targets[i] = target = plan.target(i, of_sample, sparse, converts=not written)
        if axes is not None:
            readers = [_turned(plan, x, axes) for x in readers]
            target = target if sparse else _turned(plan, target, axes)
        parts = zip(output.losses, output.loss_weights, readers, strict=True)
        for j, (loss, factor, x) in enumerate(parts):
            assert loss.reduction is not None
            names = output.loss_key, loss.reduction
            emit_loss(plan, x, target, weights[i], loss._spec, *names, factor, first, j == 0)
            first = False
    if first:
        emit_count(plan)
    for reported in objective.metrics:
        i, metric = reported.output, reported.metric.fixed
        output = objective.outputs[i]
        sparse = metric._spec.labels.sparse
        other = sparse != output.labels.sparse or output.labels is Labels.SINGLE
        if not isinstance(metric._spec, PythonSpec) and other:
            labels = "class numbers" if sparse else "labels like the output"
            name = output.losses[0].name
            raise ValueError(f"metrics: {metric.name!r} takes {labels}, the loss {name!r} does not")
        emit_metric(
            plan, outputs[i], targets[i], weights[i] if reported.weighted else None, metric, reported.key
        )


def _turned(plan: Plan, x: Value, axes: tuple[int, ...]) -> Value:
    """Append what brings the axes of x, of which the first is that of the samples, into an order."""
    if axes[0] != 0:
        raise ValueError("axis: expected an axis of a sample, got 0, that of the samples")
    if x.mask is not None:
        raise ValueError("axis: expected -1, since the outputs have a mask of their first axes")
    return transpose.emit(plan, x, tuple(axis - 1 for axis in axes[1:]))


def _without_none(weight_shapes: WeightShapes) -> WeightShapes:
    """Return the shapes of weights, or nothing if no output has weights."""
    return () if all(shape is None for shape in weight_shapes) else weight_shapes


def _within_limit(plan: Plan, capacity: int) -> Plan:
    """Lay a plan out for fewer samples if its arena is too large."""
    if plan.arena_size > ARENA_BYTES and not plan.whole:
        plan.reshape(max(1, capacity * ARENA_BYTES // plan.arena_size))
    return plan


def _results(plan: Plan, outputs: list[Any]) -> list[Any]:
    """Return the outputs of a plan, copied where two share memory or it is not the plan's own."""
    from .. import activations

    results: list[Any] = []
    for y in outputs:
        taken = not plan.is_result(y) or any(y.root is other.root for other in results)
        results.append(activations.linear.emit(plan, y) if taken else y)
    return results
