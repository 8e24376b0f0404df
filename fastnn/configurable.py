"""`Configurable`: base of objects that `get_config` describes and `from_config` makes again.

A class of the program that does not define `get_config` is described by the arguments of its constructor,
which are recorded when it is called, as long as JSON can hold them. Whatever else configurations hold is in
`fastnn.saving.values`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from .pickling import Picklable

__all__ = ["Configurable", "has_own_constructor", "is_of_program"]

_PACKAGE = __name__.partition(".")[0]


def is_of_program(cls: type) -> bool:
    """Return whether a class is defined outside of this package."""
    return cls.__module__.partition(".")[0] != _PACKAGE


def has_own_constructor(cls: Any) -> bool:
    """Return whether the constructor of a class is defined outside of this package."""
    return getattr(cls.__init__, "_records", False) is True


class Configurable(Picklable):
    """Base of what configurations describe.

    Examples
    --------
    >>> import fastnn
    >>> one = fastnn.regularizers.L2(0.5)
    >>> type(one).from_config(one.get_config()).l2
    0.5
    """

    __slots__ = ()

    # Entries of configurations that are set as attributes where a constructor does not take them.
    _config_settings: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Let constructors of the program record their arguments, and describe the object by them."""
        super().__init_subclass__(**kwargs)
        if is_of_program(cls) and "__init__" in vars(cls):
            cls.__init__ = _recording(vars(cls)["__init__"])  # type: ignore[method-assign]
            if "get_config" not in vars(cls) and not is_of_program(_owner(cls, "get_config")):
                cls.get_config = _config_of_arguments  # type: ignore[method-assign]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes an equal object."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make an object of what `get_config` returned."""
        if not has_own_constructor(cls):
            return cls(**config)
        names, takes_any = _parameters(cls.__init__)
        rest = {} if takes_any else {n: v for n, v in config.items() if n in cls._config_settings - names}
        made = cls(**{name: value for name, value in config.items() if name not in rest})
        for name, value in rest.items():
            made._apply_config_setting(name, value)
        return made

    def _apply_config_setting(self, name: str, value: Any) -> None:
        """Set what a configuration says and the constructor does not take."""
        setattr(self, name, value)


class _Recorded(NamedTuple):
    """The arguments of a constructor.

    Attributes
    ----------
    arguments : dict
        Those that JSON can hold, by name.
    others : dict
        What the others are.
    """

    arguments: dict[str, Any]
    others: dict[str, str]


def _recording(constructor: Callable[..., None]) -> Callable[..., None]:
    """Return a constructor that records its arguments, unless that of a subclass has done so."""

    @wraps(constructor)
    def recorded(self: Any, *args: Any, **kwargs: Any) -> None:
        attributes = vars(self)
        if "_constructed_with" not in attributes:
            attributes["_constructed_with"] = _record(constructor, self, args, kwargs)
        constructor(self, *args, **kwargs)

    recorded._records = True  # type: ignore[attr-defined]
    return recorded


def _record(constructor: Callable[..., None], *call: Any) -> _Recorded:
    owner, args, kwargs = call
    try:
        bound = inspect.signature(constructor).bind(owner, *args, **kwargs)
    except TypeError:  # which the call itself is going to raise
        return _Recorded({}, {})
    bound.apply_defaults()
    found = _Recorded({}, {})
    for i, (name, parameter) in enumerate(bound.signature.parameters.items()):
        value = bound.arguments[name]
        if i == 0:
            continue
        if parameter.kind is parameter.VAR_KEYWORD:
            given = value
        elif parameter.kind is parameter.VAR_POSITIONAL:
            given = {}
            if value:
                found.others[f"*{name}"] = "which from_config does not pass"
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            found.others[name] = "which from_config does not pass by position"
            continue
        else:
            given = {name: value}
        for key, entry in given.items():
            try:
                found.arguments[key] = _copied(entry)
            except TypeError:
                found.others[key] = f"an object of the class {type(entry).__name__!r}"
    return found


def _copied(value: Any) -> Any:
    """Return a copy of plain values in lists, tuples and dictionaries; raise a `TypeError` for others."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, np.generic) and value.dtype.kind in "biufU":
        return value.item()
    if type(value) in (list, tuple):
        return type(value)(map(_copied, value))
    if type(value) is dict:
        return {_copied(key): _copied(entry) for key, entry in value.items()}
    raise TypeError(f"expected a plain value, got {value!r:.80}")


def _owner(cls: type, name: str) -> type:
    """Return the class that an attribute of a class is inherited from."""
    return next(base for base in cls.__mro__ if name in vars(base))


@cache
def _parameters(constructor: Callable[..., None]) -> tuple[frozenset[str], bool]:
    """Return the names of the arguments of a constructor, and whether it takes any others by name."""
    parameters: Mapping[str, inspect.Parameter] = inspect.signature(constructor).parameters
    kinds = {p.kind for p in parameters.values()}
    return frozenset(parameters), inspect.Parameter.VAR_KEYWORD in kinds


def _config_of_arguments(self: Configurable) -> dict[str, Any]:
    """Return the configuration of the class that is extended, with the recorded arguments.

    Raises
    ------
    NotImplementedError
        If one of the arguments can only be described by a `get_config` of the class.
    """
    cls = type(self)
    extended = next(c for c in cls.__mro__ if not is_of_program(c) and "get_config" in vars(c))
    inherited: dict[str, Any] = vars(extended)["get_config"](self)
    recorded: _Recorded = vars(self).get("_constructed_with", _Recorded({}, {}))
    names, takes_any = _parameters(cls.__init__)
    for name, what in recorded.others.items():
        if name not in inherited:
            raise NotImplementedError(
                f"{cls.__name__}: nothing describes the argument {name!r} of its constructor, {what}; "
                "define get_config() and, if need be, from_config()"
            )
    kept = {n: v for n, v in inherited.items() if takes_any or n in names or n in cls._config_settings}
    explicit = {n: v for n, v in recorded.arguments.items() if n in names and n not in cls._config_settings}
    return recorded.arguments | kept | explicit


_config_of_arguments.__name__ = "get_config"
