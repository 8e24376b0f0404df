"""Names of weights: "layer/variable", preceded by the models and wrappers around the layer.

>>> import fastnn
>>> model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(2, name="first")])
>>> [weight.path for weight in named_weights(model)]
['first/kernel', 'first/bias']
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..registry import snake_case
from ..variables import Variable

__all__ = ["NamedWeight", "inner_models", "named_layers", "named_weights"]


class NamedLayer(NamedTuple):
    """A layer and its names within a model; see `NamedWeight`."""

    path: str
    structure: str
    layer: Any


class NamedWeight(NamedTuple):
    """A weight and its names within a model.

    Attributes
    ----------
    path : str
        The names of the layer and of the weight: "dense_7/kernel", "base/conv/bias".
    structure : str
        The same, but layers without a name of their own are numbered within the model: "dense/kernel" for
        the first `Dense`, whatever other layers the program has made before.
    variable : Variable
    """

    path: str
    structure: str
    variable: Variable


def named_layers(model: Any) -> Iterator[NamedLayer]:
    """Yield each layer of a model once, including those inside models and wrappers.

    Parameters
    ----------
    model : Model
    """
    yield from _inside(model, "", "", set())


def _inside(owner: Any, path: str, structure: str, seen: set[int]) -> Iterator[NamedLayer]:
    numbers: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    for layer in _parts(owner):
        kind = snake_case(type(layer).__name__)
        own = layer.name
        automatic = re.fullmatch(rf"((?:forward_|backward_)?{re.escape(kind)})(_\d+)?", own)
        if automatic:
            own = f"{automatic[1]}_{numbers[automatic[1]]}" if numbers[automatic[1]] else automatic[1]
            numbers[automatic[1]] += 1
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        named = NamedLayer(f"{path}{layer.name}", f"{structure}{_free(own, taken)}", layer)
        yield named
        yield from _inside(layer, f"{named.path}/", f"{named.structure}/", seen)


def _parts(owner: Any) -> list[Any]:
    """Return the layers directly inside a model or wrapper."""
    return list(owner._sublayers)


def inner_models(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield the models inside of a model, by structure."""
    from ..models import Model

    for _, structure, layer in named_layers(model):
        if isinstance(layer, Model):
            yield structure, layer


def named_weights(model: Any) -> list[NamedWeight]:
    """Return the weights of a model with their names, in the order of its layers.

    Of weights with the same name, all but the first get numbers.

    Parameters
    ----------
    model : Model
    """
    paths: Counter[str] = Counter()
    structures: Counter[str] = Counter()
    found: dict[int, NamedWeight] = {}
    # Layers around others come last: the weights that no layer inside has are their own.
    for path, structure, layer in sorted(named_layers(model), key=lambda named: bool(_parts(named.layer))):
        for variable in layer.weights:
            if id(variable) not in found:
                found[id(variable)] = NamedWeight(
                    _free(f"{path}/{variable.name}", paths),
                    _free(f"{structure}/{variable.name}", structures),
                    variable,
                )
    for variable in model.weights:
        if id(variable) not in found:  # of a model that is written as `call`
            name = variable.name
            found[id(variable)] = NamedWeight(_free(name, paths), _free(name, structures), variable)
    return list(found.values())


def _free(name: str, taken: Counter[str]) -> str:
    while taken[name]:
        taken[name] += 1
        name = f"{name}_{taken[name] - 1}"
    taken[name] += 1
    return name
