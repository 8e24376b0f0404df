"""Reuters newswires of 1987, from the files that Keras uses."""

import os

import numpy as np

from ..checks import real_number
from ._fetch import cached, read_arrays
from ._lists import read_lists
from ._words import Part, as_arrays, load_index, prepared, shuffled

__all__ = ["get_label_names", "get_word_index", "load_data"]

ADDRESS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
SHA256 = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
INDEX_MD5 = "4d44cc38712099c9e383dc6e5f11a921"
ROWS = 11228

TOPICS = """
cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship
cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin
strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem dlr
gas silver wpi hog lead
"""


def load_data(
    path: str | os.PathLike[str] = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> tuple[Part, Part]:
    """Load 11,228 newswires on 46 topics, as lists of word indices.

    See `imdb.load_data` for where the file is stored.

    Parameters
    ----------
    path, num_words, skip_top, maxlen, seed, start_char, oov_char, index_from
        See `imdb.load_data`.
    test_split : float, default 0.2
        Fraction of the newswires in the test set.

    Returns
    -------
    (x_train, y_train), (x_test, y_test) : tuples of ndarray
        `x_train` and `x_test` are arrays (8982,) and (2246,) of lists of int, for `utils.pad_sequences`;
        `y_train` and `y_test` are the topics, int64.

    Raises
    ------
    ValueError, OSError, ImportError
        See `imdb.load_data`.

    References
    ----------
    D. D. Lewis, "Reuters-21578 text categorization test collection", 1997.

    Examples
    --------
    >>> from fastnn.datasets import reuters
    >>> (x_train, y_train), (x_test, y_test) = reuters.load_data(num_words=10000)  # doctest: +SKIP
    """
    share = real_number(test_split, "test_split", 0, below=1)
    file = cached(path, f"{ADDRESS}reuters.npz", SHA256)
    (texts,) = read_lists(file, {"x": (ROWS,)})
    (labels,) = read_arrays(file, {"y": (ROWS,)}, ("int64", "int32", "uint8"))
    pairs = shuffled(texts, labels, np.random.RandomState(seed))
    pairs, _ = prepared(pairs, [ROWS], num_words, skip_top, maxlen, start_char, oov_char, index_from)
    at = int(len(pairs) * (1 - share))
    return as_arrays(pairs[:at]), as_arrays(pairs[at:])


def get_word_index(path: str | os.PathLike[str] = "reuters_word_index.json") -> dict[str, int]:
    """Return the index of each word, 1 for the most frequent one.

    Parameters
    ----------
    path : str or path-like, optional
        The file's name in the folder of data sets, or a full path to keep it elsewhere.

    Returns
    -------
    dict
        `load_data` adds `index_from`, 3, to these indices.

    Raises
    ------
    ValueError, OSError, ImportError
        See `imdb.load_data`.
    """
    return load_index(path, f"{ADDRESS}reuters_word_index.json", INDEX_MD5)


def get_label_names() -> tuple[str, ...]:
    """Return the names of the topics, in the order of their indices.

    Returns
    -------
    tuple of str
        The topics, in the order of their numbers.

    Examples
    --------
    >>> get_label_names()[3]
    'earn'
    """
    return tuple(TOPICS.split())
