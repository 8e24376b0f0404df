"""Where data sets are kept, how they get there, and how they are read.

A file is never trusted: nothing in it is unpickled, and an array is read only after its header has
promised the shape that is expected, so a small file cannot ask for more memory than the data set has.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

__all__ = ["Bytes", "cached", "home", "read_arrays"]

Bytes = npt.NDArray[np.uint8]


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


def cached(path: str | os.PathLike[str], address: str, sha256: str) -> Path:
    """Path of a data set's file, downloaded first if it is not there.

    Parameters
    ----------
    path : str or path-like
        The file, relative to ``datasets`` in `home()`.
    address : str
        Where it is fetched from.
    sha256 : str
        What a fetched file must hash to. A file that is there already is left to its reader to judge.

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
    if file.exists():
        return file
    by_hand = f"Fetch {address} yourself and put it at {file}"
    try:
        import pooch
    except ImportError as error:
        raise ImportError(f"a download needs pooch (the extra 'datasets'). {by_hand}") from error
    try:
        pooch.retrieve(address, f"sha256:{sha256}", fname=file.name, path=file.parent)
    except (OSError, ValueError) as error:
        raise OSError(f"{address} could not be fetched: {error}. {by_hand}") from None
    return file


def read_arrays(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> list[Bytes]:
    """Arrays of unsigned bytes from an ``.npz`` file.

    Parameters
    ----------
    path : Path
        The file.
    shapes : mapping of str to tuple of int
        The shape that each array must have, by its name in the file.

    Returns
    -------
    list of ndarray of uint8
        The arrays in the order of `shapes`.

    Raises
    ------
    ValueError
        If the file does not hold these arrays, or is damaged.
    """
    import zipfile  # here, because it imports four compression modules that only a reader needs

    with path.open("rb") as file:
        try:
            archive = zipfile.ZipFile(file)
            arrays = []
            for name, shape in shapes.items():
                with archive.open(f"{name}.npy") as member:
                    arrays.append(_read(member, name, shape))
        except MemoryError:
            raise
        except Exception as error:  # each decompressor and the header's parser have errors of their own
            raise ValueError(f"{path} is not the data set it is named after: {error}") from error
    return arrays


def _read(member: IO[bytes], name: str, shape: tuple[int, ...]) -> Bytes:
    if np.lib.format.read_magic(member) != (1, 0):
        raise ValueError(f"array {name!r} is not in version 1.0 of the .npy format")
    found, _, dtype = np.lib.format.read_array_header_1_0(member)
    if found != shape or dtype != np.uint8:
        raise ValueError(f"array {name!r} is {found} {dtype}, expected {shape} uint8")
    member.seek(0)
    array: Bytes = np.lib.format.read_array(member, allow_pickle=False)
    if member.read(1):
        raise ValueError(f"array {name!r} is followed by other bytes")
    return array
