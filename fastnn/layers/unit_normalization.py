"""`UnitNormalization`: a length of 1 for each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base.axes import axes_of
from .base.layer import registry
from .base.normalization import OverAxes

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value

SHORTEST = 1e-12  # what a row is divided by at least, as in Keras


@registry.add
class UnitNormalization(OverAxes):
    """x / sqrt(sum x²), over some axes of each row; zeros stay zeros.

    Parameters
    ----------
    axis : int or sequence of int, default -1
        What the sum is taken over, the batch being axis 0.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.UnitNormalization()([[3.0, 4.0], [0.0, 0.0]])
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float32)
    """

    supports_masking = True

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axes_of(axis)

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the normalisation."""
        from ..kernels.ops import unit_norm

        return unit_norm.emit(plan, x, SHORTEST)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"axis": self.axis}
