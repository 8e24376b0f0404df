"""`Masking`: which steps of a sequence count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..checks import real_number
from .base.layer import Layer, registry
from .base.shapes import Shape, with_batch

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class Masking(Layer):
    """Leave out the steps whose features are all `mask_value`.

    The layers after it that support masking pass the mask on; recurrent layers skip the steps, and the
    loss and the metrics do not count them where the mask reaches the output.

    Parameters
    ----------
    mask_value : float, default 0.0
        What all features of a step are that does not count.
    **kwargs
        See `Layer`.

    Notes
    -----
    Input and output are (rows, steps, features); steps that do not count are 0 in the output.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.Masking(-1.0)(np.array([[[-1.0, -1.0], [-1.0, 2.0]]]))
    array([[[ 0.,  0.],
            [-1.,  2.]]], dtype=float32)
    """

    supports_masking = True
    _stepwise = True

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = real_number(mask_value, "mask_value")

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Refuse samples without features."""
        if len(input_shape) < 2:
            raise ValueError("input: Masking expects rows of at least one dimension, got rows of shape ()")

    def _emit_mask(self, plan: Plan, x: Value) -> Value:
        """Append 0 for the steps whose features are all `mask_value`, 1 for the others."""
        from ..kernels.ops import masking

        return masking.emit_mask(plan, x, self.mask_value, x.shape[-1])

    def _append_steps(self, plan: Plan, x: Value, training: bool | None = None, **options: Any) -> Value:
        """Append the mask and what it leaves."""
        from ..kernels.ops import masking

        self._build_once(with_batch(x.shape))
        mask = self._emit_mask(plan, x)
        y = masking.emit(plan, x, mask)
        y.mask = mask
        return y

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"mask_value": self.mask_value}
