"""Steps that a subclass writes in Python, against the plans that do the same in C."""

import numpy as np
import pytest

import fastnn
from fastnn import autograd, callbacks, layers, losses, metrics, optimizers

RNG = np.random.default_rng(5)
X = RNG.standard_normal((50, 3))
Y = X.sum(1, keepdims=True) + 0.1 * RNG.standard_normal((50, 1))
W = RNG.random(50) + 0.5


class Plain(fastnn.Sequential):
    """Runs in C."""


class Same(fastnn.Sequential):
    """Runs the methods of the base in Python."""

    def train_step(self, data):
        return super().train_step(data)


class Own(fastnn.Sequential):
    """A step written out, over the tape."""

    def train_step(self, data):
        x, y, *weights = data
        loss = self.compute_loss(x, y, y_pred := self(x, training=True), *weights)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step(self.trainable_variables)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss, sample_weight=len(x))
            else:
                metric.update_state(y, y_pred)
        return {metric.name: metric.result() for metric in self.metrics}


class Gradients(fastnn.Sequential):
    """The same by `autograd.grad`, with a loss of its own."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return losses.MeanSquaredError()(y, y_pred, sample_weight)

    def train_step(self, data):
        x, y, *weights = data
        loss = self.compute_loss(x, y, self(x, training=True), *weights)
        variables = self.trainable_variables
        self.optimizer.apply_gradients(zip(autograd.grad(loss, variables), variables, strict=True))
        self._loss_tracker.update_state(loss, sample_weight=len(x))
        return self.get_metrics_result()


def made(cls, **options):
    fastnn.utils.set_random_seed(1)
    model = cls([fastnn.Input((3,), dtype="float64"), layers.Dense(4, "tanh"), layers.Dense(1)])
    model.compile(optimizers.Adam(0.05), "mse", **options)
    return model


@pytest.mark.parametrize("weights", [None, W], ids=["plain", "weighted"])
@pytest.mark.parametrize("cls", [Same, Own, Gradients])
def test_steps_in_python_train_as_plans_do(cls, weights):
    found = []
    for kind in (Plain, cls):
        model = made(kind)
        options = {"epochs": 4, "batch_size": 8, "verbose": 0, "sample_weight": weights}
        history = model.fit(X, Y, validation_data=(X[:10], Y[:10]), **options).history
        found.append([history, model.get_weights(), model.evaluate(X, Y, sample_weight=weights, verbose=0)])
        assert model.optimizer.iterations == 28
    for key in found[0][0]:
        np.testing.assert_allclose(found[0][0][key], found[1][0][key], rtol=1e-9)
    for one, other in zip(found[0][1], found[1][1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)
    np.testing.assert_allclose(found[0][2], found[1][2], rtol=1e-9)


def test_metrics_of_steps_in_python():
    found = []
    for kind in (Plain, Same):
        model = made(kind, metrics=["mae"], weighted_metrics=["mae", metrics.R2Score()])
        history = model.fit(X, Y, 8, 3, 0, sample_weight=W, validation_split=0.2, shuffle=False).history
        evaluated = model.evaluate(X, Y, 8, 0, sample_weight=W, return_dict=True)
        batch = model.train_on_batch(X[:8], Y[:8], return_dict=True)
        found.append((history, evaluated, batch, model.test_on_batch(X, Y, return_dict=True)))
    for one, other in zip(*found, strict=True):
        assert one.keys() == other.keys()
        for key in one:
            np.testing.assert_allclose(one[key], other[key], rtol=1e-9)


@pytest.mark.parametrize("form", ["list", "dict"])
def test_several_inputs_and_outputs(form):
    class Two(fastnn.Model):
        def train_step(self, data):
            return super().train_step(data)

    found = []
    for cls in (fastnn.Model, Two):
        fastnn.utils.set_random_seed(2)
        a, b = fastnn.Input((3,), name="a", dtype="float64"), fastnn.Input((3,), name="b", dtype="float64")
        outputs = [layers.Dense(1, name="c")(a), layers.Dense(1, name="d", kernel_regularizer="l2")(b)]
        model = cls({"a": a, "b": b} if form == "dict" else [a, b], outputs)
        model.compile("sgd", ["mse", "mae"], loss_weights=[1.0, 0.5])
        x = {"a": X, "b": X + 1} if form == "dict" else [X, X + 1]
        y = {"c": Y, "d": Y} if form == "dict" else [Y, Y]
        losses_seen = model.fit(x, y, epochs=2, shuffle=False, verbose=0).history["loss"]
        found.append((losses_seen, np.concatenate([w.ravel() for w in model.get_weights()])))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


def test_data_of_a_step():
    seen = []

    class Seen(fastnn.Model):
        def train_step(self, data):
            seen.append(data)
            return {"loss": 1}

    model = Seen()
    model.compile()
    model.fit(X, verbose=0, batch_size=20, shuffle=False)
    assert [type(data) for data in seen] == [np.ndarray] * 3
    assert [len(data) for data in seen] == [20, 20, 10]
    np.testing.assert_array_equal(seen[0], np.float32(X[:20]))
    seen.clear()
    model.fit({"a": X}, {"b": [Y, Y]}, verbose=0, batch_size=50, sample_weight=W)
    ((x, y, w),) = seen
    assert (x["a"].shape, y["b"][1].shape, w.shape) == ((50, 3), (50, 1), (50,))
    seen.clear()
    model.fit(iter([(X[:3], np.arange(3)), (X[:2], np.arange(2))]), verbose=0)
    assert [data[1].tolist() for data in seen] == [[0, 1, 2], [0, 1]]
    assert seen[0][1].dtype.kind == "i"
    seen.clear()
    model.fit(X[:4], np.array([0, 1, 1, 2]), class_weight={1: 3.0}, verbose=0, shuffle=False)
    assert seen[0][2].tolist() == [1, 3, 3, 1]
    with pytest.raises(ValueError, match=r"x, y: expected equal lengths, got \[3, 50\]"):
        model.fit(X, Y[:3], verbose=0)


def test_a_data_set_reports_the_last_batch_of_an_epoch():
    class Counting(fastnn.Sequential):
        def train_step(self, data):
            return {"loss": float(data[0][0, 0])}

    model = Counting([fastnn.Input((1,)), fastnn.layers.Dense(1)])
    model.compile("sgd", "mse")
    batches = [(np.full((2, 1), i, "float32"), np.ones((2, 1), "float32")) for i in range(3)]
    assert model.fit(iter(batches), verbose=0).history["loss"] == [2.0]


def test_each_epoch_is_shuffled_as_that_of_plans():
    orders = []

    class Seen(Same):
        def train_step(self, data):
            orders.extend(data[0][:, 0])
            return super().train_step(data)

    made(Seen).fit(X, Y, epochs=2, verbose=0)
    assert sorted(orders[:50]) == sorted(orders[50:]) == sorted(X[:, 0])
    assert orders[:50] != orders[50:] != list(X[:, 0])


def test_a_step_of_evaluation_and_of_prediction():
    class Custom(Same):
        def test_step(self, data):
            x, y = data
            return {"largest": np.max(abs(self(x) - y)), "recording": float(autograd.is_recording())}

        def predict_step(self, data):
            return super().predict_step(data) * 2

    model = made(Custom)
    single = fastnn.Sequential(model.layers)
    assert model.evaluate(X, Y, len(X), 0) == [abs(single.predict(X) - Y).max(), 0.0]
    assert list(model.fit(X, Y, validation_data=(X, Y), verbose=0).history) == [
        "loss",
        "val_largest",
        "val_recording",
    ]
    for options in ({}, {"batch_size": 7}, {"steps": 8, "batch_size": 7}):
        np.testing.assert_allclose(model.predict(X, **options), 2 * single.predict(X), rtol=1e-12)
    assert type(model.predict(X)) is np.ndarray


def test_metrics_in_attributes_are_reset_and_overridden_metrics_respected():
    class Tracked(fastnn.Model):
        def __init__(self):
            super().__init__()
            self.layer = layers.Dense(1)
            self.error = metrics.MeanAbsoluteError(name="error")

        def call(self, x):
            return self.layer(x)

        def train_step(self, data):
            x, y = data
            loss = abs((y_pred := self(x, training=True)) - y).mean()
            loss.backward()
            self.optimizer.step()
            self.optimizer.zero_grad()
            self.error.update_state(y, y_pred)
            return {"error": self.error.result()}

    model = Tracked()
    model.compile(optimizers.SGD(0.0))
    history = model.fit(X, Y, epochs=2, verbose=0).history
    assert history["error"][0] == pytest.approx(history["error"][1])
    assert [metric.name for metric in model.metrics] == ["loss", "error"]


def test_callbacks_and_errors_of_steps_in_python():
    model = made(Same)
    stopping = callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: setattr(model, "stop_training", True)
    )
    assert len(model.fit(X, Y, epochs=5, verbose=0, callbacks=[stopping]).epoch) == 1

    class Wrong(Same):
        def train_step(self, data):
            return None

    with pytest.raises(TypeError, match="step: expected a dict of losses and metrics, got None"):
        made(Wrong).fit(X, Y, verbose=0)
    unfit = Same([fastnn.Input((3,)), layers.Dense(1)])
    with pytest.raises(ValueError, match="loss: the model has to be compiled"):
        unfit.fit(X, Y, verbose=0)
    unfit.compile("sgd")
    with pytest.raises(ValueError, match="loss: .* compiled with a loss, or override compute_loss"):
        unfit.fit(X, Y, verbose=0)


def test_two_optimizers():
    """As in an adversarial network: each step of an optimizer changes the weights of its own."""

    class Pair(fastnn.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = (fastnn.Sequential([fastnn.Input((3,)), layers.Dense(3)]) for _ in "ab")

        def compile(self, first, second):
            super().compile()
            self.first_optimizer, self.second_optimizer = first, second

        def train_step(self, data):
            loss = (self.second(self.first(data, training=True), training=True) ** 2).mean()
            self.first_optimizer.zero_grad()
            loss.backward()
            self.first_optimizer.step(self.first.trainable_variables)
            return {"loss": loss}

    model = Pair()
    model.compile(optimizers.SGD(0.1), optimizers.SGD(0.1))
    before = [part.get_weights() for part in (model.first, model.second)]
    history = model.fit(X, epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert not np.array_equal(before[0][0], model.first.get_weights()[0])
    np.testing.assert_array_equal(before[1][0], model.second.get_weights()[0])


# ---- what trains ----------------------------------------------------------------------------------------


def overriding(name):
    """A class that overrides a method of steps only to call it."""

    def method(self, *args, **kwargs):
        return getattr(fastnn.Sequential, name)(self, *args, **kwargs)

    return type("Overriding", (fastnn.Sequential,), {name: method})


def freeze_all(model):
    model.trainable = False


def freeze_first(model):
    model.layers[0].trainable = False


def freeze_normalization(model):
    model.layers[1].trainable = False


def freeze_one(model):
    model.weights[0].trainable = False


def thaw_all(model):
    model.trainable = True


def nothing(model):
    pass


CHANGES = [freeze_all, freeze_first, freeze_normalization, freeze_one, thaw_all, nothing]


CHANGES_OF_BUILT = [(True, after) for after in CHANGES]
CHANGES_OF_UNBUILT = [(False, after) for after in CHANGES if after is not freeze_one]  # no weights yet


@pytest.mark.parametrize(("built", "after"), CHANGES_OF_BUILT + CHANGES_OF_UNBUILT)
@pytest.mark.parametrize("before", [nothing, freeze_first, freeze_normalization])
@pytest.mark.parametrize("name", ["train_step", "test_step", "compute_loss", "compute_metrics"])
def test_steps_in_python_train_what_compile_has_fixed(name, before, after, built):
    found = []
    for cls in (Plain, overriding(name)):
        fastnn.utils.set_random_seed(2)
        parts = [
            layers.Dense(4, kernel_regularizer="l2"),
            layers.BatchNormalization(momentum=0.5),
            layers.Dense(1, bias_regularizer="l1"),
        ]
        model = cls([fastnn.Input((3,))] * built + parts)
        before(model)
        model.compile("sgd", "mse")
        after(model)
        losses_ = [model.train_on_batch(X[:20], Y[:20]) for _ in range(3)]
        found.append([losses_, model.evaluate(X, Y, verbose=0), *model.get_weights()])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["train_step", "compute_loss"])
def test_a_discriminator_of_an_own_class_trains_on_after_it_was_frozen(name):
    found = []
    for cls in (Plain, overriding(name)):
        fastnn.utils.set_random_seed(3)
        discriminator = cls([fastnn.Input((3,)), layers.Dense(4, "tanh"), layers.Dense(1, "sigmoid")])
        discriminator.compile("sgd", "binary_crossentropy")
        discriminator.trainable = False
        generator = fastnn.Sequential([fastnn.Input((2,)), layers.Dense(3)])
        combined = cls([fastnn.Input((2,)), generator, discriminator])
        combined.compile("sgd", "binary_crossentropy")
        noise, labels = RNG.standard_normal((8, 2)) * 0 + 0.5, np.array([0.0, 1.0] * 4)
        for _ in range(3):
            discriminator.train_on_batch(X[:8], labels)
            combined.train_on_batch(noise, np.ones(8))
        found.append([*discriminator.get_weights(), *generator.get_weights()])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_a_model_that_was_frozen_at_compile_changes_nothing_in_python():
    model = overriding("compute_loss")([fastnn.Input((3,)), layers.Dense(1)])
    model.trainable = False
    model.compile("sgd", "mse")
    model.trainable = True
    before = model.get_weights()
    with pytest.warns(fastnn.FastnnWarning, match="does not have any trainable weights"):
        model.train_on_batch(X, Y)
    assert all(map(np.array_equal, before, model.get_weights()))


class WithoutLoss(fastnn.Sequential):
    def train_step(self, data):
        x, y = data
        return self.compute_metrics(x, y, self(x, training=True))


@pytest.mark.parametrize("name", ["accuracy", "acc", "crossentropy"])
@pytest.mark.parametrize(
    ("units", "labels"),
    [(3, [0, 1, 2, 1]), (3, [[0], [1], [2], [1]]), (3, np.eye(3)[[0, 1, 2, 1]]), (1, [[1], [0], [1], [0]])],
    ids=["class numbers", "in a column", "one-hot rows", "one unit"],
)
def test_without_a_loss_the_shapes_of_labels_say_which_metric_a_name_means(name, units, labels):
    labels = np.array(labels)
    sparse = units == 3 and labels.shape[-1] != 3
    family = {
        "accuracy": (metrics.BinaryAccuracy, metrics.SparseCategoricalAccuracy, metrics.CategoricalAccuracy),
        "crossentropy": (
            metrics.BinaryCrossentropy,
            metrics.SparseCategoricalCrossentropy,
            metrics.CategoricalCrossentropy,
        ),
    }["accuracy" if name == "acc" else name]
    expected = family[1 if sparse else 0 if units == 1 else 2]()
    model = WithoutLoss([fastnn.Input((3,)), layers.Dense(units, "sigmoid" if units == 1 else "softmax")])
    model.compile("sgd", metrics=[name])
    x = X[:4]
    found = model.fit(x, labels, batch_size=2, epochs=2, verbose=0, shuffle=False).history[name]
    np.testing.assert_allclose(found, [expected(labels, model(x))] * 2, rtol=1e-5)
