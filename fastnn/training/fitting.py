"""Training of a model: what `fit` and `train_on_batch` do. See `Model` for their arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import real_number, whole_number
from ..data.adapters import class_weighted
from ..data.dataset import DatasetIterator
from ..data.shuffle import EpochShuffler
from ..data.sparse import sparse_batches
from .evaluation import evaluate_data
from .loop import listeners_for, run_epochs, run_once, validation_schedule
from .model_data import dataset_batches, to_arrays, to_data, to_validation_data, training_batches
from .model_plans import training_plan
from .progress import Progress

if TYPE_CHECKING:
    from ..callbacks import History
    from ..data.adapters import Arrays
    from ..data.batches import Batches
    from ..kernels.core.plan import Plan
    from ..models import Model


def fit(
    model: Model,
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
    """Train a compiled model for a number of epochs."""
    model._require_spec()
    with claim_training(model):
        initial_epoch = whole_number(initial_epoch, "initial_epoch")
        epochs = whole_number(epochs, "epochs")
        for name, count in (
            ("steps_per_epoch", steps_per_epoch),
            ("validation_steps", validation_steps),
            ("validation_batch_size", validation_batch_size),
        ):
            if count is not None:
                whole_number(count, name, 1)
        is_due = validation_schedule(validation_freq)
        share = real_number(validation_split, "validation_split", 0, below=1)
        ranks = model._ranks
        ranks.begin()
        x, y, sample_weight = sparse_batches(x, y, sample_weight, batch_size)
        shuffler = model._shuffler or EpochShuffler()
        data = to_data(model, x, y, sample_weight, steps_per_epoch, shuffler=shuffler, shuffle=shuffle)
        data, validation = _split(
            model, data, share, validation_data, validation_steps, validation_batch_size or batch_size
        )
        model._shuffler = shuffler
        shuffler.begin()
        batches: Batches
        if isinstance(data, DatasetIterator):
            batches = dataset_batches(model, data, partial(training_plan, model), class_weight=class_weight)
        else:
            batches = training_batches(model, data, class_weight, batch_size, steps_per_epoch, shuffle)

        batches = ranks.shared(model, batches, trains=True)

        def validate(epoch: int) -> dict[str, float]:
            if validation is None or not is_due(epoch):
                return {}
            size = batch_size if validation_batch_size is None else validation_batch_size
            results = evaluate_data(model, validation, validation_steps, size, listeners, "validation ")
            return {f"val_{name}": value for name, value in results.items()}

        model.stop_training = False
        with ranks.running(model, "fit"), _progressing(model, batches):
            listeners = listeners_for(
                model, callbacks, verbose, add_history=True, epochs=epochs, steps=batches.steps
            )
            ranks.attend(listeners, trains=True)
            model._progress = Progress(batches, shuffler, listeners.callbacks, initial_epoch)
            logs = run_epochs(
                batches, epochs, model._progress, listeners, lambda: model.stop_training, validate
            )
        if epochs > initial_epoch:
            model._require_spec().optimizer.finalize_variable_values()
        listeners.on_train_end(logs)
        assert model.history is not None
        return model.history


def _split(
    model: Model,
    data: Arrays | DatasetIterator,
    share: float,
    given: Any,
    steps: int | None,
    size: int | None,
) -> tuple[Arrays | DatasetIterator, Arrays | DatasetIterator | None]:
    """Return what to train on, and what to validate on: data of its own, or a share of the samples."""
    if given is not None:
        return data, to_validation_data(model, given, steps, size)
    if not share:
        return data, None
    if isinstance(data, DatasetIterator):
        raise ValueError("validation_split: a data set cannot be split; give validation_data")
    return data.split(share)


def train_once(
    model: Model, x: Any, y: Any, sample_weight: Any, class_weight: Mapping[int, float] | None
) -> Plan:
    """Do one training step on arrays, and return the plan that has done it."""
    with claim_training(model):
        arrays = to_arrays(model, x, y, sample_weight, class_weight=class_weight)
        if not len(arrays):
            raise ValueError("x: expected at least one row to train on, got none")
        return run_once(model, training_plan(model, arrays), arrays, trains=True)


def run_with_class_weights(
    model: Model, plan: Plan, x: Any, y: Any, sample_weight: Any, class_weight: Mapping[int, float]
) -> bool:
    """Do one training step by the plan used last, and return whether the batch was such that it could."""
    outputs = model._require_objective().outputs
    given = [y] if sample_weight is None else [y, sample_weight]
    if len(outputs) > 1 or any(type(a) is not np.ndarray or a.dtype.kind not in "fiub" for a in given):
        return False
    (shape,) = model._output_sample_shapes(tuple(value.shape for value in plan.inputs))
    if not outputs[0].losses or len(shape) != 1:  # no labels, or several for a sample
        return False
    kind = outputs[0].labels
    if y.ndim not in (1, 2) or not y.size or (kind.sparse and (y.dtype.kind not in "iu" or y.size != len(y))):
        return False
    labels = y.reshape(-1) if kind.sparse else y.reshape(len(y), -1).astype(model.dtype)
    if sample_weight is not None and sample_weight.shape != y.shape[:1]:
        return False
    try:
        weights = class_weighted(sample_weight, class_weight, labels, kind, model.dtype)
    except ValueError:  # validation looks at the labels first
        return False
    return model._run_by_last_plan(plan, x, y, weights)


@contextmanager
def _progressing(model: Model, batches: Batches) -> Iterator[None]:
    """Release the data at the end, when the model is in no `fit` any more."""
    try:
        yield
    finally:
        batches.close()
        model._progress = None


@contextmanager
def claim_training(model: Model) -> Iterator[None]:
    """Train alone: whoever else would train the model, or use its optimizer, gets an error at once.

    A `train_step` of the program's own uses the optimizer itself.
    """
    optimizer = nullcontext() if model._runs_in_python else model._require_spec().optimizer._update.claim
    with model._claim, optimizer:
        yield
