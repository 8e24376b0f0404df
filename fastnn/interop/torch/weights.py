"""Weights of PyTorch's state dicts and of layers, turned into each other's layouts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import layers as L
from ...saving.weights import LoadReport

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...models import Model

    Arrays = list[NDArray[Any]]

__all__ = ["Entry", "entries", "load_state_dict", "set_entries", "state_dict"]

_UNUSED = ".num_batches_tracked"

# Layers that leave elements where they are.
_KEEP = (L.Dropout, L.Activation, L.ReLU, L.LeakyReLU, L.ELU, L.Identity, L.BatchNormalization)


@dataclass(frozen=True)
class Entry:
    """One weight of a layer: the tensors it is made of, and how they turn into it and back."""

    names: tuple[str, ...]
    turned: Callable[..., NDArray[Any]]
    back: Callable[[NDArray[Any]], Arrays]


def load_state_dict(model: Model, state_dict: Mapping[str, Any], strict: bool = True) -> LoadReport:
    """Set the weights of a model from a state dict of PyTorch.

    Layers take the tensors under their own names, as `from_module` names them. If no name of the state dict
    is one of a layer, its modules go to the layers with weights in their order.

    Parameters
    ----------
    model : Model
        A model that is built.
    state_dict : mapping of str to tensor or array
        What `module.state_dict()` returns, or a file of safetensors read as NumPy arrays.
    strict : bool, default True
        Whether all weights must be there, and no others.

    Returns
    -------
    LoadReport
        Its `missing` and `unexpected` have names of the state dict.

    Raises
    ------
    ValueError
        If a tensor is missing, is left over or has another shape; the model stays as it was.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(1)])
    >>> load_state_dict(model, {"0.weight": np.array([[1.0, 2.0]]), "0.bias": np.array([3.0])}).missing
    []
    >>> model.layers[0].get_weights()[0].tolist()
    [[1.0], [2.0]]
    """
    given = {name: _array(value) for name, value in state_dict.items() if not name.endswith(_UNUSED)}
    found = entries(model)
    return set_entries(model, found, _renamed(found, given), strict)


def set_entries(
    model: Model, found: Mapping[Any, list[Entry]], given: Mapping[str, Any], strict: bool = True
) -> LoadReport:
    """Set weights from tensors under the names of their entries; see `load_state_dict`."""
    report, values = LoadReport(), {}
    used: set[str] = set()
    for layer, of_layer in found.items():
        for entry, weight in zip(of_layer, layer.weights, strict=True):
            missing = [name for name in entry.names if name not in given]
            used.update(entry.names)
            if missing:
                report.missing += missing
                continue
            arrays = [_array(given[name]) for name in entry.names]
            expected = [array.shape for array in entry.back(weight.value)]
            wrong = [
                f"{name!r} of shape {array.shape} does not fit layer {layer.name!r}, which takes {shape}"
                for name, array, shape in zip(entry.names, arrays, expected, strict=True)
                if array.shape != shape
            ]
            report.mismatched += wrong
            if not wrong:
                values[id(weight)] = entry.turned(*arrays)
                report.loaded += entry.names
    report.unexpected += sorted(given.keys() - used)
    problems = list(report.mismatched)
    if strict and report.missing:
        problems.append(f"it has no {', '.join(map(repr, report.missing))}, which layers of the model need")
    if strict and report.unexpected:
        problems.append(f"it has tensors that no layer of the model takes: {', '.join(report.unexpected)}")
    if problems:
        raise ValueError(f"state_dict: {'; '.join(problems)}")
    model.set_weights([values.get(id(weight), weight.value) for weight in model.weights])
    return report


def state_dict(model: Model) -> dict[str, NDArray[Any]]:
    """Return the weights of a model as PyTorch's state dict has them, as NumPy arrays.

    The names are those of the layers and of PyTorch's parameters. An LSTM has one bias, which is `bias_ih`;
    `bias_hh` is zero. The numbers of batches that BatchNorm has tracked, which PyTorch uses only with
    `momentum=None`, are zero.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(3, name="head")])
    >>> {name: value.shape for name, value in state_dict(model).items()}
    {'head.weight': (3, 2), 'head.bias': (3,)}
    """
    found: dict[str, NDArray[Any]] = {}
    for layer, of_layer in entries(model).items():
        for entry, weight in zip(of_layer, layer.get_weights(), strict=True):
            found.update(zip(entry.names, map(np.ascontiguousarray, entry.back(weight)), strict=True))
        if isinstance(layer, L.BatchNormalization):
            found[f"{layer.name}{_UNUSED}"] = np.array(0, np.int64)
    return found


def entries(model: Model) -> dict[Any, list[Entry]]:
    """Return for each layer with weights what its weights are made of, in the order of `layer.weights`."""
    flattened: dict[int, tuple[int, ...]] = {}  # shapes before Flatten, by the tensors that come of it
    found = {}
    for layer in model.layers:
        if isinstance(layer, L.Flatten):
            flattened[id(layer.output)] = tuple(layer.input.shape)[1:]
            continue
        shape = () if isinstance(layer.input, (list, dict)) else flattened.get(id(layer.input), ())
        if isinstance(layer, _KEEP) and shape:
            flattened[id(layer.output)] = shape
        if layer.weights:
            prefix = _module_of(layer.name)[0]
            found[layer] = [
                replace(entry, names=tuple(f"{prefix}.{name}" for name in entry.names))
                for entry in _entries(layer, shape)
            ]
    return found


def _entries(layer: Any, flattened: tuple[int, ...]) -> list[Entry]:
    bias = [_same("bias")] if getattr(layer, "use_bias", False) else []
    if isinstance(layer, (L.DepthwiseConv1D, L.DepthwiseConv2D)):
        shape = tuple(layer.weights[0].shape)
        return [Entry(("weight",), lambda value: _depthwise(value, shape), _depthwise_back), *bias]
    if isinstance(layer, (L.Conv1D, L.Conv2D, L.Conv1DTranspose, L.Conv2DTranspose)):
        return [Entry(("weight",), _taps_first, lambda kernel: [_taps_last(kernel)]), *bias]
    if isinstance(layer, L.Dense):
        return [_dense(flattened), *bias]
    if isinstance(layer, L.Embedding):
        return [_same("weight")]
    if isinstance(layer, (L.BatchNormalization, L.LayerNormalization, L.GroupNormalization)):
        names = ["weight"] * layer.scale + ["bias"] * layer.center
        if isinstance(layer, L.BatchNormalization):
            names += ["running_mean", "running_var"]
        return [_vector(name, flattened) for name in names]
    if isinstance(layer, L.PReLU):
        shape = tuple(layer.weights[0].shape)
        return [Entry(("weight",), lambda alpha: alpha.reshape(shape), lambda alpha: [alpha.ravel()])]
    number = _module_of(layer.name)[1]
    if isinstance(layer, L.Bidirectional):
        return [
            *_recurrent(layer.forward_layer, f"_l{number}"),
            *_recurrent(layer.backward_layer, f"_l{number}_reverse"),
        ]
    if isinstance(layer, (L.SimpleRNN, L.LSTM, L.GRU)):
        return _recurrent(layer, f"_l{number}")
    raise ValueError(f"layer {layer.name!r} is a {type(layer).__name__}, which PyTorch has no module for")


def _depthwise(value: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Return a kernel (taps, channels, multiples) of one (channels * multiples, 1, taps)."""
    parts = value.reshape(*shape[-2:], *shape[:-2])
    return parts.transpose(*range(2, parts.ndim), 0, 1)


