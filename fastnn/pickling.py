"""How objects of fastnn are pickled and copied.

An object is reduced to the name of its class and to its attributes, without what is computed again when it is
needed: plans, traces, handles of C. Pickles call one function of fastnn, `restore`; the rest is plain values,
arrays, and the program's own classes and functions, which pickle refers to by name. Each layer, variable and
loss is an object of its own in the pickle, so what several models share is shared by their copies too.

`copy.copy` and `copy.deepcopy` take the same way.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from copyreg import dispatch_table
from functools import cache, partial
from importlib import import_module
from io import BytesIO, IOBase, StringIO
from itertools import chain
from pickle import UnpicklingError
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, ClassVar

import numpy as np

__all__ = ["Picklable", "restore"]

_PACKAGE = __name__.partition(".")[0]
_PICKLERS = ("pickle", "_pickle")
_PLAIN = (str, bytes, int, float, complex, type(None), np.ndarray, np.generic, np.dtype)


class Picklable:
    """Base of what pickles and copies by its attributes.

    A subclass may define `__getstate__` and `__setstate__`, as for any object of Python.

    Examples
    --------
    >>> import copy, fastnn
    >>> layer = fastnn.layers.Dense(2, name="first")
    >>> copy.deepcopy(layer).name
    'first'
    """

    __slots__ = ()

    # Attributes that copies do not get, each with what makes the value that they start from.
    _pickle_defaults: ClassVar[Mapping[str, Callable[[], Any]]] = {}

    # Whether errors name this object rather than the one that holds it.
    _pickle_names_itself: ClassVar[bool] = False

    def _pickle_parts(self) -> Iterable[Any]:
        """Return objects inside that errors name by this one, though they name themselves elsewhere."""
        return ()

    def __reduce_ex__(self, protocol: Any) -> Any:
        cls = type(self)
        if cls.__reduce__ is not object.__reduce__:
            return self.__reduce__()
        state = _state(self)
        _check(self, state)
        return restore, (_version(), _reference(cls), *self._pickle_arguments()), state

    def __getstate__(self) -> Any:
        found: Any = object.__getstate__(self)  # a pair if a class of the program's own has slots
        attributes = self._pickle_attributes()
        return (attributes, found[1]) if isinstance(found, tuple) else attributes

    def _pickle_attributes(self) -> dict[str, Any]:
        """Return the attributes that copies get; those in `_pickle_defaults` count nothing."""
        return dict(vars(self))

    def __setstate__(self, state: Any) -> None:
        attributes, slots = state if isinstance(state, tuple) else (state, {})
        vars(self).update({name: _own(value) for name, value in attributes.items()})
        for name, value in slots.items():
            setattr(self, name, value)

    def _pickle_arguments(self) -> tuple[Any, ...]:
        """Return the arguments of `_pickle_restored` beside the class."""
        return ()

    @classmethod
    def _pickle_restored(cls, *arguments: Any) -> Any:
        """Return an object that gets its attributes next."""
        made = cls.__new__(cls)
        made._set_pickle_defaults()
        return made

    def _set_pickle_defaults(self) -> None:
        """Set the attributes that copies do not get to what they start from."""
        for name, make in self._pickle_defaults.items():
            setattr(self, name, make())


def restore(version: str, cls: str | type[Picklable], *arguments: Any) -> Any:
    """Return an object as `Picklable.__reduce_ex__` has reduced it, before it gets its attributes.

    Parameters
    ----------
    version : str
        Of the fastnn that has pickled it.
    cls : str or type
        A class of fastnn by its name, such as "layers.Dense", or a class of the program's own.
    *arguments
        What else the class needs.

    Raises
    ------
    UnpicklingError
        If another version has pickled it, or the name is not that of such a class.
    """
    if version != _version():
        raise UnpicklingError(
            f"fastnn {version} has pickled this, and fastnn {_version()} reads it; pickles are for programs "
            "that run the same version, model.save makes a file for all later ones"
        )
    found = _find(cls) if isinstance(cls, str) else cls
    if not (isinstance(found, type) and issubclass(found, Picklable)):
        raise UnpicklingError(f"expected a class that fastnn pickles, got {cls!r:.80}")
    return found._pickle_restored(*arguments)


def _state(value: Picklable) -> Any:
    """Return what is pickled of an object, without what is transient."""
    state = value.__getstate__()
    if isinstance(state, tuple):
        return _lasting(value, state[0]), *state[1:]
    return _lasting(value, state)


def _lasting(value: Picklable, attributes: Any) -> Any:
    if not isinstance(attributes, dict):
        return attributes
    return {name: entry for name, entry in attributes.items() if name not in value._pickle_defaults}


def _own(value: Any) -> Any:
    """Return an array that can be written to: plans count in some, and joblib may map a file for them."""
    return np.array(value) if isinstance(value, np.ndarray) and not value.flags.writeable else value


def _version() -> str:
    found: str = sys.modules[_PACKAGE].__version__
    return found


def _reference(cls: type) -> str | type:
    """Return the name of a class of fastnn; a class of the program's own is itself its reference."""
    return _name_of(cls) if cls.__module__.partition(".")[0] == _PACKAGE else cls


