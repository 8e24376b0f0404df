"""Callbacks, on a model that does nothing but hold what they touch."""

import csv
import importlib
import io
import math
import re
import sys
from collections.abc import Mapping
from types import SimpleNamespace

import numpy as np
import pytest
import tqdm

from fastnn.callbacks import (
    Callback,
    CallbackList,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ProgbarLogger,
    ReduceLROnPlateau,
    TerminateOnNaN,
    progress,
)


class Model:
    def __init__(self, learning_rate=1.0, metrics=()):
        self.optimizer = SimpleNamespace(learning_rate=learning_rate)
        self.metrics = metrics
        self.stop_training = False
        self.weights = [np.zeros(2)]

    def get_weights(self):
        return [w.copy() for w in self.weights]

    def set_weights(self, weights):
        self.weights = [w.copy() for w in weights]


class Lazy(Mapping):
    """Logs that count how often they are looked into."""

    def __init__(self, **values):
        self.values_ = values
        self.reads = 0

    def __getitem__(self, key):
        self.reads += 1
        return self.values_[key]

    def __iter__(self):
        self.reads += 1
        return iter(self.values_)

    def __len__(self):
        self.reads += 1
        return len(self.values_)


def fit(callback, epochs, model=None, batches=(), steps=None, verbose=0, **kwargs):
    """Run the hooks as a training does; `epochs` holds the logs of each epoch."""
    model = model or Model()
    heard = CallbackList(callback, model=model, verbose=verbose, epochs=len(epochs), steps=steps, **kwargs)
    heard.on_train_begin()
    for epoch, logs in enumerate(epochs):
        heard.on_epoch_begin(epoch)
        for batch, batch_logs in enumerate(batches):
            heard.on_train_batch_begin(batch)
            heard.on_train_batch_end(batch, batch_logs)
        model.weights = [np.full(2, epoch + 1.0)]
        heard.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    heard.on_train_end()
    return model


def named(name, values):
    return [{name: v} for v in values]


# ---- the list ----------------------------------------------------------------------------------------

HOOKS = [name for name in vars(Callback) if name.startswith("on_")]


def test_there_are_all_hooks():
    parts = [f"on_{kind}_{when}" for kind in ("train", "test", "predict") for when in ("begin", "end")]
    batches = [
        f"on_{kind}_batch_{when}" for kind in ("train", "test", "predict") for when in ("begin", "end")
    ]
    assert sorted(HOOKS) == sorted(
        [*parts, *batches, "on_epoch_begin", "on_epoch_end", "on_batch_begin", "on_batch_end"]
    )


@pytest.mark.parametrize("hook", HOOKS)
def test_hooks_run_in_order(hook):
    seen = []

    class Loud(Callback):
        def __init__(self, name):
            self.name = name

    def call(self, *args):
        seen.append((self.name, *args))

    setattr(Loud, hook, call)
    heard = CallbackList([Loud("a"), Callback(), Loud("b")])
    args = (3,) if "batch" in hook or "epoch" in hook else ()
    assert heard.listens(hook)
    getattr(heard, hook)(*args, {"loss": 1.0})
    assert seen == [("a", *args, {"loss": 1.0}), ("b", *args, {"loss": 1.0})]
    getattr(heard, hook)(*args)
    assert seen[2:] == [("a", *args, {}), ("b", *args, {})]
    also = {"on_batch_begin": "on_train_batch_begin", "on_batch_end": "on_train_batch_end"}.get(hook, hook)
    assert [h for h in HOOKS if heard.listens(h)] == [h for h in HOOKS if h in (hook, also)]


def test_older_names_of_the_batch_hooks():
    seen = []

    class Old(Callback):
        def on_batch_begin(self, batch, logs=None):
            seen.append(("begin", batch, logs))

        def on_batch_end(self, batch, logs=None):
            seen.append(("end", batch, logs))

    heard = CallbackList([Old(), LambdaCallback(on_batch_end=lambda batch, logs: seen.append("lambda"))])
    heard.on_train_batch_begin(0)
    heard.on_train_batch_end(0, {"loss": 1.0})
    heard.on_test_batch_end(0, {"loss": 1.0})
    assert seen == [("begin", 0, {}), ("end", 0, {"loss": 1.0}), "lambda"]


