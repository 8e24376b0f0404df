"""Warnings about programs that run and do not learn: each once, and of one class."""

import re
import warnings

import numpy as np
import pytest

import fastnn
from fastnn import FastnnWarning, layers

X = np.linspace(-1, 1, 24).reshape(8, 3).astype("float32")
Y = (np.arange(8) % 2).astype("float32")


def fit(model, loss="mse", y=Y, **arguments):
    """The warnings of compiling and training a model, twice."""
    model = fastnn.Sequential([fastnn.Input((3,)), *model]) if isinstance(model, list) else model
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        model.compile(fastnn.optimizers.SGD(0.01), loss)
        model.fit(X, y, epochs=2, batch_size=4, verbose=0, **arguments)
        model.fit(X, y, epochs=1, batch_size=3, verbose=0, **arguments)
    assert all(one.category is FastnnWarning for one in shown)
    assert all(one.filename == __file__ for one in shown)
    return [str(one.message) for one in shown]


def step(x):
    return (x > 0).astype("float32")


class Rounds(layers.Layer):
    def call(self, x):
        return np.round(x) if isinstance(x, np.ndarray) else fastnn.Tensor(np.round(x.data))


def rounded(y, p):
    return np.mean(np.abs(y - (p > 0.5).astype("float32")), axis=-1)


@pytest.mark.parametrize(
    ("model", "arguments", "message"),
    [
        ([layers.Dense(2, step, name="steps"), layers.Dense(1)], {}, "steps .*no gradient flows"),
        (
            [layers.Dense(2), layers.Activation(step, name="steps"), layers.Dense(1)],
            {},
            "steps .*no gradient",
        ),
        ([layers.Dense(2), Rounds(name="rounds"), layers.Dense(1)], {}, "rounds: no gradient flows"),
        ([layers.Dense(1)], {"loss": rounded}, "loss: no gradient flows"),
        ([layers.Dense(1, "softmax", name="last")], {}, "last: a softmax over one unit is 1"),
        ([layers.Dense(1), layers.Softmax(name="last")], {}, "last: a softmax over one unit is 1"),
        (
            [layers.Dense(1, name="last")],
            {"loss": "binary_crossentropy"},
            "'last' has the activation 'linear'",
        ),
        ([layers.Dense(1, "relu", name="last")], {"loss": "bce"}, "'last' has the activation 'relu'"),
        (
            [layers.Dense(2, "softmax", name="last")],
            {"loss": "binary_crossentropy", "y": np.eye(2)[Y.astype(int)]},
            "'last' has the activation 'softmax', .*'sigmoid' or categorical_crossentropy",
        ),
        (
            [layers.Dense(1, "sigmoid", name="last")],
            {"loss": fastnn.losses.BinaryCrossentropy(from_logits=True)},
            "'sigmoid', which binary_crossentropy with from_logits=True applies itself",
        ),
        (
            [layers.Dense(2, name="last")],
            {"loss": "sparse_categorical_crossentropy"},
            "'last' has the activation 'linear', .*use 'softmax', or from_logits=True",
        ),
        (
            [layers.Dense(1, "sigmoid", name="last")],
            {"loss": "sparse_categorical_crossentropy", "y": np.zeros(8)},
            "'last' has one unit",
        ),
        ([layers.Normalization(name="scale"), layers.Dense(1)], {}, "scale: it has not been adapted"),
        (
            [layers.Dense(2, "softmax")],
            {"loss": "sparse_categorical_crossentropy", "class_weight": {0: 1.0, 1: 2.0, 2: 3.0}},
            r"class_weight: no label is of the classes \[2\], .*there are 0, 1",
        ),
    ],
)
def test_what_does_not_learn_is_named_once(model, arguments, message):
    shown = fit(model, **arguments)
    assert len(shown) == 1, shown
    assert re.search(message, shown[0]), shown


def adapted():
    layer = layers.Normalization()
    layer.adapt(np.array([[-1.0, -1, -1], [1, 1, 1]]))  # mean 0 and variance 1
    return layer


