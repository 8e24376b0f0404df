"""Losses as objects and functions of arrays; in models they are in test_dense.py and test_fit.py."""

import json

import numpy as np
import pytest
from formulas import LOSSES, binary_crossentropy, crossentropy, sigmoid, softmax

import fastnn
from fastnn import losses
from fastnn.layers import Dense

# Here models are trained for what they compute, not to learn.
pytestmark = pytest.mark.filterwarnings("ignore:loss. :fastnn.FastnnWarning")


RNG = np.random.default_rng(0)
REALS, OTHERS = RNG.standard_normal((2, 7, 4, 3))
P = softmax(REALS)
CLASSES = RNG.integers(0, 3, (7, 4))
ONE_HOT = np.eye(3)[CLASSES]
BITS = RNG.integers(0, 2, (7, 4, 3)).astype(float)
CE = crossentropy(P, ONE_HOT)
FOCAL = (BITS * (1 - P) + (1 - BITS) * P) ** 2 * -np.log(np.where(BITS == 1, P, 1 - P))
FADED = -((1 - P[ONE_HOT == 1].reshape(7, 4)) ** 2) * np.log(P[ONE_HOT == 1].reshape(7, 4))


def case_of(cls):
    """The formula of a loss class, as a row of `CASES`."""
    name = losses.registry.name_of(cls)
    formula = LOSSES[name]
    x, t = formula.arrays((7, 4, 3))
    return cls(reduction="sum_over_batch_size", **formula.arguments), t, x, formula.values(x, t)


ALL = [cls for cls in losses.registry.classes() if cls is not losses.RootMeanSquaredError]
# Loss, labels, predictions, and the value of each sample.
CASES = {losses.registry.name_of(cls): case_of(cls) for cls in ALL} | {
    "hinge_signs": (losses.Hinge(), 2 * BITS - 1, REALS, LOSSES["hinge"].values(REALS, BITS)),
    "bce_logits": (losses.BinaryCrossentropy(True), BITS, REALS, binary_crossentropy(sigmoid(REALS), BITS)),
    "bce_smooth": (losses.BinaryCrossentropy(False, 0.2), BITS, P, binary_crossentropy(P, BITS * 0.8 + 0.1)),
    "cce_logits": (losses.CategoricalCrossentropy(True), ONE_HOT, REALS, CE),
    "cce_smooth": (losses.CategoricalCrossentropy(False, 0.3), ONE_HOT, P, crossentropy(P, ONE_HOT * 0.7 + 0.1)),  # noqa: E501
    "focal": (losses.BinaryFocalCrossentropy(), BITS, P, FOCAL.mean(-1)),
    "focal_logits": (losses.BinaryFocalCrossentropy(from_logits=True), BITS, np.log(P / (1 - P)), FOCAL.mean(-1)),  # noqa: E501
    "focal_classes": (losses.CategoricalFocalCrossentropy(), ONE_HOT, P, 0.25 * FADED),
    "focal_class_logits": (losses.CategoricalFocalCrossentropy(0.5, from_logits=True), ONE_HOT, REALS, 0.5 * FADED),  # noqa: E501
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
        np.testing.assert_allclose(values, expected, rtol=tolerance, atol=tolerance)
    assert isinstance(loss(y, p), np.dtype(dtype).type)
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


def test_the_root_of_all():
    loss, square = losses.RootMeanSquaredError(), (REALS - OTHERS) ** 2
    weights = RNG.random((7, 4))
    assert loss(OTHERS, REALS) == pytest.approx(np.sqrt(square.mean()))
    assert loss(OTHERS, REALS, weights) == pytest.approx(np.sqrt((square.mean(-1) * weights).mean()))
    assert reduced(loss, "sum")(OTHERS, REALS) == pytest.approx(np.sqrt(square.mean(-1).sum()))
    np.testing.assert_allclose(losses.root_mean_squared_error(OTHERS, REALS), np.sqrt(square.mean(-1)))


def test_a_model_descends_along_the_root():
    """One step of plain descent is minus the gradient, which central differences of the loss know as well."""
    x, y = RNG.standard_normal((2, 6, 2))
    model = fastnn.Sequential([fastnn.Input((2,), dtype="float64"), Dense(2, use_bias=False)])
    model.compile(fastnn.optimizers.SGD(1.0), "rmse")
    (start,) = model.get_weights()
    assert model.train_on_batch(x, y) == pytest.approx(np.sqrt(((x @ start - y) ** 2).mean()))
    step = start - model.get_weights()[0]
    for at in np.ndindex(start.shape):
        ends = []
        for shift in (1e-6, -1e-6):
            moved = start.copy()
            moved[at] += shift
            ends.append(losses.RootMeanSquaredError()(y, x @ moved))
        assert step[at] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-7)


