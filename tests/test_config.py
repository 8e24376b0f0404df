"""The default dtype and the fuzz factor."""

import numpy as np
import pytest

from fastnn import Input, Model, config, layers
from fastnn.checks import real_number, whole_number


@pytest.fixture(autouse=True)
def restore():
    floatx, epsilon = config.floatx(), config.epsilon()
    yield
    config.set_floatx(floatx)
    config.set_epsilon(epsilon)


def test_defaults():
    assert config.floatx() == "float32"
    assert config.epsilon() == 1e-7


@pytest.mark.parametrize("value", ["float64", np.float64, np.dtype("float64"), np.dtype(">f8"), float])
def test_set_floatx(value):
    config.set_floatx(value)
    assert config.floatx() == "float64"


@pytest.mark.parametrize(
    "value", [None, "float16", "int32", "f8", "", 32, int, np.int64, str, ["float32"], b"float32"]
)
def test_set_floatx_refuses(value):
    with pytest.raises(ValueError, match=r"value: expected 'float32' or 'float64', got "):
        config.set_floatx(value)
    assert config.floatx() == "float32"


def test_check_floatx_names_the_argument():
    with pytest.raises(ValueError, match=r"dtype: expected .* got 'half'"):
        config.check_floatx("half", "dtype")


def test_set_epsilon():
    config.set_epsilon(np.float64(1e-5))
    assert config.epsilon() == 1e-5
    assert type(config.epsilon()) is float


@pytest.mark.parametrize("value", [0, -1e-7, 1, np.nan, np.inf, None, "1e-7", True, 1j])
def test_set_epsilon_refuses(value):
    with pytest.raises(ValueError, match="value: expected "):
        config.set_epsilon(value)
    assert config.epsilon() == 1e-7


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.int8(2), np.uint64(2)])
def test_real_number(value):
    assert real_number(value, "x", least=2) == 2.0
    assert type(real_number(value, "x")) is float


@pytest.mark.parametrize("value", [True, np.True_, None, "2", 2j, np.nan, -np.inf, np.array(2.0), [2.0], 1.9])
def test_real_number_refuses(value):
    with pytest.raises(ValueError, match="x: expected a finite number of at least 2, got "):
        real_number(value, "x", least=2)


@pytest.mark.parametrize("value", [2, np.int8(2), np.uint64(2)])
def test_whole_number(value):
    assert whole_number(value, "x") == 2
    assert type(whole_number(value, "x")) is int


@pytest.mark.parametrize("value", [True, np.True_, None, "2", 2.0, np.float32(2), np.array(2), -1])
def test_whole_number_refuses(value):
    with pytest.raises(ValueError, match="x: expected an integer of at least 0, got "):
        whole_number(value, "x")


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.Dense(2),
        lambda: layers.Conv1D(2, 2),
        lambda: layers.LayerNormalization(),
        lambda: layers.BatchNormalization(),
        lambda: layers.PReLU(),
        lambda: layers.GRU(3),
        lambda: layers.Bidirectional(layers.LSTM(2)),
        lambda: layers.TimeDistributed(layers.Dense(2)),
    ],
    ids=["dense", "conv", "layer_norm", "batch_norm", "prelu", "gru", "bidirectional", "time_distributed"],
)
def test_weights_made_before_the_dtype_is_known_are_converted(make):
    """Weights of a layer that is built by itself have the default dtype, its model may have another."""
    x = np.random.default_rng(0).random((4, 3, 3))
    early, late = make(), make()
    early.build(x.shape)
    models = []
    for layer in (early, late):
        start = Input(x.shape[1:], dtype="float64")
        models.append(Model(start, layer(start)))
    models[1].set_weights(models[0].get_weights())
    assert {weight.dtype for weight in early.get_weights()} == {np.dtype("float64")}
    expected = models[1].predict(x, verbose=0)
    np.testing.assert_allclose(models[0].predict(x, verbose=0), expected, rtol=1e-12)


def test_moments_found_before_the_dtype_is_known_are_converted():
    x = np.random.default_rng(0).random((50, 3))
    layer = layers.Normalization()
    layer.adapt(x)
    start = Input((3,), dtype="float64")
    scaled = Model(start, layer(start)).predict(x, verbose=0)
    np.testing.assert_allclose(scaled.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(scaled.std(0), 1, rtol=1e-6)
