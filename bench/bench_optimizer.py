"""One step of Adam over flat memory by the C kernel, on one thread, against NumPy."""

import ctypes

import ctable
import numpy as np
import pytest

from fastnn.bench.tuned import Adam
from fastnn.kernels import runtime
from fastnn.kernels.memory import aligned_zeros

BETA_1, BETA_2, EPSILON, RATE = 0.9, 0.999, 1e-7, 1e-3


@pytest.mark.parametrize("n", [705, 8_874, 109_386, 2_110_474])
def test_adam(versus, n):
    rng = np.random.default_rng(0)
    kernel = ctable.Table(runtime.isa()[0], "float32").adam
    w, g, m, v = (aligned_zeros(n, "float32") for _ in range(4))
    w[:] = rng.standard_normal(n)
    update = ctable.Update(
        n=n, w=ctable.pointer(w), g=ctable.pointer(g),
        slot=(ctypes.c_void_p * 3)(ctable.pointer(m), ctable.pointer(v), None),
        gradient_scale=1, beta_1=BETA_1, beta_2=BETA_2, epsilon=EPSILON,
    )  # fmt: skip
    own, gradient = w.copy(), np.empty_like(w)
    numpy = Adam(own, gradient, RATE, BETA_1, BETA_2, EPSILON)
    fresh = rng.standard_normal(n, "float32")

    # NumPy's step uses its gradient up, so both copy a new one: what is left would soon be subnormal.
    def ours():
        np.copyto(g, fresh)
        kernel(update)

    def theirs():
        np.copyto(gradient, fresh)
        numpy.step()

    for t in range(1, 4):
        update.learning_rate = RATE * np.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
        ours()
        theirs()
        rng.standard_normal(n, "float32", fresh)
    np.testing.assert_allclose(w, own, rtol=1e-5, atol=1e-6)
    versus(f"adam, {n} parameters, 1 thread", ours, theirs, threads=1)
