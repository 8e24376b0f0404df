"""Data sets in shards: every row once an epoch, in bounded memory; errors that name the file."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from killing import Killed, kill_after

import fastnn
from fastnn.callbacks import BackupAndRestore
from fastnn.utils import NpyDataset, ParquetDataset, write_shards

SIZES = [13, 1, 30, 7]
ROWS = sum(SIZES)
X = np.arange(3 * ROWS, dtype="f").reshape(ROWS, 3)
Y = np.arange(ROWS)


def npy(folder, **arguments):
    """The rows in shards of several sizes, one of them without rows."""
    for name, array in (("x", X), ("y", Y)):
        for i, part in enumerate(np.split(array, np.cumsum([*SIZES[:2], 0, SIZES[2]]))):
            np.save(folder / f"{name}-{i}.npy", part)
    return NpyDataset(str(folder / "x-*.npy"), folder / "y-*.npy", **arguments)


def parquet(folder, **arguments):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet as pq

    starts = np.cumsum([0, *SIZES])
    for i, start in enumerate(starts):
        part = slice(start, start + [*SIZES, 0][i])
        columns = {"a": X[part, 0], "b": X[part, 1].astype("int16"), "y": Y[part], "c": X[part, 2]}
        pq.write_table(pyarrow.table(columns), folder / f"{i}.parquet", row_group_size=6)
    return ParquetDataset(folder, label="y", **arguments)


each_kind = pytest.mark.parametrize("make", [npy, parquet], ids=lambda make: make.__name__)


def rows_of(batches):
    """The numbers of the rows in their order; x and y of each are those of one row."""
    order = np.concatenate([y for _, y in batches])
    np.testing.assert_array_equal(np.concatenate([x for x, _ in batches]), X[order])
    return order.tolist()


@each_kind
@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("buffer_bytes", [1, 300, 1000, 2**20])
@pytest.mark.parametrize("batch_size", [1, 8, 100])
def test_every_row_once_an_epoch_in_an_order_that_seed_and_epoch_determine(
    tmp_path, make, workers, buffer_bytes, batch_size
):
    arguments = {"batch_size": batch_size, "buffer_bytes": buffer_bytes}
    dataset = make(tmp_path, seed=5, workers=workers, **arguments)
    assert len(dataset) == -(-ROWS // batch_size)
    assert dataset.num_rows == ROWS
    epochs = [list(dataset) for _ in range(3)]
    orders = [rows_of(epoch) for epoch in epochs]
    assert all(sorted(order) == list(range(ROWS)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3
    assert all(len(y) == batch_size for epoch in epochs for _, y in epoch[:-1])
    again = make(tmp_path, seed=5, **arguments)
    again.epoch = 1  # any batch of any epoch may be asked for first
    for i in reversed(range(len(again))):
        for a, b in zip(again[i], epochs[1][i], strict=True):
            np.testing.assert_array_equal(a, b)
    assert rows_of(list(make(tmp_path, seed=6, **arguments))) != orders[0]


@pytest.mark.parametrize("case", range(30))
def test_every_row_once_whatever_the_sizes(tmp_path, case):
    rng = np.random.default_rng(case)
    sizes = rng.integers(0, rng.choice([2, 10, 60]), rng.integers(1, 9))
    total = int(sizes.sum()) + 1
    rows = np.arange(total)
    for i, part in enumerate(np.split(rows, np.cumsum(sizes))):
        np.save(tmp_path / f"{i}.npy", np.stack([part, -part], 1))
    batch_size, buffer_bytes = int(rng.integers(1, 40)), int(2 ** rng.integers(0, 14))
    dataset = NpyDataset(tmp_path, batch_size=batch_size, buffer_bytes=buffer_bytes, seed=case)
    for _ in range(2):
        batches = [dataset[i] for i in rng.permutation(len(dataset))]
        dataset.epoch += 1
        found = np.concatenate(batches)
        np.testing.assert_array_equal(found[:, 0], -found[:, 1])
        assert sorted(found[:, 0].tolist()) == rows.tolist()
        assert sorted(map(len, batches), reverse=True)[:-1] == [batch_size] * (len(dataset) - 1)


def test_a_seed_of_all_gives_the_same_training_again(tmp_path):
    dataset = npy(tmp_path, batch_size=8)
    model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(1)])
    model.compile(fastnn.optimizers.SGD(1e-5), "mse")
    start, losses = model.get_weights(), []
    for _ in range(2):
        fastnn.utils.set_random_seed(1)
        model.set_weights(start)
        losses.append(model.fit(dataset, epochs=2, verbose=0).history["loss"])
    assert losses[0] == losses[1]
    assert model.fit(dataset, epochs=2, verbose=0).history["loss"] != losses[1]


@each_kind
def test_in_the_order_of_the_files(tmp_path, make):
    dataset = make(tmp_path, shuffle=False, batch_size=8, buffer_bytes=200)
    for _ in range(2):
        assert rows_of(list(dataset)) == list(range(ROWS))
    x, _ = dataset[0]
    x[...] = -1
    assert rows_of(list(dataset)) == list(range(ROWS))
    with pytest.raises(IndexError, match="index: expected a number from 0 to 6, got 7"):
        dataset[7]


def test_a_window_has_rows_from_everywhere(tmp_path):
    files = write_shards(tmp_path, np.zeros((4096, 4), "f"), np.arange(4096), rows=256)
    dataset = NpyDataset(**files, batch_size=512, seed=1, buffer_bytes=2 * 512 * 24)
    shards = [np.unique(y // 256) for _, y in dataset]
    assert all(len(found) >= 8 for found in shards)


@each_kind
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_processes_and_pickles(tmp_path, make):
    dataset = make(tmp_path, seed=2, batch_size=8, workers=2, use_multiprocessing=True)
    copy = pickle.loads(pickle.dumps(dataset))
    copy.use_multiprocessing = False
    for _ in range(2):
        assert rows_of(list(dataset)) == rows_of(list(copy))


# ---- structures and dtypes ------------------------------------------------------------------------------


def test_dicts_weights_and_dtypes_of_npy(tmp_path):
    x = {"a": X, "b": np.asfortranarray(np.stack([X, -X], 2)).astype(">f8")}
    files = write_shards(tmp_path, x, {"u": Y, "v": -Y}, Y / 2, rows=10)
    assert sorted(files) == ["sample_weight", "x", "y"]
    for given, weights in ((files, True), ({**files, "sample_weight": None}, False)):
        dataset = NpyDataset(**given, batch_size=20, seed=1, dtype="float32")
        for inputs, labels, *rest in dataset:
            order = labels["u"]
            assert inputs["b"].dtype == np.float32
            np.testing.assert_array_equal(inputs["a"], X[order])
            np.testing.assert_array_equal(inputs["b"], x["b"][order])
            np.testing.assert_array_equal(labels["v"], -order)
            assert len(rest) == weights
            assert not weights or np.array_equal(rest[0], order / 2)
    assert NpyDataset(files["x"]["b"])[0].dtype == np.dtype("f8")  # of this machine's byte order


def test_columns_of_parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet as pq

    vectors = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(X.ravel()), 3)
    table = pyarrow.table({"v": vectors, "flag": Y % 2 == 0, "n": Y, "w": Y / 4})
    pq.write_table(table, tmp_path / "all.parquet", row_group_size=9)
    dataset = ParquetDataset(
        tmp_path / "all.parquet",
        {"vector": "v", "rest": ["n", "flag"], "one": "n"},
        {"u": "n", "v": ["n", "w"]},
        "w",
        dtype="float32",
        seed=0,
    )
    for inputs, labels, weights in dataset:
        order = labels["u"]
        assert order.dtype == np.int64
        np.testing.assert_array_equal(inputs["vector"], X[order])
        np.testing.assert_array_equal(inputs["rest"], np.stack([order, order % 2 == 0], 1).astype("f"))
        np.testing.assert_array_equal(inputs["one"], order.astype("f"))
        np.testing.assert_array_equal(labels["v"], np.stack([order, order / 4], 1))
        np.testing.assert_array_equal(weights, order / 4)
    plain = ParquetDataset(str(tmp_path / "*.parquet"), ["n", "flag"], batch_size=50)
    assert plain[0].shape == (50, 2)
    assert ParquetDataset([tmp_path / "all.parquet"], "v", "n")[0][0].shape == (32, 3)


def test_training_on_shards_equals_training_on_arrays(tmp_path):
    x = np.random.default_rng(0).random((64, 3), "f")
    y = x.sum(axis=1)
    results = []
    for data in ((x, y), (NpyDataset(**write_shards(tmp_path, x, y, rows=10), shuffle=False),)):
        fastnn.utils.set_random_seed(1)
        model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(1)])
        model.compile("adam", "mse")
        history = model.fit(*data, epochs=3, verbose=0, shuffle=False)
        predicted = model.predict(data[0])
        assert model.evaluate(*data, verbose=0) == pytest.approx(np.mean((predicted[:, 0] - y) ** 2))
        results.append([history.history["loss"], predicted, *model.get_weights()])
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)


# ---- resuming -------------------------------------------------------------------------------------------


def train(dataset, *callbacks, **arguments):
    fastnn.utils.set_random_seed(4)
    layers = [fastnn.layers.Rescaling(0.01), fastnn.layers.Dense(4, "tanh"), fastnn.layers.Dense(1)]
    model = fastnn.Sequential([fastnn.Input((3,)), *layers])
    model.compile("adam", "mse")
    found = model.fit(dataset, epochs=4, verbose=0, callbacks=list(callbacks), **arguments)
    return [found.history["loss"], *model.get_weights()]


@pytest.mark.filterwarnings("ignore:x. the data ran out")
@each_kind
@pytest.mark.parametrize("steps", [None, 5], ids=lambda steps: f"steps_per_epoch={steps}")
def test_resumed_anywhere_with_the_same_bits(tmp_path, make, steps):
    (tmp_path / "data").mkdir()
    arguments = {"batch_size": 8, "buffer_bytes": 500}

    def new(**more):
        return make(tmp_path / "data", seed=9, **arguments, **more)

    whole = train(new(), steps_per_epoch=steps)
    for kill in (1, 6, 3, 7, 100):
        callbacks = kill_after(kill), BackupAndRestore(tmp_path / "backup", 1)
        try:
            found = train(new(workers=3), *callbacks, steps_per_epoch=steps)
        except Killed:
            continue
    for a, b in zip(found, whole, strict=True):
        np.testing.assert_array_equal(a, b)


PROGRAM = """
import os, sys
import numpy as np
import fastnn
folder, steps = sys.argv[1], int(sys.argv[2])
def stop(batch, logs, done=iter(range(1, 10**6))):
    if next(done) == steps:
        os._exit(9)
