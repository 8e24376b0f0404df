"""CONTRIBUTING.md says how many files a change touches: compare the table with the files of its examples.

An example is something that exists, such as the optimizer `lion`. In the library and in csrc/, the table must
list exactly the files that name it, not counting comments of kernels, which say what was measured where, nor
bridges to other formats and libraries, which name what they translate. Tests and benchmarks use names for
many reasons: of these, the table must list files that do name it.
"""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
if not (ROOT / "tools").exists():
    pytest.skip("no checkout: tools/ is not installed", allow_module_level=True)
STORY = runpy.run_path(str(ROOT / "tools" / "story.py"))
COUNTED = ("fastnn/", "csrc/", "tests/csrc/", "setup.py")
BRIDGES = ("fastnn/interop/", "fastnn/bench/peers/")
COMMENT = re.compile(r"/\*.*?\*/", re.S)
GENERATED = re.compile(r"fastnn/.*__init__\.pyi|tests/public_api\.txt")  # by tools/public_api.py


def rows():
    """Change, example, number and files of each row."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.split("## How many files a change touches")[1].split("\n## ")[0]
    found = []
    for change, example, number, files in re.findall(
        r"^\| (.+?) \| `(\w+)` \| (\d+) \| (.+) \|$", section, re.M
    ):
        found.append(pytest.param(example, int(number), re.findall(r"`([^`]+)`", files), id=change))
    return found


def code_of(path):
    """The text of a file, that of kernels without comments."""
    text = STORY["text"](path)
    return COMMENT.sub("", text) if path.name.endswith(".inc.c") else text


def files_of(name):
    """Files that are called by a name or spell it, or one of the kernels in a file of that name."""
    kernels = [kernel for kernel, place in STORY["definitions"]().items() if STORY["stem"](place) == name]
    words = "|".join([re.escape(name), STORY["class_name"](name), *kernels])
    word = re.compile(rf"(?<![A-Za-z0-9_])(?:{words})(?![A-Za-z0-9_])")
    others = [ROOT / "setup.py", ROOT / "csrc" / "README.md"]
    found = {path for path in [*STORY["sources"](), *others] if word.search(code_of(path))}
    found |= {path for path in STORY["sources"]() if STORY["stem"](path) == name}
    return {path.relative_to(ROOT).as_posix() for path in found}


@pytest.mark.parametrize(("example", "number", "files"), rows())
def test_the_table_is_true(example, number, files):
    found = files_of(example)
    counted = {
        path
        for path in found
        if path.startswith(COUNTED) and not path.startswith(BRIDGES) and not GENERATED.fullmatch(path)
    }
    assert counted == {path for path in files if path.startswith(COUNTED)}
    assert set(files) <= found
    assert number == len(files) == len(set(files))


def test_the_table_has_every_kind_of_change():
    assert [row.id for row in rows()] == [
        "a layer made of existing ops", "an op with its layer", "an activation", "an optimizer",
        "a loss, also as a metric", "a metric", "an instruction set",
    ]  # fmt: skip
