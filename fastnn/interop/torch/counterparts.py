"""The layers that do what one module of PyTorch does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import layers as L
from .values import Counterpart, Unsupported, Value, axis_last, channels_last, need
from .windows import adaptive, conv, pool, spatially_dropped, transposed, upsampled, zero_padded

__all__ = ["counterpart", "kind_of"]

Maker = Callable[[Any, dict[str, Any], Value], Counterpart]


def counterpart(module: Any, name: str, value: Value) -> Counterpart:
    """Return the counterpart of a module that is called on a value.

    Parameters
    ----------
    module : torch.nn.Module
    name : str
        Of the layer with its weights; "" if it has none.
    value : Value

    Raises
    ------
    Unsupported
        If there is none.
    """
    kind = kind_of(module)
    if kind not in _KINDS:
        raise Unsupported(_reason(kind))
    return _KINDS[kind](module, {"name": name} if name else {}, value)


def kind_of(module: Any) -> str:
    """Return the name of a module's class, also if it is parametrized; "" if it is not PyTorch's."""
    cls = type(module)
    if cls.__module__ == "torch.nn.utils.parametrize":
        cls = cls.__bases__[0]
    return cls.__name__ if cls.__module__.startswith("torch.nn.modules") else ""


def _reason(kind: str) -> str:
    if "Attention" in kind or "Transformer" in kind:
        return "attention is not available"
    if kind.endswith("3d"):
        return "layers are for one and two dimensions"
    if kind.endswith("Cell"):
        return "cells that are called step by step have no counterpart; RNN, LSTM and GRU have"
    return "there is no such layer"


def _linear(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
    order = None if value.flattened else axis_last(value, -1)
    return Counterpart([L.Dense(m.out_features, use_bias=m.bias is not None, **name)], order)


def _batch_norm(axes: tuple[int, ...]) -> Maker:
    def made(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
        need(value.rank in axes, f"expected a tensor of {axes} axes, got one of {value.rank}")
        need(m.track_running_stats and m.momentum is not None, "track_running_stats=False or momentum=None")
        layer = L.BatchNormalization(
            momentum=1 - m.momentum, epsilon=m.eps, center=m.affine, scale=m.affine, **name
        )
        return Counterpart([layer], channels_last(value.rank))

    return made


def _layer_norm(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
    count = len(m.normalized_shape)
    order = axis_last(value, -1) if count == 1 else tuple(range(value.rank))
    axes = list(range(-count, 0))
    layer = L.LayerNormalization(
        axes if count > 1 else -1,
        epsilon=m.eps,
        scale=m.weight is not None,
        center=m.bias is not None,
        **name,
    )
    return Counterpart([layer], order)


def _group_norm(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
    layer = L.GroupNormalization(m.num_groups, epsilon=m.eps, center=m.affine, scale=m.affine, **name)
    return Counterpart([layer], channels_last(value.rank))


def _instance_norm(axes: int) -> Maker:
    def made(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
        need(value.rank == axes, f"expected a tensor of {axes} axes, got one of {value.rank}")
        need(not m.track_running_stats, "track_running_stats=True")
        layer = L.GroupNormalization(-1, epsilon=m.eps, center=m.affine, scale=m.affine, **name)
        return Counterpart([layer], channels_last(value.rank))

    return made


def _activation(make: Callable[[Any], Any], positive: bool = False) -> Maker:
    return lambda m, _, value: Counterpart([make(m)], None, positive, True)


def _named(activation: str, positive: bool = False) -> Maker:
    return _activation(lambda m: L.Activation(activation), positive)


def _gelu(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
    if m.approximate == "none":
        return _named("gelu")(m, name, value)
    raise Unsupported(f"approximate={m.approximate!r}")


def _softplus(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
    need(m.beta == 1, f"beta={m.beta}")
    return _named("softplus", True)(m, name, value)


def _softmax(activation: str) -> Maker:
    def made(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
        need(m.dim is not None, "without dim it is not known which axis is meant")
        return Counterpart([L.Activation(activation)], axis_last(value, m.dim), activation == "softmax")

    return made


def _over_channels(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
    return Counterpart([L.Activation("softmax")], axis_last(value, 1), True)


def _prelu(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
    single = m.num_parameters == 1
    axes = range(1, value.rank if single else value.rank - 1)
    return Counterpart([L.PReLU(shared_axes=list(axes) or None, **name)], channels_last(value.rank))


def _embedding(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
    need(m.max_norm is None, f"max_norm={m.max_norm}")
    need(not m.scale_grad_by_freq, "scale_grad_by_freq=True")
    return Counterpart([L.Embedding(m.num_embeddings, m.embedding_dim, **name)], tuple(range(value.rank)))


def _dropout(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
    return Counterpart([L.Dropout(m.p)], None, value.positive, True)


def _identity(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
    return Counterpart([], None, value.positive, True)


_KINDS: dict[str, Maker] = {
    "Linear": _linear, "Conv1d": conv(1), "Conv2d": conv(2),
    "ConvTranspose1d": transposed(1), "ConvTranspose2d": transposed(2),
    "MaxPool1d": pool(1, True), "MaxPool2d": pool(2, True),
    "AvgPool1d": pool(1, False), "AvgPool2d": pool(2, False),
    "AdaptiveAvgPool1d": adaptive(1, False), "AdaptiveAvgPool2d": adaptive(2, False),
    "AdaptiveMaxPool1d": adaptive(1, True), "AdaptiveMaxPool2d": adaptive(2, True),
    "Upsample": upsampled, "UpsamplingNearest2d": upsampled,
    "ZeroPad1d": zero_padded(1), "ZeroPad2d": zero_padded(2),
    "BatchNorm1d": _batch_norm((2, 3)), "BatchNorm2d": _batch_norm((4,)),
    "LayerNorm": _layer_norm, "GroupNorm": _group_norm,
    "InstanceNorm1d": _instance_norm(3), "InstanceNorm2d": _instance_norm(4),
    "ReLU": _named("relu", True), "ReLU6": _named("relu6", True), "Sigmoid": _named("sigmoid", True),
    "LogSigmoid": _named("log_sigmoid"), "Tanh": _named("tanh"), "SELU": _named("selu"),
    "SiLU": _named("silu"), "Mish": _named("mish"), "Softsign": _named("softsign"),
    "Hardswish": _named("hard_silu"), "Hardsigmoid": _named("hard_sigmoid", True),
    "GELU": _gelu, "Softplus": _softplus, "Softmax": _softmax("softmax"), "Softmax2d": _over_channels,
    "LogSoftmax": _softmax("log_softmax"),
    "LeakyReLU": _activation(lambda m: L.LeakyReLU(m.negative_slope)),
    "ELU": _activation(lambda m: L.ELU(m.alpha)), "PReLU": _prelu,
    "Dropout": _dropout, "AlphaDropout": _activation(lambda m: L.AlphaDropout(m.p)),
    "Dropout1d": spatially_dropped(1), "Dropout2d": spatially_dropped(2),
    "Identity": _identity, "Embedding": _embedding,
}  # fmt: skip
