"""Where data sets are kept, how they get there, and how they are read.

A file is never trusted: nothing in it can name code that is run, and an array is read only after its header
has promised the shape that is expected, so a small file cannot ask for more memory than the data set has.
"""

import contextlib
import os
import pickle
import struct
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

__all__ = ["Bytes", "cached", "fetch", "home", "read_arrays", "read_idx", "read_lists", "read_tar"]

Bytes = npt.NDArray[np.uint8]

TAR_EXTRA = 2**20  # what a tar file may hold beside the members that are wanted


def home() -> Path:
    """Folder that fastnn keeps its files in.

    Returns
    -------
    Path
        ``$FASTNN_HOME`` where set and not empty; else ``fastnn`` in the user's cache folder, which is
        ``$XDG_CACHE_HOME`` or ``~/.cache``, on macOS ``~/Library/Caches``, on Windows ``%LOCALAPPDATA%``.
    """
    own = os.environ.get("FASTNN_HOME")
    if own:
        return Path(own).expanduser()
    if sys.platform == "win32":
        caches = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        caches = "~/Library/Caches"
    else:
        caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(caches).expanduser() / "fastnn"


def cached(path: str | os.PathLike[str], address: str, checksum: str) -> Path:
    """Path of a data set's file, downloaded first if it is not there.

    Parameters
    ----------
    path : str or path-like
        The file, relative to ``datasets`` in `home()`.
    address : str
        Where it is fetched from.
    checksum : str
        What a fetched file must hash to: "md5:" and digits, or the digits of its SHA-256. A file that is
        there already is left to its reader to judge.

    Returns
    -------
    Path
        The file's full path.

    Raises
    ------
    ImportError
        If the file has to be fetched and pooch is not installed.
    OSError
        If the file cannot be fetched, or another file came.
    """
    file = home() / "datasets" / path
    if not file.exists():
        fetch(address, file, checksum, file)
    return file


def fetch(address: str, file: Path, checksum: str | None, by_hand: Path) -> None:
    """Download a file.

    Parameters
    ----------
    address : str
        Where it is fetched from.
    file : Path
        Where it goes.
    checksum : str, optional
        The same, or None for a file that nobody knows.
    by_hand : Path
        Where the error says that the file may be put by hand.

    Raises
    ------
    ImportError
        If pooch is not installed.
    OSError
        If the file cannot be fetched, or another file came.
    """
    advice = f"Fetch {address} yourself and put it at {by_hand}"
    try:
        import pooch
    except ImportError as error:
        raise ImportError(f"a download needs pooch (the extra 'datasets'). {advice}") from error
    try:
        pooch.retrieve(address, checksum, fname=file.name, path=file.parent)
    except (OSError, ValueError) as error:
        raise OSError(f"{address} could not be fetched: {error}. {advice}") from None


def read_arrays(
    path: Path, shapes: Mapping[str, tuple[int, ...]], dtypes: tuple[str, ...] = ("uint8",)
) -> list[npt.NDArray[Any]]:
    """Arrays of numbers from an ``.npz`` file.

    Parameters
    ----------
    path : Path
        The file.
    shapes : mapping of str to tuple of int
        The shape that each array must have, by its name in the file.
    dtypes : tuple of str, default ("uint8",)
        What they may hold.

    Returns
    -------
    list of ndarray
        The arrays in the order of `shapes`.

    Raises
    ------
    ValueError
        If the file does not hold these arrays, or is damaged.
    """
    import zipfile  # here, because it imports four compression modules that only a reader needs

    with path.open("rb") as file, _judged(path):
        archive = zipfile.ZipFile(file)
        arrays = []
        for name, shape in shapes.items():
            with archive.open(f"{name}.npy") as member:
                arrays.append(_read(member, name, shape, dtypes))
    return arrays


