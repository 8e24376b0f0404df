"""`Conv1D` and `Conv2D`: sums over windows, where windows go, and what does not fit."""

import numpy as np
import pytest
from formulas import ACTIVATIONS, convolve
from gradcheck import check_gradients
from harness import assert_close, check_layer

import fastnn
from fastnn.layers import Conv1D, Conv2D, Dense, Flatten
from fastnn.training.plan_cache import plan_of


def oracle(arguments):
    """From the layer's arguments to what it computes."""
    first = arguments.get("data_format") == "channels_first"
    activation = ACTIVATIONS[arguments.get("activation", "linear")]

    def f(x, kernel, bias=0.0):
        strides, dilation = (arguments.get(name, 1) for name in ("strides", "dilation_rate"))
        x = np.moveaxis(x, 1, -1) if first else x
        y = convolve(x, kernel, strides, arguments.get("padding", "valid"), dilation) + bias
        return activation(np.moveaxis(y, -1, 1) if first else y)

    return f


@pytest.mark.parametrize(
    ("arguments", "input_shape", "output_shape", "n_params"),
    [
        ({"filters": 5, "kernel_size": 3, "activation": "tanh"}, (4, 9, 3), (4, 7, 5), 50),
        ({"filters": 2, "kernel_size": 2, "strides": 5, "padding": "same"}, (1, 13, 1), (1, 3, 2), 6),
        (
            {"filters": 7, "kernel_size": 3, "dilation_rate": 3, "padding": "causal"},
            (2, 8, 5), (2, 8, 7), 112,
        ),
        ({"filters": 3, "kernel_size": 4, "strides": 3, "padding": "causal"}, (2, 11, 2), (2, 4, 3), 27),
        (
            {"filters": 6, "kernel_size": 3, "groups": 3, "use_bias": False, "data_format": "channels_first"},
            (3, 6, 11), (3, 6, 9), 36,
        ),
    ],
    ids=["valid", "long stride, one channel", "causal, dilated", "causal, strided", "groups, channels first"],
)  # fmt: skip
def test_sequences(arguments, input_shape, output_shape, n_params):
    check_layer(Conv1D, arguments, input_shape, output_shape, n_params, oracle(arguments))


@pytest.mark.parametrize(
    ("arguments", "input_shape", "output_shape", "n_params"),
    [
        ({"filters": 7, "kernel_size": (3, 2), "bias_initializer": "ones"}, (2, 5, 7, 3), (2, 3, 6, 7), 133),
        ({"filters": 2, "kernel_size": (5, 7), "padding": "same"}, (3, 3, 4, 2), (3, 3, 4, 2), 142),
        ({"filters": 3, "kernel_size": (1, 2), "strides": (3, 4)}, (2, 7, 11, 2), (2, 3, 3, 3), 15),
        ({"filters": 1, "kernel_size": 3, "strides": 2, "padding": "same"}, (1, 8, 5, 1), (1, 4, 3, 1), 10),
        ({"filters": 17, "kernel_size": 3, "activation": "gelu"}, (2, 5, 6, 13), (2, 3, 4, 17), 2006),
        (
            {"filters": 3, "kernel_size": 2, "dilation_rate": (2, 3), "padding": "same"},
            (2, 5, 6, 2), (2, 5, 6, 3), 27,
        ),
        ({"filters": 6, "kernel_size": 3, "groups": 2, "padding": "same"}, (2, 4, 5, 4), (2, 4, 5, 6), 114),
        ({"filters": 10, "kernel_size": 2, "groups": 5, "strides": (1, 2)}, (2, 4, 5, 5), (2, 3, 2, 10), 50),
        ({"filters": 5, "kernel_size": 1, "activation": "softmax"}, (2, 3, 5, 4), (2, 3, 5, 5), 25),
        ({"filters": 4, "kernel_size": (5, 3)}, (3, 5, 3, 2), (3, 1, 1, 4), 124),
    ],
    ids=[
        "valid", "kernel larger than the image", "long strides", "one channel", "prime channels", "dilated",
        "groups", "a group each", "one position", "the image",
    ],
)  # fmt: skip
def test_images(arguments, input_shape, output_shape, n_params):
    check_layer(Conv2D, arguments, input_shape, output_shape, n_params, oracle(arguments))


@pytest.mark.parametrize("activation", ["softmax", "elu"])
def test_channels_first(activation):
    """A softmax is over the last axis, which is the width."""
    arguments = {
        "filters": 3,
        "kernel_size": (2, 3),
        "activation": activation,
        "data_format": "channels_first",
        "bias_initializer": "random_normal",
    }
    check_layer(Conv2D, arguments, (2, 2, 5, 7), (2, 3, 4, 5), 39, oracle(arguments))


