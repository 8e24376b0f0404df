"""The epoch loop: `compile`, `fit`, `evaluate`, `predict` and their forms for one batch.

A batch is one call into a plan, without the GIL; Python wakes between batches for callbacks only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import losses, metrics, optimizers
from .checks import real_number, whole_number
from .gate import as_real, is_several
from .kernels.score import check_labels, emit_loss, emit_metric
from .losses import as_labels
from .metrics import resolve
from .scoring import adopt_labels
from .utils.random import next_seed

if TYPE_CHECKING:
    from .callbacks import CallbackList, History
    from .kernels.plan import Plan
    from .kernels.score import Score

BATCH = 32
Weighted = bool | tuple[int, ...]


@dataclass(frozen=True)
class Data:
    """A data set in the form of the plans.

    Attributes
    ----------
    x : list of ndarray
        Of each input.
    y : list of ndarray or None
        Labels of each output; None where it has no loss.
    weights : list of ndarray or None
        Of the rows, or of the steps of each, for each output.
    """

    x: list[NDArray[Any]]
    y: list[NDArray[Any] | None]
    weights: list[NDArray[Any] | None]

    def __len__(self) -> int:
        return len(self.x[0])

    @property
    def rows(self) -> tuple[tuple[int, ...], ...]:
        """Shape of a row of each input."""
        return tuple(array.shape[1:] for array in self.x)

    @property
    def weighted(self) -> tuple[Weighted, ...]:
        """Whether each output has weights, of rows or of the parts of a row that have this shape."""
        return tuple(False if weights is None else weights.shape[1:] or True for weights in self.weights)

    def part(self, start: int, end: int) -> Data:
        """Return some of the rows."""
        parts = ([None if a is None else a[start:end] for a in arrays] for arrays in self.arrays)
        return Data(*parts)  # type: ignore[arg-type]

    @property
    def arrays(self) -> tuple[list[Any], list[Any], list[Any]]:
        """What plans are bound to."""
        return self.x, self.y, self.weights


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


class Totals(Mapping[str, Any]):
    """Losses and metrics of the rows run since the totals were cleared, computed when they are read.

    Parameters
    ----------
    plan : Plan
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def __getitem__(self, name: str) -> Any:
        return self._plan.read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._plan.totals)

    def __len__(self) -> int:
        return len(self._plan.totals)


def batch_of(batch_size: Any, rows: int) -> int:
    """Return the batch size for so many rows: Keras' 32 by default, and no more than there are."""
    size = BATCH if batch_size is None else whole_number(batch_size, "batch_size", 1)
    return max(1, min(size, rows))


def class_weights(weights: Mapping[Any, float], y: NDArray[Any], score: Score) -> NDArray[np.float64]:
    """Return a weight for each row from the weights of the classes; classes not named weigh 1."""
    if not isinstance(weights, Mapping):
        raise TypeError(f"class_weight: expected a dict from class number to weight, got {weights!r}")
    for number, weight in weights.items():
        if not isinstance(number, Real) or not float(number) >= 0 or float(number) % 1:
            raise ValueError(f"class_weight: expected class numbers as keys, got {number!r}")
        real_number(weight, "class_weight")
    if y.ndim != (1 if score.sparse else 2):
        raise ValueError(f"class_weight: expected one label per row, got labels of shape {y.shape}")
    classes = y if score.sparse else y.argmax(axis=1) if y.shape[1] > 1 else np.rint(y[:, 0]).astype(np.int64)
    present, which = np.unique(classes, return_inverse=True)
    weight_of = np.array([weights.get(int(number), 1.0) for number in present], float)
    weighted: NDArray[np.float64] = weight_of[which]
    return weighted


def run(plan: Plan, start: int, rows: int) -> None:
    """Run a plan on some of its bound rows."""
    bad = plan.run(start, rows)
    if bad >= 0:
        raise ValueError(f"y: label {bad} from row {start} on has become invalid since training began")


