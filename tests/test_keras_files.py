"""Files of Keras, written by it (tools/keras_files.py), and by fastnn."""

import contextlib
import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import fastnn
from fastnn import activations, cli, layers
from fastnn.interop.keras.operators import operation_arguments
from fastnn.layers.arithmetic import Absolute
from fastnn.layers.tensor_function import TensorFunction

h5py = pytest.importorskip("h5py")

with zipfile.ZipFile(Path(__file__).parent / "keras_files.zip") as archive:
    CONTENT = {name: archive.read(name) for name in archive.namelist()}
EXPECTED = json.loads(CONTENT["expected.json"])
FILES = [name for name in CONTENT if name.endswith((".keras", ".h5")) and ".weights." not in name]


def fixture(name):
    return io.BytesIO(CONTENT[name])


def arrays(value):
    """Return what JSON holds with arrays in place of nested lists of numbers."""
    if isinstance(value, dict):
        return {name: arrays(entry) for name, entry in value.items()}
    try:
        return np.array(value, np.float32)
    except ValueError:  # several inputs or outputs
        return [arrays(entry) for entry in value]


def several(value, count):
    """Return the parts of a list of inputs or outputs of one shape."""
    return list(value) if count > 1 and isinstance(value, np.ndarray) else value


def check_close(found, expected):
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
    pairs = zip(found.values(), expected.values(), strict=True) if isinstance(expected, dict) else None
    if isinstance(expected, list):
        pairs = zip(found, expected, strict=True)
    for one, other in pairs or [(found, expected)]:
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def check_model(model, entry):
    x = several(arrays(entry["x"]), len(model.inputs))
    outputs = len(model.outputs)
    check_close(model.predict(x, verbose=0), several(arrays(entry["predictions"]), outputs))
    y = several(arrays(entry["y"]), outputs)
    losses = [float(np.ravel(model.train_on_batch(x, y))[0]) for _ in entry["losses"]]
    np.testing.assert_allclose(losses, entry["losses"], rtol=2e-5)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.filterwarnings("ignore:.*no gradient flows:fastnn.FastnnWarning")
def test_predictions_and_further_losses_of_files_of_keras_are_those_of_keras(name):
    model = fastnn.saving.load_model(fixture(name))
    check_model(model, EXPECTED[name.partition(".")[0]])


@pytest.mark.filterwarnings("ignore:.*no gradient flows:fastnn.FastnnWarning")
@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("name", FILES)
def test_models_that_are_written_for_keras_come_back(tmp_path, name, ending):
    file = tmp_path / f"again{ending}"
    model = fastnn.saving.load_model(fixture(name))
    if name == "operations.keras" and ending == ".h5":
        with pytest.raises(
            TypeError, match=r"greater.*: Keras reads operators of tensors from \.keras files only"
        ):
            model.save(file)
        return
    model.save(file)
    check_model(fastnn.saving.load_model(file), EXPECTED[name.partition(".")[0]])


@pytest.mark.parametrize("name", ["mlp", "nested"])
@pytest.mark.parametrize("ending", [".keras", ".h5", ".weights.h5"])
def test_weights_of_each_layout(name, ending):
    model = fastnn.saving.load_model(fixture(f"{name}.keras"), compile=False)
    expected = model.get_weights()
    model.set_weights([np.zeros_like(weight) for weight in expected])
    report = model.load_weights(fixture(f"{name}{ending}"))
    assert len(report.loaded) == len(expected)
    for one, other in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(one, other)


def small():
    return fastnn.Sequential([fastnn.Input((4,)), layers.Dense(3, name="one"), layers.Dense(2, name="two")])


def test_weights_are_written_in_the_layout_of_keras(tmp_path):
    model = small()
    model.save_weights(tmp_path / "w.weights.h5")
    with h5py.File(tmp_path / "w.weights.h5") as file:
        np.testing.assert_array_equal(file["layers/dense_1/vars/0"], model.get_weights()[2])
        assert file["layers/dense_1/vars"].attrs["name"] == "two"
    other = small()
    other.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])


