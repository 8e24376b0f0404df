"""Helpers of the tests of C kernels: sizes around each vector length, random numbers, tolerances."""

import ctypes
import functools

import numpy as np
from ctable import NO_CLASS, LossMetric, Table, pointer

SIZES = (0, 1, 3, 7, 15, 16, 17, 31, 33, 100, 257)
SHAPES = ((0, 3), (1, 1), (1, 257), (3, 7), (5, 16), (4, 17), (257, 1), (33, 10), (2, 100))
TOLERANCE = {"float32": 4e-6, "float64": 2e-14}


def noise(*shape, dtype="float64", seed=0, spread=1.0):
    """Return normal numbers, the same in every run."""
    return np.random.default_rng(seed).normal(0.0, spread, shape).astype(dtype)


def assert_close(actual, desired, factor=1.0):
    """Assert equality up to `factor` times the tolerance of the dtype of `actual`, absolute and relative."""
    tolerance = factor * TOLERANCE[np.asarray(actual).dtype.name]
    np.testing.assert_allclose(actual, np.asarray(desired), rtol=tolerance, atol=tolerance)


def central_differences(value, x, step=1e-6):
    """Return the gradient of the number `value(x)` in float64, one element at a time."""
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        shifted = x.copy()
        shifted[i] = x[i] + step
        above = value(shifted)
        shifted[i] = x[i] - step
        gradient[i] = (above - value(shifted)) / (2 * step)
    return gradient


table = functools.cache(Table)


class LossMetricKernel:
    """A loss or metric kernel called with arrays: `LossMetricKernel(isa, dtype, name)(x, target, ...)`."""

    def __init__(self, isa, dtype, name):
        self.table = table(isa, dtype)
        self.kernel = getattr(self.table, name)

    def __call__(self, x, target, weight=None, rows_per_weight=1, dx=None, p=None, scale=1.0,
                 label_smoothing=0.0, clip=0.0, ignore_class=NO_CLASS, param=()):  # fmt: skip
        """Return the sum over rows; `dx` and `p` are output arrays."""
        dtype = self.table.dtype
        x = x if x.dtype == dtype else x.astype(dtype)
        target = target if target.dtype == np.int32 else target.astype(dtype)
        weight = None if weight is None else weight.astype(dtype)
        settings = LossMetric(
            *x.shape, pointer(x), pointer(target), pointer(weight), rows_per_weight, pointer(dx), pointer(p),
            scale, label_smoothing, clip, ignore_class, (ctypes.c_double * 3)(*param),
        )  # fmt: skip
        return self.kernel(settings)
