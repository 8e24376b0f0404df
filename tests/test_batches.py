"""What `fit` and its like take: data sets in batches, array-likes, weights of steps and of outputs."""

import warnings

import numpy as np
import pytest

import fastnn
from fastnn.callbacks import Callback, LambdaCallback
from fastnn.layers import LSTM, Dense, Embedding, Input, Masking
from fastnn.optimizers import SGD
from fastnn.utils import PyDataset, timeseries_dataset_from_array

ROWS = 70  # two batches and six rows
RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((ROWS, 8)).astype("float32")
Y = X[:, :3].argmax(1)
W = RANDOM.uniform(0.5, 2, ROWS).astype("float32")


def make(optimizer="adam", **compiled):
    fastnn.utils.set_random_seed(3)
    model = fastnn.Sequential([Input((8,)), Dense(16, "relu"), Dense(3, "softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], **compiled)
    return model


def batches(weights=False, size=32):
    for start in range(0, ROWS, size):
        rows = slice(start, start + size)
        yield (X[rows], Y[rows], W[rows]) if weights else (X[rows], Y[rows])


class Batches(PyDataset):
    def __init__(self, weights=False, **arguments):
        super().__init__(**arguments)
        self.list = list(batches(weights))

    def __len__(self):
        return len(self.list)

    def __getitem__(self, index):
        return self.list[index]


class Loader:
    """What a loader of torch looks like from outside."""

    def __iter__(self):
        return (list(batch) for batch in batches())

    def __len__(self):
        return 3


def same(one, other):
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


# ---- fit ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("workers", [1, 3])
def test_batches_learn_what_arrays_do(weights, workers):
    arrays, dataset, generator = make(), make(), make()
    extra = {"sample_weight": W} if weights else {}
    expected = arrays.fit(X, Y, epochs=2, shuffle=False, verbose=0, **extra).history
    got = dataset.fit(Batches(weights, workers=workers), epochs=2, shuffle=False, verbose=0).history
    endless = (batch for _ in range(2) for batch in batches(weights))
    also = generator.fit(endless, epochs=2, steps_per_epoch=3, verbose=0).history
    for history in (got, also):
        assert list(history) == list(expected)
        for name, values in expected.items():
            np.testing.assert_allclose(history[name], values, rtol=1e-6)
    same(arrays, dataset)
    same(arrays, generator)


def test_a_loader_of_lists():
    one, other = make(), make()
    one.fit(Loader(), epochs=2, verbose=0)
    other.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    same(one, other)


def test_class_weights_of_batches():
    one, other = make(), make()
    weight = {0: 2.0, 2: 0.25}
    one.fit(Batches(True), shuffle=False, class_weight=weight, verbose=0)
    other.fit(X, Y, shuffle=False, class_weight=weight, sample_weight=W, verbose=0)
    same(one, other)


def test_a_model_is_built_for_the_first_batch_and_takes_lengths_as_they_come():
    model = fastnn.Sequential([Embedding(5, 4), LSTM(3), Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    lengths = [(4, 2), (4, 7), (2, 2)]
    data = [(RANDOM.integers(0, 5, shape), np.ones((shape[0], 1))) for shape in lengths]
    history = model.fit(iter(data), verbose=0).history
    assert set(history) == {"loss", "mae"}
    results = model.evaluate(iter(data), verbose=0)
    rows = sum(n for n, _ in lengths)
    errors = [np.abs(model.predict(x) - y).sum() for x, y in data]
    np.testing.assert_allclose(results[1], sum(errors) / rows, rtol=1e-5)


def test_callbacks_see_steps_and_running_means():
    seen, steps = [], []

    class Look(Callback):
        def on_train_begin(self, logs=None):
            steps.append(self.params["steps"])

        def on_train_batch_end(self, batch, logs=None):
            seen.append((batch, logs["loss"]))

    model = make(SGD(0.0))
    model.fit(Batches(), shuffle=False, verbose=0, callbacks=[Look()])
    model.fit(batches(), verbose=0, callbacks=[Look()])
    assert steps == [3, None]
    assert [batch for batch, _ in seen] == [0, 1, 2] * 2
    np.testing.assert_allclose(seen[2][1], model.evaluate(X, Y, verbose=0)[0], rtol=1e-5)


def test_stopping_within_an_epoch_dismisses_the_workers():
    dataset, told = Batches(workers=2), []
    dataset.on_epoch_end = lambda: told.append("end")
    model = make()
    stop = LambdaCallback(on_train_batch_end=lambda batch, logs: setattr(model, "stop_training", True))
    model.fit(dataset, epochs=5, verbose=0, callbacks=[stop])
    assert model.optimizer.iterations == 1
    assert told == ["end"]
    model.fit(X, Y, verbose=0)


def test_training_ends_with_the_data():
    model = make()
    with pytest.warns(UserWarning, match="x: the data ran out after 1 of 3 epochs"):
        history = model.fit(batches(), epochs=3, verbose=0)
    assert history.epoch == [0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(batches(), verbose=0)
    with pytest.warns(UserWarning, match="x: the data ran out after 1 of 2 batches"):
        history = model.fit(batches(), epochs=2, steps_per_epoch=2, verbose=0)
    assert history.epoch == [0, 1]


def test_steps_of_a_dataset_go_on():
    model = make()
    model.fit(Batches(), epochs=3, steps_per_epoch=1, shuffle=False, verbose=0)
    other = make()
    other.fit(X, Y, shuffle=False, verbose=0)
    same(model, other)


def test_an_error_leaves_the_model_usable():
    def broken():
        yield X[:4], Y[:4]
        yield X[:4], Y[:3]

    model = make()
    with pytest.raises(ValueError, match="x, y: expected equal lengths, got 4 and 3"):
        model.fit(broken(), verbose=0)
    model.fit(X, Y, verbose=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": Y}, "y: expected None, since x is a data set"),
        ({"sample_weight": W}, "sample_weight: expected None, since x is a data set"),
        ({"validation_split": 0.2}, "validation_split: a data set cannot be split"),
        ({"steps_per_epoch": 0}, "steps_per_epoch: "),
        ({"validation_freq": 0}, "validation_freq: "),
        ({"validation_freq": [1, 0]}, "validation_freq: "),
        ({"validation_freq": "often"}, "validation_freq: "),
        ({"x": iter([])}, "x: expected at least one batch to train on, got none"),
        ({"x": iter([X])}, "y: expected labels, got None"),
        ({"x": iter([(X[:0], Y[:0])])}, "x: expected at least one row in each batch, got none"),
        ({"x": iter([(1, 2, 3, 4)])}, "x: a batch is not as expected: .* got 4 entries"),
        ({"validation_data": iter([])}, "validation x: expected batches to evaluate, got none"),
        ({"validation_data": (X,)}, "validation_data: expected .* got 1 entries"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        make().fit(**{"x": batches(), "verbose": 0} | arguments)


# ---- validation and evaluation --------------------------------------------------------------------------


@pytest.mark.parametrize("given", [lambda: Batches(), lambda: (X, Y), lambda: Loader()])
def test_validation_data(given):
    one, other = make(), make()
    expected = one.fit(X, Y, epochs=2, shuffle=False, validation_data=(X, Y), verbose=0).history
    got = other.fit(Batches(), epochs=2, shuffle=False, validation_data=given(), verbose=0).history
    assert list(got) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    for name, values in expected.items():
        np.testing.assert_allclose(got[name], values, rtol=1e-6)


def test_a_generator_of_validation_data_goes_on():
    model = make(SGD(0.0))
    endless = (batch for _ in range(9) for batch in batches())
    history = model.fit(X, Y, epochs=3, validation_data=endless, validation_steps=1, verbose=0).history
    expected = [model.evaluate(x, y, verbose=0)[0] for x, y in batches()]
    np.testing.assert_allclose(history["val_loss"], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("frequency", "epochs"), [(2, [2, 4]), ([1, 4], [1, 4]), ((5,), [5]), (range(9), None)]
)
def test_validation_freq(frequency, epochs):
    seen = []

    class Look(Callback):
        def on_epoch_end(self, epoch, logs=None):
            if "val_loss" in logs:
                seen.append(epoch + 1)

    arguments = {"epochs": 5, "validation_data": (X, Y), "verbose": 0, "callbacks": [Look()]}
    if epochs is None:
        with pytest.raises(ValueError, match="validation_freq: "):
            make().fit(X, Y, validation_freq=frequency, **arguments)
    else:
        make().fit(X, Y, validation_freq=frequency, **arguments)
        assert seen == epochs


def test_evaluate():
    model = make()
    expected = model.evaluate(X, Y, verbose=0)
    for data in (Batches(), Batches(workers=2), Loader(), batches()):
        np.testing.assert_allclose(model.evaluate(data, verbose=0), expected, rtol=1e-6)
    np.testing.assert_allclose(
        model.evaluate(batches(True), verbose=0), model.evaluate(X, Y, sample_weight=W, verbose=0), rtol=1e-6
    )
    some = model.evaluate(X[:64], Y[:64], verbose=0)
    for data in (Batches(), batches()):
        np.testing.assert_allclose(model.evaluate(data, steps=2, verbose=0), some, rtol=1e-6)
    with pytest.raises(ValueError, match="y: expected None"):
        model.evaluate(batches(), Y)


def test_predict():
    model = make()
    expected = model.predict(X)
    for data in (Batches(), batches(), (x for x, _ in batches()), Loader()):
        np.testing.assert_array_equal(model.predict(data), expected)
    np.testing.assert_array_equal(model.predict(batches(), steps=1), expected[:32])
    seen = []
    callback = LambdaCallback(on_predict_batch_end=lambda batch, logs: seen.append(batch))
    model.predict(Batches(), callbacks=[callback])
    assert seen == [0, 1, 2]
    with pytest.raises(ValueError, match="x: expected at least one batch, got none"):
        model.predict(iter([]))


def test_windows_of_a_series():
    series = np.sin(np.arange(200, dtype="float32") / 5)[:, None]
    windows = timeseries_dataset_from_array(series[:-1], series[9:], 9, batch_size=32, shuffle=True, seed=1)
    model = fastnn.Sequential([Input((9, 1)), LSTM(8), Dense(1)])
    model.compile(fastnn.optimizers.Adam(0.02), "mse")
    losses = model.fit(windows, epochs=12, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 3


# ---- several inputs and outputs -------------------------------------------------------------------------


def two():
    fastnn.utils.set_random_seed(3)
    a, b = Input((5,), name="a"), Input((3,), name="b")
    value, kind = Dense(1, name="value")(Dense(8, "tanh")(a)), Dense(3, "softmax", name="kind")(b)
    model = fastnn.Model([a, b], [value, kind])
    model.compile(SGD(0.1), ["mse", "sparse_categorical_crossentropy"], metrics={"kind": ["accuracy"]})
    return model


A, B, VALUE = X[:, :5].copy(), X[:, 5:].copy(), X[:, :1] * 2


@pytest.mark.parametrize(
    "batch",
    [
        lambda s: ([A[s], B[s]], [VALUE[s], Y[s]]),
        lambda s: ((A[s], B[s]), (VALUE[s], Y[s])),
        lambda s: ({"b": B[s], "a": A[s]}, {"kind": Y[s], "value": VALUE[s]}),
    ],
)
def test_batches_of_several_inputs_and_outputs(batch):
    one, other = two(), two()
    expected = one.fit([A, B], [VALUE, Y], shuffle=False, verbose=0).history
    got = other.fit((batch(slice(i, i + 32)) for i in (0, 32, 64)), verbose=0).history
    assert list(got) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(got[name], values, rtol=1e-6)
    same(one, other)
    inputs, _ = batch(slice(None))
    for p, q in zip(other.predict(iter([(inputs,)])), one.predict([A, B]), strict=True):
        np.testing.assert_array_equal(p, q)


def test_sample_weights_of_outputs():
    """The weight of an output multiplies the losses of its rows alone."""
    ones, model = np.ones(ROWS), two()
    plain = model.evaluate([A, B], [VALUE, Y], return_dict=True, verbose=0)
    for weights in ([W, None], {"value": W}, {"value": W, "kind": ones}, [W[:, None], ones]):
        got = model.evaluate([A, B], [VALUE, Y], sample_weight=weights, return_dict=True, verbose=0)
        error = (model.predict([A, B])[0] - VALUE) ** 2
        np.testing.assert_allclose(got["value_loss"], (error[:, 0] * W).mean(), rtol=1e-5)
        np.testing.assert_allclose(got["kind_loss"], plain["kind_loss"], rtol=1e-6)
    both = model.evaluate([A, B], [VALUE, Y], sample_weight=W, return_dict=True, verbose=0)
    assert both["kind_loss"] != plain["kind_loss"]


# ---- weights of steps -----------------------------------------------------------------------------------


SEQUENCES = RANDOM.standard_normal((6, 5, 2)).astype("float32")
TARGETS = RANDOM.standard_normal((6, 5, 3)).astype("float32")
STEPS = RANDOM.uniform(0, 2, (6, 5)).astype("float32")


def sequences(*layers, loss="mse", **compiled):
    fastnn.utils.set_random_seed(1)
    model = fastnn.Sequential([Input((5, 2)), *layers, LSTM(4, return_sequences=True), Dense(3)])
    model.compile(SGD(0.1), loss, **compiled)
    return model


def test_each_step_of_a_sequence_has_a_weight():
    model = sequences(weighted_metrics=["mae"])
    error = model.predict(SEQUENCES) - TARGETS
    got = model.evaluate(SEQUENCES, TARGETS, sample_weight=STEPS, verbose=0)
    np.testing.assert_allclose(got[0], ((error**2).mean(-1) * STEPS).mean(), rtol=1e-5)
    np.testing.assert_allclose(got[1], (np.abs(error).mean(-1) * STEPS).sum() / STEPS.sum(), rtol=1e-5)
    logits = fastnn.losses.SparseCategoricalCrossentropy(from_logits=True)
    sparse, classes = sequences(loss=logits), TARGETS.argmax(-1)
    losses = fastnn.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    expected = losses(classes, sparse.predict(SEQUENCES)) * STEPS
    got = sparse.evaluate(SEQUENCES, classes, sample_weight=STEPS, verbose=0)
    np.testing.assert_allclose(got, expected.mean(), rtol=1e-5)


def test_weights_of_steps_train():
    """A weight of 2 is a step that is there twice, and one of 0 a step that does not matter."""
    weights = np.ones((6, 5))
    weights[:, 2:] = 0
    one, other = sequences(), sequences()
    poisoned = TARGETS.copy()
    poisoned[:, 2:] = 99
    for _ in range(3):
        one.train_on_batch(SEQUENCES, TARGETS, sample_weight=weights)
        other.train_on_batch(SEQUENCES, poisoned, sample_weight=weights)
    same(one, other)
    rows = np.arange(1.0, 7.0)
    one, other = sequences(), sequences()
    one.fit(SEQUENCES, TARGETS, sample_weight=rows, shuffle=False, epochs=3, batch_size=4, verbose=0)
    steps = np.repeat(rows[:, None], 5, axis=1)
    other.fit(SEQUENCES, TARGETS, sample_weight=steps, shuffle=False, epochs=3, batch_size=4, verbose=0)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)


def test_a_batch_without_weights_after_one_with():
    one, other = make(), make()
    one.train_on_batch(X, Y, sample_weight=W)
    one.train_on_batch(X, Y)
    other.fit(iter([(X, Y, W), (X, Y)]), verbose=0)
    same(one, other)


def test_weights_of_steps_and_a_mask_multiply():
    x = SEQUENCES.copy()
    x[:3, 3:] = 0
    mask = np.ones((6, 5))
    mask[:3, 3:] = 0
    model = sequences(Masking())
    error = ((model.predict(x) - TARGETS) ** 2).mean(-1)
    got = model.evaluate(x, TARGETS, sample_weight=STEPS, verbose=0)
    np.testing.assert_allclose(got, (error * STEPS * mask).sum() / mask.sum(), rtol=1e-5)


def test_a_dimension_of_weights_may_be_missing():
    model = fastnn.Sequential([Input((3, 4, 2)), Dense(2)])
    model.compile("sgd", "mse")
    x, y = RANDOM.standard_normal((5, 3, 4, 2)), RANDOM.standard_normal((5, 3, 4, 2))
    weights = RANDOM.uniform(0, 1, (5, 3))
    full = np.repeat(weights[..., None], 4, axis=2)
    assert model.evaluate(x, y, sample_weight=weights, verbose=0) == model.evaluate(
        x, y, sample_weight=full, verbose=0
    )
    for bad in (np.ones((5, 4)), np.ones((5, 3, 4, 2)), np.ones(4), 1.0):
        with pytest.raises(ValueError, match=r"sample_weight: expected shape \(5,\) or \(5, 3, 4\), got"):
            model.evaluate(x, y, sample_weight=bad, verbose=0)


# ---- what is like an array ------------------------------------------------------------------------------


class Like:
    """Memory of somebody else, who speaks one protocol."""

    def __init__(self, array):
        self.array, self.shape = array, array.shape

    def __len__(self):
        return len(self.array)


class Array(Like):
    def __array__(self, dtype=None, copy=None):
        return self.array


class Interface(Like):
    @property
    def __array_interface__(self):
        return self.array.__array_interface__


class DLPack(Like):
    def __dlpack__(self, **arguments):
        return self.array.__dlpack__(**arguments)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


@pytest.mark.parametrize("like", [Array, Interface, DLPack])
def test_array_likes_are_taken_without_a_copy(like):
    model, other = make(), make()
    (rows,) = model._validate_inputs(like(X))
    assert np.shares_memory(rows, X)
    history = model.fit(like(X), like(Y), sample_weight=like(W), shuffle=False, verbose=0).history
    assert history == other.fit(X, Y, sample_weight=W, shuffle=False, verbose=0).history
    same(model, other)
    model.train_on_batch(like(X), like(Y))
    np.testing.assert_array_equal(model.predict(like(X)), model.predict(X))
    fresh = fastnn.Sequential([Dense(2)])
    assert fresh.predict(like(X)).shape == (ROWS, 2)


def test_frames_of_pandas():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcdefgh"), copy=False)
    labels = pandas.Series(Y, index=np.arange(ROWS) + 5)
    model, other = make(), make()
    (rows,) = model._validate_inputs(frame)
    assert np.shares_memory(rows, X)
    model.fit(frame, labels, sample_weight=pandas.Series(W), shuffle=False, verbose=0)
    other.fit(X, Y, sample_weight=W, shuffle=False, verbose=0)
    same(model, other)
    model.fit(frame, labels, validation_split=0.2, class_weight={0: 2.0}, verbose=0)
    np.testing.assert_array_equal(model.predict(frame), model.predict(X))
    mixed = pandas.DataFrame({"a": [1, 2], "b": [0.5, 1.5], "c": [True, False]})
    np.testing.assert_array_equal(
        fastnn.Sequential([Input((3,)), Dense(1, kernel_initializer="ones")]).predict(mixed), [[2.5], [3.5]]
    )
    named = two()
    named.fit(
        {"a": pandas.DataFrame(A), "b": pandas.DataFrame(B)},
        {"value": pandas.Series(VALUE[:, 0]), "kind": labels},
        verbose=0,
    )
    with pytest.raises(TypeError, match="x: expected numbers"):
        model.predict(pandas.DataFrame({c: ["text"] for c in "abcdefgh"}))


def test_tensors_of_torch():
    torch = pytest.importorskip("torch")
    tensor = torch.from_numpy(X)
    model, other = make(), make()
    (rows,) = model._validate_inputs(tensor)
    assert np.shares_memory(rows, X)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(tensor, torch.from_numpy(Y)), batch_size=32
    )
    model.fit(loader, epochs=2, verbose=0)
    other.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    same(model, other)
    np.testing.assert_allclose(model.evaluate(loader, verbose=0), model.evaluate(X, Y, verbose=0), rtol=1e-6)
