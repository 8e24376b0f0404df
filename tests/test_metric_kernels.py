"""Accuracies and input checks in C."""

import ctypes

import numpy as np
import pytest
from ctable import NO_CLASS, LossMetric, Table, pointer
from kernelcheck import SHAPES, SIZES, LossMetricKernel, noise


def classes(m, n, count, seed=0):
    return np.random.default_rng(seed).integers(0, count, (m, n))


def share_right(name, x, target, threshold=0.5):
    """The value of every row, in NumPy."""
    if name == "accuracy":
        return (x == target).mean(1)
    if name == "binary_accuracy":
        return ((x > threshold) == target).mean(1)
    if name.endswith("sorted_accuracy"):
        return (x[:, :2] == target[:, None]).any(1)
    if "top_k" in name:
        at = target if "sparse" in name else target.argmax(1)
        return (x > x[np.arange(len(x)), at][:, None]).sum(1) < 2
    right = target if name == "sparse_categorical_accuracy" else target.argmax(1)
    return x.argmax(1) == right


def problem(name, m, n, dtype):
    """Few different numbers, so there are ties."""
    if name == "accuracy":
        return classes(m, n, 3).astype(dtype), classes(m, n, 3, seed=1).astype(dtype)
    if name == "binary_accuracy":
        return classes(m, n, 9).astype(dtype) / 8, classes(m, n, 2, seed=1).astype(dtype)
    x = classes(m, n, 4).astype(dtype)
    target = classes(m, 1, n, seed=1)[:, 0].astype("int32")
    return x, target if "sparse" in name else np.eye(n, dtype=dtype)[target]


METRICS = [
    *("accuracy", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"),
    *("top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy", "sparse_top_k_sorted_accuracy"),
]
PARAMETERS = {
    "binary_accuracy": (0.5,),
    **dict.fromkeys((name for name in METRICS if "top_k" in name), (2,)),
}
each_metric = pytest.mark.parametrize("name", METRICS)


@each_metric
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_value(isa, dtype, name, shape, weighted):
    x, target = problem(name, *shape, dtype)
    weight = abs(noise(shape[0], dtype=dtype)) if weighted else None
    desired = (share_right(name, x, target) * (1 if weight is None else weight)).sum() if x.size else 0
    for table in ("ref", isa):
        dx = np.full_like(x, 7)
        kernel = LossMetricKernel(table, dtype, name)
        value = kernel(x, target, weight, dx=dx, p=dx, param=PARAMETERS.get(name, ()))
        np.testing.assert_allclose(value, desired, rtol=1e-5 if dtype == "float32" else 1e-12)
        assert np.all(dx == 7)


def test_threshold(isa, dtype):
    x, target = problem("binary_accuracy", 5, 19, dtype)
    for table in ("ref", isa):
        value = LossMetricKernel(table, dtype, "binary_accuracy")(x, target, param=(0.25,))
        np.testing.assert_allclose(value, share_right("binary_accuracy", x, target, 0.25).sum(), rtol=1e-6)


def test_weight_of_several_rows(isa, dtype):
    x, target = problem("sparse_categorical_accuracy", 12, 5, dtype)
    weight = np.array([1, 10, 100], dtype)
    desired = (share_right("sparse_categorical_accuracy", x, target) * np.repeat(weight, 4)).sum()
    for table in ("ref", isa):
        assert LossMetricKernel(table, dtype, "sparse_categorical_accuracy")(x, target, weight, 4) == desired


def test_ignored_class(isa, dtype):
    x, target = problem("sparse_categorical_accuracy", 40, 5, dtype)
    desired = (share_right("sparse_categorical_accuracy", x, target) & (target != 2)).sum()
    for table in ("ref", isa):
        assert (
            LossMetricKernel(table, dtype, "sparse_categorical_accuracy")(x, target, ignore_class=2)
            == desired
        )


@pytest.mark.parametrize(
    ("row", "first"),
    [
        ([0, 3, 3, 1], 1),
        ([-np.inf] * 4, 0),
        ([np.nan, 1, np.inf, np.inf], 2),
        ([-1, np.nan, -np.inf, -1], 0),
        ([np.nan] * 4, None),
        ([-2] * 40 + [-1], 40),
        ([0] * 33, 0),
        ([-5] * 16 + [np.nan, -1, -1], 17),
    ],
)
def test_first_maximum(isa, dtype, row, first):
    """What is not a number is never the largest."""
    x = np.array([row], dtype)
    for table in ("ref", isa):
        is_right = LossMetricKernel(table, dtype, "sparse_categorical_accuracy")
        hits = [at for at in range(x.size) if is_right(x, np.array([at], "int32"))]
        assert hits == ([] if first is None else [first])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, -1.5, 1.5])
