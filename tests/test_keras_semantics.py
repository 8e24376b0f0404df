"""Spellings and rules that Keras' users rely on and that no golden number shows."""

import numpy as np
import pytest

import fastnn
from fastnn import activations, initializers, layers, losses, metrics, optimizers

X = np.linspace(-1, 1, 24, dtype="float32").reshape(6, 4)
Y = np.array([0, 1, 0, 1, 1, 0], "float32")


def model(loss="mse", units=1, activation=None, **compiled):
    made = fastnn.Sequential([fastnn.Input((4,)), layers.Dense(units, activation)])
    made.compile("sgd", loss, **compiled)
    return made


@pytest.mark.parametrize("name", ["decay", "beta1"])
def test_an_unknown_argument_of_an_optimizer_is_an_error(name):
    with pytest.raises(TypeError, match=name):
        optimizers.Adam(**{name: 0.1})


def test_arguments_without_effect_are_accepted():
    common = {"use_ema": False, "ema_momentum": 0.9, "ema_overwrite_frequency": None}
    optimizers.RMSprop(loss_scale_factor=None, gradient_accumulation_steps=None, **common)
    layers.Dense(2, kernel_constraint=None, bias_constraint=None, activity_regularizer=None, autocast=True)


@pytest.mark.parametrize(
    ("loss", "metric"),
    [
        (losses.mean_squared_error, losses.mean_squared_error),
        (losses.MeanSquaredError, metrics.MeanSquaredError),
        ("MSE", "MSE"),
        ("MeanSquaredError", "MeanSquaredError"),
    ],
)
def test_a_loss_or_metric_by_function_class_or_name(loss, metric):
    made = model(loss, metrics=[metric])
    for labels in (Y, Y[:, None]):
        by_loss, by_metric = made.evaluate(X, labels, verbose=0)
        assert by_loss == pytest.approx(by_metric, 1e-12) == pytest.approx(model_error(made), 1e-6)


def model_error(made):
    return float(np.square(made(X)[:, 0] - Y).mean())


def test_a_model_trains_on_one_number():
    with pytest.raises(ValueError, match="reduction=None"):
        model(losses.MeanSquaredError(reduction=None))


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
def test_reductions_of_a_call_are_those_of_a_model(reduction):
    weight = np.arange(6, dtype="float32")
    labels, loss = [0, 1, -1, 2, 1, 0], losses.SparseCategoricalCrossentropy(True, -1, reduction)
    made = model(loss, 3)
    expected = loss(labels, made(X), weight)
    np.testing.assert_allclose(made.evaluate(X, labels, sample_weight=weight, verbose=0), expected, 1e-6)


@pytest.mark.parametrize("metric", ["accuracy", "Accuracy", "acc", "ACC"])
def test_accuracy_is_a_family_and_keeps_the_name_given(metric):
    made = model("bce", activation="sigmoid", metrics=[metric])
    assert made.metrics_names == ["loss", metric]
    assert isinstance(made.metrics[0], metrics.BinaryAccuracy)


def test_a_metric_is_what_its_config_says():
    made = metrics.SparseCategoricalCrossentropy("mine", "float64", True, 3)
    again = metrics.get(metrics.serialize(made))
    assert again.get_config() == made.get_config()
    assert again._spec == made._spec
    arguments = {"from_logits": True, "ignore_class": 3, "axis": -1}
    assert made.get_config() == {"name": "mine", "dtype": "float64", **arguments}


def test_class_weight_counts_in_training_only():
    kept = {"validation_split": 0.5, "shuffle": False, "verbose": 0}
    plain = model("bce", activation="sigmoid")
    weighted = model("bce", activation="sigmoid")
    weighted.set_weights(plain.get_weights())
    for one in (plain, weighted):
        one.optimizer.learning_rate = 0
    a = plain.fit(X, Y, **kept).history
    b = weighted.fit(X, Y, class_weight={0: 3.0, 1: 3.0}, **kept).history
    np.testing.assert_allclose(b["loss"], 3 * np.array(a["loss"]), 1e-6)
    assert b["val_loss"] == a["val_loss"]


def test_evaluation_is_in_batches_where_these_can_be_told():
    labels = [0, 1, -1, -1, -1, 0]
    made = model(losses.SparseCategoricalCrossentropy(True, -1), 3)
    parts = [made.evaluate(X[i : i + 3], labels[i : i + 3], verbose=0) for i in (0, 3)]
    assert made.evaluate(X, labels, batch_size=3, verbose=0) == pytest.approx(np.mean(parts))


@pytest.mark.parametrize(
    "first",
    [
        [layers.Dense(2, input_dim=4)],
        [layers.Dense(2, input_shape=(4,))],
        [fastnn.Input(batch_shape=(None, 4)), layers.Dense(2)],
    ],
    ids=["input_dim", "input_shape", "batch_shape"],
)
def test_ways_to_say_the_shape_of_the_input(first):
    assert fastnn.Sequential(first).input_shape == (None, 4)


def test_a_shape_is_given_once():
    with pytest.raises(ValueError, match="shape, batch_shape"):
        fastnn.Input((4,), batch_shape=(None, 4))
    with pytest.raises(ValueError, match="shape, batch_shape"):
        fastnn.Input()


def test_rows_of_no_dimension():
    x = np.array([-1, 2], "float32")
    assert layers.ReLU()(x).tolist() == [0, 2]
    with pytest.raises(ValueError, match="Dense expects rows of at least one dimension"):
        layers.Dense(2)(x)
    with pytest.raises(ValueError, match="axis"):
        layers.Activation("softmax")(x)


def test_rows_of_one_number_may_lack_their_dimension():
    made = fastnn.Sequential([fastnn.Input((1,)), layers.Dense(2)])
    np.testing.assert_array_equal(made.predict(X[:, 0]), made.predict(X[:, :1]))


def test_softmax_of_arrays_is_over_the_last_axis():
    x = np.arange(24.0).reshape(2, 3, 4)
    expected = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    np.testing.assert_allclose(activations.softmax(x), expected, 1e-12)
    np.testing.assert_allclose(activations.softmax(x, 1), activations.softmax(x, -2))


def test_spellings():
    assert activations.get("swish") is activations.swish is activations.silu
    assert initializers.he_normal is initializers.HeNormal
    x = np.array([-1.0, 9.0])
    assert activations.relu(x, 0.5, 4.0).tolist() == [-0.5, 4.0]
    assert activations.leaky_relu(x, 0.5).tolist() == [-0.5, 9.0]
    with pytest.raises(TypeError):
        activations.tanh(x, 1)
