"""Tables of classes by name.

Whatever an argument accepts by name or by config, such as `kernel_initializer="he_normal"`, is looked up in a
`Registry`. Its table is closed: reading a file creates objects of the classes that have been added to it, of
those that the program itself passes or registers (`fastnn.custom_objects`), and of no others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, Generic, TypeVar, overload

from ._lazy import import_modules
from .checks import ArgumentError
from .configurable import Configurable, is_of_program
from .custom_objects import (
    CustomObjectScope,
    custom_name,
    function_config,
    function_of_config,
    get_registered_object,
    is_function_config,
)

__all__ = ["FunctionRegistry", "Registry", "refuse_unknown", "snake_case", "unknown_name"]


T = TypeVar("T", bound=Configurable)
C = TypeVar("C", bound=type[Any])


def snake_case(name: str) -> str:
    """Return the name of a class in snake_case, as Keras spells it in strings.

    Parameters
    ----------
    name : str
        In CamelCase.

    Examples
    --------
    >>> [snake_case(name) for name in ("HeNormal", "Conv2DTranspose", "MaxPooling2D", "LSTM", "L1L2")]
    ['he_normal', 'conv2d_transpose', 'max_pooling2d', 'lstm', 'l1l2']
    """
    return re.sub("(?<=.)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", name).lower()


def unknown_name(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the text of the error for an unknown name.

    Parameters
    ----------
    kind : str
        The kind of thing that was looked up.
    name : str
        The name given.
    known : iterable of str
        The known names; the text suggests those close to `name`, or lists all if none is close.

    Examples
    --------
    >>> print(unknown_name("loss", "hinje", ["mse", "mae", "hinge"]))
    loss: unknown name 'hinje'; did you mean 'hinge'?
    >>> print(unknown_name("loss", "?", ["mse", "mae"]))
    loss: unknown name '?'; expected one of 'mae', 'mse'
    """
    import difflib  # only errors need it

    names = sorted(set(known))
    near = difflib.get_close_matches(name.lower(), names)
    if near:
        return f"{kind}: unknown name {name!r}; did you mean {' or '.join(map(repr, near))}?"
    return f"{kind}: unknown name {name!r}; expected one of {', '.join(map(repr, names))}"


def refuse_unknown(cls: type, base: type, unknown: Mapping[str, Any]) -> None:
    """Raise an `ArgumentError` if any keyword arguments are left that no constructor of a class accepts.

    Parameters
    ----------
    cls, base : type
        The class, and the base whose constructor is called last.
    unknown : dict
        The arguments that are left.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.Dense(3, activations="relu")
    Traceback (most recent call last):
    ...
    fastnn.checks.ArgumentError: Dense: argument: unknown name 'activations'; did you mean 'activation'?
    """
    import inspect  # only errors need it

    for name in unknown:
        own = [kind for kind in cls.__mro__ if is_of_program(kind) and issubclass(kind, base)]
        public = next(kind for kind in cls.__mro__ if not is_of_program(kind))
        known = {
            p.name
            for kind in (*own, public, base)
            for p in inspect.signature(kind).parameters.values()
            if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL) and not p.name.startswith("_")
        }
        raise ArgumentError(unknown_name(f"{cls.__name__}: argument", name, known))


