"""Data of a model: from what `fit` and `evaluate` are given to batches in the form of its plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import NoneType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import ArgumentError
from ..data.adapters import Arrays, DataAdapter, classes_of
from ..data.batches import ArrayBatches, DatasetBatches, batch_size_for
from ..data.dataset import DatasetIterator, is_dataset
from ..data.sparse import SparseBatches, is_sparse
from .advice import advise_on_class_weights
from .model_plans import evaluation_plan, training_plan
from .python_steps import StepAdapter
from .reach import adds_losses, adds_to_loss

if TYPE_CHECKING:
    from ..callbacks import CallbackList
    from ..kernels.core.plan import Plan
    from ..models import Model

WITHOUT_LOSS = "loss: the model has to be compiled with a loss first: model.compile(loss=...)"


def adapter_for(model: Model, x: Any) -> DataAdapter:
    """Return what converts samples, labels and weights; the model is built for `x` if need be."""
    model._require_spec()
    if model._runs_in_python:
        return StepAdapter(model.dtype)  # type: ignore[return-value]
    model._build_for(x)
    objective = model._require_objective()
    if not (
        any(output.losses for output in objective.outputs)
        or any(variable.regularizer is not None for variable in model.weights)
        or adds_to_loss(model)
    ):
        raise ValueError(WITHOUT_LOSS)
    return DataAdapter(
        model._validate_inputs,
        model._output_sample_shapes,
        objective.outputs,
        model.dtype,
        objective.places,
    )


def to_arrays(
    model: Model,
    x: Any,
    y: Any,
    sample_weight: Any,
    name: str = "",
    class_weight: Mapping[int, float] | None = None,
) -> Arrays:
    """Return samples with their labels and weights in the form of the plans."""
    adapter = adapter_for(model, x)
    return adapter.with_class_weights(adapter.arrays(x, y, sample_weight, name), class_weight)


def to_data(
    model: Model, x: Any, y: Any, sample_weight: Any, steps: int | None, **options: Any
) -> Arrays | DatasetIterator:
    """Return arrays, or the batches of a data set; `options` are of `DatasetIterator`."""
    model._require_spec()
    if not is_dataset(x):
        return to_arrays(model, x, y, sample_weight)
    for name, array in (("y", y), ("sample_weight", sample_weight)):
        if array is not None:
            raise ValueError(f"{name}: expected None, since x is a data set whose batches have their own")
    return model._ranks.dataset(x, steps, **options)


def to_validation_data(
    model: Model, given: Any, steps: int | None, batch_size: int | None
) -> Arrays | DatasetIterator:
    """Return arrays, or the batches of a data set, of the `validation_data` of `fit`."""
    if is_dataset(given):
        return model._ranks.dataset(given, steps, name="validation_data")
    forms = "(x, y), (x, y, sample_weight) or a data set"
    if not isinstance(given, (tuple, list)):
        raise ArgumentError(f"validation_data: expected {forms}, got {given!r:.80}")
    if len(given) not in (2, 3):
        raise ValueError(f"validation_data: expected {forms}, got {len(given)} entries")
    x, y, sample_weight = (*given, None)[:3]
    if is_sparse(x):
        sparse = SparseBatches(x, y, sample_weight, batch_size)
        return model._ranks.dataset(sparse, steps, name="validation_data")
    return to_arrays(model, x, y, sample_weight, "validation ")


def dataset_batches(
    model: Model,
    dataset: DatasetIterator,
    plan_for: Callable[[Arrays], Plan],
    name: str = "",
    class_weight: Mapping[int, float] | None = None,
) -> DatasetBatches:
    """Return the batches of a data set, each with the plan for samples like these.

    Parameters
    ----------
    model : Model
    dataset : DatasetIterator
    plan_for : callable
        From arrays to a plan for them.
    name : str, default ""
        What errors put before the names of arguments.
    class_weight : dict, optional
    """
    adapts_all = model._runs_in_python or class_weight is not None
    return DatasetBatches(
        dataset,
        lambda batch: to_arrays(model, *batch, name, class_weight),
        plan_for,
        name,
        NoneType if adapts_all else lambda: model._plans,
    )


def training_batches(
    model: Model,
    arrays: Arrays,
    class_weight: Mapping[int, float] | None,
    batch_size: int | None,
    steps: int | None,
    shuffle: bool,
) -> ArrayBatches:
    """Return the batches of an epoch, in the order of the model's shuffler."""
    if class_weight is not None:
        arrays = adapter_for(model, arrays.x).with_class_weights(arrays, class_weight)
        labels, output = arrays.y[0], model._require_objective().outputs[0]
        if output.losses and labels is not None:
            present = set(map(int, np.unique(classes_of(labels, output.labels))))
            advise_on_class_weights(model._require_spec().snapshot, class_weight, present)
    if not len(arrays):
        raise ValueError("x: expected at least one row to train on, got none")
    ranks = model._ranks.size
    size = batch_size_for(batch_size, len(arrays), ranks)
    plan_for = partial(training_plan, model, capacity=-(-size // ranks))
    return ArrayBatches(plan_for, arrays, size, steps, model._shuffler, shuffle)


def evaluation_batches(
    model: Model, arrays: Arrays, steps: int | None, batch_size: int | None, callbacks: CallbackList
) -> ArrayBatches:
    """Return batches of `batch_size` where these matter, else of as many samples as are efficient."""
    ranks = model._ranks
    size = batch_size_for(batch_size, len(arrays), ranks.size)
    share = -(-size // ranks.size)
    if steps is not None:
        arrays = arrays.part(0, min(len(arrays), steps * size))
    if model._runs_in_python:
        return ArrayBatches(partial(evaluation_plan, model), arrays, size)
    per_batch = any(ranks.listens(callbacks, hook) for hook in ("on_test_batch_begin", "on_test_batch_end"))
    per_batch = per_batch or adds_losses(model)
    for output in model._require_objective().outputs:
        per_batch = per_batch or any(loss._by_batch for loss in output.losses)
    plan = evaluation_plan(model, arrays, share if per_batch else None)
    if plan.masked and not per_batch:  # the loss of a batch is no mean over its samples
        per_batch, plan = True, evaluation_plan(model, arrays, share)
    return ArrayBatches(lambda _: plan, arrays, size if per_batch else plan.capacity * ranks.size)
