"""Functions of PyTorch in traces, and the modules that do the same."""

from __future__ import annotations

import inspect
from typing import Any

from .counterparts import Unsupported

__all__ = ["activation_of", "function_module"]

_ACTIVATIONS = {"relu": "ReLU", "relu_": "ReLU", "sigmoid": "Sigmoid", "tanh": "Tanh"}

_MODULES = {
    "relu6": "ReLU6", "elu": "ELU", "selu": "SELU", "gelu": "GELU", "silu": "SiLU", "mish": "Mish",
    "softplus": "Softplus", "softsign": "Softsign", "leaky_relu": "LeakyReLU", "hardswish": "Hardswish",
    "hardsigmoid": "Hardsigmoid", "softmax": "Softmax", "log_softmax": "LogSoftmax", "dropout": "Dropout",
    "max_pool1d": "MaxPool1d", "max_pool2d": "MaxPool2d", "avg_pool1d": "AvgPool1d",
    "avg_pool2d": "AvgPool2d",
    "adaptive_avg_pool1d": "AdaptiveAvgPool1d", "adaptive_avg_pool2d": "AdaptiveAvgPool2d",
    "flatten": "Flatten",
}  # fmt: skip

_PARAMETERS = {
    "flatten": ("start_dim", "end_dim"),
    "softmax": ("dim",),
    "max": ("kernel_size", "stride", "padding", "dilation", "ceil_mode"),
    "avg": ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"),
    "adaptive": ("output_size",),
}


_WITHOUT_EFFECT = (None, False)  # what arguments of functions are unless they ask for something


def activation_of(name: str) -> str:
    """Return the module's name of an activation without arguments, or ""."""
    return _ACTIVATIONS.get(name, "")


def function_module(torch: Any, node: Any, name: str) -> Any:
    """Return a module that does what a call of a function or method does."""
    if name in ("view", "reshape"):
        if len(node.args) == 3 and node.args[2] == -1:
            return torch.nn.Flatten()
        raise Unsupported("only x.view(len(x), -1), which flattens, has a counterpart")
    if name not in _MODULES:
        raise Unsupported("this function has no counterpart")
    made = getattr(torch.nn, _MODULES[name])
    names = _PARAMETERS.get(name) or _PARAMETERS.get(name.partition("_")[0])
    if names is None:
        names = tuple(inspect.signature(getattr(torch.nn.functional, name)).parameters)[1:]
    if len(node.args) > len(names) + 1:
        raise Unsupported(f"{len(node.args)} arguments by position")
    given = {**dict(zip(names, node.args[1:], strict=False)), **node.kwargs}
    if name == "flatten" and "start_dim" not in given:
        given["start_dim"] = 0
    if name == "dropout" and given.pop("training", True):
        raise Unsupported("without training=self.training it drops in predictions too")
    accepted = inspect.signature(made).parameters
    others = [
        key
        for key, value in given.items()
        if key not in (*accepted, "_stacklevel") and value not in _WITHOUT_EFFECT
    ]
    if others:
        raise Unsupported(f"the argument {others[0]}")
    return made(**{key: value for key, value in given.items() if key in accepted})
