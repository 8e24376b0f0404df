"""`ActivityRegularization`, and `activity_regularizer` of other layers."""

import copy
import json

import numpy as np
import pytest
from gradcheck import check_gradients
from harness import check_layer

import fastnn
from fastnn import layers
from fastnn.layers import ActivityRegularization, Dense
from fastnn.regularizers import L1L2

RNG = np.random.default_rng(0)


def test_all_that_holds_for_layers():
    check_layer(ActivityRegularization, {"l1": 0.01, "l2": 0.02}, (4, 5, 3), (4, 5, 3), 0, lambda x: x)


def penalty(y, l1, l2):
    return (l1 * np.abs(y).sum() + l2 * np.square(y).sum()) / len(y)


@pytest.mark.parametrize("rows", [1, 7, 64])
def test_the_penalty_is_divided_by_the_rows(dtype, rows):
    x, target = RNG.standard_normal((2, rows, 6)).astype(dtype)
    model = fastnn.Sequential(
        [
            fastnn.Input((6,), dtype=dtype),
            Dense(5, "tanh", activity_regularizer=L1L2(0.1, 0.2)),
            ActivityRegularization(0.03, 0.04),
            Dense(6),
        ]
    )
    model.compile("sgd", "mse", metrics=["mae"])
    hidden = fastnn.Sequential(model.layers[:1]).predict(x)
    expected = np.square(model.predict(x) - target).mean() + penalty(hidden, 0.13, 0.24)
    found = model.evaluate(x, target, batch_size=rows, verbose=0)
    np.testing.assert_allclose(found[0], expected, rtol=1e-5)
    np.testing.assert_allclose(model.train_on_batch(x, target)[0], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("layer", "row"),
    [
        (Dense(3, "relu", activity_regularizer="l1"), (4,)),
        (Dense(3, "gelu", activity_regularizer="l2"), (4,)),
        (Dense(3, "softmax", activity_regularizer="l1l2"), (4,)),
        (layers.Conv2D(2, 3, activation="tanh", activity_regularizer=L1L2(0.1, 0.2)), (6, 5, 2)),
        (layers.SeparableConv1D(2, 3, activity_regularizer="l2"), (6, 3)),
        (layers.Conv1DTranspose(2, 3, activity_regularizer="l2"), (6, 3)),
        (layers.DepthwiseConv2D(3, activation="elu", activity_regularizer="l2"), (6, 5, 2)),
        (layers.LSTM(3, activity_regularizer="l2"), (4, 2)),
        (layers.GRU(3, return_sequences=True, activity_regularizer="l1"), (4, 2)),
        (layers.SimpleRNN(3, activity_regularizer=L1L2(0.5, 0.25)), (4, 2)),
        (layers.BatchNormalization(activity_regularizer="l2"), (4,)),
    ],
    ids=lambda v: type(v).__name__ if isinstance(v, layers.Layer) else "",
)
@pytest.mark.parametrize("last", [True, False])
def test_gradients_of_layers(layer, row, last):
    layer = type(layer).from_config(layer.get_config() | {"dtype": "float64"})
    model = fastnn.Sequential([fastnn.Input(row, dtype="float64"), Dense(row[-1]), layer])
    if not last:
        model.add(layers.Flatten())
        model.add(Dense(2))
    x = RNG.standard_normal((5, *row))
    check_gradients(model, "mse", x, RNG.standard_normal(model.predict(x).shape))


@pytest.mark.parametrize(
    ("activation", "loss"), [("sigmoid", "binary_crossentropy"), ("softmax", "categorical_crossentropy")]
)
def test_losses_that_know_the_activation(activation, loss):
    start = fastnn.Input((4,), dtype="float64")
    model = fastnn.Sequential([start, Dense(3, activation, activity_regularizer=L1L2(0.1, 0.2))])
    x, y = RNG.standard_normal((6, 4)), np.eye(3)[[0, 1, 2, 0, 1, 2]]
    check_gradients(model, loss, x, y)


def test_configs():
    layer = Dense(3, activity_regularizer=L1L2(0.1, 0.2))
    config = json.loads(json.dumps(layer.get_config()))
    assert config["activity_regularizer"] == {"class_name": "L1L2", "config": {"l1": 0.1, "l2": 0.2}}
    assert Dense.from_config(config).activity_regularizer.l2 == 0.2
    assert "activity_regularizer" not in Dense(3).get_config()
    assert ActivityRegularization(0.5, 0.25).get_config()["l1"] == 0.5


def test_bad_factors():
    with pytest.raises(ValueError, match="l1: expected a finite number of at least 0, got -1"):
        ActivityRegularization(l1=-1)
    with pytest.raises(ValueError, match="regularizer: unknown name"):
        Dense(3, activity_regularizer="l3")


def test_a_function_as_a_regularizer():
    def own(y):
        return 0.1 * (y * y).sum()

    x = np.random.default_rng(0).standard_normal((6, 3))
    found = []
    for penalty in (own, fastnn.regularizers.L2(0.1)):
        fastnn.utils.set_random_seed(0)
        layers = [Dense(4, "tanh", activity_regularizer=penalty), Dense(2, activity_regularizer=penalty)]
        model = fastnn.Sequential([fastnn.Input((3,), dtype="float64"), *layers])
        model.compile(fastnn.optimizers.SGD(0.1), "mse")
        history = model.fit(x, x[:, :2], epochs=3, verbose=0).history["loss"]
        found.append([history, *model.get_weights(), model.evaluate(x, x[:, :2], verbose=0)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10)


@pytest.mark.filterwarnings("ignore:model.*reach no loss")
def test_an_output_without_a_loss():
    """Its gradient is zero, and that of the penalty on it."""
    x = np.random.default_rng(0).standard_normal((6, 3))
    for penalty in (None, "l2"):
        found = []
        for outputs in (1, 2):
            fastnn.utils.set_random_seed(0)
            start = fastnn.Input((3,), dtype="float64")
            hidden = Dense(4, "tanh")(start)
            y, z = Dense(2)(hidden), Dense(2, activity_regularizer=penalty)(hidden)
            model = fastnn.Model(start, [y, z])
            model.compile(fastnn.optimizers.SGD(0.1), ["mse", None])
            model.fit(x, [x[:, :2], None], epochs=3 * outputs, verbose=0)
            found.append(model.layers[-1].get_weights()[0])
        assert np.isfinite(found[1]).all()
        assert np.array_equal(*found) == (penalty is None)


def test_what_is_assigned_to_a_copy_leaves_the_layer_as_it_is():
    layer = ActivityRegularization(0.5, 0.25)
    other = copy.copy(layer)
    other.l1, other.l2 = 2, 3
    assert (layer.l1, layer.l2, other.l1, other.l2) == (0.5, 0.25, 2.0, 3.0)
    assert other([[1.0]]).tolist() == [[1.0]]
    with pytest.raises(ValueError, match="l1: expected"):
        other.l1 = -1
    assert other.get_config()["l1"] == 2.0
