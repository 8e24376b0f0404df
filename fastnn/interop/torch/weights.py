"""Weights of PyTorch's state dicts and of layers, turned into each other's layouts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import layers as L

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...models import Model

    Arrays = list[NDArray[Any]]

__all__ = ["entries", "load_state_dict", "state_dict"]


@dataclass(frozen=True)
class Entry:
    """One weight of a layer: the tensors it is made of, and how they turn into it and back."""

    names: tuple[str, ...]
    turned: Callable[..., NDArray[Any]]
    back: Callable[[NDArray[Any]], Arrays]


def load_state_dict(model: Model, state_dict: Mapping[str, Any]) -> None:
    """Set all weights of a model from a state dict of PyTorch.

    Layers take the tensors under their own names, as `from_module` names them; where a name of the state dict
    is not one of a layer, the modules of the state dict go to the layers with weights in their order.

    Parameters
    ----------
    model : Model
        A model that is built.
    state_dict : mapping of str to tensor or array
        What `module.state_dict()` returns, or a file of safetensors read as NumPy arrays.

    Raises
    ------
    ValueError
        If a weight is missing, is left over or has another shape; the model stays as it was.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(1)])
    >>> load_state_dict(model, {"0.weight": np.array([[1.0, 2.0]]), "0.bias": np.array([3.0])})
    >>> model.layers[0].get_weights()[0].tolist()
    [[1.0], [2.0]]
    """
    given = {name: _array(value) for name, value in state_dict.items() if _is_weight(name)}
    found = entries(model)
    prefixes = _prefixes(model, given)
    values, used = [], set()
    for layer in found:
        for entry, weight in zip(found[layer], layer.weights, strict=True):
            names = [f"{prefixes[layer.name]}.{name}" for name in entry.names]
            missing = [name for name in names if name not in given]
            if missing:
                raise ValueError(f"state_dict has no {missing[0]!r}, which layer {layer.name!r} needs")
            value = entry.turned(*[given[name] for name in names])
            if value.shape != tuple(weight.shape):
                raise ValueError(
                    f"{names[0]!r} of shape {given[names[0]].shape} does not fit the weight {weight.name!r} "
                    f"of layer {layer.name!r}, whose shape is {tuple(weight.shape)}"
                )
            values.append((weight, value))
            used.update(names)
    left = sorted(given.keys() - used)
    if left:
        raise ValueError(f"state_dict has tensors that no layer of the model takes: {', '.join(left)}")
    by_weight = {id(weight): value for weight, value in values}
    model.set_weights([by_weight[id(weight)] for weight in model.weights])


def state_dict(model: Model) -> dict[str, NDArray[Any]]:
    """Return the weights of a model as PyTorch's state dict has them, as NumPy arrays.

    The names are those of the layers and of PyTorch's parameters. An LSTM has one bias, which is `bias_ih`;
    `bias_hh` is zero.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(3, name="head")])
    >>> {name: value.shape for name, value in state_dict(model).items()}
    {'head.weight': (3, 2), 'head.bias': (3,)}
    """
    found: dict[str, NDArray[Any]] = {}
    for layer, of_layer in entries(model).items():
        prefix = _module_of(layer.name)[0]
        for entry, weight in zip(of_layer, layer.get_weights(), strict=True):
            arrays = [np.ascontiguousarray(array) for array in entry.back(weight)]
            found.update(zip([f"{prefix}.{name}" for name in entry.names], arrays, strict=True))
        if isinstance(layer, L.BatchNormalization):
            found[f"{prefix}.num_batches_tracked"] = np.array(0, np.int64)
    return found


def entries(model: Model) -> dict[Any, list[Entry]]:
    """Return for each layer with weights what its weights are made of, in the order of `layer.weights`."""
    flattened: dict[int, tuple[int, ...]] = {}  # shapes before Flatten, by the tensors that come of it
    found = {}
    for layer in model.layers:
        if isinstance(layer, L.Flatten):
            flattened[id(layer.output)] = tuple(layer.input.shape)[1:]
        elif isinstance(layer, (L.Dropout, L.Activation, L.ReLU, L.LeakyReLU, L.ELU, L.Identity)):
            if id(layer.input) in flattened:
                flattened[id(layer.output)] = flattened[id(layer.input)]
        elif layer.weights:
            found[layer] = _entries(layer, flattened.get(id(layer.input), ()))
    return found


def _entries(layer: Any, flattened: tuple[int, ...]) -> list[Entry]:
    bias = [_same("bias")] if getattr(layer, "use_bias", False) else []
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
        return [_same(name) for name in names]
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
        if kernel.ndim != 2 or kernel.shape[1] != np.prod(flattened):
            return kernel.T
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


def _prefixes(model: Model, given: Mapping[str, Any]) -> dict[str, str]:
    """Return the modules' names in the state dict by the names of layers."""
    names = [layer.name for layer in model.layers if layer.weights]
    modules = list(dict.fromkeys(name.rpartition(".")[0] for name in given))
    own = {name: _module_of(name)[0] for name in names}
    if set(modules) <= set(own.values()):
        return own
    if len(modules) != len(names):
        raise ValueError(
            f"state_dict has tensors of {len(modules)} modules ({', '.join(modules)}), but the model has "
            f"{len(names)} layers with weights ({', '.join(names)})"
        )
    return dict(zip(names, modules, strict=True))


def _is_weight(name: str) -> bool:
    return not name.endswith("num_batches_tracked")


def _array(value: Any) -> NDArray[Any]:
    return np.asarray(value.detach().cpu().numpy() if hasattr(value, "detach") else value)
