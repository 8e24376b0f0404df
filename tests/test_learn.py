"""The programs on the pages of docs/learn/ run, in one namespace for each page, without a warning."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parent.parent / "docs" / "learn"
if not FOLDER.exists():
    pytest.skip("no checkout: docs are not installed", allow_module_level=True)
PAGES = [page for page in sorted(FOLDER.glob("*.md")) if page.name != "index.md"]
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(?::[^\n]*\n)*((?:(?!```)[^\n]*\n)*)```$", re.M)
HEADER = re.compile(r"---\njupytext:\n(?:[^-][^\n]*\n)*kernelspec:\n(?:[^-][^\n]*\n)*---\n")


def cells(text):
    """The code of each cell, with lines before it so that errors name lines of the page."""
    for cell in CELL.finditer(text):
        yield "\n" * text[: cell.start(1)].count("\n") + cell[1]


def test_cells():
    text = "# Page\n\n```{code-cell} ipython3\n:tags: [a]\na = 1\n\nb = 2\n```\n```{code-cell}\nc = 3\n```\n"
    assert list(cells(text)) == ["\n\n\n\na = 1\n\nb = 2\n", "\n" * 9 + "c = 3\n"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page(page, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib").use("Agg")
    from matplotlib import pyplot

    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    assert HEADER.match(text), "jupytext and MyST-NB know a notebook by this"
    found = list(cells(text))
    assert found
    module = ModuleType("learn_page")  # where classes of the page say that they are defined
    monkeypatch.setitem(sys.modules, module.__name__, module)
    try:
        with pyplot.rc_context():  # a page may set matplotlib's defaults
            for code in found:
                exec(compile(code, page, "exec"), module.__dict__)
    finally:
        pyplot.close("all")
