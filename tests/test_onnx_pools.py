"""Pools of ONNX graphs: gaps, three axes, places of maxima, against ONNX Runtime; and their gradients."""

import io

import numpy as np
import pytest
from gradcheck import check_gradients

from fastnn import Input, Sequential, layers

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

import fastnn.interop.onnx as bridge  # noqa: E402

helper, TensorProto = onnx.helper, onnx.TensorProto


def file_of(kind, shape, outputs=("y",), dtype=TensorProto.FLOAT, **attributes):
    """Return a file with one node, of inputs (batch, *shape)."""
    node = helper.make_node(kind, ["x"], list(outputs), **attributes)
    dtypes = {"y": dtype, "places": TensorProto.INT64}
    graph = helper.make_graph(
        [node],
        "graph",
        [helper.make_tensor_value_info("x", dtype, ["n", *shape])],
        [helper.make_tensor_value_info(name, dtypes[name], [None] * (len(shape) + 1)) for name in outputs],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    return model.SerializeToString()


def drawn(seed):
    """Return a pool that is drawn: kind, axes, sizes and attributes."""
    rng = np.random.default_rng(seed)
    axes = int(rng.integers(1, 4))
    kernel, strides, dilations = rng.integers(1, 4, axes), rng.integers(1, 3, axes), rng.integers(1, 3, axes)
    sizes = (kernel - 1) * dilations + rng.integers(2, 6, axes)
    attributes = {"kernel_shape": kernel, "strides": strides, "dilations": dilations}
    if rng.random() < 0.7:
        attributes["pads"] = [*rng.integers(0, kernel), *rng.integers(0, kernel)]
        attributes["ceil_mode"] = rng.integers(2)
    kind = "MaxPool" if seed % 2 else "AveragePool"
    if kind == "AveragePool":
        attributes["count_include_pad"] = rng.integers(2)
    return kind, (int(rng.integers(1, 4)), *sizes.tolist()), attributes


@pytest.mark.parametrize("seed", range(60))
def test_pools_agree(seed):
    kind, shape, attributes = drawn(seed)
    data = file_of(kind, shape, **attributes)
    session = runtime.InferenceSession(data, providers=["CPUExecutionProvider"])
    model = bridge.load(io.BytesIO(data))
    for rows in (1, 7):
        x = np.random.default_rng(seed).normal(size=(rows, *shape)).astype("f")
        (expected,) = session.run(None, {"x": x})
        np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("shape", [(3, 9), (2, 6, 7), (2, 4, 5, 6)])
def test_places_of_maxima(shape, order):
    axes = len(shape) - 1
    attributes = {"kernel_shape": [2] * axes, "strides": [2] * axes, "pads": [1] * 2 * axes}
    data = file_of("MaxPool", shape, ("y", "places"), storage_order=order, **attributes)
    session = runtime.InferenceSession(data, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(0).normal(size=(3, *shape)).astype("f")
    for made, expected in zip(
        bridge.load(io.BytesIO(data)).predict(x, verbose=0), session.run(None, {"x": x}), strict=True
    ):
        np.testing.assert_allclose(made, expected, rtol=1e-6)


@pytest.mark.parametrize("kind", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize("shape", [(2, 7), (2, 5, 6), (1, 3, 4, 3)])
def test_gradients_of_pools_with_gaps(kind, shape):
    axes = len(shape) - 1
    attributes = {"kernel_shape": [2] * axes, "dilations": [2] * axes, "pads": [1] * 2 * axes}
    pool = bridge.load(io.BytesIO(file_of(kind, shape, dtype=TensorProto.DOUBLE, **attributes)))
    size = int(np.prod(shape))
    model = Sequential(
        [Input((4,), dtype="float64"), layers.Dense(size, "sigmoid"), layers.Reshape(shape), pool]
    )
    x = np.random.default_rng(0).normal(size=(3, 4))
    check_gradients(model, "mse", x, np.ones(model.predict(x, verbose=0).shape))


@pytest.mark.parametrize("most", [(1 << 40,), (1 << 30, 1 << 30)])
def test_huge_windows_are_refused(most):
    axes = len(most)
    data = file_of(
        "MaxPool", (1, *[5] * axes), kernel_shape=most, pads=[1 << 41] * 2 * axes, dilations=[2] * axes
    )
    with pytest.raises(ValueError, match="MaxPool"):
        bridge.load(io.BytesIO(data))
