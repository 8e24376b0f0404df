"""Every kernel family but products, convolutions and recurrent layers as a share of what bounds it.

FASTNN_ISA=avx2 python bench/floors.py [--dtype float64] [--family pooling]

A kernel can take no less than the larger of two times: its operations at the peak of multiply-adds, and its
bytes, each array once, at the speed of a copy of as many bytes. Both are measured in turns with it, in
processor time of the thread, and the least times count, less that of an empty call. An integer operation
counts as one of real numbers, a division or root as 12: such is its rate, and what else there is runs beside
it. Kernels that write little, or in place, may pass 100 %: a copy also reads what it overwrites.
"""

import argparse
import ctypes
import itertools
import math
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fastnn.bench.measure import alternate, clock
from fastnn.bench.peak import Bandwidth, Peak
from fastnn.cli import exit_status, positive_number_type, whole_number_type
from fastnn.kernels.core import runtime
from fastnn.kernels.core.memory import aligned_zeros
from fastnn.kernels.ops.transpose import box_of

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
import ctable

ROUNDS, TURN = 9, 0.002
EXP, DIVIDE, RANDOM = 25, 12, 55  # operations for an element
RATE, BETA_1, BETA_2, EPSILON = 1e-3, 0.9, 0.999, 1e-7
NORM_EPSILON = 1e-3


class Case(NamedTuple):
    """A call of a kernel, and pairs of what it wrote and what NumPy says."""

    kernel: str
    arguments: tuple
    flops: float
    arrays: tuple  # that it reads or writes, each once
    pairs: tuple


class Arrays:
    """Makes arrays of a dtype."""

    def __init__(self, dtype):
        self.dtype, self.rng = np.dtype(dtype), np.random.default_rng(0)

    def empty(self, *shape, dtype=None):
        return aligned_zeros(math.prod(shape), dtype or self.dtype).reshape(shape)

    def copy(self, values, dtype=None):
        array = self.empty(*values.shape, dtype=dtype)
        array[...] = values
        return array

    def normal(self, *shape):
        return self.copy(self.rng.standard_normal(shape, self.dtype))


