"""The epoch loop: `fit` and `evaluate`, and their forms for one batch.

A batch is one call into a plan, without the GIL; Python wakes between batches for callbacks only.
"""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from ..checks import whole_number
from ..data.adapters import Data, Labelled
from ..data.batches import ArrayFeed, Feed, SourceFeed, Totals
from ..data.dataset import Source
from ..utils.random import Walks
from .compile_spec import Weighted
from .progress import Progress

if TYPE_CHECKING:
    from ..callbacks import CallbackList, History
    from ..kernels.core.plan import Plan

BATCH = 32


def batch_of(batch_size: Any, rows: int) -> int:
    """Return the batch size for so many rows: Keras' 32 by default, and no more than there are."""
    size = BATCH if batch_size is None else whole_number(batch_size, "batch_size", 1)
    return max(1, min(size, rows))


def run(plan: Plan, start: int, rows: int) -> None:
    """Run a plan on some of its bound rows."""
    bad = plan.run(start, rows)
    if bad >= 0:
        raise ValueError(f"y: label {bad} from row {start} on has become invalid since training began")


class Trainer(Labelled):
    """What models inherit: training and evaluation in Keras' terms."""

    stop_training = False
    _train: Plan | None = None  # the last plan that a batch without weights was trained with
    history: History | None = None
    walks: Walks | None = None
    progress: Progress | None = None  # during `fit`

    # What a model provides.

    @abstractmethod
    def plan(
        self,
        purpose: str,
        capacity: int | None = None,
        weighted: Weighted = (),
        rows: tuple[tuple[int, ...], ...] | None = None,
    ) -> Plan:
        """Return the plan for a purpose."""

    # ---- fit ----------------------------------------------------------------------------------------

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
            data set.
        batch_size : int, default 32
            Rows of one step; the last step of an epoch takes what is left. A data set has its own.
        epochs : int, default 1
            The epoch to end before; with `initial_epoch` not how many to train.
        verbose : {"auto", 0, 1, 2}, default "auto"
            Silent, a progress bar per epoch, or a line per epoch.
        callbacks : list of Callback, optional
        validation_split : float, default 0.0
            Share of the rows, the last ones before shuffling, that is evaluated and not trained on.
        validation_data : tuple or data set, optional
            (x, y) or (x, y, sample_weight) to evaluate after each epoch, or batches of that. An iterator goes
            on with the next evaluation.
        shuffle : bool, default True
            Whether each epoch takes the rows, or the batches of a `PyDataset`, in a new order.
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
        self._check_compiled()
        initial_epoch, epochs = whole_number(initial_epoch, "initial_epoch"), whole_number(epochs, "epochs")
        for name, count in (
            ("steps_per_epoch", steps_per_epoch),
            ("validation_steps", validation_steps),
            ("validation_batch_size", validation_batch_size),
        ):
            if count is not None:
                whole_number(count, name, 1)
        is_due = _due(validation_freq)
        data = self._given(x, y, sample_weight, steps_per_epoch, shuffle, goes_on=True)
        validation: Data | Source | None
        if validation_data is None:
            data, validation = self._split(data, validation_split)
        else:
            validation = self._validation(validation_data, validation_steps)
        if self.walks is None:
            self.walks = Walks()
        walks = self.walks
        walks.begin()
        if isinstance(data, Source):
            feed: Feed = SourceFeed(self, "train", data, class_weight)
        else:
            feed = self._training_feed(self._weigh(data, class_weight), batch_size, steps_per_epoch, shuffle)
        logs: dict[str, float] = {}
        self.stop_training = False
        try:
            heard = self._callbacks(callbacks, verbose, history=True, epochs=epochs, steps=feed.steps)
            progress = self.progress = Progress(feed, walks, heard.callbacks, initial_epoch)
            heard.on_train_begin()
            while progress.epoch < epochs:
                epoch = progress.epoch
                batches = feed.epoch(progress.step)
                if batches is None:
                    _ran_out(epoch - initial_epoch, epochs - initial_epoch)
                    break
                heard.on_epoch_begin(epoch)
                with closing(batches):
                    for step, (plan, start, rows) in enumerate(batches, progress.step):
                        heard.on_train_batch_begin(step)
                        run(plan, start, rows)
                        progress.step = feed.step
                        heard.on_train_batch_end(step, feed.totals)
                        if self.stop_training:
                            break
                progress.epoch, progress.step = epoch + 1, 0
                logs = dict(feed.totals)
                if validation is not None and is_due(epoch + 1):
                    size = batch_size if validation_batch_size is None else validation_batch_size
                    results = self._evaluate(validation, validation_steps, size, heard, "validation ")
                    logs |= {f"val_{name}": value for name, value in results.items()}
                heard.on_epoch_end(epoch, logs)
                if self.stop_training:
                    break
        finally:
            feed.close()
            self.progress = None
        if self.optimizer is not None and epochs > initial_epoch:
            self.optimizer.finalize_variable_values()
        heard.on_train_end(logs)
        assert self.history is not None
        return self.history

    def _training_feed(
        self, data: Data, batch_size: int | None, steps: int | None, shuffle: bool
    ) -> ArrayFeed:
        if not len(data):
            raise ValueError("x: expected at least one row to train on, got none")
        batch = batch_of(batch_size, len(data))
        plan = self.plan("train", batch, data.weighted, data.rows)
        return ArrayFeed(plan, data, batch, steps, self.walks, shuffle)

    def _callbacks(self, callbacks: Any, verbose: str | int, history: bool, **params: Any) -> CallbackList:
        if verbose not in ("auto", 0, 1, 2):
            raise ValueError(f"verbose: expected 'auto', 0, 1 or 2, got {verbose!r}")
        from ..callbacks import CallbackList

        verbose = 1 if verbose == "auto" else int(verbose)
        return CallbackList(
            callbacks,
            add_history=history,
            add_progbar=bool(verbose),
            model=self,
            verbose=verbose,
            **params,
        )

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
            self._train = plan if all(weights is None for weights in data.weights) else None
        if return_dict:
            return dict(Totals([plan]))
        results: list[float] = plan.results()
        return results[0] if len(results) == 1 else results

    # ---- evaluate -----------------------------------------------------------------------------------

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
            The loss; with metrics a list that starts with it.
        """
        if steps is not None:
            whole_number(steps, "steps", 1)
        data = self._given(x, y, sample_weight, steps)
        count = data.steps if isinstance(data, Source) else 1
        heard = self._callbacks(callbacks, verbose, history=False, epochs=1, steps=count)
        results = self._evaluate(data, steps, batch_size, heard)
        return _report(results, return_dict)

    def _evaluate(
        self,
        data: Data | Source,
        steps: int | None,
        batch_size: int | None,
        heard: CallbackList,
        name: str = "",
    ) -> dict[str, float]:
        """Run plans that test over the rows or the batches."""
        if isinstance(data, Source):
            feed: Feed = SourceFeed(self, "test", data, name=name)
        else:
            feed = self._testing_feed(data, steps, batch_size, heard)
        try:
            batches = feed.epoch()
            if batches is None:
                raise ValueError(
                    f"{name}x: expected batches to evaluate, got none; an iterator that is to be evaluated "
                    "again and again has to be without end, with a number of steps"
                )
            heard.on_test_begin()
            with closing(batches):
                for step, (plan, start, rows) in enumerate(batches):
                    heard.on_test_batch_begin(step)
                    run(plan, start, rows)
                    heard.on_test_batch_end(step, feed.totals)
            results = dict(feed.totals)
        finally:
            feed.close()
        heard.on_test_end(results)
        return results

    def _testing_feed(
        self, data: Data, steps: int | None, batch_size: int | None, heard: CallbackList
    ) -> ArrayFeed:
        """Return the rows in batches where these can be told, else in large pieces."""
        batch = batch_of(batch_size, len(data))
        if steps is not None:
            data = data.part(0, min(len(data), steps * batch))
        told = heard.listens("on_test_batch_begin") or heard.listens("on_test_batch_end")
        for loss in (goal.loss for goal in self._require_compiled() if goal.loss is not None):
            told = told or loss.by_batch
        plan = self.plan("test", batch if told else None, data.weighted, data.rows)
        if not told and self._masked:
            told, plan = True, self.plan("test", batch, data.weighted, data.rows)
        return ArrayFeed(plan, data, batch if told else plan.capacity)

    def test_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        return_dict: bool = False,
    ) -> float | list[float] | dict[str, float]:
        """Compute loss and metrics on these rows: `evaluate` without a word."""
        return self.evaluate(x, y, verbose=0, sample_weight=sample_weight, return_dict=return_dict)


def _due(frequency: Any) -> Callable[[int], bool]:
    """Return whether to evaluate after an epoch, of which the first is 1."""
    if isinstance(frequency, Iterable) and not isinstance(frequency, str):
        epochs = {whole_number(epoch, "validation_freq", 1) for epoch in frequency}
        return epochs.__contains__
    every = whole_number(frequency, "validation_freq", 1)
    return lambda epoch: epoch % every == 0


def _ran_out(done: int, epochs: int) -> None:
    """Say that there are no more batches."""
    if not done:
        raise ValueError("x: expected at least one batch to train on, got none")
    warnings.warn(
        f"x: the data ran out after {done} of {epochs} epochs, so training ends here; an iterator has to "
        "yield the batches of all epochs, and steps_per_epoch says how many one has",
        stacklevel=3,
    )


def _report(results: Mapping[str, float], return_dict: bool) -> float | list[float] | dict[str, float]:
    if return_dict:
        return dict(results)
    values = list(results.values())
    return values[0] if len(values) == 1 else values