fastnn.utils.set_random_seed(2)
dataset = fastnn.utils.NpyDataset(folder + "/x-*.npy", folder + "/y-*.npy", batch_size=4, seed=3, workers=2)
model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(1)])
model.compile("rmsprop", "mse")
backup = fastnn.callbacks.BackupAndRestore(folder + "/backup", 3)
watch = fastnn.callbacks.LambdaCallback(on_train_batch_end=stop)
model.fit(dataset, epochs=3, verbose=0, callbacks=[backup, watch])
np.save(folder + "/weights.npy", np.concatenate([w.ravel() for w in model.get_weights()]))
"""


def test_a_killed_program_goes_on(tmp_path):
    npy(tmp_path)
    found = []
    for kills in ((0,), (20, 0)):
        for kill in kills:
            command = [sys.executable, "-c", PROGRAM, str(tmp_path), str(kill)]
            done = subprocess.run(command, check=False, timeout=120, cwd=tmp_path)
            assert done.returncode == (9 if kill else 0)
        found.append(np.load(tmp_path / "weights.npy"))
    np.testing.assert_array_equal(*found)


# ---- memory ---------------------------------------------------------------------------------------------

MEMORY = """
import resource, sys
import numpy as np
from fastnn.utils import NpyDataset
dataset = NpyDataset(sys.argv[1], batch_size=64, seed=1, buffer_bytes=2**23)
next(iter(dataset))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
total = sum(float(x[:, 0].sum()) for x in dataset)
assert total == 30 * 4096
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the unit of ru_maxrss is Linux'")
def test_memory_is_bounded_by_the_buffer(tmp_path):
    for i in range(30):
        np.save(tmp_path / f"{i:02}.npy", np.ones((4096, 256), "f"))  # 126 MB in all
    command = [sys.executable, "-c", MEMORY, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert int(done.stdout) < 2**24


def test_two_windows_are_kept(tmp_path):
    files = write_shards(tmp_path, np.zeros((1000, 4), "f"), rows=100)
    dataset = NpyDataset(files["x"], batch_size=10, seed=1, buffer_bytes=3200)
    for _ in dataset:
        assert len(dataset._windows._windows) <= 2


# ---- errors ---------------------------------------------------------------------------------------------


def save(folder, name, array):
    np.save(folder / name, array)
    return folder / name


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"x-0": X, "x-1": X[:, :2]},
            r"x: expected rows of shape \(3,\) and float32 as in .*x-0.npy, got \(2,\)",
        ),
        ({"x-0": X, "x-1": X.astype("f8")}, r"x: expected .* got \(3,\) and float64 in .*x-1.npy"),
        (
            {"x-0": X, "y-0": Y[:-1]},
            r"x, y: expected as many rows .* got 51 in .*x-0.npy and 50 in .*y-0.npy",
        ),
        ({"x-0": X, "y-0": Y, "y-1": Y}, "x, y: expected as many files, got 1 and 2"),
        ({"x-0": np.array(1.0)}, r"x: expected rows of numbers, got shape \(\) in .*x-0.npy"),
        ({"x-0": X[:, :0]}, r"x: expected rows of numbers, got shape \(51, 0\) in .*x-0.npy"),
        ({"x-0": np.array(["a"])}, r"x-0.npy is no .npy file of real numbers: it has shape \(1,\) and <U1"),
        ({"x-0": X + 1j}, "x-0.npy is no .npy file of real numbers: .* complex64"),
        ({"x-0": X[:0]}, "expected at least one row in the files, got none"),
    ],
)
def test_npy_files_that_disagree(tmp_path, files, message):
    for name, array in files.items():
        save(tmp_path, f"{name}.npy", array)
    y = str(tmp_path / "y-*.npy") if "y-0" in files else None
    with pytest.raises(ValueError, match=message):
        NpyDataset(str(tmp_path / "x-*.npy"), y)


