"""The files that a data set is divided into: which they are, and whether they are still the same."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

__all__ = ["Shard", "Shards", "find_shards"]

Path = str | os.PathLike[str]
Shards = Path | Sequence[Path]


class Shard(NamedTuple):
    """A file, as it was when the data set was made."""

    path: str
    size: int
    modified: int

    def check(self) -> None:
        """Raise an error if the file is another one by now.

        Raises
        ------
        FileNotFoundError
            If it is gone.
        ValueError
            If it has been changed.
        """
        if shard_at(self.path) != self:
            raise ValueError(f"{self.path} has changed since the data set was made; make a new one of it")


def shard_at(path: str) -> Shard:
    """Return a file as it is."""
    found = os.stat(path)
    return Shard(path, found.st_size, found.st_mtime_ns)


def find_shards(given: Shards, ending: str, name: str) -> list[Shard]:
    """Return the files that an argument stands for.

    Parameters
    ----------
    given : str, path, or sequence of them
        A file; a folder, for the files in it with this ending; a pattern with ``*``, ``?`` or ``[``; or
        several files. What is found is sorted by name.
    ending : str
        Such as ".npy".
    name : str
        The argument that errors name.

    Raises
    ------
    FileNotFoundError
        If one of the files is not there, or there are none.
    ValueError
        If something else is given, or a file is given twice.
    """
    anything: Any = given
    if isinstance(anything, (str, os.PathLike)):
        path = os.fspath(anything)
        if os.path.isdir(path):
            paths = sorted(entry.path for entry in os.scandir(path) if entry.name.endswith(ending))
            expected = f"files {ending} in {path}"
        elif glob.has_magic(path) and not os.path.exists(path):
            paths, expected = sorted(glob.glob(path)), f"files that match {path!r}"
        else:
            paths, expected = [path], ""
    else:
        names = anything if isinstance(anything, Sequence) else [anything]
        if not all(isinstance(path, (str, os.PathLike)) for path in names):
            raise ValueError(
                f"{name}: expected a file, a folder, a pattern or a list of files, got {given!r:.80}"
            )
        paths, expected = [os.fspath(path) for path in names], "at least one file"
    if not paths:
        raise FileNotFoundError(f"{name}: expected {expected}, found none")
    twice = [path for path, count in Counter(paths).items() if count > 1]
    if twice:
        raise ValueError(f"{name}: expected each file once, got {twice[0]} twice")
    try:
        return [shard_at(path) for path in paths]
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{name}: there is no file {error.filename}") from None
