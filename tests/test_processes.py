"""Processes: however they come about they compute the same, and an idle one uses no processor."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import fastnn

PROGRAM = """
import multiprocessing, os, sys, time
import numpy as np
import fastnn

x = np.random.default_rng(0).standard_normal((500, 20)).astype("float32")


def make():
    fastnn.utils.set_random_seed(0)
    layers = [fastnn.layers.Dense(n, "relu") for n in (300, 300, 2)]
    model = fastnn.Sequential([fastnn.Input((20,)), *layers])
    model.compile("adam", "mse")
    model.fit(x, x[:, :2], verbose=0)
    return model


def learn(i):
    return os.getpid(), make().get_weights()


def use(model):
    return os.getpid(), model.predict(x)


def check(results, expected):
    assert os.getpid() not in [pid for pid, _ in results]
    for _, found in results:
        assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))
"""


def run(code, tmp_path, **options):
    """Run a program that stands in a file, which the processes that it starts can import."""
    path = tmp_path / "program.py"
    path.write_text(PROGRAM + code)
    got = subprocess.run(
        [sys.executable, path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **options,
    )
    assert got.returncode == 0, got.stderr[-3000:]
    return got.stdout


METHODS = ["spawn", "forkserver"] if hasattr(os, "fork") else ["spawn"]


@pytest.mark.parametrize("method", METHODS)
def test_started_processes_compute_the_same(method, tmp_path):
    code = f"""
if __name__ == "__main__":
    model = make()
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        check(pool.map(learn, range(2)), model.get_weights())
        check(pool.map(use, [model, model]), model.predict(x))
"""
    run(code, tmp_path)


@pytest.mark.parametrize("backend", ["loky", "multiprocessing"])
def test_workers_of_joblib_compute_the_same(backend, tmp_path):
    pytest.importorskip("joblib")
    code = f"""
from joblib import Parallel, delayed

if __name__ == "__main__":
    model = make()
    with Parallel(n_jobs=2, backend={backend!r}) as parallel:
        check(parallel(delayed(learn)(i) for i in range(2)), model.get_weights())
        check(parallel(delayed(use)(model) for _ in range(2)), model.predict(x))
"""
    run(code, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("threading", ["pool", "openmp"])
def test_an_idle_process_uses_no_processor(threading, tmp_path):
    """Ten milliseconds after a prediction: workers sleep."""
    from fastnn.kernels.core import runtime

    if threading not in runtime.threading_names():
        pytest.skip("built without OpenMP")
    code = """
fastnn.set_num_threads(4)
model = make()
for _ in range(20):
    model.predict(x)
    time.sleep(0.01)
    before = time.process_time()
    time.sleep(0.1)
    assert time.process_time() - before < 0.01
"""
    passive = {"OMP_WAIT_POLICY": "passive"} if threading == "openmp" else {}
    run(code, tmp_path, env=os.environ | {"FASTNN_THREADING": threading} | passive)


def test_an_import_changes_no_switch_of_the_process(tmp_path):
    code = """
import gc, locale, logging, os, random, resource, signal, sys, threading, warnings
import numpy as np

def state():
    return {
        "signals": [signal.getsignal(n) for n in signal.valid_signals()],
        "locale": locale.setlocale(locale.LC_ALL), "warnings": list(warnings.filters), "errors": np.geterr(),
        "seeds": (random.getstate(), np.random.get_state()[1].tolist()), "printing": np.get_printoptions(),
        "hooks": (sys.excepthook, sys.displayhook, sys.unraisablehook, threading.excepthook),
        "recursion": sys.getrecursionlimit(), "switching": sys.getswitchinterval(), "path": list(sys.path),
        "gc": (gc.isenabled(), gc.get_threshold()), "environment": dict(os.environ), "folder": os.getcwd(),
        "limits": [resource.getrlimit(n) for n in (resource.RLIMIT_NOFILE, resource.RLIMIT_STACK)],
        "logging": (logging.root.level, list(logging.root.handlers)), "subnormals": 5e-324 / 1,
        "tracing": (sys.gettrace(), sys.getprofile()), "threads": threading.active_count(),
        "encoding": (sys.stdout.encoding, sys.stderr.encoding), "buffers": sys.flags,
    }

before = state()
import fastnn
for name in fastnn.__all__:
    getattr(fastnn, name)
after = state()
assert before == after, [name for name in before if before[name] != after[name]]
"""
    pytest.importorskip("resource")
    got = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert got.returncode == 0, got.stderr


def thread_local_bytes(path):
    """Return the size of the thread-local storage of an ELF file, and whether it has to be static."""
    content = path.read_bytes()
    programs, size, count = struct.unpack_from("<Q14xHH", content, 32)
    local, static = 0, False
    for i in range(count):
        kind, _, offset, _, _, in_file, in_memory = struct.unpack_from(
            "<IIQQQQQ", content, programs + i * size
        )
        if kind == 7:  # PT_TLS
            local += in_memory
        elif kind == 2:  # PT_DYNAMIC, whose DT_FLAGS (30) may have DF_STATIC_TLS (16)
            tags = struct.iter_unpack("<QQ", content[offset : offset + in_file])
            static = static or any(tag == 30 and value & 16 for tag, value in tags)
    return local, static


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ELF")
def test_modules_need_hardly_any_thread_local_storage():
    """Of what a process sets apart for that, later libraries find the rest: OpenMP's is often too much."""
    modules = sorted(Path(fastnn.__file__).parent.rglob("*.so"))
    assert len(modules) > 20
    found = [thread_local_bytes(path) for path in modules]
    assert sum(local for local, _ in found) < 1024
    assert not any(static for _, static in found)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits of POSIX")
@pytest.mark.parametrize("what", ["a full disk", "a folder without rights", "a folder that has gone"])
def test_a_file_that_cannot_be_written_leaves_the_old_one(what, tmp_path):
    code = """
import resource, shutil, signal
from fastnn.callbacks import BackupAndRestore, ModelCheckpoint

model, what = make(), os.environ["WHAT"]
os.mkdir("folder")
model.save("folder/model")
old = open("folder/model", "rb").read()
fastnn.models.load_model("folder/model")
model.fit(x, x[:, :2], verbose=0)
def saves_to(folder):
    path = folder + "/model"
    return [
        lambda: model.save(path),
        lambda: model.save_weights(path),
        lambda: model.fit(x, x[:, :2], verbose=0, callbacks=[ModelCheckpoint(path)]),
        lambda: model.fit(x, x[:, :2], verbose=0, callbacks=[BackupAndRestore(folder, save_freq=1)]),
    ]
os.mkdir("other")
for save in saves_to("other"):      # so that all modules are there: nobody may be without rights to read them
    save()
saves = saves_to("folder")
if what == "a full disk":
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
elif what == "a folder without rights":
    os.chmod("folder", 0o555)
    if not os.getuid():
        os.chmod(".", 0o777)
        os.setuid(65534)
else:
    shutil.rmtree("folder")
    del saves[2:]     # which make their folder
for save in saves:
    try:
        save()
    except OSError as error:
        assert "folder" in str(error), error
    else:
        raise AssertionError(what)
if what != "a folder that has gone":
    assert open("folder/model", "rb").read() == old
    assert os.listdir("folder") == ["model"]
model.fit(x, x[:, :2], verbose=0)
"""
    run(code, tmp_path, env=os.environ | {"WHAT": what})
    if (tmp_path / "folder").exists():
        os.chmod(tmp_path / "folder", 0o755)
