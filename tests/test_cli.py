"""The command `fastnn`: what it prints, what it writes, and how it ends."""

import argparse
import io
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

import fastnn
from fastnn import bench, cli, demo, profile_command
from fastnn.kernels.core import runtime


def test_info_says_what_runs(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("FASTNN_HOME", str(tmp_path))
    assert cli.main(["info"]) == 0
    lines = dict(re.split(r" {2,}", line) for line in capsys.readouterr().out.splitlines())
    assert lines["fastnn"] == fastnn.__version__
    assert lines["instruction set"].startswith(f"{runtime.isa()[0]}, ")
    assert lines["this machine runs"] == ", ".join(runtime.isa_names())
    assert lines["threads"].startswith(f"{fastnn.num_threads()}, ")
    assert lines["threading"].startswith(f"{runtime.threading_choice()[0]}, ")
    assert lines["NumPy"] == np.__version__
    assert lines["data sets"] == str(tmp_path / "datasets")


def test_info_as_json(capsys):
    assert cli.main(["info", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["instruction_set"], found["instruction_set_from"]) == runtime.isa()
    assert found["instruction_sets"] == runtime.isa_names()
    assert (found["threads"], found["threads_from"]) == runtime.num_threads()
    assert (found["threading"], found["threading_from"]) == runtime.threading_choice()
    assert found["openmp"] is runtime.openmp


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_demo_learns(seed, capsys):
    assert demo.run(seed=seed) >= 0.97
    out = capsys.readouterr().out
    assert "360 held out" in out
    assert runtime.isa()[0] in out
    assert re.search(r"Held-out accuracy  9[789]\.\d%", out)
    assert len(re.findall(r"\b(?:a [0-79]|an 8), \d+\.\d%", out)) == 4


def test_moved_pictures_are_means_of_neighbours():
    x = np.zeros((1, 8, 8), np.float32)
    x[0, 3, 4] = 1
    same, *moved = demo.moved(x.reshape(1, 64)).reshape(5, 8, 8)
    np.testing.assert_array_equal(same, x[0])
    found = [{tuple(map(int, at)) for at in np.argwhere(picture == 0.5)} for picture in moved]
    assert found == [{(3, 4), at} for at in ((4, 4), (2, 4), (3, 5), (3, 3))]


def test_drawing_without_blocks(monkeypatch):
    x = np.linspace(0, 1, 64)
    assert "█" in demo.drawing(x)[-1]
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
    assert "".join(demo.drawing(x)).isascii()


def test_the_demo_saves_its_model_when_asked(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["demo", "--epochs", "1"]) == 0
    assert not list(tmp_path.iterdir())
    file = tmp_path / "weights"
    assert cli.main(["demo", "--epochs", "1", "--save", "weights"]) == 0
    assert "load_model('weights')" in capsys.readouterr().out
    (x, y), _ = fastnn.datasets.digits.load_data()
    model = fastnn.models.load_model(file)
    assert [layer.name for layer in model.layers][::2] == ["hidden", "digit"]
    assert model.evaluate(x.reshape(-1, 64) / 16, y, verbose=0)[1] > 0.8


def test_the_demo_replaces_a_file_only_by_force(capsys, tmp_path):
    file = tmp_path / "weights.npz"
    file.write_text("precious")
    with pytest.raises(SystemExit) as caught:
        cli.main(["demo", "--save", str(file)])
    assert caught.value.code == 2
    assert "--force" in capsys.readouterr().err
    assert file.read_text() == "precious"
    assert cli.main(["demo", "--epochs", "1", "--save", str(file), "--force"]) == 0
    assert len(fastnn.models.load_model(file).weights) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "'train'"),
        (["info", "--yaml"], "--yaml"),
        (["demo", "--epochs", "0"], "--epochs: expected a whole number from 1, got '0'"),
        (["demo", "--epochs", "2.5"], "got '2.5'"),
        (["demo", "--seed", "-1"], "--seed"),
        (["demo", "--seed", "4294967296"], "from 0 to 4294967295"),
        (["demo", "--save", "."], "there already"),
        (["demo", "--save", "no/such/folder/w.npz"], "there is no folder"),
    ],
)
def test_bad_arguments(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_help_without_a_command(capsys):
    assert cli.main([]) == 0
    out = capsys.readouterr().out
    assert all(command in out for command in ("info", "demo", "bench"))


def test_bench_gets_its_arguments(monkeypatch):
    monkeypatch.setattr(bench, "main", lambda arguments: len(arguments))
    assert cli.main(["bench", "--models", "tabular", "--help"]) == 3


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (KeyboardInterrupt(), 130, ""),
        (
            PermissionError(13, "Permission denied", "w.npz"),
            1,
            "fastnn: w.npz: Permission denied",
        ),
        (MemoryError("Unable to allocate 2 TiB"), 1, "fastnn: Unable to allocate 2 TiB"),
        (MemoryError(), 1, "fastnn: there is not enough memory"),
    ],
)
def test_how_a_command_breaks_off(error, status, message, monkeypatch, capsys):
    def run(*arguments):
        raise error

    monkeypatch.setattr(demo, "run", run)
    assert cli.main(["demo"]) == status
    assert capsys.readouterr().err.strip() == message


