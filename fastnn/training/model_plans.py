"""The plans in which a model trains and evaluates: those of C, or calls of steps in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..autograd import no_grad
from .python_steps import StepPlan

if TYPE_CHECKING:
    from ..data.adapters import Arrays
    from ..kernels.core.plan import Plan
    from ..models import Model


def training_plan(model: Model, arrays: Arrays, capacity: int | None = None) -> Plan:
    """Return the plan that trains on samples like these, `capacity` or all of them in a step."""
    if model._runs_in_python:
        return StepPlan(model.train_step, model.reset_metrics)  # type: ignore[return-value]
    return model._plan_cache().training(
        model._require_objective(), arrays.sample_shapes, arrays.weight_shapes, capacity or len(arrays)
    )


def gradients_plan(model: Model, arrays: Arrays) -> Plan:
    """Return a plan that makes the gradients of all samples, and changes nothing."""
    return model._plan_cache().gradients(
        model._require_objective(), arrays.sample_shapes, arrays.weight_shapes, len(arrays)
    )


def evaluation_plan(model: Model, arrays: Arrays, capacity: int | None = None) -> Plan:
    """Return the plan that evaluates samples like these."""
    if model._runs_in_python:
        return StepPlan(no_grad()(model.test_step), model.reset_metrics)  # type: ignore[return-value]
    return model._plan_cache().evaluation(
        model._require_objective(), arrays.sample_shapes, arrays.weight_shapes, capacity
    )