def _depthwise_back(kernel: NDArray[Any]) -> Arrays:
    parts = kernel.transpose(kernel.ndim - 2, kernel.ndim - 1, *range(kernel.ndim - 2))
    return [parts.reshape(-1, 1, *kernel.shape[:-2])]


def _vector(name: str, flattened: tuple[int, ...]) -> Entry:
    """Return the entry of a vector, whose elements follow the flattened shape with channels last here."""
    if len(flattened) < 2:
        return _same(name)
    *places, channels = flattened

    def turned(value: NDArray[Any]) -> NDArray[Any]:
        return np.moveaxis(value.reshape(channels, *places), 0, -1).ravel()

    def back(value: NDArray[Any]) -> Arrays:
        return [np.moveaxis(value.reshape(flattened), -1, 0).ravel()]

    return Entry((name,), turned, back)


def _same(name: str) -> Entry:
    return Entry((name,), lambda value: value, lambda value: [value])


def _taps_first(kernel: NDArray[Any]) -> NDArray[Any]:
    return kernel.transpose(*range(2, kernel.ndim), 1, 0)


def _taps_last(kernel: NDArray[Any]) -> NDArray[Any]:
    return kernel.transpose(kernel.ndim - 1, kernel.ndim - 2, *range(kernel.ndim - 2))


