"""Losses as objects and functions of arrays; in models they are in test_dense.py and test_fit.py."""

import json

import numpy as np
import pytest
from formulas import binary_crossentropy, crossentropy, sigmoid, softmax

import fastnn
from fastnn import losses
from fastnn.layers import Dense

RNG = np.random.default_rng(0)
REALS, OTHERS = RNG.standard_normal((2, 7, 4, 3))
P = softmax(REALS)
CLASSES = RNG.integers(0, 3, (7, 4))
ONE_HOT = np.eye(3)[CLASSES]
BITS = RNG.integers(0, 2, (7, 4, 3)).astype(float)
CE = crossentropy(P, ONE_HOT)

# Loss, labels, predictions, and the value of each sample.
CASES = {
    "mse": (losses.MeanSquaredError(), OTHERS, REALS, ((REALS - OTHERS) ** 2).mean(-1)),
    "mae": (losses.MeanAbsoluteError(), OTHERS, REALS, abs(REALS - OTHERS).mean(-1)),
    "bce": (losses.BinaryCrossentropy(), BITS, P, binary_crossentropy(P, BITS)),
    "bce_logits": (losses.BinaryCrossentropy(True), BITS, REALS, binary_crossentropy(sigmoid(REALS), BITS)),
    "bce_smooth": (losses.BinaryCrossentropy(False, 0.2), BITS, P, binary_crossentropy(P, BITS * 0.8 + 0.1)),
    "cce": (losses.CategoricalCrossentropy(), ONE_HOT, P, CE),
    "cce_logits": (losses.CategoricalCrossentropy(True), ONE_HOT, REALS, CE),
    "cce_smooth": (losses.CategoricalCrossentropy(False, 0.3), ONE_HOT, P, crossentropy(P, ONE_HOT * 0.7 + 0.1)),  # noqa: E501
    "scce": (losses.SparseCategoricalCrossentropy(), CLASSES, P, CE),
    "scce_logits": (losses.SparseCategoricalCrossentropy(True), CLASSES, REALS, CE),
}  # fmt: skip
each_case = pytest.mark.parametrize(("loss", "y", "p", "expected"), CASES.values(), ids=CASES)


def reduced(loss, reduction):
    return type(loss).from_config(loss.get_config() | {"reduction": reduction})


@each_case
def test_values(isa, dtype, loss, y, p, expected):
    tolerance = {"float32": 1e-5, "float64": 1e-13}[dtype]
    p = p.astype(dtype)
    for reduction in (None, "none"):
        values = reduced(loss, reduction)(y, p)
        assert values.dtype == dtype
        np.testing.assert_allclose(values, expected, rtol=tolerance)
    assert type(loss(y, p)) is np.dtype(dtype).type
    assert loss(y, p) == pytest.approx(expected.mean(), rel=tolerance)
    assert reduced(loss, "sum")(y, p) == pytest.approx(expected.sum(), rel=tolerance)
    assert reduced(loss, "mean")(y, p) == loss(y, p)


@each_case
def test_weights(loss, y, p, expected):
    weights = RNG.random((7, 4))
    weighted = weights * expected
    np.testing.assert_allclose(reduced(loss, None)(y, p, weights), weighted, rtol=1e-12)
    assert reduced(loss, "sum")(y, p, weights) == pytest.approx(weighted.sum())
    assert loss(y, p, weights) == pytest.approx(weighted.mean())
    by_weight = reduced(loss, "mean_with_sample_weight")
    assert by_weight(y, p, weights) == pytest.approx(weighted.sum() / weights.sum())
    assert by_weight(y, p, np.zeros((7, 4))) == 0
    assert loss(y, p, weights[0]) == pytest.approx((weights[0] * expected).mean())


@each_case
def test_config(loss, y, p, expected):
    twin = losses.deserialize(json.loads(json.dumps(losses.serialize(loss))))
    assert twin.get_config() == loss.get_config()
    assert twin(y, p) == loss(y, p)


@each_case
def test_a_model_learns_by_the_loss_itself(loss, y, p, expected):
    """Its value on predictions is what training and evaluation report."""
    model = fastnn.Sequential([fastnn.Input((4, 3), dtype="float64"), Dense(3, "sigmoid")])
    model.compile("sgd", loss)
    value = loss(y, model.predict(p))
    assert model.evaluate(p, y, verbose=0) == pytest.approx(value)
    assert model.train_on_batch(p, y) == pytest.approx(value)
    assert model.evaluate(p, y, verbose=0) < value