def test_nothing_to_learn_where_the_root_is_zero():
    model = fastnn.Sequential([fastnn.Input((2,)), Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "rmse")
    assert model.train_on_batch(np.ones((3, 2)), np.zeros((3, 1))) == 0
    assert not model.get_weights()[0].any()


def test_a_batch_of_roots_is_evaluated_as_such():
    model = fastnn.Sequential([fastnn.Input((3,), dtype="float64"), Dense(3)])
    model.compile("sgd", "rmse")
    x, y = REALS[:, 0], OTHERS[:, 0]
    error = ((model.predict(x) - y) ** 2).mean(1)
    parts = [np.sqrt(error[i : i + 2].mean()) for i in range(0, 7, 2)]
    assert model.evaluate(x, y, batch_size=2, verbose=0) == pytest.approx(
        np.average(parts, weights=[2, 2, 2, 1])
    )


def test_weights_of_steps():
    """A sequence is its steps: weights, losses and gradients are those of a model of single steps."""
    weights = RNG.random((7, 4))
    made = []
    for x, y, w in ((REALS, OTHERS, weights), (REALS.reshape(28, 3), OTHERS.reshape(28, 3), weights.ravel())):
        model = fastnn.Sequential(
            [fastnn.Input(x.shape[1:], dtype="float64"), Dense(3, kernel_initializer="ones")]
        )
        model.compile(fastnn.optimizers.SGD(0.5), "mse", metrics=["mae"], weighted_metrics=["mse"])
        made.append([model.evaluate(x, y, sample_weight=w, verbose=0), model.train_on_batch(x, y, w)])
        model.fit(x, y, sample_weight=w, batch_size=len(x), verbose=0)
        made[-1].append(np.ravel(model.get_weights()[0]))
    for sequence, single in zip(*made, strict=True):
        np.testing.assert_allclose(sequence, single)
    with pytest.raises(ValueError, match=r"sample_weight: expected shape \(28,\), got \(7, 4\)"):
        model.evaluate(x, y, sample_weight=weights, verbose=0)


def test_weights_of_steps_that_a_mask_leaves_out():
    x, weights = REALS.copy(), RNG.random((7, 4))
    x[:, 3] = 0
    model = fastnn.Sequential([fastnn.Input((4, 3), dtype="float64"), fastnn.layers.Masking(), Dense(3)])
    model.compile("sgd", "mse", weighted_metrics=["mae"])
    kept = weights[:, :3]
    error = model.predict(x)[:, :3] - OTHERS[:, :3]
    loss, mae = model.evaluate(x, OTHERS, sample_weight=weights[..., None], verbose=0)
    assert loss == pytest.approx(((error**2).mean(-1) * kept).sum() / kept.size)
    assert mae == pytest.approx(np.average(abs(error).mean(-1), weights=kept))


def test_roots_and_counts_of_several_outputs():
    x, y = REALS[:, 0], OTHERS[:, 0]
    inputs = fastnn.Input((3,), dtype="float64")
    model = fastnn.Model(inputs, [Dense(3, name="a")(inputs), Dense(3, "sigmoid", name="b")(inputs)])
    model.compile(
        "sgd", ["rmse", "bce"], loss_weights=[3.0, 0.5], metrics=[[], [fastnn.metrics.Precision(name="p")]]
    )
    labels = BITS[:, 0]
    first, second = model.predict(x)
    got = model.evaluate(x, [y, labels], verbose=0, batch_size=7, return_dict=True)
    root, bce = np.sqrt(((first - y) ** 2).mean()), binary_crossentropy(second, labels).mean()
    assert got["loss"] == pytest.approx(3 * root + 0.5 * bce)
    assert got["a_loss"] == pytest.approx(root)
    assert got["b_p"] == pytest.approx(labels[second > 0.5].mean())


def test_overlap():
    t, p = BITS[:, 0], P[:, 0]
    both = (t * p).sum()
    assert losses.Dice()(t, p) == pytest.approx(1 - 2 * both / (t.sum() + p.sum()))
    missed, beyond = (t * (1 - p)).sum(-1), (p * (1 - t)).sum(-1)
    rows = 1 - (t * p).sum(-1) / ((t * p).sum(-1) + 0.3 * missed + 0.7 * beyond + 1e-7)
    np.testing.assert_allclose(losses.tversky(t, p, 0.3, 0.7, axis=-1), rows)
    assert losses.Tversky(0.3, 0.7, axis=[1])(t, p) == pytest.approx(rows.mean())
    chosen = P[ONE_HOT == 1].reshape(7, 4)
    loss = losses.CategoricalGeneralizedCrossEntropy(0.7)
    assert loss(CLASSES, P) == pytest.approx(((1 - chosen**0.7) / 0.7).mean())


def test_a_loss_of_your_own():
    class Bias(losses.Loss):
        def call(self, y_true, y_pred):
            return (y_pred - y_true).mean(-1)

    values, weights = (REALS - OTHERS).mean(-1), RNG.random((7, 4))
    assert Bias()(OTHERS, REALS) == pytest.approx(values.mean())
    assert Bias(reduction="sum")(OTHERS, REALS, weights) == pytest.approx((values * weights).sum())
    by_weight = Bias(reduction="mean_with_sample_weight")(OTHERS, REALS, weights)
    assert by_weight == pytest.approx(np.average(values, weights=weights))
    np.testing.assert_allclose(Bias(reduction=None)(OTHERS, REALS), values)
    with pytest.raises(ValueError, match="sample_weight"):
        Bias()(OTHERS, REALS, np.ones(5))


@each_case
def test_what_is_not_a_number_is_seen(loss, y, p, expected):
    x = np.array(p[:1], float)
    if y.ndim < p.ndim:
        x[0, 0] = np.nan
    x[0, 0, 0] = np.nan
    assert np.isnan(loss(y[:1], x))


@pytest.mark.parametrize("cls", [cls for cls in losses.registry.classes() if cls._symmetric])
def test_symmetric_losses(cls):
    np.testing.assert_allclose(cls()(OTHERS, REALS), cls()(REALS, OTHERS), rtol=1e-12)


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
    np.testing.assert_allclose(losses.mean_squared_error(OTHERS, REALS), ((REALS - OTHERS) ** 2).mean(-1))
    np.testing.assert_allclose(losses.mean_absolute_error(OTHERS, REALS), abs(REALS - OTHERS).mean(-1))
    np.testing.assert_allclose(losses.sparse_categorical_crossentropy(CLASSES, P), CE)


@each_case
def test_functions_and_calls_are_differentiated(loss, y, p, expected):
    one, other = fastnn.Tensor(p), fastnn.Tensor(p)
    values = loss.call(y, one)
    np.testing.assert_array_equal(values.data, loss.call(y, p))
    values.mean().backward()
    loss(y, other).backward()
    np.testing.assert_allclose(one.grad, other.grad, rtol=1e-12, atol=1e-15)


def test_a_function_is_part_of_a_loss_of_your_own():
    def twice(y_true, y_pred):
        return losses.mean_squared_error(y_true, y_pred) + abs(y_pred).mean(axis=-1)

    model = fastnn.Sequential([fastnn.Input((1,)), Dense(1, kernel_initializer="ones")])
    model.compile(fastnn.optimizers.SGD(0.1), twice)
    model.train_on_batch([[2.0], [2.0]], [[1.0], [1.0]])  # by the weight: (2 (2 - 1) + 1) * 2
    assert model.get_weights()[0][0, 0] == pytest.approx(1 - 0.1 * 6)


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
        (lambda: losses.CategoricalCrossentropy(axis="1"), "axis: .*'1'"),
        (lambda: losses.Huber("1"), "delta: .*'1'"),
        (lambda: losses.CosineSimilarity(axis=0.5), "axis: .*0.5"),
        (lambda: losses.CategoricalFocalCrossentropy(alpha=[0.1, 0.9]), "alpha: .*0.9"),
        (lambda: losses.BinaryFocalCrossentropy(gamma=-1), "gamma: .*-1"),
        (lambda: losses.CategoricalGeneralizedCrossEntropy(1.0), "q: .*1.0"),
        (lambda: losses.CategoricalGeneralizedCrossEntropy()([0, 3], P[0, :2]), "y_true: .*0 to 2, got 3 in row 1"),  # noqa: E501
        (lambda: losses.CategoricalGeneralizedCrossEntropy()([0, -1], P[0, :2]), "y_true: .*got -1 in row 1"),
        (lambda: losses.CategoricalGeneralizedCrossEntropy()([0, 0.5], P[0, :2]), "y_true: .*0.5"),
        (lambda: losses.CategoricalGeneralizedCrossEntropy()(P[0], P[0]), "y_true: .*one-hot labels"),
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


def test_a_number_is_no_loss():
    with pytest.raises(TypeError, match="loss: expected a name"):
        losses.get(3)


def test_every_loss_has_a_formula():
    assert {losses.registry.name_of(cls) for cls in losses.registry.classes()} == LOSSES.keys()


# ---- several losses -------------------------------------------------------------------------------------


def own_loss(y_true, y_pred):
    return abs(y_true - y_pred).mean(-1) * 3


def two_outputs(masked=False):
    inputs = fastnn.Input((4, 3), dtype="float64")
    hidden = fastnn.layers.Masking()(inputs) if masked else inputs
    return fastnn.Model(inputs, {"a": Dense(3, name="da")(hidden), "b": Dense(3, name="db")(hidden)})


@pytest.mark.filterwarnings("ignore:model. 2 of its weights reach no loss")
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("loss", "weights"),
    [
        ({"a": "mse", "b": ["mse"]}, None),
        ({"a": ["mse"], "b": [losses.MeanSquaredError()]}, None),
        ([["mse"], "mse"], None),
        ({"a": ["mse", "mae"], "b": "huber"}, None),
        ([["mse", own_loss], ["mae", "huber", own_loss]], None),
        ({"a": ["mse", "mae"], "b": "huber"}, {"a": [0.5, 2.0], "b": 3.0}),
        ({"a": ["mse", "mae"], "b": "huber"}, {"a": 0.5}),
        ({"a": ["mse", "mae"]}, None),
    ],
)
def test_losses_nested_in_lists_add_up(loss, weights, masked):
    """Each output trains on the sum of its losses, as if each were written out."""
    x, labels = REALS.copy(), {"a": OTHERS, "b": OTHERS + 1}
    if masked:
        x[:, 3] = 0
    model = two_outputs(masked)
    model.compile(fastnn.optimizers.SGD(0.1), loss, loss_weights=weights)
    given = loss if isinstance(loss, dict) else dict(zip("ab", loss, strict=True))
    expected, gradients, total = {}, {}, 0.0
    for name, entry in given.items():
        entries = entry if isinstance(entry, list) else [entry]
        factor = (weights or {}).get(name, 1.0)
        factors = factor if isinstance(factor, list) else [factor] * len(entries)
        tensor = fastnn.Tensor(model.predict(x)[name])
        rows = slice(None, 3) if masked else slice(None)
        parts = [losses.get(one)(labels[name][:, rows], tensor[:, rows]) for one in entries]
        expected[f"{name}_loss"] = sum(map(float, parts))
        weighted = sum(part * f for part, f in zip(parts, factors, strict=True))
        total += float(weighted)
        weighted.backward()
        gradients[name] = tensor.grad
    expected = {"loss": total} | (expected if len(given) > 1 else {})
    got = model.train_on_batch(x, labels, return_dict=True)
    assert got == pytest.approx(expected)
    for name, gradient in gradients.items():
        layer = model.get_layer("d" + name)
        np.testing.assert_allclose(layer.bias.value, -0.1 * gradient.sum((0, 1)), rtol=1e-9)
    evaluated = model.evaluate(x, labels, batch_size=7, verbose=0, return_dict=True)
    assert list(evaluated) == list(expected)


