"""Public names of packages, imported when they are first used.

Each package states once, in a table, which of its modules has which public names. `__getattr__`, `__dir__`
and `__all__` of the package follow from the table, and so does the stub ``__init__.pyi`` that type checkers
read (``python tools/public_api.py`` writes it).
"""

import _imp
import os
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.machinery import ModuleSpec
from typing import Any, NoReturn

__all__ = ["TABLES", "explain_missing_modules", "import_modules", "lazy_exports"]

TABLES: dict[str, Mapping[str, str]] = {}  # by package


def lazy_exports(
    package: str, table: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return `__getattr__`, `__dir__` and `__all__` of a package that imports its modules on first use.

    Parameters
    ----------
    package : str
        The package's `__name__`.
    table : mapping of str to str
        From each module, written as in ``from .module import ...``, to its public names, separated by blanks;
        ``alias=name`` exports a name as `alias`. The names of "." are modules themselves.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.Huber, "Huber" in dir(fastnn.losses), "Huber" in fastnn.losses.__all__
    (<class 'fastnn.losses.regression.Huber'>, True, True)
    >>> fastnn.losses.Absent
    Traceback (most recent call last):
    ...
    AttributeError: module 'fastnn.losses' has no attribute 'Absent'
    """
    origins = {}
    for module, names in table.items():
        for entry in names.split():
            name, _, original = entry.partition("=")
            origins[name] = module, original or name
    exported = sorted(origins)
    TABLES[package] = table

    def __getattr__(name: str) -> Any:
        this = sys.modules[package]
        if name not in origins:
            _refuse(package, name, exported)
        module, original = origins[name]
        value = import_module(module + name if module == "." else module, package)
        if module != ".":
            value = getattr(value, original)
        setattr(this, name, value)  # so that this function is not called for it again
        return value

    def __dir__() -> list[str]:
        return sorted({*exported, *(name for name in vars(sys.modules[package]) if name.startswith("__"))})

    return __getattr__, __dir__, exported


def _refuse(package: str, name: str, exported: list[str]) -> NoReturn:
    """Raise the error for a name that a package does not have; Python adds similar ones when it prints it."""
    from .absent import instead_of, respelled

    found = respelled(name, exported)
    hint = f"it is called {found}" if found else instead_of(name)
    message = f"module {package!r} has no attribute {name!r}" + (f": {hint}" if hint else "")
    if hint and sys._getframe(2).f_code.co_name == "_handle_fromlist":
        raise ImportError(message, name=package)  # `from package import name` shows no other error's message
    raise AttributeError(message, name=name, obj=sys.modules[package])


def import_modules(package: str) -> None:
    """Import every module of a package that its table names."""
    import_module(package)
    for module in TABLES[package]:
        if module != "." and not module.startswith(".."):
            import_module(module, package)


class _MissingModules:
    """Finder that comes after all others, and answers only by errors."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Raise the error for a module of this package that Keras has or had; other modules are not known."""
        package, _, module = name.rpartition(".")
        if package not in sys.modules or package.partition(".")[0] != __name__.partition(".")[0]:
            return None
        from .absent import instead_of

        hint = instead_of(module)
        if hint:
            raise ModuleNotFoundError(f"No module named {name!r}: {hint}", name=name)
        return None


def explain_missing_modules() -> None:
    """Let the import of a module that Keras has or had, but not fastnn, say what there is instead."""
    if _MissingModules not in sys.meta_path:
        sys.meta_path.append(_MissingModules)


def _await_imports() -> None:
    """Wait before a `fork()` until no other thread imports a module of fastnn, and keep it so.

    Python's lock on the module would be held in the child by a thread that does not exist there. Locks are
    known as long as somebody imports the module; to make one takes the lock of all imports.
    """
    locks: Mapping[str, Any] = vars(sys.modules["importlib._bootstrap"]).get("_module_locks", {})
    _imp.acquire_lock()
    for _ in range(10_000):  # ten seconds in all: it may be this thread that is importing
        if not any(name.startswith("fastnn.") and lock() is not None for name, lock in list(locks.items())):
            return
        _imp.release_lock()
        time.sleep(0.001)
        _imp.acquire_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_await_imports, after_in_parent=_imp.release_lock, after_in_child=_imp.release_lock
    )
