"""What is assigned to an attribute of a layer takes effect at the next call, in all plans."""

import numpy as np
import pytest

import fastnn
from fastnn import Input, Sequential, constraints, layers, regularizers
from fastnn.callbacks import LambdaCallback

# A class, its arguments, the name of one of them and another value of it.
CASES = [
    (layers.Dropout, {"rate": 0.5, "seed": 1}, "rate", 0.0),
    (layers.Dropout, {"rate": 0.0, "seed": 1}, "rate", 0.5),
    (layers.AlphaDropout, {"rate": 0.5, "seed": 1}, "rate", 0.1),
    (layers.GaussianDropout, {"rate": 0.5, "seed": 1}, "rate", 0.1),
    (layers.SpatialDropout1D, {"rate": 0.5, "seed": 1}, "rate", 0.1),
    (layers.GaussianNoise, {"stddev": 0.5, "seed": 1}, "stddev", 0.1),
    (layers.BatchNormalization, {}, "epsilon", 2.0),
    (layers.BatchNormalization, {}, "momentum", 0.1),
    (layers.LayerNormalization, {}, "epsilon", 2.0),
    (layers.GroupNormalization, {"groups": 2}, "epsilon", 2.0),
    (layers.GroupNormalization, {"groups": 2}, "groups", 1),
    (layers.RMSNormalization, {}, "epsilon", 2.0),
    (layers.ReLU, {}, "negative_slope", 0.5),
    (layers.ReLU, {}, "max_value", 0.5),
    (layers.LeakyReLU, {}, "negative_slope", 0.9),
    (layers.ELU, {}, "alpha", 0.5),
    (layers.Rescaling, {"scale": 1.0}, "scale", 0.5),
    (layers.Rescaling, {"scale": 1.0}, "offset", 0.5),
    (layers.Softmax, {}, "axis", 1),
    (layers.Masking, {"mask_value": 0.0}, "mask_value", 1.0),
    (layers.Dense, {"units": 4, "kernel_initializer": "ones"}, "activation", "tanh"),
    (layers.Activation, {"activation": "relu"}, "activation", "tanh"),
    (layers.LSTM, {"units": 4, "return_sequences": True}, "go_backwards", True),
    (layers.LSTM, {"units": 4, "return_sequences": True}, "cell.activation", "relu"),
    (layers.ZeroPadding1D, {"padding": 1}, "padding", 2),
    (layers.Cropping1D, {"cropping": 1}, "cropping", (0, 1)),
    (layers.AveragePooling1D, {"pool_size": 2, "strides": 1}, "padding", "same"),
    (layers.ActivityRegularization, {"l2": 0.0}, "activity_regularizer.l2", 0.5),
]
IDS = [f"{cls.__name__}-{name}-{value}" for cls, _, name, value in CASES]


def assign(thing, path, value):
    *outer, last = path.split(".")
    for name in outer:
        thing = getattr(thing, name)
    if last == "activation" and isinstance(thing, layers.LSTMCell):
        value = fastnn.activations.get(value)
    setattr(thing, last, value)


def ones(steps):
    x = np.random.default_rng(steps).standard_normal((6, steps, 4)).astype("float32")
    x[0, 0] = 1.0
    return x


def made(layer):
    """Return a model of a layer that has run on one length."""
    fastnn.utils.set_random_seed(1)
    model = Sequential([Input((None, 4)), layer])
    model.compile(fastnn.optimizers.SGD(0.1), "mse")
    model.predict(ones(3), verbose=0)
    model.evaluate(ones(3), np.zeros_like(model.predict(ones(3))), verbose=0)
    return model


def answers(model):
    """Return what the model computes for a length that it has seen, and for another."""
    found = []
    for steps in (3, 5):
        x = ones(steps)
        y = np.zeros_like(model.predict(x, verbose=0))
        found += [model.predict(x, verbose=0), model.evaluate(x, y, verbose=0)]
        found += [np.asarray(model(x, training=True)), model.train_on_batch(x, y), *model.get_weights()]
    return [np.asarray(value).tolist() for value in found]