@cache
def _name_of(cls: type) -> str:
    """Return the shortest name of a class of fastnn: the public one, if there is one."""
    parts = cls.__module__.split(".")[1:]
    for depth in range(len(parts)):
        module = import_module(".".join([_PACKAGE, *parts[:depth]]))
        if getattr(module, cls.__name__, None) is cls:
            return ".".join([*parts[:depth], cls.__name__])
    return ".".join([*parts, cls.__name__])


def _find(name: str) -> Any:
    """Return what fastnn has under a name."""
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(import_module(f"{_PACKAGE}.{module}" if module else _PACKAGE), attribute)
    except (ImportError, AttributeError) as error:
        raise UnpicklingError(f"fastnn has no {name!r:.80}") from error


# ---- errors that name the object ------------------------------------------------------------------------


def _check(owner: Picklable, state: Any) -> None:
    """Raise an error that names the owner, if pickle can take its class or a part of its state by no means.

    Raises
    ------
    TypeError
        If that is so and the standard library's pickler is at work: others may know more.
    """
    seen = {id(owner): owner}
    own_class = [] if isinstance(_reference(type(owner)), str) else _problems(type(owner), "class", seen)
    parts = (_problems(_state(part), part.name, seen) for part in owner._pickle_parts())
    states = (_problems(part, "", seen) for part in (state if isinstance(state, tuple) else (state,)))
    for path, value, advice in chain(own_class, *parts, *states):
        if _refers_by_name():
            name = getattr(owner, "name", None)
            described = type(owner).__name__ + (f" {name!r}" if isinstance(name, str) else "")
            where = path.replace("._", ".").lstrip("._")
            raise TypeError(f"{described} cannot be pickled: {where} is {value!r:.80}, {advice}")
        return


def _problems(value: Any, path: str, seen: dict[int, Any]) -> Iterator[tuple[str, Any, str]]:
    """Yield what cannot be pickled in a value: where it is, itself, and what to do about it."""
    if isinstance(value, _PLAIN) or id(value) in seen:
        return
    seen[id(value)] = value  # which also keeps what is made on the way, so that no other object gets its id
    if isinstance(value, (type, FunctionType, BuiltinFunctionType)):
        if not _importable(value):
            yield path, value, "which has no name to import it by; define it at the top level of a module"
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _problems(key, path, seen)
            yield from _problems(entry, f"{path}.{key}" if isinstance(key, str) else path, seen)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for i, entry in enumerate(value):
            yield from _problems(entry, f"{path}[{i}]", seen)
    elif isinstance(value, partial):
        yield from _problems([value.func, value.args, value.keywords], path, seen)
    elif isinstance(value, Picklable):
        if not value._pickle_names_itself:
            yield from _problems(_state(value), path, seen)
    else:
        yield from _problems_of_other(value, path, seen)


def _problems_of_other(value: Any, path: str, seen: dict[int, Any]) -> Iterator[tuple[str, Any, str]]:
    """Yield what cannot be pickled in an object of another package, as far as that shows without doing it."""
    kind: Any = type(value)
    state, reducible = None, not isinstance(value, IOBase) or isinstance(value, (BytesIO, StringIO))
    if reducible:
        if kind.__reduce_ex__ is not object.__reduce_ex__ or kind.__reduce__ is not object.__reduce__:
            return
        if kind in dispatch_table:
            return
        try:
            state = value.__reduce_ex__(2)[2]
        except TypeError:
            reducible = False
    if not reducible:
        yield (
            path,
            value,
            "which lives in this process only; make it where it is used, or define __getstate__",
        )
    elif not _importable(kind):
        yield path, value, "whose class has no name to import it by; define it at the top level of a module"
    else:
        yield from _problems(state, path, seen)


def _importable(value: Any) -> bool:
    """Whether pickle finds a class or function by the names of its module and its own."""
    if isinstance(value, BuiltinFunctionType) and not isinstance(value.__self__, (ModuleType, type(None))):
        return True  # a method of an object, which is pickled with it
    found: Any = sys.modules.get(value.__module__ or "builtins")
    try:
        for part in value.__qualname__.split("."):
            found = getattr(found, part)
    except AttributeError:
        return False
    return found is value


def _refers_by_name() -> bool:
    """Whether the pickler at work takes functions and classes by name only.

    The standard library's does. Subclasses, such as cloudpickle's, take along what has no name, and
    `copy.deepcopy` shares it. They are found among the callers: pickling tells the objects nothing of them.
    """
    frame: Any = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__") == "copy":
            return False
        kinds = type(frame.f_locals.get("self")).__mro__
        if any(kind.__module__ in _PICKLERS and kind.__name__.endswith("Pickler") for kind in kinds):
            return kinds[0].__module__ in _PICKLERS
        frame = frame.f_back
    return True
