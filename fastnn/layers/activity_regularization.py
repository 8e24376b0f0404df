"""`ActivityRegularization`: a penalty on what passes through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from .. import regularizers
from .base.layer import Layer, registry

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class ActivityRegularization(Layer):
    """Pass rows through; add ``l1 * sum(|x|) + l2 * sum(x^2)`` of a batch, divided by its rows, to the loss.

    Parameters
    ----------
    l1, l2 : float, default 0.0
        The factors, not negative.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> model = fastnn.Sequential([fastnn.layers.ActivityRegularization(l1=0.5)])
    >>> model.compile(loss="mse")
    >>> x = np.array([[1.0, -2.0], [3.0, 0.0]])
    >>> model.evaluate(x, x, verbose=0)
    1.5
    """

    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)

    @property
    def l1(self) -> float:
        """Factor of the absolute values."""
        return self._penalty.l1

    @l1.setter
    def l1(self, value: float) -> None:
        # Another regularizer: a copy of this layer goes on with the one that it has.
        self.activity_regularizer = regularizers.L1L2(value, self.l2)

    @property
    def l2(self) -> float:
        """Factor of the squares."""
        return self._penalty.l2

    @l2.setter
    def l2(self, value: float) -> None:
        self.activity_regularizer = regularizers.L1L2(self.l1, value)

    @property
    def _penalty(self) -> regularizers.L1L2:
        return cast(regularizers.L1L2, self.activity_regularizer)

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Return x."""
        return x

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        config = super().get_config()
        penalty = config.pop("activity_regularizer")["config"]
        return config | {"l1": penalty["l1"], "l2": penalty["l2"]}