@pytest.mark.filterwarnings("ignore::fastnn.FastnnWarning")
@pytest.mark.parametrize(("cls", "arguments", "name", "value"), CASES, ids=IDS)
def test_assigned_is_as_given_from_the_start(cls, arguments, name, value):
    """Also where predictions, steps of training and the layer alone have run before."""
    one, other = cls(**arguments), cls(**arguments)
    assign(other, name, value)
    model, expected = made(one), made(other)
    for layer in (one, other):
        layer(ones(3))
    plain = answers(made(cls(**arguments)))
    assign(one, name, value)
    found = answers(model)
    assert found == answers(expected)
    assert found != plain
    np.testing.assert_array_equal(one(ones(3)), other(ones(3)))


def test_layers_inside_of_others():
    inner = layers.Dropout(0.5, seed=1)
    wrapped = made(layers.TimeDistributed(Sequential([Input((4,)), inner])))
    assert (np.asarray(wrapped(ones(3), training=True)) == 0).any()
    inner.rate = 0.0
    np.testing.assert_array_equal(np.asarray(wrapped(ones(3), training=True)), ones(3))


@pytest.mark.parametrize("data", ["arrays", "batches"])
def test_a_running_fit_goes_on_with_what_is_assigned(data):
    """From the next batch on, whatever the data come from; the averages of the epoch stay."""

    def trained(rates):
        layer = layers.Rescaling(rates[0])
        fastnn.utils.set_random_seed(1)
        model = Sequential([Input((4,)), layer, layers.Dense(1)])
        model.compile("sgd", "mse", metrics=["mae"])
        x, y = ones(3).reshape(18, 4), np.ones((18, 1), "float32")
        losses = []

        def on_train_batch_end(batch, logs):
            losses.append(logs["loss"])
            layer.scale = rates[min(batch + 1, len(rates) - 1)]

        def batches():
            for i in range(0, 18, 6):
                yield x[i : i + 6], y[i : i + 6]

        given = (x, y) if data == "arrays" else (batches(),)
        options = {"batch_size": 6} if data == "arrays" else {}
        hook = LambdaCallback(on_train_batch_end=on_train_batch_end)
        history = model.fit(*given, shuffle=False, verbose=0, callbacks=[hook], **options).history
        return losses, history, [w.tolist() for w in model.get_weights()]

    def by_hand(rates):
        layer = layers.Rescaling(rates[0])
        fastnn.utils.set_random_seed(1)
        model = Sequential([Input((4,)), layer, layers.Dense(1)])
        model.compile("sgd", "mse")
        x, y = ones(3).reshape(18, 4), np.ones((18, 1), "float32")
        means = []
        for i, rate in enumerate(rates):
            layer.scale = rate
            means.append(model.train_on_batch(x[6 * i : 6 * i + 6], y[6 * i : 6 * i + 6]))
        return np.cumsum(means) / np.arange(1, 4), [w.tolist() for w in model.get_weights()]

    losses, history, weights = trained([1.0, 3.0, 0.5])
    means, expected = by_hand([1.0, 3.0, 0.5])
    assert weights == expected
    np.testing.assert_allclose(losses, means, rtol=1e-6)
    np.testing.assert_allclose(history["loss"], means[-1:], rtol=1e-6)