def test_npy_files_that_are_none(tmp_path):
    path = save(tmp_path, "x.npy", X)
    whole = path.read_bytes()
    for content in (
        b"",
        whole[:5],
        whole[:60],
        whole[:200],
        whole[:-1],
        b"PK" + whole[2:],
        whole[:8] + b"\xff" * 90,
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"x.npy (is no .npy file of numbers, or )?has been cut off"):
            NpyDataset(path)
    np.save(path, np.array([{}], object), allow_pickle=True)
    with pytest.raises(ValueError, match="x.npy is no .npy file"):
        NpyDataset(path)


SHAPES = [
    "(4611686018427387904, 4)", "(-1, 3)", "(20, -3)", "(True, 3)", "(36893488147419103232,)", "(1e3,)",
    "(1,", "3", "(0, 4611686018427387904)", f"({'1, ' * 70})", f"{'(' * 80}",
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_headers_that_lie(tmp_path, shape):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(501) + "\n"
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + X.tobytes()
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(ValueError, match="x"):
        NpyDataset(tmp_path / "x.npy")


def test_damaged_files_give_errors_that_name_them(tmp_path):
    path = save(tmp_path, "x.npy", X)
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(whole)
        for place in rng.integers(0, 128, 2):
            damaged[place] = rng.choice(np.frombuffer(b"0123456789(),'<>|fiub8 {}:\xff", "u1"))
        path.write_bytes(damaged)
        message = ""
        try:
            assert sum(len(x) for x in NpyDataset(path)) <= 4 * X.size
        except ValueError as error:
            message = str(error)
        assert not message or "x.npy" in message


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ("nowhere.npy", FileNotFoundError, "x: there is no file nowhere.npy"),
        ("no*.npy", FileNotFoundError, r"x: expected files that match 'no\*.npy', found none"),
        (".", FileNotFoundError, "x: expected files .npy in ., found none"),
        ([], FileNotFoundError, "x: expected at least one file, found none"),
        ([X], ValueError, "x: expected a file, a folder, a pattern or a list of files"),
        (X, ValueError, "x: expected a file, a folder, a pattern or a list of files"),
        (["a.npy", "a.npy"], ValueError, "x: expected each file once, got a.npy twice"),
        ({"a": "nowhere.npy"}, FileNotFoundError, r"x\['a'\]: there is no file"),
    ],
)
def test_files_that_are_not_there(tmp_path, monkeypatch, given, error, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        NpyDataset(given)


@each_kind
def test_files_that_change(tmp_path, make):
    dataset = make(tmp_path, batch_size=8)
    rows_of(list(dataset))
    path = sorted(tmp_path.iterdir())[0]
    content = path.read_bytes()
    os.utime(path, (0, 0))
    with pytest.raises(ValueError, match=f"{path.name} has changed since the data set was made"):
        list(dataset)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=path.name):
        list(dataset)
    path.write_bytes(content)
    assert len(rows_of(list(make(tmp_path, batch_size=8)))) == ROWS


