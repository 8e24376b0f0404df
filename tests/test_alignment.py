"""How weights, masks and labels go with predictions: one rule, by every path, against loops over indices."""

import itertools

import numpy as np
import pytest

import fastnn
from fastnn import layers, losses, metrics
from fastnn.data.alignment import aligned_shape, factors_of_values

# Here models are trained for what they compute, not to learn.
pytestmark = pytest.mark.filterwarnings("ignore:loss. :fastnn.FastnnWarning")


RNG = np.random.default_rng(20)
SHAPES = [(4,), (4, 3), (2, 2), (3, 3), (2, 3, 2), (1, 4), (4, 1)]  # of values


def forms_of(shape):
    """Return all shapes of weights that go with values of a shape, beginning with the samples."""
    found = [()]
    for count in range(1, len(shape) + 1):
        found += itertools.product(*({1, n} for n in shape[:count]))
    found += [(*form, 1) for form in found if len(form) == len(shape)]
    return sorted(set(found))


def weight_at(weights, index):
    """Return the weight of a value by the rule: leading axes, an axis of size 1 for all."""
    place = index[: weights.ndim] + (0,) * (weights.ndim - len(index))
    return weights[tuple(0 if n == 1 else i for i, n in zip(place, weights.shape, strict=True))]


def spread(weights, shape):
    """Return the weight of each value."""
    return np.array([weight_at(weights, index) for index in np.ndindex(shape)]).reshape(shape)


CASES = [(shape, form) for shape in SHAPES for form in forms_of(shape)]
each_case = pytest.mark.parametrize(("shape", "form"), CASES, ids=str)


class Own(losses.Loss):
    def call(self, y_true, y_pred):
        return ((y_true - y_pred) ** 2).mean(-1)


def function(y_true, y_pred):
    return ((y_true - y_pred) ** 2).mean(-1)


LOSSES = {
    "built in": losses.MeanSquaredError,
    "own": Own,
    "function": lambda reduction: losses.FunctionLoss(function, reduction),
}


def data_of(shape, form):
    y, p, w = RNG.random((*shape, 2)), RNG.random((*shape, 2)), RNG.random(form) + 0.5
    return y, p, w, ((y - p) ** 2).mean(-1)


@pytest.mark.parametrize("kind", list(LOSSES))
@each_case
def test_losses_by_hand(kind, shape, form):
    y, p, w, values = data_of(shape, form)
    weights = spread(w, shape)
    total = (values * weights).sum()
    expected = {
        "sum": total,
        "sum_over_batch_size": total / values.size,
        "mean_with_sample_weight": total / weights.sum(),
    }
    for reduction, value in expected.items():
        loss = LOSSES[kind](reduction=reduction)
        assert loss(y, p, w) == pytest.approx(value)
        tensor = fastnn.Tensor(p)
        got = loss(y, tensor, w)
        assert float(got) == pytest.approx(value)
        got.backward()
        divisor = {"sum": 1, "sum_over_batch_size": values.size}.get(reduction, weights.sum())
        np.testing.assert_allclose(tensor.grad, (p - y) * weights[..., None] / divisor)
    np.testing.assert_allclose(LOSSES[kind](reduction=None)(y, p, w), values * weights)


@each_case
def test_metrics_by_hand(shape, form):
    y, p, w, values = data_of(shape, form)
    expected = np.average(values, weights=spread(w, shape))
    for metric in (metrics.MeanSquaredError(), metrics.MeanMetricWrapper(function)):
        assert metric(y, p, sample_weight=w) == pytest.approx(expected)
    assert metrics.Mean()(values, sample_weight=w) == pytest.approx(expected)
    assert metrics.Sum()(values, sample_weight=w) == pytest.approx((values * spread(w, shape)).sum())


