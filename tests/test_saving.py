"""Models and weights in files: nothing is lost, and nothing is believed."""

import contextlib
import hashlib
import io
import json
import os
import re
import stat
import struct
import subprocess
import sys
import tarfile
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from random import Random

import numpy as np
import pytest
from safetensors.numpy import load as safetensors_load
from safetensors.numpy import load_file
from safetensors.numpy import save as safetensors_save

import fastnn
from fastnn import layers, saving
from fastnn.layers import Dense
from fastnn.models import clone_model, load_model, model_from_json
from fastnn.saving import ModelFileError, container, files

needs_h5py = pytest.mark.skipif(find_spec("h5py") is None, reason="h5py is missing")

# ---- what is kept --------------------------------------------------------------------------------------


def small(**arguments):
    model = fastnn.Sequential(
        [fastnn.Input((3,)), Dense(4, "tanh", name="first"), Dense(2, name="second")], **arguments
    )
    model.compile("adam", "mse")
    return model


def data(rows=20, row=(3,), out=(2,), seed=0):
    random = np.random.default_rng(seed)
    return random.standard_normal((rows, *row)).astype("f"), random.standard_normal((rows, *out)).astype("f")


def saved(model, weights=False):
    file = io.BytesIO()
    (model.save_weights if weights else model.save)(file)
    return file.getvalue()


def loaded(content, **arguments):
    return load_model(io.BytesIO(content), **arguments)


def same(one, other):
    return len(one) == len(other) and all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


# A row and arguments for every layer that there is.
IMAGE, SERIES = (8, 8, 3), (6, 4)
LAYERS = {
    "Activation": ((5,), {"activation": "relu"}),
    "AlphaDropout": ((5,), {"rate": 0.3}),
    "AveragePooling1D": (SERIES, {"pool_size": 2}),
    "AveragePooling2D": (IMAGE, {"pool_size": 2}),
    "Bidirectional": (SERIES, {"layer": lambda: layers.LSTM(3, dropout=0.2)}),
    "CenterCrop": (IMAGE, {"height": 4, "width": 4}),
    "Conv1D": (SERIES, {"filters": 3, "kernel_size": 2}),
    "Conv1DTranspose": (SERIES, {"filters": 3, "kernel_size": 2}),
    "Conv2D": (IMAGE, {"filters": 3, "kernel_size": 2, "kernel_regularizer": "l2"}),
    "Conv2DTranspose": (IMAGE, {"filters": 3, "kernel_size": 2}),
    "Cropping1D": (SERIES, {"cropping": 1}),
    "Cropping2D": (IMAGE, {"cropping": 1}),
    "Dense": ((5,), {"units": 3, "kernel_initializer": "he_normal"}),
    "DepthwiseConv1D": (SERIES, {"kernel_size": 2}),
    "DepthwiseConv2D": (IMAGE, {"kernel_size": 2}),
    "Dot": ((5,), {"axes": 1}),
    "Dropout": ((5,), {"rate": 0.3}),
    "Embedding": ((5,), {"input_dim": 7, "output_dim": 3}),
    "GRU": (SERIES, {"units": 3, "dropout": 0.2}),
    "GaussianDropout": ((5,), {"rate": 0.3}),
    "Lambda": (SERIES, {"function": lambda: fastnn.activations.tanh}),
    "GaussianNoise": ((5,), {"stddev": 0.3}),
    "GroupNormalization": (SERIES, {"groups": 2}),
    "LSTM": (SERIES, {"units": 3, "recurrent_dropout": 0.2}),
    "MaxPooling1D": (SERIES, {"pool_size": 2}),
    "MaxPooling2D": (IMAGE, {"pool_size": 2}),
    "Permute": (SERIES, {"dims": (2, 1)}),
    "RNN": (SERIES, {"cell": lambda: [layers.LSTMCell(3, dropout=0.2), layers.GRUCell(2)]}),
    "RandomBrightness": (IMAGE, {"factor": 0.2}),
    "RandomContrast": (IMAGE, {"factor": 0.2}),
    "RandomCrop": (IMAGE, {"height": 4, "width": 4}),
    "RandomRotation": (IMAGE, {"factor": 0.2}),
    "RandomTranslation": (IMAGE, {"height_factor": 0.2, "width_factor": 0.2}),
    "RandomZoom": (IMAGE, {"height_factor": 0.2}),
    "CategoryEncoding": ((5,), {"num_tokens": 7}),
    "Discretization": ((5,), {"bin_boundaries": [-1.0, 0.0, 1.0]}),
    "RepeatVector": ((5,), {"n": 3}),
    "Rescaling": ((5,), {"scale": 0.5}),
    "Reshape": (SERIES, {"target_shape": (4, 6)}),
    "Resizing": (IMAGE, {"height": 4, "width": 5}),
    "SeparableConv1D": (SERIES, {"filters": 3, "kernel_size": 2}),
    "SeparableConv2D": (IMAGE, {"filters": 3, "kernel_size": 2}),
    "SimpleRNN": (SERIES, {"units": 3, "stateful": True}),
    "SpatialDropout1D": (SERIES, {"rate": 0.3}),
    "SpatialDropout2D": (IMAGE, {"rate": 0.3}),
    "TimeDistributed": (SERIES, {"layer": lambda: Dense(3)}),
    "UpSampling1D": (SERIES, {}),
    "UpSampling2D": (IMAGE, {}),
    "ZeroPadding1D": (SERIES, {}),
    "ZeroPadding2D": (IMAGE, {}),
}
WHOLE = ("CategoryEncoding", "Discretization", "Embedding")  # take whole numbers, or have no gradient
MERGING = ("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract")


def every_layer():
    own = [cls for cls in layers.registry.classes() if cls.__module__.startswith("fastnn.layers")]
    return sorted(cls.__name__ for cls in own if hasattr(layers, cls.__name__))


def model_around(name, optimizer="adam"):
    row, arguments = LAYERS.get(name, (IMAGE if name.endswith("2D") else SERIES, {}))
    if name.startswith("Random"):
        row = IMAGE
    arguments = {key: value() if callable(value) else value for key, value in arguments.items()}
    layer = getattr(layers, name)(**arguments)
    if name in MERGING:
        start = fastnn.Input(row)
        merged = layer([Dense(row[-1])(start), Dense(row[-1])(start)])
        model = fastnn.Model(start, Dense(2)(layers.Flatten()(merged)))
    else:
        start = [] if name in WHOLE else [Dense(row[-1])]
        model = fastnn.Sequential([fastnn.Input(row), *start, layer, layers.Flatten(), Dense(2)])
    if optimizer:
        model.compile(optimizer, "mse", metrics=["mae"])
    x = np.random.default_rng(1).integers(0, 7, (12, *row)).astype("f")
    return model, x, data(12)[1]


@pytest.mark.parametrize("name", [name for name in every_layer() if name != "InputLayer"])
@pytest.mark.filterwarnings("ignore:mask")  # of layers that do not pass it on
@pytest.mark.filterwarnings("ignore:.*adapted")
def test_every_layer_comes_back(name):
    model, x, y = model_around(name)
    model.fit(x, y, batch_size=4, verbose=0)
    content = saved(model)
    again = loaded(content)
    assert again.get_config() == model.get_config()
    assert same(again.get_weights(), model.get_weights())
    for one in (model, again):
        one.fit(x, y, batch_size=4, epochs=2, verbose=0)
    assert same(again.get_weights(), model.get_weights())
    assert np.array_equal(again(x[:4]), model(x[:4]))
    assert loaded(content, compile=False).optimizer is None


def test_a_model_without_an_optimizer():
    model, x, _ = model_around("Dense", optimizer=None)
    again = loaded(saved(model))
    assert again.optimizer is None
    assert np.array_equal(again(x), model(x))


