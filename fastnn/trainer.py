"""The epoch loop: `compile`, `fit`, `evaluate`, `predict` and their forms for one batch.

A batch is one call into a plan, without the GIL; Python wakes between batches for callbacks only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import losses, metrics, optimizers
from .checks import real_number, whole_number
from .gate import as_real
from .kernels.score import check_labels
from .losses import MEANS, as_labels
from .metrics import resolve
from .progress import Progress
from .utils.random import Walks

if TYPE_CHECKING:
    from .callbacks import CallbackList, History
    from .kernels.plan import Plan
    from .kernels.score import Score

BATCH = 32
Data = tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None]


class Totals(Mapping[str, float]):
    """Losses and metrics of the rows run since the totals were cleared, computed when they are read.

    Parameters
    ----------
    plan : Plan
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def __getitem__(self, name: str) -> float:
        value, weight = self._plan.read_totals()[name]
        return value / weight if weight else 0.0

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
    loss: losses.Loss | None = None
    stop_training = False
    _train: Plan | None = None  # the last plan that a batch without weights was trained with
    history: History | None = None
    walks: Walks | None = None
    progress: Progress | None = None  # during `fit`

    # What a model provides.

    input_row: tuple[int | None, ...] | None
    output_row: tuple[int | None, ...] | None

    @property
    @abstractmethod
    def dtype(self) -> str:
        """What the model computes in."""

    @abstractmethod
    def plan(
        self,
        purpose: str,
        capacity: int | None = None,
        weighted: bool = False,
        row: tuple[int, ...] | None = None,
    ) -> Plan:
        """Return the plan for a purpose."""

    @abstractmethod
    def forget_plans(self) -> None:
        """Compile anew at the next run."""

    @abstractmethod
    def build_for(self, x: Any) -> None:
        """Build the model for data, if it has not been built."""

    @abstractmethod
    def rows_of(self, x: Any, name: str = "x") -> NDArray[np.floating]:
        """Bring inputs into the plans' form."""

    @abstractmethod
    def output_for(self, row: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of a row of the output."""

    # ---- compile ------------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: None = None,
        metrics: Sequence[Any] | None = None,
        weighted_metrics: Sequence[Any] | None = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Choose how to train.

        Parameters
        ----------
        optimizer : str or Optimizer, default "rmsprop"
        loss : str or Loss
            Training is on its `reduction` of each batch; an epoch reports the mean over batches, weighted by
            their rows.
        loss_weights : None
            For models with several outputs.
        metrics, weighted_metrics : sequence of str or Metric, optional
            Reported beside the loss, on the labels that it takes, class numbers or labels like the outputs;
            the latter count samples by their weights. A name that is taken gets a number, "mae_1", or for
            a weighted metric "weighted_" before it.
        run_eagerly, steps_per_execution, jit_compile, auto_scale_loss
            Accepted for Keras' sake: a plan is always compiled.

        Raises
        ------
        ValueError
            If a name is unknown.
        """
        if loss_weights is not None:
            raise ValueError(f"loss_weights: expected None for a model with one output, got {loss_weights!r}")
        for name, value in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
            if isinstance(value, (str, Mapping)):
                raise TypeError(f"{name}: expected a list such as ['accuracy'], got {value!r}")
        chosen, goal = optimizers.get(optimizer), None if loss is None else losses.get(loss)
        if goal is not None and goal.reduction in (None, "none"):
            raise ValueError(f"loss: models train on one number, got reduction={goal.reduction!r}")
        for entry in (*(metrics or ()), *(weighted_metrics or ())):
            if goal is None:
                raise ValueError("loss: metrics need a loss to be compiled with")
            resolve(entry, goal.score, 1)
        chosen.serve(self)
        self.optimizer, self.loss = chosen, goal
        self._metrics, self._weighted_metrics = list(metrics or ()), list(weighted_metrics or ())
        self.forget_plans()

    def _reported(self) -> list[tuple[str, metrics.Metric, bool]]:
        """Key, metric and whether it counts by weight of all metrics beside the loss."""
        row = (2,) if self.output_row is None else self.output_row
        classes = (row[-1] or 2) if row else 1
        taken = Counter(["loss"])
        reported = []
        entries = [(m, False) for m in self._metrics] + [(m, True) for m in self._weighted_metrics]
        for entry, weighted in entries:
            metric = resolve(entry, self._require_compiled().score, classes)
            name = f"weighted_{metric.name}" if weighted and taken[metric.name] else metric.name
            reported.append((f"{name}_{taken[name]}" if taken[name] else name, metric, weighted))
            taken[name] += 1
        return reported

    @property
    def metrics(self) -> list[metrics.Metric]:
        """The metrics beside the loss, as names have been resolved for this model's output."""
        return [metric for _, metric, _ in self._reported()]

    @property
    def metrics_names(self) -> list[str]:
        """The keys of what `evaluate` returns."""
        return ["loss", *(name for name, _, _ in self._reported())]

    def _require_compiled(self) -> losses.Loss:
        if self.optimizer is None or self.loss is None:
            raise ValueError("loss: the model has to be compiled with a loss first: model.compile(loss=...)")
        return self.loss

    # ---- data ---------------------------------------------------------------------------------------

    def _gate(self, x: Any, y: Any, sample_weight: Any, name: str = "") -> Data:
        """Bring a data set into the plan's form, or say what is wrong with it."""
        loss = self._require_compiled()
        self.build_for(x)
        if y is None:
            raise ValueError(f"{name}y: expected labels, got None")
        x = self.rows_of(x, f"{name}x")
        output_row = self.output_for(x.shape[1:])
        y = as_labels(y, loss.score, output_row, self.dtype, f"{name}y")
        if len(x) != len(y):
            raise ValueError(f"{name}x, {name}y: expected equal lengths, got {len(x)} and {len(y)}")
        check_labels(loss.score, y, output_row[-1] if output_row else 1, f"{name}y")
        weights = None
        if sample_weight is not None:
            weights = as_real(sample_weight, self.dtype, f"{name}sample_weight")
            weights = weights[:, 0] if weights.ndim == 2 and weights.shape[1] == 1 else weights
            if weights.shape != (len(x),):
                raise ValueError(f"{name}sample_weight: expected shape ({len(x)},), got {weights.shape}")
            if not np.isfinite(weights).all():
                raise ValueError(f"{name}sample_weight: expected finite numbers, got NaN or infinity")
            weights = np.ascontiguousarray(weights)
        return x, y, weights

    def _weigh(self, data: Data, class_weight: Mapping[int, float] | None) -> Data:
        """Multiply the weights of what is trained on by those of the classes."""
        x, y, weights = data
        if class_weight is None:
            return data
        of_class = class_weights(class_weight, y, self._require_compiled().score)
        return x, y, np.ascontiguousarray(of_class if weights is None else weights * of_class, self.dtype)

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
        sample_weight : array_like, shape (rows,), optional
            A factor for the loss of each row.
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
        x, y, weights = self._weigh(training, class_weight)
        if not len(x):
            raise ValueError("x: expected at least one row to train on, got none")
        batch = batch_of(batch_size, len(x))
        initial_epoch, epochs = whole_number(initial_epoch, "initial_epoch"), whole_number(epochs, "epochs")
        batches = steps = -(-len(x) // batch)
        if steps_per_epoch is not None:
            steps = min(steps, whole_number(steps_per_epoch, "steps_per_epoch", 1))
        validation_freq = whole_number(validation_freq, "validation_freq", 1)
        for name, count in (
            ("validation_steps", validation_steps),
            ("validation_batch_size", validation_batch_size),
        ):
            if count is not None:
                whole_number(count, name, 1)
        plan = self.plan("train", batch, weights is not None, x.shape[1:])
        if self.walks is None:
            self.walks = Walks()
        walks = self.walks
        walks.begin()
        logs: dict[str, float] = {}
        heard = self._callbacks(callbacks, verbose, history=True, epochs=epochs, steps=steps)
        self.stop_training = False
        progress = self.progress = Progress(plan, walks, heard.callbacks, initial_epoch)
        totals = Totals(plan)
        plan.bind(x, y, weights)
        try:
            heard.on_train_begin()
            if walks.done and shuffle:
                plan.reorder(walks.order(len(x)))
            while progress.epoch < epochs:
                epoch = progress.epoch
                if not progress.step:
                    plan.clear_totals()
                heard.on_epoch_begin(epoch)
                for step in range(progress.step, steps):
                    if not walks.done and shuffle:
                        plan.reorder(walks.order(len(x)))
                    start = walks.done * batch
                    heard.on_train_batch_begin(step)
                    run(plan, start, min(batch, len(x) - start))
                    walks.advance(batches)
                    progress.step = step + 1 if walks.done else steps
                    heard.on_train_batch_end(step, totals)
                    if not walks.done or self.stop_training:
                        break
                progress.epoch, progress.step = epoch + 1, 0
                logs = dict(totals)
                if validation is not None and (epoch + 1) % validation_freq == 0:
                    size = batch_size if validation_batch_size is None else validation_batch_size
                    results = self._evaluate(*validation, validation_steps, size, heard)
                    logs |= {f"val_{name}": value for name, value in results.items()}
                heard.on_epoch_end(epoch, logs)
                if self.stop_training:
                    break
        finally:
            plan.unbind()
            self.progress = None
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
        x, y, weights = data
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
        at = int(len(x) * (1 - split))
        if at == 0 or at == len(x):
            raise ValueError(
                f"validation_split: {split} of {len(x)} rows leaves none to train or none to evaluate on"
            )
        head = x[:at], y[:at], None if weights is None else weights[:at]
        return head, (x[at:], y[at:], None if weights is None else weights[at:])

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
        if plan is None or sample_weight is not None or class_weight is not None or plan.train_on(x, y) != -1:
            x, y, weights = self._weigh(self._gate(x, y, sample_weight), class_weight)
            if not len(x):
                raise ValueError("x: expected at least one row to train on, got none")
            plan = self.plan("train", len(x), weights is not None, x.shape[1:])
            plan.bind(x, y, weights)
            try:
                plan.clear_totals()
                run(plan, 0, len(x))
            finally:
                plan.unbind()
            self._train = plan if weights is None else None
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
        results = self._evaluate(*data, steps, batch_size, heard)
        return _report(results, return_dict)

    def _evaluate(
        self,
        x: NDArray[Any],
        y: NDArray[Any],
        weights: NDArray[Any] | None,
        steps: int | None,
        batch_size: int | None,
        heard: CallbackList,
    ) -> dict[str, float]:
        """Run the test plan over the rows: in batches where these can be told, else in large pieces."""
        rows, batch = len(x), batch_of(batch_size, len(x))
        if steps is not None:
            rows = min(rows, whole_number(steps, "steps", 1) * batch)
        loss = self._require_compiled()
        told = heard.listens("on_test_batch_begin") or heard.listens("on_test_batch_end")
        told = told or loss.score.ignore_class is not None or loss.reduction not in MEANS
        plan = self.plan("test", batch if told else None, weights is not None, x.shape[1:])
        size = batch if told else plan.capacity
        totals = Totals(plan)
        plan.bind(x, y, weights)
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


def _report(results: Mapping[str, float], return_dict: bool) -> float | list[float] | dict[str, float]:
    if return_dict:
        return dict(results)
    values = list(results.values())
    return values[0] if len(values) == 1 else values
