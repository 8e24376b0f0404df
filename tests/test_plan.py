"""Plans: where values lie, which rows a run reads, and who may run one at the same time."""

import threading

import numpy as np
import pytest

import fastnn
from fastnn.kernels.core.memory import ALIGNMENT, align, aligned_zeros
from fastnn.kernels.core.planner import assign_offsets
from fastnn.layers import Dense, Dropout
from fastnn.training.plan_cache import plan_of

WIDTH = 64


def chain(layers=6, width=WIDTH):
    """Layers of one width, so each value takes `width` numbers a row."""
    return fastnn.Sequential([fastnn.Input((width,)), *(Dense(width, "tanh") for _ in range(layers))])


def data(rows, width=WIDTH, outputs=None):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, width)).astype("float32")
    return x, x[:, : outputs or width].copy()


def in_threads(n, work):
    """Run work(0) ... work(n - 1) in threads of their own, and raise what they raise."""
    errors = []

    def run(i):
        try:
            work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    if errors:
        raise errors[0]


# ---- where values lie -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(100))
def test_what_is_alive_at_the_same_time_does_not_overlap(seed):
    rng = np.random.default_rng(seed)
    moments = int(rng.integers(1, 30))
    usages = []
    for _ in range(rng.integers(0, 40)):
        first, last = sorted(rng.integers(0, moments, 2).tolist())
        usages.append((int(rng.integers(0, 1000)), first, last))
    offsets, total = assign_offsets(usages)
    for i, (size, first, last) in enumerate(usages):
        assert offsets[i] % ALIGNMENT == 0
        assert offsets[i] + size <= total
        for j, (other, begin, end) in enumerate(usages[:i]):
            if first <= end and begin <= last and size and other:
                assert offsets[i] >= offsets[j] + other or offsets[j] >= offsets[i] + size
    alive = [sum(align(s) for s, first, last in usages if first <= t <= last) for t in range(moments)]
    assert max(alive, default=0) <= total <= sum(align(size) for size, _, _ in usages)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_memory_starts_a_cache_line(dtype):
    for size in (1, 17):
        array = aligned_zeros(size, dtype)
        assert array.ctypes.data % ALIGNMENT == 0
        assert (array.shape, array.dtype) == ((size,), dtype)
        assert not array.any()


def test_inference_reuses_memory_and_training_keeps_it():
    model = chain(layers=10)
    model.compile(loss="mse")
    row = WIDTH * 4
    predict, test, train = (
        plan_of(model, purpose, capacity=256) for purpose in ("inference", "evaluation", "training")
    )
    assert predict.arena_size == 2 * 256 * row
    assert test.arena_size <= 3 * 256 * row
    assert 10 * 256 * row <= train.arena_size <= 13 * 256 * row


def test_the_arena_grows_with_the_capacity():
    model = chain()
    plan = plan_of(model, "inference", capacity=10)
    small = plan.arena_size
    assert plan_of(model, "inference", capacity=1000) is plan
    assert (plan.capacity, plan.arena_size) == (1000, 100 * small)
    assert plan_of(model, "inference", capacity=10).capacity == 1000


def test_a_prediction_of_wide_rows_takes_fewer_rows_at_a_time():
    model = fastnn.Sequential([fastnn.Input((4,)), Dense(300_000, use_bias=False), Dense(1)])
    x, _ = data(200, 4)
    y = model.predict(x)
    plan = plan_of(model, "inference")
    assert plan.capacity < 256
    assert plan.arena_size <= 2**26
    np.testing.assert_array_equal(model.predict(x[-3:]), y[-3:])


def test_a_new_layout_computes_the_same():
    x, y = data(500)
    one, other = chain(), chain()
    other.set_weights(one.get_weights())
    expected = one.predict(x)
    for capacity in (300, 1, 600):
        plan_of(one, "inference").reshape(capacity)
        np.testing.assert_array_equal(one.predict(x), expected)
    for model in (one, other):
        model.compile("sgd", "mse")
    other.train_on_batch(x[:40], y[:40])
    other.set_weights(one.get_weights())
    for model in (one, other):
        model.train_on_batch(x[:10], y[:10])
    assert [plan_of(model, "training").capacity for model in (one, other)] == [10, 40]
    np.testing.assert_array_equal(one.predict(x), other.predict(x))


# ---- whose weights they are -----------------------------------------------------------------------------


