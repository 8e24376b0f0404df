"""Reading of lists of numbers from pickles without running code in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ._fetch import judged, read_header

__all__ = ["read_lists"]

# Bytes that an array may have, unpacked: so many times its packed ones, and so many more.
_EXPANSION, _SPARE = 16, 65_536

# Names in a pickle of an array of lists: NumPy's module before and from version 2.
_NAMES = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
}


def read_lists(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> list[list[list[int]]]:
    """Read arrays of lists of integers from an ``.npz`` file, which holds them as pickles.

    A pickle is a program that can call any function and ask for any amount of memory. It is not run here: of
    its instructions, those that an array of lists needs are followed, as many as it needs, and any other is
    refused. The results must be lists of integers from 0 to 2**31 - 1.

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
            member = archive.getinfo(f"{name}.npy")
            if member.file_size > _EXPANSION * member.compress_size + _SPARE:
                raise ValueError(
                    f"array {name!r} is {member.file_size} bytes packed into {member.compress_size}"
                )
            with archive.open(member) as content:
                read_header(content, name, shape, ("object",))
                arrays.append(_lists(content.read(member.file_size), name, shape))
    return arrays


def _lists(pickled: bytes, name: str, shape: tuple[int, ...]) -> list[list[int]]:
    something_else = f"array {name!r} has something else in it than lists of whole numbers"
    state = _Reader(pickled, 16 * shape[0] + 1000, something_else).result()
    lists = state[-1] if isinstance(state, tuple) and state else None
    if type(lists) is not list or (len(lists),) != shape:
        raise ValueError(f"array {name!r} is not of {shape} lists")
    if not set(map(type, lists)) <= {list} or sum(map(len, lists)) > len(pickled):
        raise ValueError(something_else)
    for numbers in lists:
        if not set(map(type, numbers)) <= {int}:
            raise ValueError(something_else)
        if numbers and not 0 <= min(numbers) <= max(numbers) < 2**31:
            raise ValueError(f"array {name!r} has a number in it that is not from 0 to 2**31 - 1")
    return lists


class _Called:
    """What a call in a pickle would make: an array or a dtype, of which only the state counts."""

    state: Any = None


# Instructions with arguments that are passed over, and the bytes that these take.
_PASSED = {b"\x80": 1, b"\x95": 8}
_NUMBERS = re.compile(rb"(?:K.|M..|J....)+", re.DOTALL)
_NUMBER = re.compile(rb"K.|M..|J....", re.DOTALL)
_LENGTHS = {b"\x8c": 1, b"X": 4, b"U": 1, b"T": 4, b"C": 1, b"B": 4}  # of the lengths of strings
_CONSTANTS: dict[bytes, Any] = {b"N": None, b"\x88": True, b"\x89": False}
_TUPLES = {b"\x85": 1, b"\x86": 2, b"\x87": 3}


class _Reader:
    """Follows the instructions of a pickle of an array of lists.

    Parameters
    ----------
    pickled : bytes
    steps : int
        How many instructions there may be, apart from numbers.
    problem : str
        What the error says where there is another instruction.
    """

    def __init__(self, pickled: bytes, steps: int, problem: str) -> None:
        self.pickled, self.steps, self.problem, self.at = pickled, steps, problem, 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def result(self) -> Any:
        """Return the state of the array."""
        for _ in range(self.steps):
            numbers = _NUMBERS.match(self.pickled, self.at)
            if numbers is not None:
                self.at = numbers.end()
                self.stack.extend(_decoded(numbers[0]))
                continue
            code = self._taken(1)
            if code == b".":
                found = self.stack.pop()
                return found.state if isinstance(found, _Called) else None
            self._follow(code)
        raise ValueError(self.problem)

    def _taken(self, count: int) -> bytes:
        if self.at + count > len(self.pickled):
            raise ValueError("it ends too early")
        self.at += count
        return self.pickled[self.at - count : self.at]

    def _number(self, size: int) -> int:
        return int.from_bytes(self._taken(size), "little")

    def _line(self) -> str:
        end = self.pickled.index(b"\n", self.at)
        return self._taken(end + 1 - self.at)[:-1].decode("latin1")

    def _marked(self) -> list[Any]:
        """Return what has been put onto the stack since the last mark, and take it off."""
        mark = self.marks.pop()
        found = self.stack[mark:]
        del self.stack[mark:]
        return found

    def _follow(self, code: bytes) -> None:
        stack = self.stack
        if code in _PASSED:
            self._taken(_PASSED[code])
        elif code in _LENGTHS:
            stack.append(self._taken(self._number(_LENGTHS[code])).decode("latin1"))
        elif code in _CONSTANTS:
            stack.append(_CONSTANTS[code])
        elif code == b"\x8a":  # a number of more than 32 bits
            stack.append(int.from_bytes(self._taken(self._number(1)), "little", signed=True))
        elif code == b"c":
            self._name(self._line(), self._line())
        elif code == b"\x93":
            name, module = stack.pop(), stack.pop()
            self._name(module, name)
        elif code in (b"q", b"r", b"\x94"):
            self.memo[len(self.memo) if code == b"\x94" else self._number(1 if code == b"q" else 4)] = stack[
                -1
            ]
        elif code in (b"h", b"j"):
            stack.append(self.memo[self._number(1 if code == b"h" else 4)])
        else:
            self._collect(code)

    def _collect(self, code: bytes) -> None:
        """Follow an instruction that makes something of what is on the stack."""
        stack = self.stack
        if code == b"(":
            self.marks.append(len(stack))
        elif code in b"])":
            stack.append([] if code == b"]" else ())
        elif code == b"t":
            stack.append(tuple(self._marked()))
        elif code in _TUPLES:
            count = _TUPLES[code]
            stack[-count:] = [tuple(stack[-count:])]
        elif code == b"e":
            entries = self._marked()
            stack[-1].extend(entries)
        elif code == b"a":
            entry = stack.pop()
            stack[-1].append(entry)
        elif code == b"R" and stack[-2] is _Called:
            stack[-2:] = [_Called()]
        elif code == b"b" and isinstance(stack[-2], _Called):
            state = stack.pop()
            stack[-1].state = state
        else:
            raise ValueError(self.problem)

    def _name(self, module: Any, name: Any) -> None:
        if (module, name) not in _NAMES:
            raise ValueError(f"it asks for {module}.{name}, which lists of numbers do without")
        self.stack.append(_Called)


def _decoded(numbers: bytes) -> Iterator[int]:
    """Yield the values of instructions that put numbers onto the stack."""
    for token in _NUMBER.findall(numbers):
        yield int.from_bytes(token[1:], "little", signed=token[0] == ord("J"))
