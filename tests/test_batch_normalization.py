"""`BatchNormalization`: by the batch in training, by the moving statistics else, and how these move."""

import threading

import numpy as np
import pytest
from gradcheck import check_gradients
from harness import check_layer

import fastnn
from fastnn.layers import BatchNormalization, Dense, Dropout, Flatten, Masking
from fastnn.optimizers import SGD
from fastnn.training.plan_cache import plan_of

RANDOM = fastnn.initializers.RandomUniform(0.5, 1.5, seed=4)


def normalized(axis, center=True, scale=True, epsilon=1e-3):
    """The output outside of training, by the definition."""

    def oracle(x, *weights):
        shape = [1] * x.ndim
        shape[axis] = -1
        weights = [w.reshape(shape) for w in weights]
        gamma = weights.pop(0) if scale else 1
        beta = weights.pop(0) if center else 0
        mean, variance = weights
        return (x - mean) / np.sqrt(variance + epsilon) * gamma + beta

    return oracle


@pytest.mark.parametrize(
    ("row", "arguments"),
    [
        ((7,), {}),
        ((5, 1), {}),
        ((3, 4, 17), {"epsilon": 0.1, "beta_initializer": RANDOM}),
        ((3, 5, 6), {"axis": 1, "gamma_initializer": RANDOM, "momentum": 0.5}),
        ((4, 3), {"axis": -2, "center": False}),
        ((6,), {"scale": False, "moving_mean_initializer": RANDOM}),
        ((5,), {"center": False, "scale": False, "moving_variance_initializer": RANDOM}),
        ((6,), {"trainable": False, "moving_variance_initializer": RANDOM}),
    ],
)
def test_batch_normalization(row, arguments):
    axis = arguments.get("axis", -1)
    kinds = {name: arguments.get(name, True) for name in ("center", "scale")}
    n = (None, *row)[axis]
    check_layer(
        BatchNormalization,
        {"axis": axis} | arguments,
        (2, *row),
        (2, *row),
        n * (2 + sum(kinds.values())),
        oracle=normalized(axis, **kinds, epsilon=arguments.get("epsilon", 1e-3)),
    )


def data(rows, row, dtype="float64", seed=0):
    return np.random.default_rng(seed).normal(2.0, 3.0, (rows, *row)).astype(dtype)


def trained(layer, batches, dtype="float64"):
    """A model of the layer alone, after a step on each batch."""
    model = fastnn.Sequential([fastnn.Input(batches[0].shape[1:], dtype=dtype), layer])
    model.compile(SGD(0.1), "mse")
    for x in batches:
        model.train_on_batch(x, np.zeros_like(x))
    return model


def test_moving_statistics_follow_the_batches(isa):
    layer = BatchNormalization(momentum=0.8)
    batches = [data(rows, (3, 5), seed=rows) for rows in (40, 7, 1)]
    trained(layer, batches)
    mean, variance = np.zeros(5), np.ones(5)
    for x in batches:
        mean = 0.8 * mean + 0.2 * x.mean((0, 1))
        variance = 0.8 * variance + 0.2 * x.var((0, 1))
    np.testing.assert_allclose(layer.moving_mean, mean, rtol=1e-12)
    np.testing.assert_allclose(layer.moving_variance, variance, rtol=1e-12)


@pytest.mark.parametrize("arguments", [{}, {"center": False, "scale": False}])
def test_they_follow_though_nothing_before_them_learns(arguments):
    layer = BatchNormalization(momentum=0.0, **arguments)
    model = fastnn.Sequential([fastnn.Input((4,), dtype="float64"), layer, Dense(2)])
    model.compile("sgd", "mse")
    x = data(20, (4,))
    model.train_on_batch(x, x[:, :2])
    np.testing.assert_allclose(layer.moving_mean, x.mean(0), rtol=1e-12)
    np.testing.assert_allclose(layer.moving_variance, x.var(0), rtol=1e-12)


def test_a_row_alone_has_no_variance():
    layer = BatchNormalization(momentum=0.0)
    x = data(1, (4,))
    trained(layer, [x])
    np.testing.assert_array_equal(layer.moving_mean, x[0])
    assert not layer.moving_variance.numpy().any()
    np.testing.assert_array_equal(layer(x, training=True), [layer.beta.numpy()])