def test_weights_of_another_model_are_refused_before_any_is_set(tmp_path):
    small().save_weights(tmp_path / "w.weights.h5")
    model = fastnn.Sequential([fastnn.Input((4,)), layers.Dense(3), layers.Dense(5)])
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"of another shape: .*\(3, 5\), in the file \(3, 2\)"):
        model.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    with pytest.warns(UserWarning, match="not all weights were set"):
        report = model.load_weights(tmp_path / "w.weights.h5", skip_mismatch=True)
    assert len(report.loaded) == 2


def keras_config(**changes):
    """Return the configuration of a model with one layer."""
    layer = {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2}}
    layer |= {"registered_name": None} | changes
    start = {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 3]}}
    config = {"name": "m", "layers": [start, layer]}
    return {"module": "keras", "class_name": "Sequential", "config": config, "registered_name": None}


def test_models_of_the_json_of_keras():
    model = fastnn.models.model_from_json(json.dumps(keras_config()))
    assert model.output_shape == (None, 2)
    assert model.layers[-1].name == "d"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"class_name": "Lambda"}, "Lambda: it is written in a backend or as code"),
        ({"class_name": "Attn"}, "layer 'd': 'Attn' is no class or function of fastnn"),
        ({"class_name": "Conv3D"}, "Conv3D has no counterpart: layers of images"),
        ({"registered_name": "mine>Dense"}, "custom_objects"),
        ({"module": "keras.src.ops.numpy", "class_name": "Add"}, "written in a backend"),
        ({"module": "os", "class_name": "system"}, "'system' is no class"),
        ({"module": "tensorflow_addons.layers"}, "'Dense' is no class"),
        (
            {"config": {"units": 2, "quantization_config": {"a": 1}}},
            "quantization_config=.* has no counterpart",
        ),
        ({"config": {"units": 2, "bits": 4}}, "bits=4 has no counterpart"),
        (
            {
                "config": {
                    "units": 2,
                    "dtype": {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}},
                }
            },
            "the dtype 'mixed_float16' has no counterpart",
        ),
        (
            {"config": {"units": 2, "kernel_initializer": {"class_name": "__lambda__", "config": {}}}},
            "kernel_initializer: __lambda__: it is written",
        ),
        (
            {"config": {"units": 2, "activation": {"class_name": "function", "registered_name": "mine>f"}}},
            "activation: ",
        ),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(changes, expected):
    with pytest.raises(fastnn.saving.ModelFileError, match=expected):
        fastnn.models.model_from_json(json.dumps(keras_config(**changes)))


def test_classes_and_functions_of_the_program_are_passed():
    class Twice(layers.Dense):
        pass

    config = keras_config(class_name="Twice", module=None, registered_name="mine>Twice")
    model = fastnn.models.model_from_json(json.dumps(config), custom_objects={"Twice": Twice})
    assert type(model.layers[-1]) is Twice


def test_members_that_unpack_to_far_more_than_the_archive_are_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("config.json", b" " * 10_000_000)
        archive.writestr("model.weights.h5", b"")
    with pytest.raises(fastnn.saving.ModelFileError, match="would unpack to 10000000 bytes"):
        fastnn.saving.load_model(io.BytesIO(file.getvalue()))


ODD = (None, True, -1, 10**12, 1.5, "x", [], {}, [[["x", 0, 0]]], {"class_name": "Dense"}, {"class_name": 5})


def places(value):
    """Yield all lists and dicts in what JSON holds, each with its keys."""
    if isinstance(value, (dict, list)):
        keys = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield value, key
            yield from places(value[key])


