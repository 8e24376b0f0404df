"""Calls on anything but contiguous arrays of the model's dtype: the same whether the model has a plan or not.

A model that has been called converts common inputs on the way into its plan; before that, and where this does
not do, validation converts them. Both have to give the same values, or the same error.
"""

import numpy as np
import pytest

import fastnn
from fastnn import layers


def dense(dtype=None):
    return fastnn.Sequential([fastnn.Input((4,), dtype=dtype), layers.Dense(3, "tanh")])


def of_one_feature():
    return fastnn.Sequential([fastnn.Input((1,)), layers.Dense(3, "tanh")])


def of_any_length():
    return fastnn.Sequential([fastnn.Input((None,)), layers.Rescaling(0.5, 1.0)])


def without_shape():
    return fastnn.Sequential([layers.Dense(3, "tanh")])


def of_indices():
    return fastnn.Sequential([fastnn.Input((4,)), layers.Embedding(50, 2)])


def images():
    return fastnn.Sequential([fastnn.Input((2, 2, 1)), layers.Flatten(), layers.Dense(2)])


def of_two_inputs():
    a, b = fastnn.Input((4,), name="a"), fastnn.Input((1,), name="b")
    return fastnn.Model([a, b], [layers.Dense(2)(a), layers.Dense(1)(b)])


class Written(fastnn.Model):
    def __init__(self):
        super().__init__()
        self.inner = layers.Dense(3)

    def call(self, x):
        return self.inner(x) * 2.0


MODELS = {
    "dense": (dense, (4,)),
    "float64": (lambda: dense("float64"), (4,)),
    "one feature": (of_one_feature, (1,)),
    "any length": (of_any_length, (1,)),
    "any length, four": (of_any_length, (4,)),
    "without shape": (without_shape, (4,)),
    "without shape, one": (without_shape, (1,)),
    "indices": (of_indices, (4,)),
    "images": (images, (2, 2, 1)),
    "written": (Written, (4,)),
}


def unaligned(x):
    memory = np.zeros(x.nbytes + 1, np.uint8)[1:]
    view = memory.view(x.dtype).reshape(x.shape)
    view[...] = x
    return view


def cyclic(x):
    loop = []
    loop.append(loop)
    return loop


def spread(x):
    wide = np.zeros((*x.shape[:-1], 3 * x.shape[-1]), x.dtype)
    wide[..., ::3] = x
    return wide[..., ::3]


FORMS = {
    "float32": lambda x: x,
    "float64": lambda x: x.astype(float),
    "float16": lambda x: x.astype(np.float16),
    "longdouble": lambda x: x.astype(np.longdouble),
    "int64": lambda x: x.astype(np.int64),
    "uint8": lambda x: x.astype(np.uint8),
    "uint64": lambda x: x.astype(np.uint64),
    "bool": lambda x: x > 2,
    "objects": lambda x: x.astype(object),
    "text": lambda x: x.astype(str),
    "complex": lambda x: x.astype(complex),
    "swapped bytes": lambda x: x.astype(x.dtype.newbyteorder()),
    "unaligned": unaligned,
    "unaligned float64": lambda x: unaligned(x.astype(float)),
    "read only": lambda x: np.broadcast_to(x[:1], x.shape),
    "Fortran order": np.asfortranarray,
    "spread": spread,
    "reversed": lambda x: x[::-1],
    "one row": lambda x: x[:1],
    "no rows": lambda x: x[:0],
    "no rows of float64": lambda x: x[:0].astype(float),
    "a single row": lambda x: x[0],
    "lists": lambda x: x.tolist(),
    "lists of integers": lambda x: x.astype(int).tolist(),
    "lists of tuples": lambda x: [tuple(row) if isinstance(row, list) else row for row in x.tolist()],
    "tuple of lists": lambda x: tuple(x.tolist()),
    "list of rows": list,
    "tuple of rows": tuple,
    "list of the array": lambda x: [x],
    "list of it in float64": lambda x: [x.astype(float)],
    "tuple of the array": lambda x: (x,),
    "list of one row": lambda x: [x[0]],
    "list of a list of rows": lambda x: [list(x)],
    "two arrays": lambda x: [x, x],
    "scalars of NumPy": lambda x: [[np.float64(n) for n in row.ravel()] for row in x],
    "tensors in lists": lambda x: [[fastnn.Tensor(n) for n in row.ravel()] for row in x],
    "large integers": lambda x: (x.astype(int) * 0 + 2**62).tolist(),
    "larger integers": lambda x: np.full(x.shape, 2**70, object).tolist(),
    "ragged": lambda x: [[1.0] * (i + 1) for i in range(len(x))],
    "lists of text": lambda x: x.astype(str).tolist(),
    "with None": lambda x: [*x.tolist()[1:], None],
    "list in itself": cyclic,
    "nothing": lambda x: [],
    "axis too many": lambda x: x[..., None],
    "axis too many, float64": lambda x: x[..., None].astype(float),
    "axis too few": lambda x: x[..., 0],
    "axis too few, lists": lambda x: x[..., 0].tolist(),
    "axis too few, float64": lambda x: x[..., 0].astype(float),
    "another width": lambda x: np.concatenate([x, x], -1).astype(float),
    "masked": lambda x: np.ma.masked_array(x, np.zeros(x.shape, bool)),
    "memmap": lambda x: x.view(np.memmap),
    "memmap of float64": lambda x: x.astype(float).view(np.memmap),
    "matrix": lambda x: x.view(np.matrix) if x.ndim == 2 else x,
    "dict": lambda x: {"other": x},
    "number": lambda x: 3.0,
    "None": lambda x: None,
    "not finite": lambda x: np.where(x > 6, np.inf, x).astype(float),
    "fractions": lambda x: x.astype(float) + 0.25,
    "too large": lambda x: x.astype(int) + 45,
    "negative": lambda x: -x.astype(int),
}


