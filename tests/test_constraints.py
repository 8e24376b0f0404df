"""Constraints: on arrays, and on the weights of layers in training."""

import json

import numpy as np
import pytest

import fastnn
from fastnn import constraints, layers
from fastnn.constraints import MaxNorm, MinMaxNorm, NonNeg, UnitNorm


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def scaled(w, axis, least, most, rate):
    norms = np.sqrt((w**2).sum(axis, keepdims=True))
    return w * (rate * np.clip(norms, least, most) + (1 - rate) * norms) / (1e-7 + norms)


CASES = [
    (MaxNorm(1.5), lambda w: scaled(w, 0, 0, 1.5, 1)),
    (MaxNorm(1.5, axis=-1), lambda w: scaled(w, -1, 0, 1.5, 1)),
    (MaxNorm(1.5, axis=[0, 1]), lambda w: scaled(w, (0, 1), 0, 1.5, 1)),
    (UnitNorm(), lambda w: scaled(w, 0, 1, 1, 1)),
    (UnitNorm(axis=1), lambda w: scaled(w, 1, 1, 1, 1)),
    (MinMaxNorm(0.5, 1.5, 0.3), lambda w: scaled(w, 0, 0.5, 1.5, 0.3)),
    (MinMaxNorm(2.5, 3.5, axis=1), lambda w: scaled(w, 1, 2.5, 3.5, 1)),
    (NonNeg(), lambda w: np.maximum(w, 0)),
]
each = pytest.mark.parametrize(("constraint", "formula"), CASES)


@each
def test_formula(constraint, formula):
    for shape in ((5, 4), (1, 3), (3, 2, 4)):
        w = noise(*shape)
        kept = w.copy()
        np.testing.assert_allclose(constraint(w), formula(w), rtol=1e-12)
        assert np.array_equal(w, kept)
    assert constraint(noise(3, 3).astype("float32")).dtype == np.float32


@each
def test_configuration(constraint, formula):
    described = json.loads(json.dumps(constraints.serialize(constraint)))
    assert constraints.serialize(constraints.get(described)) == described


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@each
def test_in_training(constraint, formula, dtype):
    """In C, after the update: the same as the constraint on what an unconstrained model has learned."""
    x, y = noise(8, 6), noise(8, 40, seed=1)
    learned = []
    for given in (None, constraint):
        layer = layers.Dense(40, kernel_constraint=given, dtype=dtype, kernel_initializer=ramp)
        model = fastnn.Sequential([fastnn.Input((6,)), layer])
        model.compile(fastnn.optimizers.SGD(0.5), "mse")
        model.train_on_batch(x, y)
        learned.append((layer.kernel.numpy(), layer.bias.numpy()))
    np.testing.assert_allclose(
        learned[1][0], formula(learned[0][0].astype("float64")), rtol=3e-6 if dtype == "float32" else 1e-12
    )
    assert np.array_equal(learned[0][1], learned[1][1])


def ramp(shape, dtype=None):
    return np.linspace(-1, 1, int(np.prod(shape)), dtype=dtype).reshape(shape)


AXES = [0, 1, 2, 3, -1, [0, 1], [0, 1, 2], [1, 2], [2, 3], [0, 2], [0, 3], [1, 3], [0, 1, 2, 3]]


@pytest.mark.parametrize("axis", AXES)
def test_every_set_of_axes(axis):
    layer = layers.Conv2D(5, 3, kernel_constraint=MaxNorm(0.5, axis=axis), kernel_initializer=ramp)
    model = fastnn.Sequential([fastnn.Input((6, 6, 2)), layer])
    model.compile(fastnn.optimizers.SGD(0.0), "mse")
    model.train_on_batch(noise(2, 6, 6, 2), noise(2, 4, 4, 5))
    axes = tuple(axis) if isinstance(axis, list) else axis
    np.testing.assert_allclose(layer.kernel.value, scaled(ramp((3, 3, 2, 5)), axes, 0, 0.5, 1), rtol=1e-5)


def test_compiled():
    """Axes that are neighbours are a kernel's to do, and so is what is not negative."""
    assert constraints.compiled(MaxNorm(3.0, [0, 1, 2]), (3, 3, 16, 32)) == (1, 144, 32, 0.0, 3.0, 1.0, 1e-7)
    assert constraints.compiled(UnitNorm(-1), (3, 4)) == (3, 4, 1, 1.0, 1.0, 1.0, 1e-7)
    assert constraints.compiled(NonNeg(), (3, 4))[:3] == (1, 0, 12)
    assert constraints.compiled(MaxNorm(3.0, [0, 2]), (3, 3, 16)) is None

    class Halved(MaxNorm):
        def __call__(self, w):
            return super().__call__(w) / 2

    assert constraints.compiled(Halved(), (3, 4)) is None
    with pytest.raises(ValueError, match=r"axis: .*\(3, 4\).*2"):
        constraints.compiled(MaxNorm(axis=2), (3, 4))


