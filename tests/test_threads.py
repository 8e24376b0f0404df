"""Threads: whose, how many, after `fork()`, and that nobody else's arithmetic changes."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import fastnn
from fastnn.kernels.core import runtime

ENGINES = runtime.threading_names()

NETWORK = """
import os, signal, sys
import numpy as np
import fastnn

fastnn.utils.set_random_seed(0)
layers = [fastnn.layers.Dense(n, "relu") for n in (300, 300, 3)]
model = fastnn.Sequential([fastnn.Input((100,)), *layers])
model.compile("adam", "mse")
x = np.random.default_rng(0).standard_normal((1000, 100)).astype("float32")
y = x[:, :3].copy()
"""


def run(code, tmp_path, **environ):
    """Run a program of its own, in which no threads are NumPy's; return what it prints."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("FASTNN_", "OMP_"))}
    inherited["OPENBLAS_NUM_THREADS"] = "1"
    got = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore:This process:DeprecationWarning", "-c", code],
        cwd=tmp_path, env=inherited | environ, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert got.returncode == 0, got.stderr
    return got.stdout


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"FASTNN_NUM_THREADS": "3"}, "3 FASTNN_NUM_THREADS"),
        ({"OMP_NUM_THREADS": "2"}, "2 OMP_NUM_THREADS"),
        ({"OMP_NUM_THREADS": "2", "FASTNN_NUM_THREADS": "5"}, "5 FASTNN_NUM_THREADS"),
    ],
)
def test_environment(tmp_path, environ, expected):
    assert (
        run("from fastnn.kernels.core.runtime import *; print(*num_threads())", tmp_path, **environ).strip()
        == expected
    )


@pytest.mark.parametrize("name", [*runtime.isa_names(), "ref"])
def test_instruction_set(tmp_path, name):
    code = (
        NETWORK + "from fastnn.kernels.core import runtime; model.fit(x, y, verbose=0); print(*runtime.isa())"
    )
    assert run(code, tmp_path, FASTNN_ISA=name).strip() == f"{name} FASTNN_ISA"


def test_an_instruction_set_that_is_not_here(tmp_path):
    code = "try:\n    import fastnn\nexcept ValueError as error:\n    print(error)"
    choice = ", ".join([*runtime.isa_names(), "ref"])
    assert (
        run(code, tmp_path, FASTNN_ISA="sse9").strip()
        == f"FASTNN_ISA: instruction set 'sse9' cannot run here; choose one of {choice}"
    )


@pytest.fixture(params=ENGINES)
def engine(request):
    """Run the test with the pool and, where the build has it, with OpenMP."""
    before = runtime.threading_choice()
    runtime.set_threading(request.param)
    yield request.param
    runtime.set_threading(*before)


@pytest.mark.parametrize("name", ENGINES)
def test_the_environment_chooses_whose_threads(tmp_path, name):
    code = NETWORK + "model.fit(x, y, verbose=0); print(*fastnn.kernels.core.runtime.threading_choice())"
    assert run(code, tmp_path, FASTNN_THREADING=name).strip() == f"{name} FASTNN_THREADING"


def test_threads_that_are_not_here(tmp_path):
    code = "try:\n    import fastnn\nexcept ValueError as error:\n    print(error)"
    assert run(code, tmp_path, FASTNN_THREADING="tbb").startswith(
        "FASTNN_THREADING: threading 'tbb' is not in this build; choose one of pool"
    )


def trained(n):
    fastnn.utils.set_random_seed(0)
    model = fastnn.Sequential(
        [
            fastnn.Input((28, 28, 1)),
            fastnn.layers.Conv2D(16, 3, activation="relu"),
            fastnn.layers.MaxPooling2D(),
            fastnn.layers.BatchNormalization(),
            fastnn.layers.Flatten(),
            fastnn.layers.Dense(100, "relu"),
            fastnn.layers.Dense(3),
        ]
    )
    model.compile("adam", "mse")
    x = np.random.default_rng(0).standard_normal((100, 28, 28, 1)).astype("float32")
    with fastnn.threads(n):
        model.fit(x, x[:, 0, :3, 0], epochs=2, verbose=0)
        return [*model.get_weights(), model.predict(x)]


