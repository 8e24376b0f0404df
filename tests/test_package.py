"""The package as a whole: one version, an import that brings nothing optional, no way to unpickle."""

import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import fastnn

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


def test_a_bad_number_of_threads_is_told_at_import(tmp_path):
    got = subprocess.run(
        [sys.executable, "-c", "import fastnn"],
        env=os.environ | {"FASTNN_NUM_THREADS": "many"},
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert got.returncode == 1
    assert "ValueError: FASTNN_NUM_THREADS" in got.stderr
    assert "'many'" in got.stderr


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
