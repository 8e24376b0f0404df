"""Handwritten digits of 8 x 8 pixels, small enough to come with fastnn (digits.txt names their source)."""

from pathlib import Path

import numpy as np

from ._fetch import Bytes, read_arrays

__all__ = ["load_data"]

HELD_OUT = 5  # every fifth image, starting with the first


def load_data() -> tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes]]:
    """Load the digits data set: 1,797 images of 8 x 8 pixels from 0 to 16, of the digits 0 to 9.

    The split is fixed: every fifth image of the original file, 360 in all, is in the test set. The file is in
    the order of its writers, so that the test images are by the same writers as the others.

    Returns
    -------
    (x_train, y_train), (x_test, y_test) : tuples of ndarray of uint8
        `x_train` is (1437, 8, 8), `y_train` (1437,), `x_test` (360, 8, 8) and `y_test` (360,).

    References
    ----------
    E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
    Repository, 1998, https://doi.org/10.24432/C50P49, under CC BY 4.0. This is its test part.

    Examples
    --------
    >>> from fastnn.datasets import digits
    >>> (x_train, y_train), (x_test, y_test) = digits.load_data()
    >>> x_train.shape, x_test.shape, int(x_train.max())
    ((1437, 8, 8), (360, 8, 8), 16)
    >>> y_test[:4].tolist()
    [0, 5, 0, 5]
    """
    file = Path(__file__).with_name("digits.npz")
    x, y = read_arrays(file, {"images": (1797, 8, 8), "labels": (1797,)})
    test = np.arange(len(x)) % HELD_OUT == 0
    return (x[~test], y[~test]), (x[test], y[test])
