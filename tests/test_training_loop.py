"""Models, layers and losses on the tape: the loop that a user writes by hand."""

import numpy as np
import pytest
from formulas import LOSSES

import fastnn
from fastnn import Model, Sequential, autograd, layers, losses
from fastnn.autograd import Tensor, no_grad

RNG = np.random.default_rng(0)
X = RNG.standard_normal((6, 4))
EPSILON = 1e-6


@pytest.fixture(autouse=True)
def _double():
    before = fastnn.config.floatx()
    fastnn.config.set_floatx("float64")
    yield
    fastnn.config.set_floatx(before)


def small():
    fastnn.utils.set_random_seed(1)
    return Sequential([layers.Dense(5, activation="tanh", input_shape=(4,)), layers.Dense(3)])


def check_weights(model, loss):
    """Compare the gradient of every weight with the central difference along a random direction."""
    for variable in model.variables:
        variable.grad = None
    loss().backward()
    for i, variable in enumerate(model.trainable_variables):
        u = np.random.default_rng(i).standard_normal(variable.shape)
        at = variable.numpy()
        ends = []
        for step in (EPSILON, -EPSILON):
            variable.assign(at + step * u)
            ends.append(float(loss()))
        variable.assign(at)
        numeric = (ends[0] - ends[1]) / (2 * EPSILON)
        assert (variable.grad * u).sum() == pytest.approx(numeric, rel=1e-6, abs=1e-8), variable.name


def test_a_model_in_training_makes_a_tensor():
    model = small()
    y = model(X, training=True)
    assert isinstance(y, Tensor)
    np.testing.assert_allclose(y.data, model(X), rtol=1e-12)
    assert isinstance(model(X), np.ndarray)
    with no_grad():
        assert isinstance(model(X, training=True), np.ndarray)
    assert layers.Dropout(0.5)(X, training=True).__class__ is not Tensor  # no weights: nothing to learn


def test_weights_and_inputs_get_their_gradients():
    model = small()
    check_weights(model, lambda: (model(X, training=True) ** 2).mean())
    x = Tensor(X)
    (model(x) ** 3).sum().backward()
    u = RNG.standard_normal(X.shape)
    ends = [(model(X + step * u) ** 3).sum() for step in (EPSILON, -EPSILON)]
    assert (x.grad * u).sum() == pytest.approx((ends[0] - ends[1]) / (2 * EPSILON), rel=1e-6)


def test_layers_are_operations_among_others():
    first, second = layers.Dense(5, activation="relu"), layers.LayerNormalization()
    scale = Tensor(np.full(5, 2.0))
    x = Tensor(X)
    h = second(first(x) * scale)
    (h[:, 1:].max(axis=1) + h.mean(axis=1)).sum().backward()
    assert x.grad.shape == X.shape
    assert scale.grad.shape == (5,)
    assert all(v.grad.shape == v.shape for v in first.weights + second.weights)


def test_a_layer_called_twice_adds_its_gradients_up():
    model = small()
    check_weights(model, lambda: model(X, training=True).mean() * model(2 * X, training=True).sum())
    assert model.weights[0].grad is not None


def test_runs_may_wait_for_their_backward_in_any_order():
    model = small()
    runs = [(model(k * X, training=True) ** 2).sum() for k in (1, 2, 3)]
    for run in (runs[1], runs[0], runs[2]):
        run.backward()
    together = [v.grad for v in model.weights]
    for variable in model.weights:
        variable.grad = None
    sum((model(k * X, training=True) ** 2).sum() for k in (1, 2, 3)).backward()
    for variable, one in zip(model.weights, together, strict=True):
        np.testing.assert_allclose(variable.grad, one, rtol=1e-10)


def test_a_run_serves_one_backward():
    model = small()
    y = model(X, training=True).sum()
    y.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="backward"):
        y.backward()


def test_batches_of_any_size():
    model = small()
    for rows in (1, 700, 3):
        x = RNG.standard_normal((rows, 4))
        check_weights(model, lambda x=x: (model(x, training=True) ** 2).mean())