@pytest.mark.parametrize("n", [2, 3, 7])
def test_results_have_the_same_bits_whoever_computes_them(engine, n):
    for one, several in zip(trained(1), trained(n), strict=True):
        np.testing.assert_array_equal(several, one)


def test_threads_of_python_share_the_pool(engine):
    """Also more of them than there can be regions with workers at once."""
    model = fastnn.Sequential(
        [fastnn.Input((300,)), *(fastnn.layers.Dense(n, "relu") for n in (300, 300, 3))]
    )
    x = np.random.default_rng(0).standard_normal((200, 300)).astype("float32")
    with fastnn.threads(4):
        expected, different = model(x), []

        def use():
            different.extend(1 for _ in range(30) if not np.array_equal(model(x), expected))

        users = [threading.Thread(target=use) for _ in range(12)]
        for user in users:
            user.start()
        for user in users:
            user.join(60)
    assert not different
    assert not any(user.is_alive() for user in users)


@pytest.mark.parametrize("n", [0, -1, 1.5, "2", True, None, 2**16, 2**62])
def test_bad_numbers_are_named(n):
    with pytest.raises(ValueError, match=f"n: .*{n!r}"):
        fastnn.set_num_threads(n)
    with pytest.raises(ValueError, match=f"n: .*{n!r}"), fastnn.threads(n):
        pass


def test_a_with_block_gives_the_number_back():
    before = runtime.num_threads()
    with pytest.raises(KeyError), fastnn.threads(3):
        with fastnn.threads(2):
            pass
        assert runtime.chosen_threads()[0] == 3
        raise KeyError
    assert runtime.num_threads() == before


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork() here")
def test_children_of_a_process_that_has_used_threads(tmp_path, name):
    """Theirs are gone: a child has to make others or do without, not to wait for them."""
    code = (
        NETWORK
        + """
from fastnn.kernels.core import runtime

fastnn.set_num_threads(2)
model.fit(x, y, verbose=0)
expected = model.predict(x)
has = 2 if runtime.threading_choice()[0] == "pool" else 1
for _ in range(20):
    pid = os.fork()
    if not pid:
        signal.alarm(60)
        good = np.array_equal(model.predict(x), expected)
        model.fit(x, y, verbose=0)
        good = good and fastnn.num_threads() == has and not np.array_equal(model.predict(x), expected)
        os._exit(0 if good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert np.array_equal(model.predict(x), expected)
"""
    )
    run(code, tmp_path, FASTNN_THREADING=name)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads are counted in /proc")
def test_a_child_has_threads_of_its_own_and_so_have_its_children(tmp_path):
    code = (
        NETWORK
        + """
def threads():
    return len(os.listdir("/proc/self/task"))

alone = threads()     # an emulator has one of its own

def use(depth):
    assert threads() == alone
    fastnn.set_num_threads(3)
    assert fastnn.num_threads() == 3
    assert np.array_equal(model.predict(x), expected)
    assert threads() == alone + 2
    if depth:
        pid = os.fork()
        if not pid:
            signal.alarm(60)
            try:
                use(depth - 1)
                os._exit(0)
            except BaseException as error:
                print(repr(error), file=sys.stderr, flush=True)
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0

fastnn.set_num_threads(1)
expected = model.predict(x)
use(3)
"""
    )
    run(code, tmp_path, FASTNN_THREADING="pool")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork() here")