@pytest.mark.parametrize("steps", [3, 5])
def test_numbers_of_regularizers_and_constraints(steps):
    """Penalties and limits of weights are those that their objects say at the next step."""

    def trained(make, change=None):
        fastnn.utils.set_random_seed(1)
        penalty, limit, activity = regularizers.L2(0.1), constraints.MaxNorm(3.0), regularizers.L1(0.0)
        if change is None:
            make(penalty, limit, activity)
        dense = layers.Dense(
            4, kernel_regularizer=penalty, kernel_constraint=limit, activity_regularizer=activity
        )
        model = Sequential([Input((None, 4)), dense])
        model.compile(fastnn.optimizers.SGD(0.0), "mse")
        x = ones(3)
        model.train_on_batch(x, x)
        if change is not None:
            make(penalty, limit, activity)
        x = ones(steps)
        return model.train_on_batch(x, x), model.get_weights()[0].tolist()

    def other(penalty, limit, activity):
        penalty.l2, limit.max_value, activity.l1 = 0.7, 0.1, 0.3

    found, expected = trained(other, "later"), trained(other)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-5)
    assert np.sqrt(np.square(found[1]).sum(axis=0)).max() <= 0.1001
    assert trained(lambda *_: None, "later") != found


class Gate(layers.Layer):
    """A layer whose call only calls others, as an attribute says."""

    def __init__(self, is_open):
        super().__init__()
        self.is_open, self.calls = is_open, 0
        self.inner, self.drop = layers.Dense(4), layers.Dropout(0.5, seed=1)

    def call(self, x):
        self.calls += 1
        return self.inner(x) if self.is_open else self.drop(x)


class Factor(layers.Layer):
    """A layer that computes by itself."""

    def __init__(self, factor):
        super().__init__()
        self.factor, self.calls = factor, 0

    def build(self, input_shape):
        self.shift = self.add_weight((), "zeros", "shift")

    def call(self, x):
        self.calls += 1
        return x * self.factor + self.shift


def test_own_layers():
    gate = Gate(True)
    model = made(gate)
    model.predict(ones(3))
    gate.is_open = False
    for steps in (3, 5):
        np.testing.assert_array_equal(model.predict(ones(steps)), ones(steps))
    gate.drop.rate = 0.0
    np.testing.assert_array_equal(np.asarray(model(ones(3), training=True)), ones(3))
    factor = Factor(2.0)
    model = made(factor)
    plans = model._plan_cache()
    factor.factor = 3.0
    np.testing.assert_array_equal(model.predict(ones(3)), 3 * ones(3))
    assert model._plan_cache() is plans  # Python reads the attribute whenever it runs


def test_a_call_that_extends_that_of_the_library():
    class Doubled(layers.Dropout):
        def call(self, x, training=None):
            return 2 * super().call(x, training=training)

    layer = Doubled(0.5, seed=1)
    model = made(layer)
    layer.rate = 0.0
    np.testing.assert_array_equal(np.asarray(model(ones(3), training=True)), 2 * ones(3))


def test_what_weights_do_not_fit_is_refused():
    model = made(layers.Dense(4, kernel_initializer="ones"))
    before = model.predict(ones(3))
    with pytest.raises(ValueError, match="units: the weights do not fit 7"):
        model.layers[0].units = 7
    assert model.layers[0].units == 4
    recurrent = layers.LSTM(4)
    made(recurrent)
    with pytest.raises(ValueError, match="units: the weights do not fit 2"):
        recurrent.cell.units = 2
    np.testing.assert_array_equal(model.predict(ones(3)), before)


# A layer, the name of an argument of its constructor, and a value that this refuses.
REFUSED = [
    (lambda: layers.LSTM(4), "dropout", 7),
    (lambda: layers.LSTM(4), "units", "x"),
    (lambda: layers.GRU(4), "recurrent_dropout", -1),
    (lambda: layers.RNN(layers.LSTMCell(4)), "cell", 7),
    (lambda: layers.Dropout(0.5), "rate", float("nan")),
    (lambda: layers.Dropout(0.5), "seed", "x"),
    (lambda: layers.Dropout(0.5), "noise_shape", 3),
    (lambda: layers.Conv1D(4, 2), "strides", 0),
    (lambda: layers.Conv1D(4, 2), "padding", "other"),
    (lambda: layers.Conv1DTranspose(4, 2, strides=2, output_padding=1), "output_padding", 2),
    (lambda: layers.MaxPooling1D(2), "pool_size", "x"),
    (lambda: layers.BatchNormalization(), "epsilon", -1),
    (lambda: layers.Flatten(), "data_format", "other"),
    (lambda: layers.TimeDistributed(layers.Dense(4)), "layer", 7),
    (lambda: layers.Dense(4), "activity_regularizer", 7),
    (lambda: layers.ActivityRegularization(l2=0.5), "l2", "x"),
]


