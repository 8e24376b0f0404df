"""Convolutions as they occur in networks: their share of the multiply-add peak, and against NumPy.

`python bench/bench_conv.py` prints a line for each shape. Batches, and the pictures of VGG-16, are cut down
so that one convolution takes less than a twentieth of a second on one core.
"""

import argparse
import statistics
import sys
from typing import NamedTuple

import numpy as np
import pytest

import fastnn
from fastnn.bench import plain
from fastnn.bench.measure import Ratio, alternate, clock, ratio
from fastnn.bench.peak import Peak
from fastnn.cli import exit_status, whole_number_type
from fastnn.kernels.core.cpu_count import MAX_THREADS
from fastnn.kernels.ops.conv import Convolution
from fastnn.layers.base.window import Window

DIRECTIONS = {"forward": "forward", "input gradient": "input_gradient", "weight gradient": "weight_gradient"}
MEDIAN, MINIMUM = 0.80, 0.45  # of the peak, over the shapes of at least FEWEST channels
FEWEST = 8


class Shape(NamedTuple):
    network: str
    batch: int
    height: int
    channels: int
    filters: int
    size: tuple[int, int]
    stride: int = 1
    padding: str = "same"

    @property
    def title(self):
        kernel = f"{self.size[0]}x{self.size[1]}" + (f"/{self.stride}" if self.stride > 1 else "")
        picture = f"{self.batch}x{self.height}x{self.height}x{self.channels}"
        return f"{picture} * {kernel} -> {self.filters}, {self.padding}"

    def make(self, dtype="float32"):
        """Return a `Convolution` of this shape on normal numbers."""
        picture, strides = (self.height, self.height), (self.stride, self.stride)
        window = Window(self.size, strides, (1, 1), self.padding)
        conv = Convolution(
            (self.batch, *picture, self.channels), (*self.size, self.channels, self.filters),
            strides, window.before(picture), (1, 1), window.outputs(picture), dtype,
        )  # fmt: skip
        rng = np.random.default_rng(0)
        for array in (conv.x, conv.w, conv.dy):
            array[...] = rng.standard_normal(array.shape, dtype)
        return conv

    def verify(self, conv):
        """Compare all three directions with sums over the taps of the kernel."""
        n, height, width, _ = conv.x.shape
        picture, (_, down, across, _) = (height, width), conv.y.shape
        top, left = Window(self.size, (self.stride,) * 2, (1, 1), self.padding).before(picture)
        reach = [(m - 1) * self.stride + k for m, k in zip((down, across), self.size, strict=True)]
        high, wide = max(reach[0], top + height), max(reach[1], left + width)
        x = np.zeros((n, high, wide, self.channels), conv.x.dtype)
        x[:, top : top + height, left : left + width] = conv.x
        y, dx, dw = np.zeros_like(conv.y), np.zeros_like(x), np.empty_like(conv.w)
        dy = conv.dy.reshape(-1, self.filters)
        for i, j in np.ndindex(self.size):
            seen = np.s_[:, i :: self.stride, j :: self.stride]
            part = x[seen][:, :down, :across]
            y += part @ conv.w[i, j]
            dw[i, j] = part.reshape(-1, self.channels).T @ dy
            dx[seen][:, :down, :across] += (dy @ conv.w[i, j].T).reshape(part.shape)
        for name in DIRECTIONS.values():
            getattr(conv, name)()
        dx = dx[:, top : top + height, left : left + width]
        for got, expected in ((conv.y, y), (conv.dx, dx), (conv.dw, dw)):
            np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


def shapes(network, *rows):
    return [Shape(network, *row) for row in rows]


