"""Attributes of a layer that are those of a part of it, such as its cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .layer import Layer


class PartAttribute:
    """An attribute that a part of a layer has under the same name; it is read and set there.

    Parameters
    ----------
    part : str
        The attribute that holds the part.
    """

    def __init__(self, part: str) -> None:
        self._part = part

    def __set_name__(self, owner: type[Layer], name: str) -> None:
        self._name = name

    def __get__(self, layer: Layer | None, owner: type[Layer]) -> Any:
        return self if layer is None else getattr(getattr(layer, self._part), self._name)

    def __set__(self, layer: Layer, value: Any) -> None:
        setattr(getattr(layer, self._part), self._name, value)


def part_attributes(part: str, count: int) -> tuple[PartAttribute, ...]:
    """Return so many attributes of a part.

    Parameters
    ----------
    part : str
        See `PartAttribute`.
    count : int
    """
    return tuple(PartAttribute(part) for _ in range(count))
