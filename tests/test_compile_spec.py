"""`compile` fixes what a model is trained for; what is changed afterwards counts at the next `compile`."""

import numpy as np
import pytest

import fastnn
from fastnn.layers import LSTM, BatchNormalization, Bidirectional, Dense, Dropout, SimpleRNN, TimeDistributed
from fastnn.training.compile_spec import CompileSpec


def data(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def changed(model, train):
    """Which weights a training changes, in their order."""
    before = model.get_weights()
    train()
    return [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]


class Scale(fastnn.layers.Layer):
    """A layer of the user's own, with a layer inside."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = Dense(3)

    def build(self, input_shape):
        self.factor = self.add_weight(shape=(), initializer="ones", name="factor")

    def call(self, x):
        return self.inner(x) * self.factor


class Subclassed(fastnn.Model):
    def __init__(self):
        super().__init__()
        self.first, self.last = Dense(4, "relu"), Dense(2)

    def call(self, x):
        return self.last(self.first(x))


def nested():
    inner = fastnn.Sequential([fastnn.Input((3,)), Dense(4, "tanh"), Dense(3)])
    return fastnn.Sequential([fastnn.Input((3,)), inner, Dense(2)])


MODELS = {
    "dense": lambda: fastnn.Sequential([fastnn.Input((3,)), Dense(4, "relu"), Dense(2)]),
    "not built": lambda: fastnn.Sequential([Dense(4, "relu"), Dense(2)]),
    "normalized": lambda: fastnn.Sequential([fastnn.Input((3,)), Dense(4), BatchNormalization(), Dense(2)]),
    "nested": nested,
    "own layer": lambda: fastnn.Sequential([fastnn.Input((3,)), Scale(), Dense(2)]),
    "subclassed": Subclassed,
}
WAYS = {
    "fit": lambda model, x, y: model.fit(x, y, verbose=0),
    "train_on_batch": lambda model, x, y: model.train_on_batch(x, y),
    "batches": lambda model, x, y: model.fit(((x[:4], y[:4]), (x[4:], y[4:])).__iter__(), verbose=0),
    "weighted": lambda model, x, y: model.fit(x, y, sample_weight=np.ones(len(x)), verbose=0),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", MODELS)
def test_what_trains_is_fixed_by_compile(kind, way):
    """Freezing a layer later, or the whole model, changes nothing until the next `compile`."""
    x, y = data(8, 3), data(8, 2)
    fastnn.utils.set_random_seed(3)
    model = MODELS[kind]()
    model.compile("sgd", "mse")
    layers = model.layers
    layers[0].trainable = False
    first = changed(model, lambda: WAYS[way](model, x, y)) if model.built else None
    model.trainable = False
    if first is None:
        WAYS[way](model, x, y)
    assert all(changed(model, lambda: WAYS[way](model, x, y))) or kind == "normalized"
    model.trainable = True
    layers[0].trainable = False
    model.compile("sgd", "mse")
    layers[0].trainable = True
    found = dict(
        zip([id(v) for v in model.weights], changed(model, lambda: WAYS[way](model, x, y)), strict=True)
    )
    frozen = {id(v) for v in layers[0].weights}
    assert not any(found[v] for v in frozen)
    assert any(found[v] for v in found.keys() - frozen)


def test_a_length_seen_later_trains_the_same_weights():
    """The plan for it is made after the layer has been frozen."""
    model = fastnn.Sequential([fastnn.Input((None, 1)), SimpleRNN(1), Dense(1)])
    model.compile("sgd", "mse")

    def train(length):
        return changed(model, lambda: model.train_on_batch(data(4, length, 1) + 1, data(4, 1) + 3))

    assert all(train(3))
    model.layers[0].trainable = False
    assert all(train(3))
    assert all(train(4))
    model.compile("sgd", "mse")
    for length in (3, 4, 5):
        assert train(length) == [False, False, False, True, True]
    model.layers[0].trainable = True
    for length in (3, 6):
        assert train(length) == [False, False, False, True, True]


@pytest.mark.parametrize(
    "wrap",
    [lambda: Bidirectional(LSTM(2)), lambda: TimeDistributed(Dense(2)), lambda: Scale()],
    ids=["Bidirectional", "TimeDistributed", "Scale"],
)
def test_layers_inside_layers(wrap):
    layer = wrap()
    shape = (4, 3) if not isinstance(layer, Scale) else (3,)
    model = fastnn.Sequential([fastnn.Input(shape), layer, Dense(1)])
    model.compile("sgd", "mse")
    inner = layer._sublayers[0]
    inner.trainable = False
    x = data(6, *shape)
    y = np.ones((6, *model.output_shape[1:]))
    assert all(changed(model, lambda: model.fit(x, y, verbose=0)))
    model.compile("sgd", "mse")
    inner.trainable = True
    found = dict(zip(map(id, model.weights), changed(model, lambda: model.fit(x, y, verbose=0)), strict=True))
    assert [found[id(v)] for v in inner.weights] == [False] * len(inner.weights)
    assert any(found.values())


def test_frozen_statistics_are_those_of_compile():
    """Batch normalization uses its moving statistics while it is frozen: as `compile` saw it."""
    x = data(32, 3) * 5 + 2
    model = fastnn.Sequential([fastnn.Input((3,)), BatchNormalization(), Dense(1)])
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    model.layers[0].trainable = True
    moving = model.layers[0].get_weights()[2:]
    model.fit(x, np.ones(32), verbose=0)
    for a, b in zip(moving, model.layers[0].get_weights()[2:], strict=True):
        np.testing.assert_array_equal(a, b)
    model.compile("sgd", "mse")
    model.layers[0].trainable = False
    model.fit(x, np.ones(32), verbose=0)
    assert not np.array_equal(moving[0], model.layers[0].get_weights()[2])


def test_the_lists_that_compile_got_may_change():
    metrics, weights = ["mae"], [2.0]
    model = fastnn.Sequential([fastnn.Input((3,)), Dense(1)])
    model.compile("sgd", ["mse"], loss_weights=weights, metrics=metrics)
    x, y = data(4, 3), data(4, 1)
    before = model.evaluate(x, y, verbose=0, return_dict=True)
    metrics.append("mse")
    weights[0] = 100.0
    assert model.evaluate(x[:3], y[:3], verbose=0, return_dict=True).keys() == before.keys()
    assert model.evaluate(x, y, verbose=0, return_dict=True) == before
    assert model.metrics_names == ["loss", "mae"]


def test_metrics_stay_the_same_objects():
    model = fastnn.Sequential([fastnn.Input((3,)), Dense(2, "softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    assert model.metrics[0] is model.metrics[0]


# ---- generative adversarial networks ----------------------------------------------------------------------


def adversarial():
    fastnn.utils.set_random_seed(5)
    generator = fastnn.Sequential([fastnn.Input((2,)), Dense(8, "relu"), Dense(3)], name="generator")
    discriminator = fastnn.Sequential(
        [fastnn.Input((3,)), Dense(8, "relu"), Dropout(0.2), Dense(1, "sigmoid")], name="discriminator"
    )
    discriminator.compile("adam", "binary_crossentropy")
    discriminator.trainable = False
    noise = fastnn.Input((2,))
    combined = fastnn.Model(noise, discriminator(generator(noise)))
    combined.compile("adam", "binary_crossentropy")
    return generator, discriminator, combined


def test_adversarial_training():
    """The usual program: each of the two training steps changes its own weights, and those only."""
    generator, discriminator, combined = adversarial()
    for step in range(3):
        noise = data(8, 2, seed=step)
        fake = generator.predict(noise, verbose=0)
        of_generator = generator.get_weights()
        for x, y in ((data(8, 3), np.ones(8)), (fake, np.zeros(8))):
            assert all(changed(discriminator, lambda x=x, y=y: discriminator.train_on_batch(x, y)))
        for a, b in zip(of_generator, generator.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
        of_discriminator = discriminator.get_weights()
        assert all(changed(generator, lambda noise=noise: combined.train_on_batch(noise, np.ones(8))))
        for a, b in zip(of_discriminator, discriminator.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    assert discriminator.optimizer.iterations == 6
    assert combined.optimizer.iterations == 3


def test_adversarial_training_is_that_of_two_models_apart():
    """Bit for bit what a discriminator learns that is in no other model."""
    _, shared, combined = adversarial()
    _, apart, _ = adversarial()
    for step in range(4):
        x, y = data(8, 3, seed=step), np.ones(8)
        assert shared.train_on_batch(x, y) == apart.train_on_batch(x, y)
        combined.predict(data(8, 2))
    for a, b in zip(shared.get_weights(), apart.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


# ---- parts by themselves ----------------------------------------------------------------------------------


def test_a_spec_without_a_model():
    layer = Dense(3)
    spec = CompileSpec.of(layer, "adam", {"a": "mse", "b": None}, metrics={"a": ["mae"]})
    objective = spec.objective(layer, ["a", "b"], [(3,), (1,)])
    assert objective.keys == ["loss", "a_mae"]
    assert [output.loss_key for output in objective.outputs] == ["loss", None]
    assert objective.trainable == ()
    layer.build((None, 2))
    assert spec.objective(layer, ["a", "b"], None).trainable == tuple(layer.weights)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": ["mse"]}, "loss: expected one entry for each of the outputs"),
        ({"loss": {"c": "mse"}}, "loss: expected the outputs"),
        ({"loss": None, "metrics": ["mae"]}, "loss: metrics need a loss"),
        ({"loss": {"a": "mse"}, "metrics": {"b": ["mae"]}}, "loss: the metrics of 'b' need a loss"),
        ({"loss": "mse", "metrics": "mae"}, "metrics: expected a list"),
        ({"loss": "mse", "loss_weights": [1.0]}, "loss_weights: expected one entry"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        CompileSpec.of(Dense(1), "sgd", **arguments).objective(Dense(1), ["a", "b"], None)


class Nested(fastnn.layers.Layer):
    """Makes a layer inside of `build`."""

    def build(self, input_shape):
        self.made = Dense(3)

    def call(self, x):
        return self.made(x)


@pytest.mark.parametrize("steps", [None, 2])
def test_what_build_makes_is_fixed_when_the_model_is_built(steps):
    """Not later, when the model is trained for the first time."""
    model = fastnn.Sequential([Nested(), Dense(2)])
    model.compile("sgd", "mse")
    model.build((None, steps, 3))
    model.layers[0].made.trainable = False
    x, y = data(4, 2, 3), data(4, 2, 2, seed=1)
    assert changed(model, lambda: model.train_on_batch(x, y)) == [True] * 4
    model.compile("sgd", "mse")
    assert changed(model, lambda: model.train_on_batch(x, y)) == [False, False, True, True]
