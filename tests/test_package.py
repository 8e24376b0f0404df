"""The package as a whole: one version, an import that brings nothing optional, no way to unpickle."""

import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from contextlib import nullcontext
from pathlib import Path

import pytest

import fastnn
from fastnn._command import end_command
from fastnn.kernels.core import runtime

ROOT = Path(__file__).parent.parent
OPTIONAL = {
    "matplotlib", "pooch", "PIL", "pandas", "requests", "pytest", "sklearn", "onnx", "h5py", "torch", "keras",
    "safetensors", "tensorboardX", "tqdm",
}  # fmt: skip


def test_the_version_is_said_once_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert project["version"] == fastnn.__version__ == importlib.metadata.version("fastnn")
    assert f"\nversion: {fastnn.__version__}\n" in citation


def test_the_page_on_installation_names_the_extras_and_what_they_bring():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (ROOT / "docs" / "installation.md").read_text(encoding="utf-8").lower()
    table = page[page.index("| extra |") :]
    brought = set()
    for extra, packages in project["optional-dependencies"].items():
        assert f"`{extra}`" in table
        if extra not in ("all", "test", "bench"):
            names = {re.split(r"\W*[<>=]", package)[0].lower() for package in packages}
            assert all(name in table for name in names)
            brought |= set(packages)
    assert set(project["optional-dependencies"]["all"]) == brought


def test_an_import_brings_nothing_optional(tmp_path):
    code = "import sys, fastnn; print(*{name.partition('.')[0] for name in sys.modules})"
    modules = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert "fastnn" in modules
    assert not OPTIONAL & set(modules)


def start(arguments, folder, **environ):
    """Start Python in a folder, with these variables of the environment."""
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | environ,
        cwd=folder, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


each_variable = pytest.mark.parametrize(
    ("variable", "accepted"),
    [
        ("FASTNN_ISA", [*runtime.isa_names(), "ref"]),
        ("FASTNN_NUM_THREADS", ["1", "65535"]),
        ("FASTNN_THREADING", runtime.threading_names()),
    ],
    ids=["isa", "threads", "threading"],
)


@each_variable
def test_a_bad_variable_is_told_at_import(variable, accepted, tmp_path):
    got = start(["-c", "import fastnn"], tmp_path, **{variable: "many"})
    assert got.returncode == 1
    error = got.stderr.splitlines()[-1]
    assert error.startswith(f"ValueError: {variable}")
    assert {*accepted, "many"} <= set(re.findall(r"\w+", error))


@each_variable
@pytest.mark.parametrize("name", ["script", "module"])
def test_a_bad_variable_ends_the_command_with_a_line(name, variable, accepted, tmp_path):
    script = tmp_path / "fastnn"
    script.write_text("from fastnn.cli import main\nmain()\n")
    arguments = {"script": [str(script)], "module": ["-m", "fastnn"]}[name]
    got = start([*arguments, "--help"], tmp_path, **{variable: "many"})
    assert got.returncode == 2
    assert got.stdout == ""
    assert re.fullmatch(rf"fastnn: {variable}\b.*'many'.*\n", got.stderr)


@pytest.mark.parametrize(
    ("program", "words", "ends"),
    [
        ("/bin/fastnn", [], True),
        ("fastnn.exe", [], True),
        ("-m", ["-m", "fastnn"], True),
        ("-m", ["-mfastnn.bench"], True),
        ("-m", ["-m", "pytest"], False),
        ("train.py", ["train.py", "fastnn"], False),
        ("", [], False),
    ],
)
def test_only_the_command_itself_ends(program, words, ends, monkeypatch):
    monkeypatch.setattr(sys, "argv", [program])
    monkeypatch.setattr(sys, "orig_argv", ["python", *words])
    with pytest.raises(SystemExit) if ends else nullcontext():
        end_command(ValueError("FASTNN_ISA"))


def test_nothing_unpickles_or_runs_text():
    folder = Path(fastnn.__file__).parent
    forbidden = re.compile(r"\b(pickle|marshal|shelve|yaml|eval|exec)\b\s*[.(]|allow_pickle=True")
    found = [
        f"{file.relative_to(folder)}: {line.strip()}"
        for file in sorted(folder.rglob("*.py"))
        for line in file.read_text(encoding="utf-8").splitlines()
        if forbidden.search(line)
    ]
    assert found == []
