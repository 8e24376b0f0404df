"""Callbacks that write: checkpoints, backups to go on from, event files."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from killing import Killed, kill_after

import fastnn
from fastnn import layers
from fastnn.callbacks import (
    BackupAndRestore,
    Callback,
    CallbackList,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    SwapEMAWeights,
    TensorBoard,
)
from fastnn.models import load_model
from fastnn.saving import ModelFileError

X = np.random.default_rng(0).standard_normal((30, 4)).astype("f")
Y = X @ np.random.default_rng(1).standard_normal((4, 2)).astype("f")


def make(optimizer="adam", kind="dense"):
    fastnn.utils.set_random_seed(3)
    if kind == "conv":
        inside = [layers.Reshape((2, 2, 1)), layers.Conv2D(3, 2, activation="relu"), layers.Flatten()]
    elif kind == "lstm":
        inside = [layers.Reshape((2, 2)), layers.LSTM(3, dropout=0.2, recurrent_dropout=0.2)]
    else:
        inside = [layers.Dense(5, "tanh"), layers.BatchNormalization()]
    model = fastnn.Sequential([fastnn.Input((4,)), *inside, layers.Dropout(0.2), layers.Dense(2)])
    model.compile(optimizer, "mse", metrics=["mae"])
    return model


def fit(model, *callbacks, epochs=3, **arguments):
    return model.fit(
        X,
        Y,
        batch_size=8,
        epochs=epochs,
        validation_split=0.2,
        verbose=0,
        callbacks=list(callbacks),
        **arguments,
    )


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


# ---- ModelCheckpoint -------------------------------------------------------------------------------------


def test_a_file_for_each_epoch(tmp_path):
    path = tmp_path / "new" / "{epoch:02d}-{val_loss:.2f}.fastnn"
    model = make()
    history = fit(model, ModelCheckpoint(path)).history
    names = [f"{i:02d}-{loss:.2f}.fastnn" for i, loss in enumerate(history["val_loss"], 1)]
    assert sorted(os.listdir(tmp_path / "new")) == names
    assert same(load_model(tmp_path / "new" / names[-1]), model)


class Script:
    """A model whose saves are written down."""

    stop_training = False
    metrics = ()

    def __init__(self):
        self.saved = []

    def save(self, path, overwrite):
        assert overwrite
        self.saved.append(os.path.basename(path))

    def save_weights(self, path, overwrite):
        self.save(f"weights of {path}", overwrite)


def scripted(checkpoint, values, batches=4):
    """What is saved in a training whose val_loss takes these values."""
    model = Script()
    heard = CallbackList(checkpoint, model=model)
    heard.on_train_begin()
    for epoch, value in enumerate(values):
        heard.on_epoch_begin(epoch)
        for batch in range(batches):
            heard.on_train_batch_end(batch, {"loss": 1.0})
        heard.on_epoch_end(epoch, {"loss": 1.0, "val_loss": value})
    heard.on_train_end()
    return model.saved


@pytest.mark.parametrize(
    ("arguments", "saved"),
    [
        ({}, ["1", "2", "3", "4"]),
        ({"save_best_only": True}, ["1", "3"]),
        ({"save_best_only": True, "mode": "max"}, ["1", "2", "4"]),
        ({"save_best_only": True, "initial_value_threshold": 2.5}, ["3"]),
        ({"save_weights_only": True, "save_best_only": True}, ["weights of 1", "weights of 3"]),
    ],
)
def test_when_to_save(arguments, saved):
    assert scripted(ModelCheckpoint("{epoch}", **arguments), [3.0, 4.0, 2.0, 5.0]) == saved


def test_saving_after_batches():
    assert scripted(ModelCheckpoint("{epoch}.{batch}", save_freq=3), [1.0] * 3) == [
        "1.3",
        "2.2",
        "3.1",
        "3.4",
    ]


def test_a_nan_is_never_the_best():
    assert scripted(ModelCheckpoint("{epoch}", save_best_only=True), [float("nan"), 1.0]) == ["2"]


def test_without_the_value_it_saves_and_warns():
    checkpoint = ModelCheckpoint("{epoch}", monitor="val_auc", save_best_only=True)
    with pytest.warns(UserWarning, match="'val_auc'"):
        assert scripted(checkpoint, [1.0, 2.0]) == ["1", "2"]


def test_what_a_checkpoint_says(capsys, tmp_path):
    checkpoint = ModelCheckpoint("{epoch}", save_best_only=True, verbose=1)
    scripted(checkpoint, [3.0, 4.0, 2.0])
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 1: val_loss improved from None to 3.00000, saving the model to 1",
        "Epoch 2: val_loss did not improve from 3.00000",
        "Epoch 3: val_loss improved from 3.00000 to 2.00000, saving the model to 3",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"save_freq": "batch"}, "save_freq: .*'batch'"),
        ({"save_freq": 0}, "save_freq: .*0"),
        ({"mode": "best"}, "mode: .*'best'"),
        ({"initial_value_threshold": "x"}, "initial_value_threshold: .*'x'"),
    ],
)
def test_arguments_of_a_checkpoint(arguments, message):
    with pytest.raises(ValueError, match=message):
        ModelCheckpoint("x", **arguments)


@pytest.mark.parametrize("name", ["{val_auc}", "{0}", "{epoch:zz}"])
def test_names_that_cannot_be_filled(name):
    with pytest.raises(ValueError, match="filepath: .*'val_loss'"):
        scripted(ModelCheckpoint(name), [1.0])


# ---- BackupAndRestore ------------------------------------------------------------------------------------


def others(folder):
    """Callbacks that know something of the epochs before."""
    return [
        EarlyStopping(patience=1, restore_best_weights=True, min_delta=0.05),
        ReduceLROnPlateau(patience=1, factor=0.5, min_delta=0.1),
        LearningRateScheduler(lambda epoch, rate: rate * 0.97),
        CSVLogger(folder / "log.csv"),
    ]


def uninterrupted(tmp_path, optimizer, kind, **arguments):
    model = make(optimizer(), kind)
    (tmp_path / "whole").mkdir()
    history = fit(model, *others(tmp_path / "whole"), epochs=5, **arguments)
    return model, history.history, (tmp_path / "whole" / "log.csv").read_text()


OPTIMIZERS = {
    "momentum": lambda: fastnn.optimizers.SGD(0.05, momentum=0.9),
    "adam": lambda: fastnn.optimizers.Adam(0.01),
    "rmsprop": lambda: fastnn.optimizers.RMSprop(0.01),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("kind", ["dense", "conv", "lstm"])
@pytest.mark.parametrize("save_freq", ["epoch", 2])
def test_an_interrupted_training_goes_on(tmp_path, optimizer, kind, save_freq):
    whole, history, log = uninterrupted(tmp_path, OPTIMIZERS[optimizer], kind)
    folder = tmp_path / "backup"
    for steps in (1, 3, 5, 4, 100):
        model = make(OPTIMIZERS[optimizer](), kind)
        backup = BackupAndRestore(folder, save_freq)
        try:
            found = fit(model, kill_after(steps), backup, *others(tmp_path), epochs=5)
        except Killed:
            continue
        break
    assert same(model, whole)
    assert found.history == history
    assert (tmp_path / "log.csv").read_text() == log
    assert not folder.exists()


def test_an_interrupted_training_of_parts_of_the_data_goes_on(tmp_path):
    whole, history, _ = uninterrupted(tmp_path, OPTIMIZERS["adam"], "dense", steps_per_epoch=2)
    for steps in (3, 3, 4, 2, 100):
        model = make(OPTIMIZERS["adam"]())
        callbacks = [kill_after(steps), BackupAndRestore(tmp_path / "backup", 1), *others(tmp_path)]
        try:
            found = fit(model, *callbacks, epochs=5, steps_per_epoch=2)
        except Killed:
            continue
        break
    assert same(model, whole)
    assert found.history == history


@pytest.mark.parametrize(
    ("rows", "batch_size", "reason"),
    [(24, 4, "24 samples, now 24; 8 samples of a step, now 4"), (16, 8, "24 samples, now 16; ")],
)
def test_other_steps_are_refused_in_the_middle_of_an_epoch(tmp_path, rows, batch_size, reason):
    for steps in (2, 4):  # the second ends after an epoch
        callbacks = [kill_after(steps), BackupAndRestore(tmp_path / str(steps), 1 if steps == 2 else "epoch")]
        with pytest.raises(Killed):
            make().fit(X[:24], Y[:24], 8, 3, 0, callbacks)
    model = make()
    weights = model.get_weights()
    with pytest.raises(ModelFileError, match=f"middle of an epoch with {reason}"):
        model.fit(X[:rows], Y[:rows], batch_size, 3, 0, [BackupAndRestore(tmp_path / "2", 1)])
    np.testing.assert_array_equal(model.get_weights()[0], weights[0])
    model.fit(X[:rows], Y[:rows], batch_size, 3, 0, [BackupAndRestore(tmp_path / "4", 1)])


def test_a_backup_that_cannot_be_read(tmp_path):
    folder = tmp_path / "backup"

    def interrupted(**arguments):
        model = make()
        with pytest.raises(Killed):
            fit(model, kill_after(8), BackupAndRestore(folder, **arguments), epochs=6)

    interrupted(double_checkpoint=True)
    interrupted(double_checkpoint=True)
    assert sorted(os.listdir(folder)) == ["latest.fastnn", "previous.fastnn"]
    latest = folder / "latest.fastnn"
    latest.write_bytes(latest.read_bytes()[:-1])
    starts = []
    watcher = LambdaCallback(on_epoch_begin=lambda epoch, logs: starts.append(epoch))
    fit(make(), BackupAndRestore(folder, double_checkpoint=True), watcher, epochs=6)
    assert starts[0] == 3
    interrupted()
    latest.write_bytes(latest.read_bytes()[:-1])
    with pytest.raises(ModelFileError, match="latest.fastnn"):
        fit(make(), BackupAndRestore(folder))


def test_a_backup_of_another_model(tmp_path):
    with pytest.raises(Killed):
        fit(make(), kill_after(8), BackupAndRestore(tmp_path))
    with pytest.raises(ModelFileError, match="another model"):
        fit(make(kind="lstm"), BackupAndRestore(tmp_path))


def test_backups_are_removed_at_the_end_and_nothing_else(tmp_path):
    (tmp_path / "mine").write_text("")
    (tmp_path / ".fastnn-0123.tmp").write_text("")
    fit(make(), BackupAndRestore(tmp_path, double_checkpoint=True))
    assert os.listdir(tmp_path) == ["mine"]
    fit(make(), BackupAndRestore(tmp_path, delete_checkpoint=False))
    assert sorted(os.listdir(tmp_path)) == ["latest.fastnn", "mine"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("",), "backup_dir: .*''"), (("x", "batch"), "save_freq: .*'batch'"), (("x", -1), "save_freq: .*-1")],
)
def test_arguments_of_a_backup(arguments, message):
    with pytest.raises(ValueError, match=message):
        BackupAndRestore(*arguments)


PROGRAM = """
import os, sys
import numpy as np
sys.path.insert(0, {tests!r})
from test_checkpoints import *
steps = int(sys.argv[1])
def stop(batch, logs, done=iter(range(1, 10**6))):
    if next(done) == steps:
        os.kill(os.getpid(), 9)
