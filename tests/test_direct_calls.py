"""Layers called by themselves: what acts by default, single samples, whole numbers and shapes."""

import numpy as np
import pytest

import fastnn
from fastnn import Input, Model, Sequential, layers

IMAGES = np.random.default_rng(0).random((64, 6, 6, 2), "float32")
AUGMENT = {
    "flip": lambda: layers.RandomFlip(seed=1),
    "rotation": lambda: layers.RandomRotation(0.3, seed=1),
    "zoom": lambda: layers.RandomZoom(0.3, seed=1),
    "translation": lambda: layers.RandomTranslation(0.3, 0.3, seed=1),
    "contrast": lambda: layers.RandomContrast(0.5, value_range=(0, 1), seed=1),
    "brightness": lambda: layers.RandomBrightness(0.5, value_range=(0, 1), seed=1),
}
IMAGE_LAYERS = AUGMENT | {
    "crop": lambda: layers.RandomCrop(4, 4, seed=1),
    "resizing": lambda: layers.Resizing(3, 4),
    "center": lambda: layers.CenterCrop(4, 4),
}


def same(x, y):
    return np.array_equal(np.asarray(x), np.asarray(y))


class Around(layers.Layer):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, x):
        return self.inner(x) * 1.0


@pytest.mark.parametrize("name", AUGMENT)
def test_augmentation_acts_unless_told_otherwise(name):
    make = AUGMENT[name]
    x = Input((6, 6, 2))
    for layer in (
        make(),
        Sequential([make()]),
        Model(x, make()(x)),
        Around(make()),
        Sequential([Around(make())]),
    ):
        tensor = fastnn.Tensor(IMAGES)
        for given in (IMAGES, tensor, IMAGES):
            assert not same(layer(given), IMAGES)
            assert same(layer(given, training=False), IMAGES)
    assert not same(make()(fastnn.Tensor(IMAGES)), IMAGES)
    assert same(Sequential([make()]).predict(IMAGES), IMAGES)
    assert same(Sequential([make()]).predict_on_batch(IMAGES), IMAGES)
    model = Sequential([make()])
    model.predict(IMAGES)
    assert not same(model(IMAGES), IMAGES)


def test_the_draws_of_a_direct_call_are_those_of_training():
    one, other = (layers.RandomFlip(seed=3) for _ in range(2))
    assert same(one(IMAGES), other(IMAGES, training=True))


def test_other_random_layers_wait_for_training():
    for layer in (layers.Dropout(0.5), layers.GaussianNoise(1.0), Sequential([layers.Dropout(0.5)])):
        assert same(layer(IMAGES), IMAGES)
    model = Sequential([layers.RandomFlip(seed=1), layers.Dropout(0.5)])
    assert (model(IMAGES) != 0).all()
    assert (np.asarray(model(fastnn.Tensor(IMAGES))) != 0).all()
    assert (np.asarray(model(fastnn.Tensor(IMAGES), training=True)) == 0).any()


def test_the_default_of_a_call_of_ones_own():
    class Noisy(layers.Layer):
        def call(self, x, training=True):
            return x + 1.0 if training else x * 1.0

    layer = Noisy()
    assert same(layer(IMAGES), IMAGES + 1)
    assert same(layer(IMAGES, training=False), IMAGES)
    model = Sequential([Noisy()])
    assert same(model(IMAGES), IMAGES + 1)
    assert same(model.predict(IMAGES), IMAGES)


@pytest.mark.parametrize("name", IMAGE_LAYERS)
def test_one_image_is_taken_too(name):
    batch = IMAGE_LAYERS[name]()(IMAGES[:1])
    single = IMAGE_LAYERS[name]()(IMAGES[0])
    assert single.shape == batch.shape[1:]
    assert same(single, batch[0])
    assert same(IMAGE_LAYERS[name]()(IMAGES[0].tolist()), batch[0])
    assert same(IMAGE_LAYERS[name]()(fastnn.Tensor(IMAGES[0])), batch[0])


@pytest.mark.parametrize(
    ("mode", "shape", "expected"),
    [
        ("one_hot", (3,), (3, 4)),
        ("one_hot", (2, 3), (2, 3, 4)),
        ("one_hot", (2, 3, 1), (2, 3, 4)),
        ("one_hot", (2, 2, 3), (2, 2, 3, 4)),
        *[
            (mode, shape, expected)
            for mode in ("multi_hot", "count")
            for shape, expected in [
                ((), (4,)),
                ((3,), (4,)),
                ((2, 3), (2, 4)),
                ((2, 1), (2, 4)),
                ((2, 3, 1), (2, 1, 4)),
                ((2, 2, 3), (2, 3, 4)),
            ]
        ],
    ],
)
def test_shapes_of_encodings(mode, shape, expected):
    numbers = np.random.default_rng(1).integers(0, 4, shape)
    hot = np.eye(4)[numbers]
    if mode == "one_hot":
        vectors = hot.reshape(expected)
    else:
        vectors = hot if not shape else hot.sum(0) if len(shape) == 1 else hot.sum(1)
        vectors = np.minimum(vectors, 1) if mode == "multi_hot" else vectors
    found = layers.CategoryEncoding(4, mode)(numbers)
    assert found.shape == expected
    assert same(found, vectors)
    binned = layers.Discretization([0.5, 1.5, 2.5], output_mode=mode)(numbers.astype("float32"))
    assert same(binned, vectors)
    if len(shape) > 1:
        x = Input(shape[1:])
        assert same(Model(x, layers.CategoryEncoding(4, mode)(x))(numbers), vectors)