@pytest.mark.parametrize(
    ("model", "arguments"),
    [
        ([layers.Dense(2, "relu"), layers.Dense(1, "sigmoid")], {"loss": "binary_crossentropy"}),
        ([layers.Dense(1)], {"loss": fastnn.losses.BinaryCrossentropy(from_logits=True)}),
        (
            [layers.Dense(2, "softmax")],
            {"loss": "sparse_categorical_crossentropy", "class_weight": {0: 1, 1: 3}},
        ),
        ([layers.Dense(2), layers.Softmax()], {"loss": "sparse_categorical_crossentropy"}),
        ([adapted(), layers.Dense(1)], {}),
        ([layers.Normalization(mean=0.0, variance=1.0, axis=None), layers.Dense(1)], {}),
        ([layers.Discretization([0.0]), layers.Dense(1)], {}),
        ([layers.Dense(1), layers.Flatten()], {"loss": "binary_crossentropy", "y": Y}),
        ([layers.Dense(2, lambda x: x * x), layers.Dense(1)], {}),
        ([layers.Dense(1)], {"loss": lambda y, p: np.mean((y - p) ** 2)}),
    ],
)
def test_what_learns_is_not_warned_about(model, arguments):
    assert fit(model, **arguments) == []


@pytest.mark.parametrize("use", ["predict", "evaluate", "call", "layer"])
def test_a_layer_that_has_not_been_adapted_says_so_without_training(use):
    layer = layers.Normalization(name="scale")
    model = fastnn.Sequential([fastnn.Input((3,)), layer])
    model.compile(loss="mse")
    uses = {
        "predict": lambda: model.predict(X, verbose=0),
        "evaluate": lambda: model.evaluate(X, X, verbose=0),
        "call": lambda: model(X),
        "layer": lambda: layer(X),
    }
    with pytest.warns(FastnnWarning, match="scale: it has not been adapted"):
        uses[use]()
    uses[use]()  # once is enough


def test_a_subclass_is_warned_about_too():
    class Net(fastnn.Model):
        def __init__(self):
            super().__init__()
            self.inner = fastnn.Sequential([layers.Dense(4, "relu"), layers.Dense(1, name="odds")])

        def call(self, x):
            return self.inner(x)

    assert "has the activation 'linear'" in fit(Net(), "binary_crossentropy")[0]


def test_a_loss_that_depends_on_no_weight():
    x = fastnn.Input((3,))
    model = fastnn.Model(x, [layers.Dense(1, name="learns")(x), layers.Rescaling(2.0, name="fixed")(x)])
    [message] = fit(model, y=[Y, X])
    assert "the output 'fixed' does not depend on any weight" in message


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_names_the_batch(value):
    model = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    x = X.copy()
    x[5] = value
    with pytest.warns(FastnnWarning, match="from batch 2 of epoch 1 on.*learning rate") as shown:
        model.fit(x, Y, batch_size=2, epochs=3, shuffle=False, verbose=0)
    assert len(shown) == 1
    assert np.isnan(model.train_on_batch(x, Y))  # whose caller sees it
    assert np.isnan(model.train_on_batch(x, Y))


def test_a_train_step_by_hand_that_is_not_finite_is_done_once():
    model = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile(fastnn.optimizers.SGD(1.0), "mse")
    model.train_on_batch(X, Y)
    before = model.optimizer.iterations
    model.train_on_batch(X * np.float32(np.nan), Y)
    assert model.optimizer.iterations == before + 1


def test_one_line_switches_all_warnings_off():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=FastnnWarning)
        model = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(1, "softmax")])
        model.compile(fastnn.optimizers.SGD(lr=0.1), "binary_crossentropy")
        model.fit(X * np.nan, Y, class_weight={7: 1.0}, verbose=0)


def test_a_gate_is_no_reason_to_warn():
    x = fastnn.Input((3,))
    hidden = layers.Dense(3)(x)
    assert fit(fastnn.Model(x, layers.Dense(1)(hidden * (hidden > 0)))) == []


def two_branches():
    x = fastnn.Input((3,))
    shared = layers.Dense(4, name="shared")(x)
    side = layers.Dense(2, name="side")(layers.Masking()(layers.Reshape((2, 2))(shared)))
    ends = {
        "a": layers.Dense(2, name="a")(shared),
        "b": layers.Dense(1, name="b")(layers.GlobalAveragePooling1D()(side)),
    }
    return fastnn.Model(x, ends)


