"""The elementary functions: error bounds, special values, ranges, tails."""

import numpy as np
import pytest
from ulp import BOUNDS, apply, bound, exact_sample, sample, table, worst

from fastnn.kernels.core import runtime

INFINITY, NAN = np.inf, np.nan
ISAS = [*runtime.isa_names(), "ref"]
X = np.array([-INFINITY, -1e4, -1.0, -0.0, 0.0, 1.0, 1e4, INFINITY, NAN])
SPECIAL = {
    "exp": [0, 0, None, 1, 1, None, INFINITY, INFINITY, NAN],
    "expm1": [-1, -1, None, -0.0, 0, None, INFINITY, INFINITY, NAN],
    "log": [NAN, NAN, NAN, -INFINITY, -INFINITY, 0, None, INFINITY, NAN],
    "log1p": [NAN, NAN, -INFINITY, -0.0, 0, None, None, INFINITY, NAN],
    "tanh": [-1, -1, None, -0.0, 0, None, 1, 1, NAN],
    "sigmoid": [0, 0, None, 0.5, 0.5, None, 1, 1, NAN],
    "erf": [-1, -1, None, -0.0, 0, None, 1, 1, NAN],
    "sinpi": [NAN, None, None, -0.0, 0, None, None, NAN, NAN],
    "cospi": [NAN, 1, -1, 1, 1, -1, 1, NAN, NAN],
}
RANGE = {
    "exp": (0, INFINITY),
    "expm1": (-1, INFINITY),
    "tanh": (-1, 1),
    "sigmoid": (0, 1),
    "erf": (-1, 1),
    "sinpi": (-1, 1),
    "cospi": (-1, 1),
}


@pytest.fixture(params=ISAS)
def isa(request):
    return request.param


@pytest.mark.parametrize("function", BOUNDS)
def test_error_bound(isa, dtype, function):
    x = sample(dtype)
    error, at = worst(apply(function, isa, x), exact_sample(function, dtype), x)
    assert error <= bound(function, dtype), f"{error:.3f} units at {float(at).hex()}"


@pytest.mark.parametrize("function", SPECIAL)
def test_special_values(isa, dtype, function):
    for y, expected in zip(apply(function, isa, X.astype(dtype)), SPECIAL[function], strict=True):
        if expected is not None:
            np.testing.assert_equal(float(y), float(expected))  # this tells -0.0 from 0.0


@pytest.mark.parametrize("function", RANGE)
def test_range(isa, dtype, function):
    low, high = RANGE[function]
    y = apply(function, isa, sample(dtype))
    assert np.nanmin(y) >= low
    assert np.nanmax(y) <= high


@pytest.mark.parametrize("isa", [isa for isa in runtime.isa_names() if isa != "scalar"])
@pytest.mark.parametrize("function", BOUNDS)
def test_same_bits_wherever_multiply_add_is_fused(isa, dtype, function):
    x = sample(dtype)
    np.testing.assert_array_equal(apply(function, isa, x), apply(function, runtime.isa_names()[0], x))


@pytest.mark.parametrize("function", ["tanh", "erf", "sinpi"])
def test_odd(isa, dtype, function):
    x = sample(dtype)
    np.testing.assert_array_equal(apply(function, isa, -x), -apply(function, isa, x))


@pytest.mark.parametrize("isa", runtime.isa_names())
@pytest.mark.parametrize("function", BOUNDS)
def test_subnormal_numbers_count_as_zero(isa, dtype, function):
    tiny = np.finfo(dtype).tiny
    x = np.array([np.finfo(dtype).smallest_subnormal, tiny / 2, -tiny / 2], dtype)
    np.testing.assert_allclose(
        apply(function, isa, x), apply(function, isa, 0 * x), rtol=0, atol=np.pi * tiny
    )


@pytest.mark.parametrize("n", range(35))
def test_any_length_in_place(isa, dtype, n):
    x = np.linspace(-3, 4, n + 1, dtype=dtype)
    for function in BOUNDS:
        y = x.copy()
        getattr(table(isa, dtype), f"math_{function}")(y, y, n)
        np.testing.assert_array_equal(y[:n], apply(function, isa, x)[:n])
        assert y[n] == x[n]


@pytest.mark.parametrize("function", ["sinpi", "cospi"])
def test_quarters_of_a_turn_are_exact(isa, dtype, function):
    x = np.arange(-40, 41, dtype=dtype) / 2
    phase = 2 * x + (function == "cospi")
    np.testing.assert_array_equal(apply(function, isa, x), np.sin(phase * np.pi / 2).round())