def test_large_weights_on_several_threads():
    results = []
    for threads in (1, 2):
        with fastnn.threads(threads):
            layer = layers.Dense(300, kernel_constraint="unit_norm", bias_constraint="non_neg",
                                 kernel_initializer=ramp)  # fmt: skip
            model = fastnn.Sequential([fastnn.Input((200,)), layer])
            model.compile("sgd", "mse")
            model.train_on_batch(noise(64, 200), noise(64, 300))
            results.append(layer.get_weights())
    assert all(np.array_equal(*pair) for pair in zip(*results, strict=True))
    np.testing.assert_allclose(np.linalg.norm(results[0][0], axis=0), 1, rtol=1e-5)
    assert (results[0][1] >= 0).all()


LAYERS = [
    (layers.Dense, (2,), ("kernel", "bias"), (3,)),
    (layers.Conv1D, (2, 2), ("kernel", "bias"), (5, 2)),
    (layers.Conv2D, (2, 2), ("kernel", "bias"), (5, 5, 2)),
    (layers.Conv1DTranspose, (2, 2), ("kernel", "bias"), (5, 2)),
    (layers.Conv2DTranspose, (2, 2), ("kernel", "bias"), (5, 5, 2)),
    (layers.DepthwiseConv1D, (2,), ("depthwise", "bias"), (5, 2)),
    (layers.DepthwiseConv2D, (2,), ("depthwise", "bias"), (5, 5, 2)),
    (layers.SeparableConv1D, (2, 2), ("depthwise", "pointwise", "bias"), (5, 2)),
    (layers.SeparableConv2D, (2, 2), ("depthwise", "pointwise", "bias"), (5, 5, 2)),
    (layers.Embedding, (4, 3), ("embeddings",), (5,)),
    (layers.PReLU, (), ("alpha",), (3,)),
    (layers.BatchNormalization, (), ("gamma", "beta"), (3,)),
    (layers.LayerNormalization, (), ("gamma", "beta"), (3,)),
    (layers.GroupNormalization, (1,), ("gamma", "beta"), (3,)),
    (layers.SimpleRNN, (3,), ("kernel", "recurrent", "bias"), (5, 2)),
    (layers.LSTM, (3,), ("kernel", "recurrent", "bias"), (5, 2)),
    (layers.GRU, (3,), ("kernel", "recurrent", "bias"), (5, 2)),
]


@pytest.mark.parametrize(("cls", "arguments", "names", "row"), LAYERS)
def test_every_layer_takes_them(cls, arguments, names, row):
    """Each constraint reaches its own weight, and the configuration."""
    given = {f"{name}_constraint": MinMaxNorm(0, 1 + i, axis=0) for i, name in enumerate(names)}
    layer = cls(*arguments, **given)
    model = fastnn.Sequential([fastnn.Input(row), layer])
    model.compile("sgd", "mse")
    x = np.ones((4, *row))
    model.train_on_batch(x, np.zeros(model.predict(x, verbose=0).shape))
    found = [v.constraint for v in layer.trainable_weights if v.constraint is not None]
    assert sorted(c.max_value for c in found) == [1.0 + i for i in range(len(names))]
    described = json.loads(json.dumps(layer.get_config()))
    for name in given:
        assert described[name] == constraints.serialize(given[name])
    again = cls.from_config(described)
    assert again.get_config() == layer.get_config()
    assert cls.from_config(cls(*arguments).get_config()).get_config()[next(iter(given))] is None


def test_get():
    assert type(constraints.get("max_norm")) is type(constraints.get("MaxNorm")) is MaxNorm
    assert constraints.get(None) is None
    assert constraints.get(np.abs) is np.abs
    assert constraints.get(NonNeg).get_config() == {}
    assert constraints.max_norm(3).max_value == 3
    with pytest.raises(ValueError, match="constraint: unknown name 'max_nrm'; did you mean 'max_norm'"):
        layers.Dense(2, kernel_constraint="max_nrm")
    with pytest.raises(TypeError, match="constraint: expected a name"):
        constraints.get(3)
    for make in (lambda: MaxNorm(-1), lambda: MaxNorm(axis="x"), lambda: MinMaxNorm(2.0, 1.0)):
        with pytest.raises(ValueError, match="max_value|axis"):
            make()


def test_a_constraint_of_ones_own_that_changes_the_shape_is_refused():
    layer = layers.Dense(2, kernel_constraint=lambda w: w.T)
    model = fastnn.Sequential([fastnn.Input((3,)), layer])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"expected shape \(3, 2\) for weight 'kernel', got \(2, 3\)"):
        model.train_on_batch(np.ones((4, 3)), np.ones((4, 2)))
