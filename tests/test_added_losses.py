"""`add_loss`: what a call adds to the loss of the model."""

import numpy as np
import pytest

import fastnn
from fastnn import layers, losses, optimizers

RNG = np.random.default_rng(6)
X, Y = RNG.standard_normal((20, 3)), RNG.standard_normal((20, 2))


class Penalty(layers.Layer):
    """Adds a penalty on what passes through it, and on a weight of its own."""

    def __init__(self, rate=0.1, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate

    def build(self, input_shape):
        self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")

    def call(self, x):
        y = x * self.factor
        self.add_loss(self.rate * (y**2).mean())
        self.add_loss(self.rate * abs(self.factor))
        return y


class Through(layers.Layer):
    """Only calls other layers, so that it would be traced, but for the loss that it adds."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4)

    def call(self, x):
        y = self.dense(x)
        self.add_loss(0.1 * (self.dense.kernel**2).sum())
        return y


def made(*inside):
    fastnn.utils.set_random_seed(3)
    model = fastnn.Sequential(
        [fastnn.Input((3,), dtype="float64"), layers.Dense(4, "tanh"), *inside, layers.Dense(2)]
    )
    model.compile(optimizers.SGD(0.1), "mse")
    return model


def by_hand(model):
    """Return the loss as a tensor of the weights, layer by layer."""
    y, added = fastnn.Tensor(X, requires_grad=False), 0.0
    for layer in model.layers:
        y = layer(y)
        added = added + sum((loss.sum() for loss in layer.losses), 0.0)
    return losses.MeanSquaredError()(Y, y) + added


@pytest.mark.parametrize("inside", [Penalty, Through, lambda: layers.Dense(4, kernel_regularizer="l2")])
def test_added_losses_and_their_gradients(inside):
    model = made(inside())
    loss = by_hand(model)
    loss.backward()
    expected = [w.value - 0.1 * w.grad for w in model.trainable_variables]
    assert model.evaluate(X, Y, batch_size=20, verbose=0) == pytest.approx(float(loss))
    assert model.train_on_batch(X, Y) == pytest.approx(float(loss))
    for weight, value in zip(model.trainable_variables, expected, strict=True):
        np.testing.assert_allclose(weight.value, value, rtol=1e-9)


def test_an_epoch_reports_the_mean_over_batches():
    model = made(Penalty())
    model.optimizer.learning_rate = 0.0
    parts = [model.test_on_batch(X[i : i + 8], Y[i : i + 8]) for i in (0, 8, 16)]
    expected = np.average(parts, weights=[8, 8, 4])
    assert model.evaluate(X, Y, batch_size=8, verbose=0) == pytest.approx(expected)
    history = model.fit(X, Y, 8, 1, 0, shuffle=False, validation_data=(X, Y)).history
    assert history["loss"] + history["val_loss"] == pytest.approx([expected] * 2)


def test_predictions_and_metrics_do_not_see_them():
    plain, penalized = made(Penalty(0.0)), made(Penalty(5.0))
    np.testing.assert_array_equal(plain.predict(X), penalized.predict(X))
    for model in (plain, penalized):
        model.compile("sgd", "mse", metrics=["mse"])
    one, other = plain.evaluate(X, Y, verbose=0), penalized.evaluate(X, Y, verbose=0)
    assert one[1] == other[1] == pytest.approx(one[0])
    assert other[0] > one[0] + 5


def test_losses_of_a_model_written_as_call():
    class Own(fastnn.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x):
            y = self.dense(x)
            self.add_loss(abs(y).mean() * 0.5)
            return y

    model = Own()
    model.compile("sgd", "mse")
    p = model.predict(X)
    expected = ((p - np.float32(Y)) ** 2).mean() + 0.5 * abs(p).mean()
    assert model.evaluate(X, Y, batch_size=20, verbose=0) == pytest.approx(expected, rel=1e-5)
    before = model.evaluate(X, Y, batch_size=20, verbose=0)
    model.fit(X, Y, epochs=20, verbose=0)
    assert model.evaluate(X, Y, batch_size=20, verbose=0) < before


def test_losses_of_direct_calls():
    layer = Penalty()
    for _ in range(2):
        layer(fastnn.Tensor(X))
        assert [np.sum(loss.data) for loss in layer.losses] == pytest.approx([0.1 * (X**2).mean(), 0.3])
    assert (
        fastnn.Sequential([fastnn.Input((3,)), layers.Dense(1, kernel_regularizer="l2")]).losses[0].size == 1
    )
    with pytest.raises(TypeError, match="loss: expected a tensor or a number, got 'much'"):
        layer.add_loss("much")


class Whole(fastnn.Model):
    """Adds a loss in its own call, and has a layer that does."""

    def __init__(self):
        super().__init__(dtype="float64")
        self.inner, self.last = made(Penalty()), layers.Dense(2)

    def call(self, x):
        y = self.last(self.inner(x))
        self.add_loss(0.1 * (y**2).mean())
        return y


class WhileTraining(layers.Layer):
    def call(self, x, training=None):
        if training:
            self.add_loss((x**2).mean())
        return x * 1.0


@pytest.mark.parametrize(
    "make",
    [
        lambda: made(Penalty()),
        lambda: made(Through(), layers.Dropout(0.0)),
        lambda: made(fastnn.Sequential([fastnn.Input((4,), dtype="float64"), Penalty()])),
        Whole,
        lambda: made(WhileTraining()),
    ],
)
def test_a_loop_written_by_hand(make):
    model = make()
    model.compile(optimizers.SGD(0.1), "mse")
    model.build((None, 3))
    for _ in range(2):  # the losses of the last call, not of all
        y = model(X, training=True)
    assert isinstance(y, fastnn.Tensor)
    assert model.losses
    loss = losses.MeanSquaredError()(Y, y) + sum(part.sum() for part in model.losses)
    loss.backward()
    expected = [w.value - 0.1 * w.grad for w in model.trainable_variables]
    assert model.train_on_batch(X, Y) == pytest.approx(float(loss))
    for weight, value in zip(model.trainable_variables, expected, strict=True):
        np.testing.assert_allclose(weight.value, value, rtol=1e-9)


def test_losses_of_a_layer_that_is_called_twice_add_up():
    penalty, x = Penalty(), fastnn.Input((3,), dtype="float64")
    model = fastnn.Model(x, penalty(penalty(x)))
    model(X, training=True)
    assert [float(np.sum(loss.data)) for loss in model.losses] == pytest.approx(
        [0.1 * (X**2).mean(), 0.3] * 2
    )


def test_a_step_of_ones_own_and_the_one_of_the_library_count_them():
    class Own(Whole):
        def train_step(self, data):
            return super().train_step(data)

    model = Own()
    model.compile(optimizers.SGD(0.1), "mse")
    first, _ = model.evaluate(X, Y, verbose=0), model.fit(X, Y, batch_size=20, epochs=2, verbose=0)
    loss = losses.MeanSquaredError()(Y, model(X, training=True)) + sum(part.sum() for part in model.losses)
    assert model.evaluate(X, Y, batch_size=20, verbose=0) == pytest.approx(float(loss))
    assert float(loss) < first


class Cell(layers.Layer):
    """A recurrent cell that adds a loss at each step."""

    state_size = 2

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], 2), initializer="ones", name="w")

    def call(self, inputs, states):
        y = (inputs @ self.w + states[0]).tanh()
        self.add_loss(0.1 * (y**2).mean())
        return y, [y]


WRAPPERS = {
    "TimeDistributed": lambda: layers.TimeDistributed(Penalty()),
    "nested": lambda: layers.TimeDistributed(layers.TimeDistributed(Penalty())),
    "a model": lambda: layers.TimeDistributed(
        fastnn.Sequential([fastnn.Input((2, 3), dtype="float64"), Penalty(), Through()])
    ),
    "RNN": lambda: layers.TimeDistributed(layers.RNN(Cell())),
    "Bidirectional": lambda: layers.TimeDistributed(layers.Bidirectional(layers.RNN(Cell()))),
}


@pytest.mark.parametrize("name", WRAPPERS)
def test_losses_of_layers_inside_of_wrappers(name):
    sequences = RNG.standard_normal((5, 4, 2, 3))
    model = fastnn.Sequential(
        [fastnn.Input((4, 2, 3), dtype="float64"), WRAPPERS[name](), layers.Flatten(), layers.Dense(2)]
    )
    model.compile(optimizers.SGD(0.1), "mse")
    y = model(sequences, training=True)
    assert model.losses
    loss = losses.MeanSquaredError()(Y[:5], y) + sum(part.sum() for part in model.losses)
    loss.backward()
    expected = [w.value - 0.1 * w.grad for w in model.trainable_variables]
    assert model.evaluate(sequences, Y[:5], verbose=0) == pytest.approx(float(loss))
    assert model.train_on_batch(sequences, Y[:5]) == pytest.approx(float(loss))
    for weight, value in zip(model.trainable_variables, expected, strict=True):
        np.testing.assert_allclose(weight.value, value, rtol=1e-9)


def test_a_loss_that_is_left_out_has_no_gradient():
    layer = layers.TimeDistributed(Penalty())
    y = layer(fastnn.Tensor(np.ones((4, 2, 3))))
    y.sum().backward()
    factor = layer.trainable_variables[0]
    assert factor.grad.tolist() == [8.0] * 3
    factor.grad = None
    layer(fastnn.Tensor(np.ones((4, 2, 3))))
    layer.losses[0].backward()  # counts for each of the two steps, as in Keras
    np.testing.assert_allclose(factor.grad, [2 * 0.1 * 2 / 3] * 3, rtol=1e-6)
    with fastnn.autograd.no_grad():
        layer(fastnn.Tensor(np.ones((4, 2, 3))))
    assert [float(np.sum(loss.data)) for loss in layer.losses] == pytest.approx([0.2, 0.6])
    with pytest.raises(ValueError, match="nothing that this was computed from"):
        layer.losses[0].backward()
