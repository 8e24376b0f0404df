"""Write files of models in Keras, and compare fastnn's reading and writing of them with Keras itself.

Run where both are installed:

    python tools/keras_files.py check              # every layer and model, both ways
    python tools/keras_files.py write tests/keras_files.zip   # the fixtures of tests/test_keras_files.py
"""

from __future__ import annotations

import argparse
import json
import tempfile
import traceback
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers as L
from keras_operations import OPERATIONS, operations_model

VECTOR, SEQUENCE, IMAGE = (6,), (6, 4), (8, 8, 3)

# Each layer that both have, and the shape of the samples that it is tried on.
LAYERS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    "dense": (lambda: L.Dense(5, "relu", kernel_regularizer="l2", bias_constraint="non_neg"), VECTOR),
    "activation": (lambda: L.Activation("gelu"), VECTOR),
    "activity_regularization": (lambda: L.ActivityRegularization(0.01, 0.02), VECTOR),
    "relu": (lambda: L.ReLU(2.0, 0.1, 0.05), VECTOR),
    "leaky_relu": (lambda: L.LeakyReLU(0.2), VECTOR),
    "elu": (lambda: L.ELU(0.7), VECTOR),
    "prelu": (lambda: L.PReLU("ones", shared_axes=[1]), SEQUENCE),
    "softmax": (lambda: L.Softmax(axis=1), SEQUENCE),
    "dropout": (lambda: L.Dropout(0.0, seed=1), VECTOR),
    "alpha_dropout": (lambda: L.AlphaDropout(0.0), VECTOR),
    "gaussian_dropout": (lambda: L.GaussianDropout(0.0), VECTOR),
    "gaussian_noise": (lambda: L.GaussianNoise(0.0), VECTOR),
    "spatial_dropout1d": (lambda: L.SpatialDropout1D(0.0), SEQUENCE),
    "spatial_dropout2d": (lambda: L.SpatialDropout2D(0.0), IMAGE),
    "batch_normalization": (lambda: L.BatchNormalization(momentum=0.9), SEQUENCE),
    "layer_normalization": (lambda: L.LayerNormalization(), SEQUENCE),
    "group_normalization": (lambda: L.GroupNormalization(2), SEQUENCE),
    "rms_normalization": (lambda: L.RMSNormalization(), VECTOR),
    "unit_normalization": (lambda: L.UnitNormalization(), VECTOR),
    "normalization": (lambda: _adapted(L.Normalization()), VECTOR),
    "normalization_given": (lambda: L.Normalization(mean=1.0, variance=4.0), VECTOR),
    "discretization": (lambda: L.Discretization([-0.5, 0.0, 0.7], output_mode="one_hot"), (1,)),
    "category_encoding": (lambda: L.CategoryEncoding(4, "multi_hot"), (3,)),
    "rescaling": (lambda: L.Rescaling(0.5, -1.0), IMAGE),
    "resizing": (lambda: L.Resizing(4, 6), IMAGE),
    "center_crop": (lambda: L.CenterCrop(4, 4), IMAGE),
    "conv1d": (lambda: L.Conv1D(4, 3, padding="causal", dilation_rate=2), SEQUENCE),
    "conv2d": (lambda: L.Conv2D(6, (3, 2), strides=2, padding="same", groups=3), IMAGE),
    "conv1d_transpose": (lambda: L.Conv1DTranspose(3, 3, strides=2), SEQUENCE),
    "conv2d_transpose": (lambda: L.Conv2DTranspose(3, 3, strides=2, padding="same"), IMAGE),
    "depthwise_conv1d": (lambda: L.DepthwiseConv1D(3, depth_multiplier=2), SEQUENCE),
    "depthwise_conv2d": (lambda: L.DepthwiseConv2D(3, depth_multiplier=2), IMAGE),
    "separable_conv1d": (lambda: L.SeparableConv1D(5, 3), SEQUENCE),
    "separable_conv2d": (lambda: L.SeparableConv2D(5, 3), IMAGE),
    "max_pooling1d": (lambda: L.MaxPooling1D(2), SEQUENCE),
    "max_pooling2d": (lambda: L.MaxPooling2D(3, 2, "same"), IMAGE),
    "average_pooling1d": (lambda: L.AveragePooling1D(2), SEQUENCE),
    "average_pooling2d": (lambda: L.AveragePooling2D(3, 2, "same"), IMAGE),
    "global_max_pooling1d": (lambda: L.GlobalMaxPooling1D(), SEQUENCE),
    "global_max_pooling2d": (lambda: L.GlobalMaxPooling2D(keepdims=True), IMAGE),
    "global_average_pooling1d": (lambda: L.GlobalAveragePooling1D(), SEQUENCE),
    "global_average_pooling2d": (lambda: L.GlobalAveragePooling2D(), IMAGE),
    "cropping1d": (lambda: L.Cropping1D((1, 2)), SEQUENCE),
    "cropping2d": (lambda: L.Cropping2D(((1, 2), (0, 1))), IMAGE),
    "zero_padding1d": (lambda: L.ZeroPadding1D((1, 2)), SEQUENCE),
    "zero_padding2d": (lambda: L.ZeroPadding2D(((1, 2), (0, 1))), IMAGE),
    "up_sampling1d": (lambda: L.UpSampling1D(2), SEQUENCE),
    "up_sampling2d": (lambda: L.UpSampling2D((2, 1), interpolation="bilinear"), IMAGE),
    "flatten": (lambda: L.Flatten(), IMAGE),
    "reshape": (lambda: L.Reshape((-1, 2)), SEQUENCE),
    "permute": (lambda: L.Permute((2, 1)), SEQUENCE),
    "repeat_vector": (lambda: L.RepeatVector(3), VECTOR),
    "identity": (lambda: L.Identity(), VECTOR),
    "embedding": (lambda: L.Embedding(5, 3, mask_zero=True), (4,)),
    "masking": (lambda: L.Masking(0.0), SEQUENCE),
    "simple_rnn": (lambda: L.SimpleRNN(3, return_sequences=True), SEQUENCE),
    "lstm": (lambda: L.LSTM(3, go_backwards=True), SEQUENCE),
    "gru": (lambda: L.GRU(3, reset_after=False), SEQUENCE),
    "gru_reset_after": (lambda: L.GRU(3, return_sequences=True), SEQUENCE),
    "rnn": (lambda: L.RNN(L.LSTMCell(3)), SEQUENCE),
    "stacked_rnn_cells": (lambda: L.RNN([L.GRUCell(3), L.LSTMCell(2), L.GRUCell(4)]), SEQUENCE),
    "bidirectional": (lambda: L.Bidirectional(L.LSTM(3, return_sequences=True), "sum"), SEQUENCE),
    "time_distributed": (lambda: L.TimeDistributed(L.Dense(2, "tanh")), SEQUENCE),
    "random_flip": (lambda: L.RandomFlip("horizontal", seed=1), IMAGE),
    "random_rotation": (lambda: L.RandomRotation(0.0), IMAGE),
    "random_zoom": (lambda: L.RandomZoom(0.0), IMAGE),
    "random_translation": (lambda: L.RandomTranslation(0.0, 0.0), IMAGE),
    "random_contrast": (lambda: L.RandomContrast(0.0), IMAGE),
    "random_brightness": (lambda: L.RandomBrightness(0.0), IMAGE),
    "random_crop": (lambda: L.RandomCrop(8, 8), IMAGE),
}
MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot")
# Layers whose outputs in training are random, or that only Keras computes in another dtype.
UNTRAINED = ("random_flip", "random_contrast", "random_brightness")
OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "sgd": lambda: keras.optimizers.SGD(0.01),
    "momentum": lambda: keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True),
    "adam": lambda: keras.optimizers.Adam(0.01),
    "amsgrad": lambda: keras.optimizers.Adam(0.01, amsgrad=True, clipnorm=1.0),
    "adamw": lambda: keras.optimizers.AdamW(0.01),
    "nadam": lambda: keras.optimizers.Nadam(0.01),
    "adamax": lambda: keras.optimizers.Adamax(0.01),
    "rmsprop": lambda: keras.optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "adagrad": lambda: keras.optimizers.Adagrad(0.01),
    "adadelta": lambda: keras.optimizers.Adadelta(0.5),
    "ftrl": lambda: keras.optimizers.Ftrl(0.01),
    "lion": lambda: keras.optimizers.Lion(0.001),
    "lamb": lambda: keras.optimizers.Lamb(0.01),
    "schedule": lambda: keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.05, 3, 0.5)),
    "ema": lambda: keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9),
    "accumulation": lambda: keras.optimizers.Adam(0.01, gradient_accumulation_steps=2),
}
# Keras with TensorFlow squares the gradients of rows of an embedding before it adds them up.
OPTIMIZERS_OF = {"masked": "sgd"}
# Models small enough to be kept as fixtures.
KEPT = (
    *("mlp", "convolutional", "shared", "two_inputs", "two_outputs", "nested", "initial_state", "frozen"),
    *("bidirectional", "optimizer_rmsprop", "optimizer_nadam", "named_inputs", "operations"),
)


