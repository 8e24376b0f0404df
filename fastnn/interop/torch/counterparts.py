"""The layers that do what one module of PyTorch does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ... import layers as L

__all__ = ["Unsupported", "Value", "counterpart"]


class Unsupported(Exception):
    """A part of a module has no counterpart; the message says why."""


@dataclass(frozen=True)
class Value:
    """What is known of a result in the trace: its axes in PyTorch, and whether channels are last here."""

    rank: int
    channels: bool
    positive: bool = False
    results: bool = False  # of a recurrent module: outputs and states
    state: bool = False
    pair: bool = False  # states are two, as those of an LSTM
    bidirectional: bool = False

    def axis(self, axis: int) -> int:
        """Return the axis here of an axis in PyTorch."""
        axis %= self.rank
        if not self.channels or axis == 0:
            return axis
        return self.rank - 1 if axis == 1 else axis - 1


Found = tuple[list[Any], Value]


def counterpart(module: Any, name: str, value: Value) -> Found:
    """Return the layers of a module, the weighted one by the given name, and what comes of them."""
    kind = type(module).__name__
    if not type(module).__module__.startswith("torch.nn.modules") or kind not in _KINDS:
        raise Unsupported("there is no such layer")
    if value.results or value.state:
        raise Unsupported("the results of a recurrent module must be taken apart first")
    return _KINDS[kind](module, {"name": name} if name else {}, value)


def _need(condition: bool, text: str) -> None:
    if not condition:
        raise Unsupported(text)


def _pair(value: Any, axes: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * axes


def _at(axes: int, one: Any, two: Any) -> Any:
    return one if axes == 1 else two


def _padded(axes: int, padding: tuple[int, ...]) -> list[Any]:
    if not any(padding):
        return []
    return [L.ZeroPadding1D(padding[0]) if axes == 1 else L.ZeroPadding2D((padding[0], padding[1]))]


def _linear(m: Any, name: dict[str, Any], value: Value) -> Found:
    _need(not value.channels or value.rank == 2, "the last axis is not the channels'; flatten first")
    return [L.Dense(m.out_features, use_bias=m.bias is not None, **name)], replace(value, positive=False)


def _conv(axes: int) -> Callable[..., Found]:
    def made(m: Any, name: dict[str, Any], value: Value) -> Found:
        _need(value.channels and value.rank == axes + 2, "channels must be the second axis")
        _need(m.padding_mode == "zeros", f"padding_mode={m.padding_mode!r}")
        same = isinstance(m.padding, str)
        layer = _at(axes, L.Conv1D, L.Conv2D)(
            m.out_channels, m.kernel_size, m.stride, m.padding if same else "valid",
            dilation_rate=m.dilation, groups=m.groups, use_bias=m.bias is not None, **name,
        )  # fmt: skip
        return [*_padded(axes, () if same else m.padding), layer], replace(value, positive=False)

    return made


def _transposed(axes: int) -> Callable[..., Found]:
    def made(m: Any, name: dict[str, Any], value: Value) -> Found:
        _need(value.channels and value.rank == axes + 2, "channels must be the second axis")
        _need(m.groups == 1, f"groups={m.groups} of a transposed convolution")
        layer = _at(axes, L.Conv1DTranspose, L.Conv2DTranspose)(
            m.out_channels,
            m.kernel_size,
            m.stride,
            dilation_rate=m.dilation,
            use_bias=m.bias is not None,
            **name,
        )
        crops = []
        for kernel, stride, dilation, padding, more in zip(
            m.kernel_size, m.stride, m.dilation, m.padding, m.output_padding, strict=True
        ):
            end = padding - more + max(stride - (dilation * (kernel - 1) + 1), 0)
            _need(end >= 0, f"output_padding={m.output_padding} above padding={m.padding}")
            crops.append((padding, end))
        crop = L.Cropping1D(crops[0]) if axes == 1 else L.Cropping2D((crops[0], crops[1]))
        return [layer, *([crop] if any(map(any, crops)) else [])], replace(value, positive=False)

    return made


def _pool(axes: int, largest: bool) -> Callable[..., Found]:
    def made(m: Any, name: dict[str, Any], value: Value) -> Found:
        _need(value.channels and value.rank == axes + 2, "channels must be the second axis")
        _need(not m.ceil_mode, "ceil_mode=True")
        size, padding = _pair(m.kernel_size, axes), _pair(m.padding, axes)
        strides = size if m.stride is None else _pair(m.stride, axes)
        if largest:
            _need(set(_pair(m.dilation, axes)) == {1} and not m.return_indices, "dilation or return_indices")
            _need(value.positive or not any(padding), "padding of values that may be negative")
            layer = _at(axes, L.MaxPooling1D, L.MaxPooling2D)(size, strides)
        else:
            _need(m.count_include_pad or not any(padding), "count_include_pad=False")
            _need(getattr(m, "divisor_override", None) is None, "divisor_override")
            layer = _at(axes, L.AveragePooling1D, L.AveragePooling2D)(size, strides)
        return [*_padded(axes, padding), layer], value

    return made


def _whole(axes: int, largest: bool) -> Callable[..., Found]:
    def made(m: Any, name: dict[str, Any], value: Value) -> Found:
        _need(value.channels and value.rank == axes + 2, "channels must be the second axis")
        _need(
            set(_pair(m.output_size, axes)) == {1}, f"output_size={m.output_size}, where only 1 is possible"
        )
        if largest:
            return [_at(axes, L.GlobalMaxPooling1D, L.GlobalMaxPooling2D)(keepdims=True)], value
        return [_at(axes, L.GlobalAveragePooling1D, L.GlobalAveragePooling2D)(keepdims=True)], value

    return made


def _batch_norm(m: Any, name: dict[str, Any], value: Value) -> Found:
    _need(value.channels or value.rank == 2, "channels must be the second axis")
    _need(m.track_running_stats and m.momentum is not None, "track_running_stats=False or momentum=None")
    layer = L.BatchNormalization(
        momentum=1 - m.momentum, epsilon=m.eps, center=m.affine, scale=m.affine, **name
    )
    return [layer], replace(value, positive=False)


def _layer_norm(m: Any, name: dict[str, Any], value: Value) -> Found:
    _need(not value.channels or value.rank == 2, "the last axes are not last here")
    axes = list(range(-len(m.normalized_shape), 0))
    scale, center = m.weight is not None, m.bias is not None
    layer = L.LayerNormalization(
        axes if len(axes) > 1 else -1, epsilon=m.eps, scale=scale, center=center, **name
    )
    return [layer], replace(value, positive=False)


def _group_norm(m: Any, name: dict[str, Any], value: Value) -> Found:
    _need(value.channels or value.rank == 2, "channels must be the second axis")
    layer = L.GroupNormalization(m.num_groups, epsilon=m.eps, center=m.affine, scale=m.affine, **name)
    return [layer], replace(value, positive=False)


def _activation(name: str, positive: bool = False) -> Callable[..., Found]:
    return lambda m, _, value: ([L.Activation(name)], replace(value, positive=positive))


def _gelu(m: Any, name: dict[str, Any], value: Value) -> Found:
    _need(m.approximate == "none", f"approximate={m.approximate!r}")
    return _activation("gelu")(m, name, value)


def _softplus(m: Any, name: dict[str, Any], value: Value) -> Found:
    _need(m.beta == 1, f"beta={m.beta}")
    return _activation("softplus", True)(m, name, value)


def _softmax(activation: str) -> Callable[..., Found]:
    def made(m: Any, name: dict[str, Any], value: Value) -> Found:
        _need(m.dim is not None and value.axis(m.dim) == value.rank - 1, f"dim={m.dim} is not last here")
        return _activation(activation)(m, name, value)

    return made


def _prelu(m: Any, name: dict[str, Any], value: Value) -> Found:
    axes = range(1, value.rank if m.num_parameters == 1 else value.rank - 1)
    _need(m.num_parameters == 1 or value.channels or value.rank == 2, "channels must be the second axis")
    return [L.PReLU(shared_axes=list(axes) or None, **name)], replace(value, positive=False)


def _flatten(m: Any, name: dict[str, Any], value: Value) -> Found:
    _need(
        m.start_dim == 1 and m.end_dim % value.rank == value.rank - 1, "only all axes but the first flatten"
    )
    layer = L.Flatten() if value.channels else L.Reshape((-1,))
    return [layer] if value.rank > 2 else [], Value(2, False, value.positive)


def _embedding(m: Any, name: dict[str, Any], value: Value) -> Found:
    _need(m.max_norm is None, "max_norm")
    return [L.Embedding(m.num_embeddings, m.embedding_dim, **name)], Value(value.rank + 1, False)


def _recurrent(m: Any, name: dict[str, Any], value: Value) -> Found:
    _need(m.batch_first, "batch_first=False: make it with batch_first=True, the weights are the same")
    _need(value.rank == 3 and not value.channels, "the axes must be batch, time and features")
    _need(not getattr(m, "proj_size", 0), "proj_size")
    kind = type(m).__name__
    layers: list[Any] = []
    for number in range(m.num_layers):
        own: dict[str, Any] = {"name": f"{name['name']}.l{number}"} if name else {}
        options: dict[str, Any] = {"return_sequences": True, "use_bias": m.bias}
        if kind == "RNN":
            options["activation"] = m.nonlinearity
        cls = {"RNN": L.SimpleRNN, "LSTM": L.LSTM, "GRU": L.GRU}[kind]
        if m.bidirectional:
            layers.append(L.Bidirectional(cls(m.hidden_size, **options), **own))
        else:
            layers.append(cls(m.hidden_size, **options, **own))
        if m.dropout and number + 1 < m.num_layers:
            layers.append(L.Dropout(m.dropout))
    pair = kind == "LSTM"
    return layers, Value(3, False, results=True, pair=pair, bidirectional=m.bidirectional)


def _dropped(m: Any, name: dict[str, Any], value: Value) -> Found:
    return [L.Dropout(m.p)], value


def _spatially_dropped(axes: int) -> Callable[..., Found]:
    def made(m: Any, name: dict[str, Any], value: Value) -> Found:
        _need(value.channels and value.rank == axes + 2, "channels must be the second axis")
        return [_at(axes, L.SpatialDropout1D, L.SpatialDropout2D)(m.p)], value

    return made


_KINDS: dict[str, Callable[..., Found]] = {
    "Linear": _linear, "Conv1d": _conv(1), "Conv2d": _conv(2),
    "ConvTranspose1d": _transposed(1), "ConvTranspose2d": _transposed(2),
    "MaxPool1d": _pool(1, True), "MaxPool2d": _pool(2, True),
    "AvgPool1d": _pool(1, False), "AvgPool2d": _pool(2, False),
    "AdaptiveAvgPool1d": _whole(1, False), "AdaptiveAvgPool2d": _whole(2, False),
    "AdaptiveMaxPool1d": _whole(1, True), "AdaptiveMaxPool2d": _whole(2, True),
    "BatchNorm1d": _batch_norm, "BatchNorm2d": _batch_norm,
    "LayerNorm": _layer_norm, "GroupNorm": _group_norm,
    "ReLU": _activation("relu", True), "ReLU6": _activation("relu6", True),
    "Sigmoid": _activation("sigmoid", True), "Tanh": _activation("tanh"), "SELU": _activation("selu"),
    "SiLU": _activation("silu"), "Mish": _activation("mish"), "Softsign": _activation("softsign"),
    "Hardswish": _activation("hard_silu"), "Hardsigmoid": _activation("hard_sigmoid", True),
    "GELU": _gelu, "Softplus": _softplus, "Softmax": _softmax("softmax"),
    "LogSoftmax": _softmax("log_softmax"),
    "LeakyReLU": lambda m, _, value: ([L.LeakyReLU(m.negative_slope)], replace(value, positive=False)),
    "ELU": lambda m, _, value: ([L.ELU(m.alpha)], replace(value, positive=False)),
    "PReLU": _prelu, "Dropout": _dropped,
    "Dropout1d": _spatially_dropped(1), "Dropout2d": _spatially_dropped(2),
    "Identity": lambda m, _, value: ([], value), "Flatten": _flatten, "Embedding": _embedding,
    "RNN": _recurrent, "LSTM": _recurrent, "GRU": _recurrent,
}  # fmt: skip
