"""Random models: whatever layers meet, a model is its layers one by one, and its gradients are right."""

import math

import numpy as np
import pytest
from gradcheck import check_gradients, gradients
from harness import instruction_set

import fastnn
from fastnn import layers, losses
from fastnn.kernels.core import runtime

# Here models are trained for what they compute, not to learn.
pytestmark = pytest.mark.filterwarnings("ignore::fastnn.FastnnWarning")

SMOOTH = [
    "linear",
    "elu",
    "softplus",
    "softsign",
    "silu",
    "gelu",
    "tanh",
    "sigmoid",
    "mish",
    "softmax",
    "log_softmax",
]
KINKED = ["relu", "leaky_relu", "selu", "hard_sigmoid", "hard_silu", "relu6"]


def random_layer(rng, row):
    """A layer that fits rows of a shape."""
    pick = rng.choice
    if len(row) in (2, 3) and rng.random() < 0.5:
        return random_convolution(rng, row)
    activation = str(pick(SMOOTH + KINKED))
    shared = [axis for axis in range(1, len(row) + 1) if rng.random() < 0.5]
    noise_shape = [None] + [None if rng.random() < 0.5 else 1 for _ in row]
    divisors = [n for n in range(1, math.prod(row) + 1) if math.prod(row) % n == 0]
    trainable = bool(rng.random() < 0.8)
    penalty = pick(np.array([None, "l2"]))
    learned = {"kernel_regularizer": penalty, "trainable": trainable, "bias_initializer": "random_normal"}
    slopes = {"shared_axes": shared or None, "alpha_regularizer": penalty, "trainable": trainable}
    make = {
        "Dense": lambda: layers.Dense(int(rng.integers(1, 9)), activation, rng.random() < 0.8, **learned),
        "Activation": lambda: layers.Activation(activation),
        "ReLU": lambda: layers.ReLU(max_value=1.5, negative_slope=0.1, threshold=0.25),
        "PReLU": lambda: layers.PReLU("random_normal", **slopes),
        "Softmax": lambda: layers.Softmax(int(rng.integers(1, len(row) + 1))),
        "Dropout": lambda: layers.Dropout(0.3, noise_shape if rng.random() < 0.5 else None),
        "Flatten": lambda: layers.Flatten(),
        "Reshape": lambda: layers.Reshape((int(pick(divisors)), -1)),
    }
    return make[str(pick(list(make), p=[0.4, *[0.6 / 7] * 7]))]()


def random_convolution(rng, row):
    """A convolution, there or back, that fits images or sequences."""
    first = rng.random() < 0.3
    *size, channels = (*row[1:], row[0]) if first else row
    rank, same = len(size), bool(rng.random() < 0.5)
    transposed = bool(rng.random() < 0.3) and math.prod(row) < 300
    kernel = rng.integers(1, 4, rank)
    fits = transposed or same
    kernel = kernel if fits else np.minimum(kernel, size)
    apart = rng.integers(1, 4, rank)
    strides, dilation = (apart, 1) if rng.random() < 0.5 else (1, apart if fits else 1)
    groups = int(rng.choice([n for n in range(1, channels + 1) if channels % n == 0]))
    more = {} if transposed else {"groups": groups}
    causal = rank == 1 and not transposed and rng.random() < 0.5
    cls = getattr(layers, f"Conv{rank}D{'Transpose' * transposed}")
    return cls(
        int(rng.integers(1, 4)) * groups,
        kernel.tolist(),
        np.broadcast_to(strides, rank).tolist(),
        "causal" if same and causal else "same" if same else "valid",
        dilation_rate=np.broadcast_to(dilation, rank).tolist(),
        data_format="channels_first" if first else "channels_last",
        activation=str(rng.choice(SMOOTH + KINKED)),
        use_bias=bool(rng.random() < 0.8),
        bias_initializer="random_normal",
        trainable=bool(rng.random() < 0.8),
        **more,
    )


def random_model(seed, dtype):
    rng = np.random.default_rng(seed)
    fastnn.utils.set_random_seed(seed)
    row = tuple(int(n) for n in rng.integers(1, 6, rng.integers(1, 4)))
    model = fastnn.Sequential([fastnn.Input(row, dtype=dtype)])
    shape = row
    for _ in range(rng.integers(1, 7)):
        model.add(random_layer(rng, shape))
        shape = model.output_shape[1:]
    model.add(layers.Dense(int(rng.integers(1, 5)), str(rng.choice(["linear", "sigmoid", "softmax"]))))
    return rng, model


def random_problem(rng, model, rows, dtype):
    """Inputs, labels, perhaps weights, and a loss that they suit."""
    x = rng.standard_normal((rows, *model.input_shape[1:])).astype(dtype)
    shape = (rows, *model.output_shape[1:])
    classes = rng.integers(0, shape[-1], shape[:-1])
    final = model.layers[-1].activation.name
    choices = [(losses.MeanSquaredError(), rng.standard_normal(shape))]
    if final != "softmax" or shape[-1] > 1:
        logits = final == "linear"
        choices += [
            (losses.BinaryCrossentropy(logits, 0.1), rng.integers(0, 2, shape).astype(dtype)),
            (losses.CategoricalCrossentropy(logits), np.eye(shape[-1], dtype=dtype)[classes]),
            (
                losses.SparseCategoricalCrossentropy(logits, ignore_class=0 if shape[-1] > 1 else None),
                classes,
            ),
        ]
    loss, y = choices[rng.integers(len(choices))]
    weights = [rng.random(rows).astype(dtype)] if rng.random() < 0.5 else []
    return loss, x, y, weights


@pytest.mark.parametrize("seed", range(60))
def test_a_model_is_its_layers(seed, isa):
    rng, model = random_model(seed, "float32")
    loss, x, y, _ = random_problem(rng, model, int(rng.integers(1, 400)), "float32")
    expected = x
    for layer in model.layers:
        expected = layer(expected)
    predicted = model.predict(x)
    np.testing.assert_array_equal(predicted, expected)
    for layer in model.layers:
        layer.trainable = False
    model.compile("sgd", loss)
    assert model.evaluate(x, y, batch_size=len(x), verbose=0) == pytest.approx(
        loss(y, predicted), rel=1e-4, abs=1e-6
    )


@pytest.mark.parametrize("seed", range(60, 160))
def test_gradients(seed):
    rng, model = random_model(seed, "float64")
    loss, x, y, weights = random_problem(rng, model, int(rng.integers(1, 12)), "float64")
    check_gradients(model, loss, x, y, *weights, directions=1)


@pytest.mark.parametrize("seed", range(160, 200))
def test_threads_and_instruction_sets(seed):
    """Many rows, so that the pieces of every op are more than one."""
    rng, model = random_model(seed, "float32")
    rows = 40_000 // math.prod(model.input_shape[1:])
    loss, x, y, weights = random_problem(rng, model, rows, "float32")
    found = {}
    for isa in [*runtime.isa_names(), "ref"]:
        for n in (1, 3):
            with instruction_set(isa), fastnn.threads(n):
                value, slopes = gradients(model, loss, x, y, *weights)
            found.setdefault(isa, []).append([np.array(value), *slopes])
    for isa, (one, three) in found.items():
        for a, b, r in zip(one, three, found["ref"][0], strict=True):
            np.testing.assert_array_equal(a, b)
            np.testing.assert_allclose(a, r, rtol=1e-3, atol=2e-5, err_msg=isa)