@pytest.mark.filterwarnings("ignore::fastnn.FastnnWarning")
@pytest.mark.parametrize("name", ["mlp", "named_inputs", "nested", "initial_state", "operations"])
def test_spoilt_configurations_are_refused_or_read(name):
    random = np.random.default_rng(0)
    with zipfile.ZipFile(fixture(f"{name}.keras")) as archive:
        content, weights = archive.read("config.json"), archive.read("model.weights.h5")
    for _ in range(25):
        config = json.loads(content)
        for value, key in random.permutation(np.array([*places(config), (None, 0)], object))[:2]:
            if isinstance(value, (dict, list)) and (isinstance(value, dict) or key < len(value)):
                value[key] = ODD[random.integers(len(ODD))]
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("config.json", json.dumps(config))
            archive.writestr("model.weights.h5", weights)
        with contextlib.suppress(ValueError):  # such as a ModelFileError; all else is a fault
            fastnn.saving.load_model(io.BytesIO(file.getvalue()))
        with contextlib.suppress(ValueError):
            fastnn.models.model_from_json(json.dumps(config))


@pytest.mark.parametrize("name", ["mlp.keras", "mlp.h5"])
def test_damaged_files_are_refused(name):
    content = CONTENT[name]
    for length in range(10, len(content), len(content) // 40):
        with pytest.raises(fastnn.saving.ModelFileError):
            fastnn.saving.load_model(io.BytesIO(content[:length]))


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_that_are_not_what_their_compression_says_are_refused(method):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.json", b"{" + b" " * 100 + b"}")
    content = file.getvalue().replace(b"\x14\x00\x00\x00\x00\x00", bytes([20, 0, 0, 0, method, 0]))
    with pytest.raises(fastnn.saving.ModelFileError):
        fastnn.saving.load_model(io.BytesIO(content))


def dataset_elsewhere(file):
    layout = h5py.VirtualLayout((4, 3), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (4, 3))
    file.create_virtual_dataset("layers/dense/vars/0", layout)


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda file: file.__setitem__("layers/dense/vars/0", h5py.SoftLink("/a")), "is a link"),
        (lambda file: file.__setitem__("layers/dense/vars/0", h5py.ExternalLink("a.h5", "/a")), "is a link"),
        (lambda file: file.__setitem__("layers/dense/vars/0", file["layers/dense_1/vars/0"]), "another name"),
        (dataset_elsewhere, "in other files"),
        (
            lambda file: file.create_dataset("layers/dense/vars/0", (4, 3), "f4", external="weights.raw"),
            "in other files",
        ),
        (
            lambda file: file.create_dataset(
                "layers/dense/vars/0", (10**6, 10**6), "f4", chunks=(1000, 1000)
            ),
            "compressed or missing",
        ),
        (lambda file: file.create_dataset("layers/dense/vars/0", data="text"), "expected numbers"),
    ],
)
def test_values_that_do_not_stand_in_the_file_are_refused(tmp_path, spoil, expected):
    small().save_weights(tmp_path / "w.weights.h5")
    with h5py.File(tmp_path / "w.weights.h5", "a") as file:
        del file["layers/dense/vars/0"]
        spoil(file)
    with pytest.raises(fastnn.saving.ModelFileError, match=expected):
        small().load_weights(tmp_path / "w.weights.h5")


def test_weights_are_not_made_that_the_file_does_not_have():
    file = io.BytesIO()
    config = keras_config(config={"name": "d", "units": 10**9})
    weights = io.BytesIO()
    with h5py.File(weights, "w") as written:
        written["layers/dense/vars/0"] = np.zeros((3, 2), "f4")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", weights.getvalue())
    with pytest.raises(fastnn.saving.ModelFileError):
        fastnn.saving.load_model(io.BytesIO(file.getvalue()))