def softmax(make, rows, n):
    x, dy, y, dx = make.normal(rows, n), make.normal(rows, n), make.empty(rows, n), make.empty(rows, n)
    e = np.exp(x - x.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    slope = p * (dy - (dy * p).sum(1, keepdims=True))
    yield Case("softmax_forward", (y, x, rows, n, 1), (EXP + 4) * x.size, (y, x), ((y, p),))
    p = make.copy(p)
    yield Case("softmax_backward", (dx, dy, p, rows, n, 1), 4 * x.size, (dx, dy, p), ((dx, slope),))


def windows(x, window, stride, out):
    """Return the windows of x (side, side, channels): (out, out, channels, window, window)."""
    found = np.lib.stride_tricks.sliding_window_view(x, (window, window), (0, 1))
    return found[::stride, ::stride][:out, :out]


def pooling(make, side, channels, window=2, stride=2):
    out = (side - window) // stride + 1
    g = ctable.Pool(
        side,
        side,
        channels,
        side * channels,
        channels,
        out,
        out,
        *(((ctable.INDEX * 2)(k, k)) for k in (window, stride, 0)),
    )
    x, dy, y = (
        make.normal(side, side, channels),
        make.normal(out, out, channels),
        make.empty(out, out, channels),
    )
    place, dx, taps = make.empty(*y.shape, dtype=np.uint8), make.empty(*x.shape), window * window
    parts = windows(x, window, stride, out).reshape(*y.shape, taps)
    places = parts.argmax(-1).astype(np.uint8)
    highest, average = np.zeros_like(x), np.zeros_like(x)
    for k in range(taps):
        at = (
            slice(k // window, k // window + stride * out, stride),
            slice(k % window, k % window + stride * out, stride),
        )
        highest[at][:out, :out] += np.where(places == k, dy, 0)
        average[at][:out, :out] += dy / taps
    flops, mean = 2 * taps * y.size, make.empty(*y.shape)
    yield Case(
        "max_pool_forward",
        (y, place, x, g, 0, out),
        flops,
        (y, place, x),
        ((y, parts.max(-1)), (place, places)),
    )
    places, of_mean = make.copy(places, np.uint8), make.empty(*x.shape)
    yield Case("max_pool_backward", (dx, dy, places, g, 0, side), flops, (dx, dy, places), ((dx, highest),))
    yield Case("average_pool_forward", (mean, x, g, 0, out), flops / 2, (mean, x), ((mean, parts.mean(-1)),))
    yield Case(
        "average_pool_backward", (of_mean, dy, g, 0, side), flops / 2, (of_mean, dy), ((of_mean, average),)
    )


def global_average(make, positions, channels):
    x, y = make.normal(positions, channels), make.empty(channels)
    yield Case("global_average", (y, x, positions, channels), x.size, (x, y), ((y, x.mean(0)),))


def depthwise(make, side, channels, window=3, stride=1):
    out = (side - 1) // stride + 1
    spare = (out - 1) * stride + window - side
    pad, taps = spare // 2, window * window
    g = ctable.Depthwise(
        side, side, channels, out, out, *(((ctable.INDEX * 2)(k, k)) for k in (window, stride, 1, pad))
    )
    x, w, dy = (
        make.normal(side, side, channels),
        make.normal(window, window, channels),
        make.normal(out, out, channels),
    )
    y, dx, dw = make.empty(*dy.shape), make.empty(*x.shape), make.empty(*w.shape)
    padded = np.pad(x, [(pad, spare - pad)] * 2 + [(0, 0)])
    of_padded, result, weights = np.zeros_like(padded), np.zeros_like(dy), np.zeros_like(w)
    for k, j in np.ndindex(window, window):
        at = slice(k, k + (out - 1) * stride + 1, stride), slice(j, j + (out - 1) * stride + 1, stride)
        result += padded[at] * w[k, j]
        of_padded[at] += dy * w[k, j]
        weights[k, j] = (padded[at].astype(float) * dy).sum((0, 1))
    inner = of_padded[pad : pad + side, pad : pad + side]
    flops = 2 * taps * y.size
    yield Case("depthwise_forward", (y, x, w, None, -np.inf, g, 0, out), flops, (y, x, w), ((y, result),))
    yield Case("depthwise_backward", (dx, dy, w, g, 0, side), flops, (dx, dy, w), ((dx, inner),))
    yield Case("depthwise_weights", (dw, None, x, dy, g), flops, (dw, x, dy), ((dw, weights),))


def batch_norm(make, rows, n):
    x, dy = make.normal(rows, n), make.normal(rows, n)
    y, dx, mean, scale, shift = make.empty(rows, n), make.empty(rows, n), *(make.normal(n) for _ in range(3))
    slopes, moments, sums = make.normal(3, n), np.zeros((2, n)), np.zeros((2, n))
    centred = x.astype(float) - x.mean(0, dtype=float)
    yield Case(
        "channel_moments", (moments, x, rows, n, 1), 4 * x.size, (x,), ((moments[1], (centred**2).sum(0)),)
    )
    affine = (x - mean) * scale + shift
    yield Case("channel_affine", (y, x, mean, scale, shift, rows, n, 1), 3 * x.size, (y, x), ((y, affine),))
    both = np.stack([dy.sum(0, dtype=float), (dy * (x - mean.astype(float))).sum(0)])
    yield Case("channel_sums", (sums, dy, x, mean, rows, n, 1), 4 * x.size, (dy, x), ((sums, both),))
    gradient = slopes[0] * dy + slopes[1] * (x - mean) + slopes[2]
    yield Case(
        "channel_gradient",
        (dx, dy, x, mean, slopes, None, rows, n, 1),
        5 * x.size,
        (dx, dy, x),
        ((dx, gradient),),
    )


def layer_norm(make, rows, n):
    x, dy, gamma, beta = make.normal(rows, n), make.normal(rows, n), make.normal(n), make.normal(n)
    y, dx, mean, inverse = make.empty(rows, n), make.empty(rows, n), make.empty(rows), make.empty(rows)
    middle = x.mean(1, keepdims=True)
    factor = 1 / np.sqrt(x.var(1, keepdims=True) + NORM_EPSILON)
    xhat = (x - middle) * factor
    yield Case(
        "layer_norm_forward",
        (y, mean, inverse, x, gamma, beta, rows, n, NORM_EPSILON),
        9 * x.size,
        (y, x),
        ((y, xhat * gamma + beta),),
    )
    g = gamma * dy
    slope = factor * (g - g.mean(1, keepdims=True) - xhat * (g * xhat).mean(1, keepdims=True))
    mean, inverse = make.copy(middle[:, 0]), make.copy(factor[:, 0])
    yield Case(
        "layer_norm_backward",
        (dx, None, dy, x, mean, inverse, gamma, rows, n),
        13 * x.size,
        (dx, dy, x),
        ((dx, slope),),
    )


FUNCTIONS = {  # y, dy/dx of y, operations forward and backward
    "relu": (lambda x: np.maximum(x, 0), lambda y: y > 0, 1, 2),
    "tanh": (np.tanh, lambda y: 1 - y * y, EXP + 3, 3),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), lambda y: y * (1 - y), EXP + 3, 3),
}


