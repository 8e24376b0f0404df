"""Data sets of the images and texts below a folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from .. import config
from ..checks import whole_number
from ..registry import unknown_name
from .file_dataset import dataset_from_directory
from .images import MODES, img_to_array, load_img

__all__ = ["image_dataset_from_directory", "text_dataset_from_directory"]

IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
TEXTS = (".txt",)


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
    """Create a data set of the images below a folder: BMP, GIF, JPEG and PNG.

    Parameters
    ----------
    directory : str or path-like
        The folder; with "inferred" labels it contains a folder for each class.
    labels : {"inferred"}, list of int or None, default "inferred"
        Labels from the names of the folders; or a class number for each file, in the order of their sorted
        paths; or none.
    label_mode : {"int", "categorical", "binary", None}, default "int"
        Class numbers (batch,) of int32; one-hot vectors; 0 and 1 as floats (batch, 1); or no labels.
    class_names : sequence of str, optional
        The folders to use, in the order of the class numbers; by default all, sorted.
    color_mode : {"rgb", "rgba", "grayscale"}, default "rgb"
        Three, four or one channel.
    batch_size : int or None, default 32
        Number of images in a batch; the last batch may be smaller. None for single images without a batch
        dimension.
    image_size : (int, int) or int, default (256, 256)
        Height and width that images are resized to.
    shuffle : bool, default True
        Whether each iteration yields the files in a new order; else they are sorted. The validation subset of
        "both" is not shuffled.
    seed : int, optional
        Seed of the order and of the split into subsets.
    validation_split : float, optional
        Fraction of the files for validation.
    subset : {"training", "validation", "both"}, optional
        The subset to return with `validation_split`.
    interpolation : str, default "bilinear"
        Method of resizing; see `layers.Resizing`.
    follow_links : bool, default False
        Whether to follow symbolic links to folders.
    crop_to_aspect_ratio, pad_to_aspect_ratio : bool, default False
        Whether to keep the aspect ratio of images by cropping, or by padding with black.
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels; `config.image_data_format()` by default.
    format
        Ignored; kept for Keras compatibility.
    verbose : bool, default True
        Whether to print the number of files.

    Returns
    -------
    FileDataset
        Batches of images (batch, height, width, channels), floats from 0 to 255, or pairs of these and
        labels; for `fit`, or to iterate over. With subset="both" a list of two.

    Raises
    ------
    ValueError
        If an argument is not as expected or there are no files.
    ImportError
        If Pillow is not installed: the extra ``images``.

    Examples
    --------
    >>> pictures = image_dataset_from_directory("cats_and_dogs", image_size=64)  # doctest: +SKIP
    Found 2000 files belonging to 2 classes.
    >>> model.fit(pictures, epochs=10)  # doctest: +SKIP
    """
    from ..layers import Resizing

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
        image: NDArray[Any] = resize(img_to_array(load_img(path, color_mode), "channels_last")[None])[0]
        return image.transpose(2, 0, 1) if first else image

    return dataset_from_directory(
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset,
        follow_links, verbose, IMAGES, read,
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
    """Create a data set of the texts below a folder: ``.txt`` files in UTF-8.

    Parameters
    ----------
    max_length : int, optional
        Largest number of bytes to read of each file.
    directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset
        See `image_dataset_from_directory`.
    follow_links, format, verbose
        The same.

    Returns
    -------
    FileDataset
        Batches of texts, arrays (batch,) of str, or pairs of these and labels. With subset="both" a list of
        two.

    Raises
    ------
    ValueError
        If an argument is not as expected or there are no files.

    Examples
    --------
    >>> reviews = text_dataset_from_directory("reviews", batch_size=100)  # doctest: +SKIP
    Found 25000 files belonging to 2 classes.
    """
    most = -1 if max_length is None else whole_number(max_length, "max_length", 1)

    def read(path: str) -> str:
        with open(path, "rb") as file:
            return file.read(most).decode("utf-8", errors="ignore" if most > 0 else "strict")

    return dataset_from_directory(
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset,
        follow_links, verbose, TEXTS, read,
    )  # fmt: skip