def test_nobody_listens():
    heard = CallbackList([Callback(), History()], model=Model())
    assert [h for h in HOOKS if heard.listens(h)] == ["on_epoch_end"]
    logs = Lazy(loss=1.0)
    heard.on_train_batch_begin(0)
    heard.on_train_batch_end(0, logs)
    assert logs.reads == 0


def test_model_and_params_reach_all():
    a, b = Callback(), Callback()
    model = Model()
    heard = CallbackList([a, b], model=model, epochs=3, steps=None, verbose=0)
    assert a.model is b.model is heard.model is model
    assert a.params == b.params == {"epochs": 3, "steps": None, "verbose": 0}
    heard.set_params({"epochs": 4})
    assert b.params == {"epochs": 4}


def test_what_is_added():
    history, bar = History(), ProgbarLogger()
    model = Model()
    heard = CallbackList([history, bar], add_history=True, add_progbar=True, model=model, verbose=1)
    assert heard.callbacks == [history, bar]
    assert model.history is history
    heard = CallbackList(None, add_history=True, add_progbar=True, model=model, verbose=2)
    assert len(heard.callbacks) == 2
    assert model.history is heard.callbacks[0] is not history
    assert CallbackList(bar).callbacks == [bar]
    assert CallbackList((bar, history)).callbacks == [bar, history]
    assert CallbackList().callbacks == []


@pytest.mark.parametrize("wrong", [EarlyStopping, print, None, "history", [History()]])
def test_only_callbacks(wrong):
    with pytest.raises(TypeError, match="callbacks: expected instances of Callback, got "):
        CallbackList([wrong])


# ---- records -----------------------------------------------------------------------------------------


def test_history():
    history = History()
    model = fit(history, [{"loss": 3.0}, {"loss": 2.0, "val_loss": 2.5}, {"loss": 1.0}])
    assert model.history is history
    assert history.history == {"loss": [3.0, 2.0, 1.0], "val_loss": [2.5]}
    assert history.epoch == [0, 1, 2]
    assert history.params == {"verbose": 0, "epochs": 3, "steps": None}


def test_history_sees_what_others_add():
    model = fit(
        [LearningRateScheduler(lambda epoch: 1 / (epoch + 1))], named("loss", [2.0, 1.0]), add_history=True
    )
    assert model.history.history == {"loss": [2.0, 1.0], "learning_rate": [1.0, 0.5]}


def test_lambda_callback():
    seen = []
    callback = LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append(("epoch", epoch)),
        on_train_end=lambda logs: seen.append("end"),
        on_train_batch_end=lambda batch, logs: seen.append(("batch", batch, logs["loss"])),
        on_test_begin=lambda logs: seen.append("test"),
        on_epoch_end=None,
    )
    fit(callback, [{}], batches=[{"loss": 1.0}])
    CallbackList([callback]).on_test_begin()
    assert seen == [("epoch", 0), ("batch", 0, 1.0), "end", "test"]
    with pytest.raises(TypeError, match="hook: unknown name 'on_epoch_ends'; did you mean 'on_epoch_end'"):
        LambdaCallback(on_epoch_ends=print)
    with pytest.raises(TypeError, match="on_epoch_end: expected a function, got 3"):
        LambdaCallback(on_epoch_end=3)


def rows(path, **kwargs):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file, **kwargs))


