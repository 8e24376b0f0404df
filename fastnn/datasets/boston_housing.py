"""House prices around Boston, from the file that Keras uses."""

import os

from ._housing import Part, load, split

__all__ = ["load_data"]

ADDRESS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/boston_housing.npz"
SHA256 = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(
    path: str | os.PathLike[str] = "boston_housing.npz", test_split: float = 0.2, seed: int = 113
) -> tuple[Part, Part]:
    """Load the Boston housing data set: the median price of houses in 506 tracts, in thousands of dollars.

    One of its 13 columns assumes that the share of black inhabitants determines prices. Use it only to
    reproduce published results, and `california_housing` for anything else. The file is downloaded once (with
    the extra ``datasets``) to ``datasets`` in ``$FASTNN_HOME``, by default a folder in the user's cache. An
    existing file is used if it holds these arrays, whatever its checksum.

    Parameters
    ----------
    path : str or path-like, optional
        The file's name in that folder, or a full path to keep it elsewhere.
    test_split : float, default 0.2
        Fraction of the tracts in the test set.
    seed : int, default 113
        Seed of their order.

    Returns
    -------
    (x_train, y_train), (x_test, y_test) : tuples of ndarray
        `x_train` is (404, 13), `y_train` (404,), `x_test` (102, 13) and `y_test` (102,), reals.

    Raises
    ------
    ValueError
        If an argument is not as expected, or the file is not this data set, or is damaged.
    OSError
        If the file is missing and cannot be downloaded; the message says what to put where.
    ImportError
        If the file is missing and pooch is not installed; the message says what to put where.

    References
    ----------
    D. Harrison and D. L. Rubinfeld, "Hedonic housing prices and the demand for clean air", Journal of
    Environmental Economics and Management 5(1), 81-102, 1978.

    Examples
    --------
    >>> from fastnn.datasets import boston_housing
    >>> (x_train, y_train), (x_test, y_test) = boston_housing.load_data()  # doctest: +SKIP
    """
    return split(*load(path, ADDRESS, SHA256, 506, 13), test_split, seed)
