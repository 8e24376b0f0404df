"""`fastnn bench --against`: peers are verified, take turns and are reported. One in NumPy stands in."""

import json
import os
import re
import stat
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fastnn import bench
from fastnn.bench import against, against_report, measure, models, peers, processors
from fastnn.bench.peers import serve

MODEL = models.MODELS["tabular"]

# The perceptron of `tabular` in plain NumPy, with the gradients of a binary cross-entropy and Adam.
PEER = """
import sys
import numpy as np

def start(threads):
    print("what a library prints")
    return {"version": "1.2", "threads": str(threads)}

class Network:
    def __init__(self, model, weights):
        if model["blocks"] or model["recurrent"]:
            raise NotImplementedError("no images and no sequences")
        self.reset(weights, 0)

    def reset(self, weights, rate):
        self.w = [w.copy() for w in weights]
        self.m = [np.zeros_like(w) for w in weights]
        self.v = [np.zeros_like(w) for w in weights]
        self.learning_rate, self.t = rate, 0

    def ways(self, operation):
        broken = {"broken": self.fail}
        return broken | ({"plain": self.train} if operation == "train" else {"plain": self.predict})

    def fail(self, *arrays):
        raise OSError("no compiler")

    def predict(self, x):
        h = np.maximum(x @ self.w[0] + self.w[1], 0)
        return 1 / (1 + np.exp(-(h @ self.w[2] + self.w[3])))

    def train(self, x, y):
        h = np.maximum(x @ self.w[0] + self.w[1], 0)
        p = 1 / (1 + np.exp(-(h @ self.w[2] + self.w[3])))
        d = (p - y) / len(x)
        dh = d @ self.w[2].T * (h > 0)
        self.t += 1
        rate = self.learning_rate * np.sqrt(1 - 0.999**self.t) / (1 - 0.9**self.t)
        for i, g in enumerate((x.T @ dh, dh.sum(0), h.T @ d, d.sum(0))):
            self.m[i] += (g - self.m[i]) * 0.1
            self.v[i] += (g * g - self.v[i]) * 0.001
            self.w[i] -= (rate * self.m[i] / (np.sqrt(self.v[i]) + 1e-7)).astype(g.dtype)
        return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of peers: torch and jax are the one above, sklearn cannot be imported."""
    found = tmp_path / "bench" / "peers"
    found.mkdir(parents=True)
    for file, source in (("serve.py", serve), ("../measure.py", measure)):
        (found / file).write_text(Path(source.__file__).read_text())
    text = (found / "serve.py").read_text()
    assert "TRIAL_SECONDS = 0.1" in text
    (found / "serve.py").write_text(text.replace("TRIAL_SECONDS = 0.1", "TRIAL_SECONDS = 1e-4"))
    (found / "torch.py").write_text(PEER)
    (found / "jax.py").write_text(PEER)
    (found / "sklearn.py").write_text("import a_library_that_nobody_has\n")
    monkeypatch.setattr(peers, "FOLDER", found)
    return found


@pytest.fixture
def one_thread(monkeypatch):
    """The environment in which `main` need not start a second process, and turns as short as can be."""
    for name, value in bench.blas_environment(1).items():
        monkeypatch.setenv(name, value)
    defaults = (1, 1e-4, time.perf_counter, 0.0, *measure.alternate.__defaults__[4:])
    monkeypatch.setattr(measure.alternate, "__defaults__", defaults)


def change(folder, old, new, name="torch"):
    text = (folder / f"{name}.py").read_text()
    assert old in text
    (folder / f"{name}.py").write_text(text.replace(old, new))


def run(*arguments):
    return bench.main(["--models", "tabular", "--rounds", "1", "--threads", "1", *arguments])


# ---- the protocol ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3).T, np.array(1.5), np.zeros((0, 3)),
        np.arange(4, dtype=np.int64)[::2], np.array([True]), np.float64(3),
    ],
    ids=["transposed", "scalar", "empty", "strided", "bool", "number"],
)  # fmt: skip
def test_messages_arrive_as_they_were_sent(array, tmp_path):
    with open(tmp_path / "pipe", "wb+") as stream:
        serve.send(stream, {"do": "use", "text": "ä\n"}, [array, array])
        stream.seek(0)
        message, arrays = serve.receive(stream)
        assert message == {"do": "use", "text": "ä\n"}
        for got in arrays:
            np.testing.assert_array_equal(got, array)
            assert (got.dtype, got.shape) == (np.asarray(array).dtype, np.shape(array))
            assert got.flags.writeable
        with pytest.raises(EOFError):
            serve.receive(stream)