def test_the_order_of_channels_changes_no_number():
    x = np.random.default_rng(0).standard_normal((6, 5, 7, 3)).astype("float32")
    last, first = (
        Conv2D(4, 3, 2, "same", data_format) for data_format in ("channels_last", "channels_first")
    )
    expected = last(x)
    first(np.moveaxis(x, -1, 1))
    first.set_weights(last.get_weights())
    np.testing.assert_array_equal(np.moveaxis(first(np.moveaxis(x, -1, 1)), 1, -1), expected)


def test_the_order_of_channels_may_be_that_of_the_configuration():
    fastnn.config.set_image_data_format("channels_first")
    try:
        layer = Conv2D(4, 3)
    finally:
        fastnn.config.set_image_data_format("channels_last")
    assert layer.compute_output_shape((None, 3, 8, 9)) == (None, 4, 6, 7)
    assert Conv2D.from_config(layer.get_config()).data_format == "channels_first"


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [(1, 1), (2, 3)])
def test_a_kernel_of_every_size(padding, strides):
    """Where an edge cuts the window, for every way that it can."""
    for size in np.ndindex(4, 5):
        arguments = {"kernel_size": tuple(n + 1 for n in size), "strides": strides, "padding": padding}
        layer = Conv2D(3, **arguments, dtype="float64")
        x = np.random.default_rng(1).standard_normal((2, 4, 5, 2))
        y = layer(x)
        assert_close([y], [oracle(arguments)(x, *layer.get_weights())], 1e-12)


def test_only_zeros_in_reach():
    """Beyond both ends at once: what is left is the bias."""
    layer = Conv1D(2, 2, padding="same", dilation_rate=2**30, bias_initializer="ones")
    np.testing.assert_array_equal(layer(np.full((1, 4, 3), np.nan)), np.ones((1, 4, 2)))


def test_causal_results_know_no_later_position():
    layer = Conv1D(3, 4, padding="causal", dilation_rate=2)
    x = np.random.default_rng(2).standard_normal((2, 12, 2)).astype("float32")
    expected = layer(x)
    x[:, 7:] = np.nan
    np.testing.assert_array_equal(layer(x)[:, :7], expected[:, :7])


def test_a_sequence_is_an_image_of_one_row():
    x = np.random.default_rng(3).standard_normal((4, 9, 3)).astype("float32")
    line, image = Conv1D(5, 3, 2, "same", activation="relu"), Conv2D(5, (1, 3), 2, "same", activation="relu")
    expected = line(x)
    image(x[:, None])
    image.set_weights([w[None] if w.ndim == 3 else w for w in line.get_weights()])
    np.testing.assert_array_equal(image(x[:, None])[:, 0], expected)


@pytest.mark.parametrize("frozen", [0, 1, 2])
def test_gradients_through_a_stack(frozen):
    layers = [Conv2D(4, 3, activation="tanh"), Conv2D(2, 2, 2, "same", kernel_regularizer="l2"), Dense(3)]
    layers[frozen].trainable = False
    model = fastnn.Sequential([fastnn.Input((5, 6, 2), dtype="float64"), *layers, Flatten(), Dense(2)])
    rng = np.random.default_rng(4)
    check_gradients(model, "mse", rng.standard_normal((5, 5, 6, 2)), rng.standard_normal((5, 2)))


def test_a_picture_is_learnt():
    """Which way a stripe runs, from anywhere."""
    rng = np.random.default_rng(5)
    y = rng.integers(0, 2, 300)
    x = rng.normal(0, 0.1, (300, 9, 9, 1))
    for picture, label, at in zip(x, y, rng.integers(0, 9, 300), strict=True):
        picture[(at,) if label else (slice(None), at)] += 1
    fastnn.utils.set_random_seed(6)
    model = fastnn.Sequential(
        [Conv2D(4, 3, activation="relu"), Conv2D(4, 7, activation="relu"), Flatten(), Dense(1, "sigmoid")]
    )
    model.compile("adam", "bce", metrics=["accuracy"])
    model.fit(x[:200], y[:200], epochs=30, batch_size=20, verbose=0)
    assert model.evaluate(x[200:], y[200:], verbose=0)[1] > 0.95


