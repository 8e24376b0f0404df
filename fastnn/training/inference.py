"""Runs of plans that predict: of arrays, and as one operation of a tape."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..added_losses import collecting
from ..autograd import Tensor
from ..autograd.tensor import record
from ..layers.base.masks import keep_output_masks

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..variables import Variable
    from .plan_cache import PlanCache


def inference_plan(plans: PlanCache, arrays: list[NDArray[Any]], stochastic: bool | None = False) -> Plan:
    """Return a plan that predicts these arrays."""
    shapes = tuple(array.shape[1:] for array in arrays)
    plan = plans.inference(shapes, stochastic)
    if plan.whole and len(arrays[0]) > plan.capacity:
        plan = plans.inference_of_all(shapes, stochastic, len(arrays[0]))
    return plan


def call_on_tape(
    plans: PlanCache,
    variables: Sequence[Variable],
    parts: list[Any],
    arrays: list[NDArray[Any]],
    training: bool | None,
) -> list[Tensor]:
    """Return the outputs as one operation of the tape, forward and backward by a plan.

    Parameters
    ----------
    plans : PlanCache
    variables : sequence of Variable
        The weights that get gradients.
    parts : list
        The inputs as the caller gave them; tensors that require gradients get them.
    arrays : list of ndarray
        The inputs in the form of the plans.
    training : bool or None
        Whether `Dropout` and its like act; None for those layers that do unless told otherwise.
    """
    wants = tuple(isinstance(part, Tensor) and part.requires_grad for part in parts)
    tensors = [part for part, wanted in zip(parts, wants, strict=True) if wanted]
    shapes = tuple(array.shape[1:] for array in arrays)
    plan = plans.tape(variables, shapes, wants, training, len(arrays[0]))
    with collecting() as added:
        made, run = plan.record(arrays)
    layout = plan.layout
    assert layout is not None
    count = len(made) - len(plan.masked_outputs)

    def pull(gradients: list[Any]) -> Iterable[NDArray[Any]]:
        for loss, g in zip(added, gradients[count:], strict=True):
            loss.gradient = g
        dy = [
            np.zeros_like(y) if g is None else np.ascontiguousarray(g, y.dtype)
            for y, g in zip_longest(made, gradients[:count])  # masks have no gradients
        ]
        for tensor, g in zip(tensors, plan.backward(run, dy), strict=True):
            yield g.reshape(tensor.shape).astype(tensor.data.dtype, copy=False)
        for variable in variables:
            yield layout.part(plan.gradients, variable).copy()

    results = [*made[:count], *(loss.numbers() for loss in added)]
    outputs = record([*tensors, *variables], results, pull)
    for loss, value in zip(added, outputs[count:], strict=True):
        loss.layer.add_loss(value)
    return keep_output_masks([*outputs[:count], *made[count:]], plan.masked_outputs)
