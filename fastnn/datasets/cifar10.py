"""The CIFAR-10 images, from their binary version: records of plain bytes."""

import numpy as np

from ._fetch import Bytes, cached, read_tar

__all__ = ["load_data"]

ADDRESS = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
MEMBERS = [
    f"cifar-10-batches-bin/{name}.bin" for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")
]
RECORDS = 10000  # in each member: a label, then the red, the green and the blue pixels
RECORD = 1 + 3 * 32 * 32


def load_data() -> tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes]]:
    """Load the CIFAR-10 data set: 60,000 colour images of 32 x 32 pixels from 0 to 255.

    The ten classes are, from 0 to 9: airplane, automobile, bird, cat, deer, dog, frog, horse, ship and truck.
    The file is downloaded once (170 MB, with the extra ``datasets``) to ``datasets`` in ``$FASTNN_HOME``, by
    default a folder in the user's cache. An existing file is used if it holds these records, whatever its
    checksum. It is unpacked in memory.

    Returns
    -------
    (x_train, y_train), (x_test, y_test) : tuples of ndarray of uint8
        `x_train` is (50000, 32, 32, 3), `y_train` (50000, 1), `x_test` (10000, 32, 32, 3) and `y_test`
        (10000, 1).

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
    A. Krizhevsky, "Learning multiple layers of features from tiny images", technical report, University of
    Toronto, 2009.

    Examples
    --------
    >>> from fastnn.datasets import cifar10
    >>> (x_train, y_train), (x_test, y_test) = cifar10.load_data()  # doctest: +SKIP
    """
    file = cached("cifar-10-binary.tar.gz", ADDRESS, SHA256)
    records = np.empty((len(MEMBERS), RECORDS, RECORD), np.uint8)
    read_tar(file, dict(zip(MEMBERS, records, strict=True)))
    largest = records[:, :, 0].max()
    if largest > 9:
        raise ValueError(f"{file} is not the CIFAR-10 data set: it has a label {largest}, expected 0 to 9")
    return _images(records[:-1]), _images(records[-1])


def _images(records: Bytes) -> tuple[Bytes, Bytes]:
    """Return new arrays of images (n, 32, 32, 3) and labels (n, 1)."""
    records = records.reshape(-1, RECORD)
    planes = records[:, 1:].reshape(-1, 3, 32, 32)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), records[:, :1].copy()
