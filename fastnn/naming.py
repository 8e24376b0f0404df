"""Names of new layers and optimizers, numbered as in Keras, and paths of their variables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["free_name", "innermost", "inside", "path_of", "restart_names", "separate_names", "unique_name"]

_names: Counter[str] = Counter()

# The numbers of names inside a `separate_names` block.
_separate_names: ContextVar[Counter[str] | None] = ContextVar("separate_names", default=None)

# The names of the layers that are being built or append steps, the outermost first.
_scope: ContextVar[tuple[str, ...]] = ContextVar("scope", default=())


def unique_name(name: str) -> str:
    """Return the default name of a new object: `name`, with a number from the second on.

    Examples
    --------
    >>> with separate_names():
    ...     [unique_name("example") for _ in range(3)]
    ['example', 'example_1', 'example_2']
    """
    numbers = _separate_names.get()
    numbers = _names if numbers is None else numbers
    numbers[name] += 1
    return name if numbers[name] == 1 else f"{name}_{numbers[name] - 1}"


def free_name(name: str, taken: set[str]) -> str:
    """Return a name, with a number if it is taken, and take it.

    Examples
    --------
    >>> taken = {"example"}
    >>> free_name("example", taken), free_name("example", taken), sorted(taken)
    ('example_1', 'example_2', ['example', 'example_1', 'example_2'])
    """
    made, n = name, 0
    while made in taken:
        n += 1
        made = f"{name}_{n}"
    taken.add(made)
    return made


@contextmanager
def separate_names() -> Iterator[None]:
    """Give numbered names apart, so that the program gives the same names as without the block."""
    token = _separate_names.set(_names.copy())
    try:
        yield
    finally:
        _separate_names.reset(token)


def restart_names() -> None:
    """Restart the numbering of the names of new objects."""
    _names.clear()


@contextmanager
def inside(name: str) -> Iterator[None]:
    """Say that variables that are made in this block belong to the layer of this name."""
    scope = _scope.get()
    token = _scope.set(scope if scope and scope[-1] == name else (*scope, name))
    try:
        yield
    finally:
        _scope.reset(token)


def innermost() -> str:
    """Return the name of the layer that is being built, or appends its steps to a plan; "" outside of any."""
    return (_scope.get() or ("",))[-1]


def path_of(owner: str, name: str) -> str:
    """Return the path of a variable: the layers that are being built around it, its owner, its name.

    Examples
    --------
    >>> with inside("sequential"):
    ...     path_of("dense", "kernel")
    'sequential/dense/kernel'
    """
    scope = _scope.get()
    return "/".join([*scope, name] if scope and scope[-1] == owner else [*scope, owner, name])