model = make("adam", "lstm")
fit(model, BackupAndRestore({folder!r}, 1), LambdaCallback(on_train_batch_end=stop), epochs=4)
np.save({result!r}, np.concatenate([w.ravel() for w in model.get_weights()]))
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_killed_program_goes_on(tmp_path):
    result = tmp_path / "weights.npy"
    code = PROGRAM.format(
        tests=str(Path(__file__).parent), folder=str(tmp_path / "backup"), result=str(result)
    )
    for steps, status in (("5", -9), ("0", 0)):
        done = subprocess.run([sys.executable, "-c", code, steps], check=False, timeout=120, cwd=tmp_path)
        assert done.returncode == status
    model = make("adam", "lstm")
    fit(model, epochs=4)
    assert np.array_equal(np.load(result), np.concatenate([w.ravel() for w in model.get_weights()]))


# ---- SwapEMAWeights --------------------------------------------------------------------------------------


class Averaging(Script):
    """A model whose optimizer keeps averages."""

    def __init__(self):
        super().__init__()
        self.optimizer = self
        self.averages = False

    def swap_averages(self):
        self.averages = not self.averages

    def get_weights(self):
        return [self.averages]

    def set_weights(self, weights):
        assert weights == [True]
        self.averages = False  # for the rest of the test


