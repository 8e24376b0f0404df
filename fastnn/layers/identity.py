"""`Identity`: a layer that does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base.layer import Layer, registry

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class Identity(Layer):
    """Return the input unchanged.

    Parameters
    ----------
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.Identity()([[1.0, 2.0]])
    array([[1., 2.]], dtype=float32)
    """

    supports_masking = True

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append nothing."""
        return x
