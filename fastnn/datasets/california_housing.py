"""House prices in California, from the file that Keras uses."""

import os

from ._housing import Part, load, split

__all__ = ["load_data"]

ADDRESS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/california_housing.npz"
SHA256 = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
ROWS, SMALL = 20640, 600


def load_data(
    version: str = "large",
    path: str | os.PathLike[str] = "california_housing.npz",
    test_split: float = 0.2,
    seed: int = 113,
) -> tuple[Part, Part]:
    """Load the California housing data set: the median price of houses in 20,640 districts, in dollars.

    The eight columns of each district, from the census of 1990: longitude and latitude, the median age of
    houses, rooms, bedrooms, population, households, and the median income. The file is downloaded once (with
    the extra ``datasets``) to ``datasets`` in ``$FASTNN_HOME``, by default a folder in the user's cache. An
    existing file is used if it holds these arrays, whatever its checksum.

    Parameters
    ----------
    version : {"large", "small"}, default "large"
        All districts, or the first 600.
    path : str or path-like, optional
        The file's name in that folder, or a full path to keep it elsewhere.
    test_split : float, default 0.2
        Fraction of the districts in the test set.
    seed : int, default 113
        Seed of their order.

    Returns
    -------
    (x_train, y_train), (x_test, y_test) : tuples of ndarray
        `x_train` is (16512, 8), `y_train` (16512,), `x_test` (4128, 8) and `y_test` (4128,), reals.

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
    R. K. Pace and R. Barry, "Sparse spatial autoregressions", Statistics & Probability Letters 33(3),
    291-297, 1997.

    Examples
    --------
    >>> from fastnn.datasets import california_housing
    >>> (x_train, y_train), (x_test, y_test) = california_housing.load_data()  # doctest: +SKIP
    """
    if version not in ("large", "small"):
        raise ValueError(f"version: expected 'large' or 'small', got {version!r}")
    x, y = load(path, ADDRESS, SHA256, ROWS, 8)
    rows = ROWS if version == "large" else SMALL
    return split(x[:rows], y[:rows], test_split, seed)
