"""One step of each optimizer over flat memory by the C kernel, on one thread, against NumPy."""

import ctypes

import ctable
import numpy as np
import pytest

from fastnn.bench.tuned import Adam
from fastnn.kernels.core import runtime
from fastnn.kernels.core.memory import aligned_zeros

BETA_1, BETA_2, EPSILON, RATE, L1 = 0.9, 0.999, 1e-7, 1e-3, 0.01


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


def rule_in_numpy(name, w, g, a, b):
    """One step in place, as one writes it; a and b are the slots."""
    if name == "adagrad":
        a += g * g
        w -= RATE * g / np.sqrt(a + EPSILON)
    elif name == "adadelta":
        a[:] = BETA_1 * a + (1 - BETA_1) * g * g
        step = np.sqrt(b + EPSILON) / np.sqrt(a + EPSILON) * g
        b[:] = BETA_1 * b + (1 - BETA_1) * step * step
        w -= RATE * step
    elif name == "adamax":
        a += (1 - BETA_1) * (g - a)
        np.maximum(BETA_2 * b, abs(g), out=b)
        w -= RATE * a / (b + EPSILON)
    elif name == "lion":
        w -= RATE * np.sign(BETA_1 * a + (1 - BETA_1) * g)
        a[:] = BETA_2 * a + (1 - BETA_2) * g
    else:
        raised, before = np.sqrt(a + g * g), np.sqrt(a)
        b += g - (raised - before) / RATE * w
        a += g * g
        w[:] = (np.clip(b, -L1, L1) - b) / (raised / RATE)


@pytest.mark.parametrize("name", ["adagrad", "adadelta", "adamax", "lion", "ftrl"])
def test_rule(versus, name):
    n = 109_386
    rng = np.random.default_rng(0)
    kernel = getattr(ctable.Table(runtime.isa()[0], "float32"), name)
    arrays = [aligned_zeros(n, "float32") for _ in range(4)]
    arrays[0][:], arrays[1][:] = rng.standard_normal((2, n))
    arrays[2][:], arrays[3][:] = 0.1 + rng.random((2, n))
    w, g, a, b = arrays
    update = ctable.Update(
        n=n, w=ctable.pointer(w), g=ctable.pointer(g),
        slot=(ctypes.c_void_p * 3)(ctable.pointer(a), ctable.pointer(b), None),
        learning_rate=RATE, gradient_scale=1, beta_1=BETA_1, beta_2=BETA_2, epsilon=EPSILON, l1=L1, power=0.5,
    )  # fmt: skip
    own = [x.copy() for x in arrays]

    def ours():
        kernel(update)

    def theirs():
        rule_in_numpy(name, *own)

    ours()
    theirs()
    np.testing.assert_allclose(w, own[0], rtol=1e-4, atol=1e-5)
    versus(f"{name}, {n} parameters, 1 thread", ours, theirs, threads=1)