@pytest.mark.parametrize("kind", list(LOSSES))
@each_case
def test_training_and_evaluation(kind, shape, form):
    y, p, w, values = data_of(shape, form)
    model = fastnn.Sequential(
        [fastnn.Input((*shape[1:], 2), dtype="float64"), layers.Dense(2, use_bias=False)]
    )
    model.compile(
        fastnn.optimizers.SGD(0.1),
        LOSSES[kind](reduction="sum_over_batch_size"),
        weighted_metrics=[metrics.MeanSquaredError(name="a"), metrics.MeanMetricWrapper(function, name="b")],
    )
    model.set_weights([np.eye(2)])
    if form[:1] != shape[:1] and shape[0] != 1:
        with pytest.raises(ValueError, match="sample_weight: expected shape "):
            model.evaluate(p, y, sample_weight=w, verbose=0)
        return
    weights = spread(w, shape)
    mean = np.average(values, weights=weights)
    expected = [(values * weights).mean(), mean, mean]
    np.testing.assert_allclose(model.evaluate(p, y, sample_weight=w, verbose=0), expected)
    np.testing.assert_allclose(model.test_on_batch(p, y, w), expected)
    gradient = 2 * p.reshape(-1, 2).T @ ((p - y) * weights[..., None]).reshape(-1, 2) / y.size
    np.testing.assert_allclose(model.train_on_batch(p, y, w), expected)
    np.testing.assert_allclose(model.get_weights()[0], np.eye(2) - 0.1 * gradient)


@pytest.mark.parametrize(
    ("shape", "form"), [((4, 3), (2,)), ((4, 3), (3, 4)), ((4,), (4, 2)), ((4, 3), (4, 3, 2)), ((4,), (3,))]
)
def test_weights_that_do_not_fit(shape, form):
    y, p, w, _ = data_of(shape, form)
    for kind in LOSSES.values():
        with pytest.raises(ValueError, match="sample_weight: expected shape .*, got "):
            kind(reduction="sum")(y, p, w)
    for metric in (metrics.MeanSquaredError(), metrics.MeanMetricWrapper(function)):
        with pytest.raises(ValueError, match="sample_weight: expected shape .*, got "):
            metric(y, p, sample_weight=w)


def test_weights_of_steps_by_hand_and_the_ambiguity():
    """As in NumPy, where weights do not fit from the first axis on; one rule all the same."""
    assert aligned_shape((3,), (2, 3)) == (1, 3)
    assert aligned_shape((2,), (2, 2)) == (2, 1)
    y, p = np.zeros((2, 2, 1)), np.array([[[1.0], [2.0]], [[3.0], [4.0]]])
    model = fastnn.Sequential([fastnn.Input((2, 1)), layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse")
    for loss in LOSSES.values():
        assert loss(reduction="sum_over_batch_size")(y, p, sample_weight=[1.0, 0.0]) == 1.25
    assert model.evaluate(p, y, sample_weight=np.array([1.0, 0.0]), verbose=0) == 1.25


def test_predictions_of_one_dimension():
    """They have one value, which weighs the mean of the weights, as in Keras."""
    for loss in LOSSES.values():
        assert loss(reduction="sum_over_batch_size")([0.0, 1.0], [1.0, 1.0], [1.0, 0.0]) == 0.25
    assert metrics.MeanSquaredError()([0.0, 1.0], [1.0, 1.0], sample_weight=[1.0, 0.0]) == 0.5


# ---- labels ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(LOSSES))
@pytest.mark.parametrize("dtype", [float, "float32", int, bool])
@pytest.mark.parametrize(
    ("labels", "predictions"),
    [((3,), (3, 1)), ((3, 1), (3,)), ((2, 3), (2, 3, 1)), ((2, 3, 1, 1), (2, 3, 1))],
)
def test_labels_lack_an_axis_or_have_one_too_many(kind, dtype, labels, predictions):
    y, p = (RNG.random(labels) * 3).astype(dtype), RNG.random(predictions)
    expected = ((y.reshape(-1).astype(float) - p.reshape(-1)) ** 2).mean()
    loss = LOSSES[kind](reduction="sum_over_batch_size")
    assert loss(y, p) == pytest.approx(expected)
    assert float(loss(y, fastnn.Tensor(p))) == pytest.approx(expected)
    assert metrics.MeanMetricWrapper(function)(y, p) == pytest.approx(expected)
    assert metrics.MeanSquaredError()(y, p) == pytest.approx(expected)
    if len(predictions) > 1:
        model = fastnn.Sequential([fastnn.Input(predictions[1:], dtype="float64"), layers.Dense(1)])
        model.compile("sgd", loss, metrics=[metrics.MeanMetricWrapper(function)])
        model.set_weights([np.ones((1, 1)), np.zeros(1)])
        np.testing.assert_allclose(model.evaluate(p, y, verbose=0), [expected] * 2)


# ---- masks ----------------------------------------------------------------------------------------------

X = RNG.random((4, 3, 2)) + 1
KEEP = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]], float)
X[KEEP == 0] = 0
TARGETS = RNG.random((4, 3, 2)) + 3
PREDICTIONS = np.where(X > 0, X, 0)

