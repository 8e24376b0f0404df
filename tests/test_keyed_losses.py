"""Losses, metrics and weights by the keys of outputs, before and after the outputs are known."""

import numpy as np
import pytest

import fastnn
from fastnn import Input, Model, layers

RNG = np.random.default_rng(0)
X = RNG.random((6, 3)).astype("float32")
P, Q, R = (RNG.random((6, n)).astype("float32") for n in (2, 1, 2))


class Named(Model):
    def __init__(self):
        super().__init__()
        self.one, self.other = layers.Dense(2), layers.Dense(1)

    def call(self, x):
        return {"p": self.one(x), "q": self.other(x)}


class Nested(Named):
    def call(self, x):
        return {"p": (self.one(x), self.other(x)), "r": self.one(x) * 2.0}


def functional():
    x = Input((3,))
    one, other = layers.Dense(2, name="first"), layers.Dense(1, name="second")
    return Model(x, {"p": (one(x), other(x)), "r": layers.Rescaling(2.0, name="third")(one(x))})


def mse(y, p):
    return float(np.mean((np.asarray(y) - np.asarray(p)) ** 2))


def mae(y, p):
    return float(np.mean(abs(np.asarray(y) - np.asarray(p))))


@pytest.mark.parametrize("built", [False, True])
def test_keys_of_an_own_model(built):
    model = Named()
    if built:
        model(X)
    model.compile(
        "sgd",
        loss={"p": "mse", "q": ["mse", "mae"]},
        loss_weights={"p": 2.0, "q": [0.5, 3.0]},
        metrics={"q": ["mae"]},
    )
    assert model.metrics_names == ["loss", "p_loss", "q_loss", "q_mae"]
    found = model.evaluate(X, {"q": Q, "p": P}, verbose=0, return_dict=True)
    made = model(X)
    p, q = mse(P, made["p"]), 0.5 * mse(Q, made["q"]) + 3 * mae(Q, made["q"])
    assert found["loss"] == pytest.approx(2 * p + q, rel=1e-5)
    assert (found["p_loss"], found["q_mae"]) == pytest.approx((p, mae(Q, made["q"])), rel=1e-5)
    model.fit(X, {"p": P, "q": Q}, verbose=0)
    model.train_on_batch(X, {"p": P, "q": Q})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": {"p": "mse", "z": "mse"}}, r"loss: expected the outputs \['p', 'q'\] as keys, got"),
        ({"loss": "mse", "loss_weights": {"z": 1.0}}, r"loss_weights: expected the outputs \['p', 'q'\]"),
        ({"loss": "mse", "metrics": {"z": ["mae"]}}, r"metrics: expected the outputs \['p', 'q'\]"),
        ({"loss": "mse", "weighted_metrics": {"z": "mae"}}, r"weighted_metrics: expected the outputs"),
    ],
)
def test_unknown_keys_are_told_once_the_outputs_are_known(arguments, message):
    model = Named()
    model.compile("sgd", **arguments)
    with pytest.raises(ValueError, match=message):
        model.fit(X, {"p": P, "q": Q}, verbose=0)
    built = Named()
    built(X)
    with pytest.raises(ValueError, match=message):
        built.compile("sgd", **arguments)


@pytest.mark.parametrize(
    "arguments", [{"loss": {"p": "mze"}}, {"loss": {"p": "mse"}, "metrics": {"p": "mze"}}]
)
def test_unknown_names_are_told_at_once(arguments):
    with pytest.raises(ValueError, match="unknown name 'mze'"):
        Named().compile("sgd", **arguments)


