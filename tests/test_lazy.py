"""Public names are imported when they are first used, and nobody can tell but by the time it takes."""

import ast
import doctest
import graphlib
import importlib
import importlib.util
import inspect
import json
import pydoc
import re
import subprocess
import sys
from pathlib import Path

import pytest

import fastnn
from fastnn._lazy import TABLES, lazy_exports


def packages(package):
    """Names of a package and of the public packages in it."""
    inner = (getattr(package, name) for name in package.__all__)
    found = (packages(thing) for thing in inner if hasattr(thing, "__path__") and thing is not fastnn)
    return {package.__name__}.union(*found)


PACKAGES = sorted(packages(fastnn))

# All that `import fastnn` may import of it: what the variables that set the number of threads are checked by.
FIRST = {
    "fastnn",
    "fastnn._lazy",
    "fastnn.kernels",
    "fastnn.kernels.core",
    "fastnn.kernels.core.cpu_count",
    "fastnn.kernels.core.runtime",
    "fastnn.threads",
    "fastnn.warning",
}

# Every public name and what it is, as text that does not depend on what has been imported before.
DESCRIBE = """
import importlib, json, sys
def described():
    return {
        f"{package}.{name}": [type(thing).__name__, getattr(thing, "__module__", ""), thing.__name__]
        for package in PACKAGES
        for name in sys.modules[package].__all__
        for thing in [getattr(sys.modules[package], name)]
        if hasattr(thing, "__name__")
    }
"""


def run(code, tmp_path):
    """What a program prints, as JSON, in an interpreter that has imported nothing yet."""
    return json.loads(finished(code, tmp_path).stdout)


def finished(code, tmp_path, check=True):
    code = f"PACKAGES = {PACKAGES!r}\n{code}"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=check, timeout=120
    )


def public(names):
    return {name for name in names if not (name.startswith("__") and name.endswith("__"))}


def test_an_import_loads_what_it_must_and_no_more(tmp_path):
    code = """
import json, sys
import fastnn
print(json.dumps([name for name in sys.modules if name.partition(".")[0] == "fastnn"]))
"""
    assert set(run(code, tmp_path)) == FIRST


def test_a_layer_loads_what_it_needs_and_no_other_layer(tmp_path):
    code = """
import json, sys
from fastnn.layers import Dense
print(json.dumps([name for name in sys.modules if name.startswith("fastnn.")]))
"""
    loaded = run(code, tmp_path)
    assert "fastnn.layers.dense" in loaded
    assert not [name for name in loaded if "lstm" in name or "convolution" in name or ".ops.conv" in name]


def module_imports(body):
    """Imports that run when a module does, from its syntax tree."""
    for node in body:
        if isinstance(node, ast.ImportFrom):
            yield node
        elif isinstance(node, ast.Try) or (
            isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.dump(node.test)
        ):
            yield from module_imports(node.body)


def imported_by(name, file, modules):
    """Modules of fastnn that a module imports when it runs, those behind names of lazy packages included."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in module_imports(ast.parse(file.read_text(encoding="utf-8")).body):
        base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
        for alias in node.names:
            yield f"{base}.{alias.name}" if f"{base}.{alias.name}" in modules else base
            for module, names in TABLES.get(base, {}).items():
                if module != "." and alias.name in [entry.partition("=")[0] for entry in names.split()]:
                    yield importlib.util.resolve_name(module, base)


def test_any_module_may_be_imported_first():
    """By any thread: no modules wait for each other."""
    root = Path(fastnn.__file__).parent
    modules = {
        ".".join(("fastnn", *file.relative_to(root).with_suffix("").parts)).removesuffix(".__init__"): file
        for file in root.rglob("*.py")
    }
    graph = {
        name: {other for other in imported_by(name, file, modules) if other in modules and other != name}
        for name, file in modules.items()
    }
    order = list(graphlib.TopologicalSorter(graph).static_order())  # a CycleError names the modules
    assert len(order) == len(modules)


def test_every_public_package_is_lazy():
    assert set(TABLES) == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_dir_shows_the_public_names_and_nothing_else(package):
    module = importlib.import_module(package)
    assert public(dir(module)) == set(module.__all__)
    assert {"__doc__", "__name__", "__path__"} <= set(dir(module))
    assert dict(inspect.getmembers(module)).keys() == set(dir(module))


def test_dir_of_a_fresh_package_is_the_same(tmp_path):
    code = """
import importlib, json
print(json.dumps({package: dir(importlib.import_module(package)) for package in PACKAGES}))
"""
    for package, names in run(code, tmp_path).items():
        assert names == dir(importlib.import_module(package))


def test_no_module_takes_the_place_of_a_public_name(tmp_path):
    """Importing a module sets an attribute of its package, which may have a function of the same name."""
    code = f"""{DESCRIBE}
import pkgutil, fastnn
for package in PACKAGES:
    importlib.import_module(package)
