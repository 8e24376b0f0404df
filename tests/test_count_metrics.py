"""Metrics that are no mean of values: counts, curves, scores, overlaps; alone and in models."""

import json

import numpy as np
import pytest

import fastnn
from fastnn import metrics
from fastnn.layers import Dense

RNG = np.random.default_rng(3)
ROWS = 60
P = RNG.integers(0, 21, (ROWS, 3)) / 20  # some lie on thresholds, some are equal
BITS = RNG.integers(0, 2, (ROWS, 3)).astype(float)
CLASSES = RNG.integers(0, 3, ROWS)
ONE_HOT = np.eye(3)[CLASSES]
REALS, OTHERS = RNG.standard_normal((2, ROWS, 3))
WEIGHTS = RNG.random(ROWS)
EVEN = np.linspace(0, 1, 5)


def ratio(a, b):
    return np.divide(a, b, out=np.zeros_like(a * 1.0), where=b != 0)


def counted(t, p, w, thresholds):
    """True and false positives, true and false negatives beyond each threshold."""
    w = np.broadcast_to(w[:, None], p.shape)
    yes = [p > threshold for threshold in thresholds]
    kinds = [(t == 1, True), (t == 0, True), (t == 0, False), (t == 1, False)]
    return [np.array([w[label & (y == said)].sum() for y in yes]) for label, said in kinds]


def precision(t, p, w, thresholds=(0.5,)):
    tp, fp, *_ = counted(t, p, w, thresholds)
    return ratio(tp, tp + fp)


def recall(t, p, w, thresholds=(0.5,)):
    tp, _, _, fn = counted(t, p, w, thresholds)
    return ratio(tp, tp + fn)


def top(p, k):
    """Predictions, those beyond the k first largest of a row out of reach."""
    order = np.argsort(-p, axis=1, kind="stable")[:, :k]
    kept = np.zeros_like(p, bool)
    np.put_along_axis(kept, order, True, axis=1)
    return np.where(kept, p, -2e10)


def roc(t, p, w, thresholds, height=lambda a, b: (a + b) / 2):
    tp, fp, tn, fn = counted(t, p, w, thresholds)
    x, y = ratio(fp, fp + tn), ratio(tp, tp + fn)
    return (-np.diff(x) * height(y[1:], y[:-1])).sum()


def edges(n):
    return [-1e-7, *np.linspace(0, 1, n)[1:-1], 1 + 1e-7]


def precision_recall(t, p, w, thresholds):
    """The exact integral of precision, interpolated, by a fine sum."""
    tp, fp, _, fn = counted(t, p, w, thresholds)
    area, total = 0.0, (tp + fn)[0]
    for i in range(len(tp) - 1):
        s = (np.arange(20000) + 0.5) / 20000
        hits, misses = tp[i + 1] + s * (tp[i] - tp[i + 1]), fp[i + 1] + s * (fp[i] - fp[i + 1])
        area += (ratio(hits, hits + misses)).mean() * (tp[i] - tp[i + 1]) / total
    return area


def fbeta(t, said, w, beta, average):
    tp = (w[:, None] * t * said).sum(0)
    fp, fn = (w[:, None] * (1 - t) * said).sum(0), (w[:, None] * t * (1 - said)).sum(0)
    support = tp + fn
    if average == "micro":
        tp, fp, fn = tp.sum(), fp.sum(), fn.sum()
    score = (1 + beta**2) * tp / ((1 + beta**2) * tp + beta**2 * fn + fp)
    if average in (None, "micro"):
        return score
    return np.average(score, weights=support if average == "weighted" else None)


def iou(t, x, w, ids, classes=3):
    common = np.array([w[(t == c) & (x == c)].sum() for c in range(classes)])
    union = np.array([w[(t == c) | (x == c)].sum() for c in range(classes)])
    return (common / union)[ids].mean()


def r2(t, p, w, aggregation="uniform_average", regressors=0):
    mean = np.average(t, axis=0, weights=w)
    variance = (w[:, None] * (t - mean) ** 2).sum(0)
    score = 1 - (w[:, None] * (t - p) ** 2).sum(0) / variance
    if aggregation == "variance_weighted_average":
        score = np.average(score, weights=variance)
    elif aggregation:
        score = score.mean()
    n = t.size
    return 1 - (1 - score) * (n - 1) / (n - 1 - regressors) if regressors else score


M = metrics
LARGEST = (P.max(1, keepdims=True) == P) & (P > 0)

