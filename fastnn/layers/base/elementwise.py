"""Base of the layers that apply one activation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import activations
from .layer import Layer

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from ...kernels.core.steps import Value


class ElementwiseActivation(Layer):
    """Base of layers that apply a function to each element."""

    supports_masking = True
    _stepwise = True

    _function: activations.Activation | activations.AxisActivation | activations.WrittenActivation

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the activation."""
        return self._function.emit(plan, x)
