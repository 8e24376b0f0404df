"""What a program notes about a model stays with it, and a file says it without making the model."""

import copy
import io
import json
import pickle
import zipfile

import numpy as np
import pytest

import fastnn
from fastnn import cli, layers
from fastnn.models import clone_model, load_model
from fastnn.saving import ModelFileError, container

CARD = {
    "features": ["age", "größe"],
    "classes": ["no", "yes"],
    "threshold": 0.25,
    "version": 3,
    "reviewed": True,
    "limits": {"age": [0, 130], "größe": None},
}


def model_of(metadata=None, compiled=True):
    model = fastnn.Sequential(
        [fastnn.Input((4,)), layers.Dense(5, "relu", name="first"), layers.Dense(2, name="last")], name="m"
    )
    if compiled:
        model.compile("adam", "mse")
        model.train_on_batch(np.ones((8, 4)), np.ones((8, 2)))
    model.metadata = metadata
    return model


def saved(model, **options):
    file = io.BytesIO()
    model.save(file, **options)
    file.seek(0)
    return file


def contents(model):
    """The document of a file, as another may be written with it, and the tensors."""
    document, tensors = container.read(saved(model))
    return {name: value for name, value in document.items() if name not in ("format", "sha256")}, tensors


def described(path, capsys):
    status = cli.main(["info", "--json", str(path)])
    return status, json.loads(capsys.readouterr().out)


ROUTES = {
    "file": lambda model: load_model(saved(model)),
    "file without optimizer": lambda model: load_model(saved(model, include_optimizer=False)),
    "not compiled": lambda model: load_model(saved(model), compile=False),
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "clone": clone_model,
}


@pytest.mark.parametrize("value", [CARD, [1, 2.5, "x"], "a text", 0, False, None, {}, [], "\ud800\x00"])
@pytest.mark.parametrize("route", ROUTES)
def test_metadata_come_along(route, value):
    assert ROUTES[route](model_of(value)).metadata == value


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "copy"])
def test_copies_have_metadata_of_their_own(route):
    model = model_of(CARD)
    again = ROUTES[route](model)
    model.metadata["classes"].append("perhaps")
    assert again.metadata == CARD


@pytest.mark.parametrize("route", ROUTES)
def test_models_inside_have_their_own(route):
    inner = model_of({"inner": 1}, compiled=False)
    x = fastnn.Input((4,))
    model = fastnn.Model(x, layers.Dense(1)(inner(x)))
    model.metadata = {"outer": 2}
    again = ROUTES[route](model)
    assert (again.metadata, again.get_layer("m").metadata) == ({"outer": 2}, {"inner": 1})


def test_metadata_are_what_json_gives_back():
    model = model_of(
        {"classes": np.array(["a", "b"]), "mean": np.float32(0.5), "n": np.int64(3), "t": (1, 2)}
    )
    assert model.metadata == {"classes": ["a", "b"], "mean": 0.5, "n": 3, "t": [1, 2]}
    assert [type(value) for value in model.metadata.values()] == [list, float, int, list]
    given = {"a": [1]}
    model.metadata = given
    given["a"].append(2)
    assert model.metadata == {"a": [1]}


cycle = {}
cycle["again"] = [cycle]
deep = []
for _ in range(10_000):
    deep = [deep]