def sequences(rows, steps=5):
    """Of the even rows the last two steps are left out."""
    x = data(rows, (steps, 3))
    x[::2, -2:] = 0
    return x, np.repeat((x != 0).any(-1)[..., None], 3, -1)


@pytest.mark.parametrize("rows", [1, 4, 400])
def test_steps_left_out_do_not_count(isa, rows):
    x, counts = sequences(rows)
    layer = BatchNormalization(momentum=0.0, dtype="float64")
    model = fastnn.Sequential([fastnn.Input((5, 3), dtype="float64"), Masking(), layer])
    y = model(x, training=True)
    mean, variance = x.mean((0, 1), where=counts), x.var((0, 1), where=counts)
    np.testing.assert_allclose(y, (x - mean) / np.sqrt(variance + 1e-3), rtol=1e-10, atol=1e-10)
    model.compile(SGD(0.1), "mse")
    model.train_on_batch(x, x)
    np.testing.assert_allclose(layer.moving_mean, mean, rtol=1e-12)
    np.testing.assert_allclose(layer.moving_variance, variance, rtol=1e-12)


@pytest.mark.parametrize("activation", ["tanh", "linear"])
@pytest.mark.filterwarnings("ignore:mask")  # of layers that do not pass it on
def test_gradients_where_steps_are_left_out(activation):
    x, _ = sequences(4)
    layers = Masking(), Dense(4, activation), BatchNormalization(), Flatten(), Dense(2)
    model = fastnn.Sequential([fastnn.Input((5, 3), dtype="float64"), *layers])
    check_gradients(model, "mse", x, data(4, (2,)))


def test_nothing_left_is_zero():
    x = np.zeros((2, 5, 3))
    layer = BatchNormalization(momentum=0.0, dtype="float64")
    model = fastnn.Sequential([fastnn.Input((5, 3), dtype="float64"), Masking(), layer])
    model.compile(SGD(0.1), "mse")
    model.train_on_batch(x, x)
    assert not layer.moving_mean.numpy().any()
    assert not layer.moving_variance.numpy().any()


def test_other_axes_take_no_mask():
    model = fastnn.Sequential([fastnn.Input((5, 3)), Masking(), BatchNormalization(axis=1)])
    with pytest.raises(ValueError, match=r"a mask of shape \(5,\), axis 1"):
        model(np.ones((2, 5, 3)), training=True)


def test_weights_are_in_keras_order_and_only_two_learn():
    layer = BatchNormalization()
    layer(np.ones((1, 3)))
    assert [w.name for w in layer.weights] == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert [w.name for w in layer.trainable_weights] == ["gamma", "beta"]
    layer.trainable = False
    assert [w.name for w in layer.weights] == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert not layer.trainable_weights


def test_frozen_it_trains_by_what_it_knows():
    layer = BatchNormalization(trainable=False, moving_mean_initializer=RANDOM)
    model = fastnn.Sequential([fastnn.Input((4,), dtype="float64"), Dense(4), layer])
    model.compile(SGD(0.1), "mse")
    x = data(30, (4,))
    expected = ((model.predict(x) - x) ** 2).mean()
    before = layer.get_weights()
    assert model.train_on_batch(x, x) == pytest.approx(expected, rel=1e-12)
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_evaluation_uses_and_leaves_the_moving_statistics():
    layer = BatchNormalization()
    model = trained(layer, [data(30, (4,))])
    x = data(50, (4,), seed=1)
    before = model.get_weights()
    expected = ((model.predict(x) - x) ** 2).mean()
    assert model.evaluate(x, x, verbose=0) == pytest.approx(expected, rel=1e-12)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("rows", [1, 5, 700])
def test_called_for_training_all_rows_are_the_batch(isa, rows):
    layer = BatchNormalization(dtype="float64", axis=1)
    x = data(rows, (3, 6))
    y = layer(x, training=True)
    axes = (0, 2)
    desired = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-3)
    np.testing.assert_allclose(y, desired, rtol=1e-10, atol=1e-10)
    assert not layer.moving_mean.numpy().any()


def test_more_rows_called_for_training_still_draw_masks_of_their_own():
    model = fastnn.Sequential([fastnn.Input((5,)), BatchNormalization(), Dropout(0.5, seed=0)])
    x = data(600, (5,), "float32")
    kept = [model(x[:rows], training=True)[:100] != 0 for rows in (100, 600, 600)]
    assert (kept[0] != kept[1]).any()
    assert (kept[1] != kept[2]).any()


