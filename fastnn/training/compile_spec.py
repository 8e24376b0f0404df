"""What a model is trained for: optimizer, losses and metrics of its outputs, as `compile` says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import losses, metrics, optimizers
from ..checks import real_number
from ..kernels.ops import fan_out
from ..kernels.ops.loss_metric import emit_loss, emit_metric
from ..metrics.lookup import resolve

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan

Weighted = tuple[tuple[int, ...] | None, ...]  # for each output the shape of a row's weights, if it has some


# What Keras' models may override, and these cannot.
HOOKS = ("train_step", "test_step", "predict_step", "compute_loss")


class Goal(NamedTuple):
    """What an output is trained for.

    Attributes
    ----------
    name : str
        Of the output.
    loss : Loss or None
    factor : float
        Of its loss in that of the model.
    metrics, weighted_metrics : list
        As `compile` got them.
    """

    name: str
    loss: losses.Loss | None
    factor: float
    metrics: list[Any]
    weighted_metrics: list[Any]


class Reported(NamedTuple):
    """A metric beside the loss: its key in logs, whose output it is of, whether samples count by weight."""

    key: str
    output: int
    metric: metrics.Metric
    weighted: bool


class Compiled(ABC):
    """What models inherit: `compile`, and what follows from it."""

    optimizer: optimizers.Optimizer | None = None
    loss: Any = None
    _compiled: tuple[Any, ...] = (None, None, None, None)  # losses, their weights, both kinds of metrics
    _masked = False  # whether a mask leaves steps out, so that the loss of a batch is no mean over its rows

    # What a model provides.

    @property
    @abstractmethod
    def output_shape(self) -> Any:
        """Shapes of the outputs, None for the batch; a `ValueError` where they are not known yet."""

    @property
    @abstractmethod
    def output_names(self) -> list[str]:
        """What outputs are called."""

    @abstractmethod
    def _forget_plans(self) -> None:
        """Compile anew at the next run."""

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
        loss : str, Loss or function of (y_true, y_pred), or a list or dict of them
            Training is on its `reduction` of each batch; an epoch reports the mean over batches, weighted by
            their rows. For several outputs: one for each in their order, or by the outputs' names, where one
            that is None or not named is not trained; or one for all.
        loss_weights : list or dict of float, optional
            What the losses of several outputs are multiplied by in that of the model; 1 by default.
        metrics, weighted_metrics : list of str, Metric or function of (y_true, y_pred), optional
            Reported beside the loss, on the labels that it takes, class numbers or labels like the outputs;
            the latter count samples by their weights. A name that is taken gets a number, "mae_1", or for
            a weighted metric "weighted_" before it. For several outputs: a list for each, or a dict by name.
        run_eagerly, steps_per_execution, jit_compile, auto_scale_loss
            Accepted for Keras' sake: a plan is always compiled.

        Raises
        ------
        ValueError
            If a name is unknown.
        TypeError
            If a subclass defines a step of its own, such as `train_step`.

        Examples
        --------
        >>> import fastnn
        >>> model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(1, "sigmoid", name="odds")])
        >>> model.compile("adam", "binary_crossentropy", metrics=["accuracy", fastnn.metrics.AUC()])
        >>> model.metrics_names
        ['loss', 'accuracy', 'auc']
        """
        for hook in HOOKS:
            if hasattr(self, hook):
                raise TypeError(
                    f"{hook}: a step is a call into C, which does not come by {type(self).__name__}.{hook}; "
                    "write the loop by hand, see the guide"
                )
        chosen = optimizers.get(optimizer)
        given = (loss, loss_weights, metrics, weighted_metrics)
        goal = leaves_mapped(_loss, loss)
        if goal is None:
            for name, value in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
                if value:
                    raise ValueError(f"loss: {name} need a loss to be compiled with, got {value!r:.80}")
        before = self.optimizer, self.loss, self._compiled
        self.loss, self._compiled = goal, (goal, *given[1:])
        try:
            for output in self._goals():
                for entry in (*output.metrics, *output.weighted_metrics):
                    if output.loss is None:
                        raise ValueError(
                            f"loss: the metrics of {output.name!r} need a loss to be compiled with"
                        )
                    resolve(entry, output.loss.score, 1)
            chosen.serve(self)
        except Exception:
            self.optimizer, self.loss, self._compiled = before
            raise
        self.optimizer = chosen
        self._forget_plans()

    def _goals(self) -> list[Goal]:
        """Return what each output is trained for, as `compile` said."""
        names = self.output_names
        loss, factors, *lists = self._compiled
        single = len(names) == 1
        chosen = _by_output("loss", loss, names, lambda value: [value] * len(names))
        weights = _by_output("loss_weights", factors, names, lambda value: [value] * len(names))
        entries = [
            _by_output(kind, value, names, lambda value: [value], nested=single)
            for kind, value in zip(("metrics", "weighted_metrics"), lists, strict=True)
        ]
        return [
            Goal(
                name,
                chosen[i],
                1.0 if weights[i] is None else real_number(weights[i], "loss_weights"),
                _listed(entries[0][i]),
                _listed(entries[1][i]),
            )
            for i, name in enumerate(names)
        ]

    def _reported(self) -> list[Reported]:
        """All metrics beside the losses: as given or, of several outputs, by their keys, as in Keras."""
        goals = self._require_compiled()
        rows = self._known_rows(len(goals))
        taken = Counter(["loss"])
        reported = []
        for counts in (False, True):
            for i, (goal, row) in enumerate(zip(goals, rows, strict=True)):
                for entry in goal.weighted_metrics if counts else goal.metrics:
                    assert goal.loss is not None
                    metric = resolve(entry, goal.loss.score, ((row[-1] or 2) if row else 1))
                    output = "" if len(goals) == 1 else f"{goal.name}_"
                    name = f"{output}{metric.name}"
                    if counts and taken[name]:
                        name = f"{output}weighted_{metric.name}"
                    reported.append(
                        Reported(f"{name}_{taken[name]}" if taken[name] else name, i, metric, counts)
                    )
                    taken[name] += 1
        return reported if len(goals) == 1 else sorted(reported, key=lambda one: one.key)

    def _known_rows(self, outputs: int) -> list[tuple[int | None, ...]]:
        """Return the shapes of rows of the outputs, as far as they are known before there are data."""
        try:
            shape = self.output_shape
        except ValueError:  # not built yet
            return [(2,)] * outputs
        return [row[1:] for row in (shape if isinstance(shape, list) else [shape])]

    def _loss_keys(self) -> list[str | None]:
        """Return what the loss of each output is reported as; there is none where it is the model's."""
        goals = self._require_compiled()
        if sum(goal.loss is not None for goal in goals) == 1:
            return ["loss" if goal.loss is not None else None for goal in goals]
        return [f"{goal.name}_loss" if goal.loss is not None else None for goal in goals]

    def _emit_scores(self, plan: Plan, outputs: list[Any], weighted: Weighted) -> None:
        """Append the losses and metrics of the outputs."""
        goals = self._require_compiled()
        shapes = weighted or (None,) * len(goals)
        weights = [None if shape is None else plan.sample_weight(i, shape) for i, shape in enumerate(shapes)]
        self._masked = any(y.mask is not None for y in outputs)
        targets: list[Any] = []
        first = True
        for i, (goal, y, key) in enumerate(zip(goals, outputs, self._loss_keys(), strict=True)):
            targets.append(None)
            if goal.loss is None:
                fan_out.emit(plan, y, readers=0)
                continue
            assert key is not None
            assert goal.loss.reduction is not None
            score = goal.loss.score
            targets[i] = plan.target(i, y.shape[:-1] if score.sparse else y.shape, score.sparse)
            emit_loss(plan, y, targets[i], weights[i], score, key, goal.loss.reduction, goal.factor, first)
            first = False
        for key, i, metric, counts in self._reported():
            loss = goals[i].loss
            assert loss is not None
            if metric.score.function is None and metric.score.sparse != loss.score.sparse:
                labels = "class numbers" if metric.score.sparse else "labels like the output"
                raise ValueError(f"metrics: {metric.name!r} takes {labels}, the loss {loss.name!r} does not")
            emit_metric(plan, outputs[i], targets[i], weights[i] if counts else None, metric, key)

    @property
    def metrics(self) -> list[metrics.Metric]:
        """The metrics beside the loss, as names have been resolved for this model's output."""
        return [reported.metric for reported in self._reported()]

    @property
    def metrics_names(self) -> list[str]:
        """The keys of what `evaluate` returns."""
        keys = [key for key in self._loss_keys() if key not in (None, "loss")]
        return ["loss", *map(str, keys), *(reported.key for reported in self._reported())]

    def _check_compiled(self) -> None:
        if self.optimizer is None or self.loss is None:
            raise ValueError("loss: the model has to be compiled with a loss first: model.compile(loss=...)")

    def _require_compiled(self) -> list[Goal]:
        self._check_compiled()
        return self._goals()