def outcome(call):
    """Return the result, or the kind and the words of the error."""
    try:
        made = call()
    except (TypeError, ValueError, RecursionError) as error:
        return type(error), str(error)
    return [(type(y), y.dtype, np.asarray(y)) for y in (made if isinstance(made, list) else [made])]


def assert_same(one, other):
    if isinstance(one, tuple) or isinstance(other, tuple):
        assert one == other
        return
    for (kind, dtype, y), (its_kind, its_dtype, its_y) in zip(one, other, strict=True):
        assert (kind, dtype) == (its_kind, its_dtype)
        np.testing.assert_array_equal(y, its_y)


def numbers(shape):
    return np.arange(3 * np.prod(shape), dtype="float32").reshape(3, *shape)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("method", ["__call__", "predict"])
def test_call(name, method):
    make, shape = MODELS[name]
    plain, model = numbers(shape), make()
    for form in FORMS.values():
        model(plain)
        given = form(plain.astype(model.dtype))
        warm = outcome(lambda given=given: getattr(model, method)(given))
        model._fast_inference = None
        assert_same(warm, outcome(lambda given=given: getattr(model, method)(given)))


PAIRS = {
    "both": lambda a, b: [a, b],
    "float64": lambda a, b: [a.astype(float), b.astype(float)],
    "tuple": lambda a, b: (a.astype(int), b[:, 0]),
    "lists": lambda a, b: [a.tolist(), b[:, 0].tolist()],
    "dict": lambda a, b: {"a": a.astype(int), "b": b},
    "dict in another order": lambda a, b: {"more": a, "b": b.tolist(), "a": a},
    "dict without one": lambda a, b: {"a": a},
    "dict of lists": lambda a, b: {"a": [a], "b": [b]},
    "other lengths": lambda a, b: [a[:2].astype(int), b.astype(int)],
    "one": lambda a, b: [a],
    "three": lambda a, b: [a, b, b],
    "one array": lambda a, b: a,
    "too wide": lambda a, b: [a.astype(int), a.astype(int)],
}


@pytest.mark.parametrize("form", PAIRS)
def test_several_inputs(form):
    model, plain = of_two_inputs(), [numbers((4,)), numbers((1,))]
    model(plain)
    warm = outcome(lambda: model(PAIRS[form](*plain)))
    model._fast_inference = None
    assert_same(warm, outcome(lambda: model(PAIRS[form](*plain))))


OF_OUTPUTS = {
    "dict": lambda u, v: {"u": u, "v": v},
    "another order": lambda u, v: {"v": v.astype(float), "u": u.tolist()},
    "one": lambda u, v: {"u": u},
    "another": lambda u, v: {"u": u, "v": v, "w": v},
    "lists": lambda u, v: {"u": [u], "v": [v]},
    "of one": lambda u, v: {"u": u[:, 0], "v": v[:, 0]},
    "list": lambda u, v: [u, v],
}