@pytest.mark.parametrize("on_epoch", [False, True])
def test_averages_where_the_model_is_evaluated(on_epoch):
    model, seen = Averaging(), []
    heard = CallbackList(SwapEMAWeights(on_epoch), model=model)
    hooks = """
        on_train_begin on_epoch_begin on_train_batch_end on_test_begin on_test_end
        on_epoch_end on_epoch_begin on_epoch_end on_train_end
        on_predict_begin on_predict_end
    """
    for hook in hooks.split():
        arguments = (0, {}) if "epoch" in hook or "batch" in hook else ({},)
        getattr(heard, hook)(*arguments)
        seen.append(model.averages)
    ends = [on_epoch, False, on_epoch, False]
    assert seen == [False, False, False, True, False, *ends, True, False]


# ---- what callbacks see ----------------------------------------------------------------------------------


class Recorder(Callback):
    """All hooks that are called, with what they get."""

    def __init__(self):
        self.calls = []

    def __getattribute__(self, name):
        if name.startswith("on_"):
            return lambda *arguments: self.calls.append((name, arguments[0] if len(arguments) > 1 else None))
        return super().__getattribute__(name)


def test_hooks_of_fit_in_keras_order():
    recorder = Recorder()
    model = make()
    model.fit(X, Y, batch_size=15, validation_data=(X[:5], Y[:5]), verbose=0, callbacks=[recorder])
    steps = [(f"on_train_batch_{side}", step) for step in range(2) for side in ("begin", "end")]
    test = [
        ("on_test_begin", None),
        ("on_test_batch_begin", 0),
        ("on_test_batch_end", 0),
        ("on_test_end", None),
    ]
    epoch = [("on_epoch_begin", 0), *steps, *test, ("on_epoch_end", 0)]
    assert recorder.calls == [("on_train_begin", None), *epoch, ("on_train_end", None)]
    assert recorder.params == {"epochs": 1, "steps": 2, "verbose": 0}
    assert recorder.model is model


