"""`ZeroPadding1D` and `ZeroPadding2D`: zeros around sequences and images."""

import numpy as np
import pytest
from harness import check_layer

from fastnn.layers import ZeroPadding1D, ZeroPadding2D


@pytest.mark.parametrize(
    ("padding", "shape", "sides"),
    [
        (1, (4, 3), ((1, 1), (0, 0))),
        ((0, 3), (1, 17), ((0, 3), (0, 0))),
        ([2, 0], (5, 1), ((2, 0), (0, 0))),
        (0, (3, 2), ((0, 0), (0, 0))),
    ],
)
def test_sequences(padding, shape, sides):
    y = tuple(n + sum(side) for n, side in zip(shape, sides, strict=True))
    check_layer(
        ZeroPadding1D,
        {"padding": padding},
        (2, *shape),
        (2, *y),
        0,
        oracle=lambda x: np.pad(x, ((0, 0), *sides)),
    )


@pytest.mark.parametrize(
    ("arguments", "shape", "sides"),
    [
        ({}, (3, 4, 2), ((1, 1), (1, 1), (0, 0))),
        ({"padding": (0, 2)}, (1, 7, 1), ((0, 0), (2, 2), (0, 0))),
        ({"padding": ((2, 0), (0, 1))}, (5, 3, 13), ((2, 0), (0, 1), (0, 0))),
        (
            {"padding": [[0, 1], [3, 0]], "data_format": "channels_first"},
            (3, 4, 5),
            ((0, 0), (0, 1), (3, 0)),
        ),
    ],
)
def test_images(arguments, shape, sides):
    y = tuple(n + sum(side) for n, side in zip(shape, sides, strict=True))
    check_layer(
        ZeroPadding2D, arguments, (2, *shape), (2, *y), 0, oracle=lambda x: np.pad(x, ((0, 0), *sides))
    )


def test_sequences_of_channels_first(isa):
    x = np.arange(24.0).reshape(2, 3, 4)
    y = ZeroPadding1D((1, 2), data_format="channels_first")(x)
    np.testing.assert_array_equal(y, np.pad(x, ((0, 0), (0, 0), (1, 2))))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ZeroPadding1D((1, 2, 3)), r"padding: .*\(1, 2, 3\)"),
        (lambda: ZeroPadding1D(-1), "padding: .*-1"),
        (lambda: ZeroPadding2D((1, 2, 3)), r"padding: .*\(1, 2, 3\)"),
        (lambda: ZeroPadding2D(((1, 2), (3, -4))), "padding: .*-4"),
        (lambda: ZeroPadding2D("same"), "padding: .*'same'"),
        (lambda: ZeroPadding2D()(np.ones((1, 2, 3))), r"ZeroPadding2D .*\(2, 3\)"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
