"""`Wrapper`: base of layers around another one."""

from __future__ import annotations

from typing import Any

from ..checks import ArgumentError
from .base.layer import Layer, registry
from .base.shapes import Shape


def inner_layer(layer: Any, name: str) -> Layer:
    """Return a layer, given as one or as the config of one."""
    if isinstance(layer, dict):
        layer = registry.deserialize(layer)
    if not isinstance(layer, Layer):
        raise ArgumentError(f"{name}: expected a layer, got {layer!r}")
    return layer


class Enclosing(Layer):
    """Base of layers that consist of others, which `_configured_parts` lists."""

    def _inner_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the input of the layers inside."""
        return input_shape

    def _check_weights(self, input_shape: Shape) -> None:
        """Raise a `ValueError` if the layers inside do not take the input."""
        for layer in self._configured_parts:
            layer._build_once(self._inner_shape(input_shape))

    def build(self, input_shape: Shape) -> None:
        """Build the layers inside for an input of this shape, batch dimension first."""
        for layer in self._configured_parts:
            layer.dtype = self._dtype
            layer._build_once(self._inner_shape(input_shape))


class Wrapper(Enclosing):
    """Base of layers that extend another layer; a subclass defines `call`.

    Parameters
    ----------
    layer : Layer
        What is wrapped.
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

    @property
    def _configured_parts(self) -> list[Layer]:
        """The layer."""
        return [self.layer]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, the layer as a config of its own."""
        return super().get_config() | {"layer": registry.serialize(self.layer)}