# ---- TensorBoard -----------------------------------------------------------------------------------------


def events(folder):
    """What TensorBoard itself reads."""
    pytest.importorskip("tensorboardX")
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = accumulator.EventAccumulator(
        str(folder), size_guidance={"scalars": 0, "histograms": 0, "images": 0}
    )
    found.Reload()
    return found


def scalars(found, tag):
    return [(event.step, event.value) for event in found.Scalars(tag)]


@pytest.mark.filterwarnings("ignore")
def test_tensorboard(tmp_path):
    pytest.importorskip("tensorboardX")
    model = make()
    board = TensorBoard(tmp_path, histogram_freq=2, write_images=True, update_freq=2)
    history = fit(model, board).history
    train, validation = events(tmp_path / "train"), events(tmp_path / "validation")
    for tag, part, name in (("epoch_loss", train, "loss"), ("epoch_mae", validation, "val_mae")):
        expected = list(enumerate(np.float32(history[name])))
        assert scalars(part, tag) == expected
    assert [step for step, _ in scalars(train, "batch_loss")] == [2, 4, 6, 8]
    assert scalars(train, "epoch_learning_rate") == [(i, np.float32(0.001)) for i in range(3)]
    assert [step for step, _ in scalars(validation, "evaluation_loss_vs_iterations")] == [3, 6, 9]
    kernel = f"{model.layers[0].name}/kernel"
    assert [event.step for event in train.Histograms(f"{kernel}/histogram")] == [0, 2]
    assert f"{kernel}/image" in train.Tags()["images"]
    assert "model/text_summary" in train.Tags()["tensors"]


@pytest.mark.filterwarnings("ignore")
def test_tensorboard_of_an_evaluation(tmp_path):
    pytest.importorskip("tensorboardX")
    model = make()
    model.evaluate(X, Y, verbose=0, callbacks=[TensorBoard(tmp_path, update_freq="batch")])
    assert scalars(events(tmp_path / "validation"), "evaluation_loss_vs_iterations")[0][0] == 0
    assert [step for step, _ in scalars(events(tmp_path / "validation"), "batch_mae")] == [1]


@pytest.mark.filterwarnings("ignore")
def test_tensorboard_counts_steps_a_second(tmp_path):
    pytest.importorskip("tensorboardX")
    fit(make(), TensorBoard(tmp_path, write_graph=False, write_steps_per_second=True))
    assert all(value > 0 for _, value in scalars(events(tmp_path / "train"), "epoch_steps_per_second"))


def test_tensorboard_without_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r"\[tensorboard\]"):
        fit(make(), TensorBoard(tmp_path))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"update_freq": "never"}, "update_freq: .*'never'"),
        ({"update_freq": 0}, "update_freq: .*0"),
        ({"histogram_freq": -1}, "histogram_freq: .*-1"),
        ({"profile_batch": 2}, "profile_batch: .*2"),
        ({"embeddings_freq": 1}, "embeddings_freq: .*1"),
    ],
)
def test_arguments_of_tensorboard(arguments, message):
    with pytest.raises(ValueError, match=message):
        TensorBoard("logs", **arguments)
