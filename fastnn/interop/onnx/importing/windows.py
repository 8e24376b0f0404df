"""Convolutions, whose channels are last here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .... import layers as L
from .node import Node
from .shaping import taken, zero_padded
from .values import OPEN, Symbol, Unsupported, natural, with_last

__all__ = ["WINDOWS", "Sides", "Windows", "channels_last", "of_axes"]

Sides = list[tuple[int, int]]


def channels_last(node: Node, most: int = 2) -> Symbol:
    """Return the first input with its channels at the end, behind at most so many axes."""
    x = node.symbol()
    if x.batch != 0 or not 3 <= x.rank <= most + 2:
        raise Unsupported(f"an input of shape {x.shape}; there are windows over 1 to {most} axes, per sample")
    x = with_last(x, 1)
    return x if x.axes[1:-1] == tuple(range(2, x.rank)) else with_last(natural(x), 1)


def of_axes(axes: int, one: Any, two: Any) -> Any:
    """Return what is for one axis or for two."""
    return one if axes == 1 else two


class Windows:
    """The sizes, steps and padding of the windows of a node."""

    def __init__(self, node: Node, x: Symbol, kernel: Sequence[int]) -> None:
        axes = x.rank - 2
        self.sizes = x.shape[2:]
        self.kernel = tuple(kernel)
        self.strides = tuple(node.get("strides", [1] * axes))
        self.dilations = tuple(node.get("dilations", [1] * axes))
        pads = node.get("pads", [0] * (2 * axes))
        lengths = {len(self.kernel), len(self.strides), len(self.dilations), len(pads) / 2}
        if lengths != {axes} or min(*self.kernel, *self.strides, *self.dilations) < 1 or min(pads) < 0:
            raise Unsupported(
                f"kernel_shape {list(kernel)}, strides, dilations and pads do not fit {axes} axes"
            )
        self.reach = [(k - 1) * d + 1 for k, d in zip(self.kernel, self.dilations, strict=True)]
        self.auto = node.get("auto_pad", "NOTSET")
        if self.auto not in ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"):
            raise Unsupported(f"auto_pad: {self.auto!r:.80}")
        self.pads: Sides = (
            [(0, 0)] * axes if self.auto == "VALID" else list(zip(pads[:axes], pads[axes:], strict=True))
        )
        self.same = self.auto == "SAME_UPPER"
        if self.auto == "SAME_LOWER":
            upper = self._same_sides()
            if upper is None:
                raise Unsupported("auto_pad: SAME_LOWER with steps along an axis of open length")
            self.pads = [(b, a) for a, b in upper]
        elif self.same:
            self.pads = self._same_sides() or [(0, 0)] * axes
        self.same = self.same or (any(map(any, self.pads)) and self.pads == self._same_sides())

    def _same_sides(self) -> Sides | None:
        """Return what Keras' padding="same" adds, None where it depends on an open length."""
        made = []
        for n, k, s in zip(self.sizes, self.reach, self.strides, strict=True):
            if n is OPEN and s > 1:
                return None
            total = k - 1 if n is OPEN else max((-(-n // s) - 1) * s + k - n, 0)
            made.append((total // 2, total - total // 2))
        return made

    @property
    def padding(self) -> str:
        """Keras' word for its padding."""
        return "same" if self.same else "valid"

    def padded(self, x: Any) -> Any:
        """Return a tensor with the zeros that padding="valid" does not add."""
        return x if self.same else zero_padded(x, self.pads)


def _conv(node: Node) -> Symbol:
    x, kernel, bias = channels_last(node), node.weight(1), node.weight(2)
    group, channels, axes = node.get("group", 1), x.size(1), x.rank - 2
    if kernel.ndim != x.rank or group < 1 or channels != kernel.shape[1] * group or len(kernel) % group:
        raise Unsupported(
            f"weights of shape {kernel.shape} in {group} groups for an input of shape {x.shape}"
        )
    if list(node.get("kernel_shape", kernel.shape[2:])) != list(kernel.shape[2:]):
        raise Unsupported("kernel_shape is not that of its weights")
    if bias is not None and bias.shape != (len(kernel),):
        raise Unsupported(f"a bias of shape {bias.shape} for {len(kernel)} filters")
    w = Windows(node, x, kernel.shape[2:])
    filters = len(kernel)
    kernel = kernel.transpose(*range(2, x.rank), 1, 0)
    options: dict[str, Any] = {
        "strides": w.strides, "dilation_rate": w.dilations, "padding": w.padding,
        "use_bias": bias is not None,
    }  # fmt: skip
    if group == channels > 1:
        kernel = kernel.reshape(*w.kernel, channels, filters // channels)
        kind = of_axes(axes, L.DepthwiseConv1D, L.DepthwiseConv2D)
        arguments: tuple[Any, ...] = (w.kernel,)
        options["depth_multiplier"] = filters // channels
    else:
        kind = of_axes(axes, L.Conv1D, L.Conv2D)
        arguments = (filters, w.kernel)
        options["groups"] = group
    weights = [kernel] if bias is None else [kernel, bias]
    made = node.layer(kind, *arguments, inputs=w.padded(x.tensor), weights=weights, named=1, **options)
    return x.made(made)


def _conv_transpose(node: Node) -> Symbol:
    x, kernel, bias = channels_last(node), node.weight(1), node.weight(2)
    group, axes = node.get("group", 1), x.rank - 2
    if kernel.ndim != x.rank or group < 1 or x.size(1) != len(kernel) or len(kernel) % group:
        raise Unsupported(
            f"weights of shape {kernel.shape} in {group} groups for an input of shape {x.shape}"
        )
    filters = kernel.shape[1] * group
    if bias is not None and bias.shape != (filters,):
        raise Unsupported(f"a bias of shape {bias.shape} for {filters} filters")
    w = Windows(node, x, kernel.shape[2:])
    extra = node.get("output_padding", [0] * axes)
    shape = node.get("output_shape")
    crops = []
    for i in range(axes):
        n = 1 if x.shape[2 + i] is OPEN else x.shape[2 + i]
        s, reach = w.strides[i], w.reach[i]
        before, after = w.pads[i]
        if shape is not None or w.auto.startswith("SAME"):
            if x.shape[2 + i] is OPEN and shape is not None:
                raise Unsupported("output_shape for an axis of open length")
            total = max((n - 1) * s + extra[i] + reach - (n * s if shape is None else shape[-axes + i]), 0)
            before, after = (total // 2, total - total // 2)
            if (w.auto != "SAME_UPPER" and shape is not None) or w.auto == "SAME_LOWER":
                before, after = after, before
            extra[i] = max(extra[i], 0 if shape is None else shape[-axes + i] - ((n - 1) * s + reach - total))
        wanted = (n - 1) * s + extra[i] + reach - before - after
        whole = (n - 1) * s + (reach + extra[i] if any(extra) else max(reach, s))
        crops.append((before, whole - wanted - before))
    options: dict[str, Any] = {
        "strides": w.strides,
        "dilation_rate": w.dilations,
        "use_bias": bias is not None,
    }
    if any(extra):
        options["output_padding"] = tuple(extra)
    if min(n for pair in crops for n in pair) < 0:
        raise Unsupported("it pads its output")
    size, parts = len(kernel) // group, []
    kind = of_axes(axes, L.Conv1DTranspose, L.Conv2DTranspose)
    for g in range(group):
        part = kernel[g * size : (g + 1) * size].transpose(*range(2, x.rank), 1, 0)
        weights = [part] if bias is None else [part, bias.reshape(group, -1)[g]]
        inner = x if group == 1 else taken(x, {x.position(1): slice(g * size, (g + 1) * size)})
        layer = kind(part.shape[-2], w.kernel, name=node.context.unique(node.title(1)), **options)
        parts.append(layer(inner.tensor))
        layer.set_weights(weights)
    made = parts[0] if group == 1 else L.Concatenate()(parts)
    if any(map(any, crops)):
        made = (L.Cropping1D(crops[0]) if axes == 1 else L.Cropping2D(tuple(crops)))(made)  # type: ignore[arg-type]
    return x.made(made)


WINDOWS: dict[str, Callable[[Node], Any]] = {"Conv": _conv, "ConvTranspose": _conv_transpose}
