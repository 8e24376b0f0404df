"""`Wrapper`: base of your own layers around another one."""

from __future__ import annotations

from typing import Any

from .base.layer import Layer, registry
from .time_distributed import inner_layer


class Wrapper(Layer):
    """A layer around another one, whose weights it has; a subclass defines `call`.

    Parameters
    ----------
    layer : Layer
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> class Residual(fastnn.layers.Wrapper):
    ...     def call(self, x):
    ...         return x + self.layer(x)
    >>> Residual(fastnn.layers.Dense(2, kernel_initializer="ones"))(np.array([[1.0, 2.0]]))
    array([[4., 5.]], dtype=float32)
    """

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.layer = inner_layer(layer, "layer")

    def build(self, input_shape: Any) -> None:
        """Build the layer inside for an input of this shape, batch dimension first."""
        self.layer.dtype = self.dtype
        self.layer._build_once(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"layer": registry.serialize(self.layer)}
