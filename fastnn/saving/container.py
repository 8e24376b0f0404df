"""The file: a safetensors container whose header carries a JSON document, under one checksum.

    8 bytes     length of the header, little-endian
    header      {"__metadata__": {"fastnn": document}, tensor: {"dtype", "shape", "data_offsets"}, ...}
    tensors     one after the other, without gaps

The document is JSON in a string. It starts with the version of the format and the SHA-256 of the whole file,
computed with 64 zeros in place of its digits. So it covers every bit: of the length, the header, the tensors
and the checksum itself. Other readers of safetensors files find the tensors under their names.

A file is read as untrusted input. Each part is checked before the next is read: the first bytes, which say
what file it is, the length of the header, the header, whose tensors have to fill the rest exactly, then the
checksum, and then the document. Memory is only taken for what is there, in a small multiple of its size.

`fastnn.saving.tensors` has the format of the tensors, `fastnn.saving.files` how bytes get to the disk.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ModelFileError, Path, named_errors
from .files import FileBytes, opened, write_bytes
from .tensors import Tensors, bytes_of_all, compact, describe, fill, views

__all__ = ["FORMAT", "contents", "model_contents", "parse", "read", "write"]

FORMAT = 1  # readers accept this version and earlier ones
HEADER_BYTES = 25_000_000
DEPTH = 400  # of lists and dictionaries in each other: three for each model in another
VALUES = 1_000_000  # and keys, in lists and dictionaries; each takes some 100 bytes
FEW_PARTS = 20_000  # keys, lists and dictionaries that may be as short as they like
KEY_BYTES = 13  # of the file for each of more keys, which takes ten times as much; those of tensors have 14
PART_BYTES = 8  # of the file for each of more keys, lists and dictionaries, on average

_START = b'{"__metadata__":{"fastnn":"{\\"format\\":'
_SUM = re.compile(rb'(\d{1,9})(?:,\\"sha256\\":\\"([0-9a-f]{64})\\")?')
_ZEROS = "0" * 64
_PIECE = 2**16  # bytes of a text that are looked at together
_HEAD = 8 + len(_START) + 100  # bytes that say what file it is, or more
_CUT_OFF = "the file has been cut off or altered: "

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
        If JSON cannot hold the document, or `path` is none of these.
    ValueError
        If the document is larger than a reader takes.
    """
    write_bytes(path, _packed(document, tensors), overwrite)


