"""`fit`, `evaluate` and their forms for one batch: which rows, in which order, counted how."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest

import fastnn
from fastnn.callbacks import Callback, LambdaCallback
from fastnn.checks import ArgumentError
from fastnn.layers import Dense, Dropout
from fastnn.optimizers import SGD

ROWS = 70  # two batches and six rows


def data(rows=ROWS):
    """Inputs, class numbers that can be learned from them, and one-hot labels."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, 8)).astype("float32")
    y = (x[:, :3]).argmax(1)
    return x, y, np.eye(3, dtype="float32")[y]


def make(loss="sparse_categorical_crossentropy", optimizer="adam", **compiled):
    fastnn.utils.set_random_seed(3)
    layers = [Dense(16, "relu"), Dense(3, "softmax" if "crossentropy" in loss else None)]
    model = fastnn.Sequential([fastnn.Input((8,)), *layers])
    model.compile(optimizer, loss, **compiled)
    return model


def same(one, other):
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def digest(model):
    return hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest()


# ---- which rows -----------------------------------------------------------------------------------------


def test_epochs_are_steps_on_batches_in_order():
    """The last one smaller."""
    x, y, _ = data()
    fitted, stepped = make(), make()
    fitted.fit(x, y, epochs=2, shuffle=False, verbose=0)
    for start in (0, 32, 64) * 2:
        stepped.train_on_batch(x[start : start + 32], y[start : start + 32])
    same(fitted, stepped)
    assert fitted.optimizer.iterations == 6


@pytest.mark.parametrize(
    "dtype", ["int8", "uint16", "int32", "int64", ">i8", "uint64", "float32", "float64", "O"]
)
@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_a_batch_takes_the_short_way_or_the_long_way_to_the_same_weights(loss, dtype):
    """Arrays in the plan's own form go straight into a step."""
    x, y, one_hot = data()
    plain = y if loss.startswith("sparse") else one_hot
    given = plain.astype(dtype)
    for rows in (x, x.astype("float64"), np.asfortranarray(x), x.tolist()):
        for labels in (given, given.tolist(), np.repeat(given, 2, axis=0)[::2]):
            one, other = make(loss), make(loss)
            for _ in range(2):
                one.train_on_batch(x, plain)
                other.train_on_batch(rows, labels)
            same(one, other)