def activation(make, name, n):
    function, slope, forward, backward = FUNCTIONS[name]
    x, dy, y, dx = make.normal(n), make.normal(n), make.empty(n), make.empty(n)
    act, saved = ctable.activation(name), make.copy(function(x))
    yield Case("activation_forward", (y, n, x, n, 1, n, act), forward * n, (y, x), ((y, saved),))
    expected = ((dx, dy * slope(saved)),)
    yield Case(
        "activation_backward", (dx, n, dy, n, saved, n, 1, n, act), backward * n, (dx, dy, saved), expected
    )


def dropout(make, n):
    x, y, rate = make.copy(np.ones(n)), make.empty(n), 0.25
    r = ctable.Random((ctypes.c_uint32 * 2)(1, 2), 3, rate)
    yield Case("dropout", (y, x, 0, n, r), RANDOM * n, (y, x), ())  # tests compare its words with Philox'


def embedding(make, count, n, rows):
    table, dy, y, dtable = (
        make.normal(rows, n),
        make.normal(count, n),
        make.empty(count, n),
        make.empty(rows, n),
    )
    index = make.copy(make.rng.integers(0, rows, count), np.int32)
    yield Case("embedding_forward", (y, table, index, count, n), 0, (y, y), ((y, table[index]),))
    expected = np.zeros_like(table)
    np.add.at(expected, index, dy)
    yield Case(
        "embedding_backward", (dtable, dy, index, count, n, n), dy.size, (dy, dy, dy), ((dtable, expected),)
    )


def dot(make, count, m, k):
    a, x, y, u, z, o = (
        make.normal(count, m, k),
        make.normal(count, k),
        make.empty(count, m),
        make.normal(count, m),
        make.empty(count, k),
        make.empty(count, m, k),
    )
    yield Case("matvec", (y, a, x, count, m, k), 2 * a.size, (y, a, x), ((y, np.einsum("cmk,ck->cm", a, x)),))
    if m > 1:
        yield Case(
            "vecmat", (z, u, a, count, m, k), 2 * a.size, (z, a, u), ((z, np.einsum("cm,cmk->ck", u, a)),)
        )
    yield Case("outer", (o, u, x, count, m, k), o.size, (o, u, x), ((o, u[:, :, None] * x[:, None]),))


def transpose(make, axes, *shape):
    x, box = make.normal(*shape), box_of(shape, axes)
    y = make.empty(*(shape[axis] for axis in axes))
    sizes, down, across = (make.copy(row, np.int64) for row in box)
    yield Case(
        "strided_copy", (y, x, box.shape[1], sizes, down, across), 0, (y, x), ((y, x.transpose(axes)),)
    )


def merge(make, m, n):
    a, b, c, y, z, of_c = (
        make.normal(m, n),
        make.normal(m, n),
        make.normal(n),
        *(make.empty(m, n) for _ in range(2)),
        make.empty(n),
    )
    g = ctable.ElementwiseBinary(op=2, m=m, n=n, row=(n, 0), column=(1, 1), samples=1)
    yield Case("merge_sum", (y, a, b, a.size, 0.5), 2 * a.size, (y, a, b), ((y, (a + b) / 2),))
    yield Case("elementwise_binary_forward", (z, a, c, g), a.size, (z, a), ((z, a * c),))
    both = (a.astype(float) * b).sum(0)
    yield Case("elementwise_binary_backward", (of_c, b, a, c, g, 1), 2 * a.size, (a, b), ((of_c, both),))