class Registry(Generic[T]):
    """A closed table of the classes of one kind, by name.

    Parameters
    ----------
    kind : str
        How error messages call an object of these classes, such as "initializer".
    base : type
        The class that all of them derive from.
    *packages : str
        Packages whose modules add classes when they are imported. `fastnn._lazy` delays these imports: a
        name that is not in the table yet is looked up in the public names of the packages; if it is not
        among them, it may be an alias, and all of their modules are imported.

    Examples
    --------
    >>> class Shape:
    ...     def get_config(self):
    ...         return {}
    ...     @classmethod
    ...     def from_config(cls, config):
    ...         return cls(**config)
    >>> shapes = Registry("shape", Shape)
    >>> @shapes.add("round")
    ... class GreatCircle(Shape):
    ...     pass
    >>> type(shapes.get("great_circle")) is type(shapes.get("round")) is GreatCircle
    True
    >>> shapes.serialize(GreatCircle())
    {'class_name': 'GreatCircle', 'config': {}}
    >>> shapes.get("Grate_circle")
    Traceback (most recent call last):
    ...
    ValueError: shape: unknown name 'Grate_circle'; did you mean 'great_circle'?
    """

    def __init__(self, kind: str, base: type[T], *packages: str) -> None:
        self.kind = kind
        self.base = base
        self.packages = packages
        self._classes: dict[str, type[T]] = {}

    @overload
    def add(self, cls: C, /, *aliases: str) -> C: ...

    @overload
    def add(self, *aliases: str) -> Callable[[C], C]: ...

    def add(self, *args: Any) -> Any:
        """Add a class under its name, that name in snake_case, and its aliases.

        Parameters
        ----------
        cls : type
            The class; without it, the call returns a decorator that adds a class with these aliases.
        *aliases : str
            Further names.

        Returns
        -------
        type or callable
            The class, so that `add` itself is a decorator too.

        Raises
        ------
        TypeError
            If the class does not derive from the registry's base.
        ValueError
            If one of the names is that of another class already.
        """
        if not args or isinstance(args[0], str):
            return lambda cls: self.add(cls, *args)
        cls, *aliases = args
        if not (isinstance(cls, type) and issubclass(cls, self.base)):
            raise TypeError(f"cls: expected a class derived from {self.base.__name__}, got {cls!r}")
        if not cls.__module__.startswith("fastnn."):
            self._import_packages()  # so that a name that one of their classes has is refused
        for name in (cls.__name__, self.name_of(cls), *aliases):
            if self._classes.setdefault(name, cls) is not cls:
                raise ValueError(f"{self.kind}: {name!r} is {self._classes[name]!r} already")
        return cls

    def classes(self) -> list[type[T]]:
        """Return all classes of the table, in the order of their names."""
        self._import_packages()
        return sorted(set(self._classes.values()), key=lambda cls: cls.__name__)

    def aliases(self, cls: type[T]) -> list[str]:
        """Return the names of a class of the table beside its own and that in snake_case.

        Examples
        --------
        >>> import fastnn
        >>> fastnn.losses.registry.aliases(fastnn.losses.MeanSquaredError)
        ['mse', 'MSE']
        """
        own = (cls.__name__, self.name_of(cls))
        return [name for name, found in self._classes.items() if found is cls and name not in own]

    @staticmethod
    def name_of(cls: type) -> str:
        """Return the name of a class in snake_case, whether or not it is in the table."""
        return snake_case(cls.__name__)

    @overload
    def get(self, identifier: None) -> None: ...

    @overload
    def get(self, identifier: str | Mapping[str, Any] | type[T] | T) -> T: ...

    def get(self, identifier: Any) -> T | None:
        """Return the object that an argument identifies.

        Parameters
        ----------
        identifier : str, dict, type, object or None
            A name or a class, for a new object with default arguments; a config that `serialize` returned;
            an object, or None, which is returned as it is.

        Raises
        ------
        ValueError
            If the name is unknown.
        TypeError
            If the argument is none of these.
        """
        if identifier is None or isinstance(identifier, self.base):
            return identifier
        if isinstance(identifier, str):
            named: T | None = self.get(self._named(identifier))
            return named
        if isinstance(identifier, Mapping):
            return self.deserialize(identifier)
        if isinstance(identifier, type) and issubclass(identifier, self.base):
            return identifier()
        raise ArgumentError(
            f"{self.kind}: expected a name, a config or an instance of {self.base.__name__}, "
            f"got {identifier!r:.200}"
        )

    @overload
    def serialize(self, obj: None) -> None: ...

    @overload
    def serialize(self, obj: T) -> dict[str, Any]: ...

    def serialize(self, obj: T | None) -> dict[str, Any] | None:
        """Return the config that `deserialize` creates an equal object from.

        Parameters
        ----------
        obj : object or None
            An object of a class in the table or of a class of the program.

        Returns
        -------
        dict or None
            ``{"class_name": ..., "config": ...}``; None for None. The name of a class that is not in the
            table starts with the package it has been registered for, "Custom>" by default.

        Raises
        ------
        TypeError
            If it is not an object of this kind.
        """
        if obj is None:
            return None
        if not isinstance(obj, self.base):
            raise ArgumentError(
                f"{self.kind}: expected an instance of {self.base.__name__}, got {obj!r:.200}"
            )
        name, config = type(obj).__name__, obj.get_config()
        if self._classes.get(name) is not type(obj):
            name = custom_name(type(obj))
        if is_of_program(type(obj)):
            from .saving.values import described_config

            config = described_config(config, type(obj).__name__)
        return {"class_name": name, "config": config}

    @overload
    def deserialize(self, config: None, custom_objects: Mapping[str, Any] | None = None) -> None: ...

    @overload
    def deserialize(
        self, config: Mapping[str, Any] | T, custom_objects: Mapping[str, Any] | None = None
    ) -> T: ...

    def deserialize(
        self, config: Mapping[str, Any] | T | None, custom_objects: Mapping[str, Any] | None = None
    ) -> T | None:
        """Return the object that a config describes.

        Parameters
        ----------
        config : dict or None
            ``{"class_name": name, "config": arguments}``; the arguments may be missing, and other keys, which
            Keras writes, are ignored. An object is returned as it is.
        custom_objects : dict, optional
            The program's own classes and functions, by name.

        Returns
        -------
        object or None
            None for None.

        Raises
        ------
        ValueError
            If the dictionary does not have this form, or the class is neither in the table nor passed or
            registered by the program.
        TypeError
            If the class does not accept the arguments.
        """
        if config is None or isinstance(config, self.base):
            return config
        if not isinstance(config, Mapping):
            raise ArgumentError(f"{self.kind}: expected a config, got {config!r:.200}")
        if custom_objects is not None:
            with CustomObjectScope(custom_objects):
                return self.deserialize(config)
        name, arguments = config.get("class_name"), config.get("config", {})
        if not isinstance(name, str) or not isinstance(arguments, dict):
            raise ValueError(
                f"{self.kind}: expected {{'class_name': name, 'config': arguments}}, got {config!r:.200}"
            )
        found = self._named(name)
        if not isinstance(found, type):
            raise ValueError(f"{self.kind}: expected the name of a class, {name!r} is {found!r:.200}")
        described: type[T] = found
        if is_of_program(described):
            from .saving.values import restored_config

            arguments = restored_config(arguments)
        return described.from_config(arguments)

    def _named(self, name: str) -> Any:
        """Return the class of a name, or the object that the program has registered under it."""
        found = get_registered_object(name) or self._find(name)
        if found is None:
            classes = {cls.__name__ for cls in self._classes.values()}
            raise ValueError(unknown_name(self.kind, name, self._classes.keys() - classes))
        if isinstance(found, type) and not issubclass(found, self.base):
            raise ValueError(
                f"{self.kind}: expected a class derived from {self.base.__name__}, {name!r} is {found!r}"
            )
        return found

    def _find(self, name: str) -> type[T] | None:
        """Return the class of a name in the table, importing no more modules than necessary."""
        if name not in self._classes:
            for package in map(import_module, self.packages):
                for public in package.__all__:
                    if name in (public, snake_case(public)):
                        getattr(package, public)  # imports the module, which adds its classes
        if name not in self._classes:  # an alias, or nothing
            self._import_packages()
        return self._classes.get(name)

    def _import_packages(self) -> None:
        for package in self.packages:
            import_modules(package)


class FunctionRegistry(Registry[T]):
    """A table of classes whose objects are functions, so that functions of the program may take their places.

    Examples
    --------
    >>> import fastnn
    >>> def halved(w):
    ...     return w / 2
    >>> fastnn.constraints.registry.serialize(halved)
    {'class_name': 'function', 'config': 'Custom>halved'}
    >>> fastnn.constraints.deserialize(_, custom_objects={"halved": halved}) is halved
    True
    """

    def get(self, identifier: Any) -> Any:
        """Return the object or function that an argument identifies; see `Registry.get`."""
        if callable(identifier) and not isinstance(identifier, type):
            return identifier
        return super().get(identifier)

    def serialize(self, obj: Any) -> Any:
        """Return the config of an object, or of a function: its name; see `Registry.serialize`."""
        if callable(obj) and not isinstance(obj, (type, self.base)):
            return function_config(obj)
        return super().serialize(obj)

    def deserialize(self, config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """Return what a config describes; see `Registry.deserialize`."""
        if not is_function_config(config):
            return super().deserialize(config, custom_objects)
        with CustomObjectScope(custom_objects):
            return function_of_config(config)