def test_a_model_in_double_precision(dtype):
    model = fastnn.Sequential([fastnn.Input((3,), dtype=dtype), Dense(2)])
    again = loaded(saved(model))
    assert again.dtype == dtype
    assert same(again.get_weights(), model.get_weights())


def test_what_compile_was_given_comes_back():
    model = small()
    model.compile(
        fastnn.optimizers.SGD(0.125, momentum=0.5, clipnorm=1.0),
        fastnn.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy", fastnn.metrics.CategoricalCrossentropy(name="other")],
        weighted_metrics=["mae"],
    )
    again = loaded(saved(model))
    assert again.optimizer.get_config() == model.optimizer.get_config()
    assert again.loss.get_config() == model.loss.get_config()
    assert again.metrics_names == model.metrics_names


RUNS = {
    "dense": ((6,), lambda: [Dense(5, "relu"), layers.Dropout(0.3), layers.BatchNormalization()]),
    "conv": ((8, 8, 1), lambda: [layers.Conv2D(3, 3), layers.SpatialDropout2D(0.3), layers.Flatten()]),
    "lstm": ((5, 3), lambda: [layers.LSTM(4, dropout=0.3, recurrent_dropout=0.2)]),
}
OPTIMIZERS = {
    "momentum": lambda: fastnn.optimizers.SGD(0.002, momentum=0.9),
    "adam": lambda: fastnn.optimizers.Adam(0.01, amsgrad=True),
    "rmsprop": lambda: fastnn.optimizers.RMSprop(0.01, momentum=0.5, centered=True),
}


def run_of(kind, optimizer):
    row, make = RUNS[kind]
    model = fastnn.Sequential([fastnn.Input(row), *make(), Dense(2)])
    model.compile(OPTIMIZERS[optimizer](), "mse")
    return model, *data(22, row)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("kind", RUNS)
def test_training_goes_on_as_if_nothing_had_happened(kind, optimizer):
    model, x, y = run_of(kind, optimizer)
    model.fit(x, y, batch_size=4, epochs=2, verbose=0)
    content = saved(model)
    fastnn.utils.set_random_seed(99)  # what a new process has drawn before
    again = loaded(content)
    history = again.fit(x, y, batch_size=4, initial_epoch=2, epochs=4, verbose=0)

    fastnn.utils.set_random_seed(0)
    whole, x, y = run_of(kind, optimizer)
    expected = whole.fit(x, y, batch_size=4, epochs=4, verbose=0)
    assert same(again.get_weights(), whole.get_weights())
    assert history.history["loss"] == expected.history["loss"][2:]
    assert again.optimizer.iterations == whole.optimizer.iterations == 24


def branched():
    """Two inputs, a shared layer, a model inside, two outputs."""
    a, b = fastnn.Input((4,), name="a"), fastnn.Input((3,), name="b")
    shared = Dense(5, "tanh", name="shared")
    base = fastnn.Sequential([Dense(4, name="inner"), layers.Dropout(0.3)], name="base")
    one, two = Dense(2, name="one")(shared(a)), Dense(1, name="two")(shared(base(b)))
    model = fastnn.Model({"a": a, "b": b}, {"first": one, "second": two}, name="branched")
    losses = {"first": "mse", "second": fastnn.losses.MeanAbsoluteError()}
    model.compile("adam", losses, loss_weights={"first": 0.5}, metrics={"second": ["mse"]})
    random = np.random.default_rng(0)
    sizes = {"a": 4, "b": 3, "first": 2, "second": 1}
    arrays = {name: random.standard_normal((20, size)).astype("f") for name, size in sizes.items()}
    x, y = ({name: arrays[name] for name in names} for names in (("a", "b"), ("first", "second")))
    return model, x, y


def test_a_graph_with_several_inputs_and_outputs_comes_back():
    model, x, y = branched()
    model.fit(x, y, batch_size=4, verbose=0)
    again = loaded(saved(model))
    assert again.get_config() == model.get_config()
    for one in (model, again):
        history = one.fit(x, y, batch_size=4, epochs=2, verbose=0)
    assert same(again.get_weights(), model.get_weights())
    assert history.history == model.history.history
    for one, other in zip(again.predict(x).values(), model.predict(x).values(), strict=True):
        assert np.array_equal(one, other)
    clone = clone_model(model, clone_function=lambda layer: type(layer).from_config(layer.get_config()))
    clone.set_weights(model.get_weights())
    assert np.array_equal(clone.predict(x)["first"], model.predict(x)["first"])


def test_weights_are_named_by_the_models_around_them():
    model, _, _ = branched()
    names = {"shared", "base/inner", "one", "two"}
    assert set(safetensors_load(saved(model, weights=True))) == {
        f"{name}/{weight}" for name in names for weight in ("kernel", "bias")
    }


def test_a_layer_that_is_frozen_after_compile_trains_until_the_next():
    model, (x, y) = small(), data()
    model.fit(x, y, verbose=0)
    model.layers[0].trainable = False
    before, again = model.layers[0].get_weights(), loaded(saved(model))
    assert not again.layers[0].trainable
    for one in (model, again):
        one.fit(x, y, verbose=0)
    assert same(again.get_weights(), model.get_weights())
    assert not same(again.layers[0].get_weights(), before)
    before = again.layers[0].get_weights()
    again.compile("adam", "mse")
    again.fit(x, y, verbose=0)
    assert same(again.layers[0].get_weights(), before)
    assert not same(again.layers[1].get_weights(), model.layers[1].get_weights())


# ---- the file ------------------------------------------------------------------------------------------


def test_other_tools_read_the_weights(tmp_path):
    model, path = small(), tmp_path / "model.fastnn"
    model.save(path)
    tensors = load_file(path)
    assert same([tensors["first/kernel"]], [model.layers[0].kernel.numpy()])
    assert {"first/kernel", "first/bias", "second/kernel", "second/bias"} == set(tensors)


def test_the_same_model_makes_the_same_file():
    model = small()
    assert saved(model) == saved(model)
    assert saved(loaded(saved(model))) == saved(model)


@pytest.mark.parametrize(
    "name",
    [
        "plain",
        "with space é.fastnn",
        pytest.param("x.keras", marks=needs_h5py),
        pytest.param("x.weights.h5", marks=needs_h5py),
    ],
)
def test_file_names(tmp_path, name):
    for path in (tmp_path / name, str(tmp_path / name)):
        small().save(path)
        load_model(path)
    assert os.listdir(tmp_path) == [name]


def test_overwriting(tmp_path):
    path = tmp_path / "model.fastnn"
    first, second = small(), small()
    first.save(path)
    with pytest.raises(FileExistsError, match="model.fastnn"):
        second.save(path, overwrite=False)
    assert same(load_model(path).get_weights(), first.get_weights())
    second.save(path)
    assert same(load_model(path).get_weights(), second.get_weights())


@pytest.mark.skipif(os.name == "nt", reason="links and modes of POSIX")
def test_links_and_modes_stay(tmp_path):
    path, link = tmp_path / "model.fastnn", tmp_path / "link"
    before = os.umask(0o027)
    try:
        small().save(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o600)
    link.symlink_to(path)
    model = small()
    model.save(link)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert same(load_model(path).get_weights(), model.get_weights())


@pytest.mark.parametrize("at", ["write", "fsync", "replace"])
def test_an_interrupted_save_leaves_the_old_file(tmp_path, monkeypatch, at):
    path, old = tmp_path / "model.fastnn", small()
    old.save(path)

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    class Full(io.FileIO):
        write = fail

    if at == "write":
        monkeypatch.setattr(files, "open", lambda fd, mode: Full(fd, mode), raising=False)
    else:
        monkeypatch.setattr(os, at, fail)
    with pytest.raises(OSError, match=r"No space left.*model.fastnn"):
        small().save(path)
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["model.fastnn"]
    assert same(load_model(path).get_weights(), old.get_weights())


