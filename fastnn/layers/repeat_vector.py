"""`RepeatVector`: a row as every step of a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base.layer import Layer, registry
from .base.shapes import Shape, dimension

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class RepeatVector(Layer):
    """y[t] = x for each of n steps t.

    Parameters
    ----------
    n : int
        How many steps there are.
    **kwargs
        See `Layer`.

    Notes
    -----
    Input is (rows, features), output (rows, n, features).

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.RepeatVector(2)(np.array([[1.0, 2.0]]))
    array([[[1., 2.],
            [1., 2.]]], dtype=float32)
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = dimension(n, "n")

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Refuse samples that are not vectors."""
        if len(input_shape) != 2:
            raise ValueError(
                f"input: RepeatVector expects rows (features,), got rows of shape {input_shape[1:]}"
            )

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append an image of one column, made n columns wide; the gradient adds them up."""
        from ..kernels.ops import resample

        features = x.shape[0]
        y = resample.emit(plan, plan.reshaped(x, (1, 1, features)), 1, self.n, "nearest")
        return plan.reshaped(y, (self.n, features))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Insert the steps behind the batch."""
        self._check_input_shape(input_shape)
        return (input_shape[0], self.n, *input_shape[1:])

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"n": self.n}