WRONG = {
    "object": ({"a": [0, object()]}, TypeError, r"metadata\['a'\]\[1\]: expected None, bool, a number"),
    "set": ({1, 2}, TypeError, "metadata: expected None"),
    "bytes": ({"a": b"x"}, TypeError, r"metadata\['a'\]: expected None"),
    "complex": (np.complex64(1j), TypeError, "metadata: expected None"),
    "key": ({1: 2}, TypeError, "metadata: expected strings as keys, got 1"),
    "nan": ({"x": float("nan")}, ValueError, r"metadata\['x'\]: expected a finite number, got nan"),
    "inf": (np.array([1, -np.inf]), ValueError, r"metadata\[1\]: expected a finite number, got -inf"),
    "cycle": (cycle, ValueError, "metadata: expected lists and dicts in each other"),
    "deep": (deep, ValueError, "metadata: expected lists and dicts in each other"),
    "large": ("x" * 1_000_001, ValueError, "metadata: expected at most 1000000 bytes as JSON, got 1000003"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_json_cannot_hold_is_refused(name):
    value, error, message = WRONG[name]
    model = model_of(CARD, compiled=False)
    with pytest.raises(error, match=message):
        model.metadata = value
    assert model.metadata == CARD
    model.metadata = {"changed": []}
    model.metadata["changed"] = value  # which nobody sees before it is written
    with pytest.raises(error, match="metadata"):
        model.save(io.BytesIO())


def test_checkpoints_have_them(tmp_path):
    model = model_of(CARD)
    checkpoint = fastnn.callbacks.ModelCheckpoint(tmp_path / "best.fastnn", monitor="loss")
    model.fit(np.ones((8, 4)), np.ones((8, 2)), verbose=0, callbacks=[checkpoint])
    assert load_model(tmp_path / "best.fastnn").metadata == CARD


@pytest.mark.parametrize("metadata", [{"other": 1}, {"": float("inf")}, {"": {"a" * 1_000_000: 1}}, [], 3])
def test_metadata_of_a_file_are_checked(metadata):
    document, tensors = contents(model_of(CARD))
    file = io.BytesIO()
    container.write(file, {**document, "metadata": metadata}, tensors)
    file.seek(0)
    with pytest.raises(ModelFileError):
        load_model(file)


def test_files_without_metadata_are_read():
    document, tensors = contents(model_of(CARD))
    del document["metadata"]
    file = io.BytesIO()
    container.write(file, document, tensors)
    file.seek(0)
    assert load_model(file).metadata is None


def test_info_of_a_file(tmp_path, capsys):
    path = tmp_path / "m.fastnn"
    model_of(CARD).save(path)
    status, found = described(path, capsys)
    assert status == 0
    assert found["metadata"] == CARD
    assert found["model"] == "Sequential 'm'"
    assert found["inputs"] == ["(None, 4)"]
    assert found["layers"][-2:] == ["Dense 'first'", "Dense 'last'"]
    assert (found["weights"], found["bytes_of_weights"], found["optimizer"]) == (37, 148, "Adam")
    assert found["bytes"] == path.stat().st_size
    assert cli.main(["info", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "metadata          features: ['age', 'größe']" in lines
    assert "                  threshold: 0.25" in lines


class Own(layers.Layer):
    def call(self, x):
        return x


def test_info_makes_no_model(tmp_path, capsys, monkeypatch):
    """So it shows what is in a file of classes that nobody has here."""
    model = fastnn.Sequential([fastnn.Input((4,)), Own(name="own"), layers.Dense(2)])
    model.metadata = "mine"
    model.save(tmp_path / "own")
    monkeypatch.setattr(layers.Layer, "__init__", None)
    status, found = described(tmp_path / "own", capsys)
    assert (status, found["metadata"], found["weights"]) == (0, "mine", 10)
    assert found["layers"][1].endswith("Own 'own'")


def test_info_of_weights_and_of_other_files(tmp_path, capsys):
    model_of(CARD).save_weights(tmp_path / "weights")
    status, found = described(tmp_path / "weights", capsys)
    assert (status, found["weights"], found["metadata"], "model" in found) == (0, 37, None, False)
    damaged = bytearray(saved(model_of(CARD)).getvalue())
    damaged[-1] ^= 1
    (tmp_path / "damaged").write_bytes(damaged)
    status, found = described(tmp_path / "damaged", capsys)
    assert status == 1
    assert "its checksum does not match" in found["problem"]


@pytest.mark.parametrize(
    "model",
    [{"class_name": 3, "config": {}}, {"class_name": "A"}, {"class_name": "A", "config": [1]}, [], "x",
     {"class_name": "A", "config": {"layers": 5}}, {"class_name": "A", "config": {"layers": [{}]}}],
)  # fmt: skip
def test_info_of_what_is_no_model(model, tmp_path, capsys):
    document, tensors = contents(model_of(CARD))
    container.write(tmp_path / "file", {**document, "model": model}, tensors)
    status, found = described(tmp_path / "file", capsys)
    assert status == 1
    assert "what it describes is no model" in found["problem"]


def test_what_info_prints_moves_no_cursor(tmp_path, capsys):
    model = model_of({"\x1b[2J": "\x1b[31m", "x": "\r"}, compiled=False)
    document, tensors = contents(model)
    document["model"]["class_name"] = "A\x1b[2J\nB"
    container.write(tmp_path / "file", document, tensors)
    assert cli.main(["info", str(tmp_path / "file")]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\r" not in out
    assert "[2J" in out


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_files_of_keras_have_them(ending, tmp_path, capsys):
    pytest.importorskip("h5py")
    path = tmp_path / f"m.{ending}"
    model_of(CARD).save(path)
    assert load_model(path).metadata == CARD
    status, found = described(path, capsys)
    assert (status, found["metadata"], found["weights"], found["optimizer"]) == (0, CARD, 37, "Adam")
    assert found["inputs"] == ["(None, 4)"]
    model_of().save(path, include_optimizer=False)
    again = load_model(path)
    assert (again.metadata, again.compiled) == (None, False)
    assert described(path, capsys)[1]["optimizer"] is None


def test_keras_metadata_stay_as_keras_writes_them(tmp_path):
    pytest.importorskip("h5py")
    model_of(CARD).save(tmp_path / "m.keras")
    metadata = json.loads(zipfile.ZipFile(tmp_path / "m.keras").read("metadata.json"))
    assert metadata.keys() == {"keras_version", "date_saved", "fastnn"}


def test_onnx_files_have_them():
    onnx = pytest.importorskip("onnx")
    file = io.BytesIO()
    model = model_of(CARD, compiled=False)
    model.export(file)
    found = {entry.key: entry.value for entry in onnx.load_from_string(file.getvalue()).metadata_props}
    assert found["threshold"] == "0.25"
    assert json.loads(found["features"]) == CARD["features"]
    assert found["fastnn_version"] == fastnn.__version__


@pytest.mark.parametrize("optimizer", ["sgd", "adam", fastnn.optimizers.SGD(0.1, momentum=0.9)])
def test_a_file_without_the_optimizer(optimizer):
    x, y = np.ones((8, 4)), np.ones((8, 2))
    inner = model_of(CARD, compiled=False)
    inner.compile("adam", "mse")
    model = fastnn.Sequential([fastnn.Input((4,)), inner, layers.Dropout(0.5, seed=1), layers.Dense(2)])
    model.compile(copy.deepcopy(optimizer), "mse")
    model.fit(x, y, verbose=0, epochs=2)
    file = saved(model, include_optimizer=False)
    document, tensors = container.read(file)
    assert set(tensors) == {path for path, _ in document["weights"]}
    assert len(file.getvalue()) < len(saved(model).getvalue())
    file.seek(0)
    again = load_model(file)
    assert not again.compiled
    assert not again.layers[0].compiled
    assert again.optimizer is None
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    again.compile("sgd", "mse")
    again.fit(x, y, verbose=0)