@pytest.mark.parametrize("make", [Nested, functional])
def test_nested_keys(make):
    model = make()
    model.compile(
        "sgd",
        loss={"p": ("mse", "mae"), "r": "mse"},
        loss_weights={"p": (1.0, 2.0), "r": 3.0},
        metrics={"p": (["mae"], ["mse"]), "r": ["mae"]},
    )
    y = {"p": (P, Q), "r": R}
    found = model.evaluate(X, y, verbose=0)
    (p, q), r = (made := model(X))["p"], made["r"]
    total = mse(P, p) + 2 * mae(Q, q) + 3 * mse(R, r)
    np.testing.assert_allclose(found[:4], [total, mse(P, p), mae(Q, q), mse(R, r)], rtol=1e-5)
    np.testing.assert_allclose(found[4:], [mae(P, p), mse(Q, q), mae(R, r)], rtol=1e-5)
    weights = {"p": (np.zeros(6), np.zeros(6)), "r": np.ones(6)}
    assert model.evaluate(X, y, sample_weight=weights, verbose=0)[0] == pytest.approx(3 * mse(R, r), rel=1e-5)
    model.fit(X, y, verbose=0)
    model.compile("sgd", loss={"p": "mse", "r": None})  # one for all inside of p
    assert model.evaluate(X, y, verbose=0)[0] == pytest.approx(
        mse(P, model(X)["p"][0]) + mse(Q, model(X)["p"][1]), rel=1e-5
    )
    with pytest.raises(ValueError, match="loss: expected 2 entries for the outputs"):
        model.compile("sgd", loss={"p": ("mse", "mae", "mse"), "r": "mse"})
    with pytest.raises(ValueError, match=r"y: expected the outputs \['p', 'r'\] as keys, got \['p', 'z'\]"):
        model.fit(X, {"p": (P, Q), "z": R}, verbose=0)


# ---- no loss ----


class Adds(layers.Layer):
    def call(self, x):
        self.add_loss(0.5 * (x**2).mean())
        return x * 2.0


def sequential(*inside):
    return fastnn.Sequential([Input((3,)), *inside])


def penalized():
    return sequential(layers.Dense(2, kernel_regularizer="l2", bias_regularizer="l2"))


@pytest.mark.parametrize("labels", [None, P])
@pytest.mark.parametrize("kind", ["added", "penalty"])
def test_a_model_trains_on_what_its_layers_add(kind, labels):
    model = penalized() if kind == "penalty" else sequential(layers.Dense(2), Adds())
    model.compile(fastnn.optimizers.SGD(0.1))
    w, b = model.get_weights()
    z = X @ w + b
    expected = 0.01 * (w**2).sum() if kind == "penalty" else 0.5 * (z**2).mean()
    gradient = 0.02 * w if kind == "penalty" else X.T @ z / z.size
    assert model.evaluate(X, labels, verbose=0) == pytest.approx(expected, rel=1e-5)
    history = model.fit(X, labels, batch_size=6, validation_data=(X, labels), verbose=0).history
    assert history["loss"] == pytest.approx([expected], rel=1e-5)
    np.testing.assert_allclose(model.get_weights()[0], w - 0.1 * gradient, rtol=1e-5, atol=1e-7)
    first, second = model.train_on_batch(X, labels), model.train_on_batch(X)
    assert history["val_loss"][0] == pytest.approx(first, rel=1e-5)
    assert second < first < expected
    model.fit(iter([X, (X,), (X, P)]), verbose=0)


@pytest.mark.parametrize("labels", [None, P])
def test_where_nothing_gives_a_loss_fit_says_so(labels):
    model = sequential(layers.Dense(2))
    model.compile("sgd")
    for use in (model.fit, model.evaluate, model.train_on_batch):
        with pytest.raises(ValueError, match="compiled with a loss first"):
            use(X, labels)


def test_labels_are_needed_where_a_loss_takes_them():
    model = sequential(layers.Dense(2), Adds())
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="y: expected labels, got None"):
        model.fit(X, verbose=0)
    model.compile("sgd")
    with pytest.raises(ValueError, match="class_weight: expected a model with a loss"):
        model.fit(X, class_weight={0: 1.0}, verbose=0)


def test_metrics_of_an_own_step_need_no_loss():
    class Own(Named):
        def call(self, x):
            return self.one(x)

        def train_step(self, data):
            x, y = data
            loss = ((self(x, training=True) - y) ** 2).mean()
            self.optimizer.apply(
                fastnn.autograd.grad(loss, self.trainable_variables), self.trainable_variables
            )
            return self.compute_metrics(x, y, self(x))

    model = Own()
    model.compile(fastnn.optimizers.SGD(0.0), metrics=["mae"])
    history = model.fit(X, P, batch_size=6, verbose=0).history
    assert history["mae"] == pytest.approx([mae(P, model(X))], rel=1e-5)
