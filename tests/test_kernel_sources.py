"""What Cython code above the kernels must not do: compute on elements, or divide work in a way of its own."""

import re
from pathlib import Path

import pytest

KERNELS = Path(__file__).parent.parent / "fastnn/kernels"
if not KERNELS.exists():
    pytest.skip("no checkout: sources are not installed", allow_module_level=True)
SOURCES = sorted(path for path in KERNELS.rglob("*.p[yx][xd]"))
RUNTIME = KERNELS / "core/runtime.pxd"


def names(path):
    return path.relative_to(KERNELS).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=names)
def test_arithmetic_is_in_csrc(path):
    text = path.read_text(encoding="utf-8")
    assert "ctypedef fused" not in text, "a loop over elements of either dtype belongs into csrc/kernels/"
    assert "<float *>" not in text, "elements are read in csrc/kernels/ alone"


@pytest.mark.parametrize("path", [path for path in SOURCES if path != RUNTIME], ids=names)
def test_the_runtime_divides_work(path):
    text = path.read_text(encoding="utf-8")
    divisions = re.findall(r"\(.* \+ (\w+) - 1\) // \1\b", text)
    assert not divisions, "core/runtime.pxd has ceil_div, chunk_items and piece_begin"
    assert not re.findall(r"^.*\bCHUNK\w* = .*$", text, flags=re.M), (
        "parallel_chunks decides the size of chunks"
    )


C = KERNELS.parent.parent / "csrc"


@pytest.mark.parametrize("path", sorted(C.rglob("*.[ch]")), ids=lambda path: path.relative_to(C).as_posix())
def test_nothing_in_c_ends_the_process(path):
    """Errors are values that become exceptions: a host program goes on."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
    assert not re.findall(
        r"\b(?:abort|_?exit|_Exit|quick_exit|assert|raise|longjmp|__builtin_trap)\s*\(", text
    )
    assert not re.findall(r"\b(?:printf|fprintf|puts|perror)\s*\(", text)
