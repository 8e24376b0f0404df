"""`Normalization`: given or adapted moments, along any dimensions, and its inverse."""

import numpy as np
import pytest
from harness import check_layer
from kernelcheck import noise

import fastnn
from fastnn.layers import Dense, Normalization

# Here models are trained for what they compute, not to learn.
pytestmark = pytest.mark.filterwarnings("ignore:(normalization|loss):fastnn.FastnnWarning")


@pytest.mark.parametrize(
    ("axis", "row", "kept"), [(-1, (4, 3), 3), (1, (4, 3), 4), (None, (5,), 1), ((1, -1), (4, 2, 3), 12)]
)
def test_normalization(axis, row, kept):
    def oracle(x, mean, variance, count):
        return x  # mean 0 and variance 1, until adapted

    check_layer(Normalization, {"axis": axis}, (2, *row), (2, *row), 2 * kept + 1, oracle)


@pytest.mark.parametrize(
    ("arguments", "mean", "variance"),
    [
        ({"mean": [1, -2, 3.5], "variance": [4, 0.25, 0]}, [1, -2, 3.5], [4, 0.25, 1e-14]),
        ({"mean": 3, "variance": 0.5, "axis": None}, 3, 0.5),
        ({"mean": [1, 2], "variance": [3, 4], "axis": 1}, [[1], [2]], [[3], [4]]),
        ({"mean": [1, 2, 3], "variance": [1, 4, 9], "axis": (1, 2), "invert": True}, [1, 2, 3], [1, 4, 9]),
    ],
)
def test_given_moments(arguments, mean, variance):
    def oracle(x):
        if arguments.get("invert"):
            return x * np.sqrt(variance) + mean
        return (x - mean) / np.sqrt(variance)

    check_layer(Normalization, arguments, (2, 2, 3), (2, 2, 3), 0, oracle)


@pytest.mark.parametrize("axis", [-1, 1, 2, (1, 3), None])
@pytest.mark.parametrize("invert", [False, True])
def test_adapted_moments(dtype, axis, invert):
    x = (5 + 3 * noise(40, 4, 2, 3)).astype(dtype)
    layer = Normalization(axis, invert=invert, dtype=dtype)
    layer.adapt(x)
    kept = () if axis is None else tuple(np.atleast_1d(axis) % 4)
    reduced = tuple(a for a in range(4) if a not in kept)
    mean, deviation = x.mean(reduced, "float64", keepdims=True), x.std(reduced, "float64", keepdims=True)
    expected = x * deviation + mean if invert else (x - mean) / deviation
    np.testing.assert_allclose(layer(x), expected, rtol=0, atol={"float32": 1e-5, "float64": 1e-13}[dtype])
    assert [w.name for w in layer.weights] == ["mean", "variance", "count"]
    assert layer.trainable_weights == []


def test_batches_are_as_good_as_the_whole():
    x = noise(1000, 3) + np.array([0, 100, 1e4])
    whole, parts, pairs = Normalization(dtype="float64"), Normalization(dtype="float64"), Normalization()
    whole.adapt(x)
    parts.adapt(x[i : i + 7] for i in range(0, 1000, 7))
    pairs.adapt([(x[:300], None), (x[300:], None), (x[:0], None)])
    np.testing.assert_allclose(parts.mean.numpy(), whole.mean.numpy(), rtol=1e-14)
    np.testing.assert_allclose(parts.variance.numpy(), whole.variance.numpy(), rtol=1e-9)
    np.testing.assert_allclose(pairs.variance.numpy(), whole.variance.numpy(), rtol=1e-6)


def test_a_model_uses_what_was_adapted_last():
    x = 2 + 3 * noise(50, 4)
    layer = Normalization()
    model = fastnn.Sequential([fastnn.Input((4,)), layer])
    assert np.array_equal(model.predict(x), x.astype("float32"))
    layer.adapt(x)
    np.testing.assert_allclose(model.predict(x), (x - x.mean(0)) / x.std(0), atol=1e-5)
    layer.set_weights([np.zeros(4), np.full(4, 4.0), 0])
    np.testing.assert_allclose(model.predict(x), x / 2, atol=1e-5)


def test_it_does_not_learn_and_what_is_before_it_does():
    normalization = Normalization()
    model = fastnn.Sequential([Dense(3, input_shape=(2,)), normalization])
    normalization.adapt(noise(20, 3) * 4 + 1)
    before = normalization.get_weights()
    model.compile("sgd", "mse")
    kernel = model.get_weights()[0]
    model.fit(noise(20, 2), noise(20, 3), verbose=0)
    for a, b in zip(before, normalization.get_weights(), strict=True):
        assert np.array_equal(a, b)
    assert not np.array_equal(model.get_weights()[0], kernel)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mean": 1.0}, "both or none"),
        ({"mean": [1.0], "variance": 1.0}, "one shape"),
        ({"mean": [[1.0]], "variance": [[1.0]]}, "one shape of at most 1"),
        ({"axis": 1.5}, "axis: .*1.5"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Normalization(**arguments)


@pytest.mark.parametrize("axis", [0, 3, -3, (1, 5)])
def test_bad_axes_are_named(axis):
    with pytest.raises(ValueError, match=r"axis: expected dimensions from 1 to 2 or None, got \("):
        Normalization(axis)(np.ones((2, 3, 4)))


def test_bad_data_are_named():
    with pytest.raises(ValueError, match=r"broadcasts to \(3,\), got \(2,\)"):
        Normalization(mean=[1, 2], variance=[1, 2])(np.ones((2, 3)))
    with pytest.raises(ValueError, match="nothing to adapt"):
        Normalization(axis=None, mean=1, variance=2).adapt(np.ones((2, 3)))
    with pytest.raises(ValueError, match="at least one row"):
        Normalization().adapt([])
    layer = Normalization()
    layer.adapt(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"rows of shape \(3,\), got \(4,\)"):
        layer.adapt(np.ones((2, 4)))
