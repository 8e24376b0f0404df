"""What `super().call` applies in a user's class that extends a layer of the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .layer import Layer

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from ...variables import Variable


class OwnSteps(Layer):
    """The steps of the library's class that a user's class derives from, as a layer with the same weights.

    Parameters
    ----------
    layer : Layer
        Of a class that defines `call`.

    Raises
    ------
    TypeError
        If it derives from no layer that computes anything.
    """

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        super().__init__(name=layer.name, dtype=layer._dtype)
        bases: list[type[Layer]] = [cls for cls in type(layer).__mro__ if issubclass(cls, Layer)]
        self._class = next(cls for cls in bases if cls.__module__.startswith("fastnn."))
        if self._class._emit is Layer._emit:
            raise TypeError(f"call: {type(layer).__name__} derives from no layer with a call of its own")
        self.supports_masking = layer.supports_masking

    def _call_with(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Apply the layer with the arguments that `call` gets."""
        options = {} if mask is None else {"mask": np.asarray(mask, self.compute_dtype)}
        return self(inputs, training=training, **options)

    @property
    def _run_counts(self) -> NDArray[np.int64] | None:
        """The runs that the layer counts."""
        return self._layer._run_counts

    @_run_counts.setter
    def _run_counts(self, value: NDArray[np.int64] | None) -> None:
        self._layer._run_counts = value

    @property
    def _sublayers(self) -> list[Layer]:
        """None: the layer itself has its parts."""
        return []

    @property
    def weights(self) -> list[Variable]:
        """The weights of the layer."""
        return self._layer.weights

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return what the library's class says."""
        if self._class.compute_output_shape is Layer.compute_output_shape:
            return input_shape
        return self._class.compute_output_shape(self._layer, input_shape)

    def _emit_mask(self, plan: Plan, x: Any) -> Any:
        """Return the mask of the output."""
        return self._layer._emit_mask(plan, x)

    def _emit(self, plan: Plan, x: Any, **options: Any) -> Any:
        """Append the steps."""
        return self._layer._emit(plan, x, **options)