# Batch, height (and width), channels, filters, kernel, stride, padding.
SHAPES = [
    *shapes(
        "VGG-16",
        (1, 224, 3, 64, (3, 3)),
        (1, 112, 64, 64, (3, 3)),
        (1, 112, 64, 128, (3, 3)),
        (1, 56, 128, 128, (3, 3)),
        (1, 56, 128, 256, (3, 3)),
        (1, 28, 256, 256, (3, 3)),
        (1, 28, 256, 512, (3, 3)),
        (1, 14, 512, 512, (3, 3)),
    ),
    *shapes(
        "ResNet-18",
        (1, 224, 3, 64, (7, 7), 2),
        (4, 56, 64, 64, (3, 3)),
        (4, 56, 64, 128, (3, 3), 2),
        (8, 56, 64, 128, (1, 1), 2),
        (4, 28, 128, 128, (3, 3)),
        (4, 28, 128, 256, (3, 3), 2),
        (8, 28, 128, 256, (1, 1), 2),
        (4, 14, 256, 256, (3, 3)),
        (4, 14, 256, 512, (3, 3), 2),
        (4, 7, 512, 512, (3, 3)),
    ),
    *shapes(
        "ResNet-50",
        (4, 56, 64, 64, (1, 1)),
        (4, 56, 64, 256, (1, 1)),
        (4, 56, 256, 64, (1, 1)),
        (2, 56, 256, 128, (1, 1)),
        (2, 56, 256, 512, (1, 1), 2),
        (4, 28, 128, 512, (1, 1)),
        (4, 28, 512, 128, (1, 1)),
        (2, 28, 512, 1024, (1, 1), 2),
        (4, 14, 256, 1024, (1, 1)),
        (4, 14, 1024, 256, (1, 1)),
        (2, 14, 1024, 2048, (1, 1), 2),
        (4, 7, 512, 2048, (1, 1)),
        (4, 7, 2048, 512, (1, 1)),
    ),
    *shapes(
        "GoogLeNet",
        (4, 28, 192, 64, (1, 1)),
        (4, 28, 192, 32, (1, 1)),
        (2, 28, 96, 128, (3, 3)),
        (8, 28, 16, 32, (5, 5)),
        (8, 14, 480, 192, (1, 1)),
        (8, 14, 24, 64, (5, 5)),
        (4, 14, 112, 224, (3, 3)),
        (8, 7, 832, 384, (1, 1)),
        (8, 7, 160, 320, (3, 3)),
        (8, 7, 32, 128, (5, 5)),
    ),
    *shapes(
        "Inception-v3",
        (1, 299, 3, 32, (3, 3), 2, "valid"),
        (1, 149, 32, 32, (3, 3), 1, "valid"),
        (1, 147, 32, 64, (3, 3)),
        (1, 73, 80, 192, (3, 3), 1, "valid"),
        (4, 35, 48, 64, (5, 5)),
        (4, 35, 64, 96, (3, 3)),
        (2, 35, 288, 384, (3, 3), 2, "valid"),
        (4, 17, 128, 128, (1, 7)),
        (4, 17, 128, 192, (7, 1)),
        (4, 17, 192, 192, (1, 7)),
        (4, 17, 192, 192, (7, 1)),
        (8, 8, 384, 384, (1, 3)),
        (8, 8, 384, 384, (3, 1)),
        (4, 8, 448, 384, (3, 3)),
        (8, 8, 1280, 320, (1, 1)),
    ),
    *shapes(
        "MobileNet",
        (2, 224, 3, 32, (3, 3), 2),
        (2, 112, 32, 64, (1, 1)),
        (4, 56, 64, 128, (1, 1)),
        (4, 28, 128, 256, (1, 1)),
        (4, 14, 512, 512, (1, 1)),
        (8, 7, 1024, 1024, (1, 1)),
    ),
    *shapes(
        "MobileNet-v2",
        (2, 112, 32, 16, (1, 1)),
        (4, 56, 24, 144, (1, 1)),
        (4, 56, 144, 24, (1, 1)),
        (8, 14, 96, 576, (1, 1)),
        (8, 7, 320, 1280, (1, 1)),
    ),
    *shapes(
        "AlexNet",
        (1, 227, 3, 96, (11, 11), 4, "valid"),
        (1, 27, 96, 256, (5, 5)),
        (4, 13, 256, 384, (3, 3)),
    ),
    *shapes(
        "for CIFAR-10",
        (8, 32, 3, 32, (3, 3), 1, "valid"),
        (8, 30, 32, 32, (3, 3), 1, "valid"),
        (8, 14, 32, 64, (3, 3), 1, "valid"),
        (8, 12, 64, 64, (3, 3), 1, "valid"),
        (8, 32, 16, 16, (3, 3)),
        (8, 32, 16, 32, (3, 3), 2),
        (8, 16, 32, 32, (3, 3)),
        (8, 8, 64, 64, (3, 3)),
    ),
    *shapes(
        "for MNIST",
        (8, 28, 1, 32, (3, 3), 1, "valid"),
        (8, 26, 32, 64, (3, 3), 1, "valid"),
        (8, 28, 1, 6, (5, 5)),
        (8, 14, 6, 16, (5, 5), 1, "valid"),
    ),
]


