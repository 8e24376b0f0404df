"""ONNX files whose graphs are altered where it hurts: each is read, or refused with its place named."""

import io
import re
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fastnn.saving import ModelFileError

onnx = pytest.importorskip("onnx")

import fastnn.interop.onnx as bridge  # noqa: E402

FILES = Path(__file__).parent / "onnx_files.zip"  # made by tools/onnx_files.py
NUMBERS = [0, -1, 1, 2, 3, 7, 1 << 31, (1 << 63) - 1, -(1 << 63), 1 << 40]
FLOATS = [0.0, -1.0, 1e38, -1e38, float("nan"), float("inf"), 0.5]
OPERATORS = sorted(bridge.importing.loading.OPERATORS)
LEAST = 40 << 20  # bytes that a reader may take whatever the file


def files():
    with zipfile.ZipFile(FILES) as archive:
        return {n.removesuffix(".onnx"): archive.read(n) for n in archive.namelist() if n.endswith(".onnx")}


DATA = files()


def one(rng, choices):
    choices = list(choices)
    return choices[rng.integers(len(choices))]


def names_of(graph):
    return [name for node in graph.node for name in (*node.input, *node.output)] + ["", "no such value"]


def node_of(graph, rng):
    return one(rng, graph.node)


def swap_inputs(model, rng):
    node = node_of(model.graph, rng)
    order = rng.permutation(len(node.input))
    node.input[:] = [node.input[i] for i in order]


def other_input(model, rng):
    """Let a node read anything: another constant, what comes after it, or nothing."""
    node = node_of(model.graph, rng)
    if node.input:
        node.input[rng.integers(len(node.input))] = one(rng, names_of(model.graph))


def count_of_inputs(model, rng):
    node = node_of(model.graph, rng)
    if rng.random() < 0.5:
        del node.input[rng.integers(len(node.input) + 1) :]
    else:
        node.input.extend([one(rng, names_of(model.graph))] * int(rng.integers(1, 9)))


def count_of_outputs(model, rng):
    node = node_of(model.graph, rng)
    if rng.random() < 0.3:
        del node.output[:]
    else:
        node.output.append(f"more{rng.integers(9)}")


def order_of_nodes(model, rng):
    nodes = [model.graph.node[i] for i in rng.permutation(len(model.graph.node))]
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copies)


def cycle(model, rng):
    first, last = sorted(rng.integers(len(model.graph.node), size=2))
    if model.graph.node[first].input:
        model.graph.node[first].input[0] = model.graph.node[last].output[0]


def other_operator(model, rng):
    node_of(model.graph, rng).op_type = one(rng, OPERATORS)


def missing_constant(model, rng):
    if model.graph.initializer:
        del model.graph.initializer[rng.integers(len(model.graph.initializer))]


def other_constant(model, rng):
    """Give a constant another shape and type, with data that fits."""
    if not model.graph.initializer:
        return
    tensor = one(rng, model.graph.initializer)
    shape = rng.integers(0, 4, rng.integers(0, 5)).tolist()
    dtype = one(rng, ["f4", "f8", "i8", "i4", "i1", "?", "f2"])
    numbers = rng.choice(NUMBERS, shape) if rng.random() < 0.5 else rng.normal(size=shape) * 9
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        array = np.asarray(numbers).astype(dtype)
    tensor.CopyFrom(onnx.numpy_helper.from_array(array, tensor.name))


def numbers_of_constant(model, rng):
    """Alter a size, an axis or a place that stands in a constant."""
    whole = [t for t in model.graph.initializer if t.data_type == onnx.TensorProto.INT64 and t.raw_data]
    if whole:
        tensor = one(rng, whole)
        array = onnx.numpy_helper.to_array(tensor).copy()
        if array.size:
            array.reshape(-1)[rng.integers(array.size)] = one(rng, NUMBERS)
            tensor.CopyFrom(onnx.numpy_helper.from_array(array, tensor.name))


def sizes_of_constant(model, rng):
    if model.graph.initializer:
        dims = one(rng, model.graph.initializer).dims
        dims[:] = [one(rng, NUMBERS) for _ in range(rng.integers(0, 5))]


def sizes_of_input(model, rng):
    shape = one(rng, model.graph.input).type.tensor_type.shape
    if not shape.dim or rng.random() < 0.2:
        shape.dim.add(dim_value=3)
    dim = one(rng, shape.dim)
    if rng.random() < 0.3:
        dim.dim_param = "free"
    else:
        dim.dim_value = one(rng, NUMBERS)


