"""IMDB and Reuters: lists of numbers out of a pickle that cannot do anything, and Keras' words of them."""

import json
import pickle
import tracemalloc
import zipfile

import numpy as np
import pytest

from fastnn.datasets import imdb, reuters
from fastnn.datasets._lists import read_lists

TEXTS = [[1, 5, 9], [2], [3, 3, 8, 20], [], [7, 1], [4, 4, 4]]
LABELS = [0, 1, 1, 0, 1, 0]


def array_of(lists):
    array = np.empty(len(lists), object)
    for i, numbers in enumerate(lists):
        array[i] = numbers
    return array


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Point the cache at a folder with an IMDB of six and six texts, and a Reuters of six."""
    monkeypatch.setenv("FASTNN_HOME", str(tmp_path))
    monkeypatch.setattr(imdb, "ROWS", 6)
    monkeypatch.setattr(reuters, "ROWS", 6)
    folder = tmp_path / "datasets"
    folder.mkdir()
    texts, labels = array_of(TEXTS), np.array(LABELS)
    np.savez(folder / "imdb.npz", x_train=texts, y_train=labels, x_test=texts[::-1], y_test=labels[::-1])
    np.savez(folder / "reuters.npz", x=texts, y=labels)
    return folder


def pairs(part):
    return sorted(zip(part[0].tolist(), part[1].tolist(), strict=True))


def test_imdb(home):
    train, test = imdb.load_data(num_words=100)
    assert train[0].dtype == object
    assert train[1].dtype == np.int64
    expected = sorted(([1, *(w + 3 for w in t)], label) for t, label in zip(TEXTS, LABELS, strict=True))
    assert pairs(train) == pairs(test) == expected
    order = np.arange(6)
    random = np.random.RandomState(113)
    random.shuffle(order)
    assert train[1].tolist() == [LABELS[i] for i in order]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, [[1, 5], [1, 6, 6, 11, 2], [1, 7, 7, 7], [1, 4, 8, 12], [1, 10, 4], [1]]),
        ({"num_words": 8}, [[1, 5], [1, 6, 6, 2, 2], [1, 7, 7, 7], [1, 4, 2, 2], [1, 2, 4], [1]]),
        ({"skip_top": 6}, [[2, 2], [2, 6, 6, 11, 2], [2, 7, 7, 7], [2, 2, 8, 12], [2, 10, 2], [2]]),
        ({"oov_char": None, "num_words": 8}, [[1, 5], [1, 6, 6], [1, 7, 7, 7], [1, 4], [1, 4], [1]]),
        ({"maxlen": 4, "num_words": 99}, [[1, 5], [1, 10, 4], [1]]),
        ({"start_char": None, "index_from": None, "num_words": 99}, [*TEXTS]),
    ],
)
def test_which_words(home, arguments, expected):
    for load in (imdb.load_data, reuters.load_data):
        extra = {} if load is imdb.load_data else {"test_split": 0}
        assert sorted(load(**arguments, **extra)[0][0].tolist()) == sorted(expected)


def test_reuters(home):
    train, test = reuters.load_data(test_split=0.5, num_words=100)
    assert (len(train[0]), len(test[0])) == (3, 3)
    assert len(reuters.get_label_names()) == 46


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"maxlen": 1}, "maxlen: expected a length that leaves some texts, got 1"),
        ({"maxlen": 0}, "maxlen: "),
        ({"num_words": 0}, "num_words: "),
        ({"skip_top": -1}, "skip_top: "),
        ({"start_char": -1}, "start_char: "),
        ({"oov_char": 0.5}, "oov_char: "),
        ({"index_from": "a"}, "index_from: "),
    ],
)
def test_bad_arguments_are_named(home, arguments, message):
    with pytest.raises(ValueError, match=message):
        imdb.load_data(**arguments)


@pytest.mark.parametrize("module", [imdb, reuters])
def test_the_index_of_words(home, module):
    name = f"{module.__name__.rsplit('.', 1)[1]}_word_index.json"
    (home / name).write_text(json.dumps({"the": 1, "and": 2}))
    assert module.get_word_index() == {"the": 1, "and": 2}
    for wrong in ('["the"]', '{"the": "1"}', "{"):
        (home / name).write_text(wrong)
        with pytest.raises(ValueError, match=f"{name} is not the index"):
            module.get_word_index()


# ---- what a pickle may hold -----------------------------------------------------------------------------


def write(path, content, shape=(6,)):
    """An .npz of one array of objects whose pickle is `content`."""
    with zipfile.ZipFile(path, "w") as archive, archive.open("x.npy", "w") as member:
        header = {"descr": "|O", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(member, header)
        member.write(content)


class Evil:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_every_protocol_of_numpy_is_read(tmp_path, protocol):
    content = pickle.dumps(array_of(TEXTS), protocol=protocol)
    if protocol == 2:  # Python 2 has no need to name a function for bytes
        content = pickle.dumps(array_of(TEXTS), protocol=3).replace(b"\x80\x03", b"\x80\x02", 1)
        content = content.replace(b"C\x01b", b"U\x01b").replace(b"numpy._core", b"numpy.core")
    write(tmp_path / "a.npz", content)
    assert read_lists(tmp_path / "a.npz", {"x": (6,)}) == [TEXTS]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps(Evil(print, "gotcha")), "asks for builtins.print"),
        (pickle.dumps(array_of([Evil(eval, "1 + 1")] * 6)), "asks for builtins.eval"),
        (pickle.dumps(Evil(np.fromfile, "a")), "asks for numpy"),
        (b"cos\nsystem\n(S'true'\ntR.", "asks for (os|posix|nt).system"),
        (b"cnumpy\nndarray\n.", r"'x' is not of \(6,\) lists"),
        (pickle.dumps(TEXTS), r"'x' is not of \(6,\) lists"),
        (pickle.dumps(array_of(TEXTS[:5])), r"'x' is not of \(6,\) lists"),
        (pickle.dumps(array_of([[1.5]] * 6)), "'x' has something else in it than lists of whole numbers"),
        (pickle.dumps(array_of([[True]] * 6)), "'x' has something else in it"),
        (pickle.dumps(array_of([["a"]] * 6)), "'x' has something else in it"),
        (pickle.dumps(array_of([3] * 6)), "'x' has something else in it"),
        (pickle.dumps(array_of([[-1]] * 6)), "'x' has a number in it that is not from 0"),
        (pickle.dumps(array_of([[2**31]] * 6)), "'x' has a number in it that is not from 0"),
        (pickle.dumps(array_of(TEXTS))[:-3], "is not the data set"),
        (b"", "is not the data set"),
        (b"\x80\x02]r" + (2**28).to_bytes(4, "little") + b".", r"'x' is not of \(6,\) lists"),
        (b"\x80\x02" + b"]" * 100_000 + b".", "'x' has something else in it"),
        (b"\x80\x02" + b"(" * 100_000 + b".", "'x' has something else in it"),
        (b"\x80\x02](K\x01K\x02e" + b"q\x00(" + b"h\x00" * 500 + b"e.", r"'x' is not of \(6,\) lists"),
        (b"\x8d" + b"\xff" * 8 + b".", "'x' has something else in it"),
        (b"X\xff\xff\xff\x7fa.", "is not the data set"),
        (b"\x80\x04\x95" + b"\xff" * 8 + b"].", r"'x' is not of \(6,\) lists"),
        (b"}}s.", "'x' has something else in it"),
        (b"e.", "is not the data set"),
    ],
)
def test_a_pickle_of_anything_else_is_refused(tmp_path, capsys, content, message):
    write(tmp_path / "a.npz", content)
    with pytest.raises(ValueError, match=message) as error:
        read_lists(tmp_path / "a.npz", {"x": (6,)})
    assert str(tmp_path / "a.npz") in str(error.value)
    assert capsys.readouterr().out == ""


def test_a_small_file_takes_little_memory(tmp_path):
    deflated = zipfile.ZipFile(tmp_path / "b.npz", "w", zipfile.ZIP_DEFLATED)
    with deflated, deflated.open("x.npy", "w") as member:
        header = {"descr": "|O", "fortran_order": False, "shape": (6,)}
        np.lib.format.write_array_header_1_0(member, header)
        member.write(b"\x80\x02](" + b"K\x01" * 20_000_000 + b"e.")
    write(tmp_path / "a.npz", b"\x80\x02]r" + (2**28).to_bytes(4, "little") + b".")
    for name in ("a.npz", "b.npz"):
        tracemalloc.start()
        try:
            with pytest.raises(ValueError, match="is not the data set"):
                read_lists(tmp_path / name, {"x": (6,)})
            assert tracemalloc.get_traced_memory()[1] < 2_000_000
        finally:
            tracemalloc.stop()


def test_a_deeply_nested_index_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("FASTNN_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "imdb_word_index.json").write_text('{"a":' * 100_000)
    with pytest.raises(ValueError, match="is not the index it is named after"):
        imdb.get_word_index()


def test_an_array_of_numbers_is_no_array_of_lists(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(6))
    with pytest.raises(ValueError, match=r"'x' is \(6,\) int64, expected \(6,\) object"):
        read_lists(tmp_path / "a.npz", {"x": (6,)})