def _adapted(layer: Any) -> Any:
    layer.adapt(np.random.default_rng(3).normal(2.0, 3.0, (50, 6)).astype("float32"))
    return layer


def layer_models() -> Iterator[tuple[str, Any]]:
    """Yield a model of each layer."""
    for name, (make, shape) in LAYERS.items():
        yield name, keras.Sequential([keras.Input(shape), make()])
    for name in MERGES:
        one, other = keras.Input(VECTOR), keras.Input(VECTOR)
        layer = L.Dot(1, normalize=True) if name == "Dot" else getattr(L, name)()
        yield name.lower(), keras.Model([one, other], layer([one, other]))


def whole_models() -> Iterator[tuple[str, Any]]:
    """Yield models of several layers, compiled."""
    yield "mlp", keras.Sequential([keras.Input(VECTOR), L.Dense(8, "relu"), L.Dropout(0.0), L.Dense(3)])
    yield (
        "no_input",
        _built(keras.Sequential([L.Dense(4, "tanh", kernel_initializer="he_normal"), L.Dense(2)]), VECTOR),
    )
    yield (
        "normalized",
        keras.Sequential([keras.Input(VECTOR), L.Dense(4), L.BatchNormalization(), L.ReLU(), L.Dense(2)]),
    )
    yield (
        "convolutional",
        keras.Sequential(
            [
                *(keras.Input(IMAGE), L.Conv2D(4, 3, activation="relu"), L.BatchNormalization()),
                *(L.MaxPooling2D(2), L.Conv2D(5, 2), L.GlobalAveragePooling2D(), L.Dense(2)),
            ]
        ),
    )
    yield (
        "temporal",
        keras.Sequential(
            [
                keras.Input((None, 4)),
                L.Conv1D(4, 3, padding="same"),
                L.LSTM(3, return_sequences=True),
                L.GRU(2),
            ]
        ),
    )
    yield (
        "masked",
        keras.Sequential([keras.Input((5,)), L.Embedding(5, 3, mask_zero=True), L.LSTM(3), L.Dense(2)]),
    )
    yield (
        "bidirectional",
        keras.Sequential(
            [keras.Input(SEQUENCE), L.Bidirectional(L.GRU(3, return_sequences=True)), L.SimpleRNN(2)]
        ),
    )
    x = keras.Input(VECTOR)
    dense = L.Dense(6, "tanh")
    yield "shared", keras.Model(x, L.Dense(2)(dense(dense(x))))
    x, y = keras.Input(VECTOR, name="left"), keras.Input(SEQUENCE, name="right")
    both = L.Concatenate()([L.Dense(3)(x), L.Flatten()(y)])
    yield "two_inputs", keras.Model([x, y], L.Dense(2)(both))
    yield "named_inputs", keras.Model({"x": x, "y": y}, L.Dense(2)(L.Add()([L.Dense(3)(x), L.GRU(3)(y)])))
    x = keras.Input(VECTOR)
    hidden = L.Dense(4, "relu")(x)
    yield "two_outputs", keras.Model(x, [L.Dense(2, name="a")(hidden), L.Dense(3, name="b")(hidden)])
    yield "named_outputs", keras.Model(x, {"a": L.Dense(2)(hidden), "b": L.Dense(3)(hidden)})
    inner = keras.Sequential([keras.Input(VECTOR), L.Dense(6), L.BatchNormalization()], name="inner")
    x = keras.Input(VECTOR)
    yield "nested", keras.Model(x, L.Dense(2)(inner(inner(x))))
    a = keras.Input(VECTOR)
    inner = keras.Model(a, [L.Dense(3)(a), L.Dense(3)(a)], name="fork")
    x = keras.Input(VECTOR)
    yield "nested_outputs", keras.Model(x, L.Add()(inner(x)))
    yield (
        "nested_twice",
        keras.Sequential(
            [
                keras.Input(VECTOR),
                keras.Sequential([keras.Sequential([L.Dense(4), L.Dense(3)]), L.Dense(2)]),
                L.Dense(2),
            ]
        ),
    )
    x = keras.Input(SEQUENCE)
    sequence, h, c = L.LSTM(3, return_sequences=True, return_state=True)(x)
    yield "initial_state", keras.Model(x, L.LSTM(3)(sequence, initial_state=[h, c]))
    x = keras.Input(SEQUENCE)
    block = keras.Sequential([keras.Input((4,)), L.Dense(3), L.Dense(2)])
    yield "time_distributed_model", keras.Model(x, L.TimeDistributed(block)(x))
    x = keras.Input(IMAGE)
    y = L.SeparableConv2D(3, 3, padding="same", activation="relu")(x)
    yield "residual", keras.Model(x, L.GlobalMaxPooling2D()(L.Add()([x, L.LayerNormalization()(y)])))
    x = keras.Input(IMAGE)
    y = L.Conv2DTranspose(2, 2, 2)(L.AveragePooling2D(2)(x))
    yield "autoencoder", keras.Model(x, L.Conv2D(3, 1)(y))
    frozen = keras.Sequential([keras.Input(VECTOR), L.Dense(5), L.BatchNormalization(), L.Dense(2)])
    frozen.layers[0].trainable = False
    frozen.layers[1].trainable = False
    yield "frozen", frozen
    x = keras.Input((6,))
    yield "gated", keras.Model(x, L.Multiply()([L.Dense(3, "sigmoid")(x), L.Dense(3, "tanh")(x)]))
    yield "operations", operations_model(list(OPERATIONS))
    for name in OPERATIONS:
        yield f"operation_{name}", operations_model([name])
    for name in OPTIMIZERS:
        yield f"optimizer_{name}", keras.Sequential([keras.Input(VECTOR), L.Dense(4, "tanh"), L.Dense(2)])


