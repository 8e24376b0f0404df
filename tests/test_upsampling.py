"""`UpSampling1D` and `UpSampling2D`: each position several times."""

import numpy as np
import pytest
from formulas import resize
from harness import check_layer

from fastnn.layers import UpSampling1D, UpSampling2D


@pytest.mark.parametrize(("size", "shape"), [(2, (5, 3)), (3, (4, 17)), (1, (3, 2)), (5, (7, 1))])
def test_sequences(size, shape):
    check_layer(
        UpSampling1D,
        {"size": size},
        (2, *shape),
        (2, size * shape[0], shape[1]),
        0,
        oracle=lambda x: np.repeat(x, size, axis=1),
    )


@pytest.mark.parametrize(
    ("arguments", "shape", "output"),
    [
        ({}, (3, 4, 3), (6, 8, 3)),
        ({"size": (1, 3)}, (3, 2, 17), (3, 6, 17)),
        ({"size": [2, 1], "data_format": "channels_first"}, (3, 4, 5), (3, 8, 5)),
    ],
)
def test_repeated(arguments, shape, output):
    axes = (2, 3) if "data_format" in arguments else (1, 2)

    def oracle(x):
        size = arguments.get("size", (2, 2))
        return x.repeat(size[0], axes[0]).repeat(size[1], axes[1])

    check_layer(UpSampling2D, arguments, (2, *shape), (2, *output), 0, oracle=oracle)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "lanczos3", "lanczos5"])
def test_interpolated(isa, dtype, interpolation):
    x = np.random.default_rng(0).standard_normal((2, 5, 7, 3)).astype(dtype)
    y = UpSampling2D((2, 3), interpolation=interpolation, dtype=dtype)(x)
    desired = resize(x, 10, 21, interpolation)
    np.testing.assert_allclose(y, desired, rtol=0, atol=1e-6 if dtype == "float32" else 1e-14)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: UpSampling1D(0), "size: .*0"),
        (lambda: UpSampling1D((2,)), r"size: .*\(2,\)"),
        (lambda: UpSampling2D((2, 3, 4)), r"size: .*\(2, 3, 4\)"),
        (lambda: UpSampling2D((2, 0)), "size: .*0"),
        (lambda: UpSampling2D(interpolation="linear"), "interpolation: .*'linear'"),
        (lambda: UpSampling2D()(np.ones((1, 2, 3))), r"UpSampling2D .*\(2, 3\)"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
