"""Classes and functions of the program that configs may name.

A config names classes and functions; those of fastnn are in closed tables (`fastnn.registry`). The program
can add its own, for the life of the process or for a ``with`` block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self, TypeVar

__all__ = [
    "CustomObjectScope",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "register_keras_serializable",
]

T = TypeVar("T")

_registered: dict[str, Any] = {}
_scopes: ContextVar[tuple[Mapping[str, Any], ...]] = ContextVar("scopes", default=())


class CustomObjectScope:
    """Context manager that lets configs name these objects.

    Parameters
    ----------
    custom_objects : dict
        From names to classes and functions; they take precedence over those of fastnn.

    Raises
    ------
    TypeError
        If it is not such a dictionary.

    Examples
    --------
    >>> import fastnn
    >>> class Twice(fastnn.layers.Dense):
    ...     pass
    >>> with CustomObjectScope({"Twice": Twice}):
    ...     layer = fastnn.layers.registry.deserialize({"class_name": "Twice", "config": {"units": 3}})
    >>> layer.units
    3
    """

    def __init__(self, custom_objects: Mapping[str, Any] | None) -> None:
        objects: Any = {} if custom_objects is None else custom_objects
        if not isinstance(objects, Mapping):
            raise TypeError(f"custom_objects: expected a dict of names and objects, got {custom_objects!r}")
        for name, obj in objects.items():
            if not isinstance(name, str) or not callable(obj):
                raise TypeError(
                    f"custom_objects: expected names of classes or functions, got {name!r}: {obj!r}"
                )
        self.custom_objects = dict(objects)

    def __enter__(self) -> Self:
        self._token = _scopes.set((self.custom_objects, *_scopes.get()))
        return self

    def __exit__(self, *exception: object) -> None:
        _scopes.reset(self._token)


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """Return a decorator that lets configs name a class or function, for the life of the process.

    Parameters
    ----------
    package : str, default "Custom"
        Prefix of the name.
    name : str, optional
        By default the name of the class or function.

    Returns
    -------
    callable
        A decorator that registers its argument as ``package>name`` and returns it.

    Raises
    ------
    ValueError
        If a class has no `get_config`.

    Examples
    --------
    >>> import fastnn
    >>> @register_keras_serializable("mine")
    ... class Thrice(fastnn.layers.Dense):
    ...     pass
    >>> get_registered_name(Thrice), get_registered_object("mine>Thrice") is Thrice
    ('mine>Thrice', True)
    """

    def register(obj: Any) -> Any:
        if not callable(obj):
            raise TypeError(f"register_keras_serializable: expected a class or function, got {obj!r}")
        if isinstance(obj, type) and not hasattr(obj, "get_config"):
            raise ValueError(
                f"register_keras_serializable: {obj!r} has no get_config(): nothing describes it"
            )
        _registered[f"{package}>{name or obj.__name__}"] = obj
        return obj

    return register


def get_custom_objects() -> dict[str, Any]:
    """Return the dictionary of objects that are registered for the life of the process; it may be changed.

    Examples
    --------
    >>> get_custom_objects()["my_loss"] = abs
    >>> get_registered_object("my_loss")
    <built-in function abs>
    >>> del get_custom_objects()["my_loss"]
    """
    return _registered


def get_registered_name(obj: Any) -> str:
    """Return the name under which a class or function is registered, else its own name.

    Parameters
    ----------
    obj : class or callable
        A class or function.
    """
    for objects in (*_scopes.get(), _registered):
        for name, other in objects.items():
            if other is obj:
                return name
    return str(obj.__name__)


def get_registered_object(
    name: str,
    custom_objects: Mapping[str, Any] | None = None,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """Return the class or function that is registered under a name, or None.

    Parameters
    ----------
    name : str
        The name as registered; if it is unknown, it is looked up without its ``package>`` prefix too.
    custom_objects : dict, optional
        Looked up first, before the scopes and the registered objects.
    module_objects : dict, optional
        Looked up last, by the whole name.
    """
    tables = (custom_objects or {}, *_scopes.get(), _registered)
    for spelling in dict.fromkeys((name, name.rpartition(">")[2])):
        for objects in tables:
            if spelling in objects:
                return objects[spelling]
    return None if module_objects is None else module_objects.get(name)


# What configurations have named inside `noted_custom_objects`.
_noted: ContextVar[dict[str, Any] | None] = ContextVar("noted", default=None)


@contextmanager
def noted_custom_objects() -> Iterator[dict[str, Any]]:
    """Collect the classes and functions of the program that configurations name, by these names."""
    found: dict[str, Any] = {}
    token = _noted.set(found)
    try:
        yield found
    finally:
        _noted.reset(token)


def function_config(function: Any) -> dict[str, Any]:
    """Return the configuration of a function of the program: its name.

    Raises
    ------
    TypeError
        If it has no name by which a reader could pass it, such as a lambda.
    """
    return {"class_name": "function", "config": custom_name(function)}


def function_of_config(config: Mapping[str, Any]) -> Callable[..., Any]:
    """Return the function that `function_config` has named.

    Raises
    ------
    ValueError
        If the program neither passes nor registers such a function.
    """
    name = config.get("config")
    found = get_registered_object(name) if isinstance(name, str) else None
    if found is None or isinstance(found, type):
        raise ValueError(f"function: unknown name {name!r:.200}")
    function: Callable[..., Any] = found
    return function


def is_function_config(config: Any) -> bool:
    """Return whether a configuration is that of a function."""
    return isinstance(config, Mapping) and config.get("class_name") == "function"


def custom_name(obj: Any) -> str:
    """Return the name by which a config refers to a class or function of the program.

    Raises
    ------
    TypeError
        If it has no name by which a reader of the config could pass it, such as a lambda, or it shares the
        name with another one of the same model.
    """
    known = getattr(obj, "__name__", None)
    name = get_registered_name(obj) if isinstance(known, str) else ""
    if (name == known and not name.isidentifier()) or not name:
        raise TypeError(f"{obj!r:.200} has no name that a file could call it by; define it with def")
    name = name if ">" in name else f"Custom>{name}"
    noted = _noted.get()
    if noted is not None and noted.setdefault(name, obj) is not obj:
        raise TypeError(
            f"{name!r} is the name of both {noted[name]!r:.200} and {obj!r:.200}: a file could not tell them "
            "apart; register them under different names"
        )
    return name