def test_csv_logger(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("old\n")
    fit(CSVLogger(path), [{"val_loss": 2.5, "loss": 3.0}, {"loss": 0.1, "new": 1.0}])
    assert rows(path) == [["epoch", "loss", "val_loss"], ["0", "3.0", "2.5"], ["1", "0.1", "NA"]]
    assert path.read_bytes().count(b"\n") == 3
    fit(CSVLogger(str(path), append=True), [{"val_loss": 1.0, "other": 4.0, "loss": 2.0}])
    assert rows(path)[3:] == [["0", "2.0", "1.0"]]
    fit(CSVLogger(path, separator=";"), [{"loss": 1.0}])
    assert rows(path, delimiter=";") == [["epoch", "loss", "val_loss"], ["0", "1.0", "NA"]]


def test_csv_logger_waits_for_validation(tmp_path):
    path = tmp_path / "log.csv"
    logger = CSVLogger(path, append=True)
    epochs = [{"loss": 3.0, "learning_rate": 0.5}, {"loss": 2.0, "learning_rate": 0.5, "val_loss": 1.0}]
    fit(logger, epochs)
    header = ["epoch", "learning_rate", "loss", "val_loss"]
    assert rows(path) == [header, ["0", "0.5", "3.0", "NA"], ["1", "0.5", "2.0", "1.0"]]
    fit(logger, epochs)
    assert len(rows(path)) == 5


def test_csv_logger_without_a_folder(tmp_path):
    with pytest.raises(FileNotFoundError):
        fit(CSVLogger(tmp_path / "no" / "log.csv"), [{}])


# ---- EarlyStopping -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("losses", "arguments", "epochs"),
    [
        ([3, 2, 1], {}, 3),
        ([3, 2, 2, 1], {}, 3),
        ([3, 2, 2, 1], {"patience": 1}, 3),
        ([3, 2, 2, 1, 1], {"patience": 2}, 5),
        ([3, 2, 2, 2, 1], {"patience": 2}, 4),
        ([1, 2, 3], {"mode": "max"}, 3),
        ([1, 2, 2], {"mode": "max"}, 3),
        ([3, 2.5, 2, 1], {"min_delta": 0.6}, 2),
        ([3, 2.5, 2, 1], {"min_delta": -0.6}, 2),
        ([3, 2.4, 2, 1], {"min_delta": 0.5}, 3),
        ([3, 2, 1, 0], {"baseline": 1.5, "patience": 2}, 4),
        ([3, 2.9, 2.8, 2.9, 0], {"baseline": 1.5, "patience": 2}, 4),
        ([3, 4, 5, 6, 7], {"start_from_epoch": 3}, 5),
        ([math.nan, math.nan, 1], {}, 2),
        ([math.nan, 2, 1, 3], {"patience": 1}, 4),
        ([3, math.nan, 2, 2], {"patience": 2}, 4),
        ([math.inf, 2, 2], {}, 3),
    ],
)
def test_early_stopping(losses, arguments, epochs):
    callback = EarlyStopping("loss", **arguments)
    model = fit([callback], named("loss", map(float, losses)), add_history=True)
    assert len(model.history.epoch) == epochs
    assert model.stop_training == (callback.stopped_epoch == epochs - 1)


@pytest.mark.parametrize(
    ("losses", "arguments", "best"),
    [
        ([3, 1, 2, 2, 2], {"patience": 2}, 2),
        ([3, 2, 1], {"patience": 2}, 3),
        ([3, 2, 4], {"patience": 2}, 2),
        ([3, 2, 4, 4, 4], {"patience": 3, "baseline": 1.0}, 2),
        ([1, 3, 2, 4], {"patience": 1, "start_from_epoch": 1}, 3),
        ([math.nan, math.nan, math.nan], {}, 1),
        ([math.nan, 2, 3], {"patience": 2}, 2),
    ],
)
def test_early_stopping_restores_the_best(losses, arguments, best, capsys):
    callback = EarlyStopping("loss", restore_best_weights=True, verbose=1, **arguments)
    model = fit(callback, named("loss", map(float, losses)))
    np.testing.assert_array_equal(model.weights[0], np.full(2, float(best)))
    assert callback.best_epoch == best - 1
    assert capsys.readouterr().out.splitlines()[-1] == f"Restoring the weights of the best epoch, {best}"


def test_early_stopping_starts_anew(capsys):
    callback = EarlyStopping("loss", verbose=1)
    model = fit(callback, named("loss", [1.0, 2.0, 3.0]))
    assert (callback.best, callback.best_epoch, callback.stopped_epoch) == (1.0, 0, 1)
    np.testing.assert_array_equal(model.weights[0], [2.0, 2.0])
    assert capsys.readouterr().out == "Epoch 2: early stopping\n"
    fit(callback, named("loss", [5.0, 4.0]))
    assert (callback.best, callback.best_epoch, callback.stopped_epoch) == (4.0, 1, 0)