@pytest.mark.parametrize("batch_size", [1, 7, 70, 100])
def test_batch_size(batch_size):
    x, y, _ = data()
    model = make()
    model.fit(x, y, batch_size=batch_size, epochs=2, verbose=0)
    assert model.optimizer.iterations == 2 * -(-ROWS // batch_size)


def test_shuffling_takes_each_row_once_an_epoch():
    """With rows of their own weight, a step of SGD adds up which rows it has seen."""
    x = np.eye(ROWS, dtype="float32")
    model = fastnn.Sequential([fastnn.Input((ROWS,)), Dense(1, kernel_initializer="zeros", use_bias=False)])
    model.compile(SGD(0.5), "mean_absolute_error")
    seen, orders = [np.zeros(ROWS)], []

    def look(batch, logs):
        now = model.layers[0].kernel.numpy()[:, 0]
        orders.append(frozenset(np.flatnonzero(now != seen[-1])))
        seen.append(now)

    model.fit(
        x,
        np.full(ROWS, 99.0),
        batch_size=10,
        epochs=2,
        verbose=0,
        callbacks=[LambdaCallback(on_train_batch_end=look)],
    )
    first, second = orders[:7], orders[7:]
    for epoch in (first, second):
        assert all(len(batch) == 10 for batch in epoch)
        assert frozenset.union(*epoch) == set(range(ROWS))
    assert first != second
    assert first[0] != set(range(10))


def test_validation_split_takes_the_last_rows():
    x, y, _ = data()
    poisoned = y.copy()
    poisoned[56:] = 0
    split, apart = make(metrics=["accuracy"]), make(metrics=["accuracy"])
    split.fit(x, poisoned, validation_split=0.2, epochs=3, verbose=0)
    fastnn.utils.set_random_seed(3)
    apart = make(metrics=["accuracy"])
    apart.fit(x[:56], y[:56], validation_data=(x[56:], poisoned[56:]), epochs=3, verbose=0)
    same(split, apart)
    assert split.history.history == apart.history.history


def test_validation_split_splits_the_weights_too():
    x, y, _ = data()
    weights = np.arange(ROWS, dtype="float32")
    split, apart = make(), make()
    split.fit(x, y, sample_weight=weights, validation_split=0.5, shuffle=False, verbose=0)
    apart.fit(
        x[:35], y[:35], sample_weight=weights[:35], validation_data=(x[35:], y[35:], weights[35:]),
        shuffle=False, verbose=0,
    )  # fmt: skip
    assert split.history.history == apart.history.history


def test_initial_epoch():
    x, y, _ = data()
    epochs = []
    callback = LambdaCallback(on_epoch_begin=lambda epoch, logs: epochs.append(epoch))
    model = make()
    history = model.fit(x, y, initial_epoch=3, epochs=5, verbose=0, callbacks=[callback])
    assert epochs == history.epoch == [3, 4]
    model.fit(x, y, initial_epoch=5, epochs=5, verbose=0, callbacks=[callback])
    assert len(epochs) == 2


def test_steps_per_epoch():
    x, y, _ = data()
    model = make()
    history = model.fit(x, y, steps_per_epoch=2, epochs=3, verbose=0)
    assert model.optimizer.iterations == 5  # the data ends after three
    assert len(history.history["loss"]) == 3


def test_stop_training_in_the_middle_of_an_epoch():
    x, y, _ = data()
    model = make()

    class Stop(Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    history = model.fit(x, y, epochs=5, verbose=0, callbacks=[Stop()])
    assert model.optimizer.iterations == 2
    assert len(history.history["loss"]) == 1
    assert len(model.fit(x, y, epochs=2, verbose=0).history["loss"]) == 2


def test_a_callback_that_raises_leaves_a_model_that_works():
    x, y, _ = data()
    model = make()

    def fail(batch, logs):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, verbose=0, callbacks=[LambdaCallback(on_train_batch_end=fail)])
    assert model.optimizer.iterations == 1
    model.fit(x, y, verbose=0)
    model.evaluate(x, y, verbose=0)


def test_order_of_calls():
    x, y, _ = data(40)
    calls = []
    hooks = [
        f"on_{what}_{when}"
        for what in ("train", "epoch", "train_batch", "test", "test_batch")
        for when in ("begin", "end")
    ]
    recorder = type("Recorder", (Callback,), {
        hook: lambda self, *args, hook=hook, **logs: calls.append(hook[3:]) for hook in hooks
    })()  # fmt: skip
    make().fit(x, y, epochs=1, validation_data=(x[:5], y[:5]), verbose=0, callbacks=[recorder])
    batch = ["train_batch_begin", "train_batch_end"]
    test = ["test_begin", "test_batch_begin", "test_batch_end", "test_end"]
    assert calls == ["train_begin", "epoch_begin", *batch, *batch, *test, "epoch_end", "train_end"]


# ---- what is counted ------------------------------------------------------------------------------------


def test_history_has_losses_and_metrics():
    x, y, _ = data()
    model = make(metrics=["accuracy", "sparse_categorical_crossentropy"])
    history = model.fit(x, y, epochs=3, validation_split=0.2, verbose=0).history
    names = ["loss", "accuracy", "sparse_categorical_crossentropy"]
    assert list(history) == names + [f"val_{name}" for name in names]
    assert all(len(values) == 3 and isinstance(values[0], float) for values in history.values())
    np.testing.assert_allclose(history["loss"], history["sparse_categorical_crossentropy"], rtol=1e-5)
    assert history["loss"][-1] < history["loss"][0]
    assert model.history.history is history


def test_validation_freq():
    x, y, _ = data()
    history = make().fit(x, y, epochs=5, validation_split=0.5, validation_freq=2, verbose=0).history
    assert (len(history["loss"]), len(history["val_loss"])) == (5, 2)


def test_the_loss_of_an_epoch_is_the_mean_over_rows():
    """Not over batches, of which the last has fewer rows."""
    x, y, _ = data()
    model = make(optimizer=SGD(0.0))
    history = model.fit(x, y, verbose=0).history
    whole = model.evaluate(x, y, verbose=0)
    assert history["loss"][0] == pytest.approx(whole, rel=1e-6)
    batches = [model.test_on_batch(x[i : i + 32], y[i : i + 32]) for i in (0, 32, 64)]
    assert whole == pytest.approx(np.average(batches, weights=[32, 32, 6]), rel=1e-6)
    assert whole != pytest.approx(np.mean(batches), rel=1e-6)


@pytest.mark.parametrize("batch_size", [None, 1, 7, 1000])
def test_an_evaluation_does_not_depend_on_batches(batch_size):
    x, y, _ = data(700)
    model = make(metrics=["accuracy"])
    expected = model.evaluate(x, y, verbose=0, return_dict=True)
    p = model.predict(x)
    assert expected["accuracy"] == (p.argmax(1) == y).mean()
    assert expected["loss"] == pytest.approx(-np.log(p[np.arange(700), y]).mean(), rel=1e-5)
    got = model.evaluate(x, y, batch_size=batch_size, verbose=0, return_dict=True)
    assert got == pytest.approx(expected, rel=1e-6)


def test_steps_of_an_evaluation():
    x, y, _ = data()
    model = make()
    assert model.evaluate(x, y, batch_size=10, steps=3, verbose=0) == model.evaluate(
        x[:30], y[:30], verbose=0
    )
    np.testing.assert_array_equal(model.predict(x, batch_size=10, steps=3), model.predict(x[:30]))


def test_test_on_batch_takes_one_batch():
    """Of any number of rows, as for a loss that is no mean over them."""
    x, y, _ = data()
    model = make()
    model.compile("sgd", fastnn.losses.SparseCategoricalCrossentropy(reduction="sum"))
    p = model.predict(x)
    expected = -np.log(p[np.arange(len(y)), y]).sum()
    assert model.test_on_batch(x, y) == pytest.approx(expected, rel=1e-5)
    assert model.test_on_batch(x[:40], y[:40]) == model.evaluate(x[:40], y[:40], batch_size=40, verbose=0)
    with pytest.raises(ValueError, match="x: expected at least one row to evaluate, got none"):
        model.test_on_batch(x[:0], y[:0])


def test_forms_of_results():
    x, y, _ = data()
    plain, metered = make(), make(metrics=["accuracy"])
    assert metered.metrics_names == ["loss", "accuracy"]
    for use in ("train_on_batch", "test_on_batch"):
        assert isinstance(getattr(plain, use)(x, y), float)
        loss, accuracy = getattr(metered, use)(x, y)
        assert isinstance(loss, float)
        assert 0 <= accuracy <= 1
        assert list(getattr(metered, use)(x, y, return_dict=True)) == metered.metrics_names
    assert metered.test_on_batch(x, y) == metered.evaluate(x, y, verbose=0)
    assert isinstance(plain.evaluate(x, y, verbose=0), float)


@pytest.mark.parametrize("use", ["fit", "train_on_batch"])
def test_a_row_of_weight_two_counts_twice(use):
    x, y, _ = data(32)
    weights = np.ones(32)
    weights[16:] = [2, 0] * 8
    doubled = np.concatenate([np.arange(16), np.repeat(np.arange(16, 32, 2), 2)])
    options = {"shuffle": False, "verbose": 0} if use == "fit" else {}
    weighted, plain = make(optimizer="sgd"), make(optimizer="sgd")
    getattr(weighted, use)(x, y, sample_weight=weights, **options)
    getattr(plain, use)(x[doubled], y[doubled], **options)
    for a, b in zip(weighted.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert weighted.evaluate(x, y, sample_weight=weights, verbose=0) == pytest.approx(
        plain.evaluate(x[doubled], y[doubled], verbose=0), rel=1e-5
    )


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_class_weights_are_weights_of_rows(loss):
    x, y, one_hot = data()
    labels = y if loss.startswith("sparse") else one_hot
    by_class, by_row, both = make(loss), make(loss), make(loss)
    by_class.fit(x, labels, class_weight={0: 0.5, 2: 3.0}, verbose=0, shuffle=False)
    by_row.fit(x, labels, sample_weight=np.array([0.5, 1, 3])[y], verbose=0, shuffle=False)
    same(by_class, by_row)
    both.fit(
        x, labels, sample_weight=np.full(ROWS, 0.5), class_weight={0: 1, 1: 2, 2: 6}, verbose=0, shuffle=False
    )
    same(by_class, both)


@pytest.mark.parametrize("form", ["numbers", "column", "float64", "one-hot", "lists"])
@pytest.mark.parametrize("weighted", [False, True])
def test_batches_of_a_warm_model_have_class_weights(form, weighted):
    """They go by the plan used last, and get what those of a new model get."""
    x, y, one_hot = data()
    labels = {
        "numbers": y,
        "column": y[:, None],
        "float64": y.astype(float),
        "one-hot": one_hot,
        "lists": y.tolist(),
    }[form]
    loss = "categorical_crossentropy" if form == "one-hot" else "sparse_categorical_crossentropy"
    weights, of_class = np.arange(ROWS) % 5 / 2, {2: 3.0, 0: 0.5, 9: 7.0}
    warm, new = make(loss, optimizer="sgd"), make(loss, optimizer="sgd")
    for _ in range(3):
        got = warm.train_on_batch(x, labels, weights if weighted else None, of_class)
        by_row = np.array([0.5, 1, 3])[y] * (weights if weighted else 1)
        assert got == pytest.approx(
            new.train_on_batch(x, y if loss.startswith("sparse") else one_hot, by_row)
        )
    same(warm, new)
    with pytest.raises(ArgumentError, match="class_weight: expected a dict"):
        warm.train_on_batch(x, labels, class_weight=[1, 2, 3])
    with pytest.raises(ValueError, match="class_weight: expected class numbers as keys, got 0.5"):
        warm.train_on_batch(x, labels, class_weight={0.5: 1})


@pytest.mark.parametrize(
    "labels",
    [
        np.full(5, 0.5), np.full(5, np.nan), np.full(5, np.inf, "float32"), np.full((5, 1), "a"),
        np.full(5, 1j), np.array([1, 0, 1, 0, 1], object), np.full(5, 1e-300), np.zeros((5, 0)),
        np.zeros((0, 1)), np.zeros(()), np.ma.masked_array(np.ones(5), [True] * 5),
        np.full(5, 2**63 + 1, np.uint64),
    ],
    ids=lambda labels: f"{type(labels).__name__}-{labels.dtype}-{labels.shape}",
)  # fmt: skip
@pytest.mark.parametrize("loss", ["mse", "binary_crossentropy"])
def test_a_warm_model_says_of_labels_what_a_new_one_does(loss, labels):
    def outcome(warm):
        model = fastnn.Sequential([fastnn.Input((2,)), Dense(1, "sigmoid", kernel_initializer="ones")])
        model.compile("sgd", loss)
        x = np.ones((5, 2))
        if warm:
            for _ in range(2):
                model.train_on_batch(x, np.ones(5), class_weight={0: 2.0, 1: 1.0})
            model.set_weights([np.ones((2, 1)), np.zeros(1)])
        try:
            return model.train_on_batch(x, labels, class_weight={0: 2.0, 1: 0.5})
        except Exception as error:
            return type(error), str(error)

    assert outcome(True) == outcome(False)


@pytest.mark.parametrize(
    ("shape", "units", "loss", "labels"),
    [
        ((4, 2), 1, "mse", np.eye(4)),
        ((4, 2), 1, "binary_crossentropy", np.eye(4)[..., None]),
        ((1, 2), 3, "sparse_categorical_crossentropy", np.ones((4, 1), int)),
        ((2,), 1, None, np.ones(4)),
    ],
    ids=["steps", "steps and units", "one step", "no loss"],
)
def test_class_weights_where_samples_have_no_label_of_their_own(shape, units, loss, labels):
    """A model that has trained with weights of samples says the same as a new one."""
    penalty = None if loss else "l2"
    model = fastnn.Sequential(
        [fastnn.Input(shape), Dense(units, "sigmoid", loss is not None, kernel_regularizer=penalty)]
    )
    model.compile("sgd", loss)
    x = np.ones((4, *shape))
    model.train_on_batch(x, labels if loss else None, np.ones(4))
    before = model.get_weights()
    with pytest.raises(ValueError, match="class_weight: expected (one label per row|a model with a loss)"):
        model.train_on_batch(x, labels, class_weight={0: 1.0, 1: 5.0})
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_metrics_count_rows_by_weight_only_where_told():
    x, y, _ = data()
    weights = np.linspace(0, 2, ROWS)
    model = make(metrics=["accuracy"], weighted_metrics=["accuracy"])
    got = model.evaluate(x, y, sample_weight=weights, verbose=0, return_dict=True)
    right = model.predict(x).argmax(1) == y
    assert list(got) == model.metrics_names
    assert got["accuracy"] == pytest.approx(right.mean())
    assert got["weighted_accuracy"] == pytest.approx(np.average(right, weights=weights))


# ---- the same again -------------------------------------------------------------------------------------


def train(optimizer="adam"):
    """Three epochs of a model that several threads are worth their while for."""
    fastnn.utils.set_random_seed(11)
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((1000, 100)).astype("float32"), rng.integers(0, 10, 1000)
    layers = [Dense(300, "relu"), Dropout(0.2), Dense(200, "tanh"), Dense(10, "softmax")]
    model = fastnn.Sequential([fastnn.Input((100,)), *layers])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=200, epochs=3, verbose=0).history
    return digest(model), history


def test_a_seed_repeats_a_training_on_any_number_of_threads(isa):
    with fastnn.threads(1):
        expected = train()
    for n in (1, 2, 3, 4):
        with fastnn.threads(n):
            assert train() == expected


def test_another_seed_is_another_training():
    x, y, _ = data()
    one, other = make(), make()
    fastnn.utils.set_random_seed(1)
    one.fit(x, y, verbose=0)
    fastnn.utils.set_random_seed(2)
    other.fit(x, y, verbose=0)
    assert digest(one) != digest(other)


def test_not_shuffled_no_seed_is_needed():
    x, y, _ = data()
    models = [make(), make()]
    for seed, model in enumerate(models):
        fastnn.utils.set_random_seed(seed)
        model.fit(x, y, epochs=2, shuffle=False, verbose=0)
    same(*models)


# ---- optimizers -----------------------------------------------------------------------------------------

OPTIMIZERS = {
    "sgd": ("SGD", {"learning_rate": 0.1}),
    "momentum": ("SGD", {"learning_rate": 0.05, "momentum": 0.9}),
    "nesterov": ("SGD", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}),
    "decay": ("SGD", {"learning_rate": 0.1, "weight_decay": 0.01}),
    "adam": ("Adam", {"learning_rate": 0.01}),
    "amsgrad": ("Adam", {"learning_rate": 0.01, "amsgrad": True}),
    "adamw": ("AdamW", {"learning_rate": 0.01}),
    "rmsprop": ("RMSprop", {"learning_rate": 0.01}),
    "rmsprop momentum": ("RMSprop", {"learning_rate": 0.005, "momentum": 0.9}),
    "rmsprop centered": ("RMSprop", {"learning_rate": 0.01, "centered": True}),
    "clipnorm": ("SGD", {"learning_rate": 0.5, "clipnorm": 0.1}),
    "clipvalue": ("SGD", {"learning_rate": 0.5, "clipvalue": 0.05}),
    "global_clipnorm": ("Adam", {"learning_rate": 0.01, "global_clipnorm": 0.5}),
}

