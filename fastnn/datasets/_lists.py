"""Reading of lists of numbers from pickles without running code in them."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from ._fetch import judged, read_header

__all__ = ["read_lists"]


def read_lists(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> list[list[list[int]]]:
    """Read arrays of lists of integers from an ``.npz`` file, which holds them as pickles.

    A pickle can call any function. Here the functions of NumPy by which such an array is pickled are replaced
    by a class that records its arguments, and any other name is refused. The results must be lists of
    integers from 0 to 2**31 - 1.

    Parameters
    ----------
    path : Path
        The file.
    shapes : mapping of str to tuple of int
        The one-dimensional shape that each array must have, by its name in the file.

    Returns
    -------
    list of list of list of int
        The arrays in the order of `shapes`.

    Raises
    ------
    ValueError
        If the file does not hold these arrays, or is damaged.
    """
    import zipfile

    with path.open("rb") as file, judged(path):
        archive = zipfile.ZipFile(file)
        arrays = []
        for name, shape in shapes.items():
            with archive.open(f"{name}.npy") as member:
                read_header(member, name, shape, ("object",))
                arrays.append(_lists(member, name, shape))
    return arrays


class _Record:
    """Stand-in for arrays, dtypes and the function that creates arrays in a pickle; it records its state."""

    state: Any = None

    def __init__(self, *arguments: Any) -> None:
        """Accept and ignore any arguments."""

    def __setstate__(self, state: Any) -> None:
        self.state = state


# Both names of NumPy's module, before and from version 2.
_RECORDED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _RECORDED:
            raise ValueError(f"it asks for {module}.{name}, which lists of numbers do without")
        return _Record


def _lists(member: IO[bytes], name: str, shape: tuple[int, ...]) -> list[list[int]]:
    record = _Unpickler(member, encoding="latin1").load()
    state = record.state if isinstance(record, _Record) else None
    lists = state[-1] if isinstance(state, tuple) and state else None
    if type(lists) is not list or (len(lists),) != shape:
        raise ValueError(f"array {name!r} is not of {shape} lists")
    for numbers in lists:
        if type(numbers) is not list or not set(map(type, numbers)) <= {int}:
            raise ValueError(f"array {name!r} has something else in it than lists of whole numbers")
        if numbers and not 0 <= min(numbers) <= max(numbers) < 2**31:
            raise ValueError(f"array {name!r} has a number in it that is not from 0 to 2**31 - 1")
    return lists