@pytest.mark.parametrize("initializer", ["glorot_uniform", "he_normal", "lecun_normal"])
def test_initializers_count_the_window(initializer):
    """The variance of a kernel of 3 * 4 positions, 5 channels and 400 filters."""
    layer = Conv2D(400, (3, 4), kernel_initializer=initializer)
    layer(np.zeros((1, 4, 4, 5)))
    fan_in, fan_out = 3 * 4 * 5, 3 * 4 * 400
    variance = {
        "glorot_uniform": 2 / (fan_in + fan_out), "he_normal": 2 / fan_in, "lecun_normal": 1 / fan_in
    }[initializer]  # fmt: skip
    assert layer.kernel.numpy().var() == pytest.approx(variance, rel=0.05)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        *[({"filters": n}, f"filters: .*{n!r}") for n in (0, -1, 2**31, True, 1.5, "3", None)],
        *[({"kernel_size": n}, "kernel_size: ") for n in (0, (3, 0), (3,), (3, 3, 3), 2.5, "33", None)],
        *[({"strides": n}, "strides: ") for n in (0, (1, -1), (1,), None)],
        *[({"dilation_rate": n}, "dilation_rate: ") for n in (0, (1, 0), (2, 2, 2))],
        ({"padding": "full"}, "padding: .*'valid', 'same', got 'full'"),
        ({"padding": "causal"}, "padding: .*'causal'"),
        ({"padding": None}, "padding: .*None"),
        ({"data_format": "NHWC"}, "data_format: .*'NHWC'"),
        ({"strides": 2, "dilation_rate": 3}, r"dilation_rate: .*\(3, 3\) with strides \(2, 2\)"),
        ({"strides": (1, 2), "dilation_rate": (2, 1)}, r"dilation_rate: .*\(2, 1\)"),
        ({"groups": 3}, "groups: .*4 filters, got 3"),
        *[({"groups": n}, f"groups: .*{n}") for n in (0, -2, 1.5)],
        ({"activation": "rellu"}, "activation: .*'relu'"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Conv2D(**{"filters": 4, "kernel_size": 3} | arguments)


@pytest.mark.parametrize(
    ("layer", "row", "message"),
    [
        (Conv2D(4, 3), (5, 5), r"\(height, width, channels\), got rows of shape \(5, 5\)"),
        (Conv2D(4, 3, data_format="channels_first"), (5,), r"\(channels, height, width\), got .*\(5,\)"),
        (Conv1D(4, 3), (5, 5, 5), r"\(length, channels\), got rows of shape \(5, 5, 5\)"),
        (Conv2D(4, (3, 6)), (5, 5, 2), r"\(3, 6\) positions does not fit into \(5, 5\)"),
        (Conv1D(4, 3, dilation_rate=3), (6, 2), r"\(7,\) positions does not fit into \(6,\)"),
        (Conv2D(4, 3, data_format="channels_first"), (5, 5, 2), r"\(3, 3\) positions .* \(5, 2\)"),
        (Conv2D(4, 3, groups=2), (5, 5, 3), "groups: .*3 channels, got 2"),
    ],
)
def test_what_does_not_fit_is_told_when_the_layer_is_built(layer, row, message):
    with pytest.raises(ValueError, match=message):
        fastnn.Sequential([fastnn.Input(row), layer])


def test_a_shape_is_declared_for_rows_that_fit():
    layer = Conv2D(4, 3)
    assert layer.compute_output_shape((None, 5, 6, 2)) == (None, 3, 4, 4)
    with pytest.raises(ValueError, match=r"got rows of shape \(5, 6\)"):
        layer.compute_output_shape((None, 5, 6))
    with pytest.raises(ValueError, match=r"does not fit into \(2, 6\)"):
        layer.compute_output_shape((None, 2, 6, 2))


def test_weights_fit_one_number_of_channels_and_any_size():
    layer = Conv2D(2, 3)
    assert layer(np.ones((1, 4, 5, 2))).shape == (1, 2, 3, 2)
    assert layer(np.ones((1, 9, 3, 2))).shape == (1, 7, 1, 2)
    with pytest.raises(ValueError, match=r"'kernel' has shape \(3, 3, 2, 2\), .* \(3, 3, 3, 2\)"):
        layer(np.ones((1, 4, 5, 3)))


def test_long_names():
    assert fastnn.layers.Convolution1D is Conv1D
    assert fastnn.layers.Convolution2D is Conv2D


def test_a_kernel_that_does_not_fit_is_named_before_it_is_made():
    with pytest.raises(ValueError, match=r"\(40000, 40000\) positions does not fit into \(8, 8\)"):
        fastnn.Sequential([fastnn.layers.Input((8, 8, 512)), Conv2D(512, 40000)])


def test_strides_of_any_length():
    model = fastnn.Sequential(
        [
            fastnn.layers.Input((8, 8, 3)),
            Conv2D(2, 3),
            Conv2D(4, 3, strides=2**31 - 1),
            fastnn.layers.Flatten(),
        ]
    )
    model.compile("sgd", "mse")
    model.train_on_batch(np.ones((2, 8, 8, 3)), np.ones((2, 4)))
    assert model.output_shape == (None, 4)


def test_a_plan_that_no_memory_holds():
    model = fastnn.Sequential([fastnn.layers.Input((2**23, 2**23, 1)), Conv2D(1, 3)])
    model.compile("sgd", "mse")
    with pytest.raises(MemoryError, match="no memory for 1048576 rows"):
        plan_of(model, "training", 2**20)