SAVER = """
import fastnn
fastnn.utils.set_random_seed(0)
models = [fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(400)]) for _ in range(2)]
for model, value in zip(models, (1.0, 2.0)):
    model.set_weights([w * 0 + value for w in model.get_weights()])
while True:
    for model in models:
        model.save({path!r})
    print("saved", flush=True)
"""


@pytest.mark.parametrize("rounds", [1, 7])
def test_a_killed_save_leaves_a_whole_file(tmp_path, rounds):
    path = tmp_path / "model"
    code = SAVER.format(path=str(path))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=tmp_path) as child:
        for _ in range(rounds):
            assert child.stdout.readline().split() == [b"saved"]
        child.kill()
    kernel, bias = load_model(path).get_weights()
    assert kernel[0, 0] in (1.0, 2.0)
    assert (kernel == kernel[0, 0]).all()
    assert (bias == kernel[0, 0]).all()


def test_saves_at_the_same_time(tmp_path):
    path, models = tmp_path / "model", [small() for _ in range(4)]

    def save(model):
        for _ in range(10):
            model.save(path)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(save, models))
    found = load_model(path).get_weights()
    assert any(same(found, model.get_weights()) for model in models)
    assert os.listdir(tmp_path) == ["model"]


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError):
        small().save(tmp_path / "none" / "model.fastnn")
    with pytest.raises(ValueError, match="has not been built"):
        fastnn.Sequential([Dense(2)]).save_weights(tmp_path / "model.fastnn")
    with pytest.raises(ValueError, match="may not be called"):
        fastnn.Sequential([Dense(2, name="fastnn.state/x", input_shape=(2,))]).save(tmp_path / "x")
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize(
    "name", ["../../x", "C:\\x", "/etc/x", "a\0b", "a/b", 'q"\\n', "é" * 1000, "x" * 10**6]
)
def test_names_of_layers_are_only_names(tmp_path, name):
    model = fastnn.Sequential([Dense(2, name=name, input_shape=(2,)), Dense(2, name="first")])
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    model.save(folder / "model.fastnn")
    again = load_model(folder / "model.fastnn")
    assert again.layers[0].name == name
    assert same(again.get_weights(), model.get_weights())
    assert [file for _, _, files in os.walk(tmp_path) for file in files] == ["model.fastnn"]


# ---- files that are not as they were written ------------------------------------------------------------

WEIGHTS = saved(small(), weights=True)
MODEL = saved(small())


def entries(content, tmp_path):
    """What reads a file, and what must not have changed where it is refused."""
    path = tmp_path / "file"
    path.write_bytes(content)
    model = small()
    model.progress = None
    before = model.get_weights()
    yield lambda: load_model(path)
    yield lambda: saving.load_model(io.BytesIO(content))
    yield lambda: model.load_weights(path)
    yield lambda: saving.load_weights(model, str(path), skip_mismatch=True, by_name=True)
    yield lambda: restored(model, path)
    assert same(model.get_weights(), before)


def restored(model, path):
    from fastnn.saving.backup import restore_backup

    restore_backup(model, path)


def refused(content, tmp_path, match=None):
    for entry in entries(content, tmp_path):
        with pytest.raises(ModelFileError, match=match):
            entry()


def test_a_truncated_file():
    content = MODEL
    for length in range(len(content)):
        with pytest.raises(ModelFileError):
            container.read(io.BytesIO(content[:length]))


def test_any_flipped_bit():
    content = bytearray(WEIGHTS)
    for i in range(len(content)):
        for bit in range(8):
            content[i] ^= 1 << bit
            with pytest.raises(ModelFileError):
                container.read(io.BytesIO(content))
            content[i] ^= 1 << bit
    container.read(io.BytesIO(content))


@pytest.mark.parametrize("content", [MODEL[:-1], MODEL[:40], MODEL[:8], b"", MODEL + b"\0", b"\0" * 100])
def test_truncated_files_at_every_entry(content, tmp_path):
    refused(content, tmp_path)


def archive(kind):
    file = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(file, "w") as members:
            members.writestr("../config.json", "{}")
    else:
        with tarfile.open(fileobj=file, mode="w") as members:
            members.addfile(tarfile.TarInfo("../config.json"))
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        archive("zip"),
        archive("tar"),
        pytest.param(b"\x89HDF\r\n\x1a\n" + b"\0" * 100, marks=needs_h5py),
        b"\x80\x04\x95" + b"\0" * 50,
        b"\x1f\x8b\x08" + b"\0" * 50,
        b"\x93NUMPY" + b"\0" * 50,
        b'{"class_name": "Sequential"}',
        MODEL + archive("zip"),
        archive("zip") + MODEL,
    ],
)
def test_files_of_another_kind(content, tmp_path):
    refused(content, tmp_path)


def test_what_is_no_file(tmp_path):
    with pytest.raises(ModelFileError, match="folder"):
        load_model(tmp_path)
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "none")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ModelFileError, match="device"):
            load_model(tmp_path / "pipe")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", ["pipe.fastnn", "pipe.keras", "pipe.weights.h5"])
def test_what_is_no_file_is_not_replaced(name, tmp_path):
    os.mkfifo(tmp_path / name)
    model = fastnn.Sequential([fastnn.Input((2,)), Dense(1)])
    write = model.save_weights if "weights" in name else model.save
    with pytest.raises(OSError, match="device or a pipe; nothing has been written"):
        write(tmp_path / name)
    assert stat.S_ISFIFO((tmp_path / name).stat().st_mode)
    assert os.listdir(tmp_path) == [name]


# ---- safetensors files of other programs -------------------------------------------------------------------


def plain(tensors, metadata=None):
    return safetensors_save(tensors, metadata)


@pytest.mark.parametrize("separator", ["/", "."])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_weights_of_a_plain_file(separator, dtype):
    source, target = small(), small()
    tensors = {
        name.replace("/", separator): value.astype(dtype)
        for name, value in safetensors_load(saved(source, weights=True)).items()
    }
    report = target.load_weights(io.BytesIO(plain(tensors, {"format": "np"})))
    assert sorted(report.loaded) == ["first/bias", "first/kernel", "second/bias", "second/kernel"]
    expected = [weight.astype(dtype) for weight in source.get_weights()]
    assert same(target.get_weights(), [weight.astype("float32") for weight in expected])


def test_weights_of_a_plain_file_that_do_not_all_fit():
    source, target = make(10, ["old"]), make(4, ["new"])
    tensors = safetensors_load(saved(source, weights=True))
    with pytest.raises(ValueError, match=r"not in the file: new/kernel.*not in the model: old"):
        target.load_weights(io.BytesIO(plain(tensors)))
    del tensors["head/kernel"], tensors["head/bias"]
    report = target.load_weights(io.BytesIO(plain(tensors)), by_name=True)
    assert report.loaded == ["features/kernel", "features/bias"]


def test_half_precision_of_16_bits():
    header = {"first/kernel": tensor([3, 4], [0, 24], "BF16")}
    text = json.dumps(header).encode()
    values = np.arange(12, dtype="float32").reshape(3, 4) / 2
    body = (values.view("uint32") >> 16).astype("<u2").tobytes()
    model = small()
    model.load_weights(io.BytesIO(struct.pack("<Q", len(text)) + text + body), by_name=True)
    assert np.array_equal(model.layers[0].kernel, values)