@pytest.mark.parametrize(
    ("monitor", "rising_is_good"),
    [
        ("loss", False),
        ("val_loss", False),
        ("val_mean_squared_error", False),
        ("mse", False),
        ("mae_2", False),
        ("val_accuracy", True),
        ("acc", True),
        ("sparse_categorical_accuracy", True),
        ("val_auc_1", True),
        ("precision", True),
        ("mine", True),
        ("val_mine", True),
        ("brier", False),
        ("odd_loss", True),
    ],
)
def test_direction(monitor, rising_is_good):
    metrics = [
        SimpleNamespace(name="mine", _direction="up"),
        SimpleNamespace(name="brier", _direction="down"),
        SimpleNamespace(name="odd_loss", _direction="up"),
        SimpleNamespace(name="vague"),
    ]
    callback = EarlyStopping(monitor)
    fit(callback, named(monitor, [1.0, 2.0]), Model(metrics=metrics))
    assert callback.best == (2.0 if rising_is_good else 1.0)


@pytest.mark.parametrize("monitor", ["vague", "val_vague", "learning_rate", "val_"])
def test_unknown_direction(monitor):
    model = Model(metrics=[SimpleNamespace(name="vague")])
    with pytest.raises(
        ValueError, match=f"'auto' cannot tell .* '{monitor}' is better; expected 'max' or 'min'"
    ):
        fit(EarlyStopping(monitor), named(monitor, [1.0]), model)
    fit(EarlyStopping(monitor, mode="max"), named(monitor, [1.0]), model)


@pytest.mark.parametrize("cls", [EarlyStopping, ReduceLROnPlateau])
def test_missing_value_warns(cls):
    with pytest.warns(
        UserWarning, match=f"{cls.__name__}: expected 'val_loss' among the logs, which hold 'loss'"
    ):
        model = fit(cls(), named("loss", [1.0]))
    assert not model.stop_training


@pytest.mark.parametrize(
    ("cls", "arguments", "message"),
    [
        (EarlyStopping, {"mode": "up"}, "mode: expected 'auto', 'min' or 'max', got 'up'"),
        (EarlyStopping, {"patience": -1}, "patience: expected an integer of at least 0, got -1"),
        (EarlyStopping, {"patience": 1.5}, r"patience: expected an integer of at least 0, got 1\.5"),
        (EarlyStopping, {"min_delta": "1"}, "min_delta: expected a finite number, got '1'"),
        (EarlyStopping, {"baseline": "1"}, "baseline: expected a finite number, got '1'"),
        (EarlyStopping, {"start_from_epoch": -1}, "start_from_epoch: expected an integer"),
        (ReduceLROnPlateau, {"mode": "up"}, "mode: expected 'auto', 'min' or 'max', got 'up'"),
        (ReduceLROnPlateau, {"factor": 1.0}, r"factor: expected a number below 1, got 1\.0"),
        (ReduceLROnPlateau, {"factor": -0.1}, "factor: expected a finite number of at least 0"),
        (ReduceLROnPlateau, {"cooldown": None}, "cooldown: expected an integer"),
        (ReduceLROnPlateau, {"min_lr": -1}, "min_lr: expected a finite number of at least 0"),
    ],
)
def test_arguments_are_checked(cls, arguments, message):
    with pytest.raises(ValueError, match=message):
        cls(**arguments)


# ---- learning rates ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("losses", "arguments", "rates"),
    [
        ([3, 2, 1, 0], {"patience": 1}, [1, 1, 1, 1]),
        ([3, 3, 3, 3], {"patience": 1}, [1, 1, 0.5, 0.25]),
        ([3, 3, 3, 3, 3], {"patience": 2}, [1, 1, 1, 0.5, 0.5]),
        ([3, 3, 2, 2, 2], {"patience": 2}, [1, 1, 1, 1, 1]),
        ([3, 3, 3, 3, 3, 3], {"patience": 1, "cooldown": 2}, [1, 1, 0.5, 0.5, 0.25, 0.25]),
        ([3, 3, 3, 3, 3], {"patience": 1, "min_lr": 0.4}, [1, 1, 0.5, 0.4, 0.4]),
        ([3, 2.9, 2.8, 2.7], {"patience": 1, "min_delta": 0.15}, [1, 1, 0.5, 0.5]),
        ([1, 2, 3, 3], {"patience": 1, "mode": "max"}, [1, 1, 1, 1]),
        ([3, 3, 3], {"patience": 0}, [1, 1, 0.5]),
        ([math.nan, math.nan, math.nan], {"patience": 2}, [1, 1, 0.5]),
    ],
)
def test_reduce_lr_on_plateau(losses, arguments, rates):
    callback = ReduceLROnPlateau("loss", factor=0.5, **arguments)
    model = fit([callback], named("loss", map(float, losses)), add_history=True)
    assert model.history.history["learning_rate"] == rates
    assert type(model.optimizer.learning_rate) is float


