"""`PReLU`: a leaky rectifier whose slopes are learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .base.layer import Layer, registry
from .base.shapes import Shape, dimension
from .base.weight_spec import WeightSpec, spec_attributes, specs_config

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class PReLU(Layer):
    """x where x > 0, else alpha * x, with alpha learned (He et al. 2015).

    Parameters
    ----------
    alpha_initializer : default "zeros"
        Initializer of alpha.
    alpha_regularizer : default None
        A penalty added to the loss.
    alpha_constraint : default None
        Projection applied after each update, see `fastnn.constraints`.
    shared_axes : int or sequence of int, optional
        Axes of the input, the batch being axis 0, along which alpha is shared.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.PReLU(fastnn.initializers.Constant(0.5))([[-1.0, 2.0]])
    array([[-0.5,  2. ]], dtype=float32)
    """

    supports_masking = True

    alpha_initializer, alpha_regularizer, alpha_constraint = spec_attributes()

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        WeightSpec(alpha_initializer, alpha_regularizer, alpha_constraint).set_on(self, "alpha")
        axes = shared_axes if shared_axes is None or isinstance(shared_axes, Sequence) else (shared_axes,)
        self.shared_axes = None if axes is None else tuple(dimension(axis, "shared_axes") for axis in axes)

    @property
    def _shared(self) -> tuple[int, ...]:
        """The shared axes, none of them for None."""
        return self.shared_axes or ()

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Check the shared axes."""
        if any(axis >= len(input_shape) for axis in self._shared):
            raise ValueError(
                f"shared_axes: expected axes from 1 to {len(input_shape) - 1}, got {self.shared_axes}"
            )

    def _weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shape of `alpha`: a sample's with 1 for the shared axes."""
        sizes = enumerate(input_shape[1:], 1)
        return {"alpha": tuple(1 if axis in self._shared else n for axis, n in sizes)}

    def build(self, input_shape: Shape) -> None:
        """Make `alpha`, of the shape of a sample with 1 for the shared axes."""
        self.alpha = WeightSpec.of(self, "alpha").add_to(
            self, self._weight_shapes(input_shape)["alpha"], "alpha"
        )

    @property
    def _stepwise(self) -> bool:
        """Whether all time steps share alpha."""
        return 1 in self._shared

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the rectifier."""
        from ..kernels.ops import prelu

        return prelu.emit(plan, x, self.alpha)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return (
            super().get_config()
            | specs_config(self, "alpha")
            | {"shared_axes": None if self.shared_axes is None else list(self.shared_axes)}
        )
