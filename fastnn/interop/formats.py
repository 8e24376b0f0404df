"""Formats of models of other libraries, by the first bytes and the names of files.

`fastnn.saving` asks here before it takes a file for one of its own; a file that no format claims is.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ..saving.files import FileBytes
    from ..saving.weights import LoadReport

__all__ = ["FORMATS", "Format", "endings", "format_by_name", "format_of"]


class Format(NamedTuple):
    """A format of files, and where it is read and written.

    Attributes
    ----------
    title : str
        What `fastnn info` calls it.
    endings : tuple of str
        Of names of files that are written in it.
    magic : bytes
        What files of it begin with.
    module : str
        That has the functions.
    distinct : bool, default True
        Whether files of no other format begin so; else the name has to say it too.
    """

    title: str
    endings: tuple[str, ...]
    magic: bytes
    module: str
    distinct: bool = True

    def _function(self, name: str) -> Callable[..., Any]:
        function: Callable[..., Any] = getattr(import_module(self.module, __package__), name)
        return function

    def model(self, data: bytes, compile: bool) -> Any:
        """Return the model that a file describes."""
        return self._function("model")(data, compile)

    def fit_weights(self, model: Any, data: bytes, by_name: bool, set_some: bool) -> LoadReport:
        """Set the weights of a model from a file, if all fit, or those that do."""
        report: LoadReport = self._function("fit_weights")(model, data, by_name, set_some)
        return report

    def description(self, data: bytes) -> dict[str, Any]:
        """Return what a file says of a model, which is not made.

        That is "model", its configuration, or None; "weights", by name, with a shape and a dtype each;
        "optimizer", its configuration, or None; "metadata", by structure; and "graph", what else there is by
        name, of files that have no configuration.
        """
        found: dict[str, Any] = self._function("description")(data)
        return found

    def packed_model(self, model: Any, include_optimizer: bool) -> bytearray:
        """Return the bytes of a file with a model."""
        data: bytearray = self._function("packed_model")(model, include_optimizer)
        return data

    def packed_weights(self, model: Any) -> bytearray:
        """Return the bytes of a file with the weights of a model."""
        data: bytearray = self._function("packed_weights")(model)
        return data


FORMATS = (
    Format("Keras archive", (".keras",), b"PK\x03\x04", ".keras.archive_file"),
    Format("Keras HDF5 file", (".h5", ".hdf5"), b"\x89HDF\r\n\x1a\n", ".keras.hdf5_file"),
    # A message of protobuf, whose first field is a version.
    Format("ONNX file", (".onnx",), b"\x08", ".onnx.file", distinct=False),
)


def endings() -> list[str]:
    """Return the endings of files of models that can be written, that of fastnn first."""
    return [".fastnn", *(ending for format in FORMATS for ending in format.endings)]


def format_of(path: Any, file: FileBytes) -> Format | None:
    """Return the format of a file that is there, by its first bytes, or None if it is no other library's."""
    named = format_by_name(path)
    found = (f for f in FORMATS if (f.distinct or f is named) and file.starts_with(f.magic))
    return next(found, None)


def format_by_name(path: Any) -> Format | None:
    """Return the format that a file is to be written in by its name, or None for that of fastnn.

    Examples
    --------
    >>> format_by_name("digits.keras").title
    'Keras archive'
    >>> format_by_name("digits.fastnn")
    """
    if not isinstance(path, (str, bytes, os.PathLike)):
        return None
    name = os.fsdecode(path).lower()
    return next((format for format in FORMATS if name.endswith(format.endings)), None)
