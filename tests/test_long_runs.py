"""The same for months: memory, forks, kills and threads, over and over; see "Long runs" in CONTRIBUTING.md.

Each test runs a few rounds every time, and as many as the promise says under the mark `long`.
"""

import os
import subprocess
import sys

import pytest

POSIX = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork() here")
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read in /proc")

COMMON = """
import ctypes, gc, os, random, signal, sys, threading, time
import numpy as np
import fastnn
from fastnn.layers import LSTM, BatchNormalization, Conv2D, Dense, Dropout, Flatten

rounds = int(sys.argv[1])
x = np.random.default_rng(0).standard_normal((64, 10)).astype("float32")
y = x[:, :2].copy()
random.seed(0)


def make(optimizer="adam"):
    fastnn.utils.set_random_seed(0)
    model = fastnn.Sequential([fastnn.Input((10,)), Dense(32, "relu"), Dropout(0.2), Dense(2)])
    model.compile(optimizer, "mse")
    return model


def check_child(work):
    # A child of this process does the work and ends.
    pid = os.fork()
    if not pid:
        try:
            signal.alarm(60)
            work()
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status == 0, status


def killed_child(work, seconds):
    # A child of this process that is killed in the middle of its work; whether it was.
    pid = os.fork()
    if not pid:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    end, ended = time.monotonic() + seconds, 0
    while not ended and time.monotonic() < end:
        time.sleep(0.001)
        ended, status = os.waitpid(pid, os.WNOHANG)
    if not ended:
        os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
    status = os.waitstatus_to_exitcode(status)
    assert status in (0, -signal.SIGKILL), status
    return status != 0


def same(one, other):
    return all(map(np.array_equal, one, other))
"""


