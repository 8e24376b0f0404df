"""Download, cache and read the files of data sets.

Files are not trusted: nothing in them can name code to run, and an array is read only if its header states
the expected shape, so that a small file cannot claim more memory than the data set needs.
"""

import contextlib
import os
import struct
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

__all__ = ["Bytes", "cached", "fetch", "home", "judged", "read_arrays", "read_header", "read_idx", "read_tar"]

Bytes = npt.NDArray[np.uint8]

TAR_EXTRA = 2**20  # bytes that a tar file may hold beside the expected members


def home() -> Path:
    """Return the folder in which fastnn stores its files.

    Returns
    -------
    Path
        ``$FASTNN_HOME`` if set and not empty; else ``fastnn`` in the user's cache folder, which is
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
    """Return the path of a data set's file, which is downloaded if it does not exist.

    Parameters
    ----------
    path : str or path-like
        The file, relative to ``datasets`` in `home()`.
    address : str
        The address to download from.
    checksum : str
        Expected checksum of a downloaded file: "md5:" and digits, or the digits of its SHA-256. An existing
        file is not compared with it; its reader checks the contents.

    Returns
    -------
    Path
        The file's full path.

    Raises
    ------
    ImportError
        If the file has to be downloaded and pooch is not installed.
    OSError
        If the file cannot be downloaded, or has another checksum.
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
        The address to download from.
    file : Path
        The path to write to.
    checksum : str, optional
        Expected checksum; None to accept any file.
    by_hand : Path
        The path that the error message suggests for a file that is downloaded by hand.

    Raises
    ------
    ImportError
        If pooch is not installed.
    OSError
        If the file cannot be downloaded, or has another checksum.
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
    """Read arrays of numbers from an ``.npz`` file.

    Parameters
    ----------
    path : Path
        The file.
    shapes : mapping of str to tuple of int
        The shape that each array must have, by its name in the file.
    dtypes : tuple of str, default ("uint8",)
        The dtypes that they may have.

    Returns
    -------
    list of ndarray
        The arrays in the order of `shapes`.

    Raises
    ------
    ValueError
        If the file does not hold these arrays, or is damaged.
    """
    import zipfile  # it imports four compression modules

    with path.open("rb") as file, judged(path):
        archive = zipfile.ZipFile(file)
        arrays = []
        for name, shape in shapes.items():
            with archive.open(f"{name}.npy") as member:
                arrays.append(_read(member, name, shape, dtypes))
    return arrays


def read_idx(path: Path, shape: tuple[int, ...]) -> Bytes:
    """Read an array of unsigned bytes from a compressed file in the IDX format of MNIST.

    Parameters
    ----------
    path : Path
        The ``.gz`` file, with a header and the numbers.
    shape : tuple of int
        The shape that the header must state.

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
    with path.open("rb") as file, judged(path):
        stream = gzip.GzipFile(fileobj=file)
        found = stream.read(len(header))
        if found != header:
            raise ValueError(f"it begins with {found.hex(' ')}, expected {header.hex(' ')}: {shape} uint8")
        _fill(array, stream.read, "the array")
    return array


def read_tar(path: Path, members: Mapping[str, Bytes]) -> None:
    """Fill arrays with the bytes of regular files in a ``.tar.gz`` file, without unpacking it to disk.

    Links, absolute paths and all other members are ignored.

    Parameters
    ----------
    path : Path
        The file.
    members : mapping of str to contiguous ndarray of uint8
        The arrays to fill, by the names of members. A member must be as long as its array.

    Raises
    ------
    ValueError
        If a member is missing or of another size, if there is much else, or if the file is damaged.
    """
    import gzip
    import tarfile

    wanted = dict(members)
    most = sum(array.size for array in members.values()) + TAR_EXTRA
    with path.open("rb") as file, judged(path):
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
    """A stream of limited length: a small file can decompress to a very large one."""

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
def judged(path: Path) -> Iterator[None]:
    """Context manager that turns any error in reading a file into one that names the file."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:  # each decompressor and the header's parser have errors of their own
        raise ValueError(f"{path} is not the data set it is named after: {error}") from error


def _fill(array: Bytes, read: Callable[[int], bytes], name: str) -> None:
    """Fill an array with the contents of a file, which must have its size."""
    content = read(array.size + 1)
    if len(content) != array.size:
        than = "more" if len(content) > array.size else "fewer"
        raise ValueError(f"{name} has {than} bytes than expected, {array.size}")
    array[...] = np.frombuffer(content, np.uint8).reshape(array.shape)


def read_header(member: IO[bytes], name: str, shape: tuple[int, ...], dtypes: tuple[str, ...]) -> None:
    """Read the header of an array, and check that it states what is expected."""
    if np.lib.format.read_magic(member) != (1, 0):
        raise ValueError(f"array {name!r} is not in version 1.0 of the .npy format")
    found, _, dtype = np.lib.format.read_array_header_1_0(member)
    if found != shape or dtype.name not in dtypes:
        raise ValueError(f"array {name!r} is {found} {dtype}, expected {shape} {' or '.join(dtypes)}")


def _read(member: IO[bytes], name: str, shape: tuple[int, ...], dtypes: tuple[str, ...]) -> npt.NDArray[Any]:
    read_header(member, name, shape, dtypes)
    member.seek(0)
    array: npt.NDArray[Any] = np.lib.format.read_array(member, allow_pickle=False)
    if member.read(1):
        raise ValueError(f"array {name!r} is followed by other bytes")
    return array
