"""Data sets: what comes with fastnn, what the cache holds, and what a download does, without a network."""

import gzip
import io
import struct
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pooch
import pytest

from fastnn.datasets import _fetch, cifar10, cifar100, digits, fashion_mnist, mnist


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


def idx(array):
    """The IDX format of unsigned bytes."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def fashion(home, monkeypatch):
    """Put 30 and 20 pictures into the cache as Fashion-MNIST; return the arrays of its files."""
    rng, arrays, files = np.random.default_rng(0), [], {}
    (home / "datasets" / "fashion-mnist").mkdir()
    for name, (shape, sha256) in fashion_mnist.FILES.items():
        shape = (shape[0] // 1000 // 2, *shape[1:]) if shape[0] == 60000 else (20, *shape[1:])
        array = rng.integers(0, 256 if len(shape) == 3 else 10, shape, np.uint8)
        files[name] = shape, sha256
        (home / "datasets" / "fashion-mnist" / name).write_bytes(gzip.compress(idx(array)))
        arrays.append(array)
    monkeypatch.setattr(fashion_mnist, "FILES", files)
    return arrays


def test_fashion_mnist_takes_what_is_there(fashion, offline):
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    for got, want in zip((x_train, y_train, x_test, y_test), fashion, strict=True):
        np.testing.assert_array_equal(got, want)
        assert got.dtype == np.uint8
        assert got.flags.writeable
    assert (x_train.shape, y_train.shape, x_test.shape, y_test.shape) == (
        (30, 28, 28), (30,), (20, 28, 28), (20,)
    )  # fmt: skip


def test_fashion_mnist_has_keras_shapes():
    assert [shape for shape, _ in fashion_mnist.FILES.values()] == [
        (60000, 28, 28), (60000,), (10000, 28, 28), (10000,)
    ]  # fmt: skip


def test_fashion_mnist_labels_are_kinds(fashion, home):
    name = "t10k-labels-idx1-ubyte.gz"
    (home / "datasets" / "fashion-mnist" / name).write_bytes(gzip.compress(idx(np.full(20, 11, np.uint8))))
    with pytest.raises(ValueError, match=f"{name}.* label 11"):
        fashion_mnist.load_data()


def test_fashion_mnist_offline_says_what_to_put_where(home, offline):
    with pytest.raises(OSError, match="no route to host") as error:
        fashion_mnist.load_data()
    name = next(iter(fashion_mnist.FILES))
    assert fashion_mnist.ADDRESS + name in str(error.value)
    assert str(home / "datasets" / "fashion-mnist" / name) in str(error.value)


def tar(path, members):
    """Write a .tar.gz file of (TarInfo or name, bytes)."""
    with tarfile.open(path, "w:gz") as archive:
        for info, content in members:
            if isinstance(info, str):
                info = tarfile.TarInfo(info)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


@pytest.fixture
def cifar(home, monkeypatch):
    """Put a CIFAR-10 of six times 4 pictures into the cache; return its records (6, 4, 3073)."""
    monkeypatch.setattr(cifar10, "RECORDS", 4)
    records = np.random.default_rng(1).integers(0, 256, (6, 4, 3073), np.uint8)
    records[:, :, 0] %= 10
    members = [(name, batch.tobytes()) for name, batch in zip(cifar10.MEMBERS, records, strict=True)]
    text = [("cifar-10-batches-bin/batches.meta.txt", b"airplane"), ("cifar-10-batches-bin/readme.html", b"")]
    # The archive is in no order, and what else is in it does not matter.
    tar(home / "datasets" / "cifar-10-binary.tar.gz", [text[0], *members[::-1], text[1]])
    return records


def test_cifar10_takes_what_is_there(cifar, offline, home):
    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    assert (x_train.shape, y_train.shape) == ((20, 32, 32, 3), (20, 1))
    assert (x_test.shape, y_test.shape) == ((4, 32, 32, 3), (4, 1))
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert all(a.flags.c_contiguous and a.flags.writeable for a in (x_train, y_train, x_test, y_test))
    for i, batch in enumerate(cifar.reshape(24, 3073)):
        x, y = (x_train[i], y_train[i]) if i < 20 else (x_test[i - 20], y_test[i - 20])
        assert y == batch[0]
        np.testing.assert_array_equal(x[:, :, 1], batch[1025:2049].reshape(32, 32))
        np.testing.assert_array_equal(x.transpose(2, 0, 1).ravel(), batch[1:])
    assert [file.name for file in (home / "datasets").iterdir()] == ["cifar-10-binary.tar.gz"]


def test_cifar10_labels_are_kinds(cifar, home):
    cifar[2, 1, 0] = 10
    members = [(name, batch.tobytes()) for name, batch in zip(cifar10.MEMBERS, cifar, strict=True)]
    tar(home / "datasets" / "cifar-10-binary.tar.gz", members)
    with pytest.raises(ValueError, match=r"cifar-10-binary\.tar\.gz.* label 10"):
        cifar10.load_data()


def test_cifar10_offline_says_what_to_put_where(home, offline):
    with pytest.raises(OSError, match="no route to host") as error:
        cifar10.load_data()
    assert cifar10.ADDRESS in str(error.value)
    assert str(home / "datasets" / "cifar-10-binary.tar.gz") in str(error.value)


@pytest.fixture
def cifar_100(home, monkeypatch):
    """Put a CIFAR-100 of 6 and 4 pictures into the cache; return its records."""
    monkeypatch.setattr(cifar100, "ROWS", {"train": 6, "test": 4})
    records = np.random.default_rng(2).integers(0, 256, (10, 3074), np.uint8)
    records[:, 0] %= 20
    records[:, 1] %= 100
    parts = [("train", records[:6]), ("test", records[6:])]
    tar(
        home / "datasets" / "cifar-100-binary.tar.gz",
        [(f"cifar-100-binary/{name}.bin", part.tobytes()) for name, part in parts],
    )
    return records


@pytest.mark.parametrize(("label_mode", "column"), [("coarse", 0), ("fine", 1)])
def test_cifar100_takes_what_is_there(cifar_100, offline, label_mode, column):
    (x_train, y_train), (x_test, y_test) = cifar100.load_data(label_mode)
    x, y = np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test])
    np.testing.assert_array_equal(y, cifar_100[:, column : column + 1])
    np.testing.assert_array_equal(x.transpose(0, 3, 1, 2).reshape(10, -1), cifar_100[:, 2:])
    assert (len(x_train), y_train.dtype, x.dtype) == (6, np.uint8, np.uint8)


def test_cifar100_refuses(cifar_100, home):
    with pytest.raises(ValueError, match="label_mode: expected 'fine' or 'coarse', got 'all'"):
        cifar100.load_data("all")
    cifar_100[3, 1] = 100
    name = "cifar-100-binary.tar.gz"
    tar(
        home / "datasets" / name,
        [
            ("cifar-100-binary/train.bin", cifar_100[:6].tobytes()),
            ("cifar-100-binary/test.bin", cifar_100[6:].tobytes()),
        ],
    )
    with pytest.raises(ValueError, match=f"{name}.* label 100, expected 0 to 99"):
        cifar100.load_data()


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


def test_a_file_cut_short_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, **GOOD)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"a\.npz is not the data set"):
            _fetch.read_arrays(path, SHAPES)


@pytest.mark.parametrize("bit", range(8))
def test_a_file_with_one_bit_changed_is_refused_or_reads_the_same(tmp_path, bit):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, **GOOD)
    whole = path.read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << bit
        path.write_bytes(damaged)
        try:
            arrays = _fetch.read_arrays(path, SHAPES)
        except ValueError:
            continue
        assert all((got == want).all() for got, want in zip(arrays, GOOD.values(), strict=True))


IDX = np.arange(12, dtype=np.uint8).reshape(4, 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (idx(IDX.T), r"begins with 00 00 08 02 00 00 00 03 00 00 00 04, expected .*: \(4, 3\) uint8"),
        (idx(IDX).replace(b"\x08", b"\x0d", 1), "begins with 00 00 0d"),
        (idx(IDX)[:7], "begins with"),
        (b"", "begins with"),
        (idx(IDX)[:-1], "fewer bytes than expected, 12"),
        (idx(IDX) + b"\0", "more bytes than expected, 12"),
    ],
)
def test_reading_another_idx_file(tmp_path, content, message):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(content))
    with pytest.raises(ValueError, match=message) as error:
        _fetch.read_idx(path, (4, 3))
    assert str(path) in str(error.value)


TAR = {"a/x": np.arange(20, dtype=np.uint8).reshape(4, 5), "a/y": np.arange(3, dtype=np.uint8)}


def read_tar(path):
    arrays = {name: np.zeros_like(array) for name, array in TAR.items()}
    _fetch.read_tar(path, arrays)
    return arrays


def link(name, kind):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    return info


def test_tar_members_beside_the_wanted_are_passed_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tar(
        tmp_path / "a.tar.gz",
        [
            (link("a/x", tarfile.SYMTYPE), b""),
            (link("a/y", tarfile.LNKTYPE), b""),
            ("/a/y", b"abc"),
            ("../a/y", b"abc"),
            ("a", b"abc"),
            ("a/" + "long" * 50, b"abc"),
            *((name, array.tobytes()) for name, array in TAR.items()),
            ("a/y", b"abc"),
        ],
    )
    for name, array in read_tar(tmp_path / "a.tar.gz").items():
        np.testing.assert_array_equal(array, TAR[name])
    assert [file.name for file in tmp_path.iterdir()] == ["a.tar.gz"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a/x": None}, "there is no file 'a/x' in it"),
        ({"a/x": bytes(19)}, "'a/x' has fewer bytes than expected, 20"),
        ({"a/y": bytes(4)}, "'a/y' has more bytes than expected, 3"),
        ({"z": bytes(2**21)}, "much more than the data set"),
    ],
)
def test_reading_another_tar_file(tmp_path, change, message):
    path = tmp_path / "a.tar.gz"
    contents = {name: array.tobytes() for name, array in TAR.items()} | change
    tar(path, [(name, content) for name, content in contents.items() if content is not None])
    with pytest.raises(ValueError, match=message) as error:
        read_tar(path)
    assert str(path) in str(error.value)


def test_a_tar_header_cannot_ask_for_memory(tmp_path):
    """A record of GNU tar for a long name, said to have 8 gigabytes, decompressed from 2 megabytes."""
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 2**33
    path = tmp_path / "a.tar.gz"
    with gzip.open(path, "wb") as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT) + bytes(2**22))
    with pytest.raises(ValueError, match="much more than the data set"):
        read_tar(path)


def test_a_damaged_idx_or_tar_file_is_told_from_the_set_or_reads_the_same(tmp_path):
    path = tmp_path / "a.gz"
    tar(path, [(name, array.tobytes()) for name, array in TAR.items()])
    archive = path.read_bytes()

    def idx_agrees():
        return (_fetch.read_idx(path, IDX.shape) == IDX).all()

    def tar_agrees():
        return all((array == TAR[name]).all() for name, array in read_tar(path).items())

    for whole, agrees in ((gzip.compress(idx(IDX)), idx_agrees), (archive, tar_agrees)):
        for length in range(len(whole)):
            path.write_bytes(whole[:length])
            with pytest.raises(ValueError, match=r"a\.gz is not the data set"):
                agrees()
        for bit in range(8 * len(whole)):
            damaged = bytearray(whole)
            damaged[bit // 8] ^= 1 << bit % 8
            path.write_bytes(damaged)
            try:
                assert agrees()
            except ValueError:
                continue


@pytest.mark.parametrize("read", [_fetch.read_arrays, _fetch.read_idx, _fetch.read_tar])
def test_reading_a_file_that_is_not_there(tmp_path, read):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "a.npz", () if read is _fetch.read_idx else {})
