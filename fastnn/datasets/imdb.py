"""Film reviews from IMDB, from the files that Keras uses."""

import os

import numpy as np

from ._fetch import cached, read_arrays
from ._lists import read_lists
from ._words import Part, as_arrays, load_index, prepared, shuffled

__all__ = ["get_word_index", "load_data"]

ADDRESS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
SHA256 = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
INDEX_MD5 = "bfafd718b763782e994055a2d397834f"
ROWS = 25000  # in each of the training and test sets


def load_data(
    path: str | os.PathLike[str] = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> tuple[Part, Part]:
    """Load 50,000 film reviews, half of them favourable, as lists of word indices.

    Words are indexed by decreasing frequency. The file is downloaded once (17 MB, with the extra
    ``datasets``) to ``datasets`` in ``$FASTNN_HOME``, by default a folder in the user's cache. An existing
    file is used if it holds these lists, whatever its checksum; no code in it is run.

    Parameters
    ----------
    path : str or path-like, optional
        The file's name in that folder, or a full path to keep it elsewhere.
    num_words : int, optional
        Keep words whose index, including `index_from`, is below this; by default below the largest.
    skip_top : int, default 0
        Keep words whose index is at least this.
    maxlen : int, optional
        Omit texts of this many words or more.
    seed : int, default 113
        Seed of the order of the texts.
    start_char : int or None, default 1
        Index at the start of each text.
    oov_char : int or None, default 2
        Index that replaces words that are not kept; None to drop them.
    index_from : int or None, default 3
        Number that is added to the index of each word.

    Returns
    -------
    (x_train, y_train), (x_test, y_test) : tuples of ndarray
        `x_train` and `x_test` are arrays (25000,) of lists of int, for `utils.pad_sequences`; `y_train` and
        `y_test` are (25000,) int64, 1 for a favourable review.

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
    A. L. Maas, R. E. Daly, P. T. Pham, D. Huang, A. Y. Ng and C. Potts, "Learning word vectors for sentiment
    analysis", Annual Meeting of the ACL, 142-150, 2011.

    Examples
    --------
    >>> from fastnn.datasets import imdb
    >>> (x_train, y_train), (x_test, y_test) = imdb.load_data(num_words=10000)  # doctest: +SKIP
    """
    file = cached(path, f"{ADDRESS}imdb.npz", SHA256)
    lists = read_lists(file, {"x_train": (ROWS,), "x_test": (ROWS,)})
    labels = read_arrays(file, {"y_train": (ROWS,), "y_test": (ROWS,)}, ("int64", "int32", "uint8"))
    random = np.random.RandomState(seed)
    pairs = [pair for x, y in zip(lists, labels, strict=True) for pair in shuffled(x, y, random)]
    pairs, (train, _) = prepared(
        pairs, [ROWS, ROWS], num_words, skip_top, maxlen, start_char, oov_char, index_from
    )
    return as_arrays(pairs[:train]), as_arrays(pairs[train:])


def get_word_index(path: str | os.PathLike[str] = "imdb_word_index.json") -> dict[str, int]:
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
        See `load_data`.
    """
    return load_index(path, f"{ADDRESS}imdb_word_index.json", INDEX_MD5)