def test_half_a_message_is_the_end(tmp_path):
    with open(tmp_path / "pipe", "wb+") as stream:
        serve.send(stream, {}, [np.zeros(100)])
        stream.truncate(stream.tell() - 8)
        stream.seek(0)
        with pytest.raises(EOFError):
            serve.receive(stream)


@pytest.mark.parametrize(
    ("asked", "isa", "kept"), [("avx2", "avx2", True), (None, "avx2", False), ("avx512", "avx512", False)]
)
def test_peers_are_kept_to_the_instruction_set_of_fastnn(folder, monkeypatch, asked, isa, kept):
    change(folder, "return {", 'import os\n    return {"core": os.environ.get("OPENBLAS_CORETYPE", ""), ')
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    monkeypatch.delenv("FASTNN_ISA", raising=False)
    if asked:
        monkeypatch.setenv("FASTNN_ISA", asked)
    monkeypatch.setattr(peers.runtime, "isa", lambda: (isa,))
    with peers.Peer("torch", sys.executable, 1) as peer:
        assert peer.versions["core"] == ("Haswell" if kept else "")


def test_a_peer_answers(folder):
    weights = MODEL.make()[0].get_weights()
    x, y = MODEL.data(8)
    with peers.Peer("torch", sys.executable, 3) as peer:
        assert peer.versions["version"] == "1.2"
        assert peer.versions["threads"] == "3"
        assert peer.versions["numpy"] == np.__version__
        made, _ = peer.ask("make", weights, model=vars(MODEL))
        assert made == {"operations": ["train", "predict"]}
        peer.ask("use", (x, y))
        chosen, _ = peer.ask("choose", task="predict row")
        assert chosen["way"] == "plain"
        assert chosen["failed"] == {"broken": "OSError: no compiler"}
        (got,) = peer.ask("run", task="predict row")[1]
        np.testing.assert_allclose(got, MODEL.make()[0](x[:1]), rtol=1e-5)
        side = peers.RemoteSide(peer, "predict row")
        assert side.calls_in(1e-3) >= 1
        assert side.time(2) > 0
        with pytest.raises(peers.PeerError, match=r"(?s)torch: run failed.*KeyError: 'train'"):
            peer.ask("run", task="train")
    assert peer._process.poll() is not None


def test_a_peer_that_is_not_installed(folder):
    with pytest.raises(
        peers.MissingPeerError, match="sklearn is not installed for .*a_library_that_nobody_has"
    ):
        peers.Peer("sklearn", sys.executable, 1)


def test_a_peer_that_dies_says_what_it_printed(folder):
    change(folder, "def fail", "def die(self):\n        sys.exit('the last words')\n\n    def fail")
    change(folder, '"plain": self.predict', '"plain": lambda x: self.die()')
    with peers.Peer("torch", sys.executable, 1) as peer:
        peer.ask("make", MODEL.make()[0].get_weights(), model=vars(MODEL))
        peer.ask("use", MODEL.data(8))
        with pytest.raises(
            peers.PeerError, match=r"(?s)torch: its process ended with status 1.*the last words"
        ):
            peer.ask("choose", task="predict")


def test_a_python_that_cannot_run(folder, tmp_path):
    file = tmp_path / "python"
    file.write_text("no program")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(peers.PeerError, match="torch: "):
        peers.Peer("torch", str(file), 1)


