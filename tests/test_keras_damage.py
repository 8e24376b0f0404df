"""Damaged and hostile files of Keras, read in a process whose memory and time have limits."""

import io
import json
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import fastnn

h5py = pytest.importorskip("h5py")
resource = pytest.importorskip("resource")

FILES = Path(__file__).parent / "keras_files.zip"

# Spoils bytes of the files in an archive, and reads them: what comes is a model, or a ValueError.
PROGRAM = """
import io, random, resource, sys, warnings, zipfile
import fastnn

archive, seed, rounds = sys.argv[1], *map(int, sys.argv[2:])
warnings.simplefilter("ignore")
with zipfile.ZipFile(archive) as opened:
    files = {name: opened.read(name) for name in opened.namelist() if name != "expected.json"}
model = fastnn.saving.load_model(io.BytesIO(files["mlp.h5"]))
with open("/proc/self/statm") as file:
    now = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + 2**28,) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (max(60, rounds),) * 2)
draw = random.Random(seed)
ODD = [bytes(8), b"\\xff" * 8, *((2**n).to_bytes(8, "little") for n in (31, 40, 62))]


def spoilt(data):
    data = bytearray(data)
    kind = draw.random()
    if kind < 0.1:
        return data[: draw.randrange(len(data))]
    for _ in range(draw.choice([1, 2, 8])):
        at = draw.randrange(min(len(data), draw.choice([4096, len(data)])))
        if kind < 0.3:
            data[at : at + 8] = draw.choice(ODD)
        else:
            data[at] = draw.choice([0, 1, 127, 128, 255, draw.randrange(256)])
    return data


def with_member(data, name, content):
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        for member in old.namelist():
            new.writestr(member, content if member == name else old.read(member))
    return made.getvalue()


for i in range(rounds):
    data = files[draw.choice(sorted(files))]
    if data[:2] == b"PK" and draw.random() < 0.7:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            weights = opened.read("model.weights.h5")
        data = with_member(data, "model.weights.h5", bytes(spoilt(weights)))
    else:
        data = bytes(spoilt(data))
    for read in fastnn.saving.load_model, model.load_weights:
        try:
            read(io.BytesIO(data))
        except ValueError:
            pass
print("read")
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="limits memory by what Linux says of it")
@pytest.mark.parametrize("rounds", [80, pytest.param(20_000, marks=pytest.mark.long)])
def test_spoilt_bytes_cost_no_memory_and_no_time(tmp_path, rounds):
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, "program.py", str(FILES.resolve()), str(rounds), str(rounds)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "read\n"), done.stderr[-2000:]


def archive_of(config, weights=b"", method=zipfile.ZIP_STORED, more=()):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method, compresslevel=9) as archive:
        for name, content in (("config.json", config), ("model.weights.h5", weights), *more):
            archive.writestr(name, content)
    return file.getvalue()


def lying(data):
    """Say of the first member, in both places, that it is as small as the others."""
    size = zipfile.ZipFile(io.BytesIO(data)).getinfo("config.json").file_size
    return data.replace(struct.pack("<L", size), struct.pack("<L", 100))


def hdf5_of(make):
    file = io.BytesIO()
    with h5py.File(file, "w") as written:
        make(written)
    return file.getvalue()


BOMBS = {
    "far more than the archive": lambda: archive_of(b" " * 10**7, method=zipfile.ZIP_DEFLATED),
    "more than it says": lambda: lying(archive_of(b" " * 10**7, method=zipfile.ZIP_DEFLATED)),
    "weights": lambda: archive_of(b"{}", bytes(10**7), zipfile.ZIP_BZIP2),
    "weights by another way": lambda: archive_of(b"{}", bytes(10**7), zipfile.ZIP_LZMA),
    "many members": lambda: archive_of(b"{}", more=[(f"{i}", b"") for i in range(10_000)]),
    "deep": lambda: archive_of(b"[" * 100_000),
    "deep layers": lambda: archive_of(json.dumps(deep(150)).encode(), hdf5_of(lambda file: None)),
    "a large number": lambda: archive_of(b'{"a": ' + b"9" * 10_000 + b"}"),
    "compressed values": lambda: hdf5_of(
        lambda file: file.create_dataset("layers/dense/vars/0", data=np.zeros(10**6), compression="gzip")
    ),
    "values that nobody wrote": lambda: hdf5_of(
        lambda file: file.create_dataset("layers/dense/vars/0", (2**40,), "f4", chunks=(2**20,))
    ),
    "a group in itself": lambda: hdf5_of(lambda file: file.__setitem__("layers/again", file)),
}


def deep(depth):
    """Return a configuration of models in models."""
    made = {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2}}
    for i in range(depth):
        made = {"module": "keras", "class_name": "Sequential", "config": {"name": f"m{i}", "layers": [made]}}
    return made


@pytest.mark.parametrize("name", BOMBS)
def test_files_that_would_grow_are_refused(name):
    data = BOMBS[name]()
    model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(3)])
    for read in (fastnn.saving.load_model, model.load_weights):
        with pytest.raises(ValueError, match=".") as raised:
            read(io.BytesIO(data))
        assert len(str(raised.value)) < 2000