def test_children_of_a_process_in_which_other_threads_compute(tmp_path):
    code = (
        NETWORK
        + """
import threading

fastnn.set_num_threads(3)
expected = model.predict(x)
stopping = False

def compute():
    while not stopping:
        assert np.array_equal(model.predict(x), expected)

users = [threading.Thread(target=compute) for _ in range(3)]
for user in users:
    user.start()
for _ in range(30):
    pid = os.fork()
    if not pid:
        signal.alarm(60)
        good = fastnn.num_threads() == 3 and np.array_equal(model(x), expected)
        os._exit(0 if good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
stopping = True
for user in users:
    user.join()
"""
    )
    run(code, tmp_path, FASTNN_THREADING="pool")


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork() here")
def test_children_learn_what_their_parent_would(tmp_path, name):
    code = (
        NETWORK
        + """
import multiprocessing

def learn(i):
    signal.alarm(60)
    model.fit(x, y, shuffle=False, verbose=0)
    return model.get_weights()

fastnn.set_num_threads(2)
model.predict(x)
with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
    results = pool.map(learn, range(2), chunksize=1)
results.append(learn(0))
for weights in results:
    for a, b in zip(weights, results[0]):
        assert np.array_equal(a, b)
"""
    )
    run(code, tmp_path, FASTNN_THREADING=name)


@pytest.mark.parametrize("how", ["pass", "os._exit(0)"])
def test_the_interpreter_ends_while_a_daemon_computes(tmp_path, how):
    code = (
        NETWORK
        + """
import threading, time

def compute():
    while True:
        model.predict(x)

fastnn.set_num_threads(3)
expected = model.predict(x)
for _ in range(3):
    threading.Thread(target=compute, daemon=True).start()
time.sleep(0.05)
"""
        + how
    )
    for _ in range(5):
        run(code, tmp_path, FASTNN_THREADING="pool")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads are counted in /proc")
def test_workers_end_before_the_interpreter_and_models_still_compute(tmp_path):
    code = """
import atexit, os

alone = len(os.listdir("/proc/self/task"))     # an emulator has a thread of its own

def last():     # behind those that fastnn registers
    assert len(os.listdir("/proc/self/task")) == alone
    assert np.array_equal(model.predict(x), expected)
    print("computed")

atexit.register(last)
"""
    code += (
        NETWORK
        + """
fastnn.set_num_threads(3)
expected = model.predict(x)
assert len(os.listdir("/proc/self/task")) == alone + 2
"""
    )
    assert run(code, tmp_path, FASTNN_THREADING="pool") == "computed\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals to one process of many threads")
def test_workers_take_no_signals(tmp_path):
    """They are for the thread of Python's main program, whose waiting they end."""
    code = (
        NETWORK
        + """
import time

fastnn.set_num_threads(3)
model.predict(x, verbose=0)

def blocked_by(task):
    with open(f"/proc/self/task/{task}/status") as lines:
        return next(int(line.split()[1], 16) for line in lines if line.startswith("SigBlk"))

main = str(os.getpid())
for task in os.listdir("/proc/self/task"):
    while blocked_by(task) >> signal.SIGSEGV - 1 & 1:     # all are, while the system starts a thread
        time.sleep(0.01)
    assert (blocked_by(task) >> signal.SIGINT - 1 & 1) == (task != main)
"""
    )
    run(code, tmp_path, FASTNN_THREADING="pool")


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.skipif(not runtime.openmp, reason="threadpoolctl sees OpenMP alone")
def test_threadpoolctl_limits_the_threads(tmp_path, name):
    pytest.importorskip("threadpoolctl")
    code = (
        NETWORK
        + """
from threadpoolctl import threadpool_limits

expected = model.predict(x)
assert fastnn.num_threads() == 4
with threadpool_limits(1):
    assert fastnn.num_threads() == 1
    assert np.array_equal(model.predict(x), expected)
assert fastnn.num_threads() == 4
"""
    )
    run(code, tmp_path, FASTNN_THREADING=name, OMP_NUM_THREADS="4")


