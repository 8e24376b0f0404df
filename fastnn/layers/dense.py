"""`Dense`: a fully connected layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import activations
from .base.activation_attribute import ActivationAttribute
from .base.layer import Layer, registry
from .base.shapes import Shape, dimension
from .base.weight_spec import WeightSpec, spec_attributes, specs_config

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class Dense(Layer):
    """y = activation(x W + b).

    Parameters
    ----------
    units : int
        Width of the output.
    activation : str, callable or None, default None
        See `fastnn.activations`.
    use_bias : bool, default True
        Whether to add a bias b.
    kernel_initializer : default "glorot_uniform"
        Initializer of W (inputs, units).
    bias_initializer : default "zeros"
        Initializer of b (units,).
    kernel_regularizer, bias_regularizer : default None
        Penalties added to the loss, see `fastnn.regularizers`.
    kernel_constraint, bias_constraint : default None
        Projections applied after each update, see `fastnn.constraints`.
    activity_regularizer : str, Regularizer or None, default None
        A penalty on the output: see `Layer`.
    **kwargs
        `trainable`, `dtype`, `name` and `input_shape` of `Layer`.

    Notes
    -----
    Input is (rows, ..., inputs), output (rows, ..., units).

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.Dense(2, kernel_initializer="ones")
    >>> layer(np.array([[1.0, 2.0, 3.0]]))
    array([[6., 6.]], dtype=float32)
    """

    supports_masking = True
    _stepwise = True

    kernel_initializer, kernel_regularizer, kernel_constraint = spec_attributes()
    bias_initializer, bias_regularizer, bias_constraint = spec_attributes()

    activation = ActivationAttribute()

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: None = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = dimension(units, "units")
        self.activation = activation
        self.use_bias = bool(use_bias)
        WeightSpec(kernel_initializer, kernel_regularizer, kernel_constraint).set_on(self, "kernel")
        WeightSpec(bias_initializer, bias_regularizer, bias_constraint).set_on(self, "bias")

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Refuse samples without dimensions."""
        if len(input_shape) < 2:
            raise ValueError("input: Dense expects rows of at least one dimension, got rows of shape ()")

    def _weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of `kernel` (inputs, units) and `bias` (units,)."""
        return {"kernel": (input_shape[-1], self.units), "bias": (self.units,)}

    def build(self, input_shape: Shape) -> None:
        """Make `kernel` (inputs, units) and `bias` (units,)."""
        shapes = self._weight_shapes(input_shape)
        self.kernel = WeightSpec.of(self, "kernel").add_to(self, shapes["kernel"], "kernel")
        self.bias = None
        if self.use_bias:
            self.bias = WeightSpec.of(self, "bias").add_to(self, shapes["bias"], "bias")

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the product; an elementwise activation is fused behind it."""
        from ..kernels.ops import dense

        y = dense.emit(plan, x, self.kernel, self.bias, self.activation.fused)
        made: Value = self.activation.emit_unfused(plan, y)
        return made

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Replace the last dimension by `units`."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return (
            super().get_config()
            | specs_config(self, "kernel", "bias")
            | {
                "units": self.units,
                "activation": activations.serialize(self.activation),
                "use_bias": self.use_bias,
            }
        )
