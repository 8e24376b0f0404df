"""Projection of weights onto the largest norm allowed, by the C kernel on one thread, against NumPy."""

import ctable
import numpy as np
import pytest

from fastnn.constraints import MaxNorm
from fastnn.kernels.core import runtime
from fastnn.kernels.core.memory import aligned_zeros


@pytest.mark.parametrize("shape", [(784, 512), (3, 3, 64, 64)])
def test_max_norm(versus, shape):
    n, inner = int(np.prod(shape[:-1])), shape[-1]
    kernel = ctable.Table(runtime.isa()[0], "float32").clip_norms
    w = aligned_zeros(n * inner, "float32").reshape(n, inner)
    w[:] = np.random.default_rng(0).standard_normal((n, inner))
    own, constraint = w.copy(), MaxNorm(3.0)

    def ours():
        kernel(w, 1, n, inner, inner, 0.0, 3.0, 1.0, 1e-7)

    def theirs():
        own[:] = constraint(own)

    ours()
    theirs()
    np.testing.assert_allclose(w, own, rtol=1e-5)
    versus(f"max_norm of {shape}, 1 thread", ours, theirs, threads=1)
