"""Threads: how many, after `fork()`, and that nobody else's arithmetic changes."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import fastnn
from fastnn.kernels.core import runtime

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
    """Run a program of its own; return what it prints."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("FASTNN_", "OMP_"))}
    got = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
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
@pytest.mark.skipif(not runtime.openmp, reason="built without OpenMP: one thread")
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
    assert run(code, tmp_path, FASTNN_ISA="sse9").startswith(
        "FASTNN_ISA: instruction set 'sse9' cannot run here"
    )


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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork() here")
def test_children_of_a_process_that_has_used_threads(tmp_path):
    """Theirs are gone: a child has to do without, not to wait for them."""
    code = (
        NETWORK
        + """
fastnn.set_num_threads(2)
model.fit(x, y, verbose=0)
expected = model.predict(x)
for _ in range(20):
    pid = os.fork()
    if not pid:
        signal.alarm(60)
        good = np.array_equal(model.predict(x), expected)
        model.fit(x, y, verbose=0)
        good = good and fastnn.num_threads() == 1 and not np.array_equal(model.predict(x), expected)
        os._exit(0 if good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert np.array_equal(model.predict(x), expected)
"""
    )
    run(code, tmp_path)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork() here")
def test_children_learn_what_their_parent_would(tmp_path):
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
    run(code, tmp_path)


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


@pytest.mark.skipif(not runtime.openmp, reason="built without OpenMP: one thread")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of other systems count otherwise")
def test_where_no_thread_can_be_made_there_are_fewer_and_one_warning(tmp_path):
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
    run(code, tmp_path)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork() here")
def test_a_forked_child_says_that_it_has_one_thread(tmp_path):
    code = (
        NETWORK
        + """
import warnings

pid = os.fork()
if not pid:
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        fastnn.set_num_threads(1)
        fastnn.set_num_threads(2)
        with fastnn.threads(1):
            pass
    good = [w.category for w in shown] == [fastnn.FastnnWarning] and "forked" in str(shown[0].message)
    os._exit(0 if good else 1)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
"""
    )
    run(code, tmp_path)