@pytest.mark.parametrize("line", ["Welcome", "3", "[]", "{}", "null"])
def test_a_python_that_prints_something_else(folder, tmp_path, line):
    file = tmp_path / "python"
    file.write_text(f"#!/bin/sh\necho '{line}'\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(peers.PeerError, match=r"torch: expected a message, got b.* prints nothing"):
        peers.Peer("torch", str(file), 1)


def test_real_peers_have_a_program_each():
    assert {file.stem for file in peers.FOLDER.glob("*.py")} == {"__init__", "serve", *peers.PEERS}
    for name in peers.PEERS:
        compile((peers.FOLDER / f"{name}.py").read_text(), name, "exec")


# ---- the comparison -------------------------------------------------------------------------------------


def test_command_compares_and_writes(folder, one_thread, tmp_path, capsys):
    file, picture = tmp_path / "results.json", tmp_path / "results.svg"
    pytest.importorskip("matplotlib")
    assert run("--against", "torch,jax,sklearn", "--json", str(file), "--plot", str(picture)) == 0
    out, err = capsys.readouterr()
    assert "tabular: the same predictions and losses from torch, jax" in out
    assert "torch cannot train broken: OSError: no compiler" in out
    assert "sklearn is not installed" in err
    assert "20-32-1, batch 32" in out
    assert max(map(len, out.split("\n\n", 2)[2].splitlines())) <= 100
    found = json.loads(file.read_text())
    assert found["peers"].keys() == {"torch", "jax"}
    assert {"fastnn", "isa", "numpy", "threads", "rounds", "dtype", "date", "processor"} <= found.keys()
    (model,) = found["models"]
    assert {(row["task"], row["peer"]) for row in model["rows"]} == {
        (task, peer) for task in against.TASKS for peer in ("torch", "jax")
    }
    for row in model["rows"]:
        assert row["way"] == "plain"
        assert 0 < row["ratio"]["lowest"] <= row["ratio"]["median"] <= row["ratio"]["highest"]
    assert found["summary"].keys() == set(against.TASKS)
    assert "<svg" in picture.read_text()


def test_float64(folder, one_thread, capsys):
    assert run("--against", "jax", "--dtype", "float64") == 0
    assert "float64" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("return 1 / (1 + np.exp(", "return 1.001 / (1 + np.exp(", "(row|prediction) of torch differ"),
        ("return float(-np.mean(", "return float(-1.01 * np.mean(", "losses of step 1 of torch differ by"),
        ("* 0.1", "* 0.2", "losses of step 2 of torch differ by"),
        ("self.w[3])))\n\n", "self.w[3])))[:, 0]\n\n", "have shape"),
        ("return float(-np.mean(", "return float(np.nan * np.mean(", "losses of step 1 .* differ by nan"),
    ],
    ids=["prediction", "loss", "optimizer", "shape", "nan"],
)  # fmt: skip
def test_a_peer_that_computes_something_else_is_an_error(
    old, new, message, folder, one_thread, tmp_path, capsys
):
    change(folder, old, new)
    file = tmp_path / "results.json"
    assert run("--against", "torch,jax", "--json", str(file)) == 1
    out, err = capsys.readouterr()
    assert re.search(message, err)
    assert "times as fast" not in out
    assert not file.exists()


def test_none_is_installed(folder, one_thread, capsys):
    assert run("--against", "sklearn") == 1
    err = capsys.readouterr().err
    assert "none of sklearn is installed; --python PEER=PATH names" in err


def test_a_model_that_a_peer_does_not_have(folder, one_thread, capsys):
    arguments = ["--models", "tabular", "rnn_100", "--rounds", "1", "--threads", "1", "--against", "jax"]
    assert bench.main(arguments) == 0
    out = capsys.readouterr().out
    assert "rnn_100: without jax: no images and no sequences" in out
    assert "SimpleRNN 50" not in out


def test_a_failing_peer_is_an_error(folder, one_thread, capsys):
    change(folder, "self.reset(weights, 0)", "raise ZeroDivisionError('oops')")
    assert run("--against", "torch") == 1
    assert "ZeroDivisionError: oops" in capsys.readouterr().err


def test_the_python_of_a_peer(folder, one_thread, capsys):
    assert run("--against", "torch", "--python", f"torch={sys.executable}") == 0
    assert "torch" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("usable", "threads", "chosen"),
    [
        ({0, 1, 2, 3}, 2, [0, 1]),
        ({0, 1, 2, 3}, 3, [0, 1, 2]),
        ({0, 2, 3}, 2, [0, 3]),
        ({2, 3}, 2, [2, 3]),
        ({1, 3}, 4, [1, 3]),
    ],
)
def test_a_processor_of_each_core_comes_first(usable, threads, chosen, monkeypatch):
    """Also of a core whose first processor is not to be used."""
    monkeypatch.setattr(processors.os, "sched_getaffinity", lambda process: usable, raising=False)
    monkeypatch.setattr(processors, "_siblings", lambda cpu: [cpu % 2, cpu % 2 + 2])
    assert processors.chosen_processors(threads) == chosen


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no processes")
def test_sides_share_cores():
    before = os.sched_getaffinity(0)
    with processors.same_processors(1):
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before
    with processors.same_processors(1000):
        assert os.sched_getaffinity(0) == before


