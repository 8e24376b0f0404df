"""`Flatten` and `Reshape`: another shape, the same numbers."""

import numpy as np
import pytest
from harness import check_layer

import fastnn
from fastnn.layers import Dense, Flatten, Reshape


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4, 5)])
def test_flatten(shape):
    size = np.prod(shape)
    check_layer(Flatten, {}, (2, *shape), (2, size), 0, oracle=lambda x: x.reshape(len(x), size))


@pytest.mark.parametrize("shape", [(4,), (3, 4), (3, 2, 5)])
def test_flatten_takes_channels_to_the_end(shape):
    check_layer(
        Flatten,
        {"data_format": "channels_first"},
        (2, *shape),
        (2, np.prod(shape)),
        0,
        oracle=lambda x: np.moveaxis(x, 1, -1).reshape(len(x), -1),
    )


@pytest.mark.parametrize(
    ("target", "shape"), [((3, 8), (3, 8)), ((-1, 4), (6, 4)), ([2, 3, -1, 2], (2, 3, 2, 2)), ((24,), (24,))]
)
def test_reshape(target, shape):
    check_layer(
        Reshape,
        {"target_shape": target},
        (3, 4, 6),
        (3, *shape),
        0,
        oracle=lambda x: x.reshape(len(x), *shape),
    )


@pytest.mark.parametrize(
    "layers", [[Flatten()], [Reshape((6, 2)), Flatten()], [Reshape((2, 6)), Reshape((12,))]]
)
def test_a_model_of_shapes_alone(layers):
    x = np.arange(36, dtype="float32").reshape(3, 3, 4)
    y = fastnn.Sequential(layers)(x)
    np.testing.assert_array_equal(y, x.reshape(3, 12))
    assert not np.shares_memory(x, y)


def test_the_gradient_takes_the_way_back():
    model = fastnn.Sequential([fastnn.Input((12,)), Dense(12), Reshape((3, 4)), Flatten(), Dense(1)])
    plain = fastnn.Sequential([fastnn.Input((12,)), Dense(12), Dense(1)])
    plain.set_weights(model.get_weights())
    x = np.random.default_rng(0).standard_normal((40, 12))
    for m in (model, plain):
        m.compile("adam", "mse")
        m.fit(x, x.sum(1), epochs=3, shuffle=False, verbose=0)
    np.testing.assert_array_equal(model.predict(x), plain.predict(x))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Reshape(6), "target_shape: .*6"),
        (lambda: Reshape((-1, -1)), r"target_shape: .*\(-1, -1\)"),
        (lambda: Reshape((0, 3)), "target_shape: .*0"),
        (lambda: Reshape((2.0, 3)), "target_shape: .*2.0"),
        (lambda: Reshape((2**62, 4)), f"target_shape: .*{2**62}"),
        (lambda: Reshape((5, -1))(np.ones((2, 12))), r"target_shape: .*\(12,\).*\(5, -1\)"),
        (lambda: Reshape((5, 2))(np.ones((2, 12))), r"target_shape: .*\(12,\).*\(5, 2\)"),
        (lambda: Flatten(data_format="channels"), "data_format: .*'channels'"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_every_use_is_checked():
    layer = Reshape((3, 4))
    fastnn.Sequential([fastnn.Input((12,)), layer])
    with pytest.raises(ValueError, match=r"target_shape: rows of shape \(10,\)"):
        layer(np.ones((2, 10)))
    assert layer(np.ones((2, 2, 6))).shape == (2, 3, 4)
