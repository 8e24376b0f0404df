"""The logger `fastnn` tells of plans, to those who listen."""

import ast
import logging
import subprocess
import sys
from pathlib import Path

import numpy as np

import fastnn
from fastnn.training import plan_cache

SILENT = """
import sys, fastnn
m = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(2)])
m([[1, 2, 3]])
import logging
m([[1, 2, 3]] * 1000)
m(1.0 * __import__("numpy").ones((2, 3)), training=True)
"""


def test_plans_are_logged(caplog, monkeypatch):
    model = fastnn.Sequential([fastnn.Input((None, 3)), fastnn.layers.Dense(2)])
    with caplog.at_level(logging.DEBUG, "fastnn"):
        model.predict(np.ones((4, 5, 3)), verbose=0)
        made = [record.getMessage() for record in caplog.records]
        assert len(made) == 1
        assert made[0].startswith("made a plan for inference of samples of (5, 3) in ")
        assert f"instruction set {fastnn.kernels.core.runtime.isa()[0]} (" in made[0]
        assert f"{fastnn.num_threads()} threads (" in made[0]
        model.predict(np.ones((4, 5, 3)), verbose=0)
        assert len(caplog.records) == 1
        monkeypatch.setattr(plan_cache, "KEPT_BYTES", 0)
        for length in (6, 7):
            model.predict(np.ones((4, length, 3)), verbose=0)
    assert any(record.getMessage().startswith("dropped a plan of ") for record in caplog.records)


def test_nobody_else_hears_anything(tmp_path):
    found = subprocess.run(
        [sys.executable, "-c", SILENT], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert found.stdout + found.stderr == ""


# What prints, as it is asked to: commands, progress, summaries, `verbose`, and why a rank ends the others.
PRINTING = {
    "_command.py",
    "bench",
    "callbacks/progress.py",
    "cli.py",
    "demo.py",
    "distributed/ranks.py",
    "models/model.py",
    "models/summary.py",
    "sklearn/perceptron.py",
    "utils/file_dataset.py",
}


def test_nothing_else_prints():
    root = Path(fastnn.__file__).parent
    found = {
        file.relative_to(root).as_posix()
        for file in root.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    found = {"bench" if name.startswith("bench/") else name for name in found}
    assert found == PRINTING