def test_layers_that_keras_does_not_have_are_not_written_for_it(tmp_path):
    x = fastnn.Input((3,))
    models = [
        fastnn.Model(
            x, TensorFunction("erf", name="curve")(TensorFunction("fmod", [None, 2.0], name="f")(x))
        ),
        fastnn.Sequential([x, Absolute(name="f")]),
        fastnn.Sequential([x, layers.Dense(2, activations.get("relu").bind(max_value=3.0), name="f")]),
    ]
    for model, expected in zip(
        models, ("no class", "no class", "activation: Keras' files do not"), strict=True
    ):
        with pytest.raises(TypeError, match=f"layer 'f': .*{expected}"):
            model.save(tmp_path / "m.keras")
    assert not list(tmp_path.iterdir())


def operation_config(name, *args, module="keras.src.ops.numpy", calls=1, **config):
    """Return the configuration of a model of one operation; "x" stands for the tensor (None, 2, 3)."""
    x = {"shape": [None, 2, 3], "dtype": "float32", "keras_history": ["x", 0, 0]}
    args = [{"class_name": "__keras_tensor__", "config": x} if arg == "x" else arg for arg in args]
    made = {"module": module, "class_name": name, "config": {"name": "o"} | config, "name": "o"}
    made["inbound_nodes"] = [{"args": args, "kwargs": {}}] * calls
    start = {"module": "keras.layers", "class_name": "InputLayer", "name": "x", "inbound_nodes": []}
    start["config"] = {"batch_shape": [None, 2, 3], "name": "x"}
    config = {"name": "m", "layers": [start, made], "input_layers": ["x", 0, 0], "output_layers": ["o", 0, 0]}
    return {"module": "keras.src.models.functional", "class_name": "Functional", "config": config}


@pytest.mark.parametrize(
    ("name", "args", "config", "expected"),
    [
        ("Mean", ["x"], {"axis": None}, "expected axes of each sample, got the whole batch"),
        ("Sum", ["x"], {"axis": [0, 1]}, "got that of the batch"),
        ("Max", ["x"], {"axis": 3}, "got axis 3, of 3 axes"),
        ("Max", ["x"], {"axis": 1, "initial": 2.0}, "initial=2.0 has no counterpart"),
        ("Transpose", ["x"], {"axes": [1, 0, 2]}, "that of the batch first"),
        ("Reshape", ["x"], {"newshape": [2, 3]}, "-1 for the batch first"),
        ("Cast", ["x"], {"dtype": "int32"}, "dtype='int32' has no counterpart"),
        ("Split", ["x"], {"indices_or_sections": 3}, "it has no counterpart"),
        ("Add", ["x", "text"], {}, "expected tensors and numbers, got 'text'"),
        ("Add", ["x", [[1], [2, 3]]], {}, "expected tensors and numbers"),
        ("Add", [1, 2], {}, "expected a call on tensors"),
        ("Add", ["x"], {}, "expected 2 operands, got 1"),
        ("Exp", ["x", "x"], {}, "expected 1 operands, got 2"),
        ("GetItem", ["x", "key"], {}, "expected"),
        ("Pad", ["x"], {"pad_width": [[1, 1], [0, 0], [0, 0]]}, "of the batch"),
        ("Pad", ["x"], {"pad_width": [[0, 0], [0, -1], [0, 0]]}, "expected widths"),
        (
            "Pad",
            ["x"],
            {"pad_width": [[0, 0]] * 3, "constant_values": "1"},
            "expected a number as constant_values",
        ),
        ("Clip", ["x"], {"x_min": None, "x_max": 1}, "expected two numbers"),
        ("Round", ["x"], {"decimals": 2}, "decimals=2 has no counterpart"),
        ("Take", ["x", [9]], {"axis": None}, "the whole batch"),
        ("Concatenate", [["x", [1]]], {"axis": 1}, "got a constant among them"),
    ],
)
def test_operations_without_counterpart_are_refused_by_name(name, args, config, expected):
    tensor = operation_config("Exp", "x")["config"]["layers"][1]["inbound_nodes"][0]["args"][0]
    args = [[tensor, *arg[1:]] if isinstance(arg, list) and arg[:1] == ["x"] else arg for arg in args]
    with pytest.raises(
        fastnn.saving.ModelFileError, match=rf"model 'm', operation 'o' \({name}\): .*{expected}"
    ):
        fastnn.models.model_from_json(json.dumps(operation_config(name, *args, **config)))


