"""How long each step of a plan takes, and how that compares with what the machine can do.

FLOPs are those of matrix products and convolutions, exactly, and an estimate for other steps, the one by
which plans decide about threads. Bytes are those of all arrays that a step reads or writes, each counted
once; they come from a cache where they fit into one, so that the share of memory bandwidth may pass 100 %.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..data.adapters import Arrays
from ..layers.base.trainable import flatten_parts
from ..threads import num_threads
from .fitting import claim_training
from .inference import inference_plan
from .model_data import adapter_for
from .model_plans import training_plan
from .profile_table import Profile, StepProfile

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..models import Model

__all__ = ["profile"]

SECONDS = 0.25  # to spend on runs, of which there are at least
RUNS = 5
WARM_UP = 2


def profile(model: Model, x: Any, y: Any = None, training: bool = False) -> Profile:
    """Time the steps of a model; see `Model.profile`."""
    in_python = model._runs_in_python if training else model._predicts_in_python
    if in_python:
        method = "train_step" if training else "predict_step"
        raise ValueError(f"model: {type(model).__name__} runs {method} in Python, which has no steps to time")
    if training:
        adapter = adapter_for(model, x)
        inputs = model._validate_inputs(x)
        arrays = adapter.arrays(x, _zeros(model, inputs) if y is None else y, None)
    else:
        if y is not None:
            raise ValueError("y: expected None without training=True, since predictions take no labels")
        arrays = Arrays(model._validate_inputs(x), [], [])
    if not len(arrays):
        raise ValueError("x: expected at least one sample, got none")
    with claim_training(model) if training else nullcontext():
        plan = training_plan(model, arrays) if training else inference_plan(model._plan_cache(), arrays.x)
        with _restored(model):
            plan.bind(*arrays.arrays)
            try:
                seconds = _median_seconds(plan, len(arrays))
            finally:
                plan.clear_totals()
                plan.unbind()
    return _measured(model, plan, seconds, len(arrays))


def _zeros(model: Model, inputs: list[NDArray[Any]]) -> Any:
    """Return labels of zeros, one array for each output that has a loss: times do not depend on labels."""
    outputs = model._require_objective().outputs
    shapes = model._output_sample_shapes(tuple(array.shape[1:] for array in inputs))
    labels: list[Any] = []
    for output, shape in zip(outputs, shapes, strict=True):
        if not output.losses:
            labels.append(None)
            continue
        full = [len(inputs[0]), *shape]
        if output.labels.sparse:
            del full[output.axis]
        labels.append(np.zeros(full, np.int32 if output.labels.sparse else model.dtype))
    return labels if len(labels) > 1 else labels[0]


@contextmanager
def _restored(model: Model) -> Iterator[None]:
    """Restore all that a training step changes: weights, the optimizer's state, random streams."""
    from ..saving.state import get_state, set_state

    model._counted_runs()
    weights: list[Any] = [variable.value.copy() for variable in model.weights]
    state, tensors = get_state(model)
    tensors = {name: np.array(array) for name, array in tensors.items()}
    counts = [(part, part._run_counts.copy()) for part in _counting(model)]
    try:
        yield
    finally:
        model.set_weights(weights)
        set_state(model, state, tensors, optimizer=True)
        for part, before in counts:
            part._run_counts[...] = before


def _counting(model: Model) -> Iterator[Any]:
    """Yield the model and the parts of it that count their runs."""
    for part in flatten_parts(model):
        if getattr(part, "_run_counts", None) is not None:
            yield part


def _median_seconds(plan: Plan, samples: int) -> NDArray[np.float64]:
    """Return the median seconds of each step over runs of all bound samples, in parts of its capacity."""
    starts = range(0, samples, plan.capacity)
    runs: list[NDArray[np.float64]] = []
    begin = time.perf_counter()
    while len(runs) < WARM_UP + RUNS or time.perf_counter() - begin < SECONDS:
        parts = [plan.time_steps(start, min(plan.capacity, samples - start)) for start in starts]
        runs.append(np.sum(parts, axis=0))
    return np.asarray(np.median(runs[WARM_UP:], axis=0))


def _limits(threads: int, dtype: str) -> tuple[float, float]:
    """Return the multiply-add peak of so many threads and the bandwidth of memory, per second.

    The peak is measured on one thread by its processor time, in which other programs do not count.
    """
    from ..bench.measure import clock
    from ..bench.peak import Bandwidth, Peak

    peak, bandwidth = Peak(1, dtype), Bandwidth(threads)

    def best(run: Callable[[], object], now: Callable[[], float]) -> float:
        times = []
        for _ in range(3 * RUNS):
            start = now()
            run()
            times.append(now() - start)
        return min(times)

    return threads * peak.flops / best(peak, clock(1)), bandwidth.bytes / best(bandwidth, time.perf_counter)


def _measured(model: Model, plan: Plan, seconds: NDArray[np.float64], samples: int) -> Profile:
    """Return the profile of a plan from the seconds that `Plan.time_steps` tells apart."""
    from ..kernels.core import runtime

    threads = num_threads()
    peak, memory = _limits(threads, plan.dtype)
    total = float(seconds.sum()) or 1.0
    rows: list[StepProfile] = []

    def add(layer: str, step: str, direction: str, taken: float, work: float, traffic: float) -> None:
        rate = 1 / taken if taken else 0.0
        flops, gbytes = work * rate, traffic * rate
        rows.append(
            StepProfile(
                layer, step, direction, taken, taken / total,
                flops / 1e9, gbytes / 1e9, flops / peak, gbytes / memory,
            )
        )  # fmt: skip

    *of_steps, of_update = seconds.tolist()
    count = len(plan.steps)
    for step, taken in zip(plan.steps, of_steps[:count], strict=True):
        add(step.layer, step.name, "forward", taken, step.work * samples, step.traffic(samples))
    if plan.training:
        for step, taken in zip(reversed(plan.steps), reversed(of_steps[count:]), strict=True):
            if step.runs_backward:
                traffic = step.traffic(samples, backward=True)
                add(step.layer, step.name, "backward", taken, step.backward_work * samples, traffic)
        if plan.update is not None:
            assert model.optimizer is not None
            elements = sum(variable.size for variable in plan.update.variables)
            # It reads gradients, and reads and writes weights and slots.
            traffic = (3 + 2 * len(plan.update.slots)) * elements * np.dtype(plan.dtype).itemsize
            add("", model.optimizer.name, "update", of_update, 0.0, traffic)
    isa = runtime.isa()[0]
    return Profile(
        tuple(rows), model.name, samples, plan.training, threads, isa, plan.dtype, peak / 1e9, memory / 1e9
    )
