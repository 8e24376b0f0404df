"""Means of the cross-entropies."""

from __future__ import annotations

from .. import losses
from ..attributes import part_attributes
from ..kernels.core.specs import MetricSpec
from .mean_of_loss import MeanOfLoss, mean_of


@mean_of(losses.BinaryCrossentropy)
class BinaryCrossentropy(MeanOfLoss):
    """The mean of `losses.BinaryCrossentropy`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    from_logits, label_smoothing
        See the loss.

    Examples
    --------
    >>> round(BinaryCrossentropy()([[1.0]], [[0.5]]), 4)
    0.6931
    """

    from_logits, label_smoothing = part_attributes("loss", 2)

    def __init__(
        self,
        name: str | None = None,
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing)


@mean_of(losses.CategoricalCrossentropy)
class CategoricalCrossentropy(MeanOfLoss):
    """The mean of `losses.CategoricalCrossentropy`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    from_logits, label_smoothing, axis
        See the loss.

    Examples
    --------
    >>> round(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]), 4)
    0.6931
    """

    from_logits, label_smoothing, axis = part_attributes("loss", 3)

    def __init__(
        self,
        name: str | None = None,
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
    ) -> None:
        super().__init__(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)


@mean_of(losses.SparseCategoricalCrossentropy)
class SparseCategoricalCrossentropy(MeanOfLoss):
    """The mean of `losses.SparseCategoricalCrossentropy`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    from_logits, ignore_class, axis
        See the loss. As in Keras, samples of the ignored class count as values of 0 unless there are sample
        weights; the loss leaves them out.

    Examples
    --------
    >>> round(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]]), 4)
    0.6931
    """

    from_logits, ignore_class, axis = part_attributes("loss", 3)

    def __init__(
        self,
        name: str | None = None,
        dtype: str | None = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(name, dtype, from_logits=from_logits, ignore_class=ignore_class, axis=axis)

    @property
    def _spec(self) -> MetricSpec:
        """The kernel of the loss."""
        return super()._spec._replace(ignored_as_zeros=True)
