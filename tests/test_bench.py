"""`fastnn bench`: what it measures is verified and written down; how fast it is, is not asked here."""

import json
import re
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from harness import instruction_set

import fastnn
from fastnn import bench
from fastnn.bench import cores as core_shares
from fastnn.bench import measure, models, peers, report
from fastnn.bench.peak import Peak, peak_isa
from fastnn.kernels.core import runtime

RATIOS = {
    "training_step_plain",
    "training_step",
    "call_one_row_plain",
    "training_step_share_of_peak",
    "call_one_row",
    "predict_one_row",
    "predict_over_call",
    "predict_batch",
    "predict_batch_share_of_peak",
}


@pytest.fixture
def one_thread(monkeypatch):
    """The environment in which `main` need not start a second process, and turns as short as can be."""
    for name, value in bench.blas_environment(1).items():
        monkeypatch.setenv(name, value)
    defaults = (1, 1e-4, time.perf_counter, 0.0, *measure.alternate.__defaults__[4:])
    monkeypatch.setattr(measure.alternate, "__defaults__", defaults)


def test_main_prints_ratios_and_writes_them(one_thread, tmp_path, capsys):
    file = tmp_path / "results.json"
    threads = fastnn.num_threads()
    assert bench.main(["--models", "tabular", "--rounds", "1", "--threads", "1", "--json", str(file)]) == 0
    assert fastnn.num_threads() == threads
    printed = capsys.readouterr().out
    assert "tabular: both sides agree" in printed
    assert "20-32-1, batch 32" in printed
    written = json.loads(file.read_text())
    assert written["threads"] == written["rounds"] == 1
    assert {"fastnn", "isa", "numpy", "blas", "fma_peak_gflops"} <= written.keys()
    (model,) = written["models"]
    assert model.keys() == RATIOS | {"name", "title"}
    for name in RATIOS:
        assert 0 < model[name]["lowest"] <= model[name]["median"] <= model[name]["highest"]


def test_what_is_printed_fits_into_80_columns():
    ratio = {"median": 123.456, "lowest": 100.0, "highest": 234.567}
    environment = {
        "fastnn": "0.1.0", "isa": "avx512vnni", "threads": 16, "numpy": "2.4.12",
        "blas": "scipy-openblas 0.3.30.0.12", "fma_peak_gflops": 12345.6, "rounds": 100,
        "dtype": "float32", "limits": {},
    }  # fmt: skip
    results = [{"title": model.title} | dict.fromkeys(RATIOS, ratio) for model in models.MODELS.values()]
    text = f"{report.heading(environment)}\n{report.table(results)}"
    lines = text.splitlines()
    assert max(map(len, lines)) < 80
    for model in models.MODELS.values():
        at = lines.index(model.title)
        names = [re.split("  +", line.strip())[0] for line in lines[at + 1 : at + 5]]
        assert names == ["training step", "model(x), 1 row", "predict(x), 1 row", "predict(x), batch"]
    assert text.count("123.46 (100.00-234.57)") == 6 * len(results)
    assert text.count("12346 %") == 2 * len(results)


@pytest.mark.parametrize(("isa", "kept"), [("avx2", True), ("avx512", False)])
def test_main_keeps_blas_to_the_instruction_set_of_fastnn(monkeypatch, isa, kept):
    environments, peak = [], Peak()  # of this processor, which may have neither
    monkeypatch.setenv("FASTNN_ISA", isa)
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    monkeypatch.setattr(peers.runtime, "isa", lambda: (isa,))
    monkeypatch.setattr(subprocess, "call", lambda command, env: environments.append(env) or 0)
    assert bench.main(["--threads", "3"]) == 0
    (found,) = environments
    assert found["OMP_NUM_THREADS"] == "3"
    assert found.get("OPENBLAS_CORETYPE") == ("Haswell" if kept else None)
    environment = report.environment(peak, 1)
    assert bool(environment["limits"]) == kept
    assert ("products are kept to avx2" in report.heading(environment)) == kept


def test_main_gives_blas_its_threads_in_a_second_process(monkeypatch, tmp_path):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    file = tmp_path / "results.json"
    assert bench.main(["--models", "tabular", "--rounds", "1", "--threads", "1", "--json", str(file)]) == 0
    assert json.loads(file.read_text())["threads"] == 1


