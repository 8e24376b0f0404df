"""The weights of a model under the paths of Keras' HDF5 files, in both layouts.

That of Keras 3 names layers by their classes: ``layers/dense_1/vars/0``. That of full models in ``.h5`` files
and of earlier versions lists the weights of each layer by names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from numpy.typing import NDArray

from ...configurable import is_of_program
from ...layers import RNN, Bidirectional
from ...layers.base.layer import Layer
from ...registry import snake_case
from ...saving.errors import ModelFileError
from ...saving.weights import LoadReport
from ...variables import Variable
from .hdf5 import Contents
from .training import optimizer_arrays

__all__ = ["Place", "by_lists", "by_paths", "compared", "layer_groups", "stored_parts", "weight_datasets"]


class Place(NamedTuple):
    """A weight of a model and the dataset of it."""

    name: str
    path: str
    variable: Variable


class StoredPart(NamedTuple):
    """A layer, cell or model, the group that has its own weights, and these."""

    path: str
    name: str
    variables: list[Variable]


def stored_parts(model: Any) -> list[StoredPart]:
    """Return the parts of a model in Keras' order, each once."""
    return list(_parts(model, "", set()))


def _parts(part: Any, path: str, seen: set[int]) -> Iterator[StoredPart]:
    if id(part) in seen:
        return
    seen.add(id(part))
    if isinstance(part, RNN):
        yield StoredPart(path, part.name, [])
        yield from _cells(part, _joined(path, "cell"))
        return
    yield StoredPart(path, part.name, list(part._own_variables))
    for attribute, inner in _attributes(part):
        if isinstance(inner, Layer):
            yield from _parts(inner, _joined(path, attribute), seen)
            continue
        taken: Counter[str] = Counter()
        for layer in inner:
            name = _group_name(layer, taken)
            yield from _parts(layer, _joined(path, f"{attribute}/{name}"), seen)


def _attributes(part: Any) -> list[tuple[str, Any]]:
    """Return layers, or lists of them, by the attribute that Keras finds them in."""
    from ...models import Model

    if isinstance(part, Model) and (part._graph is not None or hasattr(part, "add")):
        return [("layers", part.layers)]
    if isinstance(part, Bidirectional):
        return [("backward_layer", part.backward_layer), ("forward_layer", part.forward_layer)]
    if not is_of_program(type(part)):
        return [("layer", part.layer)] if hasattr(part, "layer") else []
    found = []
    for name, value in sorted(vars(part).items()):
        values = list(value.values()) if isinstance(value, dict) else value
        if isinstance(values, (list, tuple)):
            values = [entry for entry in values if isinstance(entry, Layer)]
        if isinstance(values, Layer) or (isinstance(values, list) and values):
            found.append((name, values))
    return [(name, value) for name, value in found if not name.startswith("_")]


def _cells(layer: RNN, path: str) -> Iterator[StoredPart]:
    """Yield the cells of a recurrent layer, whose weights are in order of the cells."""
    variables = list(layer._own_variables)
    if not hasattr(layer.cell, "cells"):
        yield StoredPart(path, layer.cell.name, variables)
        return
    yield StoredPart(path, layer.cell.name, [])
    taken: Counter[str] = Counter()
    for i, cell in enumerate(layer.cell.cells):
        own = [variable for variable in variables if variable.name.startswith(f"cell_{i}/")]
        yield StoredPart(_joined(path, f"cells/{_group_name(cell, taken)}"), cell.name, own)


def _group_name(layer: Any, taken: Counter[str]) -> str:
    """Return the name of a layer's group in a list: its class, numbered."""
    from ...models import Model

    cls = type(layer)
    name = "functional" if cls is Model else snake_case(cls.__name__)
    taken[name] += 1
    return name if taken[name] == 1 else f"{name}_{taken[name] - 1}"


def _joined(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def by_paths(model: Any) -> list[Place]:
    """Return the weights of a model in the layout of Keras 3."""
    return [
        Place(variable.path, f"{_joined(part.path, 'vars')}/{i}", variable)
        for part in stored_parts(model)
        for i, variable in enumerate(part.variables)
    ]


def weight_datasets(
    model: Any, include_optimizer: bool = True
) -> tuple[dict[str, NDArray[Any]], dict[str, dict[str, str]]]:
    """Return weights, and the state of the optimizer if wanted, by path, and the attributes of groups."""
    datasets = {place.path: place.variable.value for place in by_paths(model)}
    names = {_joined(part.path, "vars"): {"name": part.name} for part in stored_parts(model)}
    if include_optimizer and model.optimizer is not None and model.optimizer.built:
        arrays = optimizer_arrays(model.optimizer)
        datasets |= {f"optimizer/vars/{i}": array for i, array in enumerate(arrays)}
        names["optimizer/vars"] = {"name": model.optimizer.name}
    return datasets, names


def layer_groups(model: Any) -> list[tuple[str, list[Variable]]]:
    """Return the weights of each layer of a model by its name, in the order of full models in HDF5 files."""
    return [(layer.name, [*layer.trainable_weights, *layer.non_trainable_weights]) for layer in model.layers]


def by_lists(model: Any, contents: Contents, above: str, by_name: bool = False) -> list[Place]:
    """Return the weights of a model with the datasets that lists in the file name.

    Parameters
    ----------
    model : Model
    contents : Contents
    above : str
        The group that lists the layers.
    by_name : bool, default False
        Whether to match layers by name, rather than in their order.
    """
    listed = []
    for layer in contents.names(above, "layer_names") or []:
        group = _joined(above, layer)
        names = contents.names(group, "weight_names") if group in contents.groups else None
        if names is None:
            raise ModelFileError(f"layer {layer!r:.80}: its weights are not listed")
        paths = [f"{group}/{name}" for name in names if not name.split(":")[0].endswith("StateVar")]
        if paths:
            listed.append((layer, paths))
    groups = [(name, variables) for name, variables in layer_groups(model) if variables]
    if by_name:
        paths_of = dict(listed)
        pairs = [(name, variables, paths_of[name]) for name, variables in groups if name in paths_of]
    else:
        if len(listed) != len(groups):
            raise ModelFileError(
                f"expected the weights of {len(groups)} layers, {[name for name, _ in groups]!r:.200}; got "
                f"{len(listed)}, {[name for name, _ in listed]!r:.200}"
            )
        pairs = [
            (name, variables, paths) for (name, variables), (_, paths) in zip(groups, listed, strict=True)
        ]
    places = []
    for name, variables, paths in pairs:
        if len(variables) != len(paths):
            raise ModelFileError(f"layer {name!r}: expected {len(variables)} weights, got {len(paths)}")
        places += [Place(v.path, path, v) for v, path in zip(variables, paths, strict=True)]
    return places


def compared(places: list[Place], contents: Contents, ignored: tuple[str, ...] = ()) -> LoadReport:
    """Compare the weights of a model with those of a file, by their shapes.

    Parameters
    ----------
    places : list of Place
    contents : Contents
    ignored : tuple of str
        Beginnings of paths of datasets that are no weights of the model.
    """
    report = LoadReport()
    left = {
        path for path in contents.datasets if not path.startswith(ignored) and "seed_generator/" not in path
    }
    for place in places:
        left.discard(place.path)
        if place.path not in contents.datasets:
            report.missing.append(place.name)
        elif (shape := contents.datasets[place.path].shape) != place.variable.shape:
            report.mismatched.append(f"{place.name} {place.variable.shape}, in the file {shape}")
        else:
            report.loaded.append(place.name)
    report.unexpected.extend(sorted(left))
    return report
