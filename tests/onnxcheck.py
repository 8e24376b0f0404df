"""Compares models with what ONNX Runtime makes of their exported files."""

import io

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")


def exported(model, **arguments):
    """The bytes of the file."""
    file = io.BytesIO()
    model.export(file, **arguments)
    return file.getvalue()


def varied(model):
    """Give all weights values that show where each of them goes."""
    rng = np.random.default_rng(3)
    model.set_weights(
        [
            rng.uniform(0.1, 0.6, w.shape) * rng.choice([1, 1, -1], w.shape)
            if "variance" not in v.name
            else rng.uniform(0.5, 2, w.shape)
            for v, w in zip(model.weights, model.get_weights(), strict=True)
        ]
    )


def run_by_runtime(data, feeds):
    session = runtime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


def run_by_reference(data, feeds):
    """The outputs by ONNX's own evaluator, which has all dtypes."""
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(onnx.load_from_string(data)).run(None, feeds)


def samples(shapes, rows, dtype="float32", high=None):
    """Inputs for a model: normal, or whole numbers below `high`."""
    rng = np.random.default_rng(rows)
    draw = (
        (lambda size: rng.normal(size=size)) if high is None else (lambda size: rng.integers(0, high, size))
    )
    return [np.asarray(draw((rows, *shape)), dtype) for shape in shapes]


def assert_agrees(
    model, *shapes, high=None, data=None, vary=True, run=run_by_runtime, rtol=1e-5, **arguments
):
    """Assert that a model and its file agree on batches of 1 and 7 samples of these shapes."""
    if vary:
        varied(model)
    data = exported(model, **arguments) if data is None else data
    graph = onnx.load_from_string(data).graph
    assert [i.name for i in graph.input] == model.input_names
    assert [o.name for o in graph.output] == model.output_names
    dtype = model.inputs[0].dtype
    for rows in (1, 7):
        x = samples(shapes, rows, dtype, high)
        expected = model.predict(x if len(x) > 1 else x[0], verbose=0)
        expected = list(expected.values()) if isinstance(expected, dict) else expected
        expected = list(expected) if isinstance(expected, (list, tuple)) else [expected]
        got = run(data, dict(zip(model.input_names, x, strict=True)))
        assert len(got) == len(expected)
        for one, other in zip(got, expected, strict=True):
            assert one.dtype == other.dtype
            assert one.shape == other.shape
            scale = max(1, np.abs(np.nan_to_num(other)).max(initial=0)) if other.dtype.kind == "f" else 1
            np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol * scale)
