"""Helpers of the two data sets of texts, which are lists of word indices."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import whole_number
from ._fetch import cached

__all__ = ["Part", "as_arrays", "load_index", "prepared", "shuffled"]

Texts = NDArray[np.object_]
Labels = NDArray[np.int64]
Part = tuple[Texts, Labels]
Pairs = list[tuple[list[int], int]]


def shuffled(texts: list[list[int]], labels: NDArray[Any], random: np.random.RandomState) -> Pairs:
    """Return texts and their labels in a random order."""
    order = np.arange(len(texts))
    random.shuffle(order)
    return [(texts[i], int(labels[i])) for i in order]


def prepared(
    pairs: Pairs,
    parts: list[int],
    num_words: int | None,
    skip_top: int,
    maxlen: int | None,
    start_char: int | None,
    oov_char: int | None,
    index_from: int | None,
) -> tuple[Pairs, list[int]]:
    """Return the texts with the selected words, as in Keras, and the lengths of the parts.

    Parameters
    ----------
    pairs : list of (list of int, int)
        Texts and labels.
    parts : list of int
        Number of texts in each part.
    num_words, skip_top, maxlen, start_char, oov_char, index_from
        See `imdb.load_data`.
    """
    for name, value in (("num_words", num_words), ("maxlen", maxlen)):
        if value is not None:
            whole_number(value, name, 1)
    skip_top = whole_number(skip_top, "skip_top")
    offset = 0 if index_from is None else whole_number(index_from, "index_from")
    head = [] if start_char is None else [whole_number(start_char, "start_char")]
    pairs = [([*head, *(word + offset for word in text)], label) for text, label in pairs]
    if maxlen is not None:
        kept = [len(text) < maxlen for text, _ in pairs]
        ends = np.cumsum(parts)
        parts = [sum(kept[end - n : end]) for n, end in zip(parts, ends, strict=True)]
        if not all(parts):
            raise ValueError(f"maxlen: expected a length that leaves some texts, got {maxlen}")
        pairs = [pair for pair, keep in zip(pairs, kept, strict=True) if keep]
    limit = num_words or max(max(text, default=0) for text, _ in pairs)
    wanted = range(skip_top, limit)
    if oov_char is None:
        return [([word for word in text if word in wanted], label) for text, label in pairs], parts
    other = whole_number(oov_char, "oov_char")
    return [([word if word in wanted else other for word in text], label) for text, label in pairs], parts


def as_arrays(pairs: Pairs) -> Part:
    """Return an array of lists and an array of labels."""
    texts = np.empty(len(pairs), object)
    for i, (text, _) in enumerate(pairs):
        texts[i] = text
    return texts, np.array([label for _, label in pairs], np.int64)


def load_index(path: str | os.PathLike[str], address: str, md5: str) -> dict[str, int]:
    """Return the indices of words, from a JSON file."""
    file = cached(path, address, f"md5:{md5}")
    try:
        index = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file} is not the index it is named after: {error}") from None
    if type(index) is not dict or not set(map(type, index.values())) <= {int}:
        raise ValueError(f"{file} is not the index it is named after: expected a number for each word")
    return index
