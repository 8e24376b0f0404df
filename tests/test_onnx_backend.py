"""ONNX's own tests of nodes, over fastnn's reader of ONNX files."""

import re
import warnings

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx.backend.test.loader import load_model_tests  # noqa: E402
from onnxbackend import FastnnBackend  # noqa: E402

# The operators that fastnn.interop.onnx reads, of which every test counts.
NODES = """
Abs Add AveragePool BatchNormalization Cast Celu Clip Concat Constant Conv ConvTranspose Div Dropout Elu
Equal Exp Flatten GRU Gather Gelu Gemm GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual HardSigmoid
HardSwish Identity InstanceNormalization LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax
MatMul Max MaxPool Min Mish Mul Neg PRelu Pad Pow RNN ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp
ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Selu Sigmoid Slice Softmax
Softplus Softsign Split Sqrt Squeeze Sub Tanh ThresholdedRelu Transpose Unsqueeze Where
"""
OPERATORS = set(NODES.split())

# Why the rest fails: patterns of names of tests.
NOT_THERE = {
    r"to_FLOAT8E8M0": "powers of two below the normal numbers of float32",
    r"convtranspose_3d": "convolutions over three axes",
    r"training_dropout(_default|_mask|$)": "random numbers, of which ONNX does not say how they are drawn",
    r"peepholes": "peepholes",
    r"start_out_of_bounds": "results without elements of inputs that have some",
    r"equal_string|identity_sequence|identity_opt": "values that are not numbers",
}


def arrays_of(values):
    return [
        onnx.numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.asarray(value)
        for value in values
    ]


@pytest.fixture(scope="module")
def cases():
    """Return the tests by name. Some make numbers that overflow, on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = load_model_tests(kind="node")
    return {
        case.name: case
        for case in found
        if case.model is not None
        and {node.op_type for node in case.model.graph.node} <= OPERATORS
        and not any(node.domain for node in case.model.graph.node)
    }


def passes(case):
    """Return whether all outputs are those of the test."""
    inputs, outputs = case.data_sets[0]
    try:
        made = FastnnBackend.prepare(case.model).run(arrays_of(inputs))
    except ValueError:
        return False
    return all(
        np.shape(y) == np.shape(expected)
        and np.allclose(np.asarray(y, "f8"), np.asarray(expected, "f8"), case.rtol, case.atol, equal_nan=True)
        for y, expected in zip(made, arrays_of(outputs), strict=True)
    )


@pytest.mark.filterwarnings("ignore")
def test_nodes(cases):
    listed = re.compile("|".join(NOT_THERE))
    results = {name: passes(case) for name, case in cases.items() if not listed.search(name)}
    assert [name for name, passed in results.items() if not passed] == []
    assert len(results) > 0.98 * len(cases)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("pattern", NOT_THERE)
def test_what_is_listed_is_not_there(cases, pattern):
    """All tests of a pattern fail, or it says too much."""
    chosen = [case for name, case in cases.items() if re.search(pattern, name)]
    assert chosen
    assert [case.name for case in chosen if passes(case)] == []
