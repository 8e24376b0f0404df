"""Attributes that plans depend on: what is assigned takes effect at the next call; attributes of parts.

Plans contain the numbers that layers, and the regularizers and constraints of their weights, had when the
plans were made, such as the rate of a `Dropout`. So what is assigned to an argument of a constructor is
validated and converted as the constructor would do it, and lets models make their plans again. What the
program has written in Python reads its attributes whenever it runs.
"""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

from .configurable import is_of_program

__all__ = ["PartAttribute", "PlannedAttributes", "constructor_arguments", "part_attributes"]

# Arguments that plans do not depend on: `compile` reads `trainable`, and building reads `dtype`.
_APART = frozenset({"self", "name", "trainable", "dtype"})
_set = object.__setattr__


class PlannedAttributes:
    """Base of objects whose attributes plans depend on."""

    __slots__ = ()

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__ and name[0] != "_":
            self._replace(name, value)
        else:  # first of all in constructors
            _set(self, name, value)

    def _replace(self, name: str, value: Any) -> None:
        """Set an attribute that has had another value, and forget plans that depend on it."""
        before = vars(self)[name]
        if before is value:
            return
        depends = self._plans_depend_on(name)
        _set(self, name, _as_constructed(self, name, value) if depends else value)
        if depends:
            try:
                self._check_assigned()
            except ValueError as error:
                vars(self)[name] = before
                raise ValueError(f"{name}: the weights do not fit {value!r:.80}: {error}") from None
            self._forget_plans()

    def _plans_depend_on(self, name: str) -> bool:
        """Return whether plans may depend on an attribute."""
        cls: Any = type(self)
        return name in constructor_arguments(cls)

    def _check_assigned(self) -> None:
        """Raise a `ValueError` if weights do not fit what has been assigned."""

    def _forget_plans(self) -> None:
        """Let models make the plans again that may depend on this object."""
        from .training.planned_models import forget_plans

        forget_plans()


@cache
def constructor_arguments(cls: type) -> frozenset[str]:
    """Return the names of the arguments of a class and its bases that plans may depend on.

    Examples
    --------
    >>> import fastnn
    >>> sorted(constructor_arguments(fastnn.layers.Dropout) & {"rate", "seed", "name"})
    ['rate', 'seed']
    """
    found = {
        name
        for base in cls.__mro__
        if "__init__" in vars(base) and base is not object
        for name in inspect.signature(vars(base)["__init__"]).parameters
    }
    return frozenset(found - _APART)


def _as_constructed(owner: Any, name: str, value: Any) -> Any:
    """Return the attribute that the constructor makes of an argument, or raise its error.

    The constructor, that of the first class of this package, gets the other arguments as they are now. So it
    sets none of its arguments twice. A value is returned as given if it is no argument there, or if another
    argument is required and no attribute.
    """
    from .utils.random import separate_seeds

    cls: Any = next(base for base in type(owner).__mro__ if not is_of_program(base))
    parameters = inspect.signature(cls.__init__).parameters
    attributes, arguments = vars(owner), {name: value}
    if name not in parameters:
        return value
    for key, parameter in list(parameters.items())[1:]:  # without self
        if key in attributes or isinstance(getattr(cls, key, None), PartAttribute):
            arguments.setdefault(key, getattr(owner, key))
        elif parameter.kind is parameter.VAR_KEYWORD and "name" in attributes:
            arguments["name"] = owner.name
        elif parameter.kind is parameter.POSITIONAL_OR_KEYWORD and parameter.default is parameter.empty:
            return value
    with separate_seeds():
        return getattr(cls.from_config(arguments), name)


class PartAttribute:
    """An attribute that a part of an object has under the same name; it is read and set there.

    Parameters
    ----------
    part : str
        The attribute that holds the part.
    """

    def __init__(self, part: str) -> None:
        self._part = part

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, whole: Any, owner: type) -> Any:
        return self if whole is None else getattr(getattr(whole, self._part), self._name)

    def __set__(self, whole: Any, value: Any) -> None:
        setattr(getattr(whole, self._part), self._name, value)


def part_attributes(part: str, count: int) -> tuple[PartAttribute, ...]:
    """Return so many attributes of a part.

    Parameters
    ----------
    part : str
        See `PartAttribute`.
    count : int
    """
    return tuple(PartAttribute(part) for _ in range(count))
