"""`Conv1DTranspose` and `Conv2DTranspose`: windows that add up, how many results that makes."""

import numpy as np
import pytest
from formulas import ACTIVATIONS, convolve, convolve_transposed
from gradcheck import check_gradients
from harness import assert_close, check_layer

import fastnn
from fastnn.layers import Conv1DTranspose, Conv2D, Conv2DTranspose, Dense, Flatten


def oracle(arguments, output, cut):
    """From the layer's arguments, and where the output lies, to what it computes."""
    first = arguments.get("data_format") == "channels_first"
    activation = ACTIVATIONS[arguments.get("activation", "linear")]

    def f(x, kernel, bias=0.0):
        strides, dilation = (arguments.get(name, 1) for name in ("strides", "dilation_rate"))
        x = np.moveaxis(x, 1, -1) if first else x
        y = convolve_transposed(x, kernel, output, cut, strides, dilation) + bias
        return activation(np.moveaxis(y, -1, 1) if first else y)

    return f


@pytest.mark.parametrize(
    ("arguments", "input_shape", "output", "cut", "n_params"),
    [
        ({"filters": 5, "kernel_size": 3, "activation": "tanh"}, (4, 7, 3), 9, 0, 50),
        ({"filters": 2, "kernel_size": 5, "strides": 3, "padding": "same"}, (1, 4, 1), 12, 1, 12),
        ({"filters": 3, "kernel_size": 3, "dilation_rate": 2, "padding": "same"}, (2, 5, 2), 5, 2, 21),
        ({"filters": 2, "kernel_size": 4, "strides": 3, "output_padding": 1}, (2, 5, 7), 17, 0, 58),
    ],
    ids=["valid", "one channel", "dilated", "output padding"],
)
def test_sequences(arguments, input_shape, output, cut, n_params):
    output_shape = (input_shape[0], output, arguments["filters"])
    f = oracle(arguments, (output,), (cut,))
    check_layer(Conv1DTranspose, arguments, input_shape, output_shape, n_params, f)


