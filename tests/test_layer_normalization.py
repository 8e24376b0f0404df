"""`LayerNormalization`, `RMSNormalization`, `UnitNormalization` and `GroupNormalization`."""

import numpy as np
import pytest
from harness import check_layer

import fastnn
from fastnn.layers import Dense, GroupNormalization, LayerNormalization, RMSNormalization, UnitNormalization

RANDOM = fastnn.initializers.RandomUniform(0.5, 1.5, seed=4)


def by_moments(axes, weight_shape=None, epsilon=1e-3):
    """Mean and variance taken off over `axes`, then gamma and beta broadcast from `weight_shape`."""

    def oracle(x, gamma=1.0, beta=0.0):
        mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
        if weight_shape is not None:
            gamma, beta = np.reshape(gamma, weight_shape), np.reshape(beta, weight_shape)
        return (x - mean) / np.sqrt(variance + epsilon) * gamma + beta

    return oracle


@pytest.mark.parametrize(
    ("row", "arguments", "axes", "weights"),
    [
        ((19,), {}, 1, (19,)),
        ((1,), {}, 1, (1,)),
        ((5, 16), {"epsilon": 0.1, "gamma_initializer": RANDOM, "beta_initializer": RANDOM}, 2, (16,)),
        ((3, 4, 5), {"axis": [-1, 2], "gamma_initializer": RANDOM}, (2, 3), (4, 5)),
        ((3, 4, 5), {"axis": [1, 2, 3]}, (1, 2, 3), (3, 4, 5)),
        ((3, 4, 5), {"axis": 1, "gamma_initializer": RANDOM}, 1, (3, 1, 1)),
        ((3, 2, 5), {"axis": (3, 1), "gamma_initializer": RANDOM}, (1, 3), (3, 1, 5)),
    ],
)
def test_layer_normalization(row, arguments, axes, weights):
    oracle = by_moments(axes, weights, arguments.get("epsilon", 1e-3))
    check_layer(LayerNormalization, arguments, (2, *row), (2, *row), 2 * int(np.prod(weights)), oracle=oracle)


@pytest.mark.parametrize("kind", ["center", "scale"])
def test_without_one_of_its_weights(kind):
    def oracle(x, w):
        y = by_moments(2)(x)
        return y + w if kind == "scale" else y * w

    check_layer(LayerNormalization, {kind: False}, (2, 3, 7), (2, 3, 7), 7, oracle=oracle)


@pytest.mark.parametrize(("row", "axis", "axes"), [((17,), -1, 1), ((3, 5), -1, 2), ((3, 5), [1, 2], (1, 2))])
def test_rms_normalization(row, axis, axes):
    def oracle(x, scale):
        return x / np.sqrt((x * x).mean(axes, keepdims=True) + 0.01) * scale

    n = int(np.prod(row[np.min(axes) - 1 :]))
    check_layer(RMSNormalization, {"axis": axis, "epsilon": 0.01}, (2, *row), (2, *row), n, oracle=oracle)


@pytest.mark.parametrize(
    ("row", "axis", "axes"),
    [((17,), -1, 1), ((3, 5), [1, 2], (1, 2)), ((3, 5), 1, 1), ((3, 4, 2), [1, 3], (1, 3))],
)
def test_unit_normalization(row, axis, axes):
    def oracle(x):
        return x / np.sqrt((x * x).sum(axes, keepdims=True))

    check_layer(UnitNormalization, {"axis": axis}, (2, *row), (2, *row), 0, oracle=oracle)


