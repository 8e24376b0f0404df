"""Conversion between images and arrays, with Pillow (extra ``images``)."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .. import config
from ..registry import unknown_name

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["array_to_img", "img_to_array", "load_img", "save_img"]

MODES = {"rgb": "RGB", "rgba": "RGBA", "grayscale": "L"}
DEEP_GREYS = ("L", "I", "I;16")
RESAMPLINGS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def pillow() -> ModuleType:
    """Return Pillow's module `Image`, or raise an error that says how to install it."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("pictures need Pillow: install the extra 'images'") from error
    return Image


def _format(data_format: str | None) -> str:
    if data_format is None:
        return config.image_data_format()
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(f"data_format: expected 'channels_last' or 'channels_first', got {data_format!r}")
    return data_format


def array_to_img(
    x: ArrayLike, data_format: str | None = None, scale: bool = True, dtype: DTypeLike | None = None
) -> Image:
    """Convert an array to a Pillow image.

    Parameters
    ----------
    x : array_like
        (height, width, channels) or (channels, height, width) with 1, 3 or 4 channels: grayscale, RGB, RGBA.
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels; `config.image_data_format()` by default.
    scale : bool, default True
        Whether to map the smallest number to 0 and the largest to 255. Otherwise numbers from 0 to 255 are
        expected, and truncated to integers.
    dtype : dtype, optional
        Dtype to compute in; `config.floatx()` by default.

    Returns
    -------
    PIL.Image.Image
        An image of the array's size.

    Raises
    ------
    ValueError
        If `x` is not an image.
    ImportError
        If Pillow is not installed: the extra ``images``.

    Examples
    --------
    >>> array_to_img(np.zeros((2, 3, 3))).size
    (3, 2)
    """
    image = pillow()
    pixels = np.array(x, config.floatx() if dtype is None else dtype)
    if pixels.ndim != 3:
        raise ValueError(f"x: expected a picture of three dimensions, got shape {pixels.shape}")
    if _format(data_format) == "channels_first":
        pixels = pixels.transpose(1, 2, 0)
    if scale and pixels.size:
        pixels = pixels - pixels.min()
        largest = pixels.max()
        pixels = pixels * (255 / largest if largest else 1)
    channels = pixels.shape[2]
    if channels not in (1, 3, 4):
        raise ValueError(f"x: expected 1, 3 or 4 channels, got {channels}")
    if channels > 1:
        return image.fromarray(pixels.astype(np.uint8))  # type: ignore[no-any-return]
    deep = pixels.size and pixels.max() > 255
    return image.fromarray(pixels[:, :, 0].astype(np.int32 if deep else np.uint8))  # type: ignore[no-any-return]


def img_to_array(img: Image, data_format: str | None = None, dtype: DTypeLike | None = None) -> NDArray[Any]:
    """Convert an image to an array.

    Parameters
    ----------
    img : PIL.Image.Image
        Or anything that NumPy converts to an array of two or three dimensions.
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels; `config.image_data_format()` by default.
    dtype : dtype, optional
        `config.floatx()` by default.

    Returns
    -------
    ndarray
        (height, width, channels) or (channels, height, width), numbers from 0 to 255.

    Raises
    ------
    ValueError
        If `img` is not an image.

    Examples
    --------
    >>> img_to_array(array_to_img(np.zeros((2, 3, 1)))).shape
    (2, 3, 1)
    """
    pixels = np.array(img, config.floatx() if dtype is None else dtype)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.ndim != 3:
        raise ValueError(f"img: expected a picture, got an array of shape {pixels.shape}")
    return pixels.transpose(2, 0, 1) if _format(data_format) == "channels_first" else pixels


def save_img(
    path: str | os.PathLike[str] | IO[bytes],
    x: ArrayLike,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Save an array as an image file.

    Parameters
    ----------
    path : str, path-like or file
        The file to write.
    x, data_format, scale
        See `array_to_img`.
    file_format : str, optional
        "png", "jpeg" or another format of Pillow; by default that of the path's suffix. JPEG drops the
        fourth channel.
    **kwargs
        Further arguments of Pillow's `save`.

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO()
    >>> save_img(file, np.zeros((2, 3, 3)), file_format="png")
    >>> load_img(file).size
    (3, 2)
    """
    if file_format is None and isinstance(path, (str, os.PathLike)):
        file_format = Path(path).suffix[1:]
    file_format = "jpeg" if file_format and file_format.lower() == "jpg" else file_format
    picture = array_to_img(x, data_format, scale)
    if picture.mode == "RGBA" and file_format and file_format.lower() == "jpeg":
        picture = picture.convert("RGB")
    picture.save(path, format=file_format or None, **kwargs)


def load_img(
    path: str | os.PathLike[str] | IO[bytes],
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Image:
    """Load an image from a file.

    Parameters
    ----------
    path : str, path-like or file
        The file to read.
    color_mode : {"rgb", "rgba", "grayscale"}, default "rgb"
        Mode to convert it to; grayscale images of more than 8 bits are not converted.
    target_size : (int, int), optional
        Height and width to resize it to.
    interpolation : {"nearest", "bilinear", "bicubic", "hamming", "box", "lanczos"}, default "nearest"
        Pillow's method of resizing.
    keep_aspect_ratio : bool, default False
        Whether to crop the image to the aspect ratio of `target_size` rather than to distort it.

    Returns
    -------
    PIL.Image.Image
        Of `target_size`, if given.

    Raises
    ------
    ValueError
        If an argument is not as expected.
    ImportError
        If Pillow is not installed: the extra ``images``.

    Examples
    --------
    >>> img_to_array(load_img("cat.jpg", target_size=(224, 224))).shape  # doctest: +SKIP
    (224, 224, 3)
    """
    if color_mode not in MODES:
        raise ValueError(unknown_name("color_mode", color_mode, MODES))
    if interpolation not in RESAMPLINGS:
        raise ValueError(unknown_name("interpolation", interpolation, RESAMPLINGS))
    image = pillow()
    with image.open(path) as opened:
        deep = color_mode == "grayscale" and opened.mode in DEEP_GREYS
        picture = opened.copy() if deep else opened.convert(MODES[color_mode])
    if target_size is None:
        return picture  # type: ignore[no-any-return]
    height, width = target_size
    if picture.size == (width, height):
        return picture  # type: ignore[no-any-return]
    box = None
    if keep_aspect_ratio:
        kept_width = min(picture.width, picture.height * width // height)
        kept_height = min(picture.height, picture.width * height // width)
        left, top = (picture.width - kept_width) // 2, (picture.height - kept_height) // 2
        box = left, top, left + kept_width, top + kept_height
    resampling = image.Resampling[interpolation.upper()]
    return picture.resize((width, height), resampling, box=box)  # type: ignore[no-any-return]