VALUES = {
    "each element": lambda y, p: (y - p) ** 2,
    "each step": lambda y, p: ((y - p) ** 2).mean(-1),
    "each sample": lambda y, p: ((y - p) ** 2).mean((1, 2)),
    "the batch": lambda y, p: ((y - p) ** 2).mean(),
}


def weight_of_value(index, weights):
    """Return the mean of the weights of the valid steps of a value, and whether there are any."""
    steps = [s for s in np.ndindex(KEEP.shape) if s[: len(index)] == index[:2] and KEEP[s]]
    return (np.mean([weight_at(weights, s) for s in steps]) if steps else 0.0), bool(steps)


def masked_model(loss, *weighted, **options):
    model = fastnn.Sequential(
        [fastnn.Input((3, 2), dtype="float64"), layers.Masking(), layers.Dense(2, use_bias=False)]
    )
    model.compile(fastnn.optimizers.SGD(0.1), loss, weighted_metrics=list(weighted), **options)
    model.set_weights([np.eye(2)])
    return model


@pytest.mark.parametrize("form", [None, (4,), (4, 1), (4, 3), (4, 3, 1)], ids=str)
@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size", "mean_with_sample_weight"])
@pytest.mark.parametrize("kind", list(VALUES))
def test_masked_values(kind, reduction, form):
    w = None if form is None else RNG.random(form) + 0.5
    weights = np.ones(()) if w is None else w
    values = np.asarray(VALUES[kind](TARGETS, PREDICTIONS))
    total = count = weight = 0.0
    for index in np.ndindex(values.shape):
        factor, counts = weight_of_value(index, weights)
        total, weight, count = total + values[index] * factor, weight + factor, count + counts
    expected = total / {"sum": 1, "sum_over_batch_size": count}.get(reduction, weight)
    metric = metrics.MeanMetricWrapper(VALUES[kind], name="m")
    model = masked_model(losses.FunctionLoss(VALUES[kind], reduction), metric)
    np.testing.assert_allclose(
        model.evaluate(X, TARGETS, sample_weight=w, verbose=0), [expected, total / weight]
    )
    np.testing.assert_allclose(model.train_on_batch(X, TARGETS, w), [expected, total / weight])
    if kind == "each step":
        built_in = masked_model(losses.MeanSquaredError(reduction), metrics.MeanSquaredError())
        np.testing.assert_allclose(built_in.train_on_batch(X, TARGETS, w), [expected, total / weight])
        np.testing.assert_allclose(built_in.get_weights(), model.get_weights(), rtol=1e-12)


def test_a_function_that_returns_one_number_says_the_loss():
    """Padding changes neither the loss nor its gradient."""
    x = np.array([[[1.0, 1.0], [2.0, 2.0], [0.0, 0.0], [0.0, 0.0]]])
    y = np.zeros_like(x)

    def mean_square(y_true, y_pred):
        return ((y_pred - y_true) ** 2).mean()

    made = []
    for masks in ([layers.Masking()], []):
        model = fastnn.Sequential(
            [fastnn.Input((4, 2), dtype="float64"), *masks, layers.Dense(2, use_bias=False)]
        )
        model.compile(fastnn.optimizers.SGD(0.1), mean_square, metrics=[mean_square])
        model.set_weights([np.eye(2)])
        made.append([model.train_on_batch(x, y), model.get_weights()[0].tolist()])
    assert made[0] == made[1]
    assert made[0][0] == [1.25, 1.25]


def test_values_that_go_with_no_mask():
    with pytest.raises(ValueError, match=r"mask: expected shape .*\(2, 5\), got \(2, 3\)"):
        factors_of_values((2, 5), None, np.ones((2, 3)))


# ---- weights of single predictions ----------------------------------------------------------------------