@pytest.mark.parametrize(
    ("arguments", "input_shape", "output", "cut", "n_params"),
    [
        ({"filters": 7, "kernel_size": (3, 2), "activation": "tanh"}, (2, 4, 3, 3), (6, 4), (0, 0), 133),
        ({"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, (1, 3, 4, 1), (6, 8), (0, 0), 30),
        ({"filters": 1, "kernel_size": (5, 7), "padding": "same"}, (3, 3, 4, 1), (3, 4), (2, 3), 36),
        ({"filters": 2, "kernel_size": (2, 1), "strides": (3, 4)}, (2, 3, 2, 3), (9, 8), (0, 0), 14),
        (
            {"filters": 11, "kernel_size": 4, "strides": 2, "padding": "same", "activation": "elu"},
            (2, 2, 3, 13), (4, 6), (1, 1), 2299,
        ),
        (
            {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": (0, 1)},
            (2, 3, 3, 2), (5, 6), (1, 0), 38,
        ),
        ({"filters": 5, "kernel_size": 1, "use_bias": False}, (2, 3, 2, 3), (3, 2), (0, 0), 15),
    ],
    ids=[
        "valid", "doubled", "kernel larger than the image", "long strides", "prime channels",
        "output padding", "one position",
    ],
)  # fmt: skip
def test_images(arguments, input_shape, output, cut, n_params):
    output_shape = (input_shape[0], *output, arguments["filters"])
    check_layer(
        Conv2DTranspose, arguments, input_shape, output_shape, n_params, oracle(arguments, output, cut)
    )


def test_channels_first():
    arguments = {"filters": 3, "kernel_size": 3, "strides": 2, "activation": "softmax"}
    arguments["data_format"] = "channels_first"
    f = oracle(arguments, (7, 9), (0, 0))
    check_layer(Conv2DTranspose, arguments, (2, 2, 3, 4), (2, 3, 7, 9), 57, f)


def test_the_order_of_channels_changes_no_number():
    x = np.random.default_rng(0).standard_normal((6, 5, 7, 3)).astype("float32")
    last, first = (Conv2DTranspose(4, 3, 2, "same", data_format=f"channels_{n}") for n in ("last", "first"))
    expected = last(x)
    first(np.moveaxis(x, -1, 1))
    first.set_weights(last.get_weights())
    np.testing.assert_array_equal(np.moveaxis(first(np.moveaxis(x, -1, 1)), 1, -1), expected)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [(1, 1), (2, 3), (4, 4)])
def test_the_way_back_through_a_convolution(padding, strides):
    """<T x, z> = <x, C z>, where C is the convolution with the same kernel."""
    rng = np.random.default_rng(1)
    for size in np.ndindex(4, 5):
        kernel_size = tuple(n + 1 for n in size)
        layer = Conv2DTranspose(3, kernel_size, strides, padding, use_bias=False, dtype="float64")
        x = rng.standard_normal((2, 3, 2, 4))
        y = layer(x)
        z = rng.standard_normal(y.shape)
        back = convolve(z, layer.kernel.numpy(), strides, padding)
        assert back.shape == x.shape
        assert_close([(y * z).sum()], [(x * back).sum()], 1e-12)


@pytest.mark.parametrize("dilation", [2, 3])
def test_the_way_back_through_a_dilated_convolution(dilation):
    rng = np.random.default_rng(2)
    for size in range(1, 6):
        layer = Conv1DTranspose(2, size, 1, "same", dilation_rate=dilation, use_bias=False, dtype="float64")
        x = rng.standard_normal((3, 4, 2))
        y = layer(x)
        z = rng.standard_normal(y.shape)
        back = convolve(z, layer.kernel.numpy(), 1, "same", dilation)
        assert_close([(y * z).sum()], [(x * back).sum()], 1e-12)


def test_a_convolution_and_the_way_back_restore_the_size():
    model = fastnn.Sequential(
        [fastnn.Input((12, 9, 2)), Conv2D(4, 4, 3, "same"), Conv2DTranspose(2, 4, 3, "same")]
    )
    assert model.output_shape == (None, 12, 9, 2)


@pytest.mark.parametrize("frozen", [0, 1, 2])
def test_gradients_through_a_stack(frozen):
    layers = [
        Conv2DTranspose(3, 3, 2, activation="tanh"),
        Conv2DTranspose(2, 2, 3, "same", kernel_regularizer="l2"),
        Conv2D(2, 3, 2),
    ]
    layers[frozen].trainable = False
    model = fastnn.Sequential([fastnn.Input((2, 3, 2), dtype="float64"), *layers, Flatten(), Dense(2)])
    rng = np.random.default_rng(3)
    check_gradients(model, "mse", rng.standard_normal((5, 2, 3, 2)), rng.standard_normal((5, 2)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        *[({"filters": n}, f"filters: .*{n!r}") for n in (0, -1, True, 1.5, None)],
        *[({"kernel_size": n}, "kernel_size: ") for n in (0, (3, 0), (3,), None)],
        *[({"strides": n}, "strides: ") for n in (0, (1, -1), (1,), None)],
        ({"padding": "causal"}, "padding: .*'valid', 'same', got 'causal'"),
        ({"data_format": "NHWC"}, "data_format: .*'NHWC'"),
        ({"strides": 2, "dilation_rate": 3}, r"dilation_rate: .*\(3, 3\) with strides \(2, 2\)"),
        *[({"output_padding": n}, "output_padding: ") for n in (-1, 1.5, (0,), "1")],
        ({"output_padding": 1}, r"output_padding: .*strides \(1, 1\), got 1"),
        ({"strides": (3, 2), "output_padding": (1, 2)}, r"output_padding: .*\(3, 2\), got \(1, 2\)"),
        ({"activation": "rellu"}, "activation: .*'relu'"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Conv2DTranspose(**{"filters": 4, "kernel_size": 3} | arguments)


def test_there_are_no_groups():
    with pytest.raises(TypeError, match="groups"):
        Conv2DTranspose(4, 3, groups=2)


@pytest.mark.parametrize(
    ("layer", "row", "message"),
    [
        (Conv2DTranspose(4, 3), (5, 5), r"\(height, width, channels\), got rows of shape \(5, 5\)"),
        (Conv1DTranspose(4, 3), (5, 5, 5), r"\(length, channels\), got rows of shape \(5, 5, 5\)"),
        (
            Conv2DTranspose(4, 2, 3, "same", output_padding=0), (2, 1, 3),
            r"\(2, 2\) positions leaves \(3, 0\) of \(2, 1\) .*output_padding=\(0, 0\)",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_when_the_layer_is_built(layer, row, message):
    with pytest.raises(ValueError, match=message):
        fastnn.Sequential([fastnn.Input(row), layer])


def test_long_names():
    assert fastnn.layers.Convolution1DTranspose is Conv1DTranspose
    assert fastnn.layers.Convolution2DTranspose is Conv2DTranspose