for module in pkgutil.walk_packages(fastnn.__path__, "fastnn."):
    if not module.name.endswith("__main__") and ".bench.peers." not in module.name:
        importlib.import_module(module.name)
after = described()
print(json.dumps(after))
"""
    fresh = f"""{DESCRIBE}
for package in PACKAGES:
    importlib.import_module(package)
print(json.dumps(described()))
"""
    assert run(code, tmp_path) == run(fresh, tmp_path)


def test_a_star_import_brings_all_public_names(tmp_path):
    code = """
import json
names = {}
for package in PACKAGES:
    found = {}
    exec(f"from {package} import *", found)
    names[package] = sorted(found.keys() - {"__builtins__"})
print(json.dumps(names))
"""
    for package, names in run(code, tmp_path).items():
        assert names == sorted(importlib.import_module(package).__all__)


@pytest.mark.parametrize("statement", ["import fastnn.layers", "from fastnn import layers", "import fastnn"])
def test_packages_can_be_imported_in_every_way(statement, tmp_path):
    module = "layers" if statement.startswith("from") else "fastnn.layers"
    assert run(f"{statement}\nprint({module}.Dense(3).units)", tmp_path) == 3


def test_threads_may_use_names_for_the_first_time_together(tmp_path):
    code = f"""{DESCRIBE}
import threading
ready, found = threading.Barrier(8), []
def use(order):
    ready.wait()
    for package in PACKAGES[::order]:
        importlib.import_module(package)
    found.append(described())
threads = [threading.Thread(target=use, args=[order]) for order in (1, -1) * 4]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps([len(found), all(other == found[0] for other in found)]))
"""
    assert run(code, tmp_path) == [8, True]


def test_classes_and_functions_pickle_by_name(tmp_path):
    code = """
import json, pickle, types
import fastnn
failed = []
for package in PACKAGES:
    module = importlib.import_module(package) if package != "fastnn" else fastnn
    for name in module.__all__:
        thing = getattr(module, name)
        if isinstance(thing, (type, types.FunctionType)) and pickle.loads(pickle.dumps(thing)) is not thing:
            failed.append(name)
print(json.dumps(failed))
"""
    assert run("import importlib\n" + code, tmp_path) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_help_lists_the_public_names(package):
    module = importlib.import_module(package)
    text = pydoc.plain(pydoc.render_doc(module))
    shown = [name for name in module.__all__ if inspect.isclass(getattr(module, name))]
    assert inspect.cleandoc(module.__doc__).partition("\n")[0].partition(": ")[0] in text
    assert not [name for name in shown if not re.search(rf"\b{name}\b", text)]


def test_doctest_finds_what_is_defined_and_no_more():
    finder = doctest.DocTestFinder(exclude_empty=False)
    assert [test.name for test in finder.find(fastnn.layers)] == ["fastnn.layers"]
    found = {test.name for test in finder.find(importlib.import_module("fastnn.layers.dense"))}
    assert {"fastnn.layers.dense", "fastnn.layers.dense.Dense"} <= found


def test_an_unknown_name_is_pythons_own_error(tmp_path):
    with pytest.raises(AttributeError, match=r"^module 'fastnn.layers' has no attribute 'Dens'$") as raised:
        fastnn.layers.Dens  # noqa: B018
    assert (raised.value.name, raised.value.obj) == ("Dens", fastnn.layers)
    printed = finished("import fastnn\nfastnn.layers.Dens", tmp_path, check=False).stderr
    assert "Did you mean: 'Dense'?" in printed
    with pytest.raises(ImportError, match="cannot import name 'Dens' from 'fastnn.layers'"):
        from fastnn.layers import Dens  # noqa: F401


def test_an_error_of_a_module_is_not_hidden(tmp_path, monkeypatch):
    package = tmp_path / "lazy_example"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "broken.py").write_text("import a_module_that_nobody_has")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("lazy_example")
    monkeypatch.delitem(sys.modules, "lazy_example.broken", raising=False)
    get, _, names = lazy_exports("lazy_example", {".broken": "Thing Other=Thing", ".": "broken"})
    monkeypatch.delitem(TABLES, "lazy_example")
    assert names == ["Other", "Thing", "broken"]
    for name in names:
        with pytest.raises(ModuleNotFoundError, match="a_module_that_nobody_has"):
            get(name)


def test_a_folder_that_was_not_built_says_so(tmp_path):
    source = str(Path(fastnn.__file__).parent)
    code = f"""
import os, shutil
shutil.copytree({source!r}, "fastnn", ignore=shutil.ignore_patterns("*.so", "*.pyd", "*.c", "__pycache__"))
import fastnn
"""
    got = finished(code, tmp_path, check=False)
    assert got.returncode == 1
    assert "ImportError: fastnn's compiled modules are not beside its Python files" in got.stderr