def test_a_plain_file_is_no_model(tmp_path):
    content = plain(safetensors_load(saved(small(), weights=True)))
    with pytest.raises(ModelFileError, match="safetensors file of another program.*load_weights"):
        loaded(content)
    with pytest.raises(ModelFileError):
        restored(small(), io.BytesIO(content))


@pytest.mark.parametrize("at", range(8, 48))
def test_an_altered_file_is_not_taken_for_a_plain_one(at):
    content = bytearray(WEIGHTS)
    content[at] ^= 1
    with pytest.raises(ModelFileError):
        small().load_weights(io.BytesIO(content), by_name=True)


# ---- what reading may cost ---------------------------------------------------------------------------------


def cost(content, tmp_path):
    """The peak of memory that reading a file takes, in its size."""
    path = tmp_path / "file"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError):
            load_model(path)
        return tracemalloc.get_traced_memory()[1] / len(content)
    finally:
        tracemalloc.stop()


def header_of(text):
    start = '{"__metadata__":{"fastnn":"{\\"format\\":1,\\"sha256\\":\\"' + "0" * 64 + '\\"}"},"a":'
    return packed(start + text + "}")


BIG = {
    "lists": "[" + "[]," * 1_500_000 + "0]",
    "dicts": "[" + "{}," * 1_500_000 + "0]",
    "numbers": "[" + "0," * 2_000_000 + "0]",
    "strings": "[" + '"",' * 1_500_000 + "0]",
    "entries": "{" + ",".join(f'"{i}":0' for i in range(450_000)) + "}",
    "many entries": "{" + ",".join(f'"{i:09}":0' for i in range(450_000)) + "}",
    "few lists": "[" + "[]," * 400_000 + "0]",
    "few dicts": "[" + "{}," * 400_000 + "0]",
    "entries of one": "[" + ",".join(f'{{"{i}":0}}' for i in range(300_000)) + "]",
    "tensors": "{"
    + ",".join(f'"{i}":{{"dtype":"F32","shape":[],"data_offsets":[0,4]}}' for i in range(90_000))
    + "}",
    "one string": '"' + "x" * 5_000_000 + '"',
    "escapes": '"' + "\\n" * 2_500_000 + '"',
}


@pytest.mark.parametrize("name", BIG)
def test_headers_that_cost_more_than_they_say(name, tmp_path):
    assert cost(header_of(BIG[name]), tmp_path) < (14 if name == "many entries" else 8)


def test_a_file_of_the_smallest_tensors(tmp_path):
    """Each takes some 55 bytes of the file, and eight times as much of memory."""
    count = 60_000
    entries = ",".join(
        f'"{i}":{{"dtype":"U8","shape":[],"data_offsets":[{i},{i + 1}]}}' for i in range(count)
    )
    path = tmp_path / "file"
    path.write_bytes(packed("{" + entries + "}") + bytes(i % 256 for i in range(count)))
    tracemalloc.start()
    try:
        with files.opened(path) as file:
            document, tensors = container.contents(file)
        assert tracemalloc.get_traced_memory()[1] < 8 * path.stat().st_size
    finally:
        tracemalloc.stop()
    assert document is None
    assert list(tensors) == [str(i) for i in range(count)]
    assert all(tensor.shape == () for tensor in tensors.values())
    assert [int(tensors[str(i)]) for i in (0, 1, 255, 256, 59_999)] == [0, 1, 255, 0, 59_999 % 256]


@pytest.mark.parametrize("before", [0, 65_530, 65_535, 65_536, 131_072])
def test_brackets_and_strings_across_pieces(before):
    """A text is looked at in pieces; brackets and quotes of strings count for nothing."""
    text = json.dumps({"a": "x" * before + '[[{"\\', "b": [{"c": 'y"[' * 30_000}, [[":{"]]]})
    assert container.parse(text.encode()) == json.loads(text)
    for inner in ("[" * 401 + "]" * 401, '{"a":' * 400 + "1" + "}" * 400):
        with pytest.raises(ModelFileError, match="deeper"):
            container.parse(f'{{"a":"{"x" * before}","b":{inner}}}'.encode())


@pytest.mark.parametrize("keys", [19_000, 50_000])
def test_a_file_has_as_many_keys_as_belong_to_its_size(keys, tmp_path):
    """What a document costs is bounded by its whole file, as it is read and as it is written."""
    table = {"table": {str(i): 0 for i in range(keys)}}
    path = tmp_path / "file"
    if keys < 20_000:
        container.write(path, table, {})
        assert container.read(path)[0]["table"] == table["table"]
        return
    with pytest.raises(ValueError, match="keys and 2 lists and dictionaries, more than belong"):
        container.write(path, table, {})
    container.write(path, table, {"a": np.zeros(100_000, "float32")})
    assert container.read(path)[0]["table"] == table["table"]


def test_a_key_that_stands_twice():
    for text in (b'{"a":1,"a":2}', b'{"b":[{"a":{},"a":{}}]}', b'{"a:":1,"a\\u003a":2}'):
        with pytest.raises(ModelFileError, match="a key stands there twice"):
            container.parse(text)
    assert container.parse(b'{"a:":[{"b":":"},{"b":1}]}') == {"a:": [{"b": ":"}, {"b": 1}]}


def test_sparse_files_are_not_read(tmp_path):
    path = tmp_path / "file"
    for beginning in (b"", b"PK", MODEL, MODEL[:200], b"\xff" * 8 + MODEL[8:]):
        with path.open("wb") as file:
            file.write(beginning)
            file.truncate(3 * 2**30)
        tracemalloc.start()
        try:
            with pytest.raises(ModelFileError):
                load_model(path)
            assert tracemalloc.get_traced_memory()[1] < 1_000_000
        finally:
            tracemalloc.stop()


class Endless(io.RawIOBase):
    """A stream that never ends."""

    def __init__(self, beginning):
        self.beginning, self.given = io.BytesIO(beginning), 0

    def read(self, size=-1):
        assert 0 <= size <= 2**20, "asked for more than there may be"
        self.given += size
        return self.beginning.read(size) or b"\0" * size


@pytest.mark.parametrize("beginning", [b"", MODEL, MODEL[:8] + b"{" + b" " * 50])
def test_a_stream_is_read_no_further_than_its_header_says(beginning):
    stream = Endless(beginning)
    with pytest.raises(ModelFileError):
        load_model(stream)
    assert stream.given < len(MODEL) + 2**20


def test_one_tensor_is_one_weight(tmp_path):
    """A name that stands there a thousand times takes no memory a thousand times."""
    model = fastnn.Sequential([fastnn.Input((300,)), *[Dense(300, use_bias=False) for _ in range(50)]])
    content = saved(model)
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    document = json.loads(header.pop("__metadata__")["fastnn"]) | {"sha256": "0" * 64}
    first = document["weights"][0][0]
    document["weights"] = [[first, structure] for _, structure in document["weights"]]
    text = json.dumps(document, separators=(",", ":"))
    entries = {first: tensor([300, 300], [0, 360_000])}
    content = packed({"__metadata__": {"fastnn": text}} | entries, content[8 + length :][:360_000])
    assert cost(content, tmp_path) < 3


def test_a_header_in_another_encoding(tmp_path):
    text = header_of("0")[8:].decode().rstrip().encode("utf-16-le")
    refused(struct.pack("<Q", len(text)) + text, tmp_path)


# ---- files that someone has made, with a checksum that is right -------------------------------------------


