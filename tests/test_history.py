"""bench/history.py: the ratios that commits have recorded, from a repository made here."""

import json
import shutil
import subprocess

import pytest
from programs import program

PROGRAM = program("history")
if shutil.which("git") is None:
    pytest.skip("no Git: it has the history", allow_module_level=True)
RECORD = {"processor": "a", "numpy": "1", "ratios": {"tanh": 1.25}}


@pytest.fixture
def history(tmp_path, monkeypatch):
    monkeypatch.setattr(PROGRAM, "ROOT", tmp_path)
    (tmp_path / "bench").mkdir()
    return PROGRAM


def git(folder, *arguments):
    author = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *author, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder, **records):
    (folder / "bench" / "guard.json").write_text(json.dumps(records))
    git(folder, "add", "bench")
    git(folder, "commit", "--quiet", "-m", "record", "--date", "2030-01-02T03:04:05Z")


def test_commits_that_change_a_record_are_columns(history, tmp_path):
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, avx2=RECORD)
    commit(tmp_path, avx2=RECORD, neon=RECORD)
    faster = {"tanh": 2.5, "softmax": 3.0}
    commit(tmp_path, avx2=RECORD | {"ratios": faster}, neon=RECORD)
    commit(tmp_path, avx2=RECORD | {"ratios": faster, "numpy": "2"}, neon=RECORD)
    found = history.records("avx2")
    assert [record["ratios"] for _, record in found] == [{"tanh": 1.25}, faster, faster]
    _, tanh, softmax, *titles = history.table(found)
    assert tanh.split() == ["tanh", "1.25", "2.50", "2.50"]
    assert softmax.split() == ["softmax", "3.00", "3.00"]
    assert [title.partition(" ")[2] for title in titles] == [
        "2030-01-02: a; NumPy 1", "2030-01-02", "2030-01-02: a; NumPy 2"
    ]  # fmt: skip
    assert len(history.records("neon")) == 1
    assert history.records("scalar") == []
    history.plot(found, "avx2", tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_a_folder_without_git(history, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(SystemExit, match=r"history\.py: ."):
        history.records("avx2")
