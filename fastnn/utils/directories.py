"""Data sets of the files below a folder: pictures and texts, with the folder's name as the label."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import config
from ..checks import real_number, whole_number
from ..data.dataset import PyDataset
from ..registry import unknown_name
from .images import MODES, load_img
from .numerical import to_categorical
from .random import next_seed

__all__ = ["FileDataset", "image_dataset_from_directory", "text_dataset_from_directory"]

PICTURES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
TEXTS = (".txt",)
LABEL_MODES = ("int", "categorical", "binary", None)
SUBSETS = ("training", "validation", "both", None)


class FileDataset(PyDataset):
    """Batches of files, read when they are asked for; see `image_dataset_from_directory`.

    Going through it again gives the same files, with shuffling in a new order.

    Attributes
    ----------
    class_names : list of str or None
        Names of the classes, in the order of their numbers.
    file_paths : list of str
        The files, in the order in which they were found or first shuffled.
    """

    def __init__(
        self,
        file_paths: list[str],
        labels: NDArray[Any] | None,
        class_names: list[str] | None,
        read: Callable[[str], Any],
        batch_size: int | None,
        random: np.random.Generator | None,
    ) -> None:
        super().__init__()
        self.file_paths, self.class_names = file_paths, class_names
        self._labels, self._read = labels, read
        self._batch_size, self._random = batch_size, random
        self._order = np.arange(len(file_paths))

    def __len__(self) -> int:
        return -(-len(self.file_paths) // (self._batch_size or 1))

    def __getitem__(self, index: int) -> Any:
        size = self._batch_size or 1
        rows = self._order[index * size : (index + 1) * size]
        contents = [self._read(self.file_paths[row]) for row in rows]
        x: Any = np.stack(contents) if isinstance(contents[0], np.ndarray) else np.array(contents, object)
        y = None if self._labels is None else self._labels[rows]
        if self._batch_size is None:
            x, y = x[0], None if y is None else y[0]
        return x if y is None else (x, y)

    def __iter__(self) -> Iterator[Any]:
        self.on_epoch_begin()
        return super().__iter__()

    def on_epoch_begin(self) -> None:
        """Take the files in a new order, if that is wanted."""
        if self._random is not None:
            self._order = self._random.permutation(len(self.file_paths))


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
    """Return all files below a folder, the numbers of their classes, and the names of these."""
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


def _from_directory(
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
    """Return the data set, or both with subset="both"."""
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
    if shuffle:  # in the order that Keras takes them, so that a seed stands for the same subsets
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
        random = np.random.default_rng(seed) if shuffled else None
        return FileDataset(paths, None if y is None else y[rows], names, read, size, random)

    if subset is None:
        return part(slice(None), "", shuffle)
    if subset == "both":
        return [part(slice(at), "training ", shuffle), part(slice(at, None), "validation ", False)]
    return part(slice(at) if subset == "training" else slice(at, None), f"{subset} ", shuffle)


def image_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: tuple[int, int] | int = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Make a data set of the pictures below a folder: BMP, GIF, JPEG and PNG.

    Parameters
    ----------
    directory : str or path-like
        The folder; with "inferred" labels it has one for each class.
    labels : {"inferred"}, list of int or None, default "inferred"
        The names of the folders; or a class number for each file, in the order of their sorted paths; or
        none.
    label_mode : {"int", "categorical", "binary", None}, default "int"
        Class numbers (rows,) of int32; one-hot rows; 0 and 1 as (rows, 1) reals; or no labels.
    class_names : sequence of str, optional
        The folders to take, in the order of the class numbers; by default all, sorted.
    color_mode : {"rgb", "rgba", "grayscale"}, default "rgb"
        Three, four or one channel.
    batch_size : int or None, default 32
        Pictures of a batch; the last one has what is left. None: pictures one by one, without the dimension.
    image_size : (int, int) or int, default (256, 256)
        Height and width that pictures are brought to.
    shuffle : bool, default True
        Whether files come in a new order each time; else they are sorted. A validation subset out of "both"
        is not shuffled.
    seed : int, optional
        Of the order, and of which files are in which subset.
    validation_split : float, optional
        Share of the files that is for validation.
    subset : {"training", "validation", "both"}, optional
        What to return with `validation_split`.
    interpolation : str, default "bilinear"
        See `layers.Resizing`, which does it.
    follow_links : bool, default False
        Whether folders may be links.
    crop_to_aspect_ratio, pad_to_aspect_ratio : bool, default False
        Whether pictures keep their proportions: by cutting off, or with black around them.
    data_format : {"channels_last", "channels_first"}, optional
        `config.image_data_format()` by default.
    format
        Accepted for Keras' sake.
    verbose : bool, default True
        Whether to print how many files there are.

    Returns
    -------
    FileDataset
        Batches of pictures (rows, height, width, channels), floats from 0 to 255, or pairs of those and
        labels; for `fit`, or to walk through. With subset="both" a list of two.

    Raises
    ------
    ValueError
        If an argument is not as expected or there is no file.
    ImportError
        If Pillow is not installed: the extra ``images``.

    Examples
    --------
    >>> pictures = image_dataset_from_directory("cats_and_dogs", image_size=64)  # doctest: +SKIP
    Found 2000 files belonging to 2 classes.
    >>> model.fit(pictures, epochs=10)  # doctest: +SKIP
    """
    from ..layers import Resizing
    from .images import img_to_array

    if color_mode not in MODES:
        raise ValueError(unknown_name("color_mode", color_mode, MODES))
    height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
    resize = Resizing(
        height,
        width,
        interpolation,
        crop_to_aspect_ratio=crop_to_aspect_ratio,
        pad_to_aspect_ratio=pad_to_aspect_ratio,
        data_format="channels_last",
    )
    first = (config.image_data_format() if data_format is None else data_format) == "channels_first"

    def read(path: str) -> NDArray[Any]:
        picture: NDArray[Any] = resize(img_to_array(load_img(path, color_mode), "channels_last")[None])[0]
        return picture.transpose(2, 0, 1) if first else picture

    return _from_directory(
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset,
        follow_links, verbose, PICTURES, read,
    )  # fmt: skip


def text_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Make a data set of the texts below a folder: files that end in ``.txt``, in UTF-8.

    Parameters
    ----------
    max_length : int, optional
        Bytes of a text to take.
    directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset
        See `image_dataset_from_directory`.
    follow_links, format, verbose
        The same.

    Returns
    -------
    FileDataset
        Batches of texts (rows,), an array of str, or pairs of those and labels. With subset="both" a list of
        two.

    Raises
    ------
    ValueError
        If an argument is not as expected or there is no file.

    Examples
    --------
    >>> reviews = text_dataset_from_directory("reviews", batch_size=100)  # doctest: +SKIP
    Found 25000 files belonging to 2 classes.
    """
    most = -1 if max_length is None else whole_number(max_length, "max_length", 1)

    def read(path: str) -> str:
        with open(path, "rb") as file:
            return file.read(most).decode("utf-8", errors="ignore" if most > 0 else "strict")

    return _from_directory(
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset,
        follow_links, verbose, TEXTS, read,
    )  # fmt: skip