@pytest.mark.parametrize("arguments", [["profile"], ["info"], ["convert", "m.keras"]])
def test_files_that_cannot_be_read(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    command, *target = arguments
    for file, problem in [("none", "No such file or directory"), ("folder", "expected a file, got a folder")]:
        assert cli.main([command, file, *target]) == 1
        assert capsys.readouterr().err.startswith(f"fastnn {command}: {file}: {problem}")


def test_more_samples_than_memory_holds(tmp_path, monkeypatch, capsys):
    def run(*arguments):
        raise MemoryError("Unable to allocate 2 TiB")

    monkeypatch.setattr(profile_command, "run", run)
    assert cli.main(["profile", "m.fastnn"]) == 1
    assert capsys.readouterr().err == (
        "fastnn profile: --batch-size, --length: expected fewer samples: Unable to allocate 2 TiB\n"
    )


def test_a_closed_output_is_no_error(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert cli.main(["info"]) == 0
    assert sys.stdout is None


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "1e9", "x", ""])
def test_positive_numbers(text):
    seconds = cli.positive_number_type(3600)
    assert seconds("0.5") == 0.5
    with pytest.raises(
        argparse.ArgumentTypeError, match=f"expected a number above 0, at most 3600, got '{text}'"
    ):
        seconds(text)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGPIPE")
def test_a_closed_pipe_is_no_error(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        got = subprocess.run(
            [sys.executable, "-m", "fastnn", "info"],
            stdout=writer, stderr=subprocess.PIPE, cwd=tmp_path, check=False, timeout=60,
        )  # fmt: skip
    finally:
        os.close(writer)
    assert (got.returncode, got.stderr) == (141, b"")


def test_the_installed_command(tmp_path):
    command = shutil.which("fastnn", path=sysconfig.get_path("scripts"))
    assert command is not None
    got = subprocess.run(
        [command, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert got.stdout == f"fastnn {fastnn.__version__}\n"


@pytest.mark.parametrize(("encoding", "home"), [("ascii", "h\u00e9"), ("utf-8", "h\udcff")])
def test_a_folder_that_the_output_has_no_letters_for(encoding, home, monkeypatch):
    output = io.BytesIO()
    monkeypatch.setenv("FASTNN_HOME", home)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(output, encoding, write_through=True))
    assert cli.main(["info"]) == 0
    assert output.getvalue().split()[-1] == str(Path("h?", "datasets")).encode()


def test_a_summary_on_an_output_of_ascii(monkeypatch):
    model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(1, name="é")])
    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(output, "ascii", write_through=True))
    model.summary()
    assert b"| ? (Dense)" in output.getvalue()
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    model.summary()
    assert "│ é (Dense)" in sys.stdout.getvalue()