def packed(header, body=b"", length=None):
    """A file of this header, JSON or text, under its checksum."""
    text = header if isinstance(header, str) else json.dumps(header, separators=(",", ":"))
    raw = text.encode()
    raw += b" " * (-len(raw) % 8)
    content = bytearray(struct.pack("<Q", len(raw) if length is None else length) + raw + body)
    at = content.find(b"0" * 64)
    if at >= 0:
        content[at : at + 64] = hashlib.sha256(content).hexdigest().encode()
    return bytes(content)


def forged(tensors=None, body=b"", length=None, **changes):
    """A file with some of the document, or the entries of tensors, of another making."""
    header = json.loads(MODEL[8 : 8 + int.from_bytes(MODEL[:8], "little")])
    document = json.loads(header.pop("__metadata__")["fastnn"]) | {"sha256": "0" * 64} | changes
    text = json.dumps(document, separators=(",", ":"))
    body = body or MODEL[8 + int.from_bytes(MODEL[:8], "little") :]
    return packed({"__metadata__": {"fastnn": text}} | (header if tensors is None else tensors), body, length)


def test_forging_works():
    assert forged() == MODEL
    loaded(forged())


HUGE = [0, -1, 2**31 - 1, 2**31, 2**32 - 1, 2**32 + 1, 2**62, 2**63 - 1, 2**63, 2**64, 10**30]


def tensor(shape, offsets, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


@pytest.mark.parametrize(
    "tensors",
    [
        *[{"a": tensor([n], [0, 8])} for n in HUGE],
        *[{"a": tensor([2], [0, n])} for n in HUGE],
        *[{"a": tensor([n, n, n], [0, 8])} for n in (10**6, 2**31, 2**62, 2**63)],
        {"a": tensor([2], [8, 0])},
        {"a": tensor([1], [0, 4]), "b": tensor([1], [0, 4])},
        {"a": tensor([1], [0, 4]), "b": tensor([1], [3, 8])},
        {"a": tensor([1], [4, 8])},
        {"a": tensor([1], [0, 4])},
        {"a": tensor([2], [0, 8], "F99")},
        {"a": tensor([4], [0, 8], "BF16")},
        {"a": tensor("2", [0, 8])},
        {"a": tensor([2.0], [0, 8])},
        {"a": tensor([2], [0, 8, 16])},
        {"a": [1, 2]},
        {"a": None},
        {f"t{i}": tensor([2], [0, 8]) for i in range(10_000)},
        {},
    ],
)
def test_tensors_that_lie(tensors, tmp_path):
    content = forged(tensors, b"\0" * 8)
    refused(content, tmp_path)
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError):
            loaded(content)
        assert tracemalloc.get_traced_memory()[1] < 14 * len(content) + 100_000  # what JSON takes
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("length", [2**31, 2**32, 2**63 - 1, 2**64 - 1, 0, 100])
def test_headers_that_lie_about_their_length(length, tmp_path):
    refused(forged(length=length), tmp_path)


@pytest.mark.parametrize("depth", [500, 10**5])
def test_deep_nesting(depth, tmp_path):
    nested = "[" * depth + "]" * depth
    text = '{"format":1,"sha256":"' + "0" * 64 + f'","kind":"model","model":{nested}}}'
    refused(packed({"__metadata__": {"fastnn": text}}), tmp_path, "deeper")
    with pytest.raises(ModelFileError, match="deeper"):
        model_from_json('{"class_name": ' + nested + "}")


def test_keys_that_stand_twice(tmp_path):
    start = '{"__metadata__":{"fastnn":"{\\"format\\":1,\\"sha256\\":\\"' + "0" * 64
    refused(packed(start + '\\",\\"kind\\":1,\\"kind\\":2}"}}'), tmp_path, "twice")
    refused(packed(start + '\\"}"},"__metadata__":{}}'), tmp_path, "twice")


def test_a_newer_format(tmp_path):
    content = MODEL.replace(b'\\"format\\":1,', b'\\"format\\":2,', 1)
    refused(content, tmp_path, "newer fastnn")


LAYER = {"class_name": "Dense", "config": {"units": 2, "input_shape": [3], "name": "first"}}


def sequential(*entries, **changes):
    config = {"name": "m", "trainable": True, "layers": list(entries), "build_input_shape": None} | changes
    return {"class_name": "Sequential", "config": config}


def with_config(**changes):
    return sequential(LAYER | {"config": LAYER["config"] | changes})


DEEP = LAYER
for _ in range(12):
    DEEP = {"class_name": "TimeDistributed", "config": {"layer": DEEP}}

CONFIGS = [
    None,
    [],
    "Sequential",
    {},
    {"class_name": "Sequential"},
    {"class_name": ["Sequential"], "config": {}},
    {"class_name": "Lambda", "config": {"function": "4wAAAA=="}},
    sequential(
        {"class_name": "Lambda", "config": {"function": {"class_name": "__lambda__", "config": "4wAA"}}}
    ),
    sequential({"class_name": "os.system", "config": {"command": "true"}}),
    sequential({"class_name": "builtins>eval", "config": {}}),
    sequential({"class_name": "function", "config": "eval"}),
    sequential({"class_name": "__class__", "config": {}}),
    sequential({"class_name": "TorchModuleWrapper", "config": {"module": "x.pt"}}),
    sequential({"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}),
    sequential({"class_name": "Layer", "config": {}}),
    sequential(DEEP),
    sequential(*[LAYER] * 50),
    sequential(LAYER, layers=5),
    with_config(units=2**40),
    with_config(units=2**31 - 1),
    with_config(units=10**30),
    with_config(units=-1),
    with_config(units=1.5),
    with_config(units="2"),
    with_config(activation="eval"),
    with_config(activation={"class_name": "function", "config": "eval"}),
    with_config(kernel_initializer={"class_name": "os", "config": {}}),
    with_config(kernel_regularizer={"class_name": "L2", "config": {"l2": "x"}}),
    with_config(__class__="x"),
    with_config(**{"__dict__": {}, "__init__": 1}),
    with_config(**{f"key{i}": i for i in range(1000)}),
    with_config(input_shape=[2**31 - 1]),
    with_config(input_shape=[2**40]),
    with_config(input_shape=["3"]),
    with_config(dtype="object"),
    with_config(name=["x"]),
]


@pytest.mark.parametrize("config", CONFIGS)
def test_configurations_that_no_model_has_written(config, tmp_path):
    content = forged(model=config)
    with pytest.raises(ModelFileError):
        loaded(content)
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="file"):
        load_model(path)


OF_A_LARGER_MACHINE = [with_config(units=2**31 - 1), with_config(input_shape=[2**31 - 1]), sequential(DEEP)]


@pytest.mark.parametrize("config", [config for config in CONFIGS if config not in OF_A_LARGER_MACHINE])
def test_json_that_no_model_has_written(config):
    with pytest.raises(ModelFileError):
        model_from_json(json.dumps(config))


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "weights"},
        {"kind": 3},
        {"weights": []},
        {"weights": [["first/kernel", "first/kernel"]] * 1000},
        {"weights": [["none", "none"]]},
        {"weights": [[1, 2, 3]]},
        {"weights": {"a": 1}},
        {"weights": None},
        {"compile": {"optimizer": {"class_name": "adam"}, "loss": {"class_name": "eval"}}},
        {"compile": {"optimizer": {"class_name": "os.system", "config": {}}}},
        {"compile": [1]},
        {"state": None},
        {"state": {"streams": {}, "shuffler": {"number": -1, "done": 0}}},
        {"state": {"streams": {}, "shuffler": {"number": 0, "done": 0, "seed": 2**64}}},
        {"state": {"streams": {}, "optimizer": ["none"]}},
    ],
)
def test_documents_that_no_model_has_written(changes):
    with pytest.raises(ModelFileError):
        loaded(forged(**changes))