def read_lists(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> list[list[list[int]]]:
    """Arrays of lists of whole numbers from an ``.npz`` file, which holds them as pickles.

    A pickle is a program. This one gets nothing to call but a class that records what it is given, in the
    place of NumPy's three functions that such an array names; any other name is refused. What comes out must
    be lists of numbers from 0 to 2**31 - 1.

    Parameters
    ----------
    path : Path
        The file.
    shapes : mapping of str to tuple of int
        The shape, of one dimension, that each array must have, by its name in the file.

    Returns
    -------
    list of list of list of int
        The arrays in the order of `shapes`.

    Raises
    ------
    ValueError
        If the file does not hold these arrays, or is damaged.
    """
    import zipfile

    with path.open("rb") as file, _judged(path):
        archive = zipfile.ZipFile(file)
        arrays = []
        for name, shape in shapes.items():
            with archive.open(f"{name}.npy") as member:
                _header(member, name, shape, ("object",))
                arrays.append(_lists(member, name, shape))
    return arrays


class _Record:
    """What a pickle makes in the place of an array, a dtype and the function that makes arrays."""

    state: Any = None

    def __init__(self, *arguments: Any) -> None:
        """Take any."""

    def __setstate__(self, state: Any) -> None:
        self.state = state


# Both names of NumPy's module, before and from version 2.
_RECORDED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _RECORDED:
            raise ValueError(f"it asks for {module}.{name}, which lists of numbers do without")
        return _Record


def _lists(member: IO[bytes], name: str, shape: tuple[int, ...]) -> list[list[int]]:
    record = _Unpickler(member, encoding="latin1").load()
    state = record.state if isinstance(record, _Record) else None
    lists = state[-1] if isinstance(state, tuple) and state else None
    if type(lists) is not list or (len(lists),) != shape:
        raise ValueError(f"array {name!r} is not of {shape} lists")
    for numbers in lists:
        if type(numbers) is not list or not set(map(type, numbers)) <= {int}:
            raise ValueError(f"array {name!r} has something else in it than lists of whole numbers")
        if numbers and not 0 <= min(numbers) <= max(numbers) < 2**31:
            raise ValueError(f"array {name!r} has a number in it that is not from 0 to 2**31 - 1")
    return lists


def read_idx(path: Path, shape: tuple[int, ...]) -> Bytes:
    """Array of unsigned bytes from a compressed file in the IDX format, which is that of MNIST.

    Parameters
    ----------
    path : Path
        The file: ``.gz`` of a header and the numbers.
    shape : tuple of int
        The shape that the header must promise.

    Returns
    -------
    ndarray of uint8, shape `shape`

    Raises
    ------
    ValueError
        If the file does not hold this array, or is damaged.
    """
    import gzip

    # Two zeros, 8 for unsigned bytes, the number of dimensions, then each of them, the highest byte first.
    header = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
    array = np.empty(shape, np.uint8)
    with path.open("rb") as file, _judged(path):
        stream = gzip.GzipFile(fileobj=file)
        found = stream.read(len(header))
        if found != header:
            raise ValueError(f"it begins with {found.hex(' ')}, expected {header.hex(' ')}: {shape} uint8")
        _fill(array, stream.read, "the array")
    return array


def read_tar(path: Path, members: Mapping[str, Bytes]) -> None:
    """Fill arrays with the bytes of regular files in a ``.tar.gz`` file, of which nothing gets to the disk.

    Links, absolute paths and all other members are passed over.

    Parameters
    ----------
    path : Path
        The file.
    members : mapping of str to contiguous ndarray of uint8
        What to fill, by the member's name. A member must be as long as its array.

    Raises
    ------
    ValueError
        If a member is missing or of another size, if there is much beside them, or if the file is damaged.
    """
    import gzip
    import tarfile

    wanted = dict(members)
    most = sum(array.size for array in members.values()) + TAR_EXTRA
    with path.open("rb") as file, _judged(path):
        stream = _Bounded(gzip.GzipFile(fileobj=file).read, most)
        with tarfile.open(fileobj=stream, mode="r|", bufsize=2**18) as archive:  # type: ignore[call-overload]
            for member in archive:
                if member.isreg() and member.name in wanted:
                    content = archive.extractfile(member)
                    assert content is not None  # it is a regular file
                    with content:
                        _fill(wanted.pop(member.name), content.read, repr(member.name))
        while stream.read(2**18):  # its checksum stands at the end
            pass
        if wanted:
            raise ValueError(f"there is no file {next(iter(wanted))!r} in it")


class _Bounded:
    """A stream that must not be longer than expected: a small file can decompress into a very large one."""

    def __init__(self, read: Callable[[int], bytes], most: int) -> None:
        self._read, self._left = read, most

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes."""
        found = self._read(size)
        self._left -= len(found)
        if self._left < 0:
            raise ValueError("it holds much more than the data set")
        return found


@contextlib.contextmanager
def _judged(path: Path) -> Iterator[None]:
    """Say of whatever goes wrong while a file is read that it is not the file it should be."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:  # each decompressor and the header's parser have errors of their own
        raise ValueError(f"{path} is not the data set it is named after: {error}") from error


def _fill(array: Bytes, read: Callable[[int], bytes], name: str) -> None:
    """Fill an array with all that a file has, which must be as much as that."""
    content = read(array.size + 1)
    if len(content) != array.size:
        than = "more" if len(content) > array.size else "fewer"
        raise ValueError(f"{name} has {than} bytes than expected, {array.size}")
    array[...] = np.frombuffer(content, np.uint8).reshape(array.shape)


def _header(member: IO[bytes], name: str, shape: tuple[int, ...], dtypes: tuple[str, ...]) -> None:
    """Read the header of an array, which must promise what is expected."""
    if np.lib.format.read_magic(member) != (1, 0):
        raise ValueError(f"array {name!r} is not in version 1.0 of the .npy format")
    found, _, dtype = np.lib.format.read_array_header_1_0(member)
    if found != shape or dtype.name not in dtypes:
        raise ValueError(f"array {name!r} is {found} {dtype}, expected {shape} {' or '.join(dtypes)}")


def _read(member: IO[bytes], name: str, shape: tuple[int, ...], dtypes: tuple[str, ...]) -> npt.NDArray[Any]:
    _header(member, name, shape, dtypes)
    member.seek(0)
    array: npt.NDArray[Any] = np.lib.format.read_array(member, allow_pickle=False)
    if member.read(1):
        raise ValueError(f"array {name!r} is followed by other bytes")
    return array