def test_check_range(isa, dtype, bad):
    for table in (Table("ref", dtype), Table(isa, dtype)):
        for n in SIZES:
            x = np.random.default_rng(n).uniform(-1, 1, n).astype(dtype)
            assert table.check_range(x, n, -1.0, 1.0) == -1
            for at in sorted({0, n // 2, n - 1} & set(range(n)), reverse=True):
                x[at:] = bad
                assert table.check_range(x, n, -1.0, 1.0) == at


def test_check_range_without_bounds_finds_nan_alone(isa, dtype):
    x = np.array([1.0, np.inf, -np.inf, np.nan] * 10, dtype)
    for table in (Table("ref", dtype), Table(isa, dtype)):
        assert table.check_range(x, x.size, -np.inf, np.inf) == 3


@pytest.mark.parametrize("name", ["pearson_correlation", "concordance_correlation"])
def test_correlations(isa, dtype, name):
    x, t = noise(5, 9, dtype=dtype), noise(5, 9, dtype=dtype, seed=1)
    cov = [np.cov(a, b, bias=True) for a, b in zip(x.astype("float64"), t.astype("float64"), strict=True)]
    if name == "pearson_correlation":
        desired = [c[0, 1] / np.sqrt(c[0, 0] * c[1, 1]) for c in cov]
    else:
        apart = (x.mean(1, dtype=float) - t.mean(1, dtype=float)) ** 2
        desired = [2 * c[0, 1] / (c[0, 0] + c[1, 1] + a + 1e-7) for c, a in zip(cov, apart, strict=True)]
    for table in ("ref", isa):
        np.testing.assert_allclose(
            LossMetricKernel(table, dtype, name)(x, t, clip=1e-7), sum(desired), rtol=1e-6
        )


@pytest.mark.parametrize("row", [[0.3, 0.3, 0.9, 0.1], [0.5, 0.5, 0.5, 0.5], [np.nan, 0.2, 0.4, 0.4]])
@pytest.mark.parametrize("k", [0, 1, 2, 3, 4])
def test_only_the_largest_exceed(isa, dtype, row, k):
    """Of equals the first ones, as many as there are places; what is not a number has none."""
    x, level = np.array([row], dtype), np.array([0.0], dtype)
    order = sorted((j for j in range(4) if row[j] == row[j]), key=lambda j: (-row[j], j))
    for table in (Table("ref", dtype), Table(isa, dtype)):
        state = np.zeros((4, 2, 2))
        table.count_above(pointer(state), LossMetric(
            m=1, n=4, x=pointer(x), target=pointer(np.ones_like(x)), rows_per_weight=1,
            param=(ctypes.c_double * 3)(k), levels=pointer(level), n_levels=1, begin=0, end=4, groups=4,
        ))  # fmt: skip
        assert np.flatnonzero(state[:, 1, 1]).tolist() == sorted(order[: k or 4])


def test_check_binary(isa, dtype):
    for bad in (0.5, 2, -1, np.nan):
        x = np.array([0, 1, 1, 0, bad, 1], dtype)
        for table in (Table("ref", dtype), Table(isa, dtype)):
            assert table.check_binary(x, 6) == 4
            assert table.check_binary(x, 4) == -1


def test_check_classes(isa, dtype):
    x = np.array([0, 2, 9, 3, -1, 10], "int32")
    for table in (Table("ref", dtype), Table(isa, dtype)):
        assert table.check_classes(x, 4, 10, NO_CLASS) == -1
        assert table.check_classes(x, 6, 10, NO_CLASS) == 4
        assert table.check_classes(x, 6, 10, -1) == 5
        assert table.check_classes(x, 6, 9, 9) == 4
        assert table.check_classes(x, 6, 11, -1) == -1
        assert table.check_classes(x, 0, 1, NO_CLASS) == -1
