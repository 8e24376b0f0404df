"""Lookup of metrics: the values that `compile(metrics=...)` accepts."""

from __future__ import annotations

from typing import Any

import numpy as np

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


class MetricByShapes(Metric):
    """A metric such as "accuracy" where no loss says what labels are: their shape in the first batch does.

    Parameters
    ----------
    name : str
        A key of `_FAMILIES`, in any case.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self._chosen: Metric | None = None
        self._direction = _FAMILIES[name.lower()][0]._direction

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Update the state with samples; see `Metric`."""
        if self._chosen is None:
            labels, predictions = np.shape(y_true), np.shape(y_pred)
            sparse = len(labels) < len(predictions) or (labels[-1:] == (1,) and predictions[-1:] != (1,))
            kind = Labels.CLASS if sparse and predictions[-1:] != (1,) else Labels.REAL
            self._chosen = resolve(self.name, kind, predictions[-1] if predictions else 1)
        self._chosen.update_state(y_true, y_pred, sample_weight)

    def result(self) -> Any:
        """Return the result for all samples so far; 0 before the first."""
        return 0.0 if self._chosen is None else self._chosen.result()

    def reset_state(self) -> None:
        """Forget all samples."""
        if self._chosen is not None:
            self._chosen.reset_state()


def resolve(identifier: Any, labels: Labels | None, classes: int) -> Metric:
    """Return the metric that an entry of `compile(metrics=...)` means, as Keras resolves it.

    "accuracy" and "acc", in any case, are binary where predictions are one number wide, sparse where labels
    are class numbers, else categorical; "crossentropy" and "ce" follow the same rule. The metric's name is
    the string given.

    Parameters
    ----------
    identifier : str or Metric
    labels : Labels or None
        What the loss of the output takes; None if it has no loss.
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
    elif labels is None:
        metric = MetricByShapes(identifier)
    else:
        binary, sparse, categorical = family
        metric = (sparse if labels.sparse else binary if classes == 1 else categorical)()
    metric.name = identifier
    return metric