def loss(make, m, n):
    x, t, dx, p = make.normal(m, n), make.normal(m, n), make.empty(m, n), make.empty(m, n)
    classes = make.copy(make.rng.integers(0, n, m), np.int32)
    whole = {
        "m": m,
        "n": n,
        "x": ctable.pointer(x),
        "rows_per_weight": 1,
        "dx": ctable.pointer(dx),
        "scale": 1 / m,
        "clip": EPSILON,
        "ignore_class": ctable.NO_CLASS,
    }
    square = ctable.LossMetric(**whole, target=ctable.pointer(t))
    entropy = ctable.LossMetric(**whole, target=ctable.pointer(classes), p=ctable.pointer(p))
    yield Case("mean_squared_error", (square,), 5 * x.size, (x, t, dx), ((dx, 2 * (x - t) / x.size),))
    e = np.exp(x - x.max(1, keepdims=True))
    share = e / e.sum(1, keepdims=True)
    gradient = (share - (np.arange(n) == classes[:, None])) / m
    flops = (2 * EXP + 6) * x.size
    yield Case(
        "sparse_categorical_crossentropy_logits", (entropy,), flops, (x, p, dx), ((p, share), (dx, gradient))
    )


def optimizer(make, n):
    w, g, m, v = (make.normal(n) for _ in range(4))
    v[...] = v * v
    common = {
        "n": n,
        "g": ctable.pointer(g),
        "gradient_scale": 1,
        "learning_rate": RATE,
        "beta_1": BETA_1,
        "beta_2": BETA_2,
        "momentum": BETA_1,
        "epsilon": EPSILON,
    }
    mean, square, velocity = (
        BETA_1 * m + (1 - BETA_1) * g,
        BETA_2 * v + (1 - BETA_2) * g * g,
        BETA_1 * m - RATE * g,
    )
    of_rmsprop = BETA_1 * v + (1 - BETA_1) * g * g
    for kernel, slots, flops, expected in (
        ("adam", (m, v), 2 * DIVIDE, w - RATE * mean / (np.sqrt(square) + EPSILON)),
        ("rmsprop", (v,), 2 * DIVIDE, w - RATE * g / np.sqrt(of_rmsprop + EPSILON)),
        ("sgd", (m,), 6, w + velocity),
    ):
        own = [make.copy(array) for array in (w, *slots)]
        update = ctable.Update(**common, w=ctable.pointer(own[0]))
        for i, slot in enumerate(own[1:]):
            update.slot[i] = ctable.pointer(slot)
        yield Case(kernel, (update,), flops * n, (*own, *own, g), ((own[0], expected),))


# Some in L2 or L1, some in L3, some in no cache; and rows that no vector divides.
FAMILIES = {
    "depthwise": (
        depthwise,
        *((112, 32), (56, 128), (56, 128, 3, 2), (28, 256), (28, 250), (14, 512), (7, 1024), (28, 256, 5)),
    ),
    "softmax": (softmax, (1000, 10), (256, 128), (100, 1001), (1000, 1000), (20_000, 1000)),
    "pooling": (pooling, (24, 64), (56, 64, 3, 2), (56, 50), (112, 64), (112, 10), (448, 64)),
    "global average": (global_average, (49, 1024), (49, 1001), (3136, 64)),
    "batch norm": (batch_norm, (1000, 64), (1000, 50), (3000, 10), (12_544, 64), (400_000, 64)),
    "layer norm": (layer_norm, (1000, 50), (256, 128), (2000, 512), (60_000, 512)),
    "activation": (activation, *itertools.product(FUNCTIONS, (30_001, 500_000, 20_000_000))),
    "dropout": (dropout, (30_001,), (500_000,), (20_000_000,)),
    "embedding": (embedding, (500, 64, 1000), (5000, 50, 10_000), (5000, 300, 100_000)),
    "dot": (
        dot,
        *((4096, 1, 16), (1024, 1, 128), (300, 1, 1001), (320, 10, 10), (256, 50, 64), (100, 500, 500)),
    ),
    "transpose": (
        transpose,
        *(((1, 0), 200, 200), ((1, 0), 1000, 1000), ((1, 0), 5000, 5000), ((1, 0, 2), 128, 100, 50)),
        *(((0, 3, 1, 2), 8, 28, 28, 32), ((0, 2, 3, 1), 8, 32, 28, 28), ((0, 3, 1, 2), 8, 112, 112, 3)),
    ),
    "merge": (merge, (300, 100), (10_000, 10), (500, 1000), (20_000, 1000)),
    "loss": (loss, (1000, 10), (256, 128), (1000, 1000), (20_000, 1000)),
    "optimizer": (optimizer, (10_001,), (200_000,), (10_000_000,)),
}


