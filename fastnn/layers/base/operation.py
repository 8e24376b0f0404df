"""Base of the layers that operators of symbolic tensors make of two operands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...conversion import as_numbers
from .layer import Layer
from .shapes import of_any_length, without_batch

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from ...kernels.core.steps import Value

SampleShape = tuple[int, ...]


def constant_array(value: ArrayLike | None, name: str) -> NDArray[np.float64] | None:
    """Return a constant as an array of numbers; None for none."""
    if value is None:
        return None
    return as_numbers(value, name).astype(np.float64)


class Operation(Layer):
    """Base of operations on one tensor and a constant, or on two tensors.

    Parameters
    ----------
    constant : array_like, optional
        A number or an array of numbers; without it the operation is called on a list of two tensors.
    reverse : bool, default False
        Whether the constant is on the left.
    **kwargs
        See `Layer`.
    """

    _is_operator = True

    def __init__(self, constant: ArrayLike | None = None, reverse: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.constant = constant_array(constant, "constant")
        self.reverse = bool(reverse)

    def _check_input_shape(self, input_shape: Any) -> None:
        """Check the shapes."""
        if isinstance(input_shape, list) is not (self.constant is None):
            wanted = "a list of two inputs" if self.constant is None else "one input"
            raise ValueError(
                f"inputs: {type(self).__name__} expects {wanted} here, got {without_batch(input_shape)}"
            )
        self.compute_output_shape(input_shape)

    def _output_sample_shape(self, sample_shape: Any) -> SampleShape:
        """Return the sample shape of the output, or raise a `ValueError`."""
        raise NotImplementedError

    @of_any_length
    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output."""
        batch = input_shape[0] if self.constant is not None else input_shape[0][0]
        return (batch, *self._output_sample_shape(without_batch(input_shape)))

    def _emit_mask(self, plan: Plan, x: Any) -> Value | None:
        """Return none."""
        return None

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        constant = None if self.constant is None else self.constant.tolist()
        return super().get_config() | {"constant": constant, "reverse": self.reverse}