def places(value, path=()):
    """The path to everything in a document."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(value[key], (*path, key))


VALUES = [None, True, *HUGE, 0.5, 1e308, float("nan"), "", "Dense", "../x", [], {}, [[]], LAYER]


@pytest.mark.parametrize("name", ["Dense", "RNN", "Bidirectional", "BatchNormalization", "SeparableConv2D"])
def test_documents_with_something_else_in_one_place(name):
    random = Random(0)
    model, x, y = model_around(name)
    model.fit(x, y, batch_size=4, verbose=0)
    content = saved(model)
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    text = header.pop("__metadata__")["fastnn"]
    refusals = 0
    for _ in range(100):
        document = json.loads(text) | {"sha256": "0" * 64}
        *path, last = random.choice(
            [path for path in places(document) if path[0] not in ("format", "sha256")]
        )
        inside = document
        for key in path:
            inside = inside[key]
        inside[last] = random.choice(VALUES)
        new = {"__metadata__": {"fastnn": json.dumps(document, separators=(",", ":"))}}
        try:
            loaded(packed(new | header, content[8 + length :]))
        except ModelFileError:
            refusals += 1
    assert refusals > 20


@pytest.mark.parametrize("name", ["Adam", "Adamax", "Ftrl", "Lamb", "Nadam", "SGD", "schedule", "restarts"])
def test_any_number_of_steps_may_have_been_done(name):
    """The number of steps is no bound of a loop; the next step is as after fewer, or another one."""
    schedules = {
        "schedule": fastnn.optimizers.schedules.PolynomialDecay(0.1, 3, cycle=True),
        "restarts": fastnn.optimizers.schedules.CosineDecayRestarts(0.1, 1, t_mul=1 + 1e-15),
    }
    model, (x, y) = small(), data()
    optimizer = fastnn.optimizers.SGD(schedules[name]) if name in schedules else fastnn.optimizers.get(name)
    model.compile(optimizer, "mse")
    model.train_on_batch(x, y)
    state = model.optimizer.get_state()
    model.optimizer.set_state(state | {"iterations": 2**62 - 1})
    again = loaded(saved(model))
    assert again.optimizer.iterations == 2**62 - 1
    again.train_on_batch(x, y)
    assert np.isfinite(again.get_weights()[0]).all()
    for wrong in (-1, 2**62 + 1, 2**63 - 1, 0.5):
        with pytest.raises(ValueError, match="iterations: expected an integer from 0"):
            model.optimizer.set_state(state | {"iterations": wrong})


NUMBERS = [46_340, 100_000, 2**20, 2**31 - 1, 2**40, 2**62]


def compiled_with_numbers():
    model = fastnn.Sequential(
        [fastnn.Input((3,)), Dense(4), layers.GroupNormalization(2), Dense(2, "softmax")]
    )
    schedule = fastnn.optimizers.schedules.CosineDecay(0.1, 10, warmup_target=0.2, warmup_steps=3)
    metrics = [
        fastnn.metrics.AUC(num_thresholds=5),
        fastnn.metrics.PrecisionAtRecall(0.5, num_thresholds=5),
        fastnn.metrics.MeanIoU(2, sparse_y_true=False, sparse_y_pred=False),
        fastnn.metrics.OneHotIoU(2, [0]),
        fastnn.metrics.TopKCategoricalAccuracy(2),
        fastnn.metrics.Precision(top_k=1),
    ]
    model.compile(
        fastnn.optimizers.Nadam(schedule, use_ema=True), "categorical_crossentropy", metrics=metrics
    )
    return model


@pytest.mark.parametrize("number", NUMBERS)
def test_no_number_in_a_document_is_a_size_of_its_own(number):
    model = compiled_with_numbers()
    model.train_on_batch(np.ones((2, 3)), np.eye(2))
    content = saved(model)
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    text = header.pop("__metadata__")["fastnn"]
    numbers = [
        path
        for path in places(json.loads(text))
        if path[0] not in ("format", "sha256") and type(at(json.loads(text), path)) is int
    ]
    assert len(numbers) > 15
    tracemalloc.start()
    try:
        for path in numbers:
            document = json.loads(text) | {"sha256": "0" * 64}
            at(document, path[:-1])[path[-1]] = number
            new = {"__metadata__": {"fastnn": json.dumps(document, separators=(",", ":"))}}
            with contextlib.suppress(ModelFileError):
                loaded(packed(new | header, content[8 + length :]))
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_many_metrics_of_many_thresholds_cost_nothing():
    model = small()
    metrics = [fastnn.metrics.AUC(num_thresholds=100_000, name=f"auc{i}") for i in range(15)]
    metrics += [fastnn.metrics.PrecisionAtRecall(0.5, 100_000, name=f"p{i}") for i in range(16)]
    model.compile("sgd", "mse", metrics=metrics)
    content = saved(model)
    tracemalloc.start()
    try:
        again = loaded(content)
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 500_000
    assert peak < 15_000_000
    assert len(again.metrics) == len(model.metrics)
    with pytest.raises(ValueError, match="metrics: a model may have 31, got 32"):
        model.compile("sgd", "mse", metrics=[*metrics, "mae"])


def at(value, path):
    for key in path:
        value = value[key]
    return value


def test_an_unknown_class_is_told():
    config = {"class_name": "Dense2", "config": {}}
    with pytest.raises(ModelFileError, match=r"'Dense2'; did you mean 'dense'\?.*custom_objects"):
        loaded(forged(model=sequential(config)))


def nested(levels, calls):
    """A model that calls a model that calls a model ..., each so many times."""
    if not levels:
        return {"class_name": "ReLU", "config": {"name": "relu"}}
    inner = nested(levels - 1, calls)
    name = inner["config"]["name"]
    config = {
        "name": f"level{levels}",
        "trainable": True,
        "layers": [inner],
        "inputs": [{"name": "x", "shape": [1], "dtype": "float32"}],
        "input_structure": {"node": 0, "output": 0},
        "nodes": [{"layer": name, "x": {"node": k, "output": 0}, "options": {}} for k in range(calls)],
        "outputs": {"node": calls, "output": 0},
    }
    return {"class_name": "Model", "config": config}


@pytest.mark.parametrize("calls", [2, 30])
def test_a_few_bytes_do_not_make_a_large_graph(calls):
    assert model_from_json(json.dumps(nested(2, calls)))(np.ones((1, 1)))[0, 0] == 1
    with pytest.raises(ModelFileError, match="calls of layers"):
        model_from_json(json.dumps(nested(14, calls)))


def test_names_are_looked_up_and_nothing_else():
    before = set(sys.modules)
    names = [
        "os",
        "sys",
        "numpy",
        "fastnn.layers.Dense",
        "layers>Dense",
        "Dense ",
        "dense\0",
        "",
        "__builtins__",
    ]
    for name in names:
        with pytest.raises(ModelFileError):
            model_from_json(json.dumps(sequential({"class_name": name, "config": {"units": 1}})))
    assert set(sys.modules) == before


watched = None


def watch(event, arguments):
    if watched is None or arguments[:1] == (b"def foo(): pass",):  # `inspect` looks at a signature
        return
    if event.split(".")[0] in (
        "open", "exec", "compile", "import", "marshal", "pickle", "socket", "subprocess", "os", "ctypes",
    ):  # fmt: skip
        watched.append((event, arguments))


@pytest.fixture
def events():
    """What Python's audit hooks are told."""
    global watched
    if not hasattr(watch, "installed"):
        sys.addaudithook(watch)
        watch.installed = True
    watched = []
    yield watched
    watched = None


