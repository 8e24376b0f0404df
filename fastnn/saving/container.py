"""The file: a safetensors container whose header carries a JSON document, under one checksum.

    8 bytes     length of the header, little-endian
    header      {"__metadata__": {"fastnn": document}, tensor: {"dtype", "shape", "data_offsets"}, ...}
    tensors     one after the other, without gaps

The document is JSON in a string. It starts with the version of the format and the SHA-256 of the whole file,
computed with 64 zeros in place of its digits. So it covers every bit: of the length, the header, the tensors
and the checksum itself. Other readers of safetensors files find the tensors under their names.

A file is read as untrusted input: first type, length and checksum are verified, then a document of limited
depth without duplicate keys, then the tensors, whose ranges have to fill the rest of the file exactly. No
memory is allocated by a number in the file before that number has been compared with the size of the file.

A file is written beside its destination under a unique name, flushed to disk, and only then renamed: at any
moment there is either the old file or the new one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .errors import ModelFileError, Path, file_name

__all__ = ["FORMAT", "parse", "read", "write"]

Tensors: TypeAlias = Mapping[str, NDArray[Any]]

FORMAT = 1  # readers accept this version and earlier ones
HEADER_BYTES = 25_000_000
DEPTH = 64  # of lists and dictionaries in each other

_START = b'{"__metadata__":{"fastnn":"{\\"format\\":'
_SUM = re.compile(rb'(\d{1,9})(?:,\\"sha256\\":\\"([0-9a-f]{64})\\")?')
_ZEROS = "0" * 64
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)

# First bytes of files of other types.
_KINDS = {
    b"\x89HDF\r\n\x1a\n": "an HDF5 file",
    b"PK": "a zip archive, such as Keras' own format",
    b"\x1f\x8b": "a gzip file",
    b"\x80": "a pickle",
    b"\x93NUMPY": "a NumPy array",
}


def write(path: Path, document: Mapping[str, Any], tensors: Tensors, overwrite: bool = True) -> None:
    """Write a file atomically.

    Parameters
    ----------
    path : str, path or binary file object
        The destination. An existing file is replaced atomically; of a symbolic link, the file that it points
        to. A file object gets the bytes.
    document : dict
        Of values that JSON can hold.
    tensors : dict of ndarray
        By name.
    overwrite : bool, default True
        Whether to replace an existing file.

    Raises
    ------
    FileExistsError
        If the file exists and `overwrite` is False.
    OSError
        If the file cannot be written; then an existing file is unchanged.
    TypeError
        If JSON cannot hold the document.
    """
    data = _packed(document, tensors)
    if isinstance(path, (str, os.PathLike)):
        _replace(os.fspath(path), data, overwrite)
    else:
        path.write(data)


def _packed(document: Mapping[str, Any], tensors: Tensors) -> bytearray:
    from safetensors.numpy import save

    text = json.dumps({"format": FORMAT, "sha256": _ZEROS, **document}, separators=(",", ":"))
    contiguous = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in tensors.items()}
    data = bytearray(save(contiguous, {"fastnn": text}))
    if int.from_bytes(data[:8], "little") > HEADER_BYTES:
        raise ValueError(f"model: its configuration takes more than {HEADER_BYTES} bytes")
    digits = data.index(_ZEROS.encode(), 8 + len(_START))
    data[digits : digits + 64] = hashlib.sha256(data).hexdigest().encode()
    return data


def _replace(path: str, data: bytearray, overwrite: bool) -> None:
    target = os.path.realpath(path)
    if not overwrite and os.path.exists(target):
        raise FileExistsError(f"{path}: there is such a file, and overwrite is False")
    folder = os.path.dirname(target)
    temporary = os.path.join(folder, f".fastnn-{secrets.token_hex(8)}.tmp")
    try:
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


def read(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the document and the tensors of a file.

    Parameters
    ----------
    path : str, path or binary file object

    Raises
    ------
    ModelFileError
        If it is anything but a file as `write` has left it.
    OSError
        If there is no such file, or it may not be read.
    """
    data = _bytes_of(path) if isinstance(path, (str, os.PathLike)) else path.read()
    try:
        return _unpacked(data)
    except ModelFileError as error:
        raise ModelFileError(f"{file_name(path)}: {error}") from error.__cause__


def _bytes_of(path: str | os.PathLike[str]) -> bytes:
    try:
        # A pipe must not make the program wait.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ModelFileError(f"{file_name(path)}: expected a file, got a folder or a device")
            return file.read()
    except IsADirectoryError:
        raise ModelFileError(f"{file_name(path)}: expected a file, got a folder") from None


def _unpacked(data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    length = int.from_bytes(data[:8], "little")
    found = _SUM.match(data, 8 + len(_START))
    if not data.startswith(_START, 8) or found is None:
        kinds = [kind for magic, kind in _KINDS.items() if data.startswith(magic)]
        what = kinds[0] if kinds else "something else, or the first bytes of one"
        raise ModelFileError(f"expected a model file of fastnn, got {what}")
    if int(found[1]) > FORMAT:
        raise ModelFileError(
            f"a newer fastnn has written it: its format is version {int(found[1])}, this one reads up to "
            f"{FORMAT}"
        )
    if found[2] is None or not found.end() - 8 <= length <= min(HEADER_BYTES, len(data) - 8):
        raise ModelFileError("the file has been cut off or altered: its header does not fit in it")
    digest = hashlib.sha256(data[: found.start(2)])
    digest.update(_ZEROS.encode())
    digest.update(memoryview(data)[found.end(2) :])
    if digest.hexdigest().encode() != found[2]:
        raise ModelFileError("the file has been cut off or altered: its checksum is another")
    header = parse(data[8 : 8 + length])
    document = parse(header["__metadata__"]["fastnn"].encode("utf-8", "surrogatepass"))
    return document, _tensors(data)


def _tensors(data: bytes) -> dict[str, NDArray[Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(data)
    except (SafetensorError, KeyError, ValueError, OverflowError) as error:
        raise ModelFileError(f"its tensors do not fill the file: {error}") from None


def parse(text: bytes) -> dict[str, Any]:
    """Return the dictionary that a JSON text from a file holds.

    Raises
    ------
    ModelFileError
        If it is not JSON, not a dictionary, nested deeper than `DEPTH`, or has duplicate keys.

    Examples
    --------
    >>> parse(b'{"a": [1, 2]}')
    {'a': [1, 2]}
    >>> parse(b'{"a": 1, "a": 2}')
    Traceback (most recent call last):
    ...
    fastnn.saving.errors.ModelFileError: its header is not valid: the key 'a' stands there twice
    """
    depth = 0
    for bracket in re.findall(rb"[][{}]", _STRING.sub(b"", text)):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEPTH:
            raise ModelFileError(f"its header is not valid: it is nested deeper than {DEPTH} levels")
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except ValueError as error:
        raise ModelFileError(f"its header is not valid: {error}") from None
    if not isinstance(found, dict):
        raise ModelFileError(f"its header is not valid: expected a dictionary, got {found!r:.80}")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice!r:.80} stands there twice")
    return found