def _built(model: Any, shape: tuple[int, ...]) -> Any:
    model.build((None, *shape))
    return model


def inputs_of(model: Any, rows: int = 4) -> Any:
    """Return samples for a model, in the structure of its inputs."""
    rng = np.random.default_rng(0)

    def samples(tensor: Any) -> Any:
        shape = [rows, *(5 if n is None else n for n in tensor.shape[1:])]
        kinds = {type(layer).__name__ for layer in model.layers}
        if kinds & {"Embedding", "CategoryEncoding"}:
            return rng.integers(0, 4, shape).astype("float32")
        return rng.normal(size=shape).astype("float32")

    structure = model._inputs_struct if type(model).__name__ == "Functional" else model.inputs[0]
    if isinstance(structure, dict):
        return {name: samples(tensor) for name, tensor in structure.items()}
    return [samples(tensor) for tensor in structure] if isinstance(structure, list) else samples(structure)


def targets_of(predictions: Any) -> Any:
    """Return targets for predictions."""
    rng = np.random.default_rng(1)
    return keras.tree.map_structure(lambda p: rng.normal(size=p.shape).astype("float32"), predictions)


def losses_of(model: Any, x: Any, y: Any, steps: int = 5) -> list[float]:
    """Return the losses of further steps on one batch."""
    return [float(np.ravel(model.train_on_batch(x, y))[0]) for _ in range(steps)]


