"""`MatMul`: the operator @ of symbolic tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base.layer import registry
from .base.operation import Operation, SampleShape

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class MatMul(Operation):
    """Matrix product, as ``x @ y`` of symbolic tensors.

    Parameters
    ----------
    constant : array_like, optional
        A vector or a matrix on the right, or a matrix on the left; without it the layer is called on a list
        of two tensors (rows, ..., m, k) and (rows, ..., k, n), whose matrices are multiplied one by one.
    reverse : bool, default False
        Whether the constant is on the left.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> from fastnn.layers.matmul import MatMul
    >>> MatMul(np.array([[1.0], [10.0]]))(np.array([[1.0, 2.0]]))
    array([[21.]], dtype=float32)
    """

    def _output_sample_shape(self, sample_shape: Any) -> SampleShape:
        """Return the shape of the products."""
        left, right = self._shapes(sample_shape)
        fits = len(left) > 1 and len(right) > 1 and left[-1] == right[-2]
        if self.constant is None:
            fits = fits and left[:-2] == right[:-2]
        if not fits:
            constant = "" if self.constant is None else f" and a constant of shape {self.constant.shape}"
            raise ValueError(
                "inputs: @ expects (..., m, k) and (..., k, n) behind the batch, equal before that, "
                f"or a constant matrix; got {sample_shape}{constant}"
            )
        lead = right[:-2] if self.reverse else left[:-2]
        made = (*lead, left[-2], right[-1])
        if self.constant is None or self.reverse:
            return made
        lead = tuple(sample_shape[:-1])
        return (*lead, right[-1]) if self.constant.ndim == 2 else lead

    def _emit(self, plan: Plan, x: Any) -> Value:
        """Append the products."""
        from ..kernels.ops import dot

        if self.constant is None:
            return dot.emit(plan, x[0], x[1], True, False, x[0].shape[:-2])
        left, right = self._shapes(x.shape)
        matrix = self.constant.reshape(left if self.reverse else right)
        y = dot.emit_constant(plan, plan.reshaped(x, right if self.reverse else left), matrix, self.reverse)
        return plan.reshaped(y, self._output_sample_shape(x.shape))

    def _shapes(self, sample_shape: Any) -> tuple[SampleShape, SampleShape]:
        """Return the shapes of both sides; a constant is a matrix, and samples that are vectors are one."""
        if self.constant is None:
            return sample_shape[0], sample_shape[1]
        shape = self.constant.shape
        if len(shape) > 2:
            raise ValueError(f"constant: expected a vector or a matrix, got an array of shape {shape}")
        if self.reverse:
            return shape, sample_shape
        left = sample_shape if len(sample_shape) > 1 else (1, *sample_shape)
        return left, (shape if len(shape) == 2 else (*shape, 1))
