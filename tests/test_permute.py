"""`Permute`: the dimensions of a row in another order."""

from itertools import permutations

import numpy as np
import pytest
from harness import check_layer

import fastnn
from fastnn.layers import Permute


@pytest.mark.parametrize(
    ("dims", "shape"),
    [((1,), (7,)), ((2, 1), (17, 33)), ((3, 1, 2), (5, 7, 3)), ([2, 4, 3, 1], (3, 2, 5, 4))],
)
def test_permute(dims, shape):
    axes = (0, *dims)
    check_layer(
        Permute,
        {"dims": dims},
        (3, *shape),
        (3, *(shape[axis - 1] for axis in dims)),
        0,
        oracle=lambda x: np.transpose(x, axes),
    )


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (19, 20, 1, 3), (3, 1, 18, 17)])
def test_every_order(isa, dtype, shape):
    x = np.arange(2 * np.prod(shape), dtype=dtype).reshape(2, *shape)
    for dims in permutations(range(1, 5)):
        np.testing.assert_array_equal(Permute(dims, dtype=dtype)(x), np.transpose(x, (0, *dims)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Permute(2), "dims: .*2"),
        (lambda: Permute((0, 1)), "dims: .*0"),
        (lambda: Permute((1, 1)), r"dims: .*1 to 2.*\(1, 1\)"),
        (lambda: Permute((1, 3)), r"dims: .*\(1, 3\)"),
        (lambda: Permute((2, 1))(np.ones((1, 2, 3, 4))), r"dims: \(2, 1\).*\(2, 3, 4\)"),
        (lambda: fastnn.Sequential([fastnn.Input((2,)), Permute((2, 1))]), r"dims: .*\(2,\)"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
