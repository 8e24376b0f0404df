"""Docstrings of everything public have the form of numpydoc, and name what the code has.

test_examples.py executes their examples. A method whose one sentence says all needs no sections; one that
lists parameters lists them all.
"""

import inspect
import re
from pathlib import Path

import pytest

numpydoc = pytest.importorskip("numpydoc.validate")

# What numpydoc asks for besides, and why it is not asked here.
NOT_ASKED = {
    "ES01": "one sentence may say all",
    "SA01": "links stand in the text, where the reader needs them",
    "EX01": "methods are shown in the example of their class",
    "SS02": "activations begin with their formula",
    "PR03": "arguments of one meaning stand together: kernel_initializer, bias_initializer",
    "PR04": "arguments that a base class explains are named without a type",
    "PR08": "a description may begin with an argument's name or a value",
    "PR09": "a description may end with a formula",
    "RT01": "one sentence may say what is returned",
    "RT02": "the parts of a tuple have names",
    "YD01": "what a context manager yields is not used",
}


def names():
    """Each public name that is no other's alias, and the public attributes of classes."""
    found, owner = [], ""
    for line in Path(__file__).with_name("public_api.txt").read_text(encoding="utf-8").splitlines():
        name = re.match(r" *([\w.]+)", line)[1]
        if not line.startswith(" "):
            owner = name
        if " = " not in line.split("(")[0]:
            found.append(f"{owner}.{name}" if line.startswith(" ") else name)
    return found


def errors(name):
    """What numpydoc says about a name, without what is not asked."""
    found = numpydoc.validate(name)
    skipped = set(NOT_ASKED)
    if "Parameters\n" not in found["docstring"] or signature_says_less(numpydoc.Validator._load_obj(name)):
        skipped |= {"PR01", "PR02"}
    return [f"{code}: {message}" for code, message in found["errors"] if code not in skipped]


def signature_says_less(obj):
    """Whether arguments are those of a base class, or handed on as they are, or taken only to be refused."""
    if inspect.isclass(obj) and ("__init__" not in vars(obj) or "__new__" in vars(obj)):
        return True
    parameters = inspect.signature(obj).parameters if callable(obj) else {}
    return "unknown" in parameters or {"args", "kwargs"} <= parameters.keys()


@pytest.mark.parametrize("package", sorted({".".join(name.split(".")[:2]) for name in names()}))
def test_the_form(package):
    found = {name: errors(name) for name in names() if (name + ".").startswith(package + ".")}
    assert {name: said for name, said in found.items() if said} == {}


def test_faults_are_found():
    assert any(error.startswith("PR01") for error in errors(f"{__name__}.undescribed"))


def undescribed(one, two):
    """Do nothing.

    Parameters
    ----------
    one : int
        The first.
    """