def prepared(name: str, model: Any, whole: bool) -> tuple[Any, Any, Any, bool]:
    """Set weights that depend on all, compile, and train for two steps."""
    rng = np.random.default_rng(2)
    for weight in model.weights:
        values = np.asarray(weight)
        if values.dtype.kind == "f" and name != "normalization" and values.ndim:
            noise = rng.normal(scale=0.2, size=values.shape).astype(values.dtype)
            weight.assign(np.abs(values + noise) + 0.1 if "variance" in weight.path else values + noise)
    x = inputs_of(model)
    predictions = model.predict(x, verbose=0)
    y = targets_of(predictions)
    trains = name not in UNTRAINED and bool(model.trainable_weights)
    if trains:
        make = OPTIMIZERS.get(OPTIMIZERS_OF.get(name, name.removeprefix("optimizer_")), OPTIMIZERS["adam"])
        optimizer = make() if whole else keras.optimizers.SGD(0.01)
        model.compile(optimizer, loss=keras.losses.MeanSquaredError())
        losses_of(model, x, y, 2)
    return model, x, y, trains


def largest_difference(found: Any, expected: Any) -> float:
    """Return the largest difference of two structures, relative to the largest value."""
    pairs = list(zip(keras.tree.flatten(found), keras.tree.flatten(expected), strict=True))
    worst = 0.0
    for one, other in pairs:
        one, other = np.asarray(one, float), np.asarray(other, float)
        if one.shape != other.shape:
            return np.inf
        worst = max(worst, float(np.abs(one - other).max() / (np.abs(other).max() + 1e-6)))
    return worst