BITS = (RNG.random((5, 4)) > 0.5).astype(float)
ODDS = RNG.random((5, 4))
ELEMENTWISE = {
    "precision": metrics.Precision,
    "recall at thresholds": lambda: metrics.Recall([0.2, 0.7]),
    "false positives": metrics.FalsePositives,
    "even thresholds": lambda: metrics.TruePositives([0.0, 0.5, 1.0]),
    "auc": metrics.AUC,
    "operating point": lambda: metrics.SensitivityAtSpecificity(0.5),
    "binary accuracy": metrics.BinaryAccuracy,
    "accuracy": metrics.Accuracy,
    "binary iou": metrics.BinaryIoU,
}


@pytest.mark.parametrize("name", list(ELEMENTWISE))
@pytest.mark.parametrize("form", [(), (5,), (5, 1), (1, 4), (5, 4)], ids=str)
def test_weights_of_single_predictions(name, form):
    """They are as if each prediction were a sample."""
    w = RNG.random(form) + 0.5
    weights = np.broadcast_to(w[:, None] if form == (5,) else w, (5, 4))
    made = ELEMENTWISE[name]()(BITS, ODDS, sample_weight=w)
    expected = ELEMENTWISE[name]()(BITS.ravel(), ODDS.ravel(), sample_weight=weights.ravel())
    np.testing.assert_allclose(made, expected, rtol=1e-6)


def test_weights_of_columns():
    w = RNG.random((5, 4))
    auc = metrics.AUC(multi_label=True)(BITS, ODDS, sample_weight=w)
    each = [metrics.AUC()(BITS[:, i], ODDS[:, i], sample_weight=w[:, i]) for i in range(4)]
    assert auc == pytest.approx(np.mean(each))
    of_one = metrics.Precision(class_id=2)(BITS, ODDS, sample_weight=w)
    assert of_one == pytest.approx(metrics.Precision()(BITS[:, 2], ODDS[:, 2], sample_weight=w[:, 2]))
    top = np.argsort(-ODDS, -1)[:, :2]
    hit = np.take_along_axis(BITS * w, top, -1).sum() / np.take_along_axis(w, top, -1).sum()
    assert metrics.Precision(top_k=2)(BITS, ODDS, sample_weight=w) == pytest.approx(hit)
    r2 = metrics.R2Score(None)(BITS, ODDS, sample_weight=w)
    mean = np.average(BITS, axis=0, weights=w)
    expected = 1 - (w * (BITS - ODDS) ** 2).sum(0) / (w * (BITS - mean) ** 2).sum(0)
    np.testing.assert_allclose(r2, expected, rtol=1e-6)
    for metric in (metrics.F1Score(), metrics.MeanSquaredError()):
        with pytest.raises(ValueError, match=r"sample_weight: expected shape \(5,\), got \(5, 4\)"):
            metric(BITS, ODDS, sample_weight=w)


# ---- vectors along another axis -------------------------------------------------------------------------

ALONG = {
    "cosine_similarity": losses.CosineSimilarity,
    "categorical_crossentropy": losses.CategoricalCrossentropy,
    "binary_crossentropy": losses.BinaryCrossentropy,
    "categorical_focal_crossentropy": losses.CategoricalFocalCrossentropy,
    "binary_focal_crossentropy": losses.BinaryFocalCrossentropy,
    "sparse_categorical_crossentropy": losses.SparseCategoricalCrossentropy,
}


def turned_data(axis, name):
    """Return labels and predictions of shape (4, 3, 5), and the same with the axis at the end."""
    p = RNG.random((4, 3, 5)) + 0.1
    p /= p.sum(axis, keepdims=True)
    last = np.moveaxis(p, axis, -1)
    numbers = RNG.integers(0, last.shape[-1], last.shape[:-1])
    one_hot = np.eye(last.shape[-1])[numbers]
    if name.startswith("sparse"):
        return numbers, p, numbers, last
    return np.moveaxis(one_hot, -1, axis), p, one_hot, last


