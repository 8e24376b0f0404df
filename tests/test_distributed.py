"""Training on several ranks: sums and shares with ranks that are threads, the rest over MPI, where it is."""

import json
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import fastnn
from fastnn.data.dataset import PyDataset
from fastnn.data.shuffle import EpochShuffler
from fastnn.distributed.dataset import RankIterator
from fastnn.distributed.ordered_sum import OrderedSum
from fastnn.distributed.ranks import Ranks

MPIEXEC = shutil.which("mpiexec")


class Threads:
    """A communicator whose ranks are threads: what is used of mpi4py's."""

    def __init__(self, rank, shared):
        self._rank, self._shared = rank, shared

    def Get_rank(self):
        return self._rank

    def Get_size(self):
        return len(self._shared[0])

    def allgather(self, value):
        slots, barrier = self._shared
        slots[self._rank] = value
        barrier.wait()
        found = list(slots)
        barrier.wait()
        return found

    def bcast(self, value, root):
        return self.allgather(value)[root]

    def Allgather(self, own, found):
        found[...] = np.reshape(self.allgather(own.copy()), found.shape)

    def Alltoallv(self, own, found):
        array, (counts, starts) = own
        for (parts, sizes, places), at, size in zip(
            self.allgather((array.copy(), counts, starts)), found[1][1], found[1][0], strict=True
        ):
            start = places[self._rank]
            assert sizes[self._rank] == size
            found[0][at : at + size] = parts[start : start + size]

    def Allgatherv(self, own, found):
        array, (counts, starts) = found
        for part, start, count in zip(self.allgather(own), starts, counts, strict=True):
            array[start : start + count] = part


def on_ranks(size, function):
    """Return what a function returns on each rank."""
    shared = [None] * size, threading.Barrier(size, timeout=30)
    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(lambda rank: function(Threads(rank, shared)), range(size)))


@pytest.mark.parametrize("small", [0, 1 << 16])
@pytest.mark.parametrize("length", [0, 1, 3, 1000])
@pytest.mark.parametrize("size", [2, 3, 4])
def test_sums_have_the_order_of_the_ranks(size, length, small):
    arrays = np.random.default_rng(1).standard_normal((size, length)).astype("f")

    def add(communicator):
        array = arrays[communicator.Get_rank()].copy()
        OrderedSum(communicator, small)(array)
        return array

    expected = arrays[0].copy()
    for array in arrays[1:]:
        expected += array
    for found in on_ranks(size, add):
        assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("samples", [1, 2, 5, 8, 13])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_parts_of_ranks_are_all_of_a_batch(size, samples):
    def take(communicator):
        ranks = Ranks(communicator)
        return *ranks.take(samples), ranks.portion, ranks.idle

    taken = [part for part in on_ranks(size, take) if not part[3]]
    assert [row for start, rows, _, _ in taken for row in range(start, start + rows)] == list(range(samples))
    assert sum(portion for _, _, portion, _ in taken) == pytest.approx(1)
    assert max(rows for _, rows, _, _ in taken) == -(-samples // size)


def test_gradients_count_by_rows():
    rows = [3, 1, 0]

    def add(communicator):
        ranks = Ranks(communicator)
        own = rows[ranks.rank]
        ranks.take_own(own or 7, not own)
        gradients = np.full(2, [1.0, 5.0, np.nan][ranks.rank], "f")
        ranks.sum_gradients(gradients)
        return gradients.tolist()

    assert on_ranks(3, add) == [[2.0, 2.0]] * 3


class Numbers(PyDataset):
    def __init__(self, count):
        super().__init__()
        self.count, self.made = count, []

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        self.made.append(index)
        return np.full((1, 1), index)


@pytest.mark.parametrize("as_iterator", [False, True])
@pytest.mark.parametrize("count", [4, 5, 7, 8])
def test_batches_of_a_data_set_are_dealt_out(count, as_iterator):
    def take(communicator):
        dataset = Numbers(count)
        given = map(dataset.__getitem__, range(count)) if as_iterator else dataset
        source = RankIterator(Ranks(communicator), given, shuffler=EpochShuffler())
        return source.steps, [(int(x[0, 0]), source.has_spare) for x, _, _ in source.epoch()], dataset.made

    found = on_ranks(4, take)
    rounds = -(-count // 4)
    for rank, (steps, batches, made) in enumerate(found):
        assert steps == (None if as_iterator else rounds)
        own = list(range(rank, count, 4))
        assert [batch for batch, is_spare in batches if not is_spare] == own
        assert len(batches) == rounds
        assert as_iterator or set(made) == set(own)


def test_a_data_set_has_a_batch_for_each_rank():
    def take(communicator):
        return list(RankIterator(Ranks(communicator), Numbers(2)).epoch())

    with pytest.raises(ValueError, match="expected at least one batch for each of 3 ranks, got 2"):
        on_ranks(3, take)


def test_ranks_that_do_different_things_say_so(capsys):
    def agree(communicator):
        communicator.Abort = lambda code: None
        ranks = Ranks(communicator)
        with pytest.raises(RuntimeError, match="all have to do the same"):
            ranks.agree(["fit", "predict"][ranks.rank])

    on_ranks(2, agree)


def test_a_model_that_is_not_distributed_is_alone():
    model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(1)])
    assert (model._ranks.rank, model._ranks.size) == (0, 1)