def _packed(document: Mapping[str, Any], tensors: Tensors) -> bytearray:
    text = json.dumps({"format": FORMAT, "sha256": _ZEROS, **document}, separators=(",", ":"))
    entries, size = describe(tensors)
    header = json.dumps({"__metadata__": {"fastnn": text}} | entries, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    if len(header) > HEADER_BYTES:
        raise ValueError(f"model: its configuration takes more than {HEADER_BYTES} bytes")
    start = 8 + len(header)
    for part, room in ((header, len(header)), (text.encode(), start + size)):
        _check_extent(part, "model: its configuration cannot be written", room)
    data = bytearray(start + size)
    data[:8], data[8:start] = len(header).to_bytes(8, "little"), header
    fill(data, start, tensors, entries)
    digits = data.index(_ZEROS.encode(), 8 + len(_START))
    data[digits : digits + 64] = hashlib.sha256(data).hexdigest().encode()
    return data


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
    TypeError
        If `path` is none of these.
    """
    with named_errors(path), opened(path) as file:
        return model_contents(file)


def model_contents(file: FileBytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the document and the tensors of an open file; raise a `ModelFileError` if it has none."""
    document, tensors = contents(file)
    if document is None:
        raise ModelFileError(
            "expected a model file of fastnn, got a safetensors file of another program, which holds tensors "
            "and no model; make the model and use load_weights"
        )
    return document, tensors


def contents(file: FileBytes) -> tuple[dict[str, Any] | None, dict[str, NDArray[Any]]]:
    """Return the document and the tensors of an open file; None and the tensors of a plain safetensors file.

    Raises
    ------
    ModelFileError
        If it is neither, or has been altered.
    """
    if not file.read_to(_HEAD):
        file.read_to(file.size or 0)
    found = _check_beginning(file.data)
    length = int.from_bytes(file.data[:8], "little")
    start = 8 + length
    if length > HEADER_BYTES or not file.read_to(start):
        raise ModelFileError(_CUT_OFF + "its header does not fit in it")
    header = parse(bytes(memoryview(file.data)[8:start]), hook=compact)
    metadata = header.pop("__metadata__", {})
    end = start + bytes_of_all(header)
    if not file.read_all(end):
        raise ModelFileError(f"its tensors do not fill the file: they end at {end}")
    if found is None:
        _check_plain(metadata)
        return None, views(file.data, start, header)
    _check_sum(file.data, found)
    document = parse(metadata["fastnn"].encode("utf-8", "surrogatepass"), len(file.data))
    return document, views(file.data, start, header)


def _check_beginning(data: bytearray) -> re.Match[bytes] | None:
    """Return where version and checksum of a file of fastnn stand; None for a plain safetensors file."""
    found = _SUM.match(data, 8 + len(_START)) if data.startswith(_START, 8) else None
    if found is None and data[8:9] != b"{":
        kinds = [kind for magic, kind in _KINDS.items() if data.startswith(magic)]
        what = kinds[0] if kinds else "something else, or the first bytes of one"
        raise ModelFileError(f"expected a model file of fastnn, got {what}")
    if found is not None and int(found[1]) > FORMAT:
        raise ModelFileError(
            f"a newer fastnn has written it: its format is version {int(found[1])}, this one reads up to "
            f"{FORMAT}"
        )
    if found is not None and (found[2] is None or int.from_bytes(data[:8], "little") < found.end() - 8):
        raise ModelFileError(_CUT_OFF + "its header does not fit in it")
    return found


def _check_sum(data: bytearray, found: re.Match[bytes]) -> None:
    digest = hashlib.sha256(memoryview(data)[: found.start(2)])
    digest.update(_ZEROS.encode())
    digest.update(memoryview(data)[found.end(2) :])
    if digest.hexdigest().encode() != found[2]:
        raise ModelFileError(_CUT_OFF + "its checksum does not match")


def _check_plain(metadata: Any) -> None:
    """Refuse a file of fastnn that only looks like one of another program because it has been altered."""
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise ModelFileError(f"its header is not valid: __metadata__ is {metadata!r:.80}")
    if any('"sha256":"' in value for value in metadata.values()):
        raise ModelFileError(_CUT_OFF + "its first bytes are others")


def parse(
    text: bytes, room: int | None = None, hook: Callable[[dict[str, Any]], Any] | None = None
) -> dict[str, Any]:
    """Return the dictionary that a JSON text from a file holds.

    Parameters
    ----------
    text : bytes
    room : int, optional
        Bytes of the file, which bound the number of keys; by default those of the text.
    hook : callable, optional
        Returns what stands in the place of a dictionary, as soon as that is complete.

    Raises
    ------
    ModelFileError
        If it is not JSON, not a dictionary, nested deeper than `DEPTH`, of more than `VALUES` values or more
        keys than belong to a file of its size, or has duplicate keys.

    Examples
    --------
    >>> parse(b'{"a": [1, 2]}')
    {'a': [1, 2]}
    >>> parse(b'{"a": 1, "a": 2}')
    Traceback (most recent call last):
    ...
    fastnn.saving.errors.ModelFileError: its header is not valid: a key stands there twice
    """
    count = 0

    def made(found: dict[str, Any]) -> Any:
        nonlocal count
        count += len(found)
        return found if hook is None else hook(found)

    keys = _check_extent(text, "its header is not valid", len(text) if room is None else room)
    try:
        string = text.decode("utf-8", "surrogatepass")
        del text  # before the most memory is needed
        found = json.loads(string, object_hook=made)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"its header is not valid: {error}") from None
    if not isinstance(found, dict):
        raise ModelFileError(f"its header is not valid: expected a dictionary, got {found!r:.80}")
    if count < keys:
        raise ModelFileError("its header is not valid: a key stands there twice")
    return found


def _structure(text: bytes) -> Iterator[NDArray[np.uint8]]:
    """Yield the bytes of a JSON text outside of its strings, piece by piece."""
    text = text.replace(rb"\\", b"").replace(rb"\"", b"")
    inside = 0
    for start in range(0, len(text), _PIECE):
        codes = np.frombuffer(text, np.uint8, min(_PIECE, len(text) - start), start)
        quotes = np.bitwise_xor.accumulate((codes == ord('"')).view(np.uint8)) ^ np.uint8(inside)
        inside = int(quotes[-1])
        yield codes[quotes == 0]


def _check_extent(text: bytes, problem: str, room: int) -> int:
    """Raise an error for a JSON text that is nested too deeply or holds too many values; return its keys.

    Raises
    ------
    ModelFileError
        Before anything is made of the text.
    """
    values = sum(map(text.count, (b",", b":", b"[", b"{")))
    if values > VALUES:
        raise ModelFileError(f"{problem}: it has {values} keys and values, more than {VALUES}")
    depth = keys = containers = 0
    for codes in _structure(text):
        opening = (codes == ord("[")) | (codes == ord("{"))
        closing = (codes == ord("]")) | (codes == ord("}"))
        depths = depth + np.cumsum(
            (opening.view(np.int8) - closing.view(np.int8))[opening | closing], dtype=int
        )
        if depths.max(initial=0) > DEPTH:
            raise ModelFileError(f"{problem}: it is nested deeper than {DEPTH} levels")
        depth = int(depths[-1]) if depths.size else depth
        keys += int(np.count_nonzero(codes == ord(":")))
        containers += int(np.count_nonzero(opening))
    most = max(FEW_PARTS, room // KEY_BYTES), max(FEW_PARTS, room // PART_BYTES)
    if keys > most[0] or keys + containers > most[1]:
        raise ModelFileError(
            f"{problem}: it has {keys} keys and {containers} lists and dictionaries, more than belong to a "
            "file of its size"
        )
    return keys