def test_models_that_share_layers_share_their_weights():
    x, y = data(64, 8, 2)
    shared = Dense(5, "relu")
    one = fastnn.Sequential([fastnn.Input((8,)), shared, Dense(2)])
    one.compile("sgd", "mse")
    before = one.predict(x)
    other = fastnn.Sequential([fastnn.Input((8,)), shared, Dense(2)])
    other.compile("sgd", "mse")
    for model in (one, other, one, other):
        kernel = shared.kernel.numpy()
        model.fit(x, y, verbose=0)
        assert not np.array_equal(kernel, shared.kernel.numpy())
        hidden = np.maximum(x @ shared.kernel.numpy() + shared.bias.numpy(), 0)
        for m in (one, other):
            head = m.layers[1]
            expected = hidden @ head.kernel.numpy() + head.bias.numpy()
            np.testing.assert_allclose(m.predict(x), expected, rtol=1e-4, atol=1e-5)
    assert not np.array_equal(before, one.predict(x))


def test_momentum_moves_along_with_the_weights():
    """A model whose weights move into another model's block learns on as if nothing had happened."""
    x, y = data(64, 8, 2)
    models = [fastnn.Sequential([fastnn.Input((8,)), Dense(5, "relu"), Dense(2)]) for _ in range(2)]
    models[1].set_weights(models[0].get_weights())
    for model in models:
        model.compile("adam", "mse")
        model.fit(x, y, epochs=2, shuffle=False, verbose=0)
    fastnn.Sequential([fastnn.Input((8,)), *models[0].layers, Dense(3)]).predict(x)
    for model in models:
        model.fit(x, y, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(models[0].get_weights(), models[1].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_model_that_shares_layers_predicts_while_the_other_trains():
    """Making, running and training it changes nothing for the model that is being trained."""
    x, y = data(64, 8, 2)

    def trained(callback):
        fastnn.utils.set_random_seed(1)
        model = fastnn.Sequential([fastnn.Input((8,)), Dense(5, "relu"), Dense(2)])
        model.compile("adam", "mse")
        model.fit(x, y, verbose=0, callbacks=[callback(model)])
        return model.get_weights()

    def alone(model):
        return fastnn.callbacks.Callback()

    def shared(model):
        def predict(batch, logs):
            other = fastnn.Sequential([fastnn.Input((8,)), *model.layers, Dense(1, "tanh")])
            np.testing.assert_array_equal(
                other.layers[0](x),
                np.maximum(model.layers[0](x), 0),  # reads the weights of this moment
            )
            other.predict(x)

        return fastnn.callbacks.LambdaCallback(on_train_batch_end=predict)

    for one, other in zip(trained(alone), trained(shared), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_write_into_a_weight_is_seen_by_the_next_run():
    model = fastnn.Sequential([fastnn.Input((2,)), Dense(1)])
    x = np.ones((3, 2), "float32")
    model.predict(x)
    model.layers[0].kernel.value[...] = 5
    model.layers[0].bias.assign([1])
    np.testing.assert_array_equal(model.predict(x), 11)


# ---- who may run them at the same time ------------------------------------------------------------------


def test_threads_predict_with_one_model(isa):
    model = chain()
    x, _ = data(700)
    expected = model.predict(x)

    def work(i):
        for rows in (1, 3, 300, 700)[i % 4 :] * 20:
            np.testing.assert_array_equal(model(x[:rows]), expected[:rows])

    in_threads(8, work)


def test_threads_begin_with_a_model_that_has_no_plan():
    x, _ = data(50)
    for _ in range(20):
        model = chain(2)
        results = {}
        in_threads(4, lambda i, model=model, results=results: results.update({i: model.predict(x)}))
        for y in results.values():
            np.testing.assert_array_equal(y, results[0])


def test_one_model_predicts_while_another_learns():
    model, learner = chain(), chain()
    learner.compile("adam", "mse")
    x, y = data(1000)
    expected = model.predict(x)

    def work(i):
        if i == 0:
            learner.fit(x, y, epochs=5, verbose=0)
        for _ in range(20):
            np.testing.assert_array_equal(model.predict(x), expected)

    in_threads(4, work)


def test_a_model_predicts_while_it_learns():
    """With whatever weights there are at the moment."""
    model = chain()
    model.compile("sgd", "mse")
    x, y = data(500)

    def work(i):
        if i == 0:
            model.fit(x, y, epochs=10, verbose=0)
        for rows in (1, 300, 500) * 5:
            assert np.isfinite(model.predict(x[:rows])).all()

    in_threads(4, work)


def test_models_learn_side_by_side_what_they_learn_alone():
    x, y = data(300)
    weights = chain().get_weights()
    results = {}

    def work(i):
        model = chain()
        model.set_weights(weights)
        model.compile("adam", "mse")
        model.fit(x, y, epochs=3, shuffle=False, verbose=0)
        results[i] = model.get_weights()

    work(0)
    in_threads(4, lambda i: work(i + 1))
    for i in range(1, 5):
        for a, b in zip(results[i], results[0], strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("use", ["fit", "a batch", "a larger batch"])
def test_a_model_is_trained_by_one_thread_at_a_time(use):
    """The others are told, and the training goes on."""
    x, y = data(1000)
    model = chain()
    model.compile("sgd", "mse")
    told, started, finished = [], threading.Event(), threading.Barrier(3)

    def pause_training(batch, logs):
        if not started.is_set():
            started.set()
            finished.wait(30)

    signal = fastnn.callbacks.LambdaCallback(on_train_batch_end=pause_training)

    def work(i):
        if i == 0:
            model.fit(x, y, epochs=20, verbose=0, callbacks=[signal])
            return
        started.wait(30)
        rows = {"fit": 1000, "a batch": 32, "a larger batch": 500}[use]
        train = model.fit if use == "fit" else model.train_on_batch
        with pytest.raises(RuntimeError, match="in use"):
            train(x[:rows], y[:rows])
        told.append(i)
        finished.wait(30)

    in_threads(3, work)
    assert sorted(told) == [1, 2]
    assert np.isfinite(model.evaluate(x, y, verbose=0))


def test_threads_evaluate_one_model():
    model = chain()
    model.compile(loss="mse")
    sets = [data(rows) for rows in (40, 400, 1000, 3000)]
    expected = [model.evaluate(*s, verbose=0) for s in sets]

    def work(i):
        for _ in range(20):
            assert model.evaluate(*sets[i], verbose=0) == expected[i]

    in_threads(4, work)


def test_a_model_may_be_used_by_its_own_callbacks():
    x, y = data(100)
    model = chain(2)
    model.compile("sgd", "mse")

    def use(epoch, logs):
        model.predict(x)
        model.evaluate(x, y, verbose=0)

    model.fit(x, y, epochs=2, verbose=0, callbacks=[fastnn.callbacks.LambdaCallback(on_epoch_end=use)])


def test_a_model_is_not_trained_by_its_own_callbacks():
    x, y = data(100)
    model = chain(2)
    model.compile("sgd", "mse")
    callback = fastnn.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: model.train_on_batch(x, y))
    with pytest.raises(RuntimeError, match="in use"):
        model.fit(x, y, verbose=0, callbacks=[callback])
    model.fit(x, y, verbose=0)


def test_an_optimizer_belongs_to_one_model():
    x, y = data(64)
    optimizer = fastnn.optimizers.SGD()
    one, other = chain(1), chain(3)
    one.compile(optimizer, "mse")
    one.fit(x, y, verbose=0)
    with pytest.raises(ValueError, match="optimizer: .*serves another model, .*sequential"):
        other.compile(optimizer, "mse")
        other.fit(x, y, verbose=0)
    one.compile(optimizer, "mae")
    one.fit(x, y, verbose=0)


def test_runs_stay_inside_the_arrays_that_are_bound():
    x, y = data(10)
    model = chain(1)
    model.compile("sgd", "mse")
    plan = plan_of(model, "training", capacity=8)
    plan.bind([x], [y])
    with pytest.raises(ValueError, match="rows: expected at most 8 .* 0 to 9"):
        plan.run(0, 9)
    with pytest.raises(ValueError, match="rows: .*10 bound, got 4 to 12"):
        plan.run(4, 8)
    plan.unbind()
    with pytest.raises(ValueError, match="rows: .*0 bound"):
        plan.run(0, 1)


def test_random_layers_act_when_a_plan_samples():
    model = fastnn.Sequential([fastnn.Input((WIDTH,)), Dropout(0.5)])
    x = np.ones((4, WIDTH), "float32")
    assert (model(x, training=True) == 0).any()
    assert np.array_equal(model(x), x)


def test_a_run_is_taken_back_once_and_where_it_was_made():
    model = fastnn.Sequential([fastnn.Input((3,)), Dense(2)])
    plan = model._plan_cache().tape(model.trainable_variables, ((3,),), (False,), True, 4)
    x, dy = np.ones((4, 3), "float32"), np.ones((4, 2), "float32")
    _, run = plan.record([x])
    for wrong in (dy[:3], dy.astype("float64")):
        with pytest.raises(ValueError, match=r"dy: expected float32 of shape \(4, 2\)"):
            plan.backward(run, [wrong])
    plan.backward(run, [dy])
    with pytest.raises(RuntimeError, match="taken back already"):
        plan.backward(run, [dy])
    _, run = plan.record([x])
    plan.reshape(8)
    with pytest.raises(RuntimeError, match="laid out anew"):
        plan.backward(run, [dy])
    with pytest.raises(ValueError, match="at most 8"):
        plan.record([np.ones((9, 3), "float32")])