def _dense(flattened: tuple[int, ...]) -> Entry:
    """Return the entry of a kernel whose rows follow the flattened shape, with channels last here."""
    if len(flattened) < 2:
        return Entry(("weight",), lambda kernel: kernel.T, lambda kernel: [kernel.T])
    *places, channels = flattened

    def turned(kernel: NDArray[Any]) -> NDArray[Any]:
        return np.moveaxis(kernel.reshape(-1, channels, *places), 1, -1).reshape(len(kernel), -1).T

    def back(kernel: NDArray[Any]) -> Arrays:
        return [np.moveaxis(kernel.T.reshape(-1, *flattened), -1, 1).reshape(kernel.shape[1], -1)]

    return Entry(("weight",), turned, back)


def _recurrent(layer: Any, suffix: str) -> list[Entry]:
    gated = isinstance(layer, L.GRU)
    if gated and not layer.get_config()["reset_after"]:
        raise ValueError(f"layer {layer.name!r}: PyTorch's GRU is one with reset_after=True")

    def gates(value: NDArray[Any]) -> NDArray[Any]:
        """Exchange the first two of a GRU's gates: reset comes first there, update here."""
        if not gated:
            return value
        reset, update, new = np.split(value, 3)
        return np.concatenate([update, reset, new])

    found = [
        Entry((f"weight_{kind}{suffix}",), lambda value: gates(value).T, lambda value: [gates(value.T)])
        for kind in ("ih", "hh")
    ]
    names = (f"bias_ih{suffix}", f"bias_hh{suffix}")
    with_bias = len(layer.weights) == 3
    if with_bias and gated:
        found.append(
            Entry(names, lambda a, b: np.stack([gates(a), gates(b)]), lambda value: [gates(v) for v in value])
        )
    elif with_bias:
        found.append(Entry(names, lambda a, b: a + b, lambda value: [value, np.zeros_like(value)]))
    return found


def _module_of(name: str) -> tuple[str, int]:
    """Return the name of a layer's module, and its number in a stack: "rnn.l1" is the second of rnn."""
    module, dot, last = name.rpartition(".l")
    return (module, int(last)) if dot and last.isdigit() else (name, 0)


def _renamed(found: Mapping[Any, list[Entry]], given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return tensors under the names of the entries: as they are, or if none fits in their order."""
    own = list(dict.fromkeys(_owner(entry.names[0]) for of_layer in found.values() for entry in of_layer))
    modules = list(dict.fromkeys(map(_owner, given)))
    if set(own) & set(modules) or not modules:
        return given
    if len(modules) != len(own):
        raise ValueError(
            f"state_dict has tensors of {len(modules)} modules ({', '.join(modules)}), but the model has "
            f"{len(own)} layers with weights ({', '.join(own)}); layers can be named after the modules, "
            "those of an LSTM or GRU with several layers lstm.l0, lstm.l1"
        )
    renamed = dict(zip(modules, own, strict=True))
    return {f"{renamed[_owner(name)]}.{name.rpartition('.')[2]}": value for name, value in given.items()}


def _owner(name: str) -> str:
    return name.rpartition(".")[0]


def _array(value: Any) -> NDArray[Any]:
    if not hasattr(value, "detach"):
        return np.asarray(value)
    value = value.detach().cpu()  # NumPy does not know all the halves that PyTorch has
    return np.asarray(value.float() if value.is_floating_point() and value.element_size() < 4 else value)
