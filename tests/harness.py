"""Check everything that holds for all layers, by one call.

`check_layer` tests a layer through its public API: config, shapes, numbers, gradients, dtypes, instruction
sets, threads, batches, memory layouts. The test of a layer covers only what is particular to it.
"""

import json
import math
import operator
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gradcheck import check_gradients

import fastnn
from fastnn.kernels.core import runtime
from fastnn.layers import Dense, registry
from fastnn.optimizers import SGD

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}  # relative to the largest number
MANY = 60_000  # elements of a batch that is large enough for several threads


def check_layer(cls, arguments, input_shape, output_shape, n_params, oracle=None, below=None):
    """Check everything that holds for all layers.

    Parameters
    ----------
    cls : type
        The class of the layer.
    arguments : dict
        The arguments of its constructor.
    input_shape : tuple of int, or list of them
        Batch size first; a list for a layer that is called on a list.
    output_shape : tuple of int
        The expected shape of the output.
    n_params : int
        The expected number of parameters.
    oracle : callable, optional
        A function in NumPy from x and the layer's weights, all in float64, to the output.
    below : int, optional
        Inputs are whole numbers below this, and the layer is the first of its model. It must accept numbers
        three times as large.
    """
    several = isinstance(input_shape, list)
    rows = [shape[1:] for shape in (input_shape if several else [input_shape])]
    case = Case(cls, arguments, rows, several, below)
    check_config(case)
    check_shapes(case, (input_shape[0] if several else input_shape)[0], output_shape, n_params)
    if oracle is not None:
        check_output(case, oracle)
    check_gradients(case.model("float64"), "mse", case.inputs(5, "float64"), case.targets(5, "float64"))
    check_dtypes(case)
    check_isas(case)
    for isa in runtime.isa_names():
        with instruction_set(isa):
            check_threads(case)
            check_batches(case)
            check_last_batch(case)
    check_layouts(case)
    if below is None:
        check_rows(case)


@dataclass
class Case:
    """A layer that can be made repeatedly, with the same weights."""

    cls: type
    arguments: dict[str, Any]
    rows: list[tuple[int, ...]]
    several: bool = False
    below: int | None = None

    def layer(self, dtype="float32"):
        """Return a new built layer."""
        fastnn.utils.set_random_seed(1)
        layer = self.cls(**self.arguments, dtype=dtype)
        layer(self.given(np.zeros((1, *row)) for row in self.rows))
        return layer

    def given(self, each):
        """Return the argument of a call: a list with one item for each input, or the single item."""
        return list(each) if self.several else next(iter(each))

    def model(self, dtype="float32"):
        """Return a model with dense layers first, whose training needs the gradients of the layer's inputs.

        If inputs are whole numbers, the layer is the first, followed by a dense one if it has no weights.
        """
        layer = self.layer(dtype)
        inputs = [fastnn.Input(row, dtype=dtype) for row in self.rows]
        starts = inputs if self.below is not None else [Dense(x.shape[-1], dtype=dtype)(x) for x in inputs]
        y = layer(self.given(starts))
        if self.below is not None and not layer.weights:
            y = Dense(y.shape[-1], dtype=dtype)(y)
        model = fastnn.Model(self.given(inputs), y)
        model.compile(SGD(learning_rate=0.1), "mse")
        return model

    def inputs(self, rows, dtype="float32"):
        """Return random inputs: normal or whole numbers."""
        rng = np.random.default_rng(2)
        if self.below is not None:
            return self.given(rng.integers(0, self.below, (rows, *row)).astype(dtype) for row in self.rows)
        return self.given(rng.standard_normal((rows, *row)).astype(dtype) for row in self.rows)

    def targets(self, rows, dtype="float32"):
        """Return random targets of the shape of the output."""
        shape = self.layer(dtype).compute_output_shape(self.given((rows, *row) for row in self.rows))
        return np.random.default_rng(3).standard_normal(shape).astype(dtype)

    def trained(self, rows, dtype="float32", steps=1):
        """Return the output for `rows` samples, and the weights after some training steps on them."""
        model, x, y = self.model(dtype), self.inputs(rows, dtype), self.targets(rows, dtype)
        output = model.predict(x)
        for _ in range(steps):
            model.train_on_batch(x, y)
        return [output, *model.get_weights()]


def each(function, x):
    """Apply a function to an array, or to each array in a list."""
    return [function(part) for part in x] if isinstance(x, list) else function(x)


@contextmanager
def instruction_set(name):
    """Use an instruction set for the models that are built in a `with` block."""
    before = runtime.isa()
    runtime.set_isa(name)
    try:
        yield
    finally:
        runtime.set_isa(*before)


def assert_close(actual, desired, tolerance):
    """Assert that arrays agree up to a tolerance relative to their largest number."""
    for a, d in zip(actual, desired, strict=True):
        np.testing.assert_allclose(a, d, rtol=0, atol=tolerance * max(1, np.abs(d).max(initial=0)))


def assert_same(actual, desired):
    """Assert that arrays agree bit for bit."""
    for a, d in zip(actual, desired, strict=True):
        assert a.dtype == d.dtype
        np.testing.assert_array_equal(a, d)