@pytest.mark.parametrize("form", OF_OUTPUTS)
@pytest.mark.parametrize("nested", [False, True])
def test_several_outputs(form, nested):
    x = fastnn.Input((4,), name="x")
    u, v = layers.Dense(2, name="u")(x), layers.Dense(1, name="v")(x)
    model = fastnn.Model(x, {"u": u, "v": v} if nested else [u, v])
    model.compile(fastnn.optimizers.SGD(0.01), "mse")
    given, plain = {"x": numbers((4,)) / 9}, (numbers((2,)) / 9, numbers((1,)) / 9)
    before, weights = model.get_weights(), (np.ones(3, "float32"), np.full((3, 1), 0.5))

    def result(method, *arguments):
        model.set_weights(before)
        found = outcome(lambda: [np.float64(z) for z in getattr(model, method)(given, *arguments)])
        return found, [(type(z), z.dtype, z) for z in model.get_weights()]

    for method in ("train_on_batch", "test_on_batch"):
        for more in ((), (OF_OUTPUTS[form](*weights) if form != "of one" else weights[0],)):
            result(method, {"u": plain[0], "v": plain[1]}, *(weights[:1] if more else ()))
            warm = result(method, OF_OUTPUTS[form](*plain), *more)
            model._fast_training = model._fast_evaluation = None
            cold = result(method, OF_OUTPUTS[form](*plain), *more)
            assert_same(warm[0], cold[0])
            assert_same(warm[1], cold[1])


def test_more_rows_of_a_model_whose_rows_depend_on_each_other():
    start = fastnn.Input((2,))
    model = fastnn.Model(start, layers.BatchNormalization()(start, training=True))
    x = np.arange(2000, dtype="float32").reshape(1000, 2) % 97
    model(x[:5])
    expected = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3)
    np.testing.assert_allclose(model(x), expected, 1e-4, 1e-5)


def test_lengths_in_turn():
    model = fastnn.Sequential([fastnn.Input((None, 2)), layers.SimpleRNN(3)])
    short, long = numbers((2, 2)) / 9, numbers((5, 2)) / 9
    expected = model(short), model(long)
    for _ in range(2):
        np.testing.assert_array_equal(model(short), expected[0])
        np.testing.assert_array_equal(model.predict(long.astype(float)), model(long.astype(float)))
        np.testing.assert_array_equal(model(long), expected[1])


def squared(y_true, y_pred):
    return ((y_true - y_pred) ** 2).mean(-1)


def kind_of_labels(y_true, y_pred):
    return (y_pred * (2.0 if y_true.dtype.kind == "f" else 3.0)).mean(-1)


REAL = {name: FORMS[name] for name in FORMS if name not in ("number", "dict", "larger integers")}
CLASSES = {
    **REAL,
    "out of range": lambda y: y.astype(np.int64) + 1,
    "fractions in lists": lambda y: (y + 0.5).tolist(),
    "beyond int32": lambda y: y.astype(np.int64) + 2**40,
    "uint32": lambda y: y.astype(np.uint32),
    "beyond int32, unsigned": lambda y: y.astype(np.uint32) + np.uint32(2**31),
}
LABELS = {
    "mse": (3, "mse", numbers((3,)) / 9, REAL),
    "mse, one": (1, "mse", numbers((1,)) / 9, REAL),
    "probabilities": (3, "binary_crossentropy", numbers((3,)) / 9, REAL),
    "classes": (4, "sparse_categorical_crossentropy", np.arange(1, 4, dtype="float32"), CLASSES),
    "of classes, ranked": (4, "sparse_categorical_crossentropy", np.arange(1, 4.0)[:, None], CLASSES),
    "written": (3, squared, numbers((3,)) / 9, REAL),
    "written, one": (1, squared, numbers((1,)) / 9, REAL),
    "written, any": (3, kind_of_labels, np.arange(1, 4, dtype="float32"), CLASSES),
    "written, any, ranked": (3, kind_of_labels, np.arange(1, 4, dtype="float32")[:, None], CLASSES),
}


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("method", ["train_on_batch", "test_on_batch"])
def test_labels(name, method):
    width, loss, y, forms = LABELS[name]
    model = fastnn.Sequential([fastnn.Input((4,)), layers.Dense(width, "sigmoid")])
    model.compile(fastnn.optimizers.SGD(0.1), loss)
    x, before = numbers((4,)) / 9, model.get_weights()

    def result(given):
        model.set_weights(before)
        found = outcome(lambda: np.float64(getattr(model, method)(x.astype(float), given)))
        return found, [(type(v), v.dtype, v) for v in model.get_weights()]

    for form in forms.values():
        model.train_on_batch(x, y.astype(int) if name == "classes" else y)
        model.test_on_batch(x, y)
        warm = result(form(y))
        model._fast_training = None
        cold = result(form(y))
        assert_same(warm[0], cold[0])
        assert_same(warm[1], cold[1])