each_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)


def optimizer_of(name):
    cls, arguments = OPTIMIZERS[name]
    return getattr(fastnn.optimizers, cls)(**arguments)


@each_optimizer
def test_every_optimizer_learns(name):
    x, y, _ = data(200)
    history = make(optimizer=optimizer_of(name)).fit(x, y, epochs=30, verbose=0).history["loss"]
    assert history[-1] < 0.6 * history[0]
    assert all(later < earlier + 0.05 for earlier, later in pairwise(history))


@each_optimizer
def test_every_optimizer_goes_on_where_it_stopped(name):
    x, y, _ = data()
    one, two = make(optimizer=optimizer_of(name)), make(optimizer=optimizer_of(name))
    one.fit(x, y, epochs=4, shuffle=False, verbose=0)
    for _ in range(2):
        two.fit(x, y, epochs=2, shuffle=False, verbose=0)
    same(one, two)
    assert one.optimizer.iterations == two.optimizer.iterations == 12


@each_optimizer
def test_every_optimizer_is_what_its_config_says(name):
    optimizer = optimizer_of(name)
    twin = fastnn.optimizers.deserialize(fastnn.optimizers.serialize(optimizer))
    assert twin.get_config() == optimizer.get_config()
    x, y, _ = data()
    models = [make(optimizer=o) for o in (optimizer, twin)]
    for model in models:
        model.fit(x, y, epochs=2, shuffle=False, verbose=0)
    same(*models)