@pytest.mark.parametrize("name", [name for name in every_layer() if name != "InputLayer"])
@pytest.mark.filterwarnings("ignore:mask")  # of layers that do not pass it on
@pytest.mark.filterwarnings("ignore:.*adapted")
def test_loading_opens_the_file_and_nothing_else(name, tmp_path, events):
    global watched
    path = tmp_path / "model"
    model, x, y = model_around(name)
    model.fit(x, y, verbose=0)
    model.save(path)
    load_model(path)
    watched = []
    load_model(path)
    assert [event for event, _ in watched] == ["open", "open"]  # the descriptor, and the file of it
    assert watched[0][1][0] == str(path)


# ---- objects of the program's own ------------------------------------------------------------------------


class Doubling(Dense):
    """A layer of the program's own."""

    def __init__(self, units, factor=2.0, **kwargs):
        super().__init__(units, **kwargs)
        self.factor = factor

    def get_config(self):
        return super().get_config() | {"factor": self.factor}


def test_custom_objects():
    model = fastnn.Sequential([fastnn.Input((3,)), Doubling(4, 3.0), Dense(2)])
    content = saved(model)
    with pytest.raises(ModelFileError, match="custom_objects"):
        loaded(content)
    again = loaded(content, custom_objects={"Doubling": Doubling})
    assert type(again.layers[0]) is Doubling
    assert again.layers[0].factor == 3.0
    with saving.CustomObjectScope({"Doubling": Doubling}):
        assert type(loaded(content).layers[0]) is Doubling
    with pytest.raises(ModelFileError):
        loaded(content)
    assert type(model_from_json(model.to_json(), {"Doubling": Doubling}).layers[0]) is Doubling


def test_registered_objects(monkeypatch):
    monkeypatch.setattr(fastnn.custom_objects, "_registered", {})
    saving.register_keras_serializable("mine", "Twice")(Doubling)
    model = fastnn.Sequential([fastnn.Input((3,)), Doubling(4)])
    assert '"mine>Twice"' in model.to_json()
    assert type(loaded(saved(model)).layers[0]) is Doubling
    assert saving.get_custom_objects() == {"mine>Twice": Doubling}
    with pytest.raises(ValueError, match="get_config"):
        saving.register_keras_serializable()(int)


def test_a_class_of_the_same_name_is_another():
    own = type("Dropout", (Dense,), {})
    model = fastnn.Sequential([fastnn.Input((3,)), own(4), layers.Dropout(0.5)])
    with pytest.raises(ModelFileError):
        loaded(saved(model), custom_objects={"Other": own})


def half(x):
    return x / 2


def test_objects_as_plain_data():
    objects = [
        Dense(3, name="d"),
        fastnn.losses.Huber() if hasattr(fastnn.losses, "Huber") else None,
        half,
        2.5,
    ]
    config = json.loads(json.dumps(saving.serialize_keras_object({"inside": objects})))
    again = saving.deserialize_keras_object(config, {"half": half})["inside"]
    assert again[0].get_config() == objects[0].get_config()
    assert type(again[1]) is type(objects[1])
    assert again[2:] == [half, 2.5]
    with pytest.raises(ValueError, match="'Custom>half'"):
        saving.deserialize_keras_object(config)
    for wrong in (lambda x: x, object()):
        with pytest.raises(TypeError):
            saving.serialize_keras_object(wrong)
    for wrong in ({"class_name": "Dense", "config": {"units": 1}}, {"kind": "os", "class_name": "system"}):
        with pytest.raises(ValueError, match="kind"):
            saving.deserialize_keras_object(wrong)


@pytest.mark.parametrize("wrong", [[Doubling], {"Doubling": 3}, {3: Doubling}])
def test_custom_objects_are_checked(wrong):
    with pytest.raises(TypeError, match="custom_objects"):
        loaded(MODEL, custom_objects=wrong)


# ---- weights by name ---------------------------------------------------------------------------------------


def test_weights_alone():
    one, other = small(), small()
    report = other.load_weights(io.BytesIO(saved(one, weights=True)))
    assert same(one.get_weights(), other.get_weights())
    assert report.loaded == ["first/kernel", "first/bias", "second/kernel", "second/bias"]
    assert not report.differs
    third = small()
    third.load_weights(io.BytesIO(saved(one)))
    assert same(one.get_weights(), third.get_weights())


def test_layers_without_names_are_found_by_their_place():
    def make():
        inner = layers.Bidirectional(layers.LSTM(2, return_sequences=True))
        return fastnn.Sequential(
            [fastnn.Input((5, 3)), inner, layers.TimeDistributed(Dense(2)), layers.GRU(2)]
        )

    one, other = make(), make()
    assert one.layers[0].name != other.layers[0].name
    other.load_weights(io.BytesIO(saved(one, weights=True)))
    assert same(one.get_weights(), other.get_weights())


def make(classes, extra=()):
    more = [Dense(3, name=name) for name in extra]
    named = [Dense(8, name="features"), *more, Dense(classes, name="head")]
    return fastnn.Sequential([fastnn.Input((3,)), *named])


def test_what_does_not_fit_is_told_at_once():
    source, target = make(10, ["old"]), make(4, ["new"])
    before = target.get_weights()
    with pytest.raises(ValueError, match="not in the file: new/kernel") as error:
        target.load_weights(io.BytesIO(saved(source, weights=True)))
    assert not isinstance(error.value, ModelFileError)
    for told in (
        "new/bias",
        "not in the model: old/kernel, old/bias",
        "head/kernel (3, 4), in the file (3, 10)",
    ):
        assert told in str(error.value)
    assert same(target.get_weights(), before)


def test_what_does_not_fit_may_be_left_out():
    source, target = make(10, ["old"]), make(4, ["new"])
    with pytest.warns(UserWarning, match="head/kernel"):
        report = target.load_weights(io.BytesIO(saved(source, weights=True)), skip_mismatch=True)
    assert report.loaded == ["features/kernel", "features/bias"]
    assert report.missing == ["new/kernel", "new/bias"]
    assert report.unexpected == ["old/kernel", "old/bias"]
    assert same(target.layers[0].get_weights(), source.layers[0].get_weights())


def test_by_name_only_what_both_have():
    source, target = make(4, ["old"]), make(4, ["new"])
    report = target.load_weights(io.BytesIO(saved(source, weights=True)), by_name=True)
    assert report.loaded == ["features/kernel", "features/bias", "head/kernel", "head/bias"]
    with pytest.raises(ValueError, match="of another shape"):
        make(7).load_weights(io.BytesIO(saved(source, weights=True)), by_name=True)


def test_a_model_that_was_not_built_has_no_weights():
    with pytest.raises(ValueError, match="has not been built"):
        fastnn.Sequential([Dense(2)]).load_weights(io.BytesIO(WEIGHTS))


# ---- configurations ----------------------------------------------------------------------------------------


def test_json():
    model = small()
    again = model_from_json(model.to_json(indent=1))
    assert again.get_config() == model.get_config()
    with pytest.raises(ModelFileError):
        model_from_json("[]")


def test_clones():
    model = small()
    clone = clone_model(model)
    assert clone.get_config() == model.get_config()
    assert not same(clone.get_weights(), model.get_weights())
    wider = clone_model(model, clone_function=lambda layer: type(layer).from_config(layer.get_config()))
    assert wider.get_config() == model.get_config()


def test_readme_of_the_format():
    """The container's description of itself is right: any reader of JSON finds the document."""
    header = json.loads(MODEL[8 : 8 + int.from_bytes(MODEL[:8], "little")])
    document = json.loads(header["__metadata__"]["fastnn"])
    assert document["format"] == container.FORMAT
    assert re.fullmatch("[0-9a-f]{64}", document["sha256"])
    zeroed = MODEL.replace(document["sha256"].encode(), b"0" * 64)
    assert hashlib.sha256(zeroed).hexdigest() == document["sha256"]


