"""`GroupNormalization`: mean 0 and variance 1 in each group of channels of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..checks import whole_number
from .base.axes import FARTHEST, axis_of, sample_axis
from .base.layer import registry
from .base.normalization import Scaled
from .base.shapes import Shape, with_batch
from .base.weight_spec import WeightSpec

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class GroupNormalization(Scaled):
    """gamma (x - mean) / sqrt(variance + epsilon) + beta, for each group of channels (Wu & He 2018).

    Parameters
    ----------
    groups : int, default 32
        How many groups of neighbouring channels there are; it divides the number of channels. -1 makes every
        channel a group of its own, which is instance normalisation.
    axis : int, default -1
        The channels, the batch being axis 0. Mean and variance go over the other axes of a row.
    epsilon : float, default 0.001
        Added to the variance.
    center, scale : bool, default True
        Whether there is a beta, and a gamma, for each channel.
    beta_initializer, gamma_initializer : default "zeros", "ones"
        Initializer of they.
    beta_regularizer, gamma_regularizer : default None
        Penalties added to the loss, see `fastnn.regularizers`.
    beta_constraint, gamma_constraint : default None
        Projections applied after each update, see `fastnn.constraints`.
    **kwargs
        See `Layer`.

    Notes
    -----
    A variance beyond the largest number of the dtype, as of ±1e30, is infinite: the results are beta, as
    in Keras.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.GroupNormalization(2, epsilon=0.0)([[1.0, 3.0, 20.0, 10.0]])
    array([[-1.,  1.,  1., -1.]], dtype=float32)
    """

    supports_masking = True

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
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
        self.groups = whole_number(groups, "groups", -1, FARTHEST)
        if not self.groups:
            raise ValueError(f"groups: expected at least one, or -1 for one per channel, got {groups!r}")
        self.axis = axis_of(axis)

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Check the groups."""
        (channels,) = self._shape_of_weights(input_shape)
        if channels is not None and channels % self._count(channels):
            raise ValueError(
                f"groups: expected a divisor of the {channels} channels of rows of shape {input_shape[1:]}, "
                f"got {self.groups}"
            )

    def _shape_of_weights(self, input_shape: Shape) -> Shape:
        """Return (channels,)."""
        return (input_shape[1 + sample_axis(self.axis, input_shape)],)

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the normalisation."""
        from ..kernels.ops import group_norm

        axis = sample_axis(self.axis, with_batch(x.shape))
        groups = self._count(x.shape[axis])
        return group_norm.emit(plan, x, axis, groups, self.gamma, self.beta, self.epsilon)

    def _count(self, channels: int) -> int:
        """Return the number of groups."""
        return channels if self.groups == -1 else self.groups

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"groups": self.groups, "axis": self.axis}
