"""Evaluation of a model: what `evaluate` does, and the validation of `fit`. See `Model` for its arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..checks import whole_number
from ..data.dataset import DatasetIterator
from ..data.sparse import sparse_batches
from .loop import listeners_for, run_evaluation, run_once
from .model_data import dataset_batches, evaluation_batches, to_arrays, to_data
from .model_plans import evaluation_plan

if TYPE_CHECKING:
    from ..callbacks import CallbackList
    from ..data.adapters import Arrays
    from ..data.batches import Batches
    from ..kernels.core.plan import Plan
    from ..models import Model


def evaluate(
    model: Model,
    x: Any,
    y: Any = None,
    batch_size: int | None = None,
    verbose: str | int = "auto",
    sample_weight: Any = None,
    steps: int | None = None,
    callbacks: Any = None,
) -> dict[str, float]:
    """Return losses and metrics of a compiled model."""
    if steps is not None:
        whole_number(steps, "steps", 1)
    x, y, sample_weight = sparse_batches(x, y, sample_weight, batch_size)
    data = to_data(model, x, y, sample_weight, steps)
    count = data.steps if isinstance(data, DatasetIterator) else 1
    listeners = listeners_for(model, callbacks, verbose, epochs=1, steps=count)
    with model._ranks.running(model, "evaluate"):
        model._ranks.attend(listeners)
        return evaluate_data(model, data, steps, batch_size, listeners)


def evaluate_once(model: Model, x: Any, y: Any, sample_weight: Any) -> Plan:
    """Evaluate arrays as one batch, and return the plan that has done it."""
    model._require_spec()
    arrays = to_arrays(model, x, y, sample_weight)
    if not len(arrays):
        raise ValueError("x: expected at least one row to evaluate, got none")
    return run_once(model, evaluation_plan(model, arrays, len(arrays)), arrays, trains=False)


def evaluate_data(
    model: Model,
    data: Arrays | DatasetIterator,
    steps: int | None,
    batch_size: int | None,
    callbacks: CallbackList,
    name: str = "",
) -> dict[str, float]:
    """Return losses and metrics of arrays or of batches; errors have `name` before those of arguments."""
    batches: Batches
    if isinstance(data, DatasetIterator):
        batches = dataset_batches(
            model, data, lambda arrays: evaluation_plan(model, arrays, len(arrays)), name
        )
    else:
        batches = evaluation_batches(model, data, steps, batch_size, callbacks)
    model.stop_evaluating = False
    batches = model._ranks.shared(model, batches)
    try:
        return run_evaluation(batches, callbacks, name, lambda: model.stop_evaluating)
    finally:
        batches.close()
