"""Metrics as objects that count arrays in; in models they are in test_fit.py."""

import copy
import json

import numpy as np
import pytest
from formulas import LOSSES, binary_crossentropy, crossentropy, softmax

import fastnn
from fastnn import losses, metrics
from fastnn.kernels.core.specs import Labels
from fastnn.metrics.lookup import resolve
from fastnn.metrics.mean_of_loss import MeanOfLoss

RNG = np.random.default_rng(0)
P = softmax(RNG.standard_normal((40, 3)))
CLASSES = RNG.integers(0, 3, 40)
ONE_HOT = np.eye(3)[CLASSES]
BITS = RNG.integers(0, 2, (40, 3)).astype(float)
RIGHT = (P.argmax(1) == CLASSES).astype(float)

MEANS = [cls for cls in metrics.registry.classes() if issubclass(cls, MeanOfLoss)]


def case_of(cls):
    """The mean of a loss, as a row of `CASES`."""
    loss = cls()._loss_class
    formula = LOSSES[losses.registry.name_of(loss)]
    x, t = formula.arrays((40, 3))
    sign = -1 if cls is metrics.CosineSimilarity else 1
    return cls(), t, x, sign * formula.values(x, t)


# Metric, labels, predictions, and the value of each sample.
CASES = {cls.__name__: case_of(cls) for cls in MEANS if cls is not metrics.RootMeanSquaredError} | {
    "accuracy": (metrics.Accuracy(), BITS, np.round(P), (np.round(P) == BITS).mean(1)),
    "binary_accuracy": (metrics.BinaryAccuracy(), BITS, P, ((P > 0.5) == BITS).mean(1)),
    "threshold": (metrics.BinaryAccuracy(threshold=0.2), BITS, P, ((P > 0.2) == BITS).mean(1)),
    "categorical_accuracy": (metrics.CategoricalAccuracy(), ONE_HOT, P, RIGHT),
    "sparse_categorical_accuracy": (metrics.SparseCategoricalAccuracy(), CLASSES, P, RIGHT),
    "top_k": (metrics.TopKCategoricalAccuracy(2), ONE_HOT, P, P.argmin(1) != CLASSES),
    "sparse_top_k": (metrics.SparseTopKCategoricalAccuracy(2), CLASSES, P, P.argmin(1) != CLASSES),
    "pearson": (
        metrics.PearsonCorrelation(),
        P[::-1],
        P,
        [np.corrcoef(*rows)[0, 1] for rows in zip(P[::-1], P, strict=True)],
    ),
    "wrapped": (metrics.MeanMetricWrapper(losses.huber, delta=0.3), BITS, P, losses.huber(BITS, P, 0.3)),
    "wrapped_loss": (metrics.get(losses.SumSquaredError()), BITS, P, ((P - BITS) ** 2).sum(1)),
    "smoothed": (
        metrics.BinaryCrossentropy(label_smoothing=0.2),
        BITS,
        P,
        binary_crossentropy(P, BITS * 0.8 + 0.1),
    ),
    "logits": (
        metrics.CategoricalCrossentropy(from_logits=True),
        ONE_HOT,
        np.log(P),
        crossentropy(P, ONE_HOT),
    ),
}
CASES = {name: (*case[:3], np.asarray(case[3], float)) for name, case in CASES.items()}
each_case = pytest.mark.parametrize(("metric", "y", "p", "expected"), CASES.values(), ids=CASES)


@pytest.fixture(autouse=True)
def forget():
    for metric, *_ in CASES.values():
        metric.reset_state()


@each_case
def test_values(isa, dtype, metric, y, p, expected):
    tolerance = {"float32": 1e-5, "float64": 1e-13}[dtype]
    assert metric.result() == 0
    assert metric(y, p.astype(dtype)) == pytest.approx(expected.mean(), rel=tolerance)
    assert isinstance(metric.result(), float)


@each_case
def test_the_mean_over_all_that_has_been_seen(metric, y, p, expected):
    for part in (slice(0, 7), slice(7, 8), slice(8, 40)):
        metric.update_state(y[part], p[part])
    assert metric.result() == pytest.approx(expected.mean())
    metric.reset_state()
    assert metric(y[:5], p[:5]) == pytest.approx(expected[:5].mean())


@each_case
def test_weights(metric, y, p, expected):
    weights = RNG.random(40)
    metric.update_state(y[:9], p[:9], weights[:9])
    metric.update_state(y[9:], p[9:], weights[9:])
    assert metric.result() == pytest.approx(np.average(expected, weights=weights))


@each_case
def test_config(metric, y, p, expected):
    twin = metrics.deserialize(json.loads(json.dumps(metrics.serialize(metric))))
    assert twin.get_config() == metric.get_config()
    assert twin(y, p) == metric(y, p)


def test_mean_of_numbers():
    mean = metrics.Mean()
    mean.update_state([1, 2, 3])
    mean.update_state(8, sample_weight=0.5)
    assert mean.result() == pytest.approx(10 / 3.5)


