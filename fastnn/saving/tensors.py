"""Arrays in the format of safetensors: where each lies, and views of the bytes.

A header has an entry for each tensor: ``{"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}``.
The ranges fill the rest of the file without gaps, the largest numbers first, so that each tensor is aligned.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .errors import ModelFileError

__all__ = ["Tensors", "bytes_of_all", "compact", "describe", "fill", "views"]

Tensors: TypeAlias = Mapping[str, NDArray[Any]]

_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip
_CODES = {np.dtype(dtype): code for code, dtype in _DTYPES.items() if code != "BF16"}


def describe(tensors: Tensors) -> tuple[dict[str, Any], int]:
    """Return the entries of arrays in a header, and the bytes that they take in all.

    Raises
    ------
    TypeError
        If an array has another dtype than numbers and truth values.

    Examples
    --------
    >>> describe({"a": np.zeros((2, 3), "float32")})
    ({'a': {'dtype': 'F32', 'shape': [2, 3], 'data_offsets': [0, 24]}}, 24)
    """
    entries, end = {}, 0
    for name, array in sorted(tensors.items(), key=lambda item: (-item[1].itemsize, item[0])):
        code = _CODES.get(array.dtype.newbyteorder("<"))
        if code is None:
            raise TypeError(f"{name}: a file cannot hold an array of the dtype {array.dtype}")
        offsets = [end, end := end + array.nbytes]
        entries[name] = {"dtype": code, "shape": list(array.shape), "data_offsets": offsets}
    return entries, end


def fill(data: bytearray, start: int, tensors: Tensors, entries: Mapping[str, Any]) -> None:
    """Write arrays into the bytes that their entries name, which begin at `start`."""
    for name, entry in entries.items():
        dtype, array = _DTYPES[entry["dtype"]], tensors[name]
        place = np.frombuffer(data, dtype, array.size, start + entry["data_offsets"][0])
        place.reshape(array.shape)[...] = array


class TensorEntry(NamedTuple):
    """An entry of a header from a file, in little memory: there may be one for each fifty bytes.

    Attributes
    ----------
    code : str
        Of the dtype.
    shape : tuple of int
    begin : int
        Where its bytes begin.
    """

    code: str
    shape: tuple[int, ...]
    begin: int

    @property
    def end(self) -> int:
        """Where its bytes end."""
        return self.begin + math.prod(self.shape) * np.dtype(_DTYPES[self.code]).itemsize


def compact(found: dict[str, Any]) -> Any:
    """Return a dictionary of a header as the `TensorEntry` that it is, else as it is."""
    try:
        return _checked("", found)
    except ModelFileError:
        return found


def bytes_of_all(entries: Mapping[str, Any]) -> int:
    """Return how many bytes tensors take, whose entries come from a file.

    Raises
    ------
    ModelFileError
        If an entry is none that `compact` has made, or their ranges overlap or leave gaps.
    """
    for name, entry in entries.items():
        if not isinstance(entry, TensorEntry):
            _checked(name, entry)

    def place(name: str) -> int:  # of two that begin together, the empty one is first
        entry: TensorEntry = entries[name]
        return 2 * entry.begin + (entry.end > entry.begin)

    end = 0
    for name in sorted(entries, key=place):
        if entries[name].begin != end:
            raise ModelFileError(
                f"its tensors do not fill the file: {name!r:.80} begins at {entries[name].begin}, not {end}"
            )
        end = entries[name].end
    return end


def _checked(name: str, entry: Any) -> TensorEntry:
    """Return an entry of a header, or raise an error that says what is wrong with it."""
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise ModelFileError(f"its tensors are not valid: {name!r:.80} is {entry!r:.80}")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        raise ModelFileError(f"its tensors are not valid: {name!r:.80} has the unknown dtype {dtype!r:.80}")
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2 or len(shape) > 64:
        raise ModelFileError(f"its tensors are not valid: {name!r:.80} is {entry!r:.200}")
    begin, end = offsets
    checked = TensorEntry(sys.intern(dtype), tuple(shape), begin)
    if checked.end != end:
        raise ModelFileError(
            f"its tensors do not fill the file: {name!r:.80} of shape {shape!r:.80} takes {end - begin} bytes"
        )
    return checked


def _are_sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(size) is int and 0 <= size < 2**63 for size in value)


def views(data: bytearray, start: int, entries: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """Replace entries by the tensors of a file as arrays, without copies where NumPy has the dtype.

    Parameters
    ----------
    data : bytearray
        The bytes of the file.
    start : int
        Where the tensors begin.
    entries : dict
        As `bytes_of_all` has checked them.
    """
    whole = np.frombuffer(data, np.uint8)
    for name, entry in entries.items():
        array: NDArray[Any] = whole[start + entry.begin : start + entry.end].view(_DTYPES[entry.code])
        if entry.code == "BF16":  # the upper half of a float32
            array = (array.astype(np.uint32) << 16).view(np.float32)
        entries[name] = array.reshape(entry.shape)
    return entries
