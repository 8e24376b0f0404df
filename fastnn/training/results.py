"""What methods of models return: losses and metrics as a number, a list or a dict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..data.batches import merged

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan


def results_of(plan: Plan, return_dict: bool) -> float | list[float] | dict[str, float]:
    """Return the losses and metrics of the batch that a plan has run on."""
    results: list[Any] = plan.results()
    if return_dict or any(type(value) is dict for value in results):
        return reported(merged(zip(plan.totals, results, strict=True)), return_dict)
    return results[0] if len(results) == 1 else results


def reported(results: Mapping[str, float], return_dict: bool) -> float | list[float] | dict[str, float]:
    """Return results by name in the form that is wanted: a dict, or the only one or a list of all."""
    if return_dict:
        return dict(results)
    values = list(results.values())
    return values[0] if len(values) == 1 else values
