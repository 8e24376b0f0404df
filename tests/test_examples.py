"""Every example in docstrings, README and docs/ prints what it says; the programs in examples/ run."""

import doctest
import importlib
import pkgutil
import re
import runpy
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import fastnn

ROOT = Path(__file__).parent.parent
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
# They run where the library is that they are named for.
PEERS = {f"fastnn.bench.peers.{name}" for name in ("jax", "onnxruntime", "sklearn", "tensorflow", "torch")}
MODULES = ["fastnn"] + [
    module.name
    for module in pkgutil.walk_packages(fastnn.__path__, "fastnn.")
    if not module.name.endswith("__main__") and module.name not in PEERS
]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Of packages of fastnn, and of pages, what they need besides.
OPTIONAL = {
    "fastnn.interop.dask": "dask.dataframe",
    "fastnn.interop.onnx": "onnx",
    "fastnn.sklearn": "sklearn",
    "fastnn.wrappers": "sklearn",
}
NEEDED = {
    "from-keras.md": "h5py",
    "from-sklearn.md": "sklearn",
    "onnx.md": "onnx",
    "scale-out.md": "dask.dataframe",
}
WITH_TORCH = re.compile(r"```pycon\n((?!```).)*import torch.*?```", re.DOTALL)  # examples in a page
BULLET = re.compile(r"(?:[-+*]|1[.)]) ")
# What has tests of its own: test_serving.py, test_score_table.py.
ELSEWHERE = ("serve_http.py", "load_test.py", "score_table.py")
PROGRAMS = [file for file in sorted((ROOT / "examples").glob("*.py")) if file.name not in ELSEWHERE]
ARGUMENTS = {
    "autoencoder.py": ["--epochs", "1"],
    "char_lstm.py": ["--epochs", "1", "--hidden", "16", "--length", "20"],
    "forecast.py": ["--epochs", "5"],
    "functional.py": ["--epochs", "1"],
    "mnist_cnn.py": ["--epochs", "1"],
    "own_layer.py": ["--epochs", "1"],
}


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name, tmp_path, monkeypatch):
    for package, needed in OPTIONAL.items():
        if name.startswith(package):
            pytest.importorskip(needed)
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert result.failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages(page, tmp_path, monkeypatch):
    if page.name in NEEDED:
        pytest.importorskip(NEEDED[page.name])
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    if find_spec("torch") is None:  # no dependency of any extra
        text = WITH_TORCH.sub("", text)
    tests = doctest.DocTestParser().get_doctest(text, {"__name__": "__main__"}, page.name, str(page), 0)
    assert doctest.DocTestRunner(optionflags=FLAGS).run(tests).failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_in_pages_are_marked_as_code(page):
    """Markdown takes lines that begin with >>> for quotations."""
    blocks = page.read_text(encoding="utf-8").split("\n```")
    assert not [block for block in blocks[::2] if re.search("^ *>>>", block, re.MULTILINE)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_line_of_a_paragraph_begins_a_list(page):
    """Markdown takes a line that begins with a plus or "1." for one; a list has an empty line before it."""
    blocks = page.read_text(encoding="utf-8").split("\n```")
    paragraphs = [part.strip("\n") for block in blocks[::2] for part in block.split("\n\n")]
    assert not [
        part for part in paragraphs if not BULLET.match(part) and re.search(f"\n{BULLET.pattern}", part)
    ]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_programs(program, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(program), *ARGUMENTS.get(program.name, [])])
    # Data sets that are not there cannot be fetched either: programs go on with what comes with fastnn.
    monkeypatch.setenv("FASTNN_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, "pooch", None)
    runpy.run_path(str(program), run_name="__main__")


def test_sums_in_words():
    program = runpy.run_path(str(ROOT / "examples" / "char_lstm.py"))
    text = program["sums"](np.random.default_rng(0))
    assert program["count_sums"](text) == (9000, 9000)
    said = "nine.\none plus two is three.\none plus two is five.\none plus twe is three.\none plus"
    assert program["count_sums"](said) == (2, 1)


@pytest.mark.filterwarnings("default")
def test_filters_are_drawn(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    program, file = ROOT / "examples" / "mnist_cnn.py", tmp_path / "filters.svg"
    runpy.run_path(str(program))["plot"](np.ones((3, 3, 1, 32), "float32"), str(file))
    assert "<svg" in file.read_text()