# What to make, labels, predictions, and the result with these weights.
CASES = {
    "true_positives": (lambda: M.TruePositives(), BITS, P, lambda w: counted(BITS, P, w, [0.5])[0]),
    "false_positives": (lambda: M.FalsePositives(0.3), BITS, P, lambda w: counted(BITS, P, w, [0.3])[1]),
    "true_negatives": (lambda: M.TrueNegatives([0.9, 0.2]), BITS, P, lambda w: counted(BITS, P, w, [0.9, 0.2])[2]),  # noqa: E501
    "false_negatives": (lambda: M.FalseNegatives(list(EVEN)), BITS, P, lambda w: counted(BITS, P, w, EVEN)[3]),  # noqa: E501
    "precision": (lambda: M.Precision(), BITS, P, lambda w: precision(BITS, P, w)),
    "precision_column": (lambda: M.Precision(class_id=1), BITS, P, lambda w: precision(BITS[:, 1:2], P[:, 1:2], w)),  # noqa: E501
    "precision_top": (lambda: M.Precision(top_k=2), BITS, P, lambda w: precision(BITS, top(P, 2), w, [-1e10])),  # noqa: E501
    "recall": (lambda: M.Recall([0.2, 0.7]), BITS, P, lambda w: recall(BITS, P, w, [0.2, 0.7])),
    "recall_top": (lambda: M.Recall(0.4, top_k=1), BITS, P, lambda w: recall(BITS, top(P, 1), w, [0.4])),
    "recall_both": (lambda: M.Recall(top_k=1, class_id=2), BITS, P, lambda w: recall(BITS[:, 2:], top(P, 1)[:, 2:], w, [-1e10])),  # noqa: E501
    "auc": (lambda: M.AUC(21), BITS, P, lambda w: roc(BITS, P, w, edges(21))),
    "auc_thresholds": (lambda: M.AUC(thresholds=[0.6, 0.1]), BITS, P, lambda w: roc(BITS, P, w, [-1e-7, 0.1, 0.6, 1 + 1e-7])),  # noqa: E501
    "auc_minoring": (lambda: M.AUC(11, summation_method="minoring"), BITS, P, lambda w: roc(BITS, P, w, edges(11), np.minimum)),  # noqa: E501
    "auc_majoring": (lambda: M.AUC(11, summation_method="majoring"), BITS, P, lambda w: roc(BITS, P, w, edges(11), np.maximum)),  # noqa: E501
    "auc_pr": (lambda: M.AUC(11, "PR"), BITS, P, lambda w: precision_recall(BITS, P, w, edges(11))),
    "auc_labels": (lambda: M.AUC(11, multi_label=True), BITS, P, lambda w: np.mean([roc(BITS[:, [j]], P[:, [j]], w, edges(11)) for j in range(3)])),  # noqa: E501
    "auc_label_weights": (lambda: M.AUC(11, multi_label=True, label_weights=[1, 2, 3]), BITS, P, lambda w: np.average([roc(BITS[:, [j]], P[:, [j]], w, edges(11)) for j in range(3)], weights=[1, 2, 3])),  # noqa: E501
    "auc_weights_alone": (lambda: M.AUC(11, label_weights=[1, 0, 0]), BITS, P, lambda w: roc(BITS[:, [0]], P[:, [0]], w, edges(11))),  # noqa: E501
    "auc_logits": (lambda: M.AUC(13, from_logits=True), BITS, REALS, lambda w: roc(BITS, 1 / (1 + np.exp(-REALS)), w, edges(13))),  # noqa: E501
    "sensitivity": (lambda: M.SensitivityAtSpecificity(0.6, 11), BITS, P, lambda w: best(w, "specificity", 0.6)),  # noqa: E501
    "specificity": (lambda: M.SpecificityAtSensitivity(0.6, 11), BITS, P, lambda w: best(w, "sensitivity", 0.6)),  # noqa: E501
    "precision_at": (lambda: M.PrecisionAtRecall(0.6, 11), BITS, P, lambda w: best(w, "recall", 0.6)),
    "recall_at": (lambda: M.RecallAtPrecision(0.5, 11), BITS, P, lambda w: best(w, "precision", 0.5)),
    "f1": (lambda: M.F1Score(), ONE_HOT, P, lambda w: fbeta(ONE_HOT, LARGEST, w, 1, None)),
    "f1_micro": (lambda: M.F1Score("micro", 0.4), BITS, P, lambda w: fbeta(BITS, P > 0.4, w, 1, "micro")),
    "fbeta_macro": (lambda: M.FBetaScore("macro", 2.0), ONE_HOT, P, lambda w: fbeta(ONE_HOT, LARGEST, w, 2, "macro")),  # noqa: E501
    "fbeta_weighted": (lambda: M.FBetaScore("weighted", 0.5, 0.5), BITS, P, lambda w: fbeta(BITS, P > 0.5, w, 0.5, "weighted")),  # noqa: E501
    "r2": (lambda: M.R2Score(), REALS, OTHERS, lambda w: r2(REALS, OTHERS, w)),
    "r2_columns": (lambda: M.R2Score(None, 2), REALS, OTHERS, lambda w: r2(REALS, OTHERS, w, None, 2)),
    "r2_variance": (lambda: M.R2Score("variance_weighted_average"), REALS, OTHERS, lambda w: r2(REALS, OTHERS, w, "variance_weighted_average")),  # noqa: E501
    "rmse": (lambda: M.RootMeanSquaredError(), REALS, OTHERS, lambda w: np.sqrt(np.average((REALS - OTHERS) ** 2, axis=0, weights=w).mean())),  # noqa: E501
    "one_hot_iou": (lambda: M.OneHotIoU(3, [0, 2]), ONE_HOT, REALS, lambda w: iou(CLASSES, REALS.argmax(1), w, [0, 2])),  # noqa: E501
    "one_hot_mean_iou": (lambda: M.OneHotMeanIoU(3), ONE_HOT, REALS, lambda w: iou(CLASSES, REALS.argmax(1), w, [0, 1, 2])),  # noqa: E501
    "binary_iou": (lambda: M.BinaryIoU([1], 0.3), BITS[:, :1], P[:, :1], lambda w: iou(BITS[:, 0], P[:, 0] >= 0.3, w, [1], 2)),  # noqa: E501
    "iou_of_classes": (lambda: M.IoU(3, [1], sparse_y_pred=False), CLASSES, REALS, lambda w: iou(CLASSES, REALS.argmax(1), w, [1])),  # noqa: E501
    "mean_iou": (lambda: M.MeanIoU(3), CLASSES[:, None], REALS.argmax(1)[:, None], lambda w: iou(CLASSES, REALS.argmax(1), w, [0, 1, 2])),  # noqa: E501
}  # fmt: skip
each_case = pytest.mark.parametrize(("make", "y", "p", "expected"), CASES.values(), ids=CASES)


