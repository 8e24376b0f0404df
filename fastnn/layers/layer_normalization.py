"""`LayerNormalization`: mean 0 and variance 1 in each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..checks import refuse
from .base.axes import axes_of
from .base.layer import registry
from .base.normalization import OverAxes, Scaled
from .base.shapes import Shape
from .base.weight_spec import WeightSpec

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class LayerNormalization(OverAxes, Scaled):
    """gamma (x - mean) / sqrt(variance + epsilon) + beta, over some axes of each row (Ba et al. 2016).

    Parameters
    ----------
    axis : int or sequence of int, default -1
        What mean and variance are taken over, the batch being axis 0; gamma and beta are of these axes.
    epsilon : float, default 0.001
        Added to the variance.
    center, scale : bool, default True
        Whether to add beta, and to multiply by gamma.
    beta_initializer, gamma_initializer : default "zeros", "ones"
        Initializer of they.
    beta_regularizer, gamma_regularizer : default None
        Penalties added to the loss, see `fastnn.regularizers`.
    beta_constraint, gamma_constraint : default None
        Projections applied after each update, see `fastnn.constraints`.
    rms_scaling : bool, default False
        Kept for Keras compatibility; only False is accepted. Use `RMSNormalization` instead.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.LayerNormalization(epsilon=0.0)([[1.0, 3.0], [10.0, 30.0]])
    array([[-1.,  1.],
           [-1.,  1.]], dtype=float32)
    """

    supports_masking = True
    rms_scaling = False

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        *,
        rms_scaling: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            epsilon=epsilon,
            center=center,
            scale=scale,
            gamma=WeightSpec(gamma_initializer, gamma_regularizer, gamma_constraint),
            beta=WeightSpec(beta_initializer, beta_regularizer, beta_constraint),
            **kwargs,
        )
        refuse(rms_scaling=rms_scaling)
        self.axis = axes_of(axis)

    def _shape_of_weights(self, input_shape: Shape) -> Shape:
        """Return the sizes of the axes."""
        return self._shape_of_axes(input_shape)

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the normalisation."""
        from ..kernels.ops import layer_norm

        return layer_norm.emit(plan, x, self.gamma, self.beta, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"axis": self.axis}
