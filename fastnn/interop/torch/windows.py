"""Counterparts of modules that work on windows of images and signals, channels last here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import layers as L
from .values import Counterpart, Order, Value, channels_last, need

__all__ = ["adaptive", "conv", "pool", "spatially_dropped", "transposed", "upsampled", "zero_padded"]

Maker = Callable[[Any, dict[str, Any], Value], Counterpart]


def _order(value: Value, axes: int) -> Order:
    need(value.rank == axes + 2, f"expected a tensor of {axes + 2} axes, got one of {value.rank}")
    return channels_last(value.rank)


def _each(value: Any, axes: int) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * axes


def _at(axes: int, one: Any, two: Any) -> Any:
    return one if axes == 1 else two


def _padded(axes: int, padding: tuple[Any, ...]) -> list[Any]:
    """Return a layer that adds zeros: as many before and after each axis, or different numbers in pairs."""
    pairs = [(size, size) if isinstance(size, int) else tuple(size) for size in padding]
    if not any(map(any, pairs)):
        return []
    return [L.ZeroPadding1D(pairs[0]) if axes == 1 else L.ZeroPadding2D((pairs[0], pairs[1]))]


def conv(axes: int) -> Maker:
    """Return what makes the counterpart of a convolution."""

    def made(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
        need(m.padding_mode == "zeros", f"padding_mode={m.padding_mode!r}")
        same = isinstance(m.padding, str)
        layer = _at(axes, L.Conv1D, L.Conv2D)(
            m.out_channels, m.kernel_size, m.stride, m.padding if same else "valid",
            dilation_rate=m.dilation, groups=m.groups, use_bias=m.bias is not None, **name,
        )  # fmt: skip
        return Counterpart([*_padded(axes, () if same else m.padding), layer], _order(value, axes))

    return made


def transposed(axes: int) -> Maker:
    """Return what makes the counterpart of a transposed convolution."""

    def made(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
        need(m.groups == 1, f"groups={m.groups} of a transposed convolution")
        layer = _at(axes, L.Conv1DTranspose, L.Conv2DTranspose)(
            m.out_channels, m.kernel_size, m.stride,
            dilation_rate=m.dilation, use_bias=m.bias is not None, **name,
        )  # fmt: skip
        crops = []
        for kernel, stride, dilation, padding, more in zip(
            m.kernel_size, m.stride, m.dilation, m.padding, m.output_padding, strict=True
        ):
            end = padding - more + max(stride - (dilation * (kernel - 1) + 1), 0)
            need(end >= 0, f"output_padding={m.output_padding} above padding={m.padding}")
            crops.append((padding, end))
        crop = L.Cropping1D(crops[0]) if axes == 1 else L.Cropping2D((crops[0], crops[1]))
        return Counterpart([layer, *([crop] if any(map(any, crops)) else [])], _order(value, axes))

    return made


def pool(axes: int, largest: bool) -> Maker:
    """Return what makes the counterpart of a pool."""

    def made(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
        order = _order(value, axes)
        size, padding = _each(m.kernel_size, axes), _each(m.padding, axes)
        strides = size if m.stride is None else _each(m.stride, axes)
        for length, kernel, stride, pad in zip(value.shape[2:], size, strides, padding, strict=True):
            whole = length is not None and (length + 2 * pad - kernel) % stride == 0
            need(whole or not m.ceil_mode, "ceil_mode=True")
        # Windows around each element: padding="same", which leaves out what is outside.
        around = set(strides) == {1} and all(k == 2 * p + 1 for k, p in zip(size, padding, strict=True))
        if largest:
            need(set(_each(m.dilation, axes)) == {1} and not m.return_indices, "dilation or return_indices")
            need(around or value.positive or not any(padding), "padding of values that may be negative")
            layer = _at(axes, L.MaxPooling1D, L.MaxPooling2D)
        else:
            around = around and not m.count_include_pad
            need(m.count_include_pad or around or not any(padding), "count_include_pad=False")
            need(getattr(m, "divisor_override", None) is None, "divisor_override")
            layer = _at(axes, L.AveragePooling1D, L.AveragePooling2D)
        layers = [layer(size, strides, "same")] if around else [*_padded(axes, padding), layer(size, strides)]
        return Counterpart(layers, order, value.positive)

    return made


def adaptive(axes: int, largest: bool) -> Maker:
    """Return what makes the counterpart of a pool to a given size, whose windows are equal here."""

    def made(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
        order = _order(value, axes)
        sizes = _each(m.output_size, axes)
        if set(sizes) == {1}:
            if largest:
                layer = _at(axes, L.GlobalMaxPooling1D, L.GlobalMaxPooling2D)(keepdims=True)
            else:
                layer = _at(axes, L.GlobalAveragePooling1D, L.GlobalAveragePooling2D)(keepdims=True)
            return Counterpart([layer], order, value.positive)
        windows = []
        for length, size in zip(value.shape[2:], sizes, strict=True):
            windows.append((length or 0) // (size or length or 1))
            need(
                windows[-1] * (size or length or 0) == length,
                f"output_size={m.output_size} does not divide the size {value.shape[2:]}",
            )
        if set(windows) == {1}:
            return Counterpart([], order, value.positive)
        names = (L.MaxPooling1D, L.MaxPooling2D) if largest else (L.AveragePooling1D, L.AveragePooling2D)
        return Counterpart([_at(axes, *names)(tuple(windows), tuple(windows))], order, value.positive)

    return made


def upsampled(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
    """Return the counterpart of an upsampling by whole factors."""
    axes = value.rank - 2
    order = _order(value, axes)
    need(axes in (1, 2), "only signals and images can be resized")
    need(m.mode == "nearest" or (m.mode == "bilinear" and not m.align_corners), f"mode={m.mode!r}")
    if m.size is not None:
        need(None not in value.shape[2:], "size= of inputs of unknown size")
        factors = [size / n for size, n in zip(_each(m.size, axes), value.shape[2:], strict=True) if n]
    else:
        factors = list(_each(m.scale_factor, axes))
    need(all(factor >= 1 and factor == int(factor) for factor in factors), f"factors {factors}")
    sizes = [int(factor) for factor in factors]
    if axes == 1:
        return Counterpart([L.UpSampling1D(sizes[0])], order, value.positive)
    layer = L.UpSampling2D((sizes[0], sizes[1]), interpolation=m.mode)
    return Counterpart([layer], order, value.positive)


def zero_padded(axes: int) -> Maker:
    """Return what makes the counterpart of zeros around images or signals."""

    def made(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
        given = _each(m.padding, 2 * axes)
        need(min(given) >= 0, f"padding={m.padding}")
        pairs = [given[i : i + 2] for i in range(0, 2 * axes, 2)][::-1]  # the last axis comes first
        return Counterpart(_padded(axes, tuple(pairs)), _order(value, axes), value.positive)

    return made


def spatially_dropped(axes: int) -> Maker:
    """Return what makes the counterpart of a dropout of whole channels."""

    def made(m: Any, name: dict[str, Any], value: Value) -> Counterpart:
        layer = _at(axes, L.SpatialDropout1D, L.SpatialDropout2D)(m.p)
        return Counterpart([layer], _order(value, axes), value.positive)

    return made