def best(w, bounded, least):
    tp, fp, tn, fn = counted(BITS, P, w, np.linspace(0, 1, 11))
    rates = {
        "sensitivity": ratio(tp, tp + fn),
        "specificity": ratio(tn, tn + fp),
        "precision": ratio(tp, tp + fp),
        "recall": ratio(tp, tp + fn),
    }
    sought = {
        "sensitivity": "specificity",
        "specificity": "sensitivity",
        "precision": "recall",
        "recall": "precision",
    }
    return max([0, *rates[sought[bounded]][rates[bounded] >= least]])


def close(found, expected):
    np.testing.assert_allclose(found, np.squeeze(expected), rtol=1e-6, atol=1e-7)


@each_case
def test_values(isa, dtype, make, y, p, expected):
    metric = make()
    p = p.astype(dtype)
    if dtype == "float64":  # a threshold of binary32 is another number than the one of a prediction
        close(metric(y, p), expected(np.ones(ROWS)))


@each_case
def test_parts_and_weights(make, y, p, expected):
    metric = make()
    p = p.astype(float)
    for part in (slice(0, 7), slice(7, 8), slice(8, ROWS)):
        metric.update_state(y[part], p[part], WEIGHTS[part])
    close(metric.result(), expected(WEIGHTS))
    metric.reset_state()
    close(metric(y, p), expected(np.ones(ROWS)))


@each_case
def test_config(make, y, p, expected):
    metric = make()
    twin = metrics.deserialize(json.loads(json.dumps(metrics.serialize(metric))))
    assert twin.get_config() == metric.get_config()
    close(twin(y, p.astype(float)), metric(y, p.astype(float)))


@each_case
@pytest.mark.parametrize("weighted", [False, True])
def test_in_a_model(make, y, p, expected, weighted):
    """A model that is the identity reports what the metric says of its inputs; batches add up."""
    width = p.shape[1]
    sparse = make()._spec.labels.sparse
    model = fastnn.Sequential([fastnn.Input((width,), dtype="float64"), Dense(width, use_bias=False)])
    loss = fastnn.losses.SparseCategoricalCrossentropy(from_logits=True) if sparse else "mse"
    key = {"weighted_metrics" if weighted else "metrics": [make()]}
    model.compile("sgd", loss, **key)
    model.set_weights([np.eye(width)])
    weights = WEIGHTS if weighted else None
    found = model.evaluate(p.astype(float), y, sample_weight=weights, verbose=0, return_dict=True)
    close(found[make().name], expected(WEIGHTS if weighted else np.ones(ROWS)))
    model.compile(fastnn.optimizers.SGD(0.0), loss, metrics=[make()])
    history = model.fit(p.astype(float), y, batch_size=7, epochs=2, verbose=2).history
    for number in history[make().name]:
        close(number, expected(np.ones(ROWS)))
    one = model.train_on_batch(p.astype(float), y, return_dict=True)
    close(one[make().name], expected(np.ones(ROWS)))


