"""Write tests/public_api.txt, every public name of fastnn with its signature, and the stubs of packages.

    python tools/public_api.py

`tests/test_public_api.py` compares the files with what is there, so that no change of a name, an argument or
a default goes unseen. A class is listed with its constructor, and with the methods and properties that no
public base of it has. A stub, the `__init__.pyi` of a package, tells type checkers what the table in
`__init__.py` tells `fastnn._lazy`: where each public name comes from.
"""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import fastnn
from fastnn._lazy import TABLES

FILE = Path(__file__).parent.parent / "tests" / "public_api.txt"

# What modules of fastnn share among themselves by these names; nothing is promised of it.
SHARED = {"check_floatx", "registry"}


def public_names(module: ModuleType) -> list[str]:
    """Names that a module exports."""
    return sorted(set(module.__all__) - SHARED)


def modules() -> list[ModuleType]:
    """`fastnn`, and the public modules below it in the order of their names."""
    found, waiting = [], [fastnn]
    while waiting:
        module = waiting.pop()
        found.append(module)
        things = [getattr(module, name) for name in public_names(module)]
        waiting += [thing for thing in things if inspect.ismodule(thing) and thing not in found]
    return sorted(found, key=lambda module: module.__name__)


def public_objects() -> Iterator[tuple[str, Any]]:
    """Names such as "fastnn.layers.Dense", with what they stand for; modules are left out."""
    for module in modules():
        for name in public_names(module):
            thing = getattr(module, name)
            if not inspect.ismodule(thing):
                yield f"{module.__name__}.{name}", thing


def signature(thing: Any) -> str:
    """Arguments and defaults as written, without type hints and without addresses."""
    try:
        found = inspect.signature(thing)
    except (TypeError, ValueError):
        return ""
    bare = [parameter.replace(annotation=parameter.empty) for parameter in found.parameters.values()]
    text = str(found.replace(parameters=bare, return_annotation=found.empty))
    return re.sub(r"<(?:function |class ')?([\w.]+)[^>]*>", r"\1", text)


def members(cls: type, public: set[type]) -> Iterator[str]:
    """Methods and properties of a class that no public base has, one line each."""
    bases = [base for base in cls.__mro__[1:] if base in public or base.__module__ == "builtins"]
    for name in sorted(name for name in dir(cls) if not name.startswith("_")):
        if any(hasattr(base, name) for base in bases):
            continue
        thing = inspect.getattr_static(cls, name)
        if isinstance(thing, property):
            yield f"{name}: property"
        elif callable(getattr(cls, name)):
            yield name + signature(getattr(cls, name))


def lines() -> list[str]:
    """All of the file."""
    found = list(public_objects())
    public = {thing for _, thing in found if inspect.isclass(thing)}
    text = []
    listed: dict[int, str] = {}
    for name, thing in found:
        if id(thing) in listed:
            text.append(f"{name} = {listed[id(thing)]}")
            continue
        listed[id(thing)] = name
        text.append(name + (signature(thing) if callable(thing) else f": {type(thing).__name__}"))
        if inspect.isclass(thing):
            text += [f"    {member}" for member in members(thing, public)]
    return text


def stubs() -> dict[Path, str]:
    """Text of the stub of each package that imports its modules on first use."""
    return {Path(module.__path__[0], "__init__.pyi"): stub(module) for module in modules() if is_lazy(module)}


def is_lazy(module: ModuleType) -> bool:
    return module.__name__ in TABLES


def stub(package: ModuleType) -> str:
    """One import for each module in the package's table, and `__all__`, without which aliases are private."""
    text = "# Written by tools/public_api.py from the table in __init__.py.\n\n"
    for module, names in TABLES[package.__name__].items():
        pairs = [entry.partition("=") for entry in names.split()]
        imported = [f"{original} as {name}" if original else name for name, _, original in pairs]
        if len(imported) == 1:
            text += f"from {module} import {imported[0]}\n"
        elif imported:
            text += f"from {module} import (\n" + "".join(f"    {name},\n" for name in imported) + ")\n"
    text += "\n__version__: str\n" if package is fastnn else ""
    if not package.__all__:
        return text + "__all__: list[str] = []\n"
    return text + "\n__all__ = [\n" + "".join(f'    "{name}",\n' for name in package.__all__) + "]\n"


if __name__ == "__main__":
    FILE.write_text("\n".join(lines()) + "\n", encoding="utf-8")
    for file, text in stubs().items():
        file.write_text(text, encoding="utf-8")
