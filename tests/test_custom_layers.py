"""What a user writes in Python: layers, models, activations, losses and metrics, in plans and on the tape."""

import numpy as np
import pytest
from gradcheck import check_gradients
from harness import check_layer

import fastnn
from fastnn import Model, Sequential, autograd, layers, losses, metrics
from fastnn.autograd import Tensor
from fastnn.autograd.tensor import record
from fastnn.layers import Identity
from fastnn.training.plan_cache import plan_of

RNG = np.random.default_rng(0)
X = RNG.standard_normal((12, 4))
Y = RNG.standard_normal((12, 3))


@pytest.fixture(autouse=True)
def _double():
    before = fastnn.config.floatx()
    fastnn.config.set_floatx("float64")
    fastnn.utils.set_random_seed(3)
    yield
    fastnn.config.set_floatx(before)


class Linear(layers.Layer):
    """As tutorials write it."""

    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True, name="w"
        )
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True)
        self.seen = input_shape

    def call(self, inputs):
        return inputs @ self.w + self.b

    def get_config(self):
        return super().get_config() | {"units": self.units}


class Noise(layers.Layer):
    """Knows whether it is training."""

    def call(self, x, training=False):
        return x + 1.0 if training else x


class Block(layers.Layer):
    """Layers in attributes, lists and dicts."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.first = layers.Dense(units, activation="tanh")
        self.more = [layers.Dense(units), {"last": layers.LayerNormalization()}]

    def call(self, x):
        h = self.first(x)
        return h + self.more[1]["last"](np.tanh(self.more[0](h)))


class Net(Model):
    """A model of layers only, which is traced."""

    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(5, activation="tanh")
        self.drop = layers.Dropout(0.0)
        self.out = layers.Dense(3)

    def call(self, x, training=False):
        h = self.hidden(x)
        if training:
            h = self.drop(h, training=training)
        return self.out(h)


class Gated(Model):
    """A model that computes by itself, which runs as Python."""

    def __init__(self):
        super().__init__()
        self.gate, self.value = layers.Dense(3, activation="sigmoid"), layers.Dense(3)

    def call(self, x):
        return self.gate(x) * self.value(np.concatenate([x, x**2], axis=-1))


MAKERS = {
    "own": lambda: Sequential([layers.Dense(5, activation="relu"), Linear(), layers.Dense(3)]),
    "block": lambda: Sequential([Block(6), layers.Dense(3)]),
    "traced": Net,
    "untraced": Gated,
    "lambda": lambda: Sequential([layers.Dense(3), layers.Lambda(lambda x: x * np.exp(-(x**2)))]),
    "activation": lambda: Sequential(
        [layers.Dense(5, activation=lambda x: x * autograd.sigmoid(1.7 * x)), layers.Dense(3)]
    ),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_gradients_are_those_of_the_loss(make):
    model = make()
    model.build((None, 4))
    check_gradients(model, "mse", X, Y)
    check_gradients(model, "mse", X, Y, np.linspace(0.5, 2, 12))


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_they_work_with_everything(make):
    model = make()
    model.compile(fastnn.optimizers.Adam(0.01), "mse", metrics=["mae"])
    history = model.fit(X, Y, epochs=8, batch_size=5, validation_data=(X, Y), verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert np.isfinite(history["val_mae"]).all()
    np.testing.assert_allclose(model.predict(X), model(X), rtol=1e-12)
    np.testing.assert_allclose(model(X, training=True).data, model(X), rtol=1e-10)
    loss, _ = model.evaluate(X, Y, verbose=0)
    assert loss == pytest.approx(((model(X) - Y) ** 2).mean())
    lines = []
    model.summary(print_fn=lines.append)
    assert str(model.count_params()) in lines[0].replace(",", "")
    model.set_weights([w * 0 for w in model.get_weights()])
    assert not np.isnan(model(X)).any()


def test_a_traced_model_is_one_plan():
    model = Net()
    model(X)
    assert {step.name for step in plan_of(model, "inference").steps} == {"dense"}
    own = Gated()
    own(X)
    assert any(step.name == own.name for step in plan_of(own, "inference").steps)


def test_weights_are_found_and_counted():
    layer = Linear(2)
    y = layer(X)
    assert layer.seen == (None, 4)
    assert [v.name for v in layer.weights] == ["w", "variable"]
    assert layer.count_params() == 10
    np.testing.assert_allclose(y, X @ layer.w.numpy() + layer.b.numpy())
    block = Block(6)
    block(X)
    assert len(block.weights) == 6
    assert block._sublayers[0].name.startswith("dense")
    block.trainable = False
    assert not block.trainable_weights


@pytest.mark.parametrize(
    "layer", [layers.Dense(3), layers.LSTM(3), layers.ReLU(), Linear(3)], ids=lambda layer: layer.name
)
def test_weights_need_a_layer_that_is_built(layer):
    layer.set_weights([])
    with pytest.raises(
        ValueError, match=f"'{layer.name}' has no weights yet: call it on data or build it first"
    ):
        layer.set_weights([np.zeros((4, 3)), np.zeros(3)])


def test_methods_may_have_no_module():
    class Twice(layers.Layer):
        def call(self, x):
            return 2 * x

        def compute_output_shape(self, input_shape):
            return input_shape

    Twice.call.__module__ = Twice.compute_output_shape.__module__ = None  # as where `exec` has no `__name__`
    assert Sequential([fastnn.Input((4,)), Twice()]).predict(X, verbose=0) == pytest.approx(2 * X)


def test_variables_in_attributes_are_weights():
    class Scale(layers.Layer):
        def __init__(self):
            super().__init__()
            self.factor = fastnn.Variable(np.full(4, 2.0), "factor")

        def call(self, x):
            return x * self.factor

    model = Sequential([Scale(), layers.Dense(3)])
    model.build((None, 4))
    assert model.weights[0].name == "factor"
    check_gradients(model, "mse", X, Y)


def test_training_is_told():
    layer = Noise()
    np.testing.assert_array_equal(layer(X), X)
    np.testing.assert_array_equal(layer(X, training=True), X + 1)

    class Around(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Noise()

        def call(self, x):
            return self.inner(x) * 1.0

    np.testing.assert_array_equal(Around()(X, training=True), X + 1)
    np.testing.assert_array_equal(Around()(X), X)


def test_several_inputs_and_results():
    class Both(layers.Layer):
        def call(self, inputs):
            a, b = inputs
            return a * b, np.concatenate([a, b], axis=-1)

    a, b = fastnn.Input((4,)), fastnn.Input((4,))
    product, joined = Both()([layers.Dense(4)(a), layers.Dense(4)(b)])
    assert (product.shape, joined.shape) == ((None, 4), (None, 8))
    model = Model([a, b], layers.Dense(3)(layers.Concatenate()([product, joined])))
    check_gradients(model, "mse", [X, X[::-1].copy()], Y)
    only = Model([a, b], layers.Dense(3)(product))
    check_gradients(only, "mse", [X, X[::-1].copy()], Y)


def test_sequences_of_any_length():
    model = Sequential([fastnn.Input((None, 4)), Linear(3), layers.GlobalAveragePooling1D()])
    for steps in (3, 7):
        x = RNG.standard_normal((5, steps, 4))
        assert model(x).shape == (5, 3)
        model.compile("sgd", "mse")
        model.train_on_batch(x, Y[:5])
    assert len(model.weights) == 2


@pytest.mark.filterwarnings("ignore:mask")  # of layers that do not pass it on
def test_a_mask_is_handed_over():
    class Count(layers.Layer):
        def call(self, x, mask=None):
            kept = np.ones(x.shape[:2]) if mask is None else mask * 1.0
            return x.sum(axis=1) * 0 + kept.sum(axis=1)[:, None]

    model = Sequential([fastnn.Input((3, 2)), layers.Masking(), Count()])
    x = np.ones((4, 3, 2))
    x[1, 2:] = 0
    np.testing.assert_array_equal(model(x)[:, 0], [3, 2, 3, 3])


@pytest.mark.parametrize("where", ["forward", "backward"])
def test_what_python_raises_is_raised_and_leaves_the_model_usable(where):
    class Fragile(layers.Layer):
        armed = False

        def call(self, x):
            if self.armed and where == "forward":
                raise ZeroDivisionError("on purpose")
            if self.armed:
                return record([x], [x.data], lambda gradients: 1 // 0)[0]
            return np.tanh(x)

    model = Sequential([layers.Dense(4), Fragile(), layers.Dense(3)])
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    before = model.get_weights()
    model.layers[1].armed = True
    with pytest.raises(ZeroDivisionError):
        model.fit(X, Y, verbose=0)
    if where == "forward":
        with pytest.raises(ZeroDivisionError, match="on purpose"):
            model.predict(X)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    model.layers[1].armed = False
    model.fit(X, Y, verbose=0)
    assert np.isfinite(model.predict(X)).all()


def test_arrays_given_to_call_are_its_own():
    class Keeper(layers.Layer):
        def call(self, x):
            self.kept = x
            return np.tanh(x)

    layer = Keeper()
    layer(X)
    layer(X * 0)
    first = layer.kept.data
    layer(X)
    np.testing.assert_array_equal(first, 0)


def test_shapes_that_do_not_fit_are_refused():
    class Transposed(layers.Layer):
        def call(self, x):
            return x.T

    with pytest.raises(ValueError, match="call: expected results with the 2 rows"):
        Transposed()(X)

    class Empty(layers.Layer):
        pass

    with pytest.raises(TypeError, match="Empty defines no call"):
        Empty()(X)


def test_identity():
    check_layer(Identity, {}, (3, 4), (3, 4), 0, lambda x: x)


def test_a_wrapper_and_an_identity():
    class Residual(layers.Wrapper):
        def call(self, x):
            return x + self.layer(x)

    layer = Residual(layers.Dense(4))
    model = Sequential([layers.Identity(input_shape=(4,)), layer, layers.Dense(3)])
    assert len(model.weights) == 4
    check_gradients(model, "mse", X, Y)


def test_a_lambda_is_no_config():
    layer = layers.Lambda(lambda x, factor: x * factor, arguments={"factor": 3.0})
    np.testing.assert_allclose(layer(X), 3 * X)
    with pytest.raises(TypeError, match="no name that a file could call it by"):
        layer.get_config()
    with pytest.raises(TypeError, match="function: expected a function of tensors, got 3"):
        layers.Lambda(3)


def test_a_config_names_an_activation_of_your_own():
    layer = layers.Dense(3, activation=np.tanh)
    np.testing.assert_allclose(layer(X), np.tanh(X @ layer.kernel.numpy()))
    assert layer.get_config()["activation"] == {"class_name": "function", "config": "Custom>tanh"}
    with pytest.raises(TypeError, match="no name that a file could call it by"):
        layers.Dense(3, activation=lambda x: x).get_config()


# ---- losses and metrics -----------------------------------------------------------------------------------


def per_sample(y_true, y_pred):
    return ((y_pred - y_true) ** 2).mean(axis=-1)


def for_the_batch(y_true, y_pred):
    return np.mean(np.square(y_pred - y_true))


class Quartic(losses.Loss):
    def call(self, y_true, y_pred):
        return ((y_pred - y_true) ** 4).sum(axis=-1)


def dense():
    fastnn.utils.set_random_seed(5)
    return Sequential([layers.Dense(3, input_shape=(4,))])


@pytest.mark.parametrize("loss", [per_sample, for_the_batch, Quartic(), Quartic(reduction="sum")])
def test_losses_of_your_own(loss):
    model = dense()
    check_gradients(model, loss, X, Y)
    model.compile(fastnn.optimizers.Adam(0.01), loss)
    history = model.fit(X, Y, epochs=5, verbose=0).history["loss"]
    assert history[-1] < history[0]
    value = losses.get(loss)(Y, model.predict(X))
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(float(value))


@pytest.mark.parametrize("loss", [per_sample, for_the_batch])
def test_a_function_is_the_loss_that_it_computes(loss):
    one, other = dense(), dense()
    one.compile("sgd", loss)
    other.compile("sgd", "mse")
    weights = np.linspace(0.5, 2, 12) if loss is per_sample else None
    found = [m.fit(X, Y, epochs=3, sample_weight=weights, verbose=0).history["loss"] for m in (one, other)]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12)


def test_a_loss_of_class_numbers():
    def crossentropy(y_true, y_pred):
        assert y_true.dtype == "int32"
        return -autograd.log_softmax(y_pred)[np.arange(len(y_true)), y_true]

    classes = np.arange(12) % 3
    one, other = dense(), dense()
    one.compile("sgd", crossentropy, metrics=["accuracy"])
    other.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))
    found = [m.fit(X, classes, epochs=3, verbose=0).history["loss"] for m in (one, other)]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-10)
    one.fit(X, classes, verbose=0)


def test_a_loss_on_the_tape():
    t = Tensor(Y)
    loss = Quartic()(Y * 0, t)
    loss.backward()
    np.testing.assert_allclose(t.grad, 4 * Y**3 / 12)
    np.testing.assert_allclose(float(Quartic()(Y * 0, Y)), float(loss))


class Largest(metrics.Metric):
    def __init__(self, name="largest"):
        super().__init__(name=name)
        self.most = self.add_variable((), "zeros", name="most")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.most.assign(np.maximum(self.most.numpy(), np.max(y_pred)))

    def result(self):
        return float(self.most.numpy())


def test_metrics_of_your_own():
    def distance(y_true, y_pred):
        return np.abs(y_true - y_pred).mean(axis=-1)

    model = dense()
    model.compile("sgd", "mse", metrics=[distance, Largest(), "mae"])
    history = model.fit(X, Y, epochs=2, batch_size=5, validation_data=(X, Y), verbose=0).history
    np.testing.assert_allclose(
        history["distance"], history["mean_absolute_error" if "mae" not in history else "mae"]
    )
    assert history["val_largest"][-1] == pytest.approx(model.predict(X).max())


def test_a_loss_that_raises():
    def bad(y_true, y_pred):
        raise KeyError("no such thing")

    model = dense()
    model.compile("sgd", bad)
    with pytest.raises(KeyError, match="no such thing"):
        model.fit(X, Y, verbose=0)
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
