"""Keras' zip archive: `config.json`, `metadata.json` and `model.weights.h5`."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from datetime import UTC, datetime
from typing import Any

from ...saving.container import parse
from ...saving.errors import ModelFileError

__all__ = ["KERAS_VERSION", "packed", "unpacked"]

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"

_MOST_TIMES = 100  # of the archive's size, that a member may unpack to

# What readers of Keras take the file to be written by: the layout of the configuration is that of Keras 3.
KERAS_VERSION = "3.15.1"


def unpacked(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the configuration and the bytes of the weights' file in an archive.

    Raises
    ------
    ModelFileError
        If it has no such members, or ones that are damaged, encrypted or far larger than the archive.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            config = _member(archive, CONFIG, len(data))
            weights = _member(archive, WEIGHTS, len(data))
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(f"its zip archive is damaged: {error}") from error
    return parse(config), weights


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


def packed(config: dict[str, Any], weights: bytes) -> bytearray:
    """Return an archive of a configuration and the bytes of a file of weights."""
    metadata = {
        "keras_version": KERAS_VERSION,
        "date_saved": datetime.now(UTC).strftime("%Y-%m-%d@%H:%M:%S"),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(METADATA, json.dumps(metadata))
        archive.writestr(CONFIG, json.dumps(config))
        archive.writestr(WEIGHTS, weights)
    return bytearray(file.getbuffer())