@pytest.mark.parametrize(("make", "name", "value"), REFUSED, ids=[f"{n}-{v}" for _, n, v in REFUSED])
def test_what_the_constructor_refuses(make, name, value):
    layer = make()
    model = made(layer)
    held, before = getattr(layer, name), model.predict(ones(3))
    with pytest.raises(ValueError, match=f"{name.removeprefix('activity_')}: .*{value}"):
        setattr(layer, name, value)
    assert getattr(layer, name) is held
    np.testing.assert_array_equal(model.predict(ones(3)), before)


@pytest.mark.parametrize(
    ("make", "name", "value", "converted"),
    [
        (lambda: layers.Conv1D(4, 2), "strides", 2, (2,)),
        (lambda: layers.ZeroPadding1D(1), "padding", 2, (2, 2)),
        (lambda: layers.MaxPooling1D(2), "pool_size", [3], (3,)),
        (lambda: layers.LSTM(4), "return_sequences", 1, True),
    ],
    ids=["strides", "padding", "pool_size", "return_sequences"],
)
def test_conversions_of_the_constructor(make, name, value, converted):
    layer = make()
    layer(ones(6))
    setattr(layer, name, value)
    assert getattr(layer, name) == converted
    again = type(layer).from_config(layer.get_config())
    again(ones(6))
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(layer(ones(6)), again(ones(6)))


@pytest.mark.parametrize(
    ("layer", "other", "name"),
    [
        (layers.RandomTranslation(0.0, 0.0, seed=1), (0.5, 0.5), "height_factor"),
        (layers.RandomZoom(0.0, seed=1), (0.5, 0.5), "width_factor"),
        (layers.ZeroPadding2D(1), 2, "padding"),
        (layers.Cropping2D(1), ((0, 1), (1, 0)), "cropping"),
    ],
    ids=lambda value: value.name if isinstance(value, layers.Layer) else None,
)
def test_assigned_to_layers_of_images(layer, other, name):
    x = np.random.default_rng(0).normal(size=(2, 5, 5, 1)).astype("float32")
    before = layer(x, training=True)
    setattr(layer, name, other)
    again = type(layer).from_config(layer.get_config())
    assert not np.array_equal(layer(x, training=True), before)
    np.testing.assert_array_equal(layer(x, training=True), again(x, training=True))


def test_axes_of_a_product():
    layer = layers.Dot(axes=1)
    x = np.arange(12.0, dtype="float32").reshape(1, 3, 4)[:, :, :3]
    layer([x, x])
    layer.axes = (1, 2)
    np.testing.assert_array_equal(layer([x, x]), layers.Dot(axes=(1, 2))([x, x]))


def test_names_and_seeds_stay_where_something_is_assigned():
    def following(rate):
        fastnn.utils.set_random_seed(1)
        layer = layers.Dropout(0.5)
        layer.rate = rate
        return layer.name, layers.Dropout(0.5).name, fastnn.utils.random.next_seed()

    one, two = following(0.5), following(0.25)
    numbers = [[int(name.rpartition("_")[2] or 0) for name in found[:2]] for found in (one, two)]
    assert numbers[1][1] == numbers[1][0] + 1
    assert one[2] == two[2]


def test_plans_stay_where_nothing_in_them_changes():
    model = made(layers.Dense(4))
    plans = model._plan_cache()
    layer = model.layers[0]
    layer.units = layer.units
    layer.name, layer.trainable, model.note, layer.note = "other", False, 1, 2
    model.note = 3
    layer.note = 4
    layer.trainable = True
    model.fit(ones(3), ones(3), verbose=0)
    assert model._plan_cache() is plans