def test_an_ignored_class_counts_nothing():
    loss = losses.SparseCategoricalCrossentropy(ignore_class=1)
    kept = CLASSES != 1
    assert loss(CLASSES, P) == pytest.approx(CE[kept].mean())
    np.testing.assert_allclose(reduced(loss, None)(CLASSES, P), np.where(kept, CE, 0))
    assert loss(np.ones(3), np.full((3, 3), 1 / 3)) == 0
    assert losses.SparseCategoricalCrossentropy(ignore_class=-1)([-1, 0], P[0, :2]) == pytest.approx(
        crossentropy(P[0, 1], np.eye(3)[0])
    )


@pytest.mark.parametrize("name", ["binary_crossentropy", "categorical_crossentropy"])
def test_functions_of_keras_names(name):
    f = getattr(losses, name)
    np.testing.assert_array_equal(
        f(BITS, P, False, 0.1), losses.get(name).__class__(False, 0.1, reduction=None)(BITS, P)
    )
    assert losses.get(f).name == name
    np.testing.assert_allclose(losses.mean_squared_error(OTHERS, REALS), CASES["mse"][3])
    np.testing.assert_allclose(losses.mean_absolute_error(OTHERS, REALS), CASES["mae"][3])
    np.testing.assert_allclose(losses.sparse_categorical_crossentropy(CLASSES, P), CE)


def test_certain_predictions():
    """Probabilities are clipped; logits need not be, and are right however large."""
    wrong = losses.CategoricalCrossentropy()([[0, 1]], [[1.0, 0.0]])
    assert wrong == pytest.approx(-np.log(1e-7), rel=1e-6)
    assert losses.CategoricalCrossentropy(True)([[0, 1]], [[1e4, -1e4]]) == pytest.approx(2e4)
    assert losses.BinaryCrossentropy(True)([[1.0]], [[-100.0]]) == pytest.approx(100)
    assert losses.BinaryCrossentropy(True)([[1.0]], [[100.0]]) == pytest.approx(0, abs=1e-30)


def test_float32_unless_predictions_say_otherwise():
    assert losses.MeanSquaredError()([1], [2]).dtype == "float32"
    assert losses.MeanSquaredError(dtype="float64")([1], [2]).dtype == "float64"
    fastnn.config.set_floatx("float64")
    assert losses.MeanSquaredError()([1], [2]).dtype == "float64"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.get("mean_sqared_error"), "loss: .*'mean_sqared_error'; did you mean 'mean_squared_error'"),  # noqa: E501
        (lambda: losses.MeanSquaredError("average"), "reduction: .*'average'"),
        (lambda: losses.BinaryCrossentropy(label_smoothing=1.5), "label_smoothing: .*1.5"),
        (lambda: losses.BinaryCrossentropy(label_smoothing=float("nan")), "label_smoothing: .*nan"),
        (lambda: losses.CategoricalCrossentropy(axis=1), "axis: .*1"),
        (lambda: losses.SparseCategoricalCrossentropy(ignore_class=1.5), "ignore_class: .*1.5"),
        (lambda: losses.MeanSquaredError(dtype="float16"), "dtype: .*'float16'"),
        (lambda: losses.MeanSquaredError()([1.0, 2], [1.0, 2, 3]), "y_true, y_pred: .*2 and 3"),
        (lambda: losses.MeanSquaredError()([[1.0, 2]], [[1.0, 2, 3]]), r"y_true: .*\(1, 2\)"),
        (lambda: losses.MeanSquaredError()([[1.0]], [[1.0]], [1.0, 2]), r"sample_weight: .*\(2,\)"),
        (lambda: losses.MeanSquaredError()([[np.nan]], [[1.0]]), "y_true: .*nan in row 0"),
        (lambda: losses.BinaryCrossentropy()([[0.5], [2]], [[1.0], [1]]), "y_true: .*0 to 1, got 2.0 in row 1"),  # noqa: E501
        (lambda: losses.SparseCategoricalCrossentropy()([0, 3], P[0, :2]), "y_true: .*0 to 2, got 3 in row 1"),  # noqa: E501
        (lambda: losses.SparseCategoricalCrossentropy()([0, 0.5], P[0, :2]), "y_true: .*0.5"),
        (lambda: losses.SparseCategoricalCrossentropy(ignore_class=-1)([-2], P[0, :1]), "y_true: .*got -2"),
        (lambda: fastnn.Sequential([Dense(1)]).compile(loss=losses.MeanSquaredError(None)), "loss: .*reduction=None"),  # noqa: E501
    ],
)  # fmt: skip
def test_errors_name_the_argument(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_python_function_is_no_loss():
    with pytest.raises(TypeError, match="loss: expected a name"):
        losses.get(lambda y, p: 0)
