"""Functions of PyTorch in traces, and the modules that do the same."""

from __future__ import annotations

import inspect
from typing import Any

from .values import Unsupported

__all__ = ["function_module"]

_MODULES = {
    "relu": "ReLU", "relu_": "ReLU", "sigmoid": "Sigmoid", "sigmoid_": "Sigmoid", "tanh": "Tanh",
    "tanh_": "Tanh", "relu6": "ReLU6", "elu": "ELU", "selu": "SELU", "gelu": "GELU", "silu": "SiLU",
    "mish": "Mish", "softplus": "Softplus", "softsign": "Softsign", "leaky_relu": "LeakyReLU",
    "hardswish": "Hardswish", "hardsigmoid": "Hardsigmoid", "logsigmoid": "LogSigmoid",
    "softmax": "Softmax", "log_softmax": "LogSoftmax",
    "dropout": "Dropout", "max_pool1d": "MaxPool1d", "max_pool2d": "MaxPool2d", "avg_pool1d": "AvgPool1d",
    "avg_pool2d": "AvgPool2d", "adaptive_avg_pool1d": "AdaptiveAvgPool1d",
    "adaptive_avg_pool2d": "AdaptiveAvgPool2d", "adaptive_max_pool1d": "AdaptiveMaxPool1d",
    "adaptive_max_pool2d": "AdaptiveMaxPool2d", "interpolate": "Upsample",
}  # fmt: skip

_PARAMETERS = {
    "softmax": ("dim",),
    "max": ("kernel_size", "stride", "padding", "dilation", "ceil_mode"),
    "avg": ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"),
    "adaptive": ("output_size",),
}

_WITHOUT_EFFECT = (None, False)  # what arguments of functions are unless they ask for something


def function_module(torch: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Return a module that does what a call of a function or method does.

    Parameters
    ----------
    torch : module
    name : str
        Of the function.
    args, kwargs
        Its arguments but for the first, which is the input.
    """
    if name not in _MODULES:
        raise Unsupported("this function has no counterpart")
    made = getattr(torch.nn, _MODULES[name])
    names = _PARAMETERS.get(name) or _PARAMETERS.get(name.partition("_")[0])
    if names is None:
        known = getattr(torch.nn.functional, name.rstrip("_"))
        builtin = inspect.isbuiltin(known)  # without a signature, but with the arguments of the module
        names = tuple(inspect.signature(made if builtin else known).parameters)[0 if builtin else 1 :]
    if len(args) > len(names):
        raise Unsupported(f"{len(args) + 1} arguments by position")
    given = {**dict(zip(names, args, strict=False)), **kwargs}
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