# ---- the arguments --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--against", "pytorch"], "expected names from torch, tensorflow, jax, .* got 'pytorch'"),
        (["--against", ""], "got ''"),
        (["--against", "torch,"], "got ''"),
        (["--against", "torch,torch2"], "got 'torch2'"),
        (["--against", "torch", "--python", "python3"], "expected PEER=PATH .* got 'python3'"),
        (["--against", "torch", "--python", "caffe=python3"], "expected PEER=PATH"),
        (["--against", "torch", "--python", "torch="], "expected PEER=PATH"),
        (["--against", "torch", "--python", "torch=no/such/python"], "there is no program 'no/such/python'"),
        (["--against", "torch", "--python", f"jax={sys.executable}"], "'jax' is not one of those"),
        (["--python", f"jax={sys.executable}"], "'jax' is not one of those"),
        (["--dtype", "float16"], "float16"),
        (["--json", "no/such/folder/file.json"], "there is no folder"),
        (["--json", "x" * 300], "cannot be written"),
        (["--plot", "ratios.docx"], "expected a file name that ends in one of"),
        (["--json", "ratios.png", "--plot", "ratios.png"], "another file"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named_before_the_run(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as error:
        bench.main(arguments)
    assert error.value.code == 2
    assert re.search(message, capsys.readouterr().err.replace("\\", "/"))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="this system has no folder that nobody writes to")
@pytest.mark.parametrize("option", ["--json", "--plot"])
def test_files_that_cannot_be_written_are_named_before_the_run(option, capsys):
    pytest.importorskip("matplotlib")
    with pytest.raises(SystemExit):
        bench.main([option, "/proc/self/ratios.png"])
    assert "cannot be written" in capsys.readouterr().err


def test_a_file_is_kept_while_its_name_is_checked(tmp_path):
    file = tmp_path / "results.json"
    file.write_text("precious")
    assert bench.parse(["--json", str(file)]).json == file
    assert file.read_text() == "precious"
    assert not bench.parse(["--json", str(tmp_path / "new.json")]).json.exists()


def test_a_plot_without_an_extension_is_a_png(tmp_path):
    pytest.importorskip("matplotlib")
    assert bench.parse(["--plot", str(tmp_path / "ratios")]).plot == tmp_path / "ratios.png"


def test_peers_are_named_once():
    assert bench.parse(["--against", "jax, torch,jax"]).against == ["jax", "torch"]


# ---- what is shown --------------------------------------------------------------------------------------


def results(median=1.25):
    ratio = {"median": median, "lowest": 100.123, "highest": 12345.678}
    rows = [
        {"task": task, "peer": peer, "way": "jit, 10 steps unrolled", "ratio": ratio | {"median": median + i},
         "fastnn_seconds": 1.5e-6, "peer_seconds": 1.2345}
        for task in against.TASKS for i, peer in enumerate(peers.PEERS)
    ]  # fmt: skip
    return [{"name": name, "title": model.title, "rows": rows} for name, model in models.MODELS.items()]


def test_the_table_fits_100_columns():
    text = against_report.table(results(1234.5))
    assert max(map(len, text.splitlines())) <= 100
    for peer in peers.PEERS:
        assert text.count(peer) >= 3 * len(models.MODELS)


def test_the_heading_names_versions_and_a_busy_machine():
    environment = {
        "fastnn": "0.1.0", "isa": "avx512", "threads": 2, "rounds": 7, "dtype": "float32",
        "date": "2030-01-02", "processor": "a processor " * 20, "fma_peak_gflops": 230.0, "load_before": 0.1,
        "limits": {},
        "peers": {"torch": {"version": "2.13"}, "tensorflow": {"version": "2.21", "keras": "3.15"}},
    }  # fmt: skip
    text = against_report.heading(environment)
    assert "torch 2.13, tensorflow 2.21 with keras 3.15" in text
    assert "BUSY" not in text
    assert max(map(len, text.splitlines())) <= 100
    assert "kept to" not in against_report.heading(environment)
    kept = {"limits": peers.AVX2, "isa": "avx2", "peers": {"onnxruntime": {"version": "1"}}}
    text = against_report.heading(environment | kept)
    assert "kept to avx2 by their settings, too, but for onnxruntime, which has no setting for it" in text
    assert "BUSY MACHINE: a load of 1.5" in against_report.heading(environment | {"load_before": 1.5})
    assert "BUSY" not in against_report.heading(environment | {"load_before": None})


def test_the_summary_is_over_the_best_peers():
    found = results(2.0)[:2]
    found[1]["rows"] = [row | {"ratio": {"median": 8.0}} for row in found[1]["rows"]]
    summary = against_report.summary(found)
    assert summary["train"] == {
        "geometric_mean": pytest.approx(4.0), "lowest": 2.0, "lowest_model": found[0]["name"],
        "lowest_peer": "torch",
    }  # fmt: skip
    assert against_report.summary([]) == {}
