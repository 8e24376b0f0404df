"""The plan of a model: the tensors of a trace as values, which are made once all have a counterpart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ... import layers as L
from .values import Counterpart, Order, Unsupported, Value, need

__all__ = ["Plan"]


class Plan:
    """Values in the order in which they can be made.

    Attributes
    ----------
    named : dict
        The layers with weights by name.
    """

    def __init__(self) -> None:
        self.named: dict[str, Any] = {}
        self._values: list[Value] = []
        self._flattened: dict[str, tuple[int | None, ...]] = {}  # what layers with weights are called on

    def add(
        self,
        make: Callable[[], Any],
        shape: Sequence[int | None],
        order: Order | None = None,
        positive: bool = False,
        flattened: tuple[int | None, ...] = (),
    ) -> Value:
        """Plan a value; its axes are in the order of PyTorch unless it is given."""
        order = tuple(range(len(shape))) if order is None else order
        value = Value(tuple(shape), order, make, positive, flattened)
        self._values.append(value)
        return value

    def apply(self, x: Value, found: Counterpart, shape: Sequence[int | None], name: str = "") -> Value:
        """Plan calls of layers, one on what the other makes.

        Parameters
        ----------
        x : Value
        found : Counterpart
        shape : sequence of int or None
            Of what the last layer makes.
        name : str, default ""
            Of the layer that has weights: if it has been called before, it is called again.
        """
        x = x if found.order is None else self.ordered(x, found.order)
        layers = [
            self._weighted(layer, x.flattened) if layer.name == name else layer for layer in found.layers
        ]
        order = x.order if len(shape) == x.rank else None
        return self.add(
            lambda: _chained(layers, x), shape, order, found.positive, x.flattened if found.keeps else ()
        )

    def _weighted(self, layer: Any, flattened: tuple[int | None, ...]) -> Any:
        """Return a layer, or the one of its name that has been called before."""
        known = self._flattened.setdefault(layer.name, flattened)
        need(known == flattened, "it is used twice, of which once behind Flatten")
        return self.named.setdefault(layer.name, layer)

    def ordered(self, x: Value, order: Order | None = None) -> Value:
        """Plan the value with its axes in another order, by default that of PyTorch."""
        order = tuple(range(x.rank)) if order is None else order
        if x.flattened:
            sizes = tuple(size for size in x.flattened if size is not None)
            need(sizes == x.flattened, "what Flatten makes of unknown sizes can only go to a Linear")
            back = [
                L.Reshape(sizes), L.Permute((len(sizes), *range(1, len(sizes)))), L.Reshape((-1,)),
            ]  # fmt: skip
            flat = x
            x = self.add(lambda: _chained(back, flat), x.shape, x.order, x.positive)
        if x.order == order:
            return x
        need(x.order[0] == order[0], "it takes another axis for that of the batch")
        layer = L.Permute(tuple(x.order.index(axis) for axis in order[1:]))
        source = x
        return self.add(lambda: layer(source.tensor), x.shape, order, x.positive)

    def make(self) -> None:
        """Make all values.

        Raises
        ------
        Unsupported
            If layers make other shapes than the module.
        """
        for value in self._values:
            value.tensor = value.make()
            found = tuple(value.tensor.shape)[1:]
            expected = () if value.flattened else tuple(value.shape[axis] for axis in value.order[1:])
            if any(None not in (a, b) and a != b for a, b in zip(found, expected, strict=False)):
                raise Unsupported(f"expected a tensor of shape {expected}, layers make {found}")


def _chained(layers: list[Any], x: Value) -> Any:
    made = x.tensor
    for layer in layers:
        made = layer(made)
    return made