def test_several_inputs_and_outputs():
    a, b = fastnn.Input((4,)), fastnn.Input((4,))
    shared = layers.Dense(3, activation="tanh")
    model = Model([a, b], {"one": shared(a), "two": layers.Dense(2)(shared(b))})
    x = Tensor(X)

    def loss():
        y = model([x, 2 * X], training=True)
        return (y["one"] ** 2).sum() + (y["two"] ** 3).mean()

    check_weights(model, loss)
    only = model([x, X], training=True)["two"].sum()
    x.grad = None
    only.backward()
    np.testing.assert_array_equal(x.grad, 0.0)


def test_frozen_weights_get_none():
    model = small()
    model.layers[0].trainable = False
    model(X, training=True).sum().backward()
    assert model.layers[0].kernel.grad is None
    assert model.layers[1].kernel.grad is not None


def test_dropout_and_batch_normalisation_act_in_training():
    model = Sequential([layers.BatchNormalization(input_shape=(4,)), layers.Dropout(0.5), layers.Dense(2)])
    one, two = model(X, training=True), model(X, training=True)
    assert np.any(one.data != two.data)
    one.sum().backward()
    assert np.any(model.layers[0].moving_mean.numpy() != 0)
    assert all(v.grad is not None for v in model.trainable_variables)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight", "none"])
@pytest.mark.parametrize("cls", losses.registry.classes(), ids=lambda cls: cls.__name__)
def test_losses_are_operations(cls, reduction):
    formula = LOSSES[losses.registry.name_of(cls)]
    predictions, labels = formula.arrays((6, 3), seed=4, spread=0.5)
    loss = cls(reduction=reduction, **formula.arguments)
    weights = np.linspace(0.5, 2.0, 6)
    t = Tensor(predictions)
    y = loss(labels, t, sample_weight=weights)
    np.testing.assert_allclose(y.data, loss(labels, predictions, sample_weight=weights), rtol=1e-9)
    factor = RNG.standard_normal(y.shape)
    (y * factor).sum().backward()
    u = RNG.standard_normal(predictions.shape)
    ends = [
        (loss(labels, predictions + step * u, sample_weight=weights) * factor).sum()
        for step in (EPSILON, -EPSILON)
    ]
    assert (t.grad * u).sum() == pytest.approx((ends[0] - ends[1]) / (2 * EPSILON), rel=1e-5, abs=1e-7)


def test_symmetric_losses_take_predictions_first():
    labels, predictions = RNG.random((6, 3)), RNG.random((6, 3))
    t = Tensor(predictions)
    losses.MeanSquaredError()(t, labels).backward()
    np.testing.assert_allclose(t.grad, 2 * (predictions - labels) / labels.size, rtol=1e-12)
    with pytest.raises(
        TypeError, match="y_true: CategoricalCrossentropy has no gradient with respect to labels"
    ):
        losses.CategoricalCrossentropy()(Tensor(predictions), labels)


def test_a_loop_written_by_hand_trains():
    model = small()
    optimizer = fastnn.optimizers.SGD(learning_rate=0.1)
    optimizer.build(model.trainable_variables)
    loss_function = losses.MeanSquaredError()
    targets = X[:, :3] * 2
    found = []
    for _ in range(50):
        loss = loss_function(targets, model(X, training=True))
        loss.backward()
        for variable in model.trainable_variables:
            variable.data -= 0.1 * variable.grad
            variable.grad = None
        found.append(float(loss))
    assert found[-1] < 0.3 * found[0]
    twin = small()
    twin.compile(fastnn.optimizers.SGD(0.1), "mse")
    twin.fit(X, targets, epochs=50, batch_size=6, shuffle=False, verbose=0)
    for one, other in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7)


def test_gradients_of_a_penalty_on_weights():
    model = small()
    check_weights(
        model,
        lambda: (
            losses.MeanSquaredError()(X[:, :3], model(X, training=True))
            + sum((v**2).sum() for v in model.trainable_variables) * 0.1
        ),
    )
    assert autograd.is_recording()