def test_several_losses_of_the_only_output():
    model = fastnn.Sequential([fastnn.Input((3,), dtype="float64"), Dense(3)])
    x, y = REALS[:, 0], OTHERS[:, 0]
    model.compile("sgd", ["mse", "mae"], loss_weights=[2.0, 1.0])
    p = model.predict(x)
    both = 2 * ((p - y) ** 2).mean() + abs(p - y).mean()
    assert model.evaluate(x, y, verbose=0) == pytest.approx(both)
    with pytest.raises(ValueError, match="loss: expected losses of one output that take the same labels"):
        model.compile("sgd", ["mse", "sparse_categorical_crossentropy"])
    with pytest.raises(
        ValueError,
        match="loss_weights: expected one number for an output, or one for each of its 2 losses, got",
    ):
        model.compile("sgd", ["mse", "mae"], loss_weights=[1.0, 2.0, 3.0])


def test_labels_nested_as_the_outputs():
    inputs = fastnn.Input((3,), dtype="float64")
    a, b, c = (Dense(3, name=name)(inputs) for name in "abc")
    model = fastnn.Model(inputs, [[a, b], c])
    x, y = REALS[:, 0], [OTHERS[:, i] for i in range(3)]
    results = []
    for loss, labels, weights in (
        (["mse", "mae", "mse"], y, None),
        ([["mse", "mae"], "mse"], [[y[0], y[1]], y[2]], [[np.ones(7)] * 2, np.ones(7)]),
        ([["mse", "mae"], "mse"], [(y[0], y[1]), y[2]], np.ones(7)),
    ):
        model.compile("sgd", loss)
        results.append(model.evaluate(x, labels, sample_weight=weights, verbose=0))
    assert results[0] == results[1] == results[2]
    with pytest.raises(ValueError, match="y: expected a list of 3 arrays"):
        model.evaluate(x, [[y[0], y[1]], [y[2], y[2]]], verbose=0)


@pytest.mark.parametrize("loss", [losses.Dice, losses.Tversky])
@pytest.mark.parametrize(
    ("shape", "axis", "message"),
    [
        ((2, 4), None, r"y_true: expected the shape of y_pred, \(2, 3\), got \(2, 4\)"),
        ((2, 1), None, r"y_true: expected the shape of y_pred, \(2, 3\), got \(2, 1\)"),
        ((2, 3), 2, r"axis: expected axes of predictions of shape \(2, 3\), got 2"),
        ((2, 3), [0, -3], r"axis: .*got \(0, -3\)"),
        ((2, 3), "x", "axis: .*'x'"),
        ((2, 3), [1.5], "axis: .*1.5"),
    ],
)
def test_overlap_of_other_shapes(loss, shape, axis, message):
    with pytest.raises(ValueError, match=message):
        loss(axis=axis)(np.ones(shape), np.ones((2, 3)))
