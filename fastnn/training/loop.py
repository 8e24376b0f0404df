"""The epoch loops of training and evaluation.

A batch is one call into a plan, without the GIL; Python runs between batches for callbacks only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from typing import TYPE_CHECKING, Any
from weakref import ref

from ..checks import whole_number
from ..data.batches import BatchLogs
from ..warning import warn
from .advice import advise_on_loss_value

if TYPE_CHECKING:
    from ..callbacks import CallbackList
    from ..data.adapters import Arrays
    from ..data.batches import Batches
    from ..kernels.core.plan import Plan
    from ..models import Model
    from .progress import Progress


def listeners_for(model: Model, callbacks: Any, verbose: str | int, **params: Any) -> CallbackList:
    """Return the callbacks of a call of `fit`, `evaluate` or `predict`, with those that show progress.

    Parameters
    ----------
    model : Model
    callbacks : Callback, list of Callback or None
    verbose : {"auto", 0, 1, 2}
    **params
        See `CallbackList`.
    """
    from ..callbacks import CallbackList

    if verbose not in ("auto", 0, 1, 2):
        raise ValueError(f"verbose: expected 'auto', 0, 1 or 2, got {verbose!r}")
    callbacks, verbose = model._ranks.callbacks_of(callbacks, 1 if verbose == "auto" else int(verbose))
    return CallbackList(callbacks, add_progbar=bool(verbose), model=model, verbose=verbose, **params)


def run_batch(plan: Plan, start: int, samples: int) -> bool:
    """Run a plan on some of its bound samples and return whether the loss so far is finite."""
    outcome = plan.run(start, samples)
    if outcome >= 0:
        raise ValueError(f"y: label {outcome} from row {start} on has become invalid since training began")
    return outcome == -1


def run_once(model: Model, plan: Plan, arrays: Arrays, trains: bool) -> Plan:
    """Run a plan on all samples as one batch, and return what has the results."""
    plan.bind(*arrays.arrays)
    try:
        plan.clear_totals()
        with model._ranks.running(model, "train_on_batch" if trains else "test_on_batch"):
            shared, start, samples = model._ranks.part(model, plan, len(arrays), trains)
            run_batch(shared, start, samples)
    finally:
        plan.unbind()
    return shared


def _run_yielded(batches: Batches, plan: Plan, start: int, samples: int) -> bool:
    """Run a plan as `run_batch` does; of what is invalid, validation says more than the plan does."""
    try:
        return run_batch(plan, start, samples)
    except ValueError as error:
        found = error
    batches.validate()
    raise found


def _report_batch(hook: Callable[[int, BatchLogs], object], step: int, batches: Batches) -> None:
    """Call a hook after a batch, with logs that keep the values of this batch if the hook keeps them."""
    logs = BatchLogs(batches.totals)
    kept = ref(logs)
    hook(step, logs)
    del logs
    remaining = kept()
    if remaining is not None:
        remaining.freeze()


def run_epochs(
    batches: Batches,
    epochs: int,
    progress: Progress,
    callbacks: CallbackList,
    is_stopped: Callable[[], bool],
    validate: Callable[[int], dict[str, float]],
) -> dict[str, float]:
    """Train for some epochs.

    Parameters
    ----------
    batches : Batches
        With plans that train.
    epochs : int
        The epoch to end before.
    progress : Progress
        Where to start; always the position of the loop.
    callbacks : CallbackList
    is_stopped : callable
        Whether a callback has asked to stop, after each batch and epoch.
    validate : callable
        From the number of an epoch that has ended, of which the first is 1, to what logs get besides.

    Returns
    -------
    dict of str to float
        The logs of the last epoch.
    """
    logs: dict[str, float] = {}
    first = progress.epoch
    listens = callbacks.listens("on_train_batch_end")
    callbacks.on_train_begin()
    while progress.epoch < epochs:
        epoch = progress.epoch
        running = batches.epoch(progress.step)
        if running is None:
            _report_end_of_data(epoch - first, epochs - first)
            break
        callbacks.on_epoch_begin(epoch)
        with closing(running):
            for step, (plan, start, samples) in enumerate(running, progress.step):
                callbacks.on_train_batch_begin(step)
                if not _run_yielded(batches, plan, start, samples):
                    advise_on_loss_value(progress, epoch, step)
                progress.step = batches.step
                if listens:
                    _report_batch(callbacks.on_train_batch_end, step, batches)
                if is_stopped():
                    break
        progress.epoch, progress.step = epoch + 1, 0
        logs = batches.totals.logs()
        logs |= validate(epoch + 1)
        callbacks.on_epoch_end(epoch, logs)
        if is_stopped():
            break
    return logs


def run_evaluation(
    batches: Batches, callbacks: CallbackList, name: str = "", is_stopped: Callable[[], bool] | None = None
) -> dict[str, float]:
    """Compute losses and metrics.

    Parameters
    ----------
    batches : Batches
        With plans that evaluate.
    callbacks : CallbackList
    name : str, default ""
        What errors put before the names of arguments.
    is_stopped : callable, optional
        Whether a callback has asked to stop, after each batch.
    """
    running = batches.epoch()
    if running is None:
        raise ValueError(
            f"{name}x: expected batches to evaluate, got none; an iterator that is to be evaluated "
            "again and again has to be without end, with a number of steps"
        )
    callbacks.on_test_begin()
    with closing(running):
        for step, (plan, start, samples) in enumerate(running):
            callbacks.on_test_batch_begin(step)
            _run_yielded(batches, plan, start, samples)
            _report_batch(callbacks.on_test_batch_end, step, batches)
            if is_stopped is not None and is_stopped():
                break
    results = batches.totals.logs()
    callbacks.on_test_end(results)
    return results


def validation_schedule(frequency: Any) -> Callable[[int], bool]:
    """Return whether to validate after an epoch, of which the first is 1.

    Parameters
    ----------
    frequency : int or iterable of int
        After every so many epochs, or after these.
    """
    if isinstance(frequency, Iterable) and not isinstance(frequency, str):
        epochs = {whole_number(epoch, "validation_freq", 1) for epoch in frequency}
        return epochs.__contains__
    every = whole_number(frequency, "validation_freq", 1)
    return lambda epoch: epoch % every == 0


def _report_end_of_data(done: int, epochs: int) -> None:
    """Warn that there are no more batches, or raise an error if there was none."""
    if not done:
        raise ValueError("x: expected at least one batch to train on, got none")
    warn(
        f"x: the data ran out after {done} of {epochs} epochs, so training ends here; an iterator has to "
        "yield the batches of all epochs, and steps_per_epoch says how many one has"
    )