@pytest.mark.parametrize(
    ("row", "arguments", "channels"),
    [
        ((6, 5, 8), {"groups": 2, "gamma_initializer": RANDOM}, 3),
        ((3, 4, 7), {"groups": -1, "epsilon": 0.1}, 3),
        ((6, 4, 3), {"groups": 3, "axis": 1, "beta_initializer": RANDOM}, 1),
        ((5, 6, 3), {"groups": 1, "axis": -2}, 2),
        ((70, 34), {"groups": 17}, 2),
        ((12,), {"groups": 3, "epsilon": 0.1}, 1),
        ((9, 1), {"groups": 1}, 2),
    ],
)
def test_group_normalization(row, arguments, channels):
    n = row[channels - 1]
    groups = n if arguments["groups"] == -1 else arguments["groups"]
    per_channel = [1] * (len(row) + 1)
    per_channel[channels] = n

    def oracle(x, gamma, beta):
        split = x.reshape(*x.shape[:channels], groups, n // groups, *x.shape[channels + 1 :])
        axes = tuple(a for a in range(1, split.ndim) if a != channels)
        y = by_moments(axes, epsilon=arguments.get("epsilon", 1e-3))(split).reshape(x.shape)
        return y * gamma.reshape(per_channel) + beta.reshape(per_channel)

    check_layer(GroupNormalization, arguments, (2, *row), (2, *row), 2 * n, oracle=oracle)


def test_group_normalization_without_weights():
    oracle = by_moments((1, 2))
    arguments = {"groups": 1, "center": False, "scale": False}
    check_layer(GroupNormalization, arguments, (2, 5, 4), (2, 5, 4), 0, oracle=oracle)


LAYERS = [LayerNormalization, RMSNormalization, UnitNormalization, lambda: GroupNormalization(3)]


@pytest.mark.parametrize("make", LAYERS)
def test_an_activation_before_it_hands_its_gradient_on(isa, make):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((50, 4)), rng.standard_normal((50, 6))
    results = []
    for layers in ([Dense(6, "tanh", name="d")], [Dense(6, name="d"), fastnn.layers.Activation("tanh")]):
        fastnn.utils.set_random_seed(1)
        model = fastnn.Sequential([fastnn.Input((4,), dtype="float64"), *layers, make()])
        model.compile(fastnn.optimizers.SGD(0.1), "mse")
        model.train_on_batch(x, y)
        results.append(model.get_weights())
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("make", LAYERS[:2] + LAYERS[3:])
def test_its_weights_learn_though_nothing_before_them_does(make):
    layer = make()
    model = fastnn.Sequential([fastnn.Input((6,)), layer])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).standard_normal((600, 6)).astype("float32")
    model.fit(x, np.zeros_like(x), epochs=20, verbose=0)
    assert abs(layer.get_weights()[0]).max() < 0.5


def test_many_rows_and_wide_ones_in_parts(isa):
    """Gradients of gamma and beta in every number of parts are those of float64."""
    for rows, n in ((3000, 40), (700, 300), (40, 9000)):
        x = np.random.default_rng(0).standard_normal((rows, n)).astype("float32")
        learned = []
        for dtype in ("float32", "float64"):
            layer = LayerNormalization(dtype=dtype)
            model = fastnn.Sequential([fastnn.Input((n,)), layer])
            model.compile(fastnn.optimizers.SGD(1.0), "mse")
            model.train_on_batch(x, x * x)
            learned.append(layer.get_weights())
        for a, b in zip(*learned, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("make", [LayerNormalization, UnitNormalization])
@pytest.mark.parametrize("axis", [0, 3, -3, [1, 3], [0, 1]])
def test_axes_that_are_not_there_are_named(make, axis):
    with pytest.raises(ValueError, match=r"axis: expected one .*\(None, 3, 4\)"):
        make(axis=axis)(np.ones((2, 3, 4)))


def test_axes_that_are_named_twice_are_refused():
    with pytest.raises(ValueError, match=r"axis: expected different axes .*\[2, -1\]"):
        LayerNormalization(axis=[2, -1])(np.ones((2, 3, 4)))


@pytest.mark.parametrize("axis", [1, [1, 3], 0])
def test_rms_normalization_is_over_the_last_axes(axis):
    with pytest.raises(ValueError, match="axis: expected"):
        RMSNormalization(axis)(np.ones((2, 3, 4, 5)))


@pytest.mark.parametrize("groups", [4, 12, 5])
def test_groups_that_do_not_divide_are_named(groups):
    with pytest.raises(ValueError, match=rf"groups: expected a divisor of the 6 channels .* got {groups}"):
        GroupNormalization(groups)(np.ones((2, 3, 6)))


@pytest.mark.parametrize("groups", [0, -2, 1.5, "2"])
def test_bad_groups_are_named(groups):
    with pytest.raises(ValueError, match="groups: expected"):
        GroupNormalization(groups)


@pytest.mark.parametrize(
    ("argument", "value"),
    [("axis", 1.5), ("axis", "1"), ("axis", []), ("epsilon", -1.0), ("rms_scaling", True)],
)
def test_bad_arguments_are_named(argument, value):
    with pytest.raises(ValueError, match=f"{argument}: "):
        LayerNormalization(**{argument: value})
