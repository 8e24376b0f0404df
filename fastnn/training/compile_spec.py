"""What `compile` decides: the optimizer, the losses and metrics of the outputs, and which weights train.

`CompileSpec` keeps the arguments of `compile` and what was trainable at that moment; changes made afterwards
have no effect until the next `compile`. `Objective` resolves it for the outputs of a built model; plans are
made from that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .. import losses, optimizers
from ..checks import ArgumentError, real_number
from ..data.adapters import by_name
from ..graph.graph import leaves
from ..kernels.core.specs import MAX_METRICS, Labels, PythonSpec
from ..layers.base.trainable import flatten_parts
from ..metrics import Metric
from ..metrics.lookup import resolve
from ..pickling import Picklable
from .reach import weights_of_losses

if TYPE_CHECKING:
    from ..layers import Layer
    from ..variables import Variable

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class OutputSpec(Picklable):
    """What an output of a model is trained for.

    Attributes
    ----------
    name : str
    losses : tuple of Loss
        Their sum is the loss of the output; there is none where it is not trained.
    loss_weights : tuple of float
        Factors of the losses in that of the model.
    loss_key : str or None
        Name of the sum in logs; "loss" if no other output has a loss.
    """

    name: str
    losses: tuple[losses.Loss, ...]
    loss_weights: tuple[float, ...]
    loss_key: str | None

    @property
    def axis(self) -> int:
        """The axis of the outputs that vectors lie along: labels of classes lack it, and weights do."""
        found = {spec.axis for loss in self.losses if not isinstance(spec := loss._spec, PythonSpec)}
        if len(found) > 1:
            raise ValueError(f"axis: expected losses of one output with the same axis, got {sorted(found)}")
        return found.pop() if found else -1

    @property
    def labels(self) -> Labels:
        """What labels the losses take; numbers like the outputs if there are none."""
        return self.losses[0]._spec.labels if self.losses else Labels.REAL


@dataclass(frozen=True)
class FixedMetric(Picklable):
    """A metric as it was at `compile`.

    Attributes
    ----------
    given : Metric
        What the caller has, with the state of steps in Python.
    fixed : Metric
        Its copy, which later changes do not reach; the same object where Python computes the metric, which
        reads its own attributes.
    """

    given: Metric
    fixed: Metric

    @classmethod
    def of(cls, metric: Metric) -> FixedMetric:
        """Fix a metric as it is now."""
        return cls(metric, metric if isinstance(metric._plan_spec, PythonSpec) else deepcopy(metric))

    def update_state(self, y_true: Any, y_pred: Any, **options: Any) -> None:
        """Update the state with samples; see `Metric`."""
        self.fixed._state = self.given._state
        self.fixed.update_state(y_true, y_pred, **options)
        self.given._state = self.fixed._state

    def result(self) -> Any:
        """Return the result for all samples so far."""
        self.fixed._state = self.given._state
        return self.fixed.result()


@dataclass(frozen=True)
class ReportedMetric(Picklable):
    """A metric beside the loss.

    Attributes
    ----------
    key : str
        Its name in logs.
    output : int
        The output that it is of.
    metric : FixedMetric
    weighted : bool
        Whether samples count by their weights.
    """

    key: str
    output: int
    metric: FixedMetric
    weighted: bool


class TrainableSnapshot(Picklable):
    """Which layers and weights of a model were trainable at one moment.

    Of a model that was not built yet, `extend` adds what has been made when it is: weights train as their
    layers did, and layers that are made in others as these did.

    Parameters
    ----------
    model : Layer

    Attributes
    ----------
    model_trains : bool
        Whether the model itself was trainable.
    """

    def __init__(self, model: Layer) -> None:
        self.model_trains = model._trainable
        self._layers = {part: part._trainable for part in flatten_parts(model) if part is not model}
        self._variables = {variable: variable.trainable for variable in model.weights}

    def layer_trains(self, layer: Layer) -> bool:
        """Return whether a layer inside the model was trainable."""
        return bool(self._layers.get(layer, layer._trainable))

    def variables(self, model: Layer) -> list[Variable]:
        """Return the weights of the model that train, in the order of its weights; none of a frozen one."""
        if not self.model_trains:
            return []
        self.extend(model)  # for weights that only calls make, of layers that are known
        return [variable for variable in model.weights if self._variables[variable]]

    def extend(self, model: Layer) -> None:
        """Add the layers and weights that have been made since."""
        self._extend(model, self.model_trains)

    def _extend(self, part: Any, trains: bool) -> None:
        """Add what has been made in a part: layers train if they do themselves and what they are in did."""
        for inner in part._trainable_parts:  # a cell before the layer that has its weights too
            inner._freeze_parts()
            known = self._layers.setdefault(inner, trains and inner._trainable)
            self._extend(inner, known)
        for variable in part._variables:
            self._variables.setdefault(variable, variable.learns and trains)


@dataclass(frozen=True)
class Objective(Picklable):
    """What a built model is trained for.

    Attributes
    ----------
    outputs : tuple of OutputSpec
    metrics : tuple of ReportedMetric
    optimizer : Optimizer
    trainable : tuple of Variable
        The weights that training changes.
    snapshot : TrainableSnapshot
        Which layers train.
    label_kinds : tuple of (str or None)
        Names of the `Labels` that the losses of each output take.
    places : list of str, or dict of such structures
        The names of the outputs, in dicts as the outputs are.
    unused : tuple of Variable
        Those of `trainable` that lead to no loss, as far as the graph of the model says.
    """

    outputs: tuple[OutputSpec, ...]
    metrics: tuple[ReportedMetric, ...]
    optimizer: optimizers.Optimizer
    trainable: tuple[Variable, ...]
    snapshot: TrainableSnapshot
    label_kinds: tuple[str | None, ...]
    places: Any
    unused: tuple[Variable, ...] = ()

    @property
    def keys(self) -> list[str]:
        """The names of losses and metrics in logs, the loss first."""
        apart = [output.loss_key for output in self.outputs if output.loss_key not in (None, "loss")]
        return ["loss", *map(str, apart), *(reported.key for reported in self.metrics)]

    def is_current(self) -> bool:
        """Return whether the losses take the labels that they took when the metrics were resolved.

        A loss of the user's own may find out from the first labels that they are class numbers.
        """
        return self.label_kinds == label_kinds(self.outputs)


@dataclass(frozen=True)
class CompileSpec(Picklable):
    """The arguments of `compile`, and what was trainable then.

    Attributes
    ----------
    optimizer : Optimizer
    loss : Loss, None, or list or dict of them
        As they were then.
    loss_weights, metrics, weighted_metrics
        Copies of the arguments of `Model.compile`, with a `FixedMetric` for each metric.
    snapshot : TrainableSnapshot

    Examples
    --------
    >>> import fastnn
    >>> layer = fastnn.layers.Dense(1)
    >>> spec = CompileSpec.of(layer, "adam", "mse", metrics=["mae"])
    >>> spec.objective(layer, ["y"], [(1,)]).keys
    ['loss', 'mae']
    """

    optimizer: optimizers.Optimizer
    loss: Any
    loss_weights: Any
    metrics: Any
    weighted_metrics: Any
    snapshot: TrainableSnapshot = field(repr=False)

    @classmethod
    def of(
        cls,
        model: Layer,
        optimizer: Any,
        loss: Any,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
    ) -> CompileSpec:
        """Make a spec of the arguments of `Model.compile` for a model as it is now."""
        if optimizer is None:
            raise TypeError("optimizer: expected a name, a config or an instance of Optimizer, got None")
        chosen = optimizers.get(optimizer)
        found = map_structure(lambda entry: _fixed_loss(_trainable_loss(entry)), loss)
        if found is None and not getattr(model, "_runs_in_python", False):
            for name, value in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
                if value:
                    raise ValueError(f"loss: {name} need a loss to be compiled with, got {value!r:.80}")
        entries = [entry for entry in leaves([metrics, weighted_metrics]) if entry is not None]
        if len(entries) > MAX_METRICS:
            raise ValueError(f"metrics: a model may have {MAX_METRICS}, got {len(entries)}")
        return cls(
            chosen,
            found,
            _copied(loss_weights),
            map_structure(_fixed_metric, metrics),
            map_structure(_fixed_metric, weighted_metrics),
            TrainableSnapshot(model),
        )

    @property
    def keys(self) -> list[str]:
        """The names of outputs in the arguments that are dicts, if any is."""
        given = (self.loss, self.loss_weights, self.metrics, self.weighted_metrics)
        return list(
            dict.fromkeys(key for argument in given if isinstance(argument, dict) for key in argument)
        )

    def objective(self, model: Layer, places: Any, sample_shapes: Sequence[Shape] | None) -> Objective:
        """Return what the outputs of a model are trained for.

        Parameters
        ----------
        model : Layer
            The one that the spec was made for.
        places : list of str, or dict of such structures
            The names of the outputs.
        sample_shapes : list of tuple or None
            Of the outputs; None if they are not known yet, when "accuracy" may turn out to be another metric.

        Raises
        ------
        ValueError, TypeError
            If the arguments of `compile` do not fit the outputs.
        """
        names = list(leaves(places))
        single = len(names) == 1
        chosen = [_losses_of(entry) for entry in entries_by_output("loss", self.loss, places, sums=True)]
        factors = entries_by_output("loss_weights", self.loss_weights, places, sums=True)
        in_python = getattr(model, "_runs_in_python", False)
        lists = [
            [_flat(entry) for entry in metrics_by_output(kind, given, places)]
            for kind, given in (("metrics", self.metrics), ("weighted_metrics", self.weighted_metrics))
        ]
        only = sum(bool(parts) for parts in chosen) == 1
        outputs = tuple(
            OutputSpec(
                name,
                parts,
                _factors_of(factor, len(parts)),
                None if not parts else "loss" if only else f"{name}_loss",
            )
            for name, parts, factor in zip(names, chosen, factors, strict=True)
        )
        taken = Counter(["loss"])
        reported = []
        for weighted, of_outputs in zip((False, True), lists, strict=True):
            for i, (output, entries) in enumerate(zip(outputs, of_outputs, strict=True)):
                for entry in entries:
                    if not output.losses and not in_python:
                        raise ValueError(
                            f"loss: the metrics of {output.name!r} need a loss to be compiled with"
                        )
                    shape = (2,) if sample_shapes is None else sample_shapes[i]
                    labels = output.labels if output.losses else None
                    metric = _resolved(entry, labels, (shape[-1] or 2) if shape else 1)
                    prefix = "" if single else f"{output.name}_"
                    key = f"{prefix}{metric.fixed.name}"
                    if weighted and taken[key]:
                        key = f"{prefix}weighted_{metric.fixed.name}"
                    unique = f"{key}_{taken[key]}" if taken[key] else key
                    reported.append(ReportedMetric(unique, i, metric, weighted))
                    taken[key] += 1
        if not single:
            reported.sort(key=lambda one: one.key)  # as in Keras
        trainable = tuple(self.snapshot.variables(model))
        return Objective(
            outputs,
            tuple(reported),
            self.optimizer,
            trainable,
            self.snapshot,
            label_kinds(outputs),
            places,
            _unused(model, outputs, trainable),
        )


def _unused(
    model: Layer, outputs: Sequence[OutputSpec], trainable: Sequence[Variable]
) -> tuple[Variable, ...]:
    """Return the weights whose layers lead to no loss, if any of them does, and that have no penalty."""
    from ..models import Model

    if not isinstance(model, Model) or model._graph is None:
        return ()
    ends = [tensor for tensor, output in zip(model.outputs, outputs, strict=True) if output.losses]
    used = weights_of_losses(model._graph, ends)
    unused = tuple(v for v in trainable if v not in used and v.regularizer is None)
    return unused if len(unused) < len(trainable) else ()


def label_kinds(outputs: Iterable[OutputSpec]) -> tuple[str | None, ...]:
    """Return the names of the `Labels` that the losses of each output take."""
    return tuple(output.labels.name if output.losses else None for output in outputs)


def map_structure(function: Any, structure: Any) -> Any:
    """Return a list or dict with `function` of each entry."""
    if isinstance(structure, (list, tuple)):
        return [map_structure(function, part) for part in structure]
    if isinstance(structure, dict):
        return {key: map_structure(function, part) for key, part in structure.items()}
    return function(structure)


def _copied(structure: Any) -> Any:
    """Return a list or dict with the same entries."""
    return map_structure(lambda entry: entry, structure)


def _trainable_loss(identifier: Any) -> losses.Loss | None:
    """Return a loss that a model can train on."""
    loss: losses.Loss | None = None if identifier is None else losses.get(identifier)
    if loss is not None and loss.reduction in (None, "none"):
        raise ValueError(f"loss: models train on one number, got reduction={loss.reduction!r}")
    return loss


def _fixed_loss(entry: Any) -> Any:
    """Return a loss as it is now; one that Python computes is itself, since it reads its own attributes."""
    by_kernel = isinstance(entry, losses.Loss) and not isinstance(entry._spec, PythonSpec)
    return deepcopy(entry) if by_kernel else entry


def _fixed_metric(entry: Any) -> Any:
    """Return a metric or loss among the arguments of `compile` as it is now, or what else stands for one."""
    return FixedMetric.of(entry) if isinstance(entry, Metric) else _fixed_loss(entry)


def _resolved(entry: Any, labels: Labels | None, classes: int) -> FixedMetric:
    """Return the metric that an entry means for an output."""
    if isinstance(entry, FixedMetric):
        return entry
    return FixedMetric.of(resolve(_fixed_loss(entry), labels, classes))


def _losses_of(entry: Any) -> tuple[losses.Loss, ...]:
    """Return the losses of an output, one or a list of those whose sum it is trained on."""
    parts = tuple(part for part in leaves(entry) if part is not None)
    kinds = {part._spec.labels.sparse for part in parts if not isinstance(part._spec, PythonSpec)}
    if len(kinds) > 1:
        raise ValueError(
            f"loss: expected losses of one output that take the same labels, got {[p.name for p in parts]}"
        )
    return parts


def _factors_of(entry: Any, count: int) -> tuple[float, ...]:
    """Return the factors of the losses of an output, one for all or one for each."""
    given = [1.0 if factor is None else real_number(factor, "loss_weights") for factor in leaves(entry)]
    if len(given) != count and not (count and len(given) == 1):
        if count:
            each = f", or one for each of its {count} losses" if count > 1 else ""
            raise ValueError(f"loss_weights: expected one number for an output{each}, got {entry!r:.200}")
        return ()
    return tuple(given * count if len(given) == 1 else given)


def entries_by_output(kind: str, given: Any, places: Any, sums: bool = False) -> list[Any]:
    """Return the entry of each output: by name, in their order, or one for all.

    Where an output may have several entries (`sums`), a list for the only output has those of it. A list that
    is nested as outputs may be has an entry for each of them.
    """
    given, names = by_name(given, places, kind), list(leaves(places))
    if isinstance(given, Mapping):
        unknown = set(given) - set(names)
        if unknown:
            raise ValueError(f"{kind}: expected the outputs {names} as keys, got {list(given)}")
        return [given.get(name) for name in names]
    if isinstance(given, (list, tuple)):
        if sums and len(names) == 1:
            return [given]
        if len(given) != len(names):
            given = list(leaves(given))
        if len(given) != len(names):
            raise ValueError(
                f"{kind}: expected one entry for each of the outputs {names}, got {given!r:.200}"
            )
        return list(given)
    return [given] * len(names)


def metrics_by_output(kind: str, given: Any, places: Any) -> list[Any]:
    """Return the metrics of each output; a flat list is that of the only output."""
    names = list(leaves(places))
    if given is None or (isinstance(given, (list, tuple)) and not given):
        return [None] * len(names)
    single = len(names) == 1
    if isinstance(given, str) or not (isinstance(given, (list, tuple, Mapping)) or single):
        raise ArgumentError(f"{kind}: expected a list such as ['accuracy'], got {given!r}")
    flat = not isinstance(given, Mapping) and not (
        isinstance(given, (list, tuple)) and any(isinstance(entry, (list, tuple)) for entry in given)
    )
    return [given] if single and flat else entries_by_output(kind, given, places)


def _flat(entries: Any) -> list[Any]:
    """Return the metrics of one output, in lists at will, as a list."""
    if isinstance(entries, (list, tuple)):
        return [
            entry
            for part in entries
            for entry in (_flat(part) if isinstance(part, (list, tuple)) else [part])
        ]
    return [] if entries is None else [entries]
