"""ONNX files by name: save, convert and show, and what goes wrong with files."""

import json
import os

import numpy as np
import pytest
from onnxcheck import assert_agrees, exported, run_by_runtime

import fastnn
from fastnn import cli, layers
from fastnn.interop.onnx import writer
from fastnn.saving import ModelFileError


def small(name="small"):
    return fastnn.Sequential([fastnn.Input((4,), name="x"), layers.Dense(2, name="y")], name=name)


def test_save_writes_what_export_does(tmp_path):
    model = small()
    model.save(tmp_path / "M.ONNX")
    model.export(tmp_path / "m.onnx")
    assert (tmp_path / "M.ONNX").read_bytes() == (tmp_path / "m.onnx").read_bytes() == exported(model)
    with pytest.raises(FileExistsError):
        model.save(tmp_path / "m.onnx", overwrite=False)
    with pytest.raises(ValueError, match="save writes"):
        model.save_weights(tmp_path / "w.onnx")
    with pytest.raises(ValueError, match="no weights of layers"):
        model.load_weights(tmp_path / "m.onnx")


def test_files_of_fastnn_may_have_the_name(tmp_path):
    small().save(tmp_path / "m.fastnn")
    os.rename(tmp_path / "m.fastnn", tmp_path / "m.onnx")
    assert fastnn.saving.load_model(tmp_path / "m.onnx").name == "small"


@pytest.mark.parametrize("data", [b"", b"\x08", b"\x08\x09garbage", b"no file", b"\x08" * 50])
def test_damaged_files(tmp_path, capsys, data):
    file = tmp_path / "m.onnx"
    file.write_bytes(data)
    with pytest.raises(ModelFileError, match=r"m\.onnx"):
        fastnn.saving.load_model(file)
    assert cli.main(["info", "--json", str(file)]) == 1
    assert "problem" in json.loads(capsys.readouterr().out)


def test_convert_and_inspect(tmp_path, capsys):
    pytest.importorskip("h5py")
    model = small()
    model.save(tmp_path / "m.fastnn")
    for ending in (".onnx", ".weights.h5"):
        assert cli.main(["convert", str(tmp_path / "m.fastnn"), str(tmp_path / f"m{ending}")]) == 0
    assert_agrees(model, (4,), data=(tmp_path / "m.onnx").read_bytes(), vary=False)
    assert cli.main(["info", "--json", str(tmp_path / "m.onnx")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["format"] == "ONNX file"
    assert found["opsets"] == ["ai.onnx 17"]
    assert found["inputs"] == ["x float (batch, 4)"] or found["inputs"] == ["(None, 4)"]
    assert found["nodes"] == ["1 MatMul", "1 Add", "1 Identity"]
    assert found["weights"] == 10
    assert found["metadata"] == {"fastnn_version": fastnn.__version__}
    x = np.random.default_rng(0).random((3, 4), dtype="f")
    loaded = fastnn.saving.load_model(tmp_path / "m.onnx")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)
    for name in ("again.fastnn", "again.keras"):
        assert cli.main(["convert", str(tmp_path / "m.onnx"), str(tmp_path / name)]) == 0
        again = fastnn.saving.load_model(tmp_path / name)
        np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)
    with pytest.raises(SystemExit):
        cli.main(["convert", "--help"])
    assert ".onnx" in capsys.readouterr().out


def test_what_cannot_be_written_leaves_the_file(tmp_path, monkeypatch):
    file = tmp_path / "m.onnx"
    file.write_bytes(b"before")
    bad = fastnn.Sequential([fastnn.Input((4,)), layers.Lambda(abs, name="l")])
    with pytest.raises(ValueError, match="'l'"):
        bad.save(file)
    monkeypatch.setattr(writer, "LARGEST", 30)
    with pytest.raises(OverflowError, match="less than 2 GiB, and the weights up to 'y' take 32 bytes"):
        small().save(file)
    assert file.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["m.onnx"]


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes all"
)
def test_folders_that_may_not_be_written(tmp_path):
    os.chmod(tmp_path, 0o500)
    with pytest.raises(PermissionError, match="nothing has been written"):
        small().export(tmp_path / "m.onnx")


@pytest.mark.parametrize(
    "name", ["été 数", "a/b/c", "x", "batch", "y_1", "a.b:0", " ", "../m", "\N{GRINNING FACE}"]
)
def test_names(name):
    a, b = fastnn.Input((None, 3), name="x/0"), fastnn.Input((3,), name=f"{name} in")
    inner = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(3, name="MatMul")], name=f"{name} x")
    y = layers.LSTM(3, name=name)(a)
    z = layers.Add(name=f"{name}/Add")([y, inner(b), inner(y)])
    model = fastnn.Model([a, b], [z, y, z], name=name)
    assert_agrees(model, (5, 3), (3,))


def test_outputs_by_name():
    x = fastnn.Input((3,))
    model = fastnn.Model(x, {"b": layers.Dense(2)(x), "a": layers.Dense(1)(x)})
    assert_agrees(model, (3,))


def test_inputs_that_are_outputs_are_refused():
    x = fastnn.Input((3,), name="x")
    with pytest.raises(ValueError, match=r"different names of inputs \['x'\]"):
        exported(fastnn.Model(x, [x, layers.Dense(2)(x)]))


@pytest.mark.parametrize("shape", [(0, 4, 3), (2, 0, 3)])
def test_empty_batches_and_sequences(shape):
    model = fastnn.Sequential(
        [fastnn.Input((None, 3)), layers.Dense(2), layers.LayerNormalization(), layers.Softmax()]
    )
    (y,) = run_by_runtime(exported(model), {model.input_names[0]: np.zeros(shape, "float32")})
    assert y.shape == (*shape[:2], 2)
