"""Bytes to and from files: read in pieces, written as a whole or not at all.

A file is written beside its destination under a unique name, flushed to disk, and only then renamed: at any
moment there is either the old file or the new one. What killed processes have left is removed after a day.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from io import TextIOBase
from typing import IO, cast

from .errors import ModelFileError, Path

__all__ = ["FileBytes", "is_path", "opened", "write_bytes"]

_PIECE = 2**20  # bytes that are read at once
_TEMPORARY = ".fastnn-", ".tmp"
_LEFT = 24 * 3600  # seconds after which nobody is writing a temporary file any more


class FileBytes:
    """The bytes of a file, as far as they have been read.

    Parameters
    ----------
    file : binary file object
    size : int, optional
        How many bytes there are; None if that is not known.

    Attributes
    ----------
    data : bytearray
        Those read.
    """

    def __init__(self, file: IO[bytes], size: int | None = None) -> None:
        self.file, self.size, self.data = file, size, bytearray()

    def read_to(self, end: int) -> bool:
        """Read up to a position, if there are so many bytes; return whether there are."""
        if self.size is not None and end > self.size:
            return False
        while len(self.data) < end:
            piece = self.file.read(min(end - len(self.data), _PIECE))
            if not isinstance(piece, bytes):
                raise TypeError(f"filepath: expected a binary file object, got {self.file!r:.200}")
            if not piece:
                return False
            self.data += piece
        return True

    def read_rest(self) -> bytes:
        """Read up to the end, and return all."""
        while self.read_to(len(self.data) + 1):
            self.read_to(len(self.data) + _PIECE if self.size is None else self.size)
        return bytes(self.data)

    def starts_with(self, magic: bytes) -> bool:
        """Return whether the file begins with these bytes."""
        return self.read_to(len(magic)) and self.data.startswith(magic)

    def read_all(self, end: int) -> bool:
        """Read all bytes, if they end at a position; return whether they do."""
        if self.size is not None and self.size != end:
            return False
        return self.read_to(end) and not self.read_to(end + 1)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[FileBytes]:
    """Open a file to read.

    Raises
    ------
    ModelFileError
        If it is a folder or a device.
    OSError
        If there is no such file, or it may not be read.
    TypeError
        If `path` is neither a path nor a file object.
    """
    if not is_path(path):
        if not hasattr(path, "read"):
            raise TypeError(f"filepath: expected a path or a binary file object, got {path!r:.200}")
        yield FileBytes(cast(IO[bytes], path))
        return
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a pipe must not block
    try:
        file = open(os.open(_checked(path), flags), "rb")  # noqa: SIM115
    except IsADirectoryError:
        raise ModelFileError("expected a file, got a folder") from None
    with file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ModelFileError("expected a file, got a folder or a device")
        yield FileBytes(file, status.st_size)


def is_path(path: object) -> bool:
    """Return whether it names a file, rather than being one that is open."""
    return isinstance(path, (str, bytes, os.PathLike))


def _checked(path: Path) -> str:
    """Return a path as a string, or raise an error that says what is wrong with it."""
    name = os.fsdecode(path)  # type: ignore[arg-type]
    if not name or "\0" in name:
        raise ValueError(f"filepath: expected the name of a file, got {name!r:.200}")
    return name


def write_bytes(path: Path, data: bytearray, overwrite: bool = True) -> None:
    """Write a file atomically.

    Parameters
    ----------
    path : str, path or binary file object
        The destination. Of a symbolic link, the file that it points to. A file object gets the bytes.
    data : bytearray
    overwrite : bool, default True
        Whether to replace an existing file.

    Raises
    ------
    FileExistsError
        If the file exists and `overwrite` is False.
    OSError
        If the file cannot be written, or is a device or a pipe; then what is there is unchanged.
    TypeError
        If `path` is neither a path nor a file object.
    """
    if is_path(path):
        _replace(_checked(path), data, overwrite)
    elif hasattr(path, "write") and not isinstance(path, TextIOBase):
        path.write(data)
    else:
        raise TypeError(f"filepath: expected a path or a binary file object, got {path!r:.200}")


def _replace(path: str, data: bytearray, overwrite: bool) -> None:
    target = os.path.realpath(path)
    if not overwrite and os.path.exists(target):
        raise FileExistsError(f"{path}: there is such a file, and overwrite is False")
    folder = os.path.dirname(target)
    temporary = os.path.join(folder, secrets.token_hex(8).join(_TEMPORARY))
    try:
        if os.path.exists(target) and not (os.path.isfile(target) or os.path.isdir(target)):
            raise OSError(errno.EINVAL, "Is a device or a pipe")  # which a rename would replace
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with open(os.open(temporary, flags, 0o666), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            os.chmod(temporary, stat.S_IMODE(os.stat(target).st_mode))
        os.replace(temporary, target)
    except OSError as error:
        raise type(error)(error.errno, f"{error.strerror}; nothing has been written", path) from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
    _flush_folder(folder)
    _remove_leftovers(folder)


def _remove_leftovers(folder: str) -> None:
    """Remove the temporary files of processes that were killed while they wrote."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(_TEMPORARY[0]) and entry.name.endswith(_TEMPORARY[1]):
                with contextlib.suppress(OSError):
                    if entry.stat().st_mtime < time.time() - _LEFT:
                        os.unlink(entry.path)


def _flush_folder(folder: str) -> None:
    """Flush a rename to disk, on systems where folders can be opened."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