def leaves_mapped(function: Any, structure: Any) -> Any:
    """Return a list or dict with `function` of what it holds."""
    if isinstance(structure, (list, tuple)):
        return [function(part) for part in structure]
    if isinstance(structure, dict):
        return {key: function(part) for key, part in structure.items()}
    return function(structure)


def _loss(identifier: Any) -> losses.Loss | None:
    """Return a loss that a model can train on."""
    loss: losses.Loss | None = None if identifier is None else losses.get(identifier)
    if loss is not None and loss.reduction in (None, "none"):
        raise ValueError(f"loss: models train on one number, got reduction={loss.reduction!r}")
    return loss


def _by_output(kind: str, given: Any, names: list[str], of_one: Any, nested: bool = False) -> list[Any]:
    """Return what `compile` got for each output: by name, in their order, or one for all.

    `nested` where a list stands for one output unless it holds lists.
    """
    if given is None or (kind.endswith("metrics") and isinstance(given, (list, tuple)) and not given):
        return [None] * len(names)
    if isinstance(given, Mapping):
        unknown = set(given) - set(names)
        if unknown:
            raise ValueError(f"{kind}: expected the outputs {names} as keys, got {list(given)}")
        return [given.get(name) for name in names]
    if isinstance(given, (list, tuple)) and not (
        nested and not any(isinstance(g, (list, tuple)) for g in given)
    ):
        if len(given) != len(names):
            raise ValueError(
                f"{kind}: expected one entry for each of the outputs {names}, got {given!r:.200}"
            )
        return list(given)
    if kind.endswith("metrics") and (isinstance(given, str) or not nested):
        raise TypeError(f"{kind}: expected a list such as ['accuracy'], got {given!r}")
    made: list[Any] = of_one(given)
    return made


def _listed(entries: Any) -> list[Any]:
    """Return the metrics of one output as a list."""
    if entries is None:
        return []
    return list(entries) if isinstance(entries, (list, tuple)) else [entries]
