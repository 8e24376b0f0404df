"""What decides how the compiled part is built: instruction sets, jobs, and what is compiled again."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parent.parent
pytest.importorskip("setuptools")
pytest.importorskip("Cython")


@pytest.fixture(scope="module")
def commands():
    sys.path.insert(0, str(ROOT / "tools"))
    import build_commands

    sys.path.remove(str(ROOT / "tools"))
    return build_commands


def setup(**environment):
    return subprocess.run(
        [sys.executable, "setup.py", "--name"], cwd=ROOT, env=os.environ | environment,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_fewer_instruction_sets_are_chosen_by_name():
    assert setup(FASTNN_ISAS="scalar, ref").returncode == 0


@pytest.mark.parametrize("wish", ["axv2", "scalar,sse9", ""])
def test_an_unknown_instruction_set_is_refused_with_the_choices(wish):
    got = setup(FASTNN_ISAS=wish)
    assert got.returncode == 1
    assert re.search(f"FASTNN_ISAS={wish!r}: .*choose from ref, scalar", got.stderr)


def test_jobs_are_at_most_the_processors_of_this_process(commands):
    available = commands.job_count(None)
    assert 1 <= available <= (os.cpu_count() or 1)
    assert commands.job_count(10**6) == available
    assert commands.job_count("1") == 1


def test_modules_do_not_depend_on_kernels(commands):
    csrc = ROOT / "csrc"
    kernel = csrc / "kernels" / "gemm.inc.c"
    assert kernel not in commands.included(csrc / "fastnn.h", ())
    assert csrc / "kernels.def" in commands.included(csrc / "fastnn.h", ())
    units = [path for path in (csrc / "kernels").glob("*.c") if not path.name.endswith(".inc.c")]
    assert [path.stem for path in units if kernel in commands.included(path, ())] == ["products"]


def test_a_kernel_is_in_one_unit(commands):
    kernels = ROOT / "csrc" / "kernels"
    units = [path for path in kernels.glob("*.c") if not path.name.endswith(".inc.c")]
    parts = [path for unit in units for path in commands.included(unit, ()) if path.name.endswith(".inc.c")]
    assert len(parts) == len(set(parts))
    assert set(kernels.glob("*.inc.c")) <= set(parts)


def test_a_file_is_made_again_when_inputs_or_command_have_changed(commands, tmp_path):
    making = SimpleNamespace(build_temp=tmp_path, force=False)
    source, target = tmp_path / "source", tmp_path / "target"

    def make(command="copy"):
        return commands.Compiling.make(
            making, target, lambda: [source], command, lambda: target.write_text(source.read_text())
        )

    source.write_text("1")
    assert make()
    assert not make()
    os.utime(source, (0, 0))
    assert not make()
    source.write_text("2")
    assert make()
    assert target.read_text() == "2"
    assert make("copy --fast")
    target.unlink()
    assert make("copy --fast")
    making.force = True
    assert make("copy --fast")


def test_what_failed_is_tried_again(commands, tmp_path):
    making = SimpleNamespace(build_temp=tmp_path, force=False)
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_text("1")
    target.write_text("half of it")

    def fail():
        target.write_text("half of it")
        raise OSError("disk full")

    for _ in range(2):
        with pytest.raises(OSError, match="disk full"):
            commands.Compiling.make(making, target, lambda: [source], "copy", fail)


def test_a_failing_job_ends_the_build(commands):
    ran = []

    def fail():
        raise ValueError("no compiler")

    jobs = {"a": fail} | {str(i): lambda i=i: ran.append(i) for i in range(100)}
    with pytest.raises(ValueError, match="no compiler"):
        commands.run_jobs(jobs, 1, ran.append)
    assert len(ran) < 100
