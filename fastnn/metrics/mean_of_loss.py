"""`mean_of`: losses as metrics, their means over all samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from .. import losses
from ..kernels.core.specs import MetricSpec
from .metric import PlainMetric, registry


class MeanOfLoss(PlainMetric):
    """Base of metrics that are the mean of a loss, which `mean_of` chooses."""

    _direction = "down"
    _loss_class: ClassVar[type[losses.Loss]]

    def __init__(self, name: str | None = None, dtype: str | None = None, **arguments: Any) -> None:
        super().__init__(name, dtype)
        self.loss, self._named = self._loss_class(**arguments), tuple(arguments)

    @property
    def _spec(self) -> MetricSpec:
        """The kernel of the loss."""
        return self.loss._kernel_spec().metric

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        arguments = self.loss.get_config()
        return {name: arguments[name] for name in self._named} | super().get_config()


class PlainMeanOfLoss(MeanOfLoss):
    """Base of means of losses without arguments of their own."""

    def __init__(self, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(name, dtype)


C = TypeVar("C", bound=type[MeanOfLoss])


def mean_of(loss_class: type[losses.Loss]) -> Callable[[C], C]:
    """Return a decorator that makes a metric the mean of a loss, and lets it have the aliases of the loss."""

    def decorate(cls: C) -> C:
        cls._loss_class = loss_class
        return registry.add(cls, *losses.registry.aliases(loss_class))

    return decorate