def check_config(case):
    """Check that a layer is restored from its config, and that the config is plain JSON."""
    layer, x = case.layer(), case.inputs(3)
    text = json.dumps(registry.serialize(layer))
    twin = registry.deserialize(json.loads(text))
    assert type(twin) is case.cls
    assert json.dumps(registry.serialize(twin)) == text
    twin(x)
    twin.set_weights(layer.get_weights())
    assert_same([twin(x, training=False)], [layer(x, training=False)])


def check_shapes(case, rows, output_shape, n_params):
    """Check that declared and computed shapes and the number of parameters are the expected ones."""
    for dtype in TOLERANCE:
        layer = case.layer(dtype)
        given = case.given((None, *row) for row in case.rows)
        assert layer.compute_output_shape(given) == (None, *output_shape[1:])
        assert layer.count_params() == n_params
        y = layer(case.inputs(rows, dtype), training=False)
        assert (y.shape, y.dtype) == (output_shape, layer._result_dtype or dtype)
        assert layer(case.inputs(0, dtype)).shape == (0, *output_shape[1:])


def check_output(case, oracle):
    """Check the output against the reference formula."""
    for dtype, tolerance in TOLERANCE.items():
        layer, x = case.layer(dtype), case.inputs(7, dtype)
        expected = oracle(
            each(lambda part: part.astype("float64"), x), *(w.astype("float64") for w in layer.get_weights())
        )
        assert_close([layer(x, training=False)], [expected], tolerance)


def check_dtypes(case):
    """Check that a float32 model computes and learns the same as the float64 model."""
    assert_close(case.trained(9, "float32"), case.trained(9, "float64"), TOLERANCE["float32"])


def check_isas(case):
    """Check that every instruction set computes and learns the same as the reference loops."""
    for dtype, tolerance in TOLERANCE.items():
        with instruction_set("ref"):
            expected = case.trained(9, dtype)
        for isa in runtime.isa_names():
            with instruction_set(isa):
                assert_close(case.trained(9, dtype), expected, tolerance)


def check_threads(case):
    """Check that results and training have the same bits for any number of threads."""
    results = []
    for n in (1, 2, 4):
        with fastnn.threads(n):
            results.append(case.trained(MANY // math.prod(case.rows[0]) + 1, steps=3))
    assert_same(results[1], results[0])
    assert_same(results[2], results[0])


def check_batches(case):
    """Check that the output for a sample does not depend on the other samples of the batch."""
    model, x = case.model(), case.inputs(1000)
    expected = model.predict(x)
    for rows in (1, 2, 7, 32):
        last = each(operator.itemgetter(slice(-rows, None)), x)
        assert_same([model.predict(last)], [expected[-rows:]])
    assert_same([model.predict(x, batch_size=7)], [expected])


def check_last_batch(case):
    """Check that a smaller last batch learns the same as in a plan made for its size."""
    x, y = case.inputs(38), case.targets(38)
    whole, apart = case.model(), case.model()
    whole.fit(x, y, batch_size=32, shuffle=False, verbose=0)
    apart.train_on_batch(each(lambda part: part[:32], x), y[:32])
    apart.compile(apart.optimizer, apart.loss)  # which keeps what the optimizer knows, and drops the plans
    apart.train_on_batch(each(lambda part: part[32:], x), y[32:])
    assert_same(whole.get_weights(), apart.get_weights())


def layouts(x):
    """Yield arrays with the numbers of `x`, or similar ones, in other layouts and dtypes."""
    yield np.repeat(x, 2, axis=-1)[..., ::2]
    yield x[::-1].copy()[::-1]
    yield np.asfortranarray(x)
    yield np.broadcast_to(x[:1], x.shape)
    yield np.frombuffer(b"\0" + x.tobytes(), x.dtype, offset=1).reshape(x.shape)  # read-only and unaligned
    for dtype in (">f4", "float64", "float16", "int64", "int8", "bool", "object"):
        yield (x * 3).astype(dtype)
    yield np.ma.masked_array(x)
    yield x.tolist()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        mapped = np.memmap(Path(folder) / "x", x.dtype, "w+", shape=x.shape)
        mapped[...] = x
        yield mapped


def check_layouts(case):
    """Check that any layout gives the output of a contiguous array, and that the input does not change."""
    layer = case.layer()
    x = case.inputs(6)
    first, rest = (x[0], x[1:]) if case.several else (x, [])
    for given in layouts(first):
        if case.several and isinstance(given, list):
            continue  # a list would be read as one input for each sample
        before = np.array(given)
        y = layer(case.given([given, *rest]), training=False)
        assert np.array_equal(np.asarray(given), before)
        contiguous = case.given([np.ascontiguousarray(before, "float32"), *rest])
        assert_same([y], [layer(contiguous, training=False)])
        y[...] = 7
        assert not np.shares_memory(y, before)


def check_rows(case):
    """Check that NaN in a sample makes its own output NaN, where that depends on the input, and no other."""
    layer, x = case.layer(), case.inputs(30)
    expected = layer(x, training=False)
    constant = (expected == expected[0]).all(0)
    for part in x if case.several else [x]:
        part[2] = np.nan
    y = layer(x, training=False)
    assert np.isnan(y[2]).any()
    assert (np.isnan(y[2]) | constant).all()
    assert_same([np.delete(y, 2, 0)], [np.delete(expected, 2, 0)])
