"""Models of ONNX files: those of other libraries, our own ones, and files that are none."""

import contextlib
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

import fastnn
from fastnn import Input, Model, Sequential, layers
from fastnn.saving import ModelFileError

onnx = pytest.importorskip("onnx")

import fastnn.interop.onnx as bridge  # noqa: E402

helper, TensorProto = onnx.helper, onnx.TensorProto

FILES = Path(__file__).parent / "onnx_files.zip"  # made by tools/onnx_files.py


def written(nodes, inputs, outputs, tmp_path, initializers=(), **more):
    """Return the path of a file with these nodes; inputs and outputs by name and shape."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [onnx.numpy_helper.from_array(array, name) for name, array in dict(initializers).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], **more)
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize(
    "name",
    [
        *(
            f"{exporter}_{name}"
            for exporter in ("torch", "dynamo")
            for name in (
                "perceptron",
                "convolutional",
                "normalized",
                "rnn",
                "lstm",
                "gru",
                "bidirectional",
            )
        ),
        "sklearn_pipeline",
    ],
)
def test_files_of_other_libraries(name):
    with zipfile.ZipFile(FILES) as archive:
        file = io.BytesIO(archive.read(f"{name}.onnx"))
        arrays = np.load(io.BytesIO(archive.read(f"{name}.npz")))
    outputs = ["probabilities"] if name.startswith("sklearn") else None
    model = bridge.load(file, outputs=outputs)
    x, y = arrays["x"], arrays["y"]
    np.testing.assert_allclose(model.predict(x, verbose=0), y, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.predict(x[:1], verbose=0), y[:1], rtol=1e-5, atol=1e-6)
    model.compile("adam", "mse")
    before = model.get_weights()
    losses = model.fit(x, y[:, ::-1].copy(), epochs=30, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert any(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


MODELS = {
    "dense": lambda: [Input((6,)), layers.Dense(5, "relu"), layers.Dense(3, "softmax")],
    "images": lambda: [
        Input((9, 8, 3)),
        layers.Conv2D(4, 3, activation="relu", strides=2, padding="same"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(2),
    ],
    "depthwise": lambda: [
        Input((8, 8, 2)),
        layers.DepthwiseConv2D(3, depth_multiplier=2),
        layers.GlobalAveragePooling2D(),
    ],
    "transposed": lambda: [Input((4, 4, 2)), layers.Conv2DTranspose(3, 3, strides=2, padding="same")],
    "series": lambda: [Input((12, 3)), layers.Conv1D(4, 3, dilation_rate=2), layers.GlobalMaxPooling1D()],
    "words": lambda: [Input((5,), dtype="int32"), layers.Embedding(7, 3), layers.Flatten(), layers.Dense(2)],
    "simple": lambda: [Input((6, 3)), layers.SimpleRNN(4, return_sequences=True), layers.Dense(2)],
    "lstm": lambda: [Input((6, 3)), layers.LSTM(4), layers.Dense(2)],
    "gru": lambda: [Input((6, 3)), layers.GRU(4, return_sequences=True), layers.GRU(3)],
    "gru_before": lambda: [Input((6, 3)), layers.GRU(4, reset_after=False)],
    "both_ways": lambda: [Input((6, 3)), layers.Bidirectional(layers.LSTM(4)), layers.LayerNormalization()],
}


@pytest.mark.parametrize("name", MODELS)
def test_exported_models_come_back(name, tmp_path):
    model = Sequential(MODELS[name]())
    path = tmp_path / "model.onnx"
    model.export(path, verbose=False)
    again = bridge.load(path)
    rng = np.random.default_rng(0)
    shape = model.input_shape[1:]
    for rows in (1, 7):
        x = rng.integers(0, 7, (rows, *shape)) if name == "words" else rng.normal(size=(rows, *shape))
        x = x.astype("int32" if name == "words" else "float32")
        expected = model.predict(x, verbose=0)
        np.testing.assert_allclose(again.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-6)


def test_several_inputs_and_outputs(tmp_path):
    a, b = Input((3,), name="a"), Input((3,), name="b")
    both = layers.Concatenate()([layers.Dense(4, "tanh")(a), b])
    model = Model([a, b], [layers.Dense(2, name="first")(both), layers.Add()([a, b])])
    path = tmp_path / "model.onnx"
    model.export(path, verbose=False)
    again = bridge.load(path)
    x = list(np.random.default_rng(0).normal(size=(2, 5, 3)).astype("f"))
    for y, expected in zip(again.predict(x, verbose=0), model.predict(x, verbose=0), strict=True):
        np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)


def test_a_loaded_model_is_saved(tmp_path):
    model = Sequential(MODELS["images"]())
    model.export(tmp_path / "model.onnx", verbose=False)
    again = bridge.load(tmp_path / "model.onnx")
    again.save(tmp_path / "model.fastnn")
    x = np.random.default_rng(0).random((3, 9, 8, 3), dtype="f")
    loaded = fastnn.saving.load_model(tmp_path / "model.fastnn")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), again.predict(x, verbose=0))


@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
@pytest.mark.parametrize(("kind", "gates", "states"), [("RNN", 1, 1), ("GRU", 3, 1), ("LSTM", 4, 2)])
def test_constant_initial_states(kind, gates, states, direction, tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    rng, count = np.random.default_rng(0), 2 if direction == "bidirectional" else 1
    arrays = {
        "w": rng.normal(size=(count, gates * 4, 3)), "r": rng.normal(size=(count, gates * 4, 4)),
        "h": np.repeat(rng.normal(size=(count, 1, 4)), 5, 1),
        "c": np.repeat(rng.normal(size=(count, 1, 4)), 5, 1),
    }  # fmt: skip
    arrays = {name: array.astype("f") for name, array in arrays.items()}
    node = helper.make_node(
        kind, ["x", "w", "r", "", "", *"hc"[:states]], ["y"], hidden_size=4, direction=direction
    )
    path = written([node], {"x": [6, 5, 3]}, {"y": [6, count, 5, 4]}, tmp_path, arrays, ir_version=8)
    model = bridge.load(path, batch_axis=1)
    x = rng.normal(size=(6, 5, 3)).astype("f")
    (expected,) = runtime.InferenceSession(path).run(None, {"x": x})
    made = model.predict(np.moveaxis(x, 1, 0), verbose=0)
    np.testing.assert_allclose(made, np.moveaxis(expected, 2, 0), rtol=1e-5, atol=1e-6)


def test_all_that_is_missing_is_listed(tmp_path):
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], name="fine"),
        helper.make_node("Einsum", ["a"], ["b"], name="one", equation="ij->ji"),
        helper.make_node("NonZero", ["b"], ["y"], name="two"),
    ]
    path = written(nodes, {"x": ["n", 3]}, {"y": ["n", 3]}, tmp_path)
    with pytest.raises(ModelFileError, match="without counterpart") as caught:
        bridge.load(path)
    assert "one (Einsum)" in str(caught.value)
    assert "two (NonZero)" in str(caught.value)
    assert "fine" not in str(caught.value)


@pytest.mark.parametrize("target", ["UINT32", "UINT64"])
def test_casts_that_have_no_place_for_negative_numbers_are_refused(target, tmp_path):
    nodes = [
        helper.make_node("Cast", ["x"], ["a"], to=TensorProto.INT32),
        helper.make_node("Cast", ["a"], ["b"], to=getattr(TensorProto, target), name="unsigned"),
        helper.make_node("Cast", ["b"], ["y"], to=TensorProto.FLOAT),
    ]
    path = written(nodes, {"x": ["n", 3]}, {"y": ["n", 3]}, tmp_path)
    with pytest.raises(ModelFileError, match=rf"unsigned \(Cast\).*{target.lower()} of int32"):
        bridge.load(path)


def external(location):
    """Return a tensor whose numbers are in another file."""
    tensor = TensorProto(
        name="w", data_type=TensorProto.FLOAT, dims=[3, 2], data_location=TensorProto.EXTERNAL
    )
    tensor.external_data.add(key="location", value=location)
    return tensor


@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.parametrize("where", ["initializer", "constant"])
@pytest.mark.parametrize(
    "location", ["../data", "/etc/hostname", "link", "folder/../../data", "hard", "gone", ""]
)
def test_data_outside_of_the_file_is_refused(tmp_path, allowed, where, location):
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "data").write_bytes(np.zeros(6, "f").tobytes())
    os.symlink(tmp_path / "data", folder / "link")
    os.link(tmp_path / "data", folder / "hard")
    tensor = external(location)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    if where == "constant":
        nodes.insert(0, helper.make_node("Constant", [], ["w"], value=tensor))
    path = written(nodes, {"x": ["n", 3]}, {"y": ["n", 2]}, folder)
    if where == "initializer":
        model = onnx.load(path, load_external_data=False)
        model.graph.initializer.append(tensor)
        path.write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match=r"extern|outside|file|location"):
        bridge.load(path, external_data=allowed)


def test_data_beside_the_file(tmp_path):
    weights = np.arange(6, dtype="f").reshape(3, 2)
    (tmp_path / "weights.bin").write_bytes(weights.tobytes())
    path = written(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], {"x": ["n", 3]}, {"y": ["n", 2]}, tmp_path
    )
    model = onnx.load(path, load_external_data=False)
    model.graph.initializer.append(external("weights.bin"))
    path.write_bytes(model.SerializeToString())
    x = np.eye(3, dtype="f")
    np.testing.assert_allclose(bridge.load(path, external_data=True).predict(x, verbose=0), weights)


def test_files_that_contradict_themselves(tmp_path):
    w = np.ones((3, 2), "f")
    good = {"x": ["n", 3]}, {"y": ["n", 2]}, tmp_path
    product = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    for damage in ("huge", "short", "twice", "cycle", "bytes"):
        path = written(product, *good, initializers={"w": w})
        model = onnx.load(path)
        if damage == "huge":
            model.graph.initializer[0].dims[:] = [1 << 40, 1 << 22]
        elif damage == "short":
            model.graph.initializer[0].dims[:] = [300, 200]
        elif damage == "twice":
            model.graph.node.append(model.graph.node[0])
        elif damage == "cycle":
            model.graph.node[0].input[0] = "y"
        data = model.SerializeToString() if damage != "bytes" else b"\x08 no model at all"
        path.write_bytes(data)
        with pytest.raises(ModelFileError):
            bridge.load(path)


def test_spoilt_files_are_read_or_refused(tmp_path):
    path = tmp_path / "model.onnx"
    Sequential(MODELS["images"]()).export(path, verbose=False)
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for i in range(300):
        data = bytearray(whole)
        if i % 3:
            for place in rng.integers(0, len(data), 1 + i % 4):
                data[place] = rng.integers(256)
        else:
            del data[rng.integers(1, len(data)) :]
        with contextlib.suppress(ModelFileError):
            bridge.load(io.BytesIO(bytes(data)))