def test_nothing_seen():
    for make, *_ in CASES.values():
        result = np.asarray(make().result())
        assert np.all((result == 0) | np.isnan(result))


def test_rows_of_one_dimension():
    metric = metrics.Precision()
    metric.update_state([0, 1, 1, 1], [1, 0, 1, 1], sample_weight=[0, 0, 1, 0])
    assert metric.result() == 1.0
    assert metrics.MeanIoU(2)(
        [0, 0, 1, 1], [0, 1, 0, 1], sample_weight=[0.3, 0.3, 0.3, 0.1]
    ) == pytest.approx((0.3 / 0.9 + 0.1 / 0.7) / 2)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize(
    ("make", "y", "p"),
    [
        (lambda: M.RootMeanSquaredError(), REALS, OTHERS),
        (lambda: M.R2Score(num_regressors=2), REALS, OTHERS),
        (lambda: M.F1Score(threshold=0.4), BITS, P),
        (lambda: M.TruePositives([0.2, 0.4]), BITS, P),
        (lambda: M.AUC(11), BITS, P),
        (lambda: M.PrecisionAtRecall(0.6, 11), BITS, P),
        (lambda: M.BinaryIoU(), BITS, P),
        (lambda: M.BinaryAccuracy(), BITS, P),
    ],
)
def test_a_vector_is_a_column(make, y, p, weights):
    """A vector has a number for each sample, rather than being one sample of many columns."""
    close(make()(y[:, 0], p[:, 0], weights), make()(y[:, :1], p[:, :1], weights))


@each_case
def test_weights_of_single_predictions(make, y, p, expected):
    """Weights that are equal within a sample are those of samples, or refused where these are counted."""
    single, metric = np.repeat(WEIGHTS[:, None], 3, axis=1), make()
    if metric._by_element and p.shape[1] == 3 and getattr(metric, "class_id", None) is None:
        close(metric(y, p.astype(float), single), expected(WEIGHTS))
    elif not metric._by_element:
        with pytest.raises(ValueError, match=rf"sample_weight: expected shape \({ROWS},\), got"):
            metric(y, p.astype(float), single)


def test_classes_out_of_range_count_nothing():
    metric = metrics.MeanIoU(2, ignore_class=-1)
    assert metric([0, 1, -1, 7], [0, 1, 0, 0]) == pytest.approx(1)


def test_a_metric_of_your_own():
    class Range(metrics.Metric):
        def __init__(self, name="range", **kwargs):
            super().__init__(name=name, **kwargs)
            self.most = self.add_weight(shape=(), initializer="zeros", name="most")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.most.assign(np.maximum(self.most.numpy(), np.ptp(y_pred)))

        def result(self):
            return float(self.most.numpy())

    metric = Range()
    assert metric([0, 0], [1.0, 3.5]) == 2.5
    assert metric.variables == [metric.most]
    metric.reset_state()
    assert metric.result() == 0


def test_sums_and_wrapped_functions():
    total = metrics.Sum()
    total.update_state([[1, 2], [3, 4]], sample_weight=[1, 10])
    assert total.result() == 73
    mean = metrics.Mean()
    mean.update_state([[1, 3], [3, 5]], sample_weight=[1, 3])
    assert mean.result() == pytest.approx(14 / 4)
    wrapped = metrics.MeanMetricWrapper(lambda t, p, power: (abs(t - p) ** power).mean(-1), name="p", power=3)
    assert wrapped(OTHERS, REALS) == pytest.approx((abs(OTHERS - REALS) ** 3).mean())
    assert wrapped.name == "p"


