"""The attribute `activation` of layers, which may be set at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ... import activations

if TYPE_CHECKING:
    from .layer import Layer


class ActivationAttribute:
    """Attribute that holds an activation, from whatever `activations.get` takes."""

    def __set_name__(self, owner: type[Layer], name: str) -> None:
        self._name = name

    def __get__(self, layer: Layer | None, owner: type[Layer]) -> Any:
        if layer is None:
            return self
        try:
            return vars(layer)[self._name]
        except KeyError:
            raise AttributeError(
                f"{owner.__name__}: call super().__init__() in the constructor first"
            ) from None

    def __set__(self, layer: Layer, activation: Any) -> None:
        vars(layer)[self._name] = activations.get(activation)
