"""A convolution that pools its own results, against the two steps, which a scale of 1 keeps apart."""

import numpy as np
import pytest

import fastnn
from fastnn.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Flatten,
    Input,
    MaxPooling1D,
    MaxPooling2D,
    Rescaling,
    Reshape,
)
from fastnn.training.plan_cache import plan_of


def model_of(layers, row, dtype="float32"):
    """Make a model of new layers like these, with two outputs."""
    fastnn.utils.set_random_seed(5)
    with_head = [*layers, Flatten(), Dense(2)]
    made = [type(layer).from_config(layer.get_config() | {"dtype": dtype}) for layer in with_head]
    for like, layer in zip(with_head, made, strict=True):
        layer.trainable = like.trainable
    model = fastnn.Sequential([Input(row), *made])
    model.compile(fastnn.optimizers.SGD(0.05), "mse")
    return model


def data(row, rows, dtype="float32"):
    rng = np.random.default_rng(rows)
    return rng.standard_normal((rows, *row)).astype(dtype), rng.standard_normal((rows, 2)).astype(dtype)


def names(model, purpose):
    return [step.name for step in plan_of(model, purpose).steps]


def results(model, row, rows, dtype="float32"):
    """Predictions and weights after three steps, the last on fewer rows."""
    x, y = data(row, rows, dtype)
    before = model.predict(x, verbose=0)
    for batch in (rows, rows, max(1, rows // 3)):
        model.train_on_batch(x[:batch], y[:batch])
    return [before, *model.get_weights(), model.predict(x, verbose=0)]


def check(before, pooling, row, rows, dtype="float32", tolerance=1e-5):
    """Compare the two models, whose last layers are a convolution and its pooling."""
    joined = model_of([*before, pooling], row, dtype)
    apart = model_of([*before, Rescaling(1.0), pooling], row, dtype)
    apart.set_weights(joined.get_weights())
    for purpose in ("training", "inference"):
        assert "max_pooling" not in names(joined, purpose)
        assert "max_pooling" in names(apart, purpose)
    ours, theirs = results(joined, row, rows, dtype), results(apart, row, rows, dtype)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance * max(1, np.abs(other).max()))


def random_case(seed):
    """Layers, their last a convolution, and a pooling whose windows lie inside and apart."""
    rng = np.random.default_rng(seed)
    while True:
        row = (*(int(n) for n in rng.integers(4, 20, 2)), int(rng.choice([1, 2, 4, 6])))
        groups = 2 if row[2] > 1 and rng.random() < 0.3 else 1
        strides = int(rng.integers(1, 4))
        conv = Conv2D(
            int(rng.choice([1, 4, 17, 33])) * groups,
            tuple(int(n) for n in rng.integers(1, 5, 2)),
            strides=strides,
            padding=str(rng.choice(["valid", "same"])),
            dilation_rate=int(rng.integers(1, 4)) if strides == 1 else 1,
            groups=groups,
            activation=str(rng.choice(["relu", "linear", "tanh", "sigmoid"])),
            use_bias=bool(rng.integers(2)),
        )
        if conv.kernel_size == (1, 1) and strides == groups == 1:
            continue  # a product of matrices
        size = rng.integers(1, 4, 2)
        pooling = MaxPooling2D(tuple(map(int, size)), strides=tuple(map(int, size + rng.integers(0, 2, 2))))
        try:
            pooling.compute_output_shape(conv.compute_output_shape((None, *row)))
        except ValueError:
            continue  # does not fit
        first = [Conv2D(row[2], 1, activation="tanh")] if rng.random() < 0.6 else []
        return [*first, conv], pooling, row, int(rng.choice([1, 3, 20]))


@pytest.mark.parametrize("seed", range(40))
def test_random_geometries(seed):
    check(*random_case(seed))


@pytest.mark.parametrize("seed", range(100, 106))
def test_double(seed):
    check(*random_case(seed), dtype="float64", tolerance=1e-12)


@pytest.mark.parametrize("trainable", [(True, False), (False, True), (False, False)])
def test_layers_that_do_not_learn(trainable):
    first, conv = Conv2D(3, 3), Conv2D(5, 3, activation="relu")
    first.trainable, conv.trainable = trainable
    check([first, conv], MaxPooling2D(2), (9, 8, 2), 4)


def test_windows_of_many_pixels():
    check([Conv2D(2, 3), Conv2D(3, 2)], MaxPooling2D((17, 16)), (40, 36, 2), 3)


def test_images_of_several_bands():
    check([Conv2D(4, 3), Conv2D(24, 3, activation="relu")], MaxPooling2D(2), (69, 64, 1), 2)
    check([Conv2D(4, 3), Conv2D(16, 5, strides=2, padding="same")], MaxPooling2D((3, 2)), (99, 190, 1), 2)


@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
def test_sequences(padding):
    check([Conv1D(3, 2), Conv1D(6, 3, padding=padding)], MaxPooling1D(2), (23, 2), 5)
    check([Conv1D(8, 3, padding=padding, activation="relu")], MaxPooling1D(3, strides=4), (9000, 1), 1)


def test_images_of_one_row_or_column():
    check([Conv2D(3, (1, 3))], MaxPooling2D((1, 2)), (1, 12, 2), 3)
    check([Conv2D(3, (3, 1))], MaxPooling2D((2, 1)), (12, 1, 2), 3)
    check([Conv2D(3, 3, padding="same")], MaxPooling2D(1), (1, 1, 2), 3)


def test_channels_first():
    check([Conv2D(3, 3, padding="same")], MaxPooling2D(2), (8, 9, 4), 3)
    first = [
        Conv2D(3, 3, data_format="channels_first"),
        MaxPooling2D(2, data_format="channels_first"),
    ]
    last = [Conv2D(3, 3), MaxPooling2D(2)]
    one, other = (fastnn.Sequential([Input(row), *ls]) for row, ls in (((2, 8, 9), first), ((8, 9, 2), last)))
    other.set_weights(one.get_weights())
    x = data((2, 8, 9), 3)[0]
    expected = np.moveaxis(other(np.moveaxis(x, 1, 3)), 3, 1)
    np.testing.assert_array_equal(one(x), expected)


@pytest.mark.parametrize(
    ("layer", "pooling"),
    [
        (Conv2D(3, 3), MaxPooling2D(3, strides=2)),
        (Conv2D(3, 3), MaxPooling2D(2, padding="same")),
        (Conv2D(3, 3), MaxPooling2D((1, 2), padding="same")),
        (Conv2D(3, 3), MaxPooling2D((2, 1), padding="same")),
        (Conv2D(3, 3), AveragePooling2D(2)),
        (Conv2D(3, 1), MaxPooling2D(2)),
        (Conv2DTranspose(2, 3, padding="same"), MaxPooling2D(2)),
    ],
)
def test_what_stays_apart(layer, pooling):
    row = (9, 9, 2)
    model = model_of([layer, pooling], row)
    assert names(model, "training")[1].endswith("pooling")
    assert names(model, "inference")[1].endswith("pooling")
    x = data(row, 3)[0]
    conv, pool = model.layers[:2]
    expected = pool(conv(x))
    head = fastnn.Sequential([Input(row), conv, pool])
    np.testing.assert_array_equal(head(x), expected)


def test_windows_that_just_fit_with_same_padding_are_joined():
    check([Conv2D(3, 3)], MaxPooling2D(2, padding="same"), (10, 8, 2), 3)


@pytest.mark.parametrize("activation", ["gelu", "silu"])
def test_a_gradient_that_needs_its_input_stays_apart_in_training(activation):
    model = model_of([Conv2D(3, 3, activation=activation), MaxPooling2D(2)], (9, 9, 2))
    assert names(model, "training")[:2] == ["conv", "max_pooling"]
    assert names(model, "inference") == ["conv", "dense"]
    x, y = data((9, 9, 2), 4)
    model.train_on_batch(x, y)
    conv, pool = model.layers[:2]
    head = fastnn.Sequential([Input((9, 9, 2)), conv, pool])
    np.testing.assert_array_equal(head(x), pool(conv(x)))


def test_other_rows_than_the_convolutions():
    model = model_of([Conv2D(3, 3), Reshape((21, 1, 7)), MaxPooling2D((3, 1))], (9, 9, 1))
    assert names(model, "inference")[:2] == ["conv", "max_pooling"]


def test_normalisation_and_activation_between():
    layers = [Conv2D(6, 3), BatchNormalization(), Activation("relu"), MaxPooling2D(2)]
    model = model_of(layers, (9, 8, 2))
    x, y = data((9, 8, 2), 33)
    model.fit(x, y, epochs=2, batch_size=16, verbose=0)  # the last batch has one row
    assert all(np.isfinite(w).all() for w in model.get_weights())
    assert names(model, "inference") == ["moving_scale", "conv", "dense"]
    alone = x
    for layer in model.layers:
        alone = layer(alone)
    np.testing.assert_allclose(model(x), alone, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("row", "rows"), [((8, 8, 8), 37), ((70, 66, 3), 1), ((70, 66, 3), 3), ((301, 3, 8), 2)]
)
def test_the_same_bits_on_any_number_of_threads(row, rows, dtype):
    found = []
    for threads in (1, 2, 4):
        with fastnn.threads(threads):
            layers = [Conv2D(8, 3, padding="same"), Conv2D(24, 3, padding="same", activation="relu")]
            found.append(results(model_of([*layers, MaxPooling2D((2, 1))], row, dtype), row, rows, dtype))
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_what_is_not_a_number():
    row = (8, 8, 2)
    x, y = data(row, 3)
    x[0, 2, 3, 1], x[2, 0, 0, 0] = np.nan, np.inf
    made = []
    for between in ([], [Rescaling(1.0)]):
        model = model_of([Conv2D(4, 3, activation="relu"), *between, MaxPooling2D(2)], row)
        made.append(model)
    made[1].set_weights(made[0].get_weights())
    one, other = (fastnn.Sequential([Input(row), *m.layers[:-2]])(x) for m in made)
    np.testing.assert_array_equal(one, other)
    assert np.isnan(one[0]).any()
    assert np.isfinite(one[1]).all()
    for model in made:
        model.train_on_batch(x, y)
    np.testing.assert_array_equal(*(np.isnan(m.layers[0].get_weights()[0]) for m in made))


def test_any_number_of_rows_between_steps_of_training():
    row = (12, 12, 2)
    model = model_of([Conv2D(4, 3, activation="relu"), MaxPooling2D(2)], row)
    x, y = data(row, 150)
    for rows in (1, 150, 0, 7):
        predicted = model.predict(x[:rows], batch_size=64, verbose=0)
        np.testing.assert_array_equal(predicted, model.predict(x, batch_size=150, verbose=0)[:rows])
        if rows:
            model.train_on_batch(x[:rows], y[:rows])
            model.evaluate(x[:rows], y[:rows], verbose=0)
