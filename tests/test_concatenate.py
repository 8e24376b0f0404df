"""`Concatenate`: along any axis but the batch, of any number of inputs."""

import numpy as np
import pytest
from harness import check_layer

import fastnn
from fastnn import layers
from fastnn.layers import Concatenate


@pytest.mark.parametrize(
    ("axis", "rows", "made"),
    [
        (-1, [(5, 3), (5, 4)], (5, 7)),
        (1, [(2, 3), (5, 3), (1, 3)], (8, 3)),
        (2, [(2, 1, 3), (2, 4, 3)], (2, 5, 3)),
        (-1, [(4,), (17,)], (21,)),
    ],
    ids=str,
)
def test_all_that_holds_for_layers(axis, rows, made):
    check_layer(
        Concatenate,
        {"axis": axis},
        [(4, *row) for row in rows],
        (4, *made),
        0,
        lambda xs: np.concatenate(xs, axis),
    )


@pytest.mark.parametrize("n", [1, 10, 11, 25])
def test_any_number_of_inputs(n):
    xs = [np.full((3, i % 4 + 1), i, "float32") for i in range(n)]
    np.testing.assert_array_equal(Concatenate()(xs), np.concatenate(xs, -1))


def test_every_weight_before_learns():
    starts = [fastnn.Input((2,)) for _ in range(12)]
    dense = [layers.Dense(3) for _ in starts]
    model = fastnn.Model(starts, Concatenate()([layer(x) for layer, x in zip(dense, starts, strict=True)]))
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.train_on_batch([np.ones((4, 2))] * 12, np.full((4, 36), 9.0))
    assert all((a != b).all() for a, b in zip(before, model.get_weights(), strict=True))


def masks(axis, second, n):
    """The mean over what counts of two sequences behind each other, and that in NumPy."""
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 4, 5, n)).astype("float32")
    a[:, 3:] = 0
    b[1:3, 2:4] = 0
    x, y = fastnn.Input((5, n)), fastnn.Input((5, n))
    made = Concatenate(axis)([layers.Masking()(x), layers.Masking()(y) if second else y])
    mask_a, mask_b = (a != 0).any(-1), (b != 0).any(-1) | (not second)
    mask = np.concatenate([mask_a, mask_b], 1) if axis == 1 else mask_a | mask_b
    joined = np.concatenate([a, b], axis)
    expected = (joined * mask[..., None]).sum(1) / mask.sum(1)[:, None]
    return fastnn.Model([x, y], layers.GlobalAveragePooling1D()(made)).predict([a, b]), expected


@pytest.mark.parametrize("n", [3, 4, 8, 16])
@pytest.mark.parametrize("second", [True, False])
@pytest.mark.parametrize("axis", [1, 2])
def test_masks(axis, second, n):
    np.testing.assert_allclose(*masks(axis, second, n), rtol=1e-5)


def test_function():
    assert layers.concatenate([np.ones((1, 2)), np.zeros((1, 1))]).tolist() == [[1.0, 1.0, 0.0]]
    assert layers.concatenate([np.ones((1, 2)), np.zeros((1, 2))], axis=1, name="c").shape == (1, 4)


def test_bad_inputs():
    x = np.zeros((2, 3, 4))
    with pytest.raises(ValueError, match="axis: expected one from 1 to 2"):
        Concatenate(axis=0)([x, x])
    with pytest.raises(ValueError, match="axis: expected one from 1 to 2"):
        Concatenate(axis=-3)([x, x])
    with pytest.raises(ValueError, match="differ in axis 1 only"):
        Concatenate(axis=1)([x, np.zeros((2, 3, 5))])
    with pytest.raises(ValueError, match="Concatenate expects rows that differ in axis -1 only"):
        Concatenate()([x, np.zeros((2, 3))])
    with pytest.raises(TypeError, match="axis: expected an integer, got 'last'"):
        Concatenate(axis="last")