def one_branch_of_a_model_inside():
    x = fastnn.Input((3,))
    return fastnn.Model(x, layers.Dense(2, name="last")(two_branches()(x)["a"]))


@pytest.mark.parametrize(
    ("make", "loss", "names"),
    [
        (two_branches, {"a": "mse"}, "4 of its weights .*: side/kernel, side/bias, b/kernel, b/bias$"),
        (two_branches, {"b": "mse"}, "2 of its weights .*: a/kernel, a/bias$"),
        (one_branch_of_a_model_inside, "mse", "4 of its weights .*: side/kernel, side/bias, b/kernel, "),
    ],
)
def test_weights_that_reach_no_loss_are_listed(make, loss, names):
    model = make()
    model.compile("sgd", loss)
    y = {"a": np.ones((8, 2)), "b": np.ones((8, 1))}
    labels = {key: y[key] for key in loss} if isinstance(loss, dict) else y["a"]
    with pytest.warns(FastnnWarning, match=names) as shown:
        model.fit(X, labels, verbose=0)
    assert len(shown) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error", FastnnWarning)
        model.fit(X, labels, epochs=2, batch_size=3, verbose=0)


class AddsLoss(layers.Layer):
    def call(self, x):
        self.add_loss((x**2).mean())
        return x


def an_added_loss():
    x = fastnn.Input((3,))
    return fastnn.Model(x, [layers.Dense(2)(x), AddsLoss()(layers.Dense(2)(x))])


def penalties():
    x = fastnn.Input((3,))
    by_weight = layers.Dense(2, use_bias=False, kernel_regularizer="l2")(x)
    by_output = layers.Dense(2, activity_regularizer="l2")(layers.Dense(2)(x))
    return fastnn.Model(x, [layers.Dense(2)(x), by_weight, by_output])


def parts_inside():
    x = fastnn.Input((3,))
    one = layers.Bidirectional(layers.LSTM(2))(layers.Masking()(layers.Reshape((3, 1))(x)))
    inner = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(2)])
    return fastnn.Model(x, layers.Add()([inner(x), layers.Dense(2)(one), 2 * layers.Dense(2)(x)]))


@pytest.mark.parametrize(
    ("make", "loss"),
    [
        (two_branches, "mse"),
        (an_added_loss, ["mse", None]),
        (penalties, ["mse", None, None]),
        (parts_inside, "mse"),
    ],
)
def test_weights_that_reach_a_loss_are_not_listed(make, loss):
    model = make()
    model.compile("sgd", loss)
    labels = model.predict(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error", FastnnWarning)
        model.fit(X, labels, verbose=0)
        model.evaluate(X, labels, verbose=0)


class Dropping(layers.Layer):
    """Calls a layer whose result it drops; in Python if told so."""

    def __init__(self, in_python):
        super().__init__(name="dropping")
        self.kept, self.dropped = layers.Dense(2, name="kept"), layers.Dense(2, name="dropped")
        self.penalized = layers.Dense(2, kernel_regularizer="l2", use_bias=False)
        self.in_python = in_python

    def call(self, x):
        self.dropped(x), self.penalized(x)
        y = self.kept(x)
        return np.tanh(y) if self.in_python else y


class DroppingModel(fastnn.Model):
    def __init__(self, in_python):
        super().__init__()
        self.inner = Dropping(in_python)

    def call(self, x):
        return self.inner(x)


@pytest.mark.parametrize("in_python", [False, True])
@pytest.mark.parametrize(
    "make",
    [
        lambda inner: fastnn.Sequential([inner]),
        lambda inner: fastnn.Model(x := fastnn.Input((3,)), layers.Dense(1)(inner(x))),
        lambda inner: DroppingModel(inner.in_python),
    ],
)
def test_branches_that_a_call_drops(make, in_python):
    model = make(Dropping(in_python))
    model.build((None, 3))
    model.compile("sgd", "mse")
    listed = r"2 of its weights reach no loss.*dropped/kernel, \S*dropped/bias$"
    y = np.ones((8, *model.output_shape[1:]))
    with pytest.warns(fastnn.FastnnWarning, match=listed):
        model.fit(X, y, epochs=2, verbose=0)
    model.fit(X, y, verbose=0)  # not again, which would be an error here
