"""HDF5 files as untrusted input: what is in them is checked before it is read.

Only what stands in the file itself is followed: no soft or external links, virtual datasets or external
storage. Arrays take as many bytes in the file as in memory, and each can be reached by one path, so that what
is read is bounded by the size of the file.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...extras import extra
from ...saving.errors import ModelFileError

__all__ = ["Contents", "opened_hdf5", "require_h5py", "written_hdf5"]

_ATTRIBUTE_BYTES = 60_000  # that a list of names may take, by HDF5's own bound
_MOST_NAMES = 4096  # in an attribute, which cannot be read in parts


def require_h5py() -> Any:
    """Return the module h5py.

    Raises
    ------
    ImportError
        If it is not installed; the error names the extra that brings it.
    """
    with extra("keras", "Keras' files need h5py", "h5py"):
        import h5py
    return h5py


class Contents:
    """What is in an HDF5 file, by path.

    Parameters
    ----------
    file : h5py.File

    Attributes
    ----------
    datasets : dict
        Those of numbers, whose shapes may be read without their values.
    groups : dict
        "" is the file itself.

    Raises
    ------
    ModelFileError
        If the file has anything else.
    """

    def __init__(self, file: Any) -> None:
        h5py = require_h5py()
        self.datasets: dict[str, Any] = {}
        self.groups: dict[str, Any] = {"": file}
        seen = {h5py.h5o.get_info(file.id).addr}
        waiting = [("", file)]
        while waiting:
            above, group = waiting.pop()
            for name in group:
                path = f"{above}/{name}" if above else name
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise ModelFileError(f"{path!r:.200} is a link to another place, which is not followed")
                found = group[name]
                address = h5py.h5o.get_info(found.id).addr
                if address in seen:
                    raise ModelFileError(f"{path!r:.200} is in the file under another name, too")
                seen.add(address)
                if isinstance(found, h5py.Group):
                    self.groups[path] = found
                    waiting.append((path, found))
                else:
                    _check_dataset(found, path, h5py)
                    self.datasets[path] = found

    def read(self, path: str) -> NDArray[Any]:
        """Return the values of a dataset."""
        if path not in self.datasets:
            raise ModelFileError(f"{path!r:.200} is not in the file")
        return np.asarray(self.datasets[path][()])

    def text(self, path: str, name: str) -> str | None:
        """Return an attribute of a group that is a string, or None if there is none."""
        attributes = self.groups[path].attrs
        if name not in attributes:
            return None
        if attributes.get_id(name).shape not in ((), None):
            raise ModelFileError(f"{name}: expected a string, got {attributes.get_id(name).shape}")
        found = attributes[name]
        if isinstance(found, bytes):
            return found.decode("utf-8", "surrogateescape")
        if not isinstance(found, str):
            raise ModelFileError(f"{name}: expected a string, got {found!r:.80}")
        return found

    def names(self, path: str, name: str) -> list[str] | None:
        """Return an attribute of a group that is a list of strings, or None if there is none.

        Keras divides long lists among attributes whose names end in numbers.
        """
        attributes = self.groups[path].attrs
        parts = [name] if name in attributes else []
        while f"{name}{len(parts)}" in attributes and parts[:1] != [name]:
            parts.append(f"{name}{len(parts)}")
        if not parts:
            return None
        found: list[str] = []
        for part in parts:
            shape = attributes.get_id(part).shape
            if shape is None or len(shape) != 1 or shape[0] > _MOST_NAMES:
                raise ModelFileError(f"{part}: expected at most {_MOST_NAMES} names, got shape {shape}")
            for entry in attributes[part].tolist():
                found.append(entry.decode("utf-8", "surrogateescape") if isinstance(entry, bytes) else entry)
        if not all(isinstance(entry, str) for entry in found):
            raise ModelFileError(f"{name}: expected names, got {found!r:.80}")
        return found


def _check_dataset(found: Any, path: str, h5py: Any) -> None:
    if not isinstance(found, h5py.Dataset) or found.dtype.kind not in "fiub":
        raise ModelFileError(f"{path!r:.200}: expected numbers, got {found!r:.80}")
    if found.is_virtual or found.external:
        raise ModelFileError(f"{path!r:.200}: its values are in other files, which are not read")
    if found.shape is None or found.id.get_storage_size() < found.size * found.dtype.itemsize:
        raise ModelFileError(
            f"{path!r:.200}: its values are compressed or missing: shape {found.shape} in "
            f"{found.id.get_storage_size()} bytes; write it as Keras does, without compression"
        )


@contextmanager
def opened_hdf5(data: bytes) -> Iterator[Contents]:
    """Open the bytes of an HDF5 file.

    Raises
    ------
    ModelFileError
        If they are damaged, or have what is not read; see `Contents`.
    """
    h5py = require_h5py()
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            yield Contents(file)
    except (OSError, RuntimeError, KeyError, UnicodeError, OverflowError) as error:
        raise ModelFileError(f"its HDF5 data are damaged: {error}") from error


def written_hdf5(
    datasets: Mapping[str, NDArray[Any]], attributes: Mapping[str, Mapping[str, str | list[str]]]
) -> bytes:
    """Return the bytes of an HDF5 file.

    Parameters
    ----------
    datasets : dict of ndarray
        By path.
    attributes : dict of dict
        Strings and lists of them by name, for each group by its path.
    """
    h5py = require_h5py()
    file = io.BytesIO()
    with h5py.File(file, "w") as written:
        for path, values in attributes.items():
            group = written.require_group(path) if path else written
            for name, value in values.items():
                _write_attribute(group, name, value)
        for path, array in datasets.items():
            written.create_dataset(path, data=array)
    return file.getvalue()


def _write_attribute(group: Any, name: str, value: str | list[str]) -> None:
    """Write a string, or a list of strings, which is divided where it is too long for one attribute."""
    if isinstance(value, str):
        group.attrs[name] = value
        return
    encoded = np.array([entry.encode() for entry in value]) if value else np.array([], "S1")
    count = -(-max(encoded.nbytes, 1) // _ATTRIBUTE_BYTES)
    if count == 1:
        group.attrs[name] = encoded
        return
    for i, part in enumerate(np.array_split(encoded, count)):
        group.attrs[f"{name}{i}"] = part
