"""Activations as attributes of layers and cells, which may be set at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ... import activations

if TYPE_CHECKING:
    from .cell import Cell
    from .layer import Layer


class ActivationAttribute:
    """Attribute that holds an activation, from whatever `activations.get` takes."""

    def __set_name__(self, owner: type[Layer | Cell], name: str) -> None:
        self._name = name

    def __get__(self, layer: Layer | Cell | None, owner: type[Layer | Cell]) -> Any:
        if layer is None:
            return self
        try:
            return vars(layer)[self._name]
        except KeyError:
            raise AttributeError(
                f"{owner.__name__}: call super().__init__() in the constructor first"
            ) from None

    def __set__(self, layer: Layer | Cell, activation: Any) -> None:
        vars(layer)[self._name] = activations.get(activation)


class ElementwiseAttribute(ActivationAttribute):
    """The same for an activation of each number by itself."""

    def __set__(self, layer: Layer | Cell, activation: Any) -> None:
        found = activations.get(activation)
        if not isinstance(found, activations.Activation):
            raise ValueError(f"{self._name}: expected an elementwise activation, got {activation!r}")
        vars(layer)[self._name] = found
