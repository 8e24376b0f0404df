"""Arguments that are no arrays of numbers: one conversion, whose errors name the argument and the value."""

import numpy as np
import pytest

import fastnn
from fastnn import activations, constraints, initializers, layers, losses, metrics, regularizers
from fastnn.conversion import as_numbers

HOLDING_ITSELF = [1.0]
HOLDING_ITSELF.append(HOLDING_ITSELF)
ENDLESS = "rows of equal length, got |expected nested lists, tuples or dicts of finite depth, got "

BAD = {
    "None": ([[1.0], [None]], r"\(None at \[1, 0\]\)"),
    "word": ([[1.0], ["word"]], "word|dtype <U32"),
    "word among objects": (np.array([[1.0], ["2"]], object), r"\('2' at \[1, 0\]\)"),
    "dict": ([[1.0], [{}]], r"\(\{\} at \[1, 0\]\)"),
    "too large": ([[1], [2**70]], f"{2**70} at .*is too large"),
    "far too large": ([[1], [10**5000]], "an integer of 16610 bits at .*is too large"),
    "ragged": ([[1.0], [1.0, 2.0]], r"rows of equal length, got \[\[1.0\], \[1.0, 2.0\]\]"),
    "holding itself": (
        HOLDING_ITSELF,
        "rows of equal length, got |expected nested lists, tuples or dicts of finite depth, got ",
    ),
    "complex": (np.zeros((2, 1), complex), "dtype complex128"),
    "dates": (np.zeros((2, 1), "datetime64[s]"), "dtype datetime64"),
}


def model(**options):
    made = fastnn.Sequential([fastnn.Input((1,)), layers.Dense(1)])
    made.compile("sgd", "mse", **options)
    return made


class OwnLoss(losses.Loss):
    def call(self, y_true, y_pred):
        return ((y_true - y_pred) ** 2).mean(-1)


def own_loss():
    made = model()
    made.compile("sgd", OwnLoss())
    return made


class OwnStep(fastnn.Model):
    def train_step(self, data):
        return {"loss": 0.0}


def own_step():
    made = OwnStep(x := fastnn.Input((1,)), layers.Dense(1)(x))
    made.compile("sgd", "mse")
    return made


ONES = np.ones((2, 1))
WRAPPED = metrics.MeanMetricWrapper(lambda y_true, y_pred: y_true - y_pred)
CALLS = {
    "a layer": ("x", lambda bad: layers.Rescaling(2.0)(bad)),
    "a layer with weights": ("x", lambda bad: layers.Dense(2)(bad)),
    "a model": ("x", lambda bad: model()(bad)),
    "predict": ("x", lambda bad: model().predict(bad)),
    "an unbuilt model": ("x", lambda bad: fastnn.Sequential([layers.Dense(2)])(bad)),
    "x of fit": ("x", lambda bad: model().fit(bad, ONES, verbose=0)),
    "y of fit": ("y", lambda bad: model().fit(ONES, bad, verbose=0)),
    "sample_weight of fit": ("sample_weight", lambda bad: model().fit(ONES, ONES, sample_weight=bad)),
    "y of an own loss": ("y", lambda bad: own_loss().train_on_batch(ONES, bad)),
    "y of an own step": ("y", lambda bad: own_step().train_on_batch(ONES, bad)),
    "weights": (r"weights\[0\]", lambda bad: model().set_weights([bad, [0.0]])),
    "assign": ("value", lambda bad: fastnn.Variable(ONES).assign(bad)),
    "assign_add": ("value", lambda bad: fastnn.Variable(ONES).assign_add(bad)),
    "a variable": ("initializer", lambda bad: fastnn.Variable(bad)),
    "a tensor": ("data", lambda bad: fastnn.Tensor(bad)),
    "a gradient": ("gradient", lambda bad: (fastnn.Tensor(ONES) * 2).backward(bad)),
    "a gradient to apply": (
        "grads",
        lambda bad: fastnn.optimizers.SGD().apply_gradients([(bad, fastnn.Variable(ONES))]),
    ),
    "y_true of a loss": ("y_true", lambda bad: losses.MeanSquaredError()(bad, ONES)),
    "y_pred of a loss": ("y_pred", lambda bad: losses.MeanSquaredError()(ONES, bad)),
    "sample_weight of a loss": ("sample_weight", lambda bad: losses.MeanSquaredError()(ONES, ONES, bad)),
    "y_true of a sparse loss": (
        "y_true",
        lambda bad: losses.SparseCategoricalCrossentropy()(bad, np.full((2, 3), 0.3)),
    ),
    "y_true of a function": ("y_true", lambda bad: losses.mean_squared_error(bad, ONES)),
    "y_true of an own loss": ("y_true", lambda bad: OwnLoss()(bad, ONES)),
    "y_pred of an own loss": ("y_pred", lambda bad: OwnLoss()(ONES, bad)),
    "y_true beside a tensor": ("y_true", lambda bad: OwnLoss()(bad, fastnn.Tensor(ONES))),
    "values": ("values", lambda bad: metrics.Mean()(bad)),
    "sample_weight of a mean": ("sample_weight", lambda bad: metrics.Sum()(ONES, sample_weight=bad)),
    "y_true of a metric": ("y_true", lambda bad: metrics.Precision()(bad, ONES)),
    "y_pred of a metric": ("y_pred", lambda bad: metrics.AUC()(ONES, bad)),
    "sample_weight of a metric": ("sample_weight", lambda bad: metrics.Recall()(ONES, ONES, bad)),
    "y_true of a wrapped function": ("y_true", lambda bad: WRAPPED(bad, ONES)),
    "sample_weight of a wrapped function": ("sample_weight", lambda bad: WRAPPED(ONES, ONES, bad)),
    "a mask": ("mask", lambda bad: layers.GlobalAveragePooling1D()(np.ones((2, 1, 1)), mask=bad)),
    "an activation": ("x", lambda bad: activations.relu(bad)),
    "a regularizer": ("x", lambda bad: regularizers.L2()(bad)),
    "a constraint": ("w", lambda bad: constraints.NonNeg()(bad)),
    "a constant": ("value", lambda bad: initializers.Constant(bad)),
    "a mean": ("mean", lambda bad: layers.Normalization(mean=bad, variance=ONES)),
    "a table": ("weights", lambda bad: layers.Embedding(2, 1, weights=bad)),
    "class numbers": ("x", lambda bad: fastnn.utils.to_categorical(bad)),
    "vectors": ("x", lambda bad: fastnn.utils.normalize(bad)),
}


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("call", CALLS)
def test_what_is_no_array_of_numbers(call, value):
    (name, function), (bad, message) = CALLS[call], BAD[value]
    with pytest.raises((TypeError, ValueError), match=rf"^({name}: .*)?({message})"):
        function(bad)


