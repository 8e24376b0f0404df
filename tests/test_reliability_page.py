"""The tests that docs/reliability.md names exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/reliability.md"
if not PAGE.exists():
    pytest.skip("no checkout: docs are not installed", allow_module_level=True)


def test_every_promise_has_a_test():
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    promises = [row for row in rows if not row.startswith(("| promise", "| ---"))]
    assert len(promises) > 20
    for promise in promises:
        names = re.findall(r"`(test_\w+\.py)(?:::(\w+))?`", promise)
        assert names, promise
        for file, name in names:
            text = (ROOT / "tests" / file).read_text(encoding="utf-8")
            assert not name or f"def {name}(" in text, f"{file}::{name}"