@pytest.mark.parametrize("clip", ["clipnorm", "clipvalue", "global_clipnorm"])
def test_clipping(clip):
    """Of the gradients that a plain step shows."""
    x, y, _ = data()
    plain, clipped = make(optimizer=SGD(1.0)), make(optimizer=SGD(1.0, **{clip: 0.02}))
    start = plain.get_weights()
    for model in (plain, clipped):
        model.train_on_batch(x, y)
    gradients, got = ([s - w for s, w in zip(start, m.get_weights(), strict=True)] for m in (plain, clipped))
    norms = [np.linalg.norm(g) for g in gradients]
    scales = {
        "clipnorm": [0.02 / max(n, 0.02) for n in norms],
        "global_clipnorm": [0.02 / np.linalg.norm(norms)] * 4,
    }
    for i, (g, c) in enumerate(zip(gradients, got, strict=True)):
        expected = np.clip(g, -0.02, 0.02) if clip == "clipvalue" else g * scales[clip][i]
        np.testing.assert_allclose(c, expected, rtol=1e-3, atol=1e-6)


def test_the_learning_rate_may_change_at_any_time():
    x, y, _ = data()
    model = make(optimizer=SGD(0.1))
    model.optimizer.learning_rate = 0.0
    before = digest(model)
    model.fit(x, y, verbose=0)
    assert digest(model) == before
    model.optimizer.learning_rate = 0.1
    model.fit(x, y, verbose=0)
    assert digest(model) != before