def test_intervals_are_whole_numbers():
    x = np.array([[-1.0, 0.5, 9.0]])
    layer = layers.Discretization([0.0, 1.0])
    start = Input((3,))
    for made in (
        layer(x),
        Sequential([layer])(x),
        Sequential([layer]).predict(x),
        Model(start, layer(start))(x),
    ):
        assert made.dtype == "int32"
        assert made.tolist() == [[0, 1, 2]]
    both = Model(start, [layer(start), layers.Rescaling(2.0)(start)])(x)
    assert [y.dtype for y in both] == ["int32", "float32"]
    assert layer([[np.nan, -np.inf, np.inf]]).tolist() == [[2, 0, 2]]


def test_shapes_of_a_sequential_before_it_is_built():
    model = Sequential([layers.Dense(8)])
    assert model.compute_output_shape((1, 2)) == (1, 8)
    assert not model.built
    model = Sequential([layers.Conv2D(3, 2), layers.Flatten(), Sequential([layers.Dense(5)])])
    assert model.compute_output_shape((None, 4, 4, 1)) == (None, 5)
    assert not any(layer.built for layer in model.layers)


def test_shapes_of_states_nest_as_the_states_do():
    x = np.zeros((3, 4, 5))
    for cells in ([layers.LSTMCell(2), layers.LSTMCell(3)], [layers.GRUCell(2), layers.LSTMCell(3)]):
        layer = layers.RNN(cells, return_state=True)
        shapes = layer.compute_output_shape((3, 4, 5))
        made = layer(x)
        assert shapes[0] == made[0].shape
        for shape, state in zip(shapes[1:], made[1:], strict=True):
            assert shape == ([s.shape for s in state] if isinstance(state, list) else state.shape)
    assert layers.LSTM(2, return_state=True).compute_output_shape((None, 4, 5)) == [(None, 2)] * 3


def test_calls_again_in_every_form():
    rows = np.arange(8, dtype="float32").reshape(2, 4)
    dense, add, both = layers.Dense(3), layers.Add(), layers.Concatenate()
    flip = layers.RandomFlip()
    image = np.zeros((2, 2, 1), "float32")
    calls = [
        (dense, rows, [rows.tolist(), tuple(rows.tolist()), rows.astype(int).tolist()]),
        (add, [rows, rows], [(rows, rows), [rows.astype(float), rows]]),
        (both, [rows, rows[:, :2]], [(rows, rows[:, :2])]),
        (flip, image[None], [image[None].tolist()]),
        (layers.LayerNormalization(), rows, [rows.tolist()]),
    ]
    for layer, first, forms in calls:
        expected = layer(first, training=False)
        for form in forms:
            np.testing.assert_array_equal(layer(form), expected)
            np.testing.assert_array_equal(layer(form, training=False), expected)
    assert flip(image.tolist(), training=False).shape == (2, 2, 1)
    # Numbers in lists are one array, also for a layer that has been called on several.
    summed = [[[1.0, 2.0]], [[3.0, 4.0]]]
    for layer in (layers.Add(), add):
        with pytest.raises(ValueError, match="Add expects a list of at least 1, got one input"):
            layer(summed)


@pytest.mark.parametrize(
    ("make", "first", "other"),
    [
        (lambda: layers.Embedding(9, 2), [3, 4], [[3], [4]]),
        (lambda: layers.Embedding(9, 2), [3, 4], [[np.float32(3)], [np.float32(4)]]),
        (layers.ReLU, [[1.0, -2.0]], [[[1.0], [-2.0]]]),
        (layers.ReLU, [[1.0, -2.0]], [1.0, -2.0]),
    ],
)
def test_calls_again_with_lists_of_other_shapes(make, first, other):
    layer = make()
    layer(first)
    assert layer(other).shape == np.shape(make()(other))


@pytest.mark.parametrize("make", [lambda: layers.CategoryEncoding(9, "multi_hot"), layers.ReLU])
def test_calls_again_with_rows_of_different_lengths(make):
    layer = make()
    layer(np.ones((2, 3)))
    with pytest.raises(ValueError, match="expected rows of equal length"):
        layer([[1, 2, 3], [1, 2]])
