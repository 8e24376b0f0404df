"""Handwritten digits of 8 x 8 pixels, small enough to come with fastnn (digits.txt names their source)."""

from pathlib import Path

from ._fetch import Bytes, read_arrays

__all__ = ["load_data"]

TRAIN = 1437  # four fifths of 1,797


def load_data() -> tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes]]:
    """Load the digits data set: 1,797 pictures of 8 x 8 pixels from 0 to 16, of the digits 0 to 9.

    The split is fixed: the first 1,437 pictures in the order of the original file are for training,
    the last 360 for testing.

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
    >>> y_train[:10].tolist()
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    file = Path(__file__).with_name("digits.npz")
    x, y = read_arrays(file, {"images": (1797, 8, 8), "labels": (1797,)})
    return (x[:TRAIN], y[:TRAIN]), (x[TRAIN:], y[TRAIN:])