def test_reduce_lr_on_plateau_says_so_and_starts_anew(capsys):
    callback = ReduceLROnPlateau("loss", factor=0.5, patience=1, verbose=1, cooldown=5)
    fit(callback, named("loss", [3.0, 3.0]))
    assert capsys.readouterr().out == "Epoch 2: reducing the learning rate from 1 to 0.5\n"
    assert callback.in_cooldown()
    model = fit(callback, named("loss", [4.0]))
    assert not callback.in_cooldown()
    assert callback.best == 4.0
    assert model.optimizer.learning_rate == 1.0


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        (lambda epoch, rate: rate / 2, [0.5, 0.25, 0.125]),
        (lambda epoch: 1.0 + epoch, [1.0, 2.0, 3.0]),
        (lambda epoch, rate=7.0: rate, [1.0, 1.0, 1.0]),
        (lambda epoch: np.float32(0.5), [0.5, 0.5, 0.5]),
        (pow, [0.0, 1.0, 2.0]),
        (max, [1.0, 1.0, 2.0]),
    ],
)
def test_learning_rate_scheduler(schedule, rates, capsys):
    model = fit([LearningRateScheduler(schedule, verbose=1)], named("loss", [0.0] * 3), add_history=True)
    assert model.history.history["learning_rate"] == rates
    assert type(model.optimizer.learning_rate) is float
    assert capsys.readouterr().out.splitlines()[2] == f"Epoch 3: setting the learning rate to {rates[2]:g}"


def test_learning_rate_scheduler_refuses():
    with pytest.raises(
        TypeError, match=r"schedule: expected a function of \(epoch, learning_rate\), got 0\.1"
    ):
        LearningRateScheduler(0.1)
    with pytest.raises(
        ValueError, match=r"schedule\(0, 1\.0\): expected a finite number of at least 0, got 'fast'"
    ):
        fit(LearningRateScheduler(lambda epoch, rate: "fast"), [{}])
    with pytest.raises(ValueError, match=r"schedule\(0,\): expected a finite number of at least 0, got nan"):
        fit(LearningRateScheduler(lambda epoch: math.nan), [{}])

    def faulty(epoch, rate):
        raise TypeError("inside")

    with pytest.raises(TypeError, match="inside"):
        fit(LearningRateScheduler(faulty), [{}])


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_terminate_on_nan(loss, capsys):
    batches = [{"loss": 1.0}, None, {}, {"loss": loss}]
    model = fit([TerminateOnNaN()], [{}, {}], batches=batches, add_history=True)
    assert model.stop_training
    assert model.history.epoch == [0]
    assert capsys.readouterr().out == f"Batch 3: the loss is {loss}, ending the training\n"
    with pytest.raises(RuntimeError, match=f"batch 3: the loss is {loss}"):
        fit(TerminateOnNaN(raise_error=True), [{}], batches=batches)


def test_history_as_a_table():
    record = History()
    for epoch in range(3):
        record.on_epoch_end(epoch, {"loss": 1 / (epoch + 1)} | ({"val_<x>": 2.0} if epoch == 1 else {}))
    rows = re.findall("<tr>(.*?)</tr>", record._repr_html_())
    assert rows == [
        "<th>epoch</th><th>loss</th><th>val_&lt;x&gt;</th>",
        "<th>1</th><td>1</td><td></td>",
        "<th>2</th><td>0.5</td><td>2</td>",
        "<th>3</th><td>0.33333</td><td></td>",
    ]
    assert record._epochs_of("val_<x>") == [1]
    record.history["rate"] = [0.25]
    assert record._repr_html_().endswith("<td>0.33333</td><td></td><td>0.25</td></tr></tbody></table>")
    for epoch in range(3, 100):
        record.on_epoch_end(epoch, {"loss": 0.0})
    rows = re.findall("<tr><t[hd]>(.*?)</t[hd]>", record._repr_html_())
    assert rows == ["epoch", *map(str, range(1, 11)), "...", *map(str, range(91, 101))]
    assert History()._repr_html_().count("<tr>") == 1