# ---- arguments of another kind ------------------------------------------------------------------------


@pytest.mark.parametrize("path", [None, 3, 3.5, [], {}, object(), io.StringIO("text")], ids=range(7))
def test_what_is_no_path_is_named(path):
    model = small()
    for call in (model.save, model.save_weights, model.load_weights, load_model):
        with pytest.raises(TypeError, match="filepath: expected a (path or a )?binary file object, got"):
            call(path)


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_what_is_no_name_of_a_file_is_named(path):
    model = small()
    for call in (model.save, model.save_weights, model.load_weights, load_model):
        with pytest.raises(ValueError, match="filepath: expected the name of a file"):
            call(path)


def test_long_names_and_folders_that_are_files(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / ("x" * 300), tmp_path / "file" / "x"):
        for call in (small().save, load_model):
            with pytest.raises(OSError, match="too long|[Nn]ot a directory|[Nn]o such file"):
                call(path)


def test_a_path_of_bytes(tmp_path):
    path = os.fsencode(tmp_path / "model")
    model = small()
    model.save(path)
    assert same(load_model(path).get_weights(), model.get_weights())


@pytest.mark.parametrize("weights", [None, 3, {"a": 1}, "ab"])
def test_what_is_no_list_of_weights_is_named(weights):
    for owner in (small(), small().layers[0]):
        with pytest.raises(TypeError, match="weights: expected a list of . arrays"):
            owner.set_weights(weights)


def test_other_arguments_that_are_none_of_the_kind():
    for wrong in (None, 3, b"{}", {}):
        with pytest.raises(TypeError, match="json_string: expected a string"):
            model_from_json(wrong)
    for wrong in (None, 3):
        with pytest.raises(TypeError, match="model: expected a model"):
            clone_model(wrong)
        with pytest.raises(TypeError, match="model: expected a model"):
            saving.save_model(wrong, io.BytesIO())
    with pytest.raises(TypeError, match="optimizer: expected a name, a config or an instance"):
        small().compile(None, "mse")
    with pytest.raises(TypeError, match="metrics: expected names, configs or instances of Metric"):
        small().compile("sgd", "mse", metrics=[None])
    document = {"optimizer": {"class_name": "SGD", "config": {}}, "loss": "mse", "loss_weights": None}
    for name in ("metrics", "weighted_metrics"):
        compiled = document | {"metrics": None, "weighted_metrics": None} | {name: [None]}
        with pytest.raises(ModelFileError, match="expected names, configs or instances of Metric"):
            loaded(forged(compile=compiled))


@pytest.mark.parametrize("depth", [30, 80])
@pytest.mark.parametrize("kind", ["sequential", "functional"])
def test_models_in_models_in_models(kind, depth, tmp_path):
    """As deep as models can be: they are saved and read, with weights and training."""
    model = fastnn.layers.Dense(2)
    for i in range(depth):
        if kind == "functional":
            x = fastnn.Input((2,))
            model = fastnn.Model(x, model(x))
        else:
            model = fastnn.Sequential([model] if i else [fastnn.Input((2,)), model])
    model.compile("adam", "mse")
    x = np.ones((4, 2), "float32")
    model.train_on_batch(x, x)
    model.save(tmp_path / "deep")
    again = fastnn.models.load_model(tmp_path / "deep")
    assert np.array_equal(again.predict(x), model.predict(x))
    assert again.train_on_batch(x, x) == model.train_on_batch(x, x)
    text = model.to_json()
    assert fastnn.models.model_from_json(text).to_json() == text


def test_texts_nested_deeper_than_any_model_are_refused():
    for text in ('{"a":' * 401 + "1" + "}" * 401, '{"a":' + "[" * 10**6 + "]" * 10**6 + "}"):
        with pytest.raises(ModelFileError, match="nested deeper|more than"):
            fastnn.models.model_from_json(text)


def test_compiled_models_inside_of_a_model(tmp_path):
    """A network with a critic inside: both go on as they would have, in turns."""
    fastnn.utils.set_random_seed(2)
    generator = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(3)], name="generator")
    dense, odds = fastnn.layers.Dense(4, "relu"), fastnn.layers.Dense(1, "sigmoid")
    critic = fastnn.Sequential([fastnn.Input((3,)), dense, odds], name="critic")
    critic.compile(fastnn.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    critic.trainable = False
    combined = fastnn.Sequential([generator, critic])
    combined.compile(fastnn.optimizers.SGD(0.1, momentum=0.5), "binary_crossentropy")

    def train(both, inner):
        x, noise, y = np.ones((4, 3), "float32"), np.ones((4, 2), "float32"), np.zeros((4, 1), "float32")
        return inner.train_on_batch(x, y), both.train_on_batch(noise, 1 - y)

    train(combined, critic)
    combined.save(tmp_path / "combined")
    again = fastnn.models.load_model(tmp_path / "combined")
    inner = again.get_layer("critic")
    assert not again.get_layer("generator").compiled
    assert inner.optimizer.iterations == 1
    assert not inner.trainable
    for _ in range(3):
        assert train(again, inner) == train(combined, critic)
    for a, b in zip(again.get_weights(), combined.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    plain = fastnn.models.load_model(tmp_path / "combined", compile=False)
    assert not plain.compiled
    assert not plain.get_layer("critic").compiled


def squared(y_true, y_pred):
    return (y_true - y_pred) ** 2


@pytest.mark.parametrize("loss", [lambda y, p: (y - p) ** 2, squared], ids=["lambda", "function"])
@pytest.mark.parametrize("depth", [1, 2])
def test_what_cannot_be_written_of_a_model_inside_does_not_stop_saving(tmp_path, loss, depth):
    inner = fastnn.Sequential([fastnn.Input((3,)), Dense(3)], name="inner")
    inner.compile("adam", loss)
    model = inner
    for _ in range(depth):
        model = fastnn.Sequential([fastnn.Input((3,)), model, Dense(3)])
    model.compile("sgd", "mse")
    expected = pytest.warns(fastnn.FastnnWarning, match="inner.*saved without what it was compiled with")
    with expected if loss is not squared else contextlib.nullcontext():
        model.save(tmp_path / "model")
    again = load_model(tmp_path / "model", custom_objects={"squared": squared})
    assert again.compiled
    for _ in range(depth):
        again = again.layers[0]
    assert again.compiled is (loss is squared)
    with pytest.raises(TypeError, match="lambda") if loss is not squared else contextlib.nullcontext():
        inner.save(tmp_path / "inner")  # its own is no model inside


@pytest.mark.parametrize("by", ["names", "list", "before building"])
def test_weights_without_decay_stay_so(tmp_path, by):
    """Of a model and of one inside of it."""
    x, y = np.ones((4, 3), "float32"), np.ones((4, 2), "float32")
    model = fastnn.Sequential([fastnn.Input((3,)), Dense(4), Dense(2, bias_initializer="ones")])
    optimizer = fastnn.optimizers.AdamW(0.1, weight_decay=0.5)
    chosen = {"var_list": [layer.bias for layer in model.layers]} if by == "list" else {"var_names": ["bias"]}
    optimizer.exclude_from_weight_decay(**chosen)
    model.compile(optimizer, "mse")
    whole = fastnn.Sequential([model, Dense(2)])
    whole.compile("sgd", "mse")
    if by != "before building":
        model.train_on_batch(x, y)
    model.save(tmp_path / "model")
    whole.save(tmp_path / "whole")
    model.train_on_batch(x, y)
    for again in (load_model(tmp_path / "model"), load_model(tmp_path / "whole").layers[0]):
        again.train_on_batch(x, y)
        for a, b in zip(again.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
