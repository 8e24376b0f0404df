"""examples/score_table.py: tables larger than memory."""

import os
import runpy
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import fastnn
from fastnn import layers

pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")

PROGRAM = Path(__file__).parent.parent / "examples" / "score_table.py"
if not PROGRAM.exists():
    pytest.skip("an installed package has no examples", allow_module_level=True)


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", [PROGRAM.name, *map(str, arguments)])
    runpy.run_path(str(PROGRAM), run_name="__main__")


@pytest.fixture
def model(tmp_path):
    made = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(4, "relu"), layers.Dense(2)])
    made.metadata = {"columns": ["c", "a", "b"]}
    made.save(tmp_path / "model")
    return made


def table(rows):
    x = np.random.default_rng(0).normal(size=(rows, 3)).round(3)
    return pd.DataFrame(x, columns=list("abc")).assign(name="row")


def write(frame, path):
    frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_csv(path, index=False)


@pytest.mark.parametrize("source", ["in.csv", "in.parquet"])
@pytest.mark.parametrize("target", ["out.csv", "out.parquet"])
@pytest.mark.parametrize("rows", [7, 1000])
def test_rows_are_predicted_in_pieces(source, target, rows, model, tmp_path, monkeypatch):
    frame = table(100)
    write(frame, tmp_path / source)
    run(monkeypatch, tmp_path / "model", tmp_path / source, tmp_path / target, "--rows", rows)
    path = tmp_path / target
    made = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    expected = model.predict(frame[["c", "a", "b"]].to_numpy("float32"), verbose=0)
    assert made["name"].tolist() == frame["name"].tolist()
    np.testing.assert_allclose(made[["prediction_0", "prediction_1"]], expected, rtol=1e-5, atol=1e-6)
    assert sorted(os.listdir(tmp_path)) == sorted(["model", source, target])


def test_a_table_that_does_not_fit_leaves_the_old_file(model, tmp_path, monkeypatch):
    write(table(10).drop(columns="b"), tmp_path / "in.csv")
    (tmp_path / "out.csv").write_text("old")
    with pytest.raises(SystemExit, match="no columns b"):
        run(monkeypatch, tmp_path / "model", tmp_path / "in.csv", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["in.csv", "model", "out.csv"]


def test_memory_does_not_grow_with_the_rows(model, tmp_path, monkeypatch):
    def peak(rows):
        write(table(rows), tmp_path / "in.csv")
        tracemalloc.start()
        run(monkeypatch, tmp_path / "model", tmp_path / "in.csv", tmp_path / "out.csv", "--rows", 500)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(500)
    assert peak(20_000) < 1.5 * peak(2_000)
