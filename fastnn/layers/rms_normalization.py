"""`RMSNormalization`: a mean square of 1 in each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import initializers
from .base.axes import axes_of, sample_axes
from .base.layer import registry
from .base.normalization import OverAxes, epsilon_of
from .base.shapes import Shape

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class RMSNormalization(OverAxes):
    """scale x / sqrt(mean x² + epsilon), over the last axes of each row (Zhang & Sennrich 2019).

    Parameters
    ----------
    axis : int or sequence of int, default -1
        What the mean is taken over, the batch being axis 0: the last axis, or the last ones, since the
        learned `scale` is of these axes and Keras multiplies by it as it is.
    epsilon : float, default 1e-6
        Added to the mean square.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.RMSNormalization(epsilon=0.0)([[7.0, -1.0]])
    array([[ 1.4, -0.2]], dtype=float32)
    """

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axes_of(axis)
        self.epsilon = epsilon_of(epsilon)

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Check that the axes are the last ones."""
        axes = sample_axes(self.axis, input_shape)
        if axes[-1] != len(input_shape) - 2 or axes[-1] - axes[0] != len(axes) - 1:
            raise ValueError(
                f"axis: expected the last axis or axes of a batch of shape {input_shape}, got {self.axis}"
            )

    def _weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shape of `scale`."""
        return {"scale": self._shape_of_axes(input_shape)}

    def build(self, input_shape: Shape) -> None:
        """Make `scale`."""
        self.scale = self.add_weight(self._shape_of_axes(input_shape), initializers.Ones(), "scale")

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the normalisation."""
        from ..kernels.ops import layer_norm

        return layer_norm.emit(plan, x, self.scale, None, self.epsilon, centered=False)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"axis": self.axis, "epsilon": self.epsilon}