class Call:
    """A case by the kernel of an instruction set and dtype, whose result is verified first."""

    def __init__(self, case, isa, dtype):
        prototype = ctable.PROTOTYPES[case.kernel]
        self.kernel = prototype(runtime.kernel_address(isa, dtype, case.kernel))
        self.nothing = prototype(ctypes.cast(ctypes.pythonapi.Py_IsInitialized, ctypes.c_void_p).value)
        self.arguments = [ctable.pointer(value) for value in case.arguments]
        self()
        tolerance = 1e-4 if dtype == "float32" else 1e-9
        for found, expected in case.pairs:
            np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * abs(expected).max())

    def __call__(self):
        self.kernel(*self.arguments)

    def empty(self):
        self.nothing(*self.arguments)


class Floor:
    """What bounds kernels of a dtype, measured in turns with each."""

    def __init__(self, dtype):
        self.dtype, self.peak, self.copies = dtype, Peak(dtype=dtype), {0: Bandwidth(size=0)}

    def share(self, case, rounds, seconds):
        """Return the larger of the times that bound a case over its time, and which of the two that is."""
        moved = sum(array.nbytes for array in case.arrays)
        size = 1 << round(math.log2(moved / 2))  # the same copy for cases of about as many bytes
        copy = self.copies.setdefault(size, Bandwidth(size=size))
        call = Call(case, runtime.isa()[0], self.dtype)
        sides = {
            "call": call,
            "empty": call.empty,
            "copy": copy,
            "no copy": self.copies[0],
            "peak": self.peak,
        }
        least = {name: min(times) for name, times in alternate(sides, rounds, seconds, clock(1), 0).items()}
        arithmetic = case.flops / self.peak.flops * least["peak"]
        memory = moved / copy.bytes * (least["copy"] - least["no copy"])
        share = max(arithmetic, memory) / (least["call"] - least["empty"])
        return share, "memory" if memory > arithmetic else "arithmetic"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--family", choices=FAMILIES, help="by default all")
    parser.add_argument(
        "--rounds", type=whole_number_type(1), default=ROUNDS, metavar="N", help="turns; default: %(default)s"
    )
    parser.add_argument(
        "--seconds", type=positive_number_type(3600), default=TURN, help="of a turn; default: %(default)s"
    )
    options = parser.parse_args()
    floor, make = Floor(options.dtype), Arrays(options.dtype)
    print(f"{runtime.isa()[0]}, {options.dtype}: shares of the floor\n")
    print(f"{'':40}{'':26}{'MFLOP':>9}{'MB':>9}{'share':>8}  bound")
    for family in [options.family] if options.family else FAMILIES:
        cases, *shapes = FAMILIES[family]
        for shape in shapes:
            title = " x ".join(map(str, shape))
            for case in cases(make, *shape):
                share, bound = floor.share(case, options.rounds, options.seconds)
                mega = case.flops / 1e6, sum(array.nbytes for array in case.arrays) / 1e6
                print(
                    f"{case.kernel:40}{title:26}{mega[0]:9.2f}{mega[1]:9.2f}{100 * share:6.0f} %  {bound}",
                    flush=True,
                )


if __name__ == "__main__":
    sys.exit(exit_status("floors.py", main))
