"""The reference: a page for each public module, class and function, from the tables of the packages."""

import ast
import inspect
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import public_api
from sphinx.application import Sphinx
from sphinx.config import Config

# Bridges to other libraries, which are imported by their names, with their extras.
BRIDGES = ("interop.dask", "interop.onnx", "interop.torch", "sklearn", "wrappers")


def modules() -> list[ModuleType]:
    """Return all public modules."""
    bridges = [import_module(f"fastnn.{name}") for name in BRIDGES]
    return sorted([*public_api.modules(), *bridges], key=lambda module: module.__name__)


def public_objects() -> dict[str, Any]:
    """Return all public classes and functions by name."""
    found = {
        f"{module.__name__}.{name}": getattr(module, name)
        for module in modules()
        for name in public_api.public_names(module)
    }
    return {name: thing for name, thing in found.items() if not inspect.ismodule(thing)}


def page(title: str, *parts: str) -> str:
    """Text of a page: a title, and parts with lines between."""
    return "\n\n".join([title + "\n" + "=" * len(title), *parts]) + "\n"


def directive(name: str, option: str, lines: list[str]) -> str:
    """Text of a directive."""
    return f".. {name}::\n   :{option}:\n\n" + "\n".join(f"   {line}" for line in lines)


def last(name: str) -> str:
    """Return a name without its module."""
    return name.rpartition(".")[2]


def homes() -> dict[str, str]:
    """Of each public name, the one under which its object has a page: that of the package that defines it."""
    names: dict[int, list[str]] = {}
    for name, thing in public_objects().items():
        names.setdefault(id(thing), []).append(name)
    found = {}
    for name, thing in public_objects().items():
        module = getattr(thing, "__module__", "")
        inside = [same for same in names[id(thing)] if module.startswith(same.rpartition(".")[0])]
        own = [same for same in inside if last(same) == getattr(thing, "__name__", "")]
        found[name] = max(own or inside or names[id(thing)], key=lambda name: name.count("."))
    return found


def files(names: Iterable[str]) -> dict[str, str]:
    """Of each name of a class or function, the page: "fastnn.layers/Dense" of `fastnn.layers.Dense`.

    File systems that ignore case need another one for `fastnn.layers.add`, beside `fastnn.layers.Add`.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(names):  # capitals come first
        module, _, short = name.rpartition(".")
        file = f"{module}/{short}"
        if file.lower() in taken:
            file += "-function"
        taken.add(file.lower())
        found[name] = file
    return found


def module_page(module: ModuleType, home: dict[str, str], file: dict[str, str]) -> str:
    """What a module is for, and its names."""
    name = module.__name__
    members = [f"{name}.{member}" for member in public_api.public_names(module) if f"{name}.{member}" in home]
    parts = [f".. automodule:: {name}"]
    own = [member for member in members if last(home[member]) == last(member)]
    if own:
        parts.append(".. currentmodule:: None")  # or autosummary warns of full names
        parts.append(directive("autosummary", "nosignatures", [f"~{home[member]}" for member in own]))
        at_home = [f"{last(member)} <{file[member]}>" for member in own if home[member] == member]
        parts.append(directive("toctree", "hidden", at_home))
    others = [f"``{last(member)}`` is :obj:`~{home[member]}`" for member in members if member not in own]
    if others:
        parts.append(f"Other names: {', '.join(others)}.")
    return page(name, *parts)


def keras_page() -> str:
    """What `fastnn.keras` is for; importing it gives fastnn, so its docstring is read from the file."""
    source = Path(import_module("fastnn").__file__ or "").with_name("keras.py").read_text(encoding="utf-8")
    text = ast.get_docstring(ast.parse(source)) or ""
    return page("fastnn.keras", ".. module:: fastnn.keras", text, "All names are those of :mod:`fastnn`.")


def is_inherited_from_elsewhere(cls: type, member: str) -> bool:
    """Whether another library defines a member of a class, and documents it."""
    owner = next(base for base in cls.__mro__ if member in vars(base))
    return "sklearn" in (
        owner.__module__.partition(".")[0],
        type(vars(owner)[member]).__module__.partition(".")[0],
    )


def object_page(name: str, thing: Any, public: set[type]) -> str:
    """A function, or a class with the methods and properties that no public base of it has."""
    module, _, short = name.rpartition(".")
    parts = [f".. currentmodule:: {module}"]
    if not inspect.isclass(thing):
        return page(name, *parts, f".. autofunction:: {short}")
    parts.append(f".. autoclass:: {short}{public_api.signature(thing)}")  # Sphinx would take that of __new__
    for line in public_api.members(thing, public):
        member = line.partition("(")[0].partition(":")[0]
        if is_inherited_from_elsewhere(thing, member):
            continue
        kind = "autoproperty" if line.endswith(": property") else "automethod"
        parts.append(f"   .. {kind}:: {short}.{member}")
    return page(name, *parts)


def pages() -> dict[str, str]:
    """All pages, by file."""
    objects, home = public_objects(), homes()
    public = {thing for thing in objects.values() if inspect.isclass(thing)}
    file = files(set(home.values()))
    found = {file[name]: object_page(name, objects[name], public) for name in file}
    found |= {module.__name__: module_page(module, home, file) for module in modules()}
    return found | {"fastnn.keras": keras_page()}


def write(app: Sphinx, config: Config) -> None:
    """Write the pages that have changed, and remove those whose names are gone."""
    folder = Path(app.srcdir, "reference")
    found = pages()
    for name, text in found.items():
        file = folder / f"{name}.rst"
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
    for file in folder.rglob("*.rst"):
        if file.relative_to(folder).as_posix().removesuffix(".rst") not in found:
            file.unlink()


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx when to write the pages."""
    app.connect("config-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