class Trainer(ABC):
    """What `Model` inherits: training, evaluation and prediction in Keras' terms."""

    optimizer: optimizers.Optimizer | None = None
    loss: Any = None
    _compiled: tuple[Any, ...] = (None, None, None, None)  # losses, their weights, both kinds of metrics
    stop_training = False
    _train: Plan | None = None  # the last plan that a batch without weights was trained with
    history: History | None = None

    # What a model provides.

    @property
    @abstractmethod
    def dtype(self) -> str:
        """What the model computes in."""

    @property
    @abstractmethod
    def output_shape(self) -> Any:
        """Shapes of the outputs, None for the batch; a `ValueError` where they are not known yet."""

    @property
    @abstractmethod
    def output_names(self) -> list[str]:
        """What outputs are called."""

    @abstractmethod
    def plan(
        self,
        purpose: str,
        capacity: int | None = None,
        weighted: tuple[Weighted, ...] = (),
        rows: tuple[tuple[int, ...], ...] | None = None,
    ) -> Plan:
        """Return the plan for a purpose."""

    @abstractmethod
    def forget_plans(self) -> None:
        """Compile anew at the next run."""

    @abstractmethod
    def build_for(self, x: Any) -> None:
        """Build the model for data, if it has not been built."""

    @abstractmethod
    def rows_of(self, x: Any, name: str = "x") -> list[NDArray[np.floating]]:
        """Bring inputs into the plans' form."""

    @abstractmethod
    def output_rows(self, rows: tuple[tuple[int, ...], ...]) -> list[tuple[int, ...]]:
        """Return the shapes of rows of the outputs."""

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
        loss : str or Loss, or a list or dict of them
            Training is on its `reduction` of each batch; an epoch reports the mean over batches, weighted by
            their rows. For several outputs: one for each in their order, or by the outputs' names, where one
            that is None or not named is not trained; or one for all.
        loss_weights : list or dict of float, optional
            What the losses of several outputs are multiplied by in that of the model; 1 by default.
        metrics, weighted_metrics : list of str or Metric, optional
            Reported beside the loss, on the labels that it takes, class numbers or labels like the outputs;
            the latter count samples by their weights. A name that is taken gets a number, "mae_1", or for
            a weighted metric "weighted_" before it. For several outputs: a list for each, or a dict by name.
        run_eagerly, steps_per_execution, jit_compile, auto_scale_loss
            Accepted for Keras' sake: a plan is always compiled.

        Raises
        ------
        ValueError
            If a name is unknown.
        """
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
        self.forget_plans()

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
        """All metrics beside the losses."""
        goals = self._require_compiled()
        rows = self._known_rows(len(goals))
        taken = Counter(["loss"])
        reported = []
        for counts in (False, True):
            for i, (goal, row) in enumerate(zip(goals, rows, strict=True)):
                for entry in goal.weighted_metrics if counts else goal.metrics:
                    assert goal.loss is not None
                    metric = resolve(entry, goal.loss.score, ((row[-1] or 2) if row else 1))
                    name = metric.name if len(goals) == 1 else f"{goal.name}_{metric.name}"
                    if counts and taken[name]:
                        name = f"weighted_{name}"
                    reported.append(
                        Reported(f"{name}_{taken[name]}" if taken[name] else name, i, metric, counts)
                    )
                    taken[name] += 1
        return reported

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

    def _emit_scores(self, plan: Plan, outputs: list[Any], weighted: tuple[Weighted, ...]) -> None:
        """Append the losses and metrics of the outputs."""
        goals = self._require_compiled()
        weights: list[Any] = [None] * len(goals)
        for i, of in enumerate(weighted):
            if of:
                weights[i] = plan.sample_weight(i, of if isinstance(of, tuple) else ())
        targets: list[Any] = []
        first = True
        for i, (goal, y, key) in enumerate(zip(goals, outputs, self._loss_keys(), strict=True)):
            targets.append(None)
            if goal.loss is None:
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

    def _require_compiled(self) -> list[Goal]:
        if self.optimizer is None or self.loss is None:
            raise ValueError("loss: the model has to be compiled with a loss first: model.compile(loss=...)")
        return self._goals()

    # ---- data ---------------------------------------------------------------------------------------

    def _gate(self, x: Any, y: Any, sample_weight: Any, name: str = "") -> Data:
        """Bring a data set into the plan's form, or say what is wrong with it."""
        self._require_compiled()
        self.build_for(x)
        goals = self._goals()
        if y is None:
            raise ValueError(f"{name}y: expected labels, got None")
        x = self.rows_of(x, f"{name}x")
        rows = self.output_rows(tuple(array.shape[1:] for array in x))
        labels = self._of_outputs(y, f"{name}y")
        weights = self._of_outputs(sample_weight, f"{name}sample_weight", shared=True)
        data = Data(x, [], [])
        for goal, row, label, weight in zip(goals, rows, labels, weights, strict=True):
            here = f"{name}y" if len(goals) == 1 else f"{name}y[{goal.name!r}]"
            data.y.append(None if goal.loss is None else self._labels(goal.loss, row, label, len(data), here))
            here = here.replace("y", "sample_weight", 1) if not name else f"{name}sample_weight"
            data.weights.append(None if weight is None else self._weights(weight, len(data), row, here))
        return data

    def _of_outputs(self, given: Any, name: str, shared: bool = False) -> list[Any]:
        """Return labels or weights for each output, of what a caller gives; `shared`, one may be for all."""
        names = self.output_names
        if given is None or (shared and not isinstance(given, (dict, list, tuple))):
            return [given] * len(names)
        if isinstance(given, dict):
            unknown = set(given) - set(names)
            if unknown:
                raise ValueError(f"{name}: expected the outputs {names}, got {list(given)}")
            return [given.get(key) for key in names]
        if len(names) == 1:
            return [given[0]] if is_several(given) and len(given) == 1 else [given]
        if not isinstance(given, (list, tuple)) or len(given) != len(names):
            raise ValueError(
                f"{name}: expected a list of {len(names)} arrays, or a dict, for the outputs {names}"
            )
        return list(given)

    def _labels(self, loss: losses.Loss, row: tuple[int, ...], y: Any, rows: int, name: str) -> NDArray[Any]:
        if y is None:
            raise ValueError(f"{name}: expected labels, got None")
        if adopt_labels(loss, y, row):
            self.forget_plans()
        y = as_labels(y, loss.score, row, self.dtype, name)
        if len(y) != rows:
            x = name.replace("y", "x", 1)
            raise ValueError(f"{x}, {name}: expected equal lengths, got {rows} and {len(y)}")
        check_labels(loss.score, y, row[-1] if row else 1, name)
        labels: NDArray[Any] = y
        return labels

    def _weights(self, sample_weight: Any, rows: int, row: tuple[int, ...], name: str) -> NDArray[Any]:
        weights = as_real(sample_weight, self.dtype, name)
        if weights.shape == (rows, *row[:-1], 1):
            weights = weights[..., 0]
        elif weights.ndim == 2 and weights.shape[1] == 1:
            weights = weights[:, 0]
        if weights.shape not in ((rows,), (rows, *row[:-1])):
            steps = f" or {(rows, *row[:-1])}" if len(row) > 1 else ""
            raise ValueError(f"{name}: expected shape ({rows},){steps}, got {weights.shape}")
        if not np.isfinite(weights).all():
            raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
        return np.ascontiguousarray(weights)

    def _weigh(self, data: Data, class_weight: Mapping[int, float] | None) -> Data:
        """Multiply the weights of what is trained on by those of the classes."""
        if class_weight is None:
            return data
        goals = self._goals()
        if len(goals) > 1:
            raise ValueError(f"class_weight: expected a model with one output, this one has {len(goals)}")
        assert goals[0].loss is not None
        assert data.y[0] is not None
        of_class = class_weights(class_weight, data.y[0], goals[0].loss.score)
        weights = of_class if data.weights[0] is None else data.weights[0] * of_class
        return replace(data, weights=[np.ascontiguousarray(weights, self.dtype)])

    # ---- fit ----------------------------------------------------------------------------------------

    def fit(
        self,
        x: ArrayLike,
        y: ArrayLike | None = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: tuple[Any, ...] | None = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: ArrayLike | None = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> History:
        """Train for a number of epochs.

        Parameters
        ----------
        x : array_like
            (rows, ...) inputs.
        y : array_like
            Labels: like the outputs, or class numbers where the loss is sparse.
        batch_size : int, default 32
            Rows of one step; the last step of an epoch takes what is left.
        epochs : int, default 1
            The epoch to end before; with `initial_epoch` not how many to train.
        verbose : {"auto", 0, 1, 2}, default "auto"
            Silent, a progress bar per epoch, or a line per epoch.
        callbacks : list of Callback, optional
        validation_split : float, default 0.0
            Share of the rows, the last ones before shuffling, that is evaluated and not trained on.
        validation_data : tuple, optional
            (x, y) or (x, y, sample_weight) to evaluate after each epoch.
        shuffle : bool, default True
            Whether each epoch takes the rows in a new order.
        class_weight : dict, optional
            From class number to a factor of the losses of its rows in training, not in validation; where
            there are sample weights too, their product counts.
        sample_weight : array_like, shape (rows,) or (rows, steps), optional
            A factor for the loss of each row, or where the outputs are sequences, of each step.
        initial_epoch : int, default 0
            The epoch to start at.
        steps_per_epoch : int, optional
            At most so many batches an epoch, by default all; the next epoch goes on where one has stopped,
            and ends with the data.
        validation_steps : int, optional
            At most so many batches; by default all.
        validation_batch_size : int, optional
            `batch_size` of the evaluation, by default that of training; see `evaluate`.
        validation_freq : int, default 1
            Evaluate after every so many epochs.

        Returns
        -------
        History
            Its `history` holds a list per loss and metric, one number per epoch.

        Raises
        ------
        ValueError, TypeError
            If an argument is not as expected; the message names it.
        """
        training, validation = self._split(self._gate(x, y, sample_weight), validation_split, validation_data)
        data = self._weigh(training, class_weight)
        rows = len(data)
        if not rows:
            raise ValueError("x: expected at least one row to train on, got none")
        batch = batch_of(batch_size, rows)
        initial_epoch, epochs = whole_number(initial_epoch, "initial_epoch"), whole_number(epochs, "epochs")
        batches = steps = -(-rows // batch)
        if steps_per_epoch is not None:
            steps = min(steps, whole_number(steps_per_epoch, "steps_per_epoch", 1))
        validation_freq = whole_number(validation_freq, "validation_freq", 1)
        for name, count in (
            ("validation_steps", validation_steps),
            ("validation_batch_size", validation_batch_size),
        ):
            if count is not None:
                whole_number(count, name, 1)
        done = 0  # batches of this walk through the data
        plan = self.plan("train", batch, data.weighted, data.rows)
        random = np.random.Generator(np.random.PCG64(next_seed())) if shuffle else None
        logs: dict[str, float] = {}
        heard = self._callbacks(callbacks, verbose, history=True, epochs=epochs, steps=steps)
        self.stop_training = False
        plan.bind(*data.arrays)
        try:
            heard.on_train_begin()
            for epoch in range(initial_epoch, epochs):
                plan.clear_totals()
                totals = Totals(plan)
                heard.on_epoch_begin(epoch)
                for step in range(steps):
                    if not done and random is not None:
                        plan.reorder(random.permutation(rows))
                    start = done * batch
                    heard.on_train_batch_begin(step)
                    run(plan, start, min(batch, rows - start))
                    heard.on_train_batch_end(step, totals)
                    done = (done + 1) % batches
                    if not done or self.stop_training:
                        break
                logs = dict(totals)
                if validation is not None and (epoch + 1) % validation_freq == 0:
                    size = batch_size if validation_batch_size is None else validation_batch_size
                    results = self._evaluate(validation, validation_steps, size, heard)
                    logs |= {f"val_{name}": value for name, value in results.items()}
                heard.on_epoch_end(epoch, logs)
                if self.stop_training:
                    break
        finally:
            plan.unbind()
        if self.optimizer is not None and epochs > initial_epoch:
            self.optimizer.finalize_variable_values()
        heard.on_train_end(logs)
        assert self.history is not None
        return self.history

    def _callbacks(self, callbacks: Any, verbose: str | int, history: bool, **params: Any) -> CallbackList:
        if verbose not in ("auto", 0, 1, 2):
            raise ValueError(f"verbose: expected 'auto', 0, 1 or 2, got {verbose!r}")
        from .callbacks import CallbackList

        verbose = 1 if verbose == "auto" else int(verbose)
        return CallbackList(
            callbacks,
            add_history=history,
            add_progbar=bool(verbose),
            model=self,
            verbose=verbose,
            **params,
        )

    def _split(self, data: Data, split: float, given: tuple[Any, ...] | None) -> tuple[Data, Data | None]:
        """Return what to train on and what to evaluate."""
        if given is not None:
            forms = "(x, y) or (x, y, sample_weight)"
            if not isinstance(given, (tuple, list)):
                raise TypeError(f"validation_data: expected {forms}, got {given!r:.80}")
            if len(given) not in (2, 3):
                raise ValueError(f"validation_data: expected {forms}, got {len(given)} entries")
            weights = given[2] if len(given) == 3 else None
            return data, self._gate(given[0], given[1], weights, name="validation ")
        split = real_number(split, "validation_split", 0, below=1)
        if not split:
            return data, None
        at = int(len(data) * (1 - split))
        if at == 0 or at == len(data):
            raise ValueError(
                f"validation_split: {split} of {len(data)} rows leaves none to train or none to evaluate on"
            )
        return data.part(0, at), data.part(at, len(data))

    def train_on_batch(
        self,
        x: ArrayLike,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
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
        plan = self._train
        plain = sample_weight is None and class_weight is None
        if plan is None or not plain or plan.train_on((x,), (y,)) != -1:
            data = self._weigh(self._gate(x, y, sample_weight), class_weight)
            if not len(data):
                raise ValueError("x: expected at least one row to train on, got none")
            plan = self.plan("train", len(data), data.weighted, data.rows)
            plan.bind(*data.arrays)
            try:
                plan.clear_totals()
                run(plan, 0, len(data))
            finally:
                plan.unbind()
            self._train = None if any(data.weighted) else plan
        if return_dict:
            return dict(Totals(plan))
        results: list[float] = plan.results()
        return results[0] if len(results) == 1 else results

    # ---- evaluate -----------------------------------------------------------------------------------

    def evaluate(
        self,
        x: ArrayLike,
        y: ArrayLike | None = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: ArrayLike | None = None,
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
            is no mean over its rows: with another `reduction`, or with `ignore_class`.
        steps : int, optional
            At most so many batches.
        return_dict : bool, default False
            Whether to return a dict rather than a number or a list.

        Returns
        -------
        float, list of float or dict
            The loss; with metrics a list that starts with it.
        """
        data = self._gate(x, y, sample_weight)
        heard = self._callbacks(callbacks, verbose, history=False, epochs=1, steps=1)
        results = self._evaluate(data, steps, batch_size, heard)
        return _report(results, return_dict)

    def _evaluate(
        self,
        data: Data,
        steps: int | None,
        batch_size: int | None,
        heard: CallbackList,
    ) -> dict[str, float]:
        """Run the test plan over the rows: in batches where these can be told, else in large pieces."""
        rows, batch = len(data), batch_of(batch_size, len(data))
        if steps is not None:
            rows = min(rows, whole_number(steps, "steps", 1) * batch)
        goals = self._require_compiled()
        told = heard.listens("on_test_batch_begin") or heard.listens("on_test_batch_end")
        for loss in (goal.loss for goal in goals if goal.loss is not None):
            told = told or loss.by_batch
        plan = self.plan("test", batch if told else None, data.weighted, data.rows)
        size = batch if told else plan.capacity
        totals = Totals(plan)
        plan.bind(*data.arrays)
        try:
            plan.clear_totals()
            heard.on_test_begin()
            for step, start in enumerate(range(0, rows, size)):
                heard.on_test_batch_begin(step)
                run(plan, start, min(size, rows - start))
                heard.on_test_batch_end(step, totals)
            results = dict(totals)
        finally:
            plan.unbind()
        heard.on_test_end(results)
        return results

    def test_on_batch(
        self,
        x: ArrayLike,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        return_dict: bool = False,
    ) -> float | list[float] | dict[str, float]:
        """Compute loss and metrics on these rows: `evaluate` without a word."""
        return self.evaluate(x, y, verbose=0, sample_weight=sample_weight, return_dict=return_dict)


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
    if given is None:
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


def _report(results: Mapping[str, float], return_dict: bool) -> float | list[float] | dict[str, float]:
    if return_dict:
        return dict(results)
    values = list(results.values())
    return values[0] if len(values) == 1 else values