def test_arguments_that_operations_cannot_take_are_named_with_the_layer():
    for config in (operation_config("Add", "x", [1, 2]), operation_config("GetItem", "x", [0])):
        with pytest.raises(fastnn.saving.ModelFileError, match="layer 'o'"):
            fastnn.models.model_from_json(json.dumps(config))


@pytest.mark.parametrize(
    ("constant", "dtype", "expected"),
    [
        ([0.1, 0.2, 0.3], "float64", "float64"), ([0.1, 0.2, 0.3], "float32", "float32"),
        ([1, 2, 3], "float64", "int32"), ([1, 2, 2**40], "float64", "int64"), ([], "float32", "float32"),
    ],
)  # fmt: skip
def test_constants_of_operations_keep_their_digits(constant, dtype, expected):
    described = {
        "class_name": "Arithmetic",
        "config": {"constant": constant, "reverse": False, "dtype": dtype},
    }
    _, held = operation_arguments(described, "x", lambda x: x)["args"]
    assert held == {"class_name": "__numpy__", "config": {"value": constant, "dtype": expected}}


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_the_extra_is_named_where_h5py_is_missing(tmp_path, monkeypatch, ending):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r"pip install '\.\[keras\]'"):
        small().save(tmp_path / f"m{ending}")
    assert not list(tmp_path.iterdir())


def test_other_names_get_files_of_fastnn(tmp_path):
    small().save(tmp_path / "m.fastnn")
    with pytest.raises(ValueError, match=r"\.weights\.h5"):
        small().save_weights(tmp_path / "m.keras")
    assert (tmp_path / "m.fastnn").read_bytes()[8:9] == b"{"


def test_files_are_converted_and_inspected_in_a_shell(tmp_path, capsys):
    file = tmp_path / "mlp.keras"
    file.write_bytes(CONTENT["mlp.keras"])
    assert cli.main(["convert", str(file), str(tmp_path / "mlp.fastnn")]) == 0
    assert cli.main(["convert", str(tmp_path / "mlp.fastnn"), str(tmp_path / "mlp.h5")]) == 0
    check_model(fastnn.saving.load_model(tmp_path / "mlp.h5"), EXPECTED["mlp"])
    for name, title in (
        ("mlp.keras", "Keras archive"),
        ("mlp.fastnn", "fastnn file"),
        ("mlp.h5", "Keras HDF5 file"),
    ):
        assert cli.main(["info", "--json", str(tmp_path / name)]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["format"] == title
        assert found["weights"] == 83
        assert found["optimizer"] == "Adam"
    assert cli.main(["convert", str(file), str(tmp_path / "mlp.fastnn")]) == 1
    assert cli.main(["convert", str(file), str(tmp_path / "mlp.txt")]) == 1
    assert "expected a name that ends in .fastnn, .keras" in capsys.readouterr().err


@pytest.mark.parametrize("ending", [".fastnn", ".weights.h5"])
def test_files_of_weights_alone_say_what_each_is(tmp_path, capsys, ending):
    small().save_weights(tmp_path / f"w{ending}")
    assert cli.main(["info", "--json", str(tmp_path / f"w{ending}")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["weights"], found["bytes_of_weights"]) == (23, 92)
    assert sorted(entry.partition(" ")[2] for entry in found["tensors"]) == [
        *("(2,) float32, 8 bytes", "(3, 2) float32, 24 bytes"),
        *("(3,) float32, 12 bytes", "(4, 3) float32, 48 bytes"),
    ]
    assert cli.main(["info", str(tmp_path / f"w{ending}")]) == 0
    assert "(3, 2) float32, 24 bytes" in capsys.readouterr().out
