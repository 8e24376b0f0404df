"""Lookup of metrics: the values that `compile(metrics=...)` accepts."""

from __future__ import annotations

from typing import Any

from ..kernels.core.specs import Labels
from .accuracy import BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from .crossentropy import BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy
from .metric import Metric, registry
from .reduction import MeanMetricWrapper

__all__ = ["deserialize", "get", "resolve", "serialize"]

serialize = registry.serialize
deserialize = registry.deserialize

_ACCURACIES = (BinaryAccuracy, SparseCategoricalAccuracy, CategoricalAccuracy)
_CROSSENTROPIES = (BinaryCrossentropy, SparseCategoricalCrossentropy, CategoricalCrossentropy)
_FAMILIES: dict[str, tuple[type[Metric], type[Metric], type[Metric]]] = {
    "accuracy": _ACCURACIES,
    "acc": _ACCURACIES,
    "crossentropy": _CROSSENTROPIES,
    "ce": _CROSSENTROPIES,
}


def get(identifier: Any) -> Any:
    """Return the metric that an argument stands for.

    Parameters
    ----------
    identifier : str, dict, type, Metric, Loss, callable or None
        A name such as "mse"; a config as `serialize` returns it; a class; an object or None, for itself; a
        loss, or a function of labels and predictions, for the mean of it.

    Raises
    ------
    ValueError
        If there is no metric of that name.
    TypeError
        If it is none of these.

    Examples
    --------
    >>> get("mae").name
    'mean_absolute_error'
    """
    found = registry.get(identifier)
    return found if found is None or isinstance(found, Metric) else MeanMetricWrapper(found)


def resolve(identifier: Any, labels: Labels, classes: int) -> Metric:
    """Return the metric that an entry of `compile(metrics=...)` means, as Keras resolves it.

    "accuracy" and "acc", in any case, are binary where predictions are one number wide, sparse where labels
    are class numbers, else categorical; "crossentropy" and "ce" follow the same rule. The metric's name is
    the string given.

    Parameters
    ----------
    identifier : str or Metric
    labels : Labels
        What the loss of the output takes.
    classes : int
        Width of the predictions.
    """
    if identifier is None:
        raise TypeError("metrics: expected names, configs or instances of Metric, got None among them")
    if not isinstance(identifier, str):
        metric: Metric = get(identifier)
        return metric
    family = _FAMILIES.get(identifier.lower())
    if family is None:
        metric = registry.get(identifier)
    else:
        binary, sparse, categorical = family
        metric = (sparse if labels.sparse else binary if classes == 1 else categorical)()
    metric.name = identifier
    return metric