def test_a_mismatch_is_an_error(one_thread, monkeypatch, tmp_path, capsys):
    wrong = replace(models.MODELS["tabular"])
    make = models.Model.make

    def make_wrong(self, learning_rate=1e-3):
        ours, theirs = make(self, learning_rate)
        theirs.set_weights([w + 0.01 for w in theirs.get_weights()])
        return ours, theirs

    monkeypatch.setattr(models.Model, "make", make_wrong)
    with pytest.raises(report.MismatchError, match="tabular: predictions differ by"):
        report.verify(wrong)
    file = tmp_path / "results.json"
    assert bench.main(["--models", "tabular", "--rounds", "1", "--threads", "1", "--json", str(file)]) == 1
    assert "predictions differ" in capsys.readouterr().err
    assert not file.exists()


def test_a_wrong_optimizer_is_a_mismatch(monkeypatch):
    make = models.Model.make

    def make_wrong(self, learning_rate=1e-3):
        ours, _ = make(self, learning_rate)
        return ours, make(self, 1.1 * learning_rate)[1]

    monkeypatch.setattr(models.Model, "make", make_wrong)
    with pytest.raises(report.MismatchError, match="differ"):
        report.verify(models.MODELS["tabular"])


@pytest.mark.parametrize("name", ["mlp_mnist", "ann_100", "tabular", "cnn_mnist"])
def test_both_sides_agree(name):
    report.verify(models.MODELS[name])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--models", "resnet"], "resnet"),
        (["--rounds", "0"], "--rounds: expected a whole number from 1, got '0'"),
        (["--rounds", "abc"], "--rounds: expected a whole number from 1, got 'abc'"),
        (["--threads", "two"], "two"),
        (["--threads", "65535"], "--threads: expected a whole number from 1 to"),
        (["--plot", "b.xyz"], "--plot: expected a file name that ends in one of"),
        (["--plot", "."], "'.' is a folder"),
        (["--json", "."], "'.' is a folder"),
        (["--json", "no/such/folder/file.json"], "no/such/folder"),
        (["--json", "a.svg", "--plot", "../{}/a.svg"], "--plot: expected another file than that of --json"),
    ],
)
def test_bad_arguments_are_named(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as error:
        bench.main([argument.format(tmp_path.name) for argument in arguments])
    assert error.value.code == 2
    assert message in capsys.readouterr().err.replace("\\", "/")


def test_each_model_is_measured_once():
    assert bench.parse(["--models", "tabular", "rnn_100", "tabular"]).models == ["tabular", "rnn_100"]


def test_plot_without_matplotlib_names_the_extra(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.backend_bases", None)
    with pytest.raises(SystemExit):
        bench.main(["--plot", "ratios.png"])
    assert "pip install '.[plot]'" in capsys.readouterr().err


@pytest.mark.filterwarnings("default")
def test_plot(tmp_path):
    pytest.importorskip("matplotlib")
    ratio = {"median": 2.0, "lowest": 1.0, "highest": 3.0}
    result = {"name": "tabular", "title": "20-32-1, batch 32"} | dict.fromkeys(RATIOS, ratio)
    file = tmp_path / "ratios.svg"
    report.plot([result, result], {"threads": 2}, file)
    assert "<svg" in file.read_text()


def test_flops_are_those_of_the_products():
    model = models.Model("a", (3,), ((4, "relu"), (2, "softmax")), "sparse_categorical_crossentropy", 5)
    forward = 2 * 5 * (3 * 4 + 4 * 2)
    assert model.flops(False) == forward
    assert model.flops(True) == forward + 2 * 5 * (3 * 4 + 4 * 2) + 2 * 5 * 4 * 2
    assert model.title == "3-4-2, batch 5"


def test_flops_are_those_of_the_convolutions():
    model = models.Model("a", (12, 11, 3), ((2, "softmax"),), "mse", 5, blocks=((4, 6), (7,)))
    # 10 x 9 x 4, 8 x 7 x 6, pooled to 4 x 3 x 6, 2 x 1 x 7: then there is nothing to pool across.
    first, others = 10 * 9 * 4 * 9 * 3, 8 * 7 * 6 * 9 * 4 + 2 * 1 * 7 * 9 * 6
    assert model.flops(False) == 2 * 5 * (first + others)
    assert model.flops(True) == 2 * 5 * (2 * first + 3 * others)
    assert model.title == "12x11x3-4c-6c-p-7c-p-2, batch 5"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("threads", [1, 2])
def test_peak_counts_every_thread(threads, dtype):
    peak = Peak(threads, dtype)
    assert peak.flops > 0
    assert peak.flops % threads == 0
    peak()


@pytest.mark.parametrize("isa", [*runtime.isa_names(), "ref"])
def test_loops_without_vectors_are_bounded_by_the_best_instruction_set(isa, monkeypatch):
    asked = []
    address = runtime.kernel_address
    monkeypatch.setattr(
        "fastnn.bench.peak.runtime.kernel_address", lambda *names: asked.append(names) or address(*names)
    )
    with instruction_set(isa):
        Peak()
    best = runtime.isa_names()[0] if isa in ("scalar", "ref") else isa
    assert asked == [(best, "float32", "fma_peak")]
    assert peak_isa(isa) == best


def test_sides_take_turns():
    calls = []
    times = measure.alternate({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 2, 1e-6)
    assert times.keys() == {"a", "b"}
    assert all(len(t) == 2 and min(t) > 0 for t in times.values())
    turns = [calls[0]] + [b for a, b in pairwise(calls) if a != b]
    assert turns == ["a", "b", "a", "b", "a"]  # warm-up, a round, a round in reverse: b's turns touch


def cores_that_are_given(monkeypatch, *shares):
    """Two threads, to whom the machine gives these shares of what two cores do, the last for ever."""
    cores, left = core_shares.Cores(2), list(shares)
    monkeypatch.setattr(cores, "given", lambda: 2 * (left.pop(0) if len(left) > 1 else left[0]))
    monkeypatch.setattr(cores, "_possible", True)
    monkeypatch.setattr(core_shares.time, "sleep", lambda seconds: None)
    return cores


@pytest.mark.parametrize(
    ("shares", "measured"),
    [((1.0,), 1), ((0.5, 0.79, 0.8), 1), ((1.0, 0.5, 1.0), 2), ((0.95, 0.6, 0.5, 1.0), 2)],
    ids=["at once", "shared before", "shared after", "shared meanwhile"],
)
def test_a_turn_is_taken_when_each_thread_has_a_core(shares, measured, monkeypatch):
    cores, times = cores_that_are_given(monkeypatch, *shares), iter([1.0, 2.0, 3.0])
    assert cores.turn(lambda: next(times)) == measured
    assert (cores.turns, cores.shared) == (1, 0)


def test_turns_for_which_there_are_no_cores_are_counted(monkeypatch):
    cores = cores_that_are_given(monkeypatch, 0.5)
    times = measure.alternate({"a": lambda: None}, 3, 1e-6, pause=0.0, turn=cores.turn)
    assert len(times["a"]) == 3
    assert (cores.turns, cores.shared) == (3, 3)
    assert "3 of 3 turns" in cores.remark()


def test_more_threads_than_processors_are_measured_at_once(monkeypatch):
    monkeypatch.setattr(core_shares, "default_threads", lambda environ: (2, "affinity"))
    cores = core_shares.Cores(3)
    monkeypatch.setattr(cores, "given", pytest.fail)
    assert cores.turn(lambda: 0.5) == 0.5
    assert (cores.turns, cores.shared) == (1, 1)


def test_one_thread_has_a_core(monkeypatch):
    cores = core_shares.Cores()
    monkeypatch.setattr(cores, "given", pytest.fail)
    assert cores.turn(lambda: 0.5) == 0.5


@pytest.mark.parametrize("threads", [1, 3])
def test_cores_are_measured(threads):
    assert core_shares.Cores(threads).given() > 0


@pytest.mark.skipif(sys.platform == "win32", reason="its processor time advances in milliseconds")
def test_one_thread_is_timed_by_its_own_clock():
    assert measure.clock(1) is time.thread_time
    assert measure.clock(2) is time.perf_counter


def test_no_rounds_are_an_error():
    with pytest.raises(ValueError, match=r"rounds: .*0"):
        measure.alternate({}, 0)


def test_module_runs_as_a_command(monkeypatch, capsys):
    import runpy

    monkeypatch.setattr(sys, "argv", ["bench", "--help"])
    with pytest.raises(SystemExit) as error:
        runpy.run_module("fastnn.bench", run_name="__main__")
    assert error.value.code == 0
    assert "--models" in capsys.readouterr().out


def test_baseline_and_model_start_from_the_same_weights():
    ours, theirs = models.MODELS["tabular"].make()
    again, _ = models.MODELS["tabular"].make()
    for a, b, c in zip(ours.get_weights(), theirs.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)
