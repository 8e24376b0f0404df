"""What leaves a metric, a log or a history are numbers of that moment; who resets metrics and stops loops."""

import numpy as np
import pytest

import fastnn
from fastnn import callbacks, layers, metrics

X = np.arange(8.0).reshape(8, 1)
Y = np.zeros((8, 1))


class Worst(metrics.Metric):
    """The largest error: its result is its variable, as tutorials write it."""

    def __init__(self, name="worst", **kwargs):
        super().__init__(name=name, **kwargs)
        self.worst = self.add_weight(shape=(), initializer="zeros", name="worst")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.worst.assign(np.maximum(self.worst, np.max(np.abs(np.subtract(y_true, y_pred)))))

    def result(self):
        return self.worst


def identity(*kept, optimizer=None):
    """Return a model that returns its input, and does not learn."""
    model = fastnn.Sequential([fastnn.Input((1,)), layers.Dense(1, kernel_initializer="ones")])
    model.compile(optimizer or fastnn.optimizers.SGD(0.0), "mse", metrics=list(kept))
    return model


FORMS = {
    "variable": lambda v: v,
    "tensor": lambda v: v * 1.0,
    "array": lambda v: v.numpy(),
    "array of one": lambda v: v.numpy().reshape(1),
    "scalar": lambda v: v.numpy()[()],
    "number": lambda v: v.numpy().item(),
    "integer": lambda v: int(v.numpy()),
    "view": lambda v: v.value,
}


@pytest.mark.parametrize("form", list(FORMS))
def test_every_value_that_leaves_a_metric_is_a_float_of_that_moment(form):
    class Formed(Worst):
        def result(self):
            return FORMS[form](self.worst)

    model, seen = identity(Formed()), []
    listener = callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(logs),
        on_epoch_end=lambda epoch, logs: seen.append(logs),
    )
    history = model.fit(
        X, Y, 4, 2, 0, [listener], validation_data=(X[:2], Y[:2]), shuffle=False, validation_batch_size=2
    ).history
    assert history["worst"] == [7, 7]
    assert history["val_worst"] == [1, 1]
    assert all(type(value) is float for values in history.values() for value in values)
    assert [logs["worst"] for logs in seen] == [3, 7, 7, 3, 7, 7]
    assert [type(logs["worst"]) for logs in seen] == [float] * 6
    for found in (model.evaluate(X, Y, verbose=0), model.train_on_batch(X, Y), model.test_on_batch(X, Y)):
        assert found == [17.5, 7]
        assert type(found[1]) is float
    assert model.evaluate(X[:3], Y[:3], verbose=0, return_dict=True)["worst"] == 2


def test_results_by_hand_stay_what_they_are():
    metric = Worst()
    first = metric([0.0], [1.0])
    metric.update_state([0.0], [3.0])
    assert (first, metric.result()) == (1.0, 3.0)
    assert type(first) is float

    class Both(Worst):
        def result(self):
            return {"worst": self.worst, "pair": [self.worst, self.worst.value]}

    metric = Both()
    found = metric([0.0], [2.0])
    metric.reset_state()
    assert found == {"worst": 2.0, "pair": [2.0, 2.0]}

    class Nothing(Worst):
        def result(self):
            pass

    with pytest.raises(TypeError, match="worst: expected a number as the result of a metric, got None"):
        Nothing().result()


def test_early_stopping_sees_the_validation():
    model = identity(Worst(), optimizer=fastnn.optimizers.SGD(0.0001))
    with pytest.raises(ValueError, match="mode: 'auto' cannot tell .*'val_worst'"):
        model.fit(X, Y, verbose=0, callbacks=[callbacks.EarlyStopping("val_worst")], validation_data=(X, Y))
    stopping = callbacks.EarlyStopping("val_worst", patience=3, mode="min")
    history = model.fit(X, Y, epochs=10, verbose=0, callbacks=[stopping], validation_data=(X[4:6], Y[4:6]))
    assert len(history.epoch) == 10
    assert np.all(np.diff(history.history["val_worst"]) < 0)


def test_a_dict_of_results_is_in_the_logs_by_its_keys():
    class Extremes(Worst):
        def result(self):
            return {"worst": self.worst, "twice": self.worst * 2}

    model = identity(Extremes("extremes"))
    assert model.fit(X, Y, verbose=0).history == {"loss": [17.5], "worst": [7.0], "twice": [14.0]}
    assert model.evaluate(X, Y, verbose=0) == [17.5, 7.0, 14.0]
    assert model.train_on_batch(X, Y, return_dict=True) == {"loss": 17.5, "worst": 7.0, "twice": 14.0}


def test_logs_of_a_batch_are_those_of_its_batch():
    kept = []
    model = identity("mae")
    model.fit(
        X,
        Y,
        4,
        verbose=0,
        shuffle=False,
        callbacks=[callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: kept.append(logs))],
    )
    assert [dict(logs) for logs in kept] == [{"loss": 3.5, "mae": 1.5}, {"loss": 17.5, "mae": 3.5}]
    kept.clear()
    model.evaluate(
        X,
        Y,
        4,
        0,
        callbacks=[callbacks.LambdaCallback(on_test_batch_end=lambda batch, logs: kept.append(logs))],
    )
    assert [dict(logs) for logs in kept] == [{"loss": 3.5, "mae": 1.5}, {"loss": 17.5, "mae": 3.5}]