def type_of_input(model, rng):
    one(rng, model.graph.input).type.tensor_type.elem_type = int(rng.integers(0, 30))


def attribute_value(model, rng):
    node = node_of(model.graph, rng)
    if node.attribute:
        attribute = one(rng, node.attribute)
        name, made = attribute.name, one(rng, VALUES)
        attribute.CopyFrom(onnx.helper.make_attribute(name, made(rng)))


VALUES = [
    lambda rng: one(rng, NUMBERS),
    lambda rng: one(rng, FLOATS),
    lambda rng: [one(rng, NUMBERS) for _ in range(rng.integers(1, 6))],
    lambda rng: [one(rng, FLOATS) for _ in range(rng.integers(1, 6))],
    lambda rng: one(rng, ["", "SAME_LOWER", "reverse", "bidirectional", "\u00e9" * 300]),
    lambda rng: ["Tanh", "Elu"],
    lambda rng: onnx.numpy_helper.from_array(rng.normal(size=rng.integers(0, 3, 2))),
]
NAMES = [
    "axis",
    "axes",
    "perm",
    "kernel_shape",
    "strides",
    "pads",
    "dilations",
    "group",
    "auto_pad",
    "ceil_mode",
    "output_padding",
    "output_shape",
    "epsilon",
    "momentum",
    "training_mode",
    "direction",
    "hidden_size",
    "layout",
    "activations",
    "activation_alpha",
    "clip",
    "input_forget",
    "linear_before_reset",
    "to",
    "saturate",
    "alpha",
    "beta",
    "transA",
    "transB",
    "value",
    "value_ints",
    "keepdims",
    "noop_with_empty_axes",
    "num_outputs",
    "split",
    "start",
    "end",
    "mode",
    "allowzero",
    "exclusive",
    "num_groups",
]


def more_attributes(model, rng):
    node = node_of(model.graph, rng)
    name = one(rng, NAMES)
    if all(attribute.name != name for attribute in node.attribute):
        node.attribute.append(onnx.helper.make_attribute(name, one(rng, VALUES)(rng)))


def type_of_attribute(model, rng):
    """Say that an attribute is of another type than its value."""
    node = node_of(model.graph, rng)
    if node.attribute:
        one(rng, node.attribute).type = one(rng, onnx.AttributeProto.AttributeType.values())


def other_opset(model, rng):
    model.opset_import[0].version = int(rng.integers(0, 30))


def data_elsewhere(model, rng):
    if model.graph.initializer:
        tensor = one(rng, model.graph.initializer)
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.ClearField("raw_data")
        location = one(rng, ["../x", "/etc/passwd", "x", "a/../../x", "", ".", "x\0y", "\\\\host\\x", "~/x"])
        tensor.external_data.add(key="location", value=location)
        if rng.random() < 0.5:
            key, value = one(rng, ["offset", "length", "what"]), one(rng, ["-1", "1e9", "9" * 30, "0"])
            tensor.external_data.add(key=key, value=value)


ALTERATIONS = [
    swap_inputs, other_input, count_of_inputs, count_of_outputs, order_of_nodes, cycle, other_operator,
    missing_constant, other_constant, numbers_of_constant, sizes_of_constant, sizes_of_input, type_of_input,
    attribute_value, more_attributes, type_of_attribute, other_opset, data_elsewhere,
]  # fmt: skip


def altered(name, alteration, rng):
    model = onnx.ModelProto.FromString(DATA[name])
    for _ in range(rng.integers(1, 3)):
        alteration(model, rng)
    return model.SerializeToString()


def check(data, where=None):
    """Read a file; what it says if it is refused."""
    tracemalloc.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if where is None:
                bridge.load(io.BytesIO(data))
            else:
                where.write_bytes(data)
                bridge.load(where, external_data=True)
    except ModelFileError as error:
        return str(error)
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < LEAST + 40 * len(data)
    return None


@pytest.mark.parametrize("alteration", ALTERATIONS, ids=lambda alteration: alteration.__name__)
def test_altered_graphs_are_read_or_refused(alteration, tmp_path):
    rng = np.random.default_rng(ALTERATIONS.index(alteration))
    refused = []
    for i in range(25):
        data = altered(one(rng, DATA), alteration, rng)
        refused.append(check(data, tmp_path / "model.onnx" if i % 5 == 0 else None))
    said = [text for text in refused if text is not None]
    for text in said:
        assert re.search(r"\([\w.]+\): |node |input |output |tensor |opset|constants|name", text), text
