"""`Add`, `Subtract`, `Multiply`, `Average`, `Maximum` and `Minimum`."""

from functools import reduce

import numpy as np
import pytest
from gradcheck import gradients
from harness import check_layer

import fastnn
from fastnn import layers
from fastnn.layers import Add, Average, Maximum, Minimum, Multiply, Subtract

ORACLES = {
    Add: lambda xs: sum(xs[1:], xs[0]),
    Average: lambda xs: sum(xs[1:], xs[0]) / len(xs),
    Multiply: lambda xs: reduce(np.multiply, xs),
    Maximum: lambda xs: reduce(np.maximum, xs),
    Minimum: lambda xs: reduce(np.minimum, xs),
    Subtract: lambda xs: xs[0] - xs[1],
}
each_layer = pytest.mark.parametrize("cls", ORACLES, ids=lambda cls: cls.__name__)
MANY = [cls for cls in ORACLES if cls is not Subtract]


def of_rank(xs):
    """Rows with dimensions of 1 in front, as many as the longest has."""
    rank = max(x.ndim for x in xs)
    return [x.reshape(len(x), *(1,) * (rank - x.ndim), *x.shape[1:]) for x in xs]


def sequences(dtype="float32"):
    """Two sequences, one or both with masked steps, and their masks."""
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 4, 5, 3)).astype(dtype)
    a[:, 3:] = 0
    b[1:3, 2:4] = 0
    return a, b, (a != 0).any(-1), (b != 0).any(-1)


@each_layer
def test_rows_of_one_shape(cls):
    check_layer(cls, {}, [(4, 5, 3), (4, 5, 3)], (4, 5, 3), 0, lambda xs: ORACLES[cls](xs))


@each_layer
@pytest.mark.parametrize(
    ("rows", "made"),
    [
        ([(3, 4), (1, 4)], (3, 4)),
        ([(3, 1), (1, 4)], (3, 4)),
        ([(4,), (2, 3, 4)], (2, 3, 4)),
        ([(2, 1, 5), (1, 3, 1)], (2, 3, 5)),
        ([(2, 1, 2, 1), (3, 1, 5)], (2, 3, 2, 5)),
        ([(1,), (7,)], (7,)),
    ],
    ids=str,
)
def test_rows_that_broadcast(cls, rows, made):
    rng = np.random.default_rng(1)
    xs = [rng.standard_normal((3, *row)) for row in rows]
    layer = cls(dtype="float64")
    np.testing.assert_allclose(layer(xs), ORACLES[cls](of_rank(xs)), rtol=1e-15)
    assert layer.compute_output_shape([(None, *row) for row in rows]) == (None, *made)


@pytest.mark.parametrize("cls", [Add, Multiply, Maximum, Subtract], ids=lambda cls: cls.__name__)
def test_all_that_holds_for_layers_where_rows_broadcast(cls):
    check_layer(cls, {}, [(4, 3, 1, 4), (4, 2, 1)], (4, 3, 2, 4), 0, lambda xs: ORACLES[cls](of_rank(xs)))


