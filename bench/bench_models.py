"""Whole models: training steps and predictions; and what fastnn costs before it computes anything."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fastnn.bench.models import MODELS
from fastnn.bench.report import NO_LEARNING, verify

STEP = {"mlp_mnist": 2.0, "tabular": 8.0, "cnn_mnist": 8.0, "cnn_deep": 8.0}
FOOTPRINT, MEMORY = (Path(__file__).with_name(name) for name in ("footprint.py", "memory.py"))


@pytest.fixture(params=MODELS.values(), ids=lambda model: model.name)
def model(request):
    verify(request.param)
    return request.param


def test_training_step(versus, model):
    ours, theirs = model.make(NO_LEARNING)
    x, y = model.data(model.batch)
    versus(
        f"{model.title}: training step",
        lambda: ours.train_on_batch(x, y), lambda: theirs.train_step(x, y), STEP.get(model.name),
    )  # fmt: skip


@pytest.mark.parametrize("rows", ["one row", "batch"])
def test_predict(versus, model, rows):
    ours, theirs = model.make()
    x, _ = model.data(1 if rows == "one row" else model.batch)
    versus(f"{model.title}: model(x), {rows}", lambda: ours(x), lambda: theirs.predict(x))


def test_predict_costs_what_a_call_costs(versus, model):
    ours, _ = model.make()
    x, _ = model.data(1)
    versus(
        f"{model.title}: predict(x), one row",
        lambda: ours(x), lambda: ours.predict(x, verbose=0), at_most=1.3, unit="x model(x)",
    )  # fmt: skip


def test_footprint(figure, tmp_path):
    file = tmp_path / "footprint.json"
    command = [sys.executable, FOOTPRINT, "--runs", "5", "--calls", "100000", "--json", file]
    subprocess.run(command, check=True, capture_output=True)
    r = json.loads(file.read_text())
    assert r["optional_modules"] == []
    figure("import fastnn, of NumPy's import", r["import_ratio"], "x", at_most=0.15)
    figure("first model, with what it imports", r["first_model_ms"], "ms")
    figure("resident after import, over NumPy's", r["fastnn_mb"], "MB", at_most=6)
    figure("installed", r["fastnn_installed_mb"], "MB", at_most=12)


def test_training_memory(figure, tmp_path):
    file = tmp_path / "memory.json"
    command = [sys.executable, MEMORY, "--models", *(name for name in STEP if "cnn" in name), "--json", file]
    subprocess.run(command, check=True, capture_output=True)
    for name, ratio in json.loads(file.read_text()).items():
        figure(f"{MODELS[name].title}: memory of a step", ratio, "x what backward needs", at_most=1.15)
