"""What the checks of a release find in a wheel, and how they report."""

import json
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def modules():
    folder = str(ROOT / "tools" / "release_check")
    sys.path.insert(0, folder)
    import contents
    import report

    sys.path.remove(folder)
    return contents, report


def unpacked(folder, licence="libgomp: GPL-3.0-or-later WITH GCC-exception-3.1", component="libgomp"):
    files = {
        "fastnn.libs/libgomp-24e2ab19.so.1.0.0": "",
        "fastnn-0.1.0.dist-info/licenses/LICENSE": licence,
        "fastnn-0.1.0.dist-info/sboms/auditwheel.cdx.json": json.dumps({"components": [{"name": component}]}),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_library_that_is_bundled_has_a_licence_and_is_in_the_bill_of_materials(modules, tmp_path):
    contents, _ = modules
    folder = unpacked(tmp_path)
    assert "bundled: libgomp" in contents.licences(folder)
    assert "libgomp" in contents.materials(folder)


def test_a_library_without_a_licence_is_a_failure(modules, tmp_path):
    contents, report = modules
    with pytest.raises(report.Failure, match="libgomp"):
        contents.licences(unpacked(tmp_path, licence="BSD"))


def test_a_library_that_the_bill_of_materials_lacks_is_a_failure(modules, tmp_path):
    contents, report = modules
    with pytest.raises(report.Failure, match="libgomp"):
        contents.materials(unpacked(tmp_path, component="libquadmath"))


def test_a_wheel_that_is_too_large_is_a_failure(modules, tmp_path, monkeypatch):
    contents, report = modules
    wheel = tmp_path / "fastnn-0.1.0-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        archive.writestr("fastnn/data", bytes(1000))
    assert "1 files" in contents.sizes(wheel)
    monkeypatch.setattr(contents, "LIMIT", 999)
    with pytest.raises(report.Failure, match="999"):
        contents.sizes(wheel)


def test_the_report_tells_what_was_skipped_and_why(modules, capsys):
    _, report = modules

    def skip():
        raise report.Skip("no compiler here")

    def fail():
        raise report.Failure("wrong\nand how")

    checks = report.Report()
    assert checks.check("first", lambda: "12 bytes")
    assert not checks.check("second", skip)
    assert not checks.failed()
    assert not checks.check("third", fail)
    assert checks.failed()
    assert not checks.check("fourth", lambda: str(1 // 0))
    assert checks.table().splitlines()[2:] == [
        "| first | passed | 12 bytes |",
        "| second | skipped | no compiler here |",
        "| third | FAILED | wrong |",
        "| fourth | FAILED | ZeroDivisionError: integer division or modulo by zero |",
    ]
    assert "and how" in capsys.readouterr().out


def test_a_program_that_fails_is_a_failure_with_the_end_of_its_output(modules, tmp_path):
    _, report = modules
    log = tmp_path / "log"
    assert report.run([sys.executable, "-c", "print(42)"], tmp_path, log).strip() == "42"
    with pytest.raises(report.Failure, match="no such luck"):
        report.run([sys.executable, "-c", "raise SystemExit('no such luck')"], tmp_path, log)