def compare(name: str, model: Any, whole: bool, folder: Path) -> list[str]:
    """Return what differs between Keras and fastnn for a model, in files of both, both ways."""
    import fastnn

    model, x, y, trains = prepared(name, model, whole)
    problems = []
    expected = model.predict(x, verbose=0)
    files = [folder / f"{name}{ending}" for ending in (".keras", ".h5")]
    for file in list(files):
        try:
            model.save(file)
        except TypeError:  # Keras cannot write some layers to .h5 files
            files.remove(file)
    model.save_weights(folder / f"{name}.weights.h5")
    losses = losses_of(model, x, y) if trains else []
    for file in files:
        try:
            ours = fastnn.saving.load_model(file)
            if (worst := largest_difference(ours.predict(x, verbose=0), expected)) > 1e-5:
                problems.append(f"{file.suffix} read: predictions differ by {worst:.1e}")
            out = folder / f"{name}.out{file.suffix}"
            if file.suffix == ".h5" and name.startswith("operation"):
                continue  # Keras does not read the operations in its own .h5 files
            ours.save(out)
            ours.save_weights(folder / f"{name}.out.weights.h5")
            ours.load_weights(folder / f"{name}.weights.h5")
            theirs = keras.models.load_model(out)
            if (worst := largest_difference(theirs.predict(x, verbose=0), expected)) > 1e-5:
                problems.append(f"{file.suffix} written: predictions differ by {worst:.1e}")
            theirs.load_weights(folder / f"{name}.out.weights.h5")
            if trains:
                for side, loaded in (("read", ours), ("written", theirs)):
                    if loaded is theirs and file.suffix == ".h5":
                        continue  # Keras does not train what it has read from .h5 files, its own either
                    found = losses_of(loaded, x, y)
                    if not np.allclose(found, losses, rtol=2e-5, atol=1e-6):
                        problems.append(f"{file.suffix} {side}: losses {found}, expected {losses}")
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            problems.append(
                f"{file.suffix}: {type(error).__name__}: {error} ({where.filename}:{where.lineno})"
            )
    return problems


def check(only: list[str]) -> int:
    """Compare all models, print what differs, and return how many do."""
    wrong = total = 0
    for whole, models in ((False, layer_models()), (True, whole_models())):
        for name, model in models:
            if only and name not in only:
                continue
            with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                problems = compare(name, model, whole, Path(folder))
            total += 1
            wrong += bool(problems)
            for problem in problems:
                print(f"{name}: {problem}", flush=True)
    print(f"{total - wrong} of {total} models agree")
    return wrong


def write(archive: Path) -> None:
    """Write the fixtures: files, samples, predictions and losses of further steps, in one zip archive."""
    expected = {}
    with tempfile.TemporaryDirectory() as name, zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        folder = Path(name)
        for name, model in whole_models():
            if name not in KEPT:
                continue
            model, x, y, trains = prepared(name, model, True)
            predictions = model.predict(x, verbose=0)
            model.save(folder / f"{name}.keras")
            if name in ("mlp", "nested"):
                model.save(folder / f"{name}.h5")
                model.save_weights(folder / f"{name}.weights.h5")
            losses = losses_of(model, x, y) if trains else []
            expected[name] = {
                "x": plain(x),
                "y": plain(y),
                "predictions": plain(predictions),
                "losses": losses,
            }
        (folder / "expected.json").write_text(json.dumps(expected))
        for file in sorted(folder.iterdir()):
            packed.write(file, file.name)


def plain(value: Any) -> Any:
    """Return arrays in a structure as lists."""
    if isinstance(value, dict):
        return {name: plain(entry) for name, entry in value.items()}
    return [plain(entry) for entry in value] if isinstance(value, list) else np.round(value, 7).tolist()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check").add_argument("only", nargs="*")
    commands.add_parser("write").add_argument("archive", type=Path)
    options = parser.parse_args()
    if options.command == "check":
        raise SystemExit(bool(check(options.only)))
    write(options.archive)
