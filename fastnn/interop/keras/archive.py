"""Keras' zip archive: `config.json`, `metadata.json` and `model.weights.h5`."""

from __future__ import annotations

import io
import json
import lzma
import zipfile
import zlib
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ...saving.container import parse
from ...saving.errors import ModelFileError

__all__ = ["KERAS_VERSION", "Archive", "packed", "unpacked"]

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"

_OWN = "fastnn"  # the entry of metadata.json that Keras does not read
_MOST_TIMES = 100  # of the archive's size, that a member may unpack to

# What readers of Keras take the file to be written by: the layout of the configuration is that of Keras 3.
KERAS_VERSION = "3.15.1"


class Archive(NamedTuple):
    """What is in an archive.

    Attributes
    ----------
    config : dict
        The configuration of the model.
    weights : bytes
        The file of its weights.
    metadata : dict
        What `fastnn.saving.metadata.get_metadata` returned, if fastnn has written the archive.
    """

    config: dict[str, Any]
    weights: bytes
    metadata: dict[str, Any]


def unpacked(data: bytes) -> Archive:
    """Return what is in an archive.

    Raises
    ------
    ModelFileError
        If it has no such members, or ones that are damaged, encrypted or far larger than the archive.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            config = _member(archive, CONFIG, len(data))
            weights = _member(archive, WEIGHTS, len(data))
            metadata = _member(archive, METADATA, len(data)) if METADATA in archive.namelist() else b"{}"
    except _DAMAGES as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(f"its zip archive is damaged: {error}") from error
    return Archive(parse(config), weights, parse(metadata).get(_OWN, {}))


# What `zipfile` and its decompressors raise: an `OSError` is of bz2.
_DAMAGES = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, RuntimeError, ValueError
)  # fmt: skip


def _member(archive: zipfile.ZipFile, name: str, size: int) -> bytes:
    found = [info for info in archive.infolist() if info.filename == name]
    if len(found) != 1:
        names = [info.filename for info in archive.infolist()]
        raise ModelFileError(
            f"expected a model of Keras with one {name} in it, got an archive of {names!r:.200}"
        )
    if found[0].file_size > _MOST_TIMES * size:
        raise ModelFileError(f"{name} would unpack to {found[0].file_size} bytes out of {size}")
    with archive.open(found[0]) as member:
        return member.read(found[0].file_size)


def packed(config: dict[str, Any], weights: bytes, metadata: dict[str, Any]) -> bytearray:
    """Return an archive; see `Archive`."""
    described: dict[str, Any] = {
        "keras_version": KERAS_VERSION,
        "date_saved": datetime.now(UTC).strftime("%Y-%m-%d@%H:%M:%S"),
    }
    if metadata:
        described[_OWN] = metadata
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(METADATA, json.dumps(described))
        archive.writestr(CONFIG, json.dumps(config))
        archive.writestr(WEIGHTS, weights)
    return bytearray(file.getbuffer())
