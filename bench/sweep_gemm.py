"""Matrix products of many shapes as shares of the peak of one core, and where a neighbour does better.

python bench/sweep_gemm.py [--isa avx2] [--dtype float64] [--family tall]

A shape has a cliff where one that differs by 1, or by a tile, in one of its sizes reaches a larger share
of the peak. Each line shows the shape's share, the largest of its neighbours', and the ratio of the two.
Times are the least of several, in processor time of the thread, less that of an empty call.
"""

import argparse
import ctypes
import itertools
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fastnn.bench.peak import peak_isa
from fastnn.cli import exit_status
from fastnn.kernels.core import runtime
from fastnn.kernels.core.memory import aligned_zeros

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
import ctable

ROUNDS, TURN = 7, 0.0015
ALIGNMENT = 4096
FORMS = ("a b", "aT b", "a bT")  # a product, the gradient of its weights, the gradient of its input
TILE = {"m": 6, "n": 16, "k": 8}  # about that of any instruction set


class Shape(NamedTuple):
    m: int
    n: int
    k: int
    form: str = "a b"
    leading: int | None = None  # elements from row to row of all three matrices

    def neighbours(self):
        """Yield the shapes that differ by 1 or a tile in one size; of fixed rows the distance stays."""
        for axis, tile in TILE.items():
            for step in (-tile, -1, 1, tile):
                size = getattr(self, axis) + step
                if size > 0 and (self.leading is None or size <= self.leading):
                    yield self._replace(**{axis: size})

    def __str__(self):
        rows = f", rows {self.leading} apart" if self.leading else ""
        return f"{self.m} x {self.n} x {self.k}, {self.form}{rows}"


def training(batch, *widths):
    """Yield the three products of each layer of a network."""
    for inputs, units in itertools.pairwise(widths):
        yield Shape(batch, units, inputs)
        yield Shape(inputs, units, batch, "aT b")
        yield Shape(batch, inputs, units, "a bT")


FAMILIES = {
    "squares": [Shape(n, n, n) for n in (16, 32, 50, 64, 96, 128, 256, 512, 768, 1024)],
    "training, 784-128-64-10": [*training(32, 784, 128, 64, 10), *training(128, 784, 128, 64, 10)],
    "training, 1024 wide": [*training(64, 1024, 1024), *training(256, 1024, 1024)],
    "few rows": [Shape(m, *size) for size in ((128, 784), (1024, 1024)) for m in range(1, 9)],
    "wide": [Shape(m, 10_000, 64) for m in (1, 2, 4, 8)],
    "tall": [Shape(2000, n, 128) for n in (1, 2, 4, 8, 10, 12, 16, 24, 32)],
    "rows a power of two apart": [
        *(Shape(512, 512, 512, form, ld) for ld in (512, 1024, 2048, 4096) for form in FORMS),
        *(Shape(128, 128, 512, "a b", ld) for ld in (512, 1024, 4096)),
    ],
}


def matrix(rows, row, leading, dtype, seed):
    """Return normal numbers (rows, row), in memory `leading` apart and from the start of a page on."""
    raw = np.empty(rows * leading * np.dtype(dtype).itemsize + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    numbers = raw[start : start + raw.size - ALIGNMENT].view(dtype)
    numbers[:] = np.random.default_rng(seed).standard_normal(numbers.size, dtype)
    return numbers.reshape(rows, leading)[:, :row]


class Product:
    """One product by the kernel of an instruction set."""

    def __init__(self, table, shape):
        m, n, k, form, leading = shape
        across, down = form == "aT b", form == "a bT"
        self.a = matrix(*((k, m, leading or m) if across else (m, k, leading or k)), table.dtype, 1)
        self.b = matrix(*((n, k, leading or k) if down else (k, n, leading or n)), table.dtype, 2)
        self.c = matrix(m, n, leading or n, table.dtype, 3)
        a, b, c = (array.strides[0] // array.itemsize for array in (self.a, self.b, self.c))
        self.g = ctable.Gemm(
            m=m, n=n, k=k, c=ctable.pointer(self.c), ldc=c,
            a=ctable.pointer(self.a), a_row=1 if across else a, a_column=a if across else 1,
            b=ctable.pointer(self.b), b_row=1 if down else b, b_column=b if down else 1,
            activation=ctable.activation("linear"), gradient=ctable.activation("linear"),
        )  # fmt: skip
        self.workspace = aligned_zeros(table.gemm_workspace(self.g))
        address = runtime.kernel_address(table.isa, table.dtype.name, "gemm")
        self.kernel = ctable.PROTOTYPES["gemm"](address)
        self.operands = ctypes.addressof(self.g), ctable.pointer(self.workspace)
        a, b = self.a.T if across else self.a, self.b.T if down else self.b
        self()
        tolerance = 1e-3 if table.dtype == "float32" else 1e-10
        np.testing.assert_allclose(self.c, a @ b, rtol=tolerance, atol=tolerance * k**0.5)

    def __call__(self):
        self.kernel(*self.operands)

    def seconds(self):
        """Return the least time of a call."""
        rows, self.g.m = self.g.m, 0
        empty = least_time(self)
        self.g.m = rows
        return max(least_time(self) - empty, 1e-9)


def least_time(side):
    start, calls = time.thread_time(), 0
    while time.thread_time() - start < TURN:
        side()
        calls += 1
    times = []
    for _ in range(ROUNDS):
        start = time.thread_time()
        for _ in range(calls):
            side()
        times.append((time.thread_time() - start) / calls)
    return min(times)


class Sweep:
    """The shares of the peak of an instruction set."""

    def __init__(self, isa, dtype):
        self.table, self.shares = ctable.Table(isa, dtype), {}
        rounds, bound = 50_000, ctable.Table(peak_isa(isa), dtype)
        self.peak = bound.fma_peak(rounds) / least_time(lambda: bound.fma_peak(rounds))

    def share(self, shape):
        if shape not in self.shares:
            seconds = Product(self.table, shape).seconds()
            self.shares[shape] = 2 * shape.m * shape.n * shape.k / seconds / self.peak
        return self.shares[shape]

    def rows(self, shapes):
        """Yield each shape, its share, that of its best neighbour, and this neighbour."""
        for shape in shapes:
            best = max(shape.neighbours(), key=self.share)
            yield shape, self.share(shape), self.share(best), best


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--isa", choices=runtime.isa_names(), help="by default each that this processor has")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--family", choices=FAMILIES, help="by default all")
    args = parser.parse_args()
    for isa in [args.isa] if args.isa else runtime.isa_names():
        sweep, worst = Sweep(isa, args.dtype), []
        print(f"\n{isa}, {args.dtype}: {sweep.peak / 1e9:.0f} GFLOP/s at most")
        for family in [args.family] if args.family else FAMILIES:
            print(f"\n{family:44}  share  best neighbour's  ratio")
            for shape, share, best, neighbour in sweep.rows(FAMILIES[family]):
                ratio = share / best
                worst.append((ratio, shape, neighbour))
                print(f"{shape!s:44}  {100 * share:4.0f} %  {100 * best:14.0f} %  {ratio:6.2f}", flush=True)
        ratio, shape, neighbour = min(worst)
        print(f"\nlowest ratio: {ratio:.2f}, of {shape} to {neighbour}")


if __name__ == "__main__":
    sys.exit(exit_status("sweep_gemm.py", main))