def run(code, rounds, tmp_path):
    """Run a program of its own for so many rounds, and return the last line that it prints."""
    got = subprocess.run(
        [sys.executable, "-W", "ignore:This process:DeprecationWarning", "-c", COMMON + code, str(rounds)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert got.returncode == 0, got.stdout[-500:] + got.stderr[-3000:]
    return got.stdout.strip().rsplit("\n", 1)[-1]


def few_and(many, few):
    """A test of a few rounds, and of as many as the promise says under the mark `long`."""
    return pytest.mark.parametrize("rounds", [few, pytest.param(many, marks=pytest.mark.long)])


# ---- memory ---------------------------------------------------------------------------------------------

FLAT = """
def resident():
    gc.collect()
    if hasattr(ctypes.CDLL(None), "malloc_trim"):
        ctypes.CDLL(None).malloc_trim(0)    # what glibc keeps for later is not held
    with open("/proc/self/statm") as numbers:
        return int(numbers.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

fastnn.set_num_threads(2)
work(rounds)    # what is allocated once, and what the allocator keeps
before = resident()
work(rounds)
grown = resident() - before
print(grown)
assert grown < 1 << 20, grown
"""

MEMORY = {
    "predictions": (
        1_000_000,
        2000,
        """
model = make()

def work(count):
    for i in range(count):
        model(x) if i % 10 else model.predict(x)
""",
    ),
    "models": (
        10_000,
        60,
        """
def work(count):
    for _ in range(count):
        model = make()
        model.fit(x, y, verbose=0)
        model.predict(x)
        del model
""",
    ),
    "shapes": (
        10_000,
        60,
        """
model = fastnn.Sequential([fastnn.Input((None, 3)), LSTM(4), Dense(2)])
model.compile("adam", "mse")

def work(count):
    # Shapes of the same sizes whatever their number, and at the end the same ones.
    for i in [*np.linspace(10_000, 20, count, dtype=int), *range(20, 0, -1)]:
        batch = np.zeros((1 + i // 100, 1 + i % 100, 3), "float32")
        model.predict(batch)
        model.train_on_batch(batch, batch[:, 0, :2])
""",
    ),
    "exceptions": (
        1_000,
        50,
        """
model = make()
wrong = (x[:, :3], y), (x.astype(complex), y), (None, y), (x, y[:5]), (x, "labels")

def work(count):
    for _ in range(count):
        for use in (model.fit, model.train_on_batch, model.evaluate):
            for arguments in wrong:
                try:
                    use(*arguments)
                except (ValueError, TypeError):
                    continue
                raise AssertionError
""",
    ),
}


@LINUX
@pytest.mark.parametrize(
    ("kind", "rounds"),
    [
        value
        for kind, (many, few, _) in MEMORY.items()
        for value in ((kind, few), pytest.param(kind, many, marks=pytest.mark.long))
    ],
)
def test_memory_stays_flat(kind, rounds, tmp_path):
    """Within a megabyte."""
    run(MEMORY[kind][2] + FLAT, rounds, tmp_path)


# ---- processes ------------------------------------------------------------------------------------------


@POSIX
@few_and(100, 8)
def test_every_fork_computes(rounds, tmp_path):
    """Whatever other threads are doing: they predict, train, compile, save and read."""
    code = """
fastnn.set_num_threads(2)
model = make()
expected, stopping, errors = model.predict(x), threading.Event(), []

def predict():
    model.predict(x)

def train():
    other = make()
    other.fit(x, y, verbose=0)
    other.compile("sgd", "mse")
    other.fit(x, y, verbose=0)

def save(name=iter(range(10**9))):
    model.save(path := f"model{os.getpid()}-{next(name)}")
    fastnn.models.load_model(path)
    os.remove(path)

def again(work):
    try:
        while not stopping.is_set():
            work()
    except BaseException as error:
        errors.append(error)

threads = [threading.Thread(target=again, args=[work]) for work in (predict, train, save)]
for thread in threads:
    thread.start()

def child():
    assert np.array_equal(model.predict(x), expected)
    assert fastnn.num_threads() == 2
    save()
    train()

try:
    for _ in range(rounds):
        time.sleep(random.random() / 200)
        check_child(child)
finally:
    stopping.set()
    for thread in threads:
        thread.join()
assert not errors, errors
"""
    run(code, rounds, tmp_path)


SERVER = """
# A server that loads the model before it forks its workers, each of which has threads.
from concurrent.futures import ThreadPoolExecutor

model = make()
expected = [model.predict(x[i:]) for i in range(8)]

def serve():
    with ThreadPoolExecutor(4) as threads:
        for i, found in enumerate(threads.map(lambda i: model.predict(x[i % 8 :]), range(50))):
            assert np.array_equal(found, expected[i % 8])

for _ in range(rounds):
    check_child(serve)
"""


@POSIX
@few_and(100, 4)
def test_workers_of_a_server_that_loads_before_it_forks(rounds, tmp_path):
    run(SERVER, rounds, tmp_path)


# ---- files ----------------------------------------------------------------------------------------------

KILLED_SAVES = {
    "save": """
def work():
    while True:
        for model in models:
            model.save("file")

def read():
    return fastnn.models.load_model("file").get_weights()
""",
    "save_weights": """
def work():
    while True:
        for model in models:
            model.save_weights("file")

def read():
    found = make()
    found.load_weights("file")
    return found.get_weights()
""",
    "checkpoint": """
def work():
    class Alternate(fastnn.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            model.set_weights(models[batch % 2].get_weights())

    model = make(fastnn.optimizers.SGD(0.0))
    checkpoint = fastnn.callbacks.ModelCheckpoint("file", save_freq=1)
    model.fit(x, y, batch_size=1, epochs=10**6, callbacks=[Alternate(), checkpoint], verbose=0)

def read():
    return fastnn.models.load_model("file").get_weights()
""",
}


@POSIX
@pytest.mark.parametrize("kind", KILLED_SAVES)
@few_and(1000, 12)
def test_no_kill_loses_a_file(kind, rounds, tmp_path):
    """What stands under the name is whole: the last version or the one before it."""
    code = """
models = [make(), make()]
models[1].set_weights([w + 1 for w in models[1].get_weights()])
versions = [model.get_weights() for model in models]
models[0].save_weights("file") if "load_weights" in read.__code__.co_names else models[0].save("file")
killed = 0
while killed < rounds:
    killed += killed_child(work, random.random() / 50)
    found = read()
    assert any(same(found, version) for version in versions)
for name in os.listdir():
    os.utime(name, (0, 0))
models[0].save("file")      # which removes what dead processes have left
assert os.listdir() == ["file"], os.listdir()
"""
    run(KILLED_SAVES[kind] + code, rounds, tmp_path)


@POSIX
@pytest.mark.parametrize("kind", ["dense", "conv", "lstm"])
@few_and(17, 2)
def test_every_killed_training_goes_on_exactly(kind, rounds, tmp_path):
    """From the backup, to the same bits as if nothing had happened."""
    code = (
        f"""
kind = {kind!r}
"""
        + """
inner = {
    "dense": lambda: [Dense(8, "relu"), BatchNormalization(), Dropout(0.3)],
    "conv": lambda: [fastnn.layers.Reshape((5, 2, 1)), Conv2D(4, (3, 2)), Flatten(), Dropout(0.3)],
    "lstm": lambda: [fastnn.layers.Reshape((5, 2)), LSTM(4, dropout=0.2)],
}
optimizers = {
    "dense": lambda: fastnn.optimizers.Adam(0.01, use_ema=True),
    "conv": lambda: fastnn.optimizers.SGD(0.05, momentum=0.9),
    "lstm": lambda: fastnn.optimizers.RMSprop(0.01, gradient_accumulation_steps=2),
}

def fit(*callbacks):
    fastnn.utils.set_random_seed(0)
    model = fastnn.Sequential([fastnn.Input((10,)), *inner[kind](), Dense(2)])
    model.compile(optimizers[kind](), "mse")
    model.fit(x, y, batch_size=8, epochs=6, callbacks=list(callbacks), verbose=0)
    return model.get_weights()

def slowly(batch, logs):
    time.sleep(0.002)

def work():
    slow = fastnn.callbacks.LambdaCallback(on_train_batch_end=slowly)
    np.savez("result", *fit(fastnn.callbacks.BackupAndRestore("backup", save_freq=1), slow))

expected, resumed = fit(), 0
while resumed < rounds:
    for name in ("result.npz", "backup"):
        if os.path.isfile(name):
            os.remove(name)
    kills = 0
    while killed_child(work, 0.05 + random.random() / 5 if kills < 3 else 60):
        kills += 1
    resumed += kills
    with np.load("result.npz") as found:
        assert same(found.values(), expected)
print(resumed)
"""
    )
    assert int(run(code, rounds, tmp_path)) >= rounds


# ---- threads --------------------------------------------------------------------------------------------


@few_and(1000, 40)
def test_sixteen_threads_predict_what_one_does(rounds, tmp_path):
    code = """
models = [
    make(),
    fastnn.Sequential([fastnn.Input((5, 2)), LSTM(16), Dense(2)]),
    fastnn.Sequential([fastnn.Input((5, 2, 1)), Conv2D(8, 2), Flatten(), Dense(300, "relu"), Dense(2)]),
]
inputs = [x.reshape(-1, *model.input_shape[1:]) for model in models]
expected = [model.predict(given) for model, given in zip(models, inputs)]
different = []

def use(start):
    for i in range(start, start + rounds):
        found = models[i % 3].predict(inputs[i % 3])
        if not np.array_equal(found, expected[i % 3]):
            different.append(i)

fastnn.set_num_threads(2)
threads = [threading.Thread(target=use, args=[i]) for i in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not different, len(different)
"""
    run(code, rounds, tmp_path)