WEIGHTS = {
    "one": numbers(()) / 2 + 0.25,
    "ranked": numbers((1,)) / 2 + 0.25,
    "of steps": numbers((2,)) / 4 + 0.25,
    "of steps, ranked": numbers((2, 1)) / 4 + 0.25,
    "of all": numbers((2, 3)) / 9,
    "for each step": numbers((1,)) / 2 + 0.25,
    "none": None,
}
WEIGHT_FORMS = {
    **{name: form for name, form in FORMS.items() if name not in ("number", "dict", "larger integers")},
    "not a number": lambda w: np.where(w > 1, np.nan, w),
    "no number in float64": lambda w: np.where(w > 1, np.nan, w).astype(float),
}


@pytest.mark.parametrize("steps", ["one output", "steps", "two outputs"])
@pytest.mark.parametrize("method", ["train_on_batch", "test_on_batch"])
def test_weights(steps, method):
    shape = (2, 4) if steps == "steps" else (4,)
    start = fastnn.Input(shape)
    ends = [layers.Dense(3, name=name)(start) for name in ("a", "b")[: 1 + (steps == "two outputs")]]
    model = fastnn.Model(start, ends if len(ends) > 1 else ends[0])
    model.compile(fastnn.optimizers.SGD(0.01), "mse")
    x, before = numbers(shape) / 9, model.get_weights()
    y = [np.zeros((3, *shape[:-1], 3), "float32")] * len(ends)

    def result(weights):
        model.set_weights(before)
        found = outcome(lambda: [np.float64(v) for v in np.ravel(getattr(model, method)(x, y, weights))])
        return found, [(type(v), v.dtype, v) for v in model.get_weights()]

    for name, plain in WEIGHTS.items():
        forms = {"plain": lambda w: w} if plain is None else WEIGHT_FORMS
        for form in forms.values():
            given = form(plain)
            if len(ends) > 1 and name == "ranked":
                given = [given, plain]
            result(plain)
            warm = result(given)
            model._fast_training = model._fast_evaluation = None
            cold = result(given)
            assert_same(warm[0], cold[0])
            assert_same(warm[1], cold[1])


@pytest.mark.parametrize("wrong", [0, -1, 2.5, "32", True])
def test_batch_size_of_predict(wrong):
    model, x = dense(), numbers((4,))
    expected = model.predict(x)
    for given in (x, x.astype(float), x.tolist(), [x]):
        np.testing.assert_array_equal(model.predict(given, batch_size=np.int64(2)), expected)
        with pytest.raises(ValueError, match="^batch_size: expected an integer of at least 1"):
            model.predict(given, batch_size=wrong)


def test_dtypes():
    model = dense("float64")
    x = np.random.default_rng(0).standard_normal((5, 4))
    y = model(x)
    assert y.dtype == "float64"
    assert y.tobytes() == model(x.tolist()).tobytes() == model(np.asfortranarray(x)).tobytes()
    large = np.full((1, 1), 2**53 - 1)
    index = fastnn.Sequential([fastnn.Input((1,), dtype="float64"), layers.Rescaling(1.0)])
    index(large.astype(float))
    assert index(large)[0, 0] == index(large.tolist())[0, 0] == 2**53 - 1


def test_indices_beyond_float32_are_refused_as_before():
    model = of_indices()
    model(np.zeros((1, 4), int))
    with pytest.raises(ValueError, match=r"x: expected whole numbers from 0 to 49, got 16777216 in row 0"):
        model([[0, 1, 2, 2**24 + 1]])


def batches_in_forms():
    """Batches whose form changes, and the same ones in the form of a plan."""
    rng = np.random.default_rng(5)
    given, plain = [], []
    forms = ["float32", "float64", "lists", "Fortran order", "int64", "float32", "spread", "list of rows"]
    for i, form in enumerate(forms):
        x, y = rng.integers(0, 9, (3 if i == 5 else 4, 4)).astype("float32"), rng.random((4, 1), "float32")
        y = y[: len(x)]
        given.append((FORMS[form](x), [y, y.astype(float), y[:, 0], y.tolist()][i % 4]))
        plain.append((x, y))
    weights = np.array([0.5, 1.0, 2.0, 0.0], "float32")
    given.insert(3, (*given[2], weights))
    plain.insert(3, (*plain[2], weights))
    return given, plain