def test_numbers():
    x = np.zeros(2, "int16")
    assert as_numbers(x, "x") is x
    for given, dtype in [
        ([1, 2], "int64"),
        (np.array([1, True, np.int8(3)], object), "int64"),
        (np.array([1, 2.5], object), "float64"),
        (np.array([], object), "float64"),
        ([2**64 - 1], "uint64"),
        (fastnn.Tensor([1.0]), "float64"),
    ]:
        assert as_numbers(given, "x").dtype == dtype
    assert as_numbers(np.array(2.5, object), "x") == 2.5


TWO = np.ones((2, 2))
WEIGHED = {
    "fit": lambda w: model().fit(ONES, ONES, sample_weight=w),
    "own step": lambda w: own_step().fit(ONES, ONES, sample_weight=w, verbose=0),
    "loss": lambda w: losses.MeanSquaredError()(ONES, ONES, sample_weight=w),
    "recorded": lambda w: losses.MeanSquaredError(None)(ONES, fastnn.Tensor(ONES), sample_weight=w),
    "own loss": lambda w: OwnLoss()(ONES, ONES, sample_weight=w),
    "metric": lambda w: metrics.MeanSquaredError()(ONES, ONES, sample_weight=w),
    "elements": lambda w: metrics.Precision()(TWO, TWO, sample_weight=[w, w]),
    "numbers": lambda w: metrics.Mean()([1.0, 2.0], sample_weight=w),
    "wrapper": lambda w: WRAPPED(ONES, ONES, sample_weight=w),
}


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("call", WEIGHED)
def test_weights_that_are_not_finite(call, bad):
    with pytest.raises(ValueError, match="sample_weight: expected finite numbers"):
        WEIGHED[call]([bad, 1.0])


@pytest.mark.parametrize("number", [2**31, 2**40, 2**62])
def test_class_numbers_beyond_those_of_labels(number):
    scores = np.full((1, 3), 0.3)
    for call in (
        lambda: losses.SparseCategoricalCrossentropy()([number], scores),
        lambda: metrics.SparseTopKCategoricalAccuracy(1)([number], scores),
        lambda: fastnn.utils.to_categorical([number]),
        lambda: fastnn.utils.to_categorical([0], number + 1),
        lambda: layers.Embedding(5, 2)([[number]]),
        lambda: layers.CategoryEncoding(4)([[number]]),
    ):
        with pytest.raises(ValueError, match=rf"got ({number}|{number + 1}|\d\.\d+e\+)"):
            call()


def test_a_batch_that_is_none():
    for batch in (None, "words"):
        with pytest.raises((TypeError, ValueError), match=f"x: .*expected .*got {batch!r}"):
            model().fit(iter([batch]), steps_per_epoch=1, verbose=0)