# ---- progress ----------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True

    def text(self):
        """What has been written, each drawing of a bar a line; without seconds, speeds and blanks."""
        lines = re.split("[\r\n]", self.getvalue())
        return [
            re.sub(r"\d+\.\d\ds|\[.*?(, (?=\w+: )|\])", "~", line).strip() for line in lines if line.strip()
        ]


def open_terminal(monkeypatch, interval=0):
    """Make standard output a terminal that bars are drawn on at most every `interval` seconds."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(progress, "_INTERVAL", interval)
    monkeypatch.setattr(sys, "stdout", Terminal())
    return sys.stdout


LINES = [
    "Epoch 1/2 - ~ - loss: 0.5000 - val_loss: 0.7500",
    "Epoch 2/2 - ~ - loss: 2.5000e-04 - val_loss: 0.0000",
]
EPOCHS = [{"loss": 0.5, "val_loss": 0.75}, {"loss": 0.00025, "val_loss": 0.0}]


def without_seconds(text):
    return re.sub(r"\d+\.\d\ds", "~", text).splitlines()


@pytest.mark.parametrize("verbose", [1, 2, "auto", True])
@pytest.mark.parametrize("given", [None, "bar"])
def test_lines_where_no_terminal_is(given, verbose, capsys):
    logs = Lazy(loss=1.0)
    fit(given and ProgbarLogger(), EPOCHS, batches=[logs] * 3, steps=3, verbose=verbose, add_progbar=True)
    assert without_seconds(capsys.readouterr().out) == LINES
    assert logs.reads == 0


def test_lines_on_a_terminal_that_wants_them(monkeypatch):
    terminal = open_terminal(monkeypatch)
    fit(None, EPOCHS, batches=[Lazy(loss=1.0)] * 3, verbose=2, add_progbar=True)
    assert without_seconds(terminal.getvalue()) == LINES


def test_lines_need_no_batches():
    heard = CallbackList(None, add_progbar=True, verbose=2)
    assert not heard.listens("on_train_batch_begin")
    assert not heard.listens("on_train_batch_end")


@pytest.mark.parametrize("given", [None, "bar"])
def test_silence(monkeypatch, given):
    terminal = open_terminal(monkeypatch)
    fit(given and ProgbarLogger(), EPOCHS, batches=[Lazy(loss=1.0)], verbose=0, add_progbar=bool(given))
    assert terminal.getvalue() == ""


def test_bar(monkeypatch):
    terminal = open_terminal(monkeypatch)
    batches = [Lazy(loss=float(n)) for n in range(3)]
    fit(None, EPOCHS, batches=batches, steps=3, verbose=1, add_progbar=True)
    text = terminal.text()
    assert [line for line in text if " - ~ - " in line] == LINES
    assert text[-1] == LINES[-1]
    drawn = [line for line in text if line.startswith("Epoch 1/2: ")]
    assert "0/3" in drawn[0]
    for batch in range(3):
        assert any(f"{batch + 1}/3" in line and line.endswith(f"loss: {batch}.0000]") for line in drawn)
    assert terminal.getvalue().count("\n") == 2
    assert all(logs.reads for logs in batches)


class Notebook(io.StringIO):
    """What a notebook's kernel has as standard output."""

    __module__ = "ipykernel.iostream"


@pytest.mark.parametrize(("delay", "bars"), [(0, 2), (1e9, 0)])
def test_bar_in_a_notebook(delay, bars, monkeypatch):
    opened = []
    auto = importlib.import_module("tqdm.auto")
    monkeypatch.setattr(auto, "tqdm", lambda **options: opened.append(tqdm.tqdm(**options)) or opened[-1])
    monkeypatch.setattr(progress, "_INTERVAL", 0)
    monkeypatch.setattr(progress, "_DELAY", delay)
    monkeypatch.setattr(sys, "stdout", Notebook())
    fit(None, EPOCHS, batches=[Lazy(loss=1.0)] * 3, steps=3, verbose=1, add_progbar=True)
    assert [(bar.n, bar.total) for bar in opened] == [(3, 3)] * bars
    lines = without_seconds(sys.stdout.getvalue().replace("\r", "\n"))
    assert [line for line in lines if " - ~ - " in line] == LINES


