"""The CIFAR-100 images, from their binary version: records of plain bytes."""

import numpy as np

from ._fetch import Bytes, cached, read_tar

__all__ = ["load_data"]

ADDRESS = "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"
SHA256 = "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"
ROWS = {"train": 50000, "test": 10000}
LABELS = {"coarse": 20, "fine": 100}  # in this order before the red, the green and the blue pixels
RECORD = len(LABELS) + 3 * 32 * 32


def load_data(label_mode: str = "fine") -> tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes]]:
    """Load the CIFAR-100 data set: 60,000 colour images of 32 x 32 pixels from 0 to 255.

    There are a hundred classes, in alphabetical order, in twenty superclasses of five. The file is downloaded
    once (169 MB, with the extra ``datasets``) to ``datasets`` in ``$FASTNN_HOME``, by default a folder in the
    user's cache. An existing file is used if it holds these records, whatever its checksum. It is unpacked in
    memory.

    Parameters
    ----------
    label_mode : {"fine", "coarse"}, default "fine"
        Whether labels are classes, 0 to 99, or superclasses, 0 to 19.

    Returns
    -------
    (x_train, y_train), (x_test, y_test) : tuples of ndarray of uint8
        `x_train` is (50000, 32, 32, 3), `y_train` (50000, 1), `x_test` (10000, 32, 32, 3) and `y_test`
        (10000, 1).

    Raises
    ------
    ValueError
        If `label_mode` is none of these, or the file is not this data set, or is damaged.
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
    >>> from fastnn.datasets import cifar100
    >>> (x_train, y_train), (x_test, y_test) = cifar100.load_data()  # doctest: +SKIP
    """
    if label_mode not in LABELS:
        raise ValueError(f"label_mode: expected 'fine' or 'coarse', got {label_mode!r}")
    file = cached("cifar-100-binary.tar.gz", ADDRESS, SHA256)
    records = {name: np.empty((rows, RECORD), np.uint8) for name, rows in ROWS.items()}
    read_tar(file, {f"cifar-100-binary/{name}.bin": array for name, array in records.items()})
    parts = []
    for array in records.values():
        for column, classes in enumerate(LABELS.values()):
            largest = array[:, column].max()
            if largest >= classes:
                raise ValueError(
                    f"{file} is not the CIFAR-100 data set: it has a label {largest}, "
                    f"expected 0 to {classes - 1}"
                )
        planes = array[:, len(LABELS) :].reshape(-1, 3, 32, 32)
        column = list(LABELS).index(label_mode)
        parts.append(
            (np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), array[:, column : column + 1].copy())
        )
    train, test = parts
    return train, test
