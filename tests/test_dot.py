"""`Dot`: products summed over an axis of each input."""

import numpy as np
import pytest
from harness import check_layer

from fastnn import layers
from fastnn.layers import Dot


def oracle(axes, normalize=False):
    """The layer by `np.tensordot`, row by row."""
    pair = axes if isinstance(axes, tuple) else (axes, axes)

    def compute(xs):
        if normalize:
            xs = [x / np.linalg.norm(x, axis=axis, keepdims=True) for x, axis in zip(xs, pair, strict=True)]
        one, other = (axis - (axis > 0) for axis in pair)
        made = np.array([np.tensordot(a, b, (one, other)) for a, b in zip(*xs, strict=True)])
        return made if made.ndim > 1 else made[:, None]

    return compute


@pytest.mark.parametrize(
    ("axes", "rows", "made"),
    [
        (1, [(5,), (5,)], (1,)),
        ((2, 1), [(3, 5), (5, 4)], (3, 4)),
        (2, [(3, 5), (4, 5)], (3, 4)),
        (1, [(5, 3), (5, 4)], (3, 4)),
        ((1, 2), [(5, 3), (4, 5)], (3, 4)),
        (1, [(5,), (5, 4)], (4,)),
        ((2, 1), [(3, 5), (5,)], (3,)),
        ((2, -1), [(2, 5, 3), (4, 5)], (2, 3, 4)),
        (1, [(70,), (70,)], (1,)),
        ((2, 1), [(3, 67), (67,)], (3,)),
        (1, [(67, 3), (67,)], (3,)),
        ((1, 2), [(19,), (3, 19)], (3,)),
        ((2, 1), [(18, 1), (1, 3)], (18, 3)),
        (1, [(1, 2), (1, 17)], (2, 17)),
    ],
    ids=str,
)
def test_all_that_holds_for_layers(axes, rows, made):
    check_layer(Dot, {"axes": axes}, [(4, *row) for row in rows], (4, *made), 0, oracle(axes))


@pytest.mark.parametrize(("axes", "rows"), [(1, [(5,), (5,)]), (2, [(3, 5), (4, 5)]), (1, [(5, 3), (5, 3)])])
def test_cosines(axes, rows):
    made = oracle(axes)([np.zeros((4, *row)) for row in rows]).shape
    check_layer(
        Dot, {"axes": axes, "normalize": True}, [(4, *row) for row in rows], made, 0, oracle(axes, True)
    )


def test_large_matrices():
    rng = np.random.default_rng(0)
    for rows in (1, 3):
        a, b = rng.standard_normal((rows, 70, 200)), rng.standard_normal((rows, 200, 90))
        np.testing.assert_allclose(Dot((2, 1), dtype="float64")([a, b]), a @ b, rtol=0, atol=1e-11)


def test_function():
    assert layers.dot([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])], axes=1).tolist() == [[11.0]]


def test_bad_arguments():
    x = np.zeros((2, 3, 4))
    with pytest.raises(ValueError, match=r"axes: expected an integer or two, got \(1, 2, 3\)"):
        Dot((1, 2, 3))
    with pytest.raises(ValueError, match="axes: expected an integer or two, got 'last'"):
        Dot("last")
    with pytest.raises(ValueError, match="not that of the batch, got 0"):
        Dot(0)([x, x])
    with pytest.raises(ValueError, match="Dot expects equal sizes along axes"):
        Dot((1, 2))([x, x])
    with pytest.raises(ValueError, match="Dot expects a list of 2, got 3"):
        Dot(1)([x, x, x])