def test_bar_reads_logs_only_when_it_is_drawn(monkeypatch):
    terminal = open_terminal(monkeypatch, interval=1e9)
    logs = Lazy(loss=1.0)
    fit(None, EPOCHS, batches=[logs] * 400, steps=400, verbose=1, add_progbar=True)
    assert logs.reads == 0
    assert [line for line in terminal.text() if " - ~ - " in line] == LINES


def test_bar_of_unknown_length(monkeypatch):
    terminal = open_terminal(monkeypatch)
    fit(None, EPOCHS[:1], batches=[{"loss": 1.0}] * 3, steps=None, verbose=1, add_progbar=True)
    assert any(line.startswith("Epoch 1/1: 3batch") for line in terminal.text())


def test_bar_makes_room_for_messages(monkeypatch):
    terminal = open_terminal(monkeypatch)
    scheduler = LearningRateScheduler(lambda epoch: 0.5, verbose=1)
    plateau = ReduceLROnPlateau("loss", patience=1, verbose=1)
    fit(
        [scheduler, plateau],
        named("loss", [1.0, 1.0]),
        batches=[{"loss": 1.0}],
        steps=1,
        verbose=1,
        add_progbar=True,
    )
    lines = terminal.text()
    assert "Epoch 2: reducing the learning rate from 0.5 to 0.05" in lines
    assert "Epoch 2: setting the learning rate to 0.5" in lines
    assert "Epoch 1/2 - ~ - loss: 1.0000 - learning_rate: 0.5000" in lines


@pytest.mark.parametrize("verbose", [1, 2])
def test_evaluation(monkeypatch, verbose):
    terminal = open_terminal(monkeypatch)
    heard = CallbackList(None, add_progbar=True, verbose=verbose, epochs=1, steps=2)
    heard.on_test_begin()
    for batch in range(2):
        heard.on_test_batch_begin(batch)
        heard.on_test_batch_end(batch, {"loss": 1.0})
    heard.on_test_end({"loss": 0.5})
    assert terminal.text()[-1] == "Test - ~ - loss: 0.5000"
    assert ("Test:" in terminal.getvalue()) == (verbose == 1)
    assert ("2/2" in terminal.getvalue()) == (verbose == 1)


def test_validation_is_part_of_its_epoch(monkeypatch):
    terminal = open_terminal(monkeypatch)
    heard = CallbackList(None, add_progbar=True, verbose=1, epochs=1, steps=1)
    heard.on_train_begin()
    heard.on_epoch_begin(0)
    heard.on_train_batch_end(0, {"loss": 1.0})
    written = terminal.getvalue()
    heard.on_test_begin()
    heard.on_test_batch_end(0, {"loss": 7.0})
    heard.on_test_end({"loss": 7.0})
    assert terminal.getvalue() == written
    heard.on_epoch_end(0, {"loss": 1.0, "val_loss": 7.0})
    heard.on_train_end()
    assert terminal.text()[-1] == "Epoch 1/1 - ~ - loss: 1.0000 - val_loss: 7.0000"


@pytest.mark.parametrize("verbose", [1, 2])
def test_prediction_leaves_no_line(monkeypatch, verbose):
    terminal = open_terminal(monkeypatch)
    heard = CallbackList(None, add_progbar=True, verbose=verbose, steps=2)
    heard.on_predict_begin()
    for batch in range(2):
        heard.on_predict_batch_end(batch, {"outputs": np.zeros(3)})
    heard.on_predict_end()
    assert ("2/2" in terminal.getvalue()) == (verbose == 1)
    assert "\n" not in terminal.getvalue()


def test_without_standard_output(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    fit(EarlyStopping("loss", verbose=1), EPOCHS, batches=[{"loss": 1.0}], verbose=1, add_progbar=True)
