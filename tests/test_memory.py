"""What is used is given back."""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

import fastnn
from fastnn.kernels.core.plan import Plan
from fastnn.layers import Dense
from fastnn.training import plan_cache
from fastnn.training.plan_cache import plan_of

X = np.random.default_rng(0).standard_normal((8, 10)).astype("float32")
Y = X[:, :2].copy()


def make():
    model = fastnn.Sequential([fastnn.Input((10,)), Dense(32, "relu"), fastnn.layers.Dropout(0.1), Dense(2)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


@pytest.fixture
def check_growth():
    """Check that doing the same work again adds less than `most` bytes to what Python and NumPy hold.

    A leak adds as much at every repetition. What is kept once adds nothing later, and memory that was taken
    before the measurement adds less and less as it is taken anew, so one small repetition of ten will do.
    """

    def held(work):
        work()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    def check(work, most):
        tracemalloc.start()
        try:
            before, added = held(work), []
            while not added or (added[-1] >= most and len(added) < 10):
                after = held(work)
                added.append(after - before)
                before = after
            assert added[-1] < most, f"bytes added at each repetition: {added}"
        finally:
            tracemalloc.stop()

    return check


def test_calls(check_growth):
    model = make()

    def work():
        for _ in range(20_000):
            model(X)

    check_growth(work, most=400)


@pytest.mark.parametrize(
    "use",
    [
        lambda model: model.predict(X.astype("float64")),
        lambda model: model(X, training=True),
        lambda model: model.train_on_batch(X, Y),
        lambda model: model.train_on_batch(X, Y, sample_weight=np.ones(8)),
        lambda model: model.evaluate(X, Y, verbose=0),
        lambda model: model.fit(X, Y, verbose=0),
        lambda model: model.layers[0](X),
        lambda model: fastnn.activations.softmax(X),
        lambda model: fastnn.losses.MeanSquaredError()(Y, Y),
    ],
)
def test_every_other_use(check_growth, use):
    model = make()

    def work():
        for _ in range(100):
            use(model)

    check_growth(work, most=1000)


@pytest.mark.parametrize("wrong", [X[:, :3], X.astype(complex), np.zeros((2, 10), "datetime64[s]"), None])
def test_errors(check_growth, wrong):
    model = make()

    def work():
        for _ in range(100):
            for use in (model, lambda x: model.train_on_batch(x, Y)):
                with pytest.raises((ValueError, TypeError)):
                    use(wrong)

    check_growth(work, most=1000)


def test_models(check_growth):
    """Made, trained and forgotten, they and their large arrays go; so do plans that are compiled anew."""
    x, y = np.ones((64, 100), "float32"), np.ones((64, 1), "float32")

    def work():
        for _ in range(40):
            model = fastnn.Sequential([fastnn.Input((100,)), Dense(100), Dense(1)])
            model.compile("adam", "mse")
            model.fit(x, y, verbose=0)
            model.predict(x)
            model.compile("sgd", "mse")
            model.fit(x, y, verbose=0)

    check_growth(work, most=2000)


@pytest.mark.parametrize(
    "use",
    [
        lambda model: model(X),
        lambda model: model.evaluate(X, Y, verbose=0),
        lambda model: model.train_on_batch(X, Y),
        lambda model: model.fit(X, Y, verbose=0),
    ],
)
def test_weights_go_with_the_last_name_of_their_model(use):
    """At once: a search over many models does not wait for the collector, which does not know their size."""
    gc.disable()
    try:
        model = make()
        use(model)
        gone = weakref.ref(model), weakref.ref(model.optimizer)
        weight = weakref.ref(model.weights[0])
        del model
        assert [r() for r in gone] == [None, None]
        gc.collect()
        assert weight() is None
    finally:
        gc.enable()


def test_the_callers_arrays_are_let_go():
    model = make()
    for use in (
        model,
        model.predict,
        *(lambda x: model.fit(x, Y, verbose=0), lambda x: model.evaluate(x, Y, verbose=0)),
        *(lambda x: model.train_on_batch(x, Y), lambda x: model.train_on_batch(x, Y)),
    ):
        x = X.copy()
        gone = weakref.ref(x)
        use(x)
        del x
        assert gone() is None


def test_a_prediction_is_the_callers_own():
    model = make()
    first = model(X)
    kept = first.copy()
    model(X + 1)
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(first, kept)
    assert first.flags.owndata


@pytest.mark.parametrize("used", [False, True])
def test_a_model_is_gone_with_its_last_reference(used):
    """Without Python's collector of cycles."""
    gc.collect()
    gc.disable()
    try:
        model = make()
        if used:
            model.fit(X, Y, verbose=0)
            model.evaluate(X, Y, verbose=0)
            model.predict(X)
        gone = [weakref.ref(part) for part in (model, *model.layers, *model.weights, model.optimizer)]
        del model
        assert [part() for part in gone] == [None] * len(gone)
    finally:
        gc.enable()


@pytest.mark.parametrize("purpose", ["training", "evaluation"])
def test_a_warm_run_of_a_plan_allocates_nothing(purpose):
    model = fastnn.Sequential(
        [
            fastnn.Input((12, 12, 3)),
            fastnn.layers.Conv2D(8, 3, activation="relu"),
            fastnn.layers.MaxPooling2D(2),
            fastnn.layers.BatchNormalization(),
            fastnn.layers.Reshape((5, 40)),
            fastnn.layers.LSTM(6),
            fastnn.layers.Dropout(0.5),
            fastnn.layers.Dense(4, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    plan = plan_of(model, purpose, 32)
    rng = np.random.default_rng(0)
    plan.bind([rng.standard_normal((32, 12, 12, 3), "float32")], [rng.integers(0, 4, 32).astype(np.int32)])
    try:
        for _ in range(3):
            plan.run(0, 32)
        gc.collect()
        tracemalloc.start()
        plan.run(0, 32)
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(10):
            plan.run(0, 32)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        plan.unbind()
    assert after - before < 256  # objects that Python keeps, such as the number of runs
    assert peak - before < 1024  # those that it makes and drops: not one array


def convolutional():
    layers = fastnn.layers.Conv2D(4, 3, padding="same"), fastnn.layers.GlobalAveragePooling2D(), Dense(2)
    model = fastnn.Sequential([fastnn.Input((None, None, 3)), *layers])
    model.compile("adam", "mse")
    return model


SIZES = [(8 + i, 20) for i in range(14)] * 2


class Images:
    """A data set whose images have another size in each batch."""

    def __iter__(self):
        return iter([(np.ones((4, *size, 3), "float32"), np.ones((4, 2), "float32")) for size in SIZES])


@pytest.mark.parametrize("most", [1, 2_000_000])
def test_the_plans_of_a_model_are_bounded_as_a_whole(monkeypatch, most):
    """By bytes, whatever they are for; the one used last of each kind is there in any case."""
    monkeypatch.setattr(plan_cache, "KEPT_BYTES", most)
    model = convolutional()
    for x, y in Images():
        model.train_on_batch(x, y)
        model.predict(x)
        model.evaluate(x, y, verbose=0)
        model(x, training=True)
    known = model._plan_cache()
    kinds = {}
    for key, plans in (*known._inference.items(), *known._compiled.items()):
        kind = key[0] if isinstance(key, tuple) else key
        kinds.setdefault(kind, []).extend((plan.used, plan.nbytes) for plan in plans.values())
    others = [nbytes for plans in kinds.values() for _, nbytes in sorted(plans)[:-1]]
    assert len(kinds) == 4
    assert sum(others) <= most
    assert others or most == 1


@pytest.mark.parametrize("use", ["fit", "evaluate"])
def test_an_epoch_of_many_shapes_holds_the_plans_of_few(monkeypatch, use):
    """Its losses and metrics go on in the plan of the next batch."""
    model = convolutional()
    expected = [model.evaluate(x, y, verbose=0) for x, y in Images()]
    monkeypatch.setattr(plan_cache, "KEPT_BYTES", 1)
    counts = []

    def count():
        return sum(type(found) is Plan for found in gc.get_objects())

    class Look(fastnn.callbacks.Callback):
        def on_test_batch_end(self, batch, logs=None):
            counts.append(count())

        on_train_batch_end = on_test_batch_end

    before = count()
    found = getattr(model, use)(Images(), verbose=0, callbacks=[Look()])
    assert len(counts) == len(SIZES)
    assert max(counts) <= before + 4
    if use == "evaluate":
        assert found == pytest.approx(np.mean(expected), rel=1e-6)


def test_idle_arenas_of_a_plan_are_bounded():
    """As many runs as there are threads may have needed one at once."""
    model = fastnn.Sequential([fastnn.Input((1,)), Dense(40_000, use_bias=False), Dense(1)])
    plan = model._plan_cache().tape((), ((1,),), (False,), False, 256)
    x = np.ones((256, 1), "float32")
    records = [plan.record([x])[1] for _ in range(8)]
    del records
    assert plan.arena_size > 40_000_000
    assert plan.nbytes < 2**27 + 10**6
