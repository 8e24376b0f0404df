"""Data sets: what comes with fastnn, what the cache holds, and what a download does, without a network."""

import sys
import zipfile
from pathlib import Path

import numpy as np
import pooch
import pytest

from fastnn.datasets import _fetch, digits, mnist


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Point the cache at an empty folder."""
    monkeypatch.setenv("FASTNN_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    return tmp_path


@pytest.fixture
def offline(monkeypatch):
    """Fail the test that reaches for the network."""

    def unreachable(*arguments, **keywords):
        raise ConnectionError("no route to host")

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", unreachable)


def mnist_arrays():
    """Arrays of MNIST's shapes, all zero but for the labels."""
    arrays = {name: np.zeros(shape, np.uint8) for name, shape in mnist.SHAPES.items()}
    for name in ("y_train", "y_test"):
        arrays[name][:] = np.arange(arrays[name].size) % 10
    return arrays


def test_digits():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert (x_train.shape, y_train.shape) == ((1437, 8, 8), (1437,))
    assert (x_test.shape, y_test.shape) == ((360, 8, 8), (360,))
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert (x_train.min(), x_train.max()) == (0, 16)
    assert np.bincount(np.concatenate([y_train, y_test])).tolist() == [
        178, 182, 177, 183, 181, 182, 181, 179, 174, 180
    ]  # fmt: skip
    assert int(x_train.sum(dtype=int) + x_test.sum(dtype=int)) == 561718


def test_digits_are_the_callers_to_change():
    (x, _), _ = digits.load_data()
    x[:] = 0
    (again, _), _ = digits.load_data()
    assert again.any()


def test_mnist_takes_what_is_there_by_its_content(home, offline):
    arrays = mnist_arrays()
    np.savez_compressed(home / "datasets" / "mnist.npz", **arrays)
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    for name, got in {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}.items():
        np.testing.assert_array_equal(got, arrays[name])
        assert got.dtype == np.uint8


def test_mnist_elsewhere(home, offline, tmp_path):
    np.savez_compressed(tmp_path / "mine.npz", **mnist_arrays())
    assert mnist.load_data(tmp_path / "mine.npz")[1][1][11] == 1


def test_mnist_labels_are_digits(home):
    arrays = mnist_arrays()
    arrays["y_test"][7] = 10
    np.savez_compressed(home / "datasets" / "mnist.npz", **arrays)
    with pytest.raises(ValueError, match=r"mnist\.npz.* label 10"):
        mnist.load_data()


def test_a_download_arrives_once_and_whole(home, monkeypatch):
    calls = []

    def serve(self, url, output, *arguments, **keywords):
        calls.append(url)
        Path(output).write_bytes(b"content")

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", serve)
    sha256 = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
    for _ in range(2):
        file = _fetch.cached("a.npz", "https://example.org/a.npz", sha256)
        assert file == home / "datasets" / "a.npz"
        assert file.read_bytes() == b"content"
    assert calls == ["https://example.org/a.npz"]


def test_a_wrong_download_leaves_nothing(home, monkeypatch):
    monkeypatch.setattr(
        pooch.HTTPDownloader,
        "__call__",
        lambda self, url, output, *a, **k: Path(output).write_bytes(b"other"),
    )
    with pytest.raises(OSError, match="SHA256 hash"):
        mnist.load_data()
    assert not list((home / "datasets").iterdir())


def test_offline_says_what_to_put_where(home, offline):
    with pytest.raises(OSError, match="no route to host") as error:
        mnist.load_data()
    assert mnist.ADDRESS in str(error.value)
    assert str(home / "datasets" / "mnist.npz") in str(error.value)
    assert not list((home / "datasets").iterdir())


def test_without_pooch_says_what_to_put_where(home, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match="extra 'datasets'") as error:
        mnist.load_data()
    assert mnist.ADDRESS in str(error.value)
    assert str(home / "datasets" / "mnist.npz") in str(error.value)


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {"FASTNN_HOME": "/data/nn", "XDG_CACHE_HOME": "/cache"}, "/data/nn"),
        ("linux", {"FASTNN_HOME": "~/nn"}, "/home/me/nn"),
        ("linux", {"FASTNN_HOME": "", "XDG_CACHE_HOME": "/cache"}, "/cache/fastnn"),
        ("linux", {}, "/home/me/.cache/fastnn"),
        ("darwin", {}, "/home/me/Library/Caches/fastnn"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/fastnn"),
        ("win32", {}, "/home/me/AppData/Local/fastnn"),
    ],
)
def test_home(monkeypatch, platform, environ, expected):
    for name in ("FASTNN_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("USERPROFILE", "/home/me")
    monkeypatch.setattr(sys, "platform", platform)
    assert _fetch.home() == Path(expected)


SHAPES = {"a": (50, 3), "b": (4,)}
GOOD = {"a": np.arange(150, dtype=np.uint8).reshape(50, 3), "b": np.arange(4, dtype=np.uint8)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a": None}, "There is no item named 'a.npy'"),
        ({"a": GOOD["a"].T}, r"'a' is \(3, 50\) uint8, expected \(50, 3\) uint8"),
        ({"a": GOOD["a"].astype(np.int64)}, "int64, expected"),
        ({"b": np.array([1, "x", None, {}], dtype=object)}, "'b' is .* object"),
        ({"b": b"\x93NUMPY\x02\x00"}, "'b' is not in version 1.0"),
        ({"b": b"pickle"}, "magic string"),
        ({"b": b""}, "EOF"),
    ],
)
def test_reading_another_file(tmp_path, change, message):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (GOOD | change).items():
            if isinstance(content, bytes):
                archive.writestr(f"{name}.npy", content)
            elif content is not None:
                with archive.open(f"{name}.npy", "w") as member:
                    np.lib.format.write_array(member, content)
    with pytest.raises(ValueError, match=message) as error:
        _fetch.read_arrays(path, SHAPES)
    assert str(path) in str(error.value)


def test_more_bytes_than_the_shape_says(tmp_path):
    np.savez(tmp_path / "good.npz", **GOOD)
    with zipfile.ZipFile(tmp_path / "good.npz") as good, zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for name in good.namelist():
            archive.writestr(name, good.read(name) + b"more")
    with pytest.raises(ValueError, match="followed by other bytes"):
        _fetch.read_arrays(tmp_path / "a.npz", SHAPES)


def test_a_damaged_file_is_told_from_the_set_or_reads_the_same(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, **GOOD)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"a\.npz is not the data set"):
            _fetch.read_arrays(path, SHAPES)
    for bit in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            arrays = _fetch.read_arrays(path, SHAPES)
        except ValueError:
            continue
        assert all((got == want).all() for got, want in zip(arrays, GOOD.values(), strict=True))


def test_reading_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        _fetch.read_arrays(tmp_path / "a.npz", SHAPES)