def test_an_ignored_class_counts_as_zeros_unless_there_are_weights():
    """As in Keras, where the loss leaves them out."""
    kept, weights = CLASSES != 2, np.arange(1.0, len(P) + 1)
    values = crossentropy(P, ONE_HOT)
    model = fastnn.Sequential([fastnn.Input((3,), dtype="float64"), fastnn.layers.Rescaling(1.0)])
    made = [metrics.SparseCategoricalCrossentropy(name, ignore_class=2) for name in "ab"]
    model.compile(
        "sgd",
        losses.SparseCategoricalCrossentropy(ignore_class=2),
        metrics=[made[0]],
        weighted_metrics=[made[1]],
    )
    plain = values[kept].sum() / len(values)
    assert made[0](CLASSES, P) == pytest.approx(plain)
    assert model.evaluate(P, CLASSES, len(P), 0) == pytest.approx([values[kept].mean(), plain, plain])
    weighted = np.average(values[kept], weights=weights[kept])
    assert made[1](CLASSES, P, sample_weight=weights) == pytest.approx(weighted)
    assert model.evaluate(P, CLASSES, sample_weight=weights, verbose=0)[1:] == pytest.approx(
        [plain, weighted]
    )


@pytest.mark.parametrize(
    ("name", "sparse", "classes", "expected"),
    [
        ("accuracy", False, 1, metrics.BinaryAccuracy),
        ("accuracy", False, 3, metrics.CategoricalAccuracy),
        ("Acc", True, 3, metrics.SparseCategoricalAccuracy),
        ("acc", True, 1, metrics.SparseCategoricalAccuracy),
        ("crossentropy", False, 1, metrics.BinaryCrossentropy),
        ("ce", False, 3, metrics.CategoricalCrossentropy),
        ("ce", True, 3, metrics.SparseCategoricalCrossentropy),
        ("mse", False, 1, metrics.MeanSquaredError),
        ("binary_accuracy", False, 3, metrics.BinaryAccuracy),
    ],
)
def test_what_a_name_means_to_a_model(name, sparse, classes, expected):
    metric = resolve(name, Labels.CLASS if sparse else Labels.REAL, classes)
    assert type(metric) is expected
    assert metric.name == name


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: metrics.get("acuracy"), "metric: .*'acuracy'; did you mean 'accuracy'"),
        (lambda: metrics.BinaryAccuracy(threshold="0.5"), "threshold: .*'0.5'"),
        (lambda: metrics.BinaryAccuracy(dtype="bool"), "dtype: .*'bool'"),
        (lambda: metrics.BinaryCrossentropy(label_smoothing=-1), "label_smoothing: .*-1"),
        (lambda: metrics.SparseCategoricalAccuracy()([5], P[:1]), "y_true: .*0 to 2, got 5"),
        (lambda: metrics.MeanSquaredError()(BITS, P[:39]), "y_true, y_pred: .*40 and 39"),
        (lambda: metrics.Mean().update_state([1, 2], [1, 2, 3]), r"sample_weight: .*\(3,\)"),
    ],
)
def test_errors_name_the_argument(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_names_and_functions():
    assert metrics.get("MSE").name == "mean_squared_error"
    function = metrics.get(losses.mean_absolute_error)
    assert type(function) is metrics.MeanMetricWrapper
    assert function.name == "mean_absolute_error"
    assert function._direction == "down"
    root = metrics.get(losses.root_mean_squared_error)
    assert root(BITS, P) == metrics.RootMeanSquaredError()(BITS, P)
    assert metrics.Accuracy(name="mine").name == "mine"
    with pytest.raises(TypeError, match="metric: expected a name"):
        metrics.get(3)


def test_the_mean_of_a_loss_that_defines_call():
    loss = losses.CategoricalGeneralizedCrossEntropy(0.3)
    metric = metrics.get(loss)
    assert metric(CLASSES, P) == pytest.approx(loss(CLASSES, P))
    model = fastnn.Sequential([fastnn.Input((3,), dtype="float64"), fastnn.layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=[loss])
    assert model.evaluate(P, CLASSES, verbose=0)[1] == pytest.approx(loss(CLASSES, model.predict(P)))


@pytest.mark.parametrize(("base", "method"), [(losses.Loss, "call"), (metrics.Metric, "update_state")])
def test_a_class_of_your_own_defines_what_it_computes(base, method):
    class Nothing(base):
        pass

    with pytest.raises(NotImplementedError, match=rf"Nothing\.{method}: "):
        Nothing()(BITS, P)


@pytest.mark.parametrize("cls", MEANS, ids=lambda cls: cls.__name__)
def test_the_mean_of_a_loss_has_its_aliases_and_its_kernel(cls):
    loss = cls._loss_class()
    for alias in losses.registry.aliases(type(loss)):
        assert type(metrics.get(alias)) is cls
    assert cls()._spec._replace(ignored_as_zeros=False) == loss._spec.metric


@pytest.mark.parametrize("number", [2, 3, 200])
def test_even_thresholds_are_numbers_when_they_are_read(number):
    auc = fastnn.metrics.AUC(num_thresholds=number)
    expected = np.linspace(0, 1, number)
    expected[0], expected[-1] = -1e-7, 1 + 1e-7
    assert len(auc.thresholds) == number
    assert auc.thresholds[-1] == expected[-1]
    np.testing.assert_array_equal(auc.thresholds, expected)
    point = fastnn.metrics.PrecisionAtRecall(0.5, number)
    np.testing.assert_array_equal(list(point.thresholds), np.linspace(0, 1, number))
    assert copy.deepcopy(point).thresholds == point.thresholds