def test_threads_called_for_training_do_not_disturb_each_other():
    model = fastnn.Sequential([fastnn.Input((8,)), Dense(8), BatchNormalization()])
    inputs = [data(rows, (8,), "float32") for rows in (10, 300, 900, 2000)]
    alone = [model(x, training=True) for x in inputs]
    weights, model = model.get_weights(), fastnn.models.clone_model(model)  # without plans
    model.set_weights(weights)
    results = [None] * len(inputs)

    def call(i):
        results[i] = model(inputs[i], training=True)

    threads = [threading.Thread(target=call, args=(i,)) for i in range(len(inputs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for y, expected in zip(results, alone, strict=True):
        np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize("axis", [-1, 1])
def test_float32_is_right_far_from_zero(isa, axis):
    x = (1e4 + np.random.default_rng(0).standard_normal((500, 6, 6))).astype("float32")
    layer = BatchNormalization(axis, momentum=0.0)
    trained(layer, [x], "float32")
    axes = tuple(a for a in range(3) if a != axis % 3)
    np.testing.assert_allclose(layer.moving_mean, x.astype("float64").mean(axes), rtol=1e-7)
    np.testing.assert_allclose(layer.moving_variance, x.astype("float64").var(axes), rtol=1e-5)
    y = BatchNormalization(axis)(x, training=True)
    assert abs(y.mean(axes)).max() < 2e-3
    np.testing.assert_allclose(y.std(axes), 1, rtol=1e-3)


def test_any_number_of_threads_makes_the_same_bits(isa):
    x = data(900, (3, 70), "float32")
    results = []
    for n in (1, 2, 4):
        with fastnn.threads(n):
            model = trained(BatchNormalization(), [x, x[:777]], "float32")
            results.append([*model.get_weights(), model(x, training=True)])
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_an_activation_before_it_hands_its_gradient_on(isa):
    """Fused behind the normalisation's gradient, or as a step of its own, it is the same."""
    x, y = data(50, (4,)), data(50, (6,), seed=1)
    results = []
    for layers in ([Dense(6, "tanh", name="d")], [Dense(6, name="d"), fastnn.layers.Activation("tanh")]):
        fastnn.utils.set_random_seed(1)
        model = fastnn.Sequential([fastnn.Input((4,), dtype="float64"), *layers, BatchNormalization()])
        model.compile(SGD(0.1), "mse")
        model.train_on_batch(x, y)
        results.append(model.get_weights())
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_an_invalid_target_leaves_all_weights_alone():
    model = fastnn.Sequential([fastnn.Input((4,)), Dense(3), BatchNormalization()])
    model.compile("sgd", fastnn.losses.SparseCategoricalCrossentropy(from_logits=True))
    plan = plan_of(model, "training", 8)
    x, y = data(8, (4,), "float32"), np.zeros(8, "int32")
    before = model.get_weights()
    plan.bind([x], [y])
    y[5] = 3
    assert plan.run(0, 8) == 5
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    y[5] = 2
    assert plan.run(0, 8) == -1
    plan.unbind()
    assert all((old != new).any() for old, new in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("axis", [0, 3, -3, 7])
def test_axes_that_are_not_there_are_named(axis):
    with pytest.raises(ValueError, match=rf"axis: .*\(None, 3, 4\).*; got {axis}"):
        BatchNormalization(axis)(np.ones((2, 3, 4)))


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("axis", 1.5), ("axis", [1]), ("momentum", "a"), ("epsilon", -1.0), ("renorm", True),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(argument, value):
    with pytest.raises(ValueError, match=f"{argument}: "):
        BatchNormalization(**{argument: value})


def test_a_shared_layer_sees_its_batches_in_the_order_of_its_calls():
    a, b = fastnn.Input((3,), dtype="float64"), fastnn.Input((3,), dtype="float64")
    layer = BatchNormalization(momentum=0.9)
    model = fastnn.Model([a, b], [layer(a), layer(b)])
    model.compile(SGD(0.0), "mse")
    x, y = data(8, (3,), "float64"), data(8, (3,), "float64") + 5
    model.train_on_batch([x, y], [x, y])
    expected = 0.9 * 0.1 * x.mean(axis=0) + 0.1 * y.mean(axis=0)
    np.testing.assert_allclose(layer.moving_mean.numpy(), expected, rtol=1e-12)