@pytest.mark.parametrize("cls", MANY, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("n", [1, 3, 10, 11, 25])
def test_any_number_of_inputs(cls, n):
    rng = np.random.default_rng(n)
    xs = list(rng.standard_normal((n, 6, 4)))
    starts = [fastnn.Input((4,), dtype="float64") for _ in xs]
    w = layers.Dense(4, use_bias=False, dtype="float64")
    model = fastnn.Model(starts, cls()([w(x) for x in starts]))
    made = ORACLES[cls]([x @ w.get_weights()[0] for x in xs])
    np.testing.assert_allclose(model.predict(xs), made, rtol=1e-12)
    _, (found,) = gradients(model, "mse", xs, np.zeros((6, 4)))
    step = 1e-6 * rng.standard_normal((4, 4))
    values = [
        np.square(ORACLES[cls]([x @ (w.get_weights()[0] + s) for x in xs])).mean() for s in (step, -step)
    ]
    np.testing.assert_allclose((found * step).sum(), (values[0] - values[1]) / 2, rtol=1e-6)


@pytest.mark.parametrize(("cls", "first"), [(Maximum, True), (Minimum, False)])
def test_equals_share_the_gradient(cls, first):
    a, b = fastnn.Input((3,)), fastnn.Input((3,))
    scales = [layers.Dense(3, use_bias=False, kernel_initializer="identity", name=name) for name in "ab"]
    model = fastnn.Model([a, b], cls()([scales[0](a), scales[1](b)]))
    x, y = np.array([[2.0, 1.0, 3.0]]), np.array([[2.0, 5.0, 1.0]])
    _, (da, db) = gradients(model, "mse", [x, y], np.zeros((1, 3)))
    slope = 2 / 3 * ORACLES[cls]([x, y])[0]
    wins = np.array([0.5, 0, 1] if first else [0.5, 1, 0])
    np.testing.assert_allclose(da, np.outer(x[0], slope * wins), rtol=1e-6)
    np.testing.assert_allclose(db, np.outer(y[0], slope * (1 - wins)), rtol=1e-6)


@pytest.mark.parametrize("cls", [Maximum, Minimum])
def test_what_is_not_a_number_stays(cls):
    a, b = np.array([[np.nan, 1.0]]), np.array([[1.0, np.nan]])
    assert np.isnan(cls()([a, b])).all()


def masked(cls, both=True):
    """A model that merges two masked sequences, then sums what counts of each."""
    a, b = fastnn.Input((5, 3)), fastnn.Input((5, 3))
    made = cls()([layers.Masking()(a), layers.Masking()(b) if both else b])
    return fastnn.Model([a, b], made), fastnn.Model([a, b], layers.GlobalAveragePooling1D()(made))


@each_layer
def test_the_mask_is_the_union(cls):
    a, b, mask_a, mask_b = sequences()
    merged, mean = (model.predict([a, b]) for model in masked(cls))
    union = mask_a | mask_b
    np.testing.assert_allclose(mean, (merged * union[..., None]).sum(1) / union.sum(1)[:, None], rtol=1e-5)
    merged, mean = (model.predict([a, b]) for model in masked(cls, both=False))
    np.testing.assert_allclose(mean, merged.mean(1), rtol=1e-5)


def test_masked_steps_are_ones_of_a_product():
    a, b, mask_a, mask_b = sequences()
    expected = np.where(mask_a[..., None], a, 1) * np.where(mask_b[..., None], b, 1)
    np.testing.assert_allclose(
        masked(Multiply)[0].predict([a, b]), expected * (mask_a | mask_b)[..., None], rtol=1e-6
    )
    np.testing.assert_allclose(
        masked(Multiply, False)[0].predict([a, b]), np.where(mask_a[..., None], a, 1) * b, rtol=1e-6
    )


@pytest.mark.parametrize(("cls", "function"), [(Maximum, np.maximum), (Minimum, np.minimum)])
def test_masked_steps_do_not_compete(cls, function):
    a, b, mask_a, mask_b = sequences()
    expected = function(np.where(mask_a[..., None], a, b), np.where(mask_b[..., None], b, a))
    counts = (mask_a | mask_b)[..., None]
    np.testing.assert_array_equal(masked(cls)[0].predict([a, b]) * counts, expected * counts)


def test_functions():
    a, b = np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])
    assert layers.add([a, b]).tolist() == [[4.0, 6.0]]
    assert layers.subtract([a, b]).tolist() == [[-2.0, 2.0]]
    assert layers.multiply([a, b]).tolist() == [[3.0, 8.0]]
    assert layers.average([a, b]).tolist() == [[2.0, 3.0]]
    assert layers.maximum([a, b]).tolist() == [[3.0, 4.0]]
    assert layers.minimum([a, b], name="least").tolist() == [[1.0, 2.0]]


def test_a_value_may_be_read_twice():
    x = fastnn.Input((3,))
    model = fastnn.Model(x, Multiply()([x, x]))
    assert model.predict(np.array([[1.0, 2.0, -3.0]])).tolist() == [[1.0, 4.0, 9.0]]


def test_bad_inputs():
    x = np.zeros((2, 3))
    with pytest.raises(ValueError, match="inputs: Add expects a list of at least 1, got one input"):
        Add()(x)
    with pytest.raises(ValueError, match="inputs: Subtract expects a list of 2, got 3"):
        Subtract()([x, x, x])
    with pytest.raises(
        ValueError, match=r"Add expects rows that broadcast against each other, got \(3,\), \(4,\)"
    ):
        Add()([x, np.zeros((2, 4))])
