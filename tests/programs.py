"""The programs of bench/ as modules, for tests of them."""

import importlib.util
from pathlib import Path

import pytest

BENCH = Path(__file__).parent.parent / "bench"


def program(name):
    """Return a program of bench/, or skip the module that asks for it where there is no checkout."""
    file = BENCH / f"{name}.py"
    if not file.exists():
        pytest.skip("no checkout: bench/ is not installed", allow_module_level=True)
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