def test_without_mpi4py(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(ImportError, match=r"pip install '\.\[mpi\]'"):
        fastnn.distributed.rank()


# ---- over MPI -----------------------------------------------------------------------------------------


def mpi(tmp_path, ranks, program, *arguments, fails=False):
    """Run a program on some ranks and return what it printed."""
    pytest.importorskip("mpi4py")
    if MPIEXEC is None:
        pytest.skip("mpiexec is missing")
    path = tmp_path / "program.py"
    path.write_text(PRELUDE + program)
    version = subprocess.run([MPIEXEC, "--version"], capture_output=True, text=True).stdout
    options = ["--oversubscribe"] if "Open MPI" in version else []
    environment = os.environ | {
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "FASTNN_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [MPIEXEC, *options, "-n", str(ranks), sys.executable, str(path), *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode != 0) == fails, done.stderr
    return done.stderr if fails else done.stdout


PRELUDE = """
import hashlib, json, os, sys
import numpy as np
import fastnn
from fastnn import callbacks, layers
from fastnn.distributed import distribute, rank, size

def bits(model):
    return hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest()

def data(rows=53):
    random = np.random.default_rng(0)
    return random.standard_normal((rows, 6)).astype("f"), random.integers(0, 3, rows)

def model_of(*hidden, loss="sparse_categorical_crossentropy", optimizer="adam", dtype="float64"):
    fastnn.utils.set_random_seed(3)
    parts = [fastnn.Input((6,), dtype=dtype), layers.Dense(8, "tanh", dtype=dtype), *hidden]
    model = fastnn.Sequential([*parts, layers.Dense(3, "softmax", dtype=dtype)])
    model.compile(optimizer, loss, metrics=["accuracy", fastnn.metrics.SparseTopKCategoricalAccuracy(2)])
    return model
"""


EQUAL = """
x, y = data()
weights = np.random.default_rng(1).random(53) * (np.arange(53) % 12 < 7)  # of some ranks' rows all 0
found = {}

class Spread(fastnn.losses.Loss):  # no sum over rows
    def call(self, y_true, y_pred):
        return ((y_pred - y_pred.mean(axis=0)) ** 2).mean(axis=-1) - y_pred[:, :1].mean(axis=-1)

class Largest(fastnn.metrics.Metric):  # the state cannot be added up
    def __init__(self, name="largest"):
        super().__init__(name=name)
        self.seen = []
    def update_state(self, y_true, y_pred, sample_weight=None):
        scores = np.max(np.asarray(y_pred), axis=-1)
        weights = np.ones(len(scores)) if sample_weight is None else np.asarray(sample_weight)
        self.seen.append(float(np.max(scores.T * weights.T)))
    def result(self):
        return max(self.seen, default=0.0) + len(self.seen)
    def reset_state(self):
        self.seen = []

def own(loss):
    model = model_of()
    model.compile("sgd", loss, metrics=[Largest()], weighted_metrics=[Largest("weighted")])
    return model

def masked(loss, **options):
    fastnn.utils.set_random_seed(3)
    ids = fastnn.Input((6,), dtype="float64")
    hidden = layers.Embedding(7, 4, mask_zero=True, dtype="float64")(ids)
    hidden = layers.LSTM(4, return_sequences=True, dtype="float64")(hidden)
    model = fastnn.Model(ids, layers.Dense(3, "softmax", dtype="float64")(hidden))
    model.compile("sgd", loss, weighted_metrics=["accuracy", Largest()], **options)
    lengths = np.arange(53) % 12 % 7  # rows of some ranks are masked as a whole
    tokens = np.random.default_rng(4).integers(1, 7, (53, 6)) * (np.arange(6) < lengths[:, None])
    labels = np.random.default_rng(5).integers(0, 3, (53, 6))
    return model, tokens, labels

cases = {}
for reduction in ("sum_over_batch_size", "sum", "mean_with_sample_weight"):
    loss = fastnn.losses.SparseCategoricalCrossentropy(reduction=reduction)
    cases["masked " + reduction] = masked(loss)
    cases["own " + reduction] = own(Spread(reduction=reduction)), x, np.eye(3)[y]
cases["masked own"] = masked(lambda y, p: (p[..., 0] - 0.5) ** 2)
for name, (model, *arrays) in cases.items():
    model = distribute(model)
    history = model.fit(*arrays, 12 // size(), 2, 0, sample_weight=weights, validation_split=0.1).history
    found[name] = [bits(model), *history.items(), model.evaluate(*arrays, 24 // size(), verbose=0)]
    found[name] += [[w.ravel()[::3].tolist() for w in model.get_weights()]]
for name, model in {
    "plain": model_of(),
    "sum": model_of(loss=fastnn.losses.SparseCategoricalCrossentropy(reduction="sum"), optimizer="sgd"),
    "weighted": model_of(
        loss=fastnn.losses.SparseCategoricalCrossentropy(reduction="mean_with_sample_weight", ignore_class=1)
    ),
    "normalized": model_of(layers.BatchNormalization(synchronized=True, dtype="float64")),
    "penalty": model_of(layers.Dense(4, kernel_regularizer="l2", activity_regularizer="l1", dtype="float64")),
    "accumulated": model_of(
        optimizer=fastnn.optimizers.Adam(gradient_accumulation_steps=2, global_clipnorm=0.1, use_ema=True)
    ),
}.items():
    model = distribute(model)
    history = model.fit(
        x, y, 12 // size(), 3, 0, sample_weight=weights, validation_split=0.1
    ).history
    once = model.train_on_batch(x[:7], y[:7])
    found[name] = [bits(model), *history.items(), once, model.evaluate(x, y, 24 // size(), verbose=0)]
    found[name] += [model.predict(x)[::9].tolist(), [w.ravel()[::3].tolist() for w in model.get_weights()]]
print(json.dumps(found))
"""


def _lines(output):
    return [json.loads(line) for line in output.splitlines() if line.startswith(("{", "["))]


def _numbers(value):
    return [number for part in value for number in _numbers(part)] if isinstance(value, list) else [value]


@pytest.fixture(scope="module")
def of_one(tmp_path_factory):
    (found,) = _lines(mpi(tmp_path_factory.mktemp("one"), 1, EQUAL))
    return found


@pytest.mark.parametrize("ranks", [2, 4])
def test_ranks_train_as_one_process_does(tmp_path, ranks, of_one):
    found = _lines(mpi(tmp_path, ranks, EQUAL))
    assert len(found) == ranks
    for other in found[1:]:
        assert other == found[0]
    for name, (_, *values) in of_one.items():
        expected, got = _numbers(values), _numbers(found[0][name][1:])
        texts = [value for value in expected if isinstance(value, str)]
        assert texts == [value for value in got if isinstance(value, str)]
        expected, got = ([v for v in vs if not isinstance(v, str)] for vs in (expected, got))
        assert got == pytest.approx(expected, rel=1e-6, abs=1e-9), name


CALLBACKS = """
x, y = data()
model = distribute(model_of(layers.Dropout(0.3), layers.BatchNormalization(dtype="float64")))

class Own(callbacks.Callback):
    losses = []
    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(logs["loss"])
    def on_epoch_end(self, epoch, logs=None):
        if rank() == 1 and epoch == 2:
            self.model.stop_training = True

writers = [callbacks.ModelCheckpoint(f"{rank()}.fastnn"), callbacks.CSVLogger(f"{rank()}.csv")]
own = Own()
reduce = callbacks.ReduceLROnPlateau("loss", patience=0, min_delta=10)
model.fit(x, y, 8, 9, 2, callbacks=[own, reduce, callbacks.EarlyStopping(patience=5), *writers])
print(json.dumps([bits(model), own.losses, float(model.optimizer.learning_rate), model.history.history]))
"""


def test_ranks_stay_together(tmp_path):
    output = mpi(tmp_path, 2, CALLBACKS)
    first, second = _lines(output)
    assert first == second
    assert len(first[3]["loss"]) == 3
    assert sorted(path.name for path in tmp_path.glob("*.fastnn")) == ["0.fastnn"]
    assert [path.name for path in tmp_path.glob("*.csv")] == ["0.csv"]
    assert output.count("Epoch 1/9") == 1


RESUME = """
x, y = data()
what, freq, batch_size = sys.argv[1], sys.argv[2], int(sys.argv[3])
class Stop(callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1 and what == "stop":
            self.model.stop_training = True

class Kept(callbacks.BackupAndRestore):
    def on_train_end(self, logs=None):
        pass

class Batches(fastnn.utils.PyDataset):
    def __len__(self):
        return 9
    def __getitem__(self, index):
        return x[6 * index : 6 * index + 6], y[6 * index : 6 * index + 6]

model = distribute(model_of())
freq = "epoch" if freq == "epoch" else int(freq)
kept = [] if what == "all" else [Kept("backup", freq)]
data = {"x": x, "y": y, "batch_size": batch_size // size()} if batch_size else {"x": Batches()}
model.fit(**data, epochs=4, verbose=0, callbacks=[Stop(), *kept])
print(json.dumps([w.ravel().tolist() for w in model.get_weights()]))
"""


@pytest.mark.parametrize("save_freq", ["epoch", "3"])
def test_a_training_resumes_on_another_number_of_ranks(tmp_path, save_freq):
    mpi(tmp_path, 2, RESUME, "stop", save_freq, "12")
    resumed = _lines(mpi(tmp_path, 3, RESUME, "resume", save_freq, "12"))
    whole = _lines(mpi(tmp_path, 1, RESUME, "all", save_freq, "12"))
    assert resumed[0] == resumed[1] == resumed[2]
    assert _numbers(resumed[0]) == pytest.approx(_numbers(whole[0]), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("batch_size", "reason"),
    [(12, "12 samples of a step, now 6"), (0, "2 batches of a step, now 1")],
    ids=["arrays", "data set"],
)
def test_steps_of_other_sizes_are_refused_in_the_middle_of_an_epoch(tmp_path, batch_size, reason):
    mpi(tmp_path, 2, RESUME, "stop", "3", str(batch_size))
    error = mpi(tmp_path, 1, RESUME, "resume", "3", str(batch_size // 2), fails=True)
    assert f"in the middle of an epoch with {'53 samples, now 53; ' if batch_size else ''}{reason}" in error


SAVING = """
import io
model = distribute(model_of())
model.save("model.fastnn", overwrite=False)
model.save_weights("weights.fastnn", overwrite=False)
fastnn.saving.save_model(model, f"{rank()}.fastnn")
memory = io.BytesIO()
model.save(memory)
print(len(memory.getvalue()) > 1000)
"""


def test_the_first_rank_writes_files(tmp_path):
    assert mpi(tmp_path, 2, SAVING).split() == ["True"] * 2
    assert sorted(path.name for path in tmp_path.glob("*.fastnn")) == [
        "0.fastnn",
        "model.fastnn",
        "weights.fastnn",
    ]


DATASET = """
class Batches(fastnn.utils.PyDataset):
    x, y = data(50)
    def __len__(self):
        return 7
    def __getitem__(self, index):
        return self.x[8 * index : 8 * index + 8], self.y[8 * index : 8 * index + 8]

class Own(fastnn.Sequential):
    def train_step(self, data):
        return super().train_step(data)

found = []
for cls in (fastnn.Sequential, Own):
    fastnn.utils.set_random_seed(rank())
    model = cls([layers.Dense(8, "tanh", dtype="float64"), layers.Dense(3, "softmax", dtype="float64")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    distribute(model)
    history = model.fit(Batches(), epochs=2, verbose=0, validation_data=Batches()).history
    generator = (batch for epoch in range(2) for batch in Batches())
    model.fit(generator, steps_per_epoch=2, verbose=0)
    found += [bits(model), history, model.evaluate(Batches(), verbose=0), model.predict(Batches()).tolist()]
print(json.dumps(found))
"""


def test_data_sets_are_dealt_out(tmp_path):
    first, *others = _lines(mpi(tmp_path, 2, DATASET))
    assert others == [first]
    assert first[2] == pytest.approx([first[1]["val_loss"][-1], first[1]["val_accuracy"][-1]], abs=0.2)


FAILING = """
x, y = data()
class Fail(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if rank() == 1 and batch == 2:
            if sys.argv[1] == "kill":
                os.kill(os.getpid(), 9)
            if sys.argv[1] == "exit":
                sys.exit(0)
            if sys.argv[1] == "interrupt":
                os.kill(os.getpid(), 2)
            if sys.argv[1] == "raise":
                raise ValueError("this is the reason")
if sys.argv[1] == "leave" and rank() == 1:
    model = distribute(model_of())
    sys.exit(0)
if sys.argv[1] == "before" and rank() == 1:
    model = distribute(model_of())
    open("missing")
if sys.argv[1] == "early" and rank() == 1:
    sys.exit(3)
model = distribute(model_of())
first = rank() if sys.argv[1] == "rows" else 0
model.fit(x[first:], y[first:], 4, 5, 0, callbacks=[Fail()])
"""


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("raise", "this is the reason"),
        ("kill", "rank"),
        ("exit", "SystemExit"),
        ("leave", "all have to do the same"),
        ("before", "FileNotFoundError"),
        ("early", "at the end of the program"),
        ("interrupt", "KeyboardInterrupt"),
        ("rows", "with 52 samples"),
    ],
)
def test_a_rank_that_fails_ends_all(tmp_path, how, reason):
    assert reason in mpi(tmp_path, 2, FAILING, how, fails=True)


BEFORE = """
x, y = data(40)
model = model_of()
losses = model.test_on_batch(x, y)      # which keeps its plan
model = distribute(model)
parts = []
model._ranks.take, take = (lambda samples: parts.append(take(samples)) or parts[-1]), model._ranks.take
again = model.test_on_batch(x, y)
assert parts == [(20 * rank(), 20)], parts
np.testing.assert_allclose(again, losses, rtol=1e-6)
print("agreed")
"""


def test_plans_from_before_are_made_anew(tmp_path):
    assert mpi(tmp_path, 2, BEFORE).split() == ["agreed"] * 2