# ---- overridden methods of built-in metrics -------------------------------------------------------------


def test_an_overridden_reset_state_is_called_once_an_epoch_and_evaluation():
    calls = []

    class Counted(metrics.MeanAbsoluteError):
        def reset_state(self):
            calls.append(1)
            super().reset_state()

    model = identity(Counted(name="mae"))
    history = model.fit(X, Y, 4, 3, 0, validation_data=(X[:2], Y[:2])).history
    assert len(calls) == 6
    assert history["mae"] == [3.5] * 3
    assert history["val_mae"] == [0.5] * 3
    assert model.evaluate(X, Y, verbose=0) == [17.5, 3.5]
    assert len(calls) == 7


def test_overridden_results_and_updates_of_built_in_metrics_count():
    class Doubled(metrics.MeanAbsoluteError):
        def result(self):
            return 2 * super().result()

    class OfPairs(metrics.Precision):
        def update_state(self, y_true, y_pred, sample_weight=None):
            super().update_state(y_true == 0, y_pred > 3, sample_weight)

    model = identity(Doubled(name="doubled"), OfPairs(name="pairs"))
    assert model.evaluate(X, Y, 3, 0, return_dict=True) == {"loss": 17.5, "doubled": 7.0, "pairs": 1.0}
    assert model.fit(X, Y, 3, verbose=0).history["doubled"] == [7.0]


def test_a_metric_without_sample_weight():
    class Count(Worst):
        def update_state(self, y_true, y_pred):
            self.worst.assign(self.worst + len(y_true))

    assert identity(Count("count")).evaluate(X, Y, verbose=0)[1] == 8


def test_batches_of_several_lengths_are_one_epoch():
    """Each length has a plan of its own, and the metric is one."""
    model = fastnn.Sequential([fastnn.Input((None, 1)), layers.GlobalMaxPooling1D()])
    model.compile("sgd", "mse", metrics=[Worst()])
    batches = [(np.full((2, steps, 1), 9.0 - steps), np.zeros((2, 1))) for steps in (1, 2, 1, 3)]
    assert model.evaluate(iter(batches), verbose=0)[1] == 8


# ---- stopping -------------------------------------------------------------------------------------------


def endless():
    while True:
        yield X, Y


def test_callbacks_stop_evaluations_and_predictions():
    model = identity()

    def stop(batch, logs):
        model.stop_evaluating = model.stop_predicting = batch == 2

    seen = []
    stopping = callbacks.LambdaCallback(
        on_test_batch_end=lambda batch, logs: (seen.append(batch), stop(batch, logs)),
        on_predict_batch_end=lambda batch, logs: (seen.append(batch), stop(batch, logs)),
    )
    assert model.evaluate(endless(), verbose=0, callbacks=[stopping]) == 17.5
    assert len(model.predict(endless(), verbose=0, callbacks=[stopping])) == 24
    assert len(model.predict(X, 1, verbose=0, callbacks=[stopping])) == 3
    assert seen == [0, 1, 2] * 3
    assert model.evaluate(X, Y, verbose=0) == 17.5  # the flag is that of one evaluation
    assert len(model.predict(X, batch_size=1)) == 8
    model.fit(X, Y, 1, 2, 0, [stopping], validation_data=(X, Y), shuffle=False)
    assert seen[9:] == [0, 1, 2] * 2


# ---- integers -------------------------------------------------------------------------------------------


def test_integer_dtypes_cut_fractions_off_the_values():
    """As in Keras."""
    assert metrics.MeanSquaredError(dtype="int32")([[1.0]], [[2.5]]) == 2
    assert metrics.Sum(dtype="int32")([1.7, 2]) == 3
    assert metrics.Mean(dtype="int64")([1.9, 2, 4]) == pytest.approx(7 / 3)
    assert metrics.Mean(dtype=np.int32)([1.9, 3], sample_weight=[2.5, 1]) == pytest.approx(5 / 3)
    wrapped = metrics.MeanMetricWrapper(lambda t, p: (t - p) ** 2, dtype="int32")
    assert wrapped(np.array([[1.0]]), np.array([[2.5]])) == 2
    assert metrics.BinaryAccuracy(dtype="int32")([1, 0], [0.9, 0.8]) == 0.5
    assert metrics.MeanIoU(2, dtype="int32")([0, 1, 1], [0, 1, 0]) == pytest.approx(0.5)
    assert metrics.MeanIoU(2, dtype="int32").get_config()["dtype"] == "int32"
    for dtype in ("bool", "complex64", "text", 3):
        with pytest.raises(ValueError, match="dtype: expected 'float32' or 'float64', got"):
            metrics.Mean(dtype=dtype)


def test_integer_variables_of_metrics():
    class Count(metrics.Metric):
        def __init__(self, dtype):
            super().__init__(dtype=dtype)
            self.seen = self.add_weight(name="seen")
            self.other = self.add_variable((2,), "ones", dtype="int64")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.seen.assign_add(len(y_true))

        def result(self):
            return self.seen

    metric = Count("int32")
    assert (metric.seen.dtype, metric.other.dtype) == ("int32", "int64")
    assert metric([1, 2], [1, 2]) == 2
    assert type(metric.result()) is float
    assert identity(metric).evaluate(X, Y, verbose=0)[1] == 8
