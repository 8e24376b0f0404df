"""The matrix product: its share of the multiply-add peak, and against NumPy's BLAS."""

import ctypes

import ctable
import numpy as np
import pytest

from fastnn.bench.peak import Peak
from fastnn.kernels.core import runtime
from fastnn.kernels.core.memory import aligned_zeros
from fastnn.kernels.ops.gemm import Product

SHAPES = {"512 x 512 x 512": (512, 512, 512), "128 x 128 x 784": (128, 128, 784)}


def matrix(rng, m, n, dtype="float32", leading=None):
    """A normal (m, n), with rows `leading` apart."""
    return rng.standard_normal((m, leading or n)).astype(dtype)[:, :n]


class Kernel:
    """One product by the C kernel, on one thread."""

    def __init__(self, m, n, k, dtype, bias=False, activation="linear"):
        rng = np.random.default_rng(0)
        self.a, self.b = matrix(rng, m, k, dtype), matrix(rng, k, n, dtype)
        self.bias = matrix(rng, 1, n, dtype)[0]
        self.c = np.empty((m, n), dtype)
        table = ctable.Table(runtime.isa()[0], dtype)
        self.g = ctable.Gemm(
            m=m, n=n, k=k, c=ctable.pointer(self.c), ldc=n,
            a=ctable.pointer(self.a), a_row=k, a_column=1, b=ctable.pointer(self.b), b_row=n, b_column=1,
            bias=ctable.pointer(self.bias) if bias else None,
            activation=ctable.activation(activation), gradient=ctable.activation("linear"),
        )  # fmt: skip
        self.workspace = aligned_zeros(table.gemm_workspace(self.g))
        self.gemm, self.operands = table.gemm, (ctypes.addressof(self.g), ctable.pointer(self.workspace))
        self.flops = 2 * m * n * k

    def __call__(self):
        self.gemm(*self.operands)

    def verify(self, expected):
        self()
        close(self.c, expected)


def close(c, expected):
    """Within the rounding error of sums of thousands of normal numbers."""
    tolerance = 1e-4 if c.dtype == "float32" else 1e-12
    np.testing.assert_allclose(c, expected, rtol=tolerance, atol=tolerance * 50)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_share_of_peak(versus, shape, dtype):
    kernel, peak = Kernel(*SHAPES[shape], dtype), Peak(1, dtype)
    kernel.verify(kernel.a @ kernel.b)
    versus(
        f"gemm {shape} {dtype}, 1 thread", kernel, peak,
        at_least=0.9, unit="% of peak", factor=kernel.flops / peak.flops, threads=1,
    )  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_bias_and_relu(versus, shape):
    bare = Kernel(*SHAPES[shape], "float32")
    fused = Kernel(*SHAPES[shape], "float32", bias=True, activation="relu")
    bare.verify(bare.a @ bare.b)
    fused.verify(np.maximum(fused.a @ fused.b + fused.bias, 0))
    # How many times as fast the bare product is: what the fused one costs.
    versus(
        f"gemm {shape}, bias + ReLU fused, 1 thread", bare, fused,
        at_most=1.03, unit="x bare product", threads=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("m", "n", "k", "leading", "at_least"),
    [
        (512, 512, 512, None, 1.0),
        (512, 512, 512, 2048, 1.0),
        (1024, 1024, 1024, None, 1.0),
        (1024, 1024, 1024, 4096, 1.0),
        (1000, 1000, 1000, None, 1.0),
        (32, 200, 50, None, 1.3),
        (128, 64, 128, None, 1.1),
    ],
)
def test_against_blas(versus, m, n, k, leading, at_least):
    rng = np.random.default_rng(1)
    a, b = matrix(rng, m, k, leading=leading), matrix(rng, k, n, leading=leading)
    ours, theirs = np.empty((2, m, n), "float32")
    product = Product(a, b, out=ours)
    close(product(), np.matmul(a, b, out=theirs))
    rows = f", rows {leading} apart" if leading else ""
    versus(
        f"product {m} x {n} x {k}{rows}",
        product, lambda: np.matmul(a, b, out=theirs), at_least,
    )  # fmt: skip


@pytest.mark.parametrize("turned", ["a", "b"])
def test_transposed(versus, turned):
    """The products of a backward pass."""
    rng = np.random.default_rng(2)
    a = matrix(rng, 128, 784).T if turned == "a" else matrix(rng, 128, 64)
    b = matrix(rng, 128, 128) if turned == "a" else matrix(rng, 784, 64).T
    ours, theirs = np.empty((2, a.shape[0], b.shape[1]), "float32")
    product = Product(a, b, out=ours)
    close(product(), np.dot(a, b, theirs))
    versus(
        f"product {a.shape[0]} x {b.shape[1]} x {b.shape[0]}, {turned} transposed",
        product, lambda: np.dot(a, b, theirs),
    )  # fmt: skip