def test_a_new_compilation_starts_anew():
    x, y, _ = data()
    model, twin = make(), make()
    model.fit(x, y, shuffle=False, verbose=0)
    twin.set_weights(model.get_weights())
    model.compile("adam", "sparse_categorical_crossentropy")
    assert model.optimizer.iterations == 0
    for m in (model, twin):
        m.fit(x, y, shuffle=False, verbose=0)
    same(model, twin)


# ---- what learns ----------------------------------------------------------------------------------------


def test_what_is_not_trainable_stays():
    x, y, _ = data()
    model = make()
    model.layers[0].trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    frozen = [w.numpy() for w in model.layers[0].weights]
    last = model.layers[1].kernel.numpy()
    model.fit(x, y, epochs=2, verbose=0)
    for before, weight in zip(frozen, model.layers[0].weights, strict=True):
        np.testing.assert_array_equal(before, weight.numpy())
    assert not np.array_equal(last, model.layers[1].kernel.numpy())
    model.layers[0].trainable = True
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, verbose=0)
    assert not np.array_equal(frozen[0], model.layers[0].kernel.numpy())


def test_a_layer_that_is_added_learns_too():
    x, y, _ = data()
    model = make()
    model.fit(x, y, verbose=0)
    model.add(Dense(3, "softmax"))
    before = model.layers[-1].kernel.numpy()
    model.fit(x, y, verbose=0)
    assert not np.array_equal(before, model.layers[-1].kernel.numpy())