def shares(shape, conv, peak, rounds, seconds=0.02):
    """Return the share of the peak that each direction of a shape has."""
    shape.verify(conv)
    sides = {name: getattr(conv, method) for name, method in DIRECTIONS.items()}
    times = alternate(sides | {"peak": peak}, rounds, seconds, clock(peak.threads), pause=0.01)
    return {name: ratio(times["peak"], times[name], conv.flops / peak.flops) for name in DIRECTIONS}


def over_shapes(results):
    """Return median, minimum and maximum of each direction over the shapes of enough channels."""
    chosen = [r for shape, r in results if min(shape.channels, shape.filters) >= FEWEST]
    found = {}
    for name in DIRECTIONS:
        medians = [r[name].median for r in chosen]
        found[name] = Ratio(statistics.median(medians), min(medians), max(medians))
    return found


@pytest.fixture(scope="module")
def peak():
    return Peak(fastnn.num_threads())


def test_share_of_peak(benchmark, figure, peak):
    """All shapes, in one test: the targets are for their median and their minimum."""
    benchmark.pedantic(SHAPES[0].make().forward)
    if benchmark.disabled:
        for shape in SHAPES:
            shape.verify(shape.make())
        return
    results = [(shape, shares(shape, shape.make(), peak, rounds=3)) for shape in SHAPES]
    for name, share in over_shapes(results).items():
        figure(f"convolutions: {name}, median of shapes", share, "% of peak", at_least=MEDIAN)
        figure(f"convolutions: {name}, lowest of shapes", share.lowest, "% of peak", at_least=MINIMUM)


@pytest.mark.parametrize("direction", ["forward", "both gradients"])
@pytest.mark.parametrize("shape", [s for s in SHAPES if s.network == "for CIFAR-10" and s.padding == "valid"])
def test_against_numpy(versus, shape, direction):
    conv = shape.make()
    shape.verify(conv)
    theirs = plain.Convolution(conv.w, np.zeros(shape.filters, "float32"))
    np.testing.assert_allclose(theirs.forward(conv.x), conv.y, rtol=1e-3, atol=1e-3)
    if direction == "forward":
        versus(f"{shape.title}: {direction}", conv.forward, lambda: theirs.forward(conv.x))
        return

    def gradients():
        conv.weight_gradient()
        conv.input_gradient()

    versus(f"{shape.title}: {direction}", gradients, lambda: theirs.backward(conv.dy, first=False))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rounds",
        type=whole_number_type(1),
        default=3,
        metavar="N",
        help="turns of each direction; default: 3",
    )
    parser.add_argument(
        "--threads", type=whole_number_type(1, MAX_THREADS), default=fastnn.num_threads(), metavar="N"
    )
    parser.add_argument("--only", metavar="TEXT", default="", help="networks whose name contains this")
    options = parser.parse_args()
    chosen = [shape for shape in SHAPES if options.only in shape.network]
    if not chosen:
        parser.error(f"--only: no network's name contains {options.only!r}")
    with fastnn.threads(options.threads):
        peak = Peak(options.threads)
        print(f"shares of the peak, {peak.per_second() / 1e9:.0f} GFLOP/s on {peak.threads} threads\n")
        heading = "".join(f"{name:>17}" for name in DIRECTIONS)
        print(f"{'network':14}{'rows x height x width x channels * kernel':44}{'MFLOP':>7}{heading}")
        results = []
        for shape in chosen:
            conv = shape.make()
            results.append((shape, shares(shape, conv, peak, options.rounds)))
            numbers = "".join(f"{100 * share.median:15.0f} %" for share in results[-1][1].values())
            print(f"{shape.network:14}{shape.title:44}{conv.flops / 1e6:7.0f}{numbers}", flush=True)
    if any(min(shape.channels, shape.filters) >= FEWEST for shape in chosen):
        found = over_shapes(results)
        print(f"\nof the shapes with at least {FEWEST} channels and filters")
        for label, at, target in (("median", 0, MEDIAN), ("lowest", 1, MINIMUM)):
            numbers = "".join(f"{100 * share[at]:15.0f} %" for share in found.values())
            print(f"{label + f', target {100 * target:.0f} %':65}{numbers}")


if __name__ == "__main__":
    sys.exit(exit_status("bench_conv.py", main))
