"""The MNIST handwritten digits, from the file that Keras uses."""

import os

from ._fetch import Bytes, cached, read_arrays

__all__ = ["load_data"]

ADDRESS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
SHAPES = {"x_train": (60000, 28, 28), "y_train": (60000,), "x_test": (10000, 28, 28), "y_test": (10000,)}


def load_data(path: str | os.PathLike[str] = "mnist.npz") -> tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes]]:
    """Load the MNIST data set: 70,000 images of 28 x 28 pixels from 0 to 255, of the digits 0 to 9.

    The file is downloaded once (11 MB, with the extra ``datasets``) to ``datasets`` in ``$FASTNN_HOME``, by
    default a folder in the user's cache. An existing file is used if it holds these arrays, whatever its
    checksum.

    Parameters
    ----------
    path : str or path-like, optional
        The file's name in that folder, or a full path to keep it elsewhere.

    Returns
    -------
    (x_train, y_train), (x_test, y_test) : tuples of ndarray of uint8
        `x_train` is (60000, 28, 28), `y_train` (60000,), `x_test` (10000, 28, 28) and `y_test` (10000,).

    Raises
    ------
    ValueError
        If the file is not this data set, or is damaged.
    OSError
        If the file is missing and cannot be downloaded; the message says what to put where.
    ImportError
        If the file is missing and pooch is not installed; the message says what to put where.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86(11), 2278-2324, 1998.

    Examples
    --------
    >>> from fastnn.datasets import mnist
    >>> (x_train, y_train), (x_test, y_test) = mnist.load_data()  # doctest: +SKIP
    """
    file = cached(path, ADDRESS, SHA256)
    x_train, y_train, x_test, y_test = read_arrays(file, SHAPES)
    largest = max(y_train.max(), y_test.max())
    if largest > 9:
        raise ValueError(f"{file} is not the MNIST data set: it has a label {largest}, expected 0 to 9")
    return (x_train, y_train), (x_test, y_test)