@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_batches_of_data_sets(method):
    given, plain = batches_in_forms()
    model = fastnn.Sequential([fastnn.Input((4,)), layers.Dense(1, "sigmoid")])
    model.compile(fastnn.optimizers.SGD(0.1), "mse", metrics=["mae"])
    before, results = model.get_weights(), []
    for batches in (given, plain):
        model.set_weights(before)
        made = getattr(model, method)(iter(batches), verbose=0)
        results.append((made.history if method == "fit" else made, model.get_weights()))
    assert results[0][0] == results[1][0]
    for one, other in zip(results[0][1], results[1][1], strict=True):
        np.testing.assert_array_equal(one, other)


def test_predictions_of_batches():
    given, plain = batches_in_forms()
    model = dense()
    np.testing.assert_array_equal(model.predict(iter(given)), model.predict(iter(plain)))


INDICES = np.arange(8).reshape(2, 4)
INVALID = {
    "class": (INDICES, [3, 5]),
    "class of float": (INDICES, np.array([1.0, 1.5])),
    "index": (INDICES + 47, [0, 1]),
    "index of float": (INDICES + 0.5, [0, 1]),
    "negative": (-INDICES, [0, 1]),
    "width": (INDICES[:, :3], [0, 1]),
    "lengths": (INDICES, [0, 1, 2]),
    "labels missing": (INDICES, None),
    "no rows": (INDICES[:0], []),
    "text": (INDICES.astype(str), [0, 1]),
    "ragged": ([[1, 2, 3, 4], [1, 2]], [0, 1]),
    "one-hot": (INDICES, np.eye(3)[:2]),
    "parts": (INDICES, [0, 1], None, None),
}


@pytest.mark.parametrize("batch", INVALID.values(), ids=INVALID)
@pytest.mark.parametrize("method", ["fit", "evaluate", "validate"])
def test_errors_about_later_batches(method, batch):
    inner = [layers.Embedding(50, 2), layers.Flatten(), layers.Dense(3, "softmax")]
    model = fastnn.Sequential([fastnn.Input((4,), name="words"), *inner])
    model.compile("sgd", "sparse_categorical_crossentropy")

    def error(*batches):
        with pytest.raises((TypeError, ValueError)) as found:
            if method == "validate":
                model.fit(INDICES, [0, 1], validation_data=iter(batches), verbose=0)
            else:
                getattr(model, method)(iter(batches), verbose=0)
        return str(found.value)

    assert error((INDICES, [0, 1]), batch) == error(batch)


def test_layers_keep_a_model_for_each_of_the_last_shapes():
    add, rng = layers.Add(), np.random.default_rng(0)
    pairs = [list(rng.standard_normal((2, n, n), "float32")) for n in range(1, 12)]
    for a, b in pairs + pairs[::-1] + pairs:
        for given in ([a, b], (a, b), [a.astype(float), b], [np.asfortranarray(a), b[::1]]):
            np.testing.assert_array_equal(add(given), a + b)
    with pytest.raises(ValueError, match="expects a list"):
        add(pairs[0][0])


def test_layers_called_again_take_samples_as_before():
    interval = layers.Discretization([1.0, 2.0], output_mode="one_hot")
    for x in (0.5, [0.5, 1.5], np.array([0.5, 1.5]), np.array([[0.5], [1.5]]), np.array(1.5), [[0.5, 1.5]]):
        fresh = layers.Discretization([1.0, 2.0], output_mode="one_hot")
        for _ in range(2):
            np.testing.assert_array_equal(interval(x), fresh(x))
        np.testing.assert_array_equal(
            interval(x), layers.Discretization([1.0, 2.0], output_mode="one_hot")(x)
        )
    unit = layers.Dense(2)
    for shape in ((3, 4), (3, 2, 4), (3, 4), (3, 1, 4)):
        x = np.random.default_rng(1).standard_normal(shape)
        assert unit(x).shape == (*shape[:-1], 2)
        np.testing.assert_allclose(unit(x), x @ unit.kernel.numpy() + unit.bias.numpy(), rtol=1e-5)


def test_what_is_assigned_counts_from_the_next_batch_of_a_data_set():
    scale = layers.Rescaling(1.0)
    model = fastnn.Sequential([fastnn.Input((1,)), scale])
    model.compile("sgd", "mae")
    x, y = np.ones((2, 1), "float32"), np.zeros((2, 1), "float32")

    class Assign(fastnn.callbacks.Callback):
        def on_test_batch_end(self, batch, logs=None):
            scale.scale = batch + 2.0

    assert model.evaluate(iter([(x, y)] * 3), verbose=0, callbacks=[Assign()]) == 2.0
