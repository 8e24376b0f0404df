"""The programs of bench/ check their arguments, and have one end where they break off."""

import re
import subprocess
import sys

import pytest
from programs import BENCH

if not BENCH.exists():
    pytest.skip("no checkout: bench/ is not installed", allow_module_level=True)
# That builds fastnn first, or only draws what is recorded.
ALONE = {"build", "plot_runs"}
PROGRAMS = sorted(file.stem for file in BENCH.glob("*.py") if "__main__" in file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name not in ALONE])
def test_programs_end_as_the_command_does(name):
    text = (BENCH / f"{name}.py").read_text(encoding="utf-8")
    assert text.endswith(f'if __name__ == "__main__":\n    sys.exit(exit_status("{name}.py", main))\n')
    assert not re.findall(r"\btype=(?:int|float)\b", text)


def test_a_file_to_edit_is_looked_for_before_the_build(tmp_path):
    got = subprocess.run(
        [sys.executable, str(BENCH / "build.py"), "--kernel", "absent"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert got.returncode == 2
    assert "there is no file csrc/kernels/absent.inc.c" in got.stderr
