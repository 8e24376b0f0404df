"""`FileDataset`: data sets of the files below a folder, with the names of folders as labels."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import config
from ..checks import real_number, whole_number
from ..data.dataset import SeededDataset
from .numerical import to_categorical
from .random import next_seed

__all__ = ["FileDataset", "dataset_from_directory"]

LABEL_MODES = ("int", "categorical", "binary", None)
SUBSETS = ("training", "validation", "both", None)


class FileDataset(SeededDataset):
    """Batches of the contents of files, read on demand; see `image_dataset_from_directory`.

    Each epoch has the same files, in a new order with `shuffle`.

    Attributes
    ----------
    class_names : list of str or None
        Names of the classes, in the order of their numbers.
    file_paths : list of str
        The files, sorted or in the order of the first shuffle.
    """

    def __init__(
        self,
        file_paths: list[str],
        labels: NDArray[Any] | None,
        class_names: list[str] | None,
        read: Callable[[str], Any],
        batch_size: int | None,
        seed: int | None,
    ) -> None:
        super().__init__(seed)
        self.file_paths, self.class_names = file_paths, class_names
        self._labels, self._read = labels, read
        self._batch_size = batch_size

    def __len__(self) -> int:
        return -(-len(self.file_paths) // (self._batch_size or 1))

    def __getitem__(self, index: int) -> Any:
        size = self._batch_size or 1
        rows = self._order(len(self.file_paths))[index * size : (index + 1) * size]
        contents = [self._read(self.file_paths[row]) for row in rows]
        x: Any = np.stack(contents) if isinstance(contents[0], np.ndarray) else np.array(contents, object)
        y = None if self._labels is None else self._labels[rows]
        if self._batch_size is None:
            x, y = x[0], None if y is None else y[0]
        return x if y is None else (x, y)


def _files_below(folder: str, endings: tuple[str, ...], follow_links: bool) -> list[str]:
    walk = sorted(os.walk(folder, followlinks=follow_links))
    return [
        os.path.join(root, name)
        for root, _, names in walk
        for name in sorted(names)
        if name.lower().endswith(endings)
    ]


def _index(
    directory: str,
    labels: Any,
    class_names: Sequence[str] | None,
    endings: tuple[str, ...],
    follow_links: bool,
) -> tuple[list[str], NDArray[np.int32] | None, list[str] | None]:
    """Return all files below a folder, their class numbers, and the names of the classes."""
    if labels != "inferred":
        if class_names is not None:
            raise ValueError(f"class_names: expected None where labels are not inferred, got {class_names!r}")
        files = _files_below(directory, endings, follow_links)
        if labels is None:
            return files, None, None
        if len(labels) != len(files):
            raise ValueError(f"labels: expected one for each of {len(files)} files, got {len(labels)}")
        return files, np.array(labels, np.int32), [str(label) for label in sorted(set(labels))]
    found = sorted(
        name
        for name in os.listdir(directory)
        if os.path.isdir(os.path.join(directory, name)) and not name.startswith(".")
    )
    names = found if class_names is None else list(class_names)
    if not set(names) <= set(found):
        raise ValueError(f"class_names: expected names of folders, which are {found}, got {names}")
    lists = [_files_below(os.path.join(directory, name), endings, follow_links) for name in names]
    numbers = np.repeat(np.arange(len(names), dtype=np.int32), [len(files) for files in lists])
    return [file for files in lists for file in files], numbers, names


def _encoded(labels: NDArray[np.int32], mode: str, classes: list[str]) -> NDArray[Any]:
    if mode == "int":
        return labels
    if mode == "binary":
        if len(classes) != 2:
            raise ValueError(f"label_mode: 'binary' is for two classes, there are {classes}")
        return labels[:, None].astype(config.floatx())
    return to_categorical(labels, len(classes)).astype(config.floatx())


def dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any,
    label_mode: str | None,
    class_names: Sequence[str] | None,
    batch_size: int | None,
    shuffle: bool,
    seed: int | None,
    validation_split: float | None,
    subset: str | None,
    follow_links: bool,
    verbose: bool,
    endings: tuple[str, ...],
    read: Callable[[str], Any],
) -> Any:
    """Return a data set of the files below a folder, or a list of two with subset="both".

    Parameters
    ----------
    directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset
        See `utils.image_dataset_from_directory`.
    follow_links, verbose
        The same.
    endings : tuple of str
        Suffixes of the files, in lower case.
    read : callable
        A function that returns the contents of a file, an array or a string, from its path.
    """
    if not (labels is None or isinstance(labels, (list, tuple)) or labels == "inferred"):
        raise ValueError(f"labels: expected 'inferred', None or a list of class numbers, got {labels!r:.80}")
    if label_mode not in LABEL_MODES:
        raise ValueError(f"label_mode: expected 'int', 'categorical', 'binary' or None, got {label_mode!r}")
    if subset not in SUBSETS:
        raise ValueError(f"subset: expected 'training', 'validation', 'both' or None, got {subset!r}")
    if (validation_split is None) != (subset is None):
        raise ValueError(
            "validation_split, subset: expected both or none, "
            f"got validation_split={validation_split!r} and subset={subset!r}"
        )
    if subset in ("training", "validation") and shuffle and seed is None:
        raise ValueError(
            "seed: a training and a validation subset that are shuffled and asked for one by one need the "
            "same seed, or they overlap; got None"
        )
    size = None if batch_size is None else whole_number(batch_size, "batch_size", 1)
    if labels is None or label_mode is None:
        labels = label_mode = None
    directory = os.fspath(directory)
    files, numbers, names = _index(directory, labels, class_names, endings, follow_links)
    if verbose:
        classes = "" if names is None else f" belonging to {len(names)} classes"
        print(f"Found {len(files)} files{classes}.")
    seed = next_seed() % 2**32 if seed is None else whole_number(seed, "seed", 0, 2**32 - 1)
    if shuffle:  # in the same order as Keras, so that a seed determines the same subsets
        order = np.arange(len(files))
        np.random.RandomState(seed).shuffle(order)
        files = [files[i] for i in order]
        numbers = None if numbers is None else numbers[order]
    y = None if numbers is None or names is None else _encoded(numbers, str(label_mode), names)
    split = 0.0 if validation_split is None else real_number(validation_split, "validation_split", 0, below=1)
    at = len(files) - int(split * len(files))

    def part(rows: slice, purpose: str, shuffled: bool) -> FileDataset:
        paths = files[rows]
        if not paths:
            raise ValueError(f"directory: {directory} has no {purpose}files that end in {', '.join(endings)}")
        if verbose and purpose:
            print(f"Using {len(paths)} files for {purpose.strip()}.")
        labels_here = None if y is None else y[rows]
        return FileDataset(paths, labels_here, names, read, size, seed if shuffled else None)

    if subset is None:
        return part(slice(None), "", shuffle)
    if subset == "both":
        return [part(slice(at), "training ", shuffle), part(slice(at, None), "validation ", False)]
    return part(slice(at) if subset == "training" else slice(at, None), f"{subset} ", shuffle)
