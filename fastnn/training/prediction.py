"""Predictions of a model batch by batch: what `predict` does for data sets, callbacks and own steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import Tensor, no_grad
from ..checks import whole_number
from ..data.batches import batch_size_for
from ..data.dataset import DatasetIterator, is_dataset
from ..data.sparse import sparse_batches
from ..graph.graph import mapped, rebuilt
from .loop import listeners_for
from .python_steps import StepAdapter, arrays_in, pack, part_of

if TYPE_CHECKING:
    from ..callbacks import CallbackList
    from ..models import Model


def predict(model: Model, x: Any, batch_size: int | None, steps: int | None, callbacks: Any) -> Any:
    """Return the outputs of a model for all samples, batch by batch where that is asked for; see `Model`."""
    if steps is not None:
        whole_number(steps, "steps", 1)
    x, _, _ = sparse_batches(x, None, None, batch_size)
    in_python, ranks = model._predicts_in_python, model._ranks
    make = partial(_predict_in_python, model) if in_python else model._predict
    one = partial(ranks.predicted, make)
    dataset = DatasetIterator(x, steps) if is_dataset(x) else None
    what = "predict"
    try:
        if dataset is not None:
            batches: Iterable[Any] = (part for part, _, _ in dataset.epoch() or ())
            count = dataset.steps
        else:
            arrays = (
                StepAdapter(model.dtype).arrays(x, None, None).x if in_python else model._validate_inputs(x)
            )
            starts, end = _starts(len(arrays_in(arrays)[0]), batch_size, steps, ranks.size)
            if batch_size is steps is callbacks is None and not in_python:
                starts = range(0, max(1, end), max(1, end))
            batches = (part_of(arrays, start, min(start + starts.step, end)) for start in starts)
            count, what = len(starts), f"predict for {end} samples"
        listeners = listeners_for(model, callbacks, 0, epochs=1, steps=count)
        model.stop_predicting = False
        with ranks.running(model, what):
            return predict_batches(batches, one, listeners, lambda: model.stop_predicting)
    finally:
        if dataset is not None:
            dataset.close()


def _starts(samples: int, batch_size: int | None, steps: int | None, ranks: int) -> tuple[range, int]:
    """Return where batches of so many samples start, and where the last one ends; there is at least one."""
    size = batch_size_for(batch_size, samples, ranks)
    end = samples if steps is None else min(samples, steps * size)
    return range(0, max(1, end), size), end


def _predict_in_python(model: Model, x: Any) -> Any:
    """Return what `predict_step` makes of a batch, as arrays."""
    with no_grad():
        made = model.predict_step(pack(x))
    return mapped(np.asarray, made, (Tensor, np.ndarray))


def predict_batches(
    batches: Iterable[Any],
    predict: Callable[[Any], Any],
    callbacks: CallbackList,
    is_stopped: Callable[[], bool] | None = None,
) -> Any:
    """Return the outputs for the samples of all batches.

    Parameters
    ----------
    batches : iterable
        Inputs of some samples each.
    predict : callable
        From a batch to outputs: an array, or lists or dicts of them.
    callbacks : CallbackList
    is_stopped : callable, optional
        Whether a callback has asked to stop, after each batch.
    """
    callbacks.on_predict_begin()
    outputs = []
    for step, batch in enumerate(batches):
        callbacks.on_predict_batch_begin(step)
        outputs.append(predict(batch))
        callbacks.on_predict_batch_end(step, {"outputs": outputs[-1]})
        if is_stopped is not None and is_stopped():
            break
    if not outputs:
        raise ValueError("x: expected at least one batch, got none")
    callbacks.on_predict_end()
    return outputs[0] if len(outputs) == 1 else concatenated(outputs)


def concatenated(outputs: list[Any]) -> Any:
    """Return the outputs of batches as those of all samples."""
    first = outputs[0]
    if isinstance(first, dict):
        return {key: concatenated([part[key] for part in outputs]) for key in first}
    if isinstance(first, (list, tuple)):
        return rebuilt(first, [concatenated(list(parts)) for parts in zip(*outputs, strict=True)])
    return np.concatenate(outputs)
