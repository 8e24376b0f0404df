"""`BatchNormalization`: mean 0 and variance 1 in each channel of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import initializers
from ..checks import real_number, refuse
from .base.axes import axis_of, sample_axis
from .base.layer import registry
from .base.normalization import Scaled
from .base.shapes import Shape, with_batch
from .base.weight_spec import WeightSpec

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class BatchNormalization(Scaled):
    """gamma (x - mean) / sqrt(variance + epsilon) + beta, for each channel (Ioffe & Szegedy 2015).

    Parameters
    ----------
    axis : int, default -1
        The channels, the batch being axis 0.
    momentum : float, default 0.99
        How much of the moving statistics stays at a training step.
    epsilon : float, default 0.001
        Added to the variance.
    center, scale : bool, default True
        Whether to add beta, and to multiply by gamma.
    beta_initializer, gamma_initializer : default "zeros", "ones"
        Initializer of they.
    moving_mean_initializer, moving_variance_initializer : default "zeros", "ones"
        Initializer of the moving statistics.
    beta_regularizer, gamma_regularizer : default None
        Penalties added to the loss, see `fastnn.regularizers`.
    beta_constraint, gamma_constraint : default None
        Projections applied after each update, see `fastnn.constraints`.
    renorm, renorm_clipping, renorm_momentum
        Kept for Keras compatibility; renormalization is not supported.
    synchronized : bool, default False
        Whether training on several ranks takes mean and variance over the batch of all ranks, instead of each
        rank's own part; see `fastnn.distributed`.
    **kwargs
        See `Layer`.

    Notes
    -----
    Training normalises by mean and variance (the biased one) of the batch, and after each step the moving
    statistics become moving * momentum + batch * (1 - momentum). Everything else normalises by the moving
    statistics, and so does training while `trainable` is false. `model(x, training=True)` is the forward
    half of a training step, whose `backward` moves them as well; `layer(x, training=True)` of an array uses
    the statistics of all its rows and changes no weights, other than in Keras.

    Where the input has a mask, masked steps do not count in the statistics of the batch, and are normalised
    by them like the others.

    A variance beyond the largest number of the dtype, as of a batch of ±1e30, is infinite: the results are
    beta, as in Keras.

    Examples
    --------
    >>> import fastnn
    >>> layer = fastnn.layers.BatchNormalization(epsilon=0.0)
    >>> layer([[1.0], [3.0]], training=True)
    array([[-1.],
           [ 1.]], dtype=float32)
    >>> layer([[1.0], [3.0]])
    array([[1.],
           [3.]], dtype=float32)
    """

    supports_masking = True
    renorm, renorm_clipping = False, None
    _call_arguments = ("training", "mask")

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
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
        refuse(renorm=renorm, renorm_clipping=renorm_clipping)
        self.synchronized = bool(synchronized)
        self.renorm_momentum = real_number(renorm_momentum, "renorm_momentum")
        self.axis = axis_of(axis)
        self.momentum = real_number(momentum, "momentum")
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)

    def _shape_of_weights(self, input_shape: Shape) -> Shape:
        """Return (channels,)."""
        return (input_shape[1 + sample_axis(self.axis, input_shape)],)

    def build(self, input_shape: Shape) -> None:
        """Make `gamma`, `beta`, `moving_mean` and `moving_variance` (channels,)."""
        super().build(input_shape)
        shape = self._shape_of_weights(input_shape)
        self.moving_mean = self.add_weight(
            shape, self.moving_mean_initializer, "moving_mean", trainable=False
        )
        self.moving_variance = self.add_weight(
            shape, self.moving_variance_initializer, "moving_variance", trainable=False
        )

    def _weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of all four."""
        shape = self._shape_of_weights(input_shape)
        return super()._weight_shapes(input_shape) | {"moving_mean": shape, "moving_variance": shape}

    @property
    def _stepwise(self) -> bool:
        """Whether the axis of time is not that of the channels."""
        return self._built_for is not None and sample_axis(self.axis, self._built_for) > 0

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the normalisation: by the batch where random layers act too, else by what moves."""
        from ..kernels.ops import affine, batch_norm

        axis = sample_axis(self.axis, with_batch(x.shape))
        weights = self.gamma, self.beta, self.moving_mean, self.moving_variance
        if plan.stochastic and plan.layer_trains(self):
            if x.mask is not None and (axis != len(x.shape) - 1 or x.mask.shape != x.shape[:-1]):
                raise ValueError(
                    "input: expected a mask of all dimensions but the last, which has the channels; "
                    f"got rows of shape {x.shape}, a mask of shape {x.mask.shape}, axis {self.axis}"
                )
            return batch_norm.emit(plan, x, axis, *weights, self.momentum, self.epsilon, self.synchronized)
        scale = batch_norm.moving_scale(plan, self.gamma, self.moving_variance, self.epsilon)
        return affine.emit_channels(plan, x, axis, self.moving_mean, scale, self.beta)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {
            "axis": self.axis,
            "momentum": self.momentum,
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "synchronized": self.synchronized,
        }