@pytest.mark.parametrize("layer", [Dropout(0.5), Dense(3, trainable=False)], ids=["no weights", "frozen"])
def test_a_model_without_trainable_weights_changes_nothing(layer):
    """It trains with a warning, as in Keras, and draws new random numbers at each step."""
    model = fastnn.Sequential([fastnn.Input((3,)), layer, Dropout(0.5)])
    model.compile("adam", "mse")
    x = np.ones((4, 3))
    before = model.get_weights()
    loss = model.evaluate(x, x, verbose=0)
    with pytest.warns(UserWarning, match="does not have any trainable weights"):
        history = model.fit(x, x, verbose=0, epochs=8)
    assert len(set(history.history["loss"])) > 1
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert model.evaluate(x, x, verbose=0) == loss
    assert model.optimizer.iterations == 0


@pytest.mark.parametrize("verbose", [0, 1, 2, "auto"])
def test_verbose(verbose, capsys):
    x, y, _ = data()
    make().fit(x, y, epochs=2, verbose=verbose)
    out = "".join(capsys.readouterr())
    assert ("loss" in out) == (verbose != 0)


def test_evaluations_of_batches_that_alternate():
    """The plan of the last call serves the next one of the same thread, shapes and compilation."""
    x, y = np.linspace(-1, 1, 40).reshape(20, 2), np.linspace(0, 1, 20)
    model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])

    def expected(rows, weights=1.0):
        error = model.predict(x[:rows])[:, 0] - y[:rows]
        return pytest.approx([np.mean(error**2 * weights), np.mean(abs(error))], rel=1e-5)

    for rows in (5, 5, 20, 7, 0, 7):
        if rows:
            assert model.test_on_batch(x[:rows], y[:rows]) == expected(rows)
            model.train_on_batch(x[:rows], y[:rows])
        else:
            with pytest.raises(ValueError, match="at least one row"):
                model.test_on_batch(x[:0], y[:0])
    weights = np.linspace(0, 2, 5)
    assert model.test_on_batch(x[:5], y[:5], weights) == expected(5, weights)
    assert model.test_on_batch(x[:5].tolist(), y[:5].tolist(), return_dict=True).keys() == {"loss", "mae"}
    with pytest.raises(ValueError, match="y: expected a number, got nan in row 1"):
        model.test_on_batch(x[:2], [0.0, np.nan])
    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(lambda _: model.test_on_batch(x, y), range(8)):
            assert found == expected(20)
    model.compile("sgd", "mae")
    assert model.test_on_batch(x, y) == pytest.approx(expected(20).expected[1], rel=1e-5)
