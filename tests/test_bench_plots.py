"""The pictures of docs/benchmarks.md show the figures of its last runs."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
if not (ROOT / "bench").exists():
    pytest.skip("no checkout: benchmarks are not installed", allow_module_level=True)
TOOL = runpy.run_path(str(ROOT / "bench" / "plot_runs.py"))
RUNS = TOOL["runs"](TOOL["PAGE"].read_text(encoding="utf-8"))


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run[0])
def test_the_picture_is_that_of_the_run(run):
    isa, threads, text = run
    picture = (ROOT / "docs" / f"last-run-{isa}.svg").read_text(encoding="utf-8")
    assert f"{isa}, {threads} threads; figures {TOOL['digest'](text)}" in picture, "run bench/plot_runs.py"


def test_figures():
    text = """
784-128-64-10, batch 128
  training step     torch          526.8 us  1,772.6 us   4.08 (1.50-4.92)         compiled
                    sklearn        526.8 us  4,315.0 us   1,007.77 (4.04-12.57)    partial_fit
  one row           torch            6.8 us     50.8 us   7.94 (5.28-14.15)        eager
"""
    assert TOOL["figures"](text) == {
        "training step": [
            ("784-128-64-10", "torch", 4.08, 1.5, 4.92), ("784-128-64-10", "sklearn", 1007.77, 4.04, 12.57),
        ],
        "one row": [("784-128-64-10", "torch", 7.94, 5.28, 14.15)],
    }  # fmt: skip


def test_every_figure_is_found():
    for _, _, text in RUNS:
        rows = sum(map(len, TOOL["figures"](text).values()))
        assert rows == len(re.findall(r" \([\d.,]+-[\d.,]+\) ", text)) > 50