@pytest.mark.parametrize("name", list(ALONG))
@pytest.mark.parametrize("axis", [-1, 2, 1, -2])
def test_losses_along_another_axis(name, axis):
    y, p, y_last, p_last = turned_data(axis, name)
    loss, last = ALONG[name](axis=axis), ALONG[name]()
    expected, w = last(y_last, p_last), RNG.random(p_last.shape[:-1])
    assert loss(y, p) == pytest.approx(expected)
    assert ALONG[name](axis=axis, reduction=None)(y, p).shape == p_last.shape[:-1]
    assert loss(y, p, w) == pytest.approx(last(y_last, p_last, w))
    assert losses.deserialize(losses.serialize(loss))(y, p) == pytest.approx(expected)
    one, other = fastnn.Tensor(p), fastnn.Tensor(p_last)
    loss(y, one, w).backward()
    last(y_last, other, w).backward()
    np.testing.assert_allclose(np.moveaxis(one.grad, axis, -1), other.grad, atol=1e-15)
    if not name.startswith("binary_f") and not name.startswith("categorical_f"):
        metric = metrics.get(name)
        of_axis = type(metric)() if name == "binary_crossentropy" else type(metric)(axis=axis)
        sign = -1 if name == "cosine_similarity" else 1
        assert of_axis(y, p) == pytest.approx(expected * sign)


@pytest.mark.parametrize("name", list(ALONG))
@pytest.mark.parametrize("axis", [2, 1, -2])
@pytest.mark.parametrize("weighted", [False, True])
def test_models_train_along_another_axis(name, axis, weighted):
    y, p, y_last, p_last = turned_data(axis, name)
    model = fastnn.Sequential([fastnn.Input((3, 5), dtype="float64"), layers.Rescaling(1.0), layers.Dense(5)])
    model.set_weights([np.eye(5), np.zeros(5)])
    loss, w = ALONG[name](axis=axis), RNG.random(p_last.shape[:-1]) if weighted else None
    extra = [metrics.CategoricalCrossentropy(axis=axis)] if not name.startswith("sparse") else []
    model.compile(fastnn.optimizers.SGD(0.1), loss, weighted_metrics=extra)
    expected = [ALONG[name]()(y_last, p_last, w)]
    expected += [metrics.CategoricalCrossentropy()(y_last, p_last, sample_weight=w)] if extra else []
    np.testing.assert_allclose(np.ravel(model.evaluate(p, y, sample_weight=w, verbose=0)), expected)
    np.testing.assert_allclose(np.ravel(model.train_on_batch(p, y, w)), expected)
    tensor = fastnn.Tensor(p)
    loss(y, tensor, w).backward()
    np.testing.assert_allclose(model.get_weights()[1], -0.1 * tensor.grad.sum((0, 1)), atol=1e-12)


@pytest.mark.parametrize("axis", [-1, 2, 1, -2, 0])
def test_correlations_along_another_axis(axis):
    y, p = RNG.random((4, 3, 5)), RNG.random((4, 3, 5))
    for cls in (metrics.PearsonCorrelation, metrics.ConcordanceCorrelation):
        turned = cls()(np.moveaxis(y, axis, -1), np.moveaxis(p, axis, -1))
        assert cls(axis=axis)(y, p) == pytest.approx(turned)


@pytest.mark.parametrize("axis", [-1, 2, 1, -2])
@pytest.mark.parametrize("sparse", list(itertools.product([True, False], repeat=2)))
def test_iou_along_another_axis(axis, sparse):
    numbers, guesses = RNG.integers(0, 3, (2, 4, 6))
    one_hot = (np.moveaxis(np.eye(3)[a], -1, axis) for a in (numbers, guesses))
    y, p = (plain if s else hot for plain, hot, s in zip((numbers, guesses), one_hot, sparse, strict=True))
    made = metrics.MeanIoU(3, axis=axis, sparse_y_true=sparse[0], sparse_y_pred=sparse[1])
    assert made(y, p) == pytest.approx(metrics.MeanIoU(3)(numbers, guesses))
    assert metrics.deserialize(metrics.serialize(made))(y, p) == pytest.approx(made.result())


def test_axes_that_there_are_not():
    with pytest.raises(ValueError, match=r"axis: expected one of predictions of shape \(2, 3\), got 2"):
        losses.CosineSimilarity(axis=2)(np.ones((2, 3)), np.ones((2, 3)))
    for axis in (None, 1.5, "last"):
        with pytest.raises(ValueError, match="axis: "):
            losses.CategoricalCrossentropy(axis=axis)
    model = fastnn.Sequential([fastnn.Input((3, 2)), layers.Masking(), layers.Dense(2)])
    model.compile("sgd", losses.CosineSimilarity(axis=1))
    with pytest.raises(ValueError, match="axis: expected -1, since the outputs have a mask"):
        model.evaluate(np.ones((4, 3, 2)), np.ones((4, 3, 2)), verbose=0)


