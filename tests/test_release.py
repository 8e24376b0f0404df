"""What is distributed, under which name, and how it is checked before."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
BY_NAME = re.compile(
    r"\b(?:pip3?|pipx|uv|uvx|poetry|conda|mamba|pixi|pdm)\b[^\n`&|;]*\b(?:install|add|run|download|with)\b"
    r"[^\n`&|;]*[\s\"'`]fastnn(?![\w./-])",
    re.I,
)


def texts():
    names = ["*.md", "*.toml", "Makefile", "docs/**/*.md", "examples/**/*", "tools/**/*", "bench/**/*.py"]
    names += ["fastnn/**/*.py", ".ci/run", ".github/**/*.yml", "requirements*.txt", "CITATION.cff"]
    files = {path for name in names for path in ROOT.glob(name) if path.is_file()}
    return {path: path.read_bytes().decode(errors="replace") for path in files}


def test_by_name_is_told_from_by_path():
    assert all(
        BY_NAME.search(text)
        for text in ("pip install fastnn", "uv add 'fastnn[plot]'", "pip install -U numpy fastnn==0.1")
    )
    assert not any(
        BY_NAME.search(text)
        for text in ("pip install .", "pip install ./fastnn-0.1.0-py3.whl", "pip install . && fastnn demo")
    )


def test_nothing_tells_to_install_fastnn_from_an_index():
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path, text in texts().items()
        for line in text.splitlines()
        if BY_NAME.search(line)
    ]
    assert found == []


def test_no_extra_names_fastnn():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    assert not any(package.startswith("fastnn") for packages in extras for package in packages)


def publish(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / "tools/check_distribution_name.py", *arguments],
        capture_output=True, text=True, timeout=60, env=os.environ | {"PYTHONUTF8": "1"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["", "dist/fastnn-0.1.0.tar.gz"], "no name yet"),
        ([" ", "dist/fastnn-0.1.0.tar.gz"], "no name yet"),
        (["fastnn", "dist/fastnn-0.1.0.tar.gz"], "unrelated project"),
        (["FastNN", "dist/fastnn-0.1.0.tar.gz"], "unrelated project"),
        (
            ["fast-nets", "dist/fast_nets-0.1.0.tar.gz", "dist/fastnn-0.1.0-cp311.whl"],
            "fastnn-0.1.0-cp311.whl",
        ),
        (["fast-nets"], "nothing to publish"),
    ],
)
def test_a_release_is_not_published_under_another_projects_name(arguments, message):
    got = publish(*arguments)
    assert got.returncode == 1
    assert message in got.stderr


def test_a_release_needs_a_name():
    got = publish()
    assert got.returncode == 2
    assert "required: NAME" in got.stderr


def test_a_release_is_published_under_a_name_of_its_own():
    assert (
        publish("Fast.Nets", "dist/fast_nets-0.1.0.tar.gz", "dist/fast_nets-0.1.0-cp311.whl").returncode == 0
    )


@pytest.mark.skipif(not WORKFLOWS, reason="the source distribution has no workflows")
def test_publishing_needs_a_name_and_actions_are_fixed():
    release = (ROOT / ".github/workflows/wheels.yml").read_text(encoding="utf-8")
    job = release[release.index("\n  publish:") :]
    assert "vars.DISTRIBUTION_NAME != ''" in job
    assert job.index("check_distribution_name.py") < job.index("gh-action-pypi-publish")
    for path in WORKFLOWS:
        for action in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8")):
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)


def test_licences_of_what_wheels_contain_are_distributed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    contents = "".join((ROOT / name).read_text(encoding="utf-8") for name in project["license-files"])
    for text in (
        "BSD 3-Clause",
        "CC BY 4.0",
        "GPL-3.0-or-later WITH GCC-exception-3.1",
        "GCC RUNTIME LIBRARY EXCEPTION",
    ):
        assert text in contents