def test_an_error_while_a_window_is_read_is_tried_again(tmp_path):
    files = write_shards(tmp_path, X, rows=ROWS)
    dataset = NpyDataset(**files)
    path = tmp_path / "x-00000.npy"
    moved = path.rename(tmp_path / "away")
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            dataset[0]
    moved.rename(path)
    assert dataset[0].shape == (32, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "batch_size: expected an integer of at least 1, got 0"),
        ({"buffer_bytes": 0}, "buffer_bytes: "),
        ({"seed": -1}, "seed: "),
        ({"workers": -1}, "workers: "),
    ],
)
@each_kind
def test_arguments(tmp_path, make, arguments, message):
    with pytest.raises(ValueError, match=message):
        make(tmp_path, **arguments)


def test_parquet_files_that_disagree(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet as pq

    def write(name, **columns):
        pq.write_table(pyarrow.table(columns), tmp_path / name)
        return tmp_path / name

    one = write("one.parquet", a=[1.0, 2.0], b=[1, 2], s=["x", "y"], n=[1.0, None])
    two = write("two.parquet", a=[1, 2], b=[1, 2])
    for files, columns, message in (
        (
            [one, two],
            "a",
            "files: expected column 'a' of type double as in .*one.parquet, got int64 in .*two",
        ),
        ([one, two], "n", "columns: unknown name 'n'.* in .*two.parquet"),
        (one, ["a", "bb"], "columns: unknown name 'bb'; did you mean 'b'"),
        (one, None, "columns: expected numbers, got string in column 's' of .*one.parquet"),
        (one, [], r"columns: expected names of columns, got \[\]"),
        (one, {"u": 3}, r"columns\['u'\]: expected names of columns, got 3"),
    ):
        with pytest.raises(ValueError, match=message):
            ParquetDataset(files, columns)
    pq.write_table(pyarrow.table([[1.0], [2.0]], names=["a", "a"]), tmp_path / "twice.parquet")
    with pytest.raises(ValueError, match="columns: expected one column 'a' in .*twice.parquet, got several"):
        ParquetDataset(tmp_path / "twice.parquet")
    with pytest.raises(ValueError, match="got null in column 'n' of .*one.parquet"):
        ParquetDataset(one, "n")[0]
    for content in (b"", b"PAR1", one.read_bytes()[:-9], b"x" * 100):
        one.write_bytes(content)
        with pytest.raises(ValueError, match="one.parquet is no Parquet file, or has been cut off"):
            ParquetDataset(one)


def test_without_pyarrow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ImportError, match=r"pip install '\.\[parquet\]'"):
        ParquetDataset(tmp_path)


def test_what_is_written(tmp_path):
    write_shards(tmp_path / "new" / "folder", X)
    with pytest.raises(FileExistsError, match="x-00000.npy"):
        write_shards(tmp_path / "new" / "folder", X)
    for arguments, message in (
        ((X, Y[1:]), r"x, y, sample_weight: expected arrays of as many rows, got \[\(50,\), \(51,\)\]"),
        ((X[:0],), "expected arrays of as many rows"),
        ((np.float32(1),), "expected arrays of as many rows"),
        ((np.array(["a"]),), "x: expected real numbers, got dtype <U1"),
        (({"../a": X},), "x: expected names that can be those of files, got '../a'"),
    ):
        with pytest.raises(ValueError, match=message):
            write_shards(tmp_path / "other", *arguments)
    assert not (tmp_path / "other").exists()