def test_workers_of_joblib_have_the_threads_that_it_leaves_them(tmp_path):
    pytest.importorskip("joblib")
    code = """
from joblib import Parallel, delayed, parallel_config
import fastnn

with parallel_config(backend="loky", inner_max_num_threads=1):
    print(Parallel(n_jobs=2)(delayed(fastnn.num_threads)() for _ in range(4)))
"""
    assert run(code, tmp_path) == "[1, 1, 1, 1]\n"


def subnormals_work():
    return np.finfo(np.float32).smallest_subnormal > 0 and 5e-324 / 1 != 0 and np.float32(1e-40) * 1 != 0


def test_subnormal_numbers_of_other_programs_stay():
    """After import, training and prediction, in this thread and in new ones."""
    model = fastnn.Sequential(
        [fastnn.Input((100,)), fastnn.layers.Dense(500, "relu"), fastnn.layers.Dense(1)]
    )
    model.compile("adam", "mse")
    x = np.random.default_rng(0).standard_normal((1000, 100)).astype("float32")
    seen = []

    def look():
        with fastnn.threads(2):
            model.predict(x)
        seen.append(subnormals_work())

    with fastnn.threads(2):
        model.fit(x, x[:, :1], verbose=0)
    look()
    for _ in range(3):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join(60)
    assert seen == [True] * 4


def test_subnormal_numbers_of_ours_are_the_same_on_any_number_of_threads(n_threads, isa):
    x = np.full((2000, 64), 1e-40, "float32")
    uses = [
        fastnn.activations.relu,
        fastnn.activations.leaky_relu,
        lambda x: fastnn.losses.MeanAbsoluteError(None)(x * 0, x),
        fastnn.layers.LeakyReLU(),
    ]
    for use in uses:
        with fastnn.threads(1):
            expected = use(x)
        np.testing.assert_array_equal(use(x), expected)


def test_an_import_changes_nothing_outside(tmp_path):
    code = """
import signal, sys, threading, warnings
import numpy as np
def state():
    random = np.random.get_state()[1].tolist()
    return signal.getsignal(signal.SIGINT), list(warnings.filters), np.geterr(), random
before = state()
import fastnn
assert before == state()
assert threading.active_count() == 1
assert 5e-324 / 1 != 0
"""
    run(code, tmp_path)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of other systems count otherwise")
def test_where_no_thread_can_be_made_there_are_fewer_and_one_warning(tmp_path, name):
    """OpenMP would end the process."""
    code = (
        NETWORK
        + """
import resource, warnings

fastnn.set_num_threads(1)
model.fit(x, y, verbose=0)  # all modules are imported while the files may be read
expected = model.predict(x)
model.evaluate(x, y, verbose=0)
fastnn.set_num_threads(4)
resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
if not os.getuid():         # to whom the limit does not apply
    os.setuid(65534)
with warnings.catch_warnings(record=True) as shown:
    warnings.simplefilter("always")
    assert np.array_equal(model.predict(x), expected)
    model.fit(x, y, verbose=0)
    fastnn.activations.relu(x)
assert fastnn.num_threads() == 1
assert [w.category for w in shown] == [fastnn.FastnnWarning], [str(w.message) for w in shown]
assert "does not let this process make 4 threads" in str(shown[0].message)
"""
    )
    run(code, tmp_path, FASTNN_THREADING=name)


@pytest.mark.skipif(not runtime.openmp, reason="built without OpenMP")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork() here")
def test_the_first_forked_child_says_that_openmp_leaves_it_one_thread(tmp_path):
    code = (
        NETWORK
        + """
import warnings

def child(expected, further=False):
    pid = os.fork()
    if not pid:
        with warnings.catch_warnings(record=True) as shown:
            warnings.simplefilter("always")
            fastnn.set_num_threads(1)
            fastnn.set_num_threads(2)
            with fastnn.threads(1):
                pass
            if further:
                child(0)
        good = [w.category for w in shown] == [fastnn.FastnnWarning] * expected
        os._exit(0 if good and all("forked" in str(w.message) for w in shown) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0

child(1, further=True)
child(0)
"""
    )
    run(code, tmp_path, FASTNN_THREADING="openmp")