def test_functions():
    np.testing.assert_array_equal(metrics.binary_accuracy([[1, 0]], [[0.6, 0.6]]), [[1, 0]])
    np.testing.assert_array_equal(metrics.categorical_accuracy(ONE_HOT, P), P.argmax(1) == CLASSES)
    np.testing.assert_array_equal(metrics.sparse_categorical_accuracy(CLASSES, P), P.argmax(1) == CLASSES)
    in_top = [(P[i] > P[i, c]).sum() < 2 for i, c in enumerate(CLASSES)]
    np.testing.assert_array_equal(metrics.top_k_categorical_accuracy(ONE_HOT, P, 2), in_top)
    np.testing.assert_array_equal(metrics.sparse_top_k_categorical_accuracy(CLASSES, P, 2), in_top)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: M.Precision(1.5), "thresholds: .*1.5"),
        (lambda: M.Precision(top_k=0), "top_k: .*0"),
        (lambda: M.Precision(class_id=3)(BITS, P), "class_id: .*3"),
        (lambda: M.AUC(curve="RC"), "curve: .*'RC'"),
        (lambda: M.AUC(summation_method="mid"), "summation_method: .*'mid'"),
        (lambda: M.AUC(num_thresholds=1), "num_thresholds: .*1"),
        (lambda: M.AUC(num_labels=2), "num_labels: .*2"),
        (lambda: M.AUC(multi_label=True, label_weights=[1])(BITS, P), "label_weights: .*3"),
        (lambda: M.SensitivityAtSpecificity(2), "specificity: .*2"),
        (lambda: M.FBetaScore("mean"), "average: .*'mean'"),
        (lambda: M.FBetaScore(beta=0.0), "beta: .*0"),
        (lambda: M.F1Score(threshold=0.0), "threshold: .*0"),
        (lambda: M.IoU(2, [2]), "target_class_ids: .*2"),
        (lambda: M.R2Score("mean"), "class_aggregation: .*'mean'"),
        (lambda: M.TopKCategoricalAccuracy(0), "k: .*0"),
    ],
)
def test_errors_name_the_argument(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("value", [0.0, 2.0, 0.1, 0.3, 1e6 / 3, -7e-5])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_r2_of_constant_targets(value, count, dtype):
    """1 where they are predicted exactly, else 0, whatever rounding makes of their variance."""
    y, spread = np.full((count, 1), value, dtype), np.arange(count, dtype=dtype)[:, None]
    for average in ("uniform_average", "variance_weighted_average"):
        assert metrics.R2Score(average)(y, y) == 1
        assert metrics.R2Score(average)(y, y + 1) == 0
    both = metrics.R2Score(None)(np.hstack([y, spread]), np.hstack([y, spread]))
    np.testing.assert_array_equal(both, [1, 1])
    assert metrics.R2Score()(y + 1000, y + 1000) == 1
    if count > 1:
        assert metrics.R2Score()(1e4 + spread, 1e4 + spread + 0.0) == pytest.approx(1)
        assert metrics.R2Score()(1e4 + spread, np.full_like(spread, 1e4 + spread.mean())) == pytest.approx(
            0, abs=1e-6
        )


@pytest.mark.parametrize("value", [0.0, 1.0, 0.1, 0.3, 1e6 / 3, 1e30])
@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_correlations_of_constants(value, count, dtype):
    """There is none, whatever rounding makes of their variance."""
    constant, other = np.full((1, count), value, dtype), RNG.random((1, count)).astype(dtype)
    for y, p in ((constant, other), (other, constant), (constant, constant)):
        assert np.isnan(metrics.PearsonCorrelation()(y, p))
    assert metrics.ConcordanceCorrelation()(constant, constant) == 0
    if count > 1:
        rows = np.vstack([constant, other])
        assert metrics.PearsonCorrelation()(rows, rows, sample_weight=[0, 1]) == pytest.approx(1)
        shifted = np.float64(other) + 1e6
        assert metrics.PearsonCorrelation()(shifted, shifted * 2) == pytest.approx(1)


def test_top_k_of_one_dimension_is_of_one_sample():
    labels, predictions = [0, 1, 1, 0, 1], [0.1, 0.9, 0.8, 0.7, 0.3]
    for metric in (metrics.Recall, metrics.Precision):
        assert metric(top_k=3)(labels, predictions) == pytest.approx(2 / 3)
        assert metric(top_k=3)(labels, predictions) == metric(top_k=3)([labels], [predictions])
        assert metric(top_k=2)(labels, predictions, sample_weight=[9, 2, 3, 9, 5]) == pytest.approx(
            {metrics.Recall: 0.5, metrics.Precision: 1.0}[metric]
        )
        with pytest.raises(ValueError, match=r"y_pred: expected shape \(samples, classes\), .* got \(5,\)"):
            metric(class_id=1)(labels, predictions)


def test_curves_of_labels_of_one_class():
    """Rates of what does not occur are 0, as everywhere."""
    assert metrics.AUC()([0, 0], [0.1, 0.2]) == 0
    assert metrics.AUC()([1, 1], [0.1, 0.2]) == 0
    assert metrics.AUC(curve="PR")([1, 1], [0.1, 0.2]) == pytest.approx(1)
