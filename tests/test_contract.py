"""csrc/README.md and the headers of the instruction sets name what there is, all of it."""

import re
from pathlib import Path

import pytest
from ctable import PROTOTYPES

CSRC = Path(__file__).parent.parent / "csrc"
CONTRACT = (CSRC / "README.md").read_text(encoding="utf-8")
HEADERS = sorted((CSRC / "simd").glob("vec_*.h"))


def words(header):
    """What a header defines for kernels: functions, types, constants."""
    text = header.read_text(encoding="utf-8")
    functions = re.findall(r"^FNN_INLINE \w+ \*?([vmw]_\w+)\(", text, flags=re.M)
    types = re.findall(r"^typedef \w+ (v\w+);", text, flags=re.M)
    constants = re.findall(r"\b(?:enum \{|#define) (VLEN|WLEN|GEMM_MR|GEMM_NV)\b", text)
    return {*functions, *types, *constants} - {"vbits"}


def test_the_contract_has_every_kernel():
    missing = [name for name in PROTOTYPES if f"`{name}`" not in CONTRACT]
    assert not missing


def test_the_contract_has_every_word():
    missing = [word for word in words(CSRC / "simd" / "vec_scalar.h") if f"`{word}" not in CONTRACT]
    assert not missing


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: header.stem)
def test_every_instruction_set_has_every_word(header):
    assert words(header) == words(CSRC / "simd" / "vec_scalar.h")