@pytest.mark.parametrize("form", [None, (4,), (4, 1), (4, 3), (4, 3, 1)], ids=str)
@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size", "mean_with_sample_weight"])
@pytest.mark.parametrize("kind", ["built in", *VALUES])
def test_masks_of_outputs_count_by_hand_as_in_evaluation(kind, reduction, form):
    w = None if form is None else RNG.random(form) + 0.5
    if kind == "built in":
        loss, metric = losses.MeanSquaredError(reduction), metrics.MeanSquaredError(name="m")
    else:
        loss = losses.FunctionLoss(VALUES[kind], reduction)
        metric = metrics.MeanMetricWrapper(VALUES[kind], name="m")
    model = masked_model(loss, metric)
    expected = model.evaluate(X, TARGETS, sample_weight=w, verbose=0)
    got = model(X)
    assert loss(TARGETS, got, w) == pytest.approx(expected[0])
    metric.reset_state()
    assert metric(TARGETS, got, sample_weight=w) == pytest.approx(expected[1])
    recorded = loss(TARGETS, model(X, training=True), w)
    assert float(recorded) == pytest.approx(expected[0])
    recorded.backward()
    before = [v.value - 0.1 * v.grad for v in model.trainable_variables]
    model.train_on_batch(X, TARGETS, w)
    np.testing.assert_allclose(model.get_weights(), before, rtol=1e-9, atol=1e-14)


def test_masks_and_weights_of_single_predictions():
    model = fastnn.Sequential(
        [fastnn.Input((3, 2), dtype="float64"), layers.Masking(), layers.Activation("sigmoid")]
    )
    bits, w, p = (RNG.random((4, 3, 2)) > 0.5) * 1.0, RNG.random((4, 3, 2)), model(X)
    kept = KEEP[..., None] * w
    expected = metrics.Precision()(bits.ravel(), np.asarray(p.copy()).ravel(), sample_weight=kept.ravel())
    assert metrics.Precision()(bits, p, sample_weight=w) == pytest.approx(expected)


# ---- one label for several predictions ------------------------------------------------------------------


def quantile_loss(y_true, y_pred):
    q = np.array([0.1, 0.5, 0.9])
    error = y_true - y_pred
    return np.maximum(q * error, (q - 1) * error).mean(-1)


@pytest.mark.parametrize("labels", [(12,), (12, 1)], ids=str)
@pytest.mark.parametrize("whole", [False, True])
def test_one_label_for_several_predictions(labels, whole):
    """Each column is compared with it, whether it happens to be a whole number or not."""
    x = RNG.random((12, 2))
    y = np.rint(5 * RNG.random(12)) if whole else RNG.random(12)
    model = fastnn.Sequential([fastnn.Input((2,), dtype="float64"), layers.Dense(3)])
    model.compile(fastnn.optimizers.SGD(0.1), quantile_loss, metrics=[quantile_loss])
    p = model.predict(x)
    expected = quantile_loss(y[:, None], p).mean()
    assert losses.FunctionLoss(quantile_loss)(y.reshape(labels), p) == pytest.approx(expected)
    assert model.evaluate(x, y.reshape(labels), verbose=0) == pytest.approx([expected, expected])
    assert model.train_on_batch(x, y.reshape(labels)) == pytest.approx([expected, expected])
    model.compile("sgd", quantile_loss, metrics=["mae"])
    with pytest.raises(ValueError, match="metrics: 'mae' takes labels like the output"):
        model.evaluate(x, y.reshape(labels), verbose=0)


def test_class_numbers_for_a_loss_of_ones_own():
    seen = []

    def picked(y_true, y_pred):
        seen.append(y_true)
        return -np.log(y_pred[np.arange(len(y_true)), y_true])

    x, y = RNG.random((6, 2)), np.arange(6) % 3
    model = fastnn.Sequential([fastnn.Input((2,)), layers.Dense(3, "softmax")])
    model.compile("sgd", picked)
    model.evaluate(x, y, verbose=0)
    assert seen[-1].dtype == "int32"
    assert seen[-1].tolist() == y.tolist()
