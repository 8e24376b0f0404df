"""Threads: the pool against OpenMP and against one thread, on a quiet machine and a busy one.

    python bench/bench_threads.py                   # with what else runs here now
    python bench/bench_threads.py --busy            # and as many endless loops as there are processors

Every figure is a ratio of speeds of two sides that take turns: above 1 is faster than one thread. The last
column is what the machine gives to that many threads: multiply-adds on registers in the same rounds.
Unless programs are started on purpose, a turn is repeated where each thread gets less than 0.8 of its speed
alone; a row most of whose turns found no other moment is marked.
"""

import argparse
import multiprocessing
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import numpy as np

import fastnn
from fastnn import layers
from fastnn.bench.cores import Cores
from fastnn.bench.measure import alternate, ratio
from fastnn.bench.peak import Peak
from fastnn.cli import exit_status, positive_number_type, whole_number_type
from fastnn.kernels.core import runtime
from fastnn.kernels.core.cpu_count import MAX_THREADS

SAMPLE_SHAPES = {"dense": (784,), "wide": (1024,), "cnn": (28, 28, 1), "lstm": (100, 8)}
CALLS = 32  # of predictions in two threads at once
BATCH_SIZES = {"dense": 128, "wide": 64, "cnn": 128, "lstm": 32}


def network(name):
    stack = {
        "dense": lambda: [layers.Dense(128, "relu"), layers.Dense(64, "relu")],
        "wide": lambda: [layers.Dense(2048, "relu"), layers.Dense(2048, "relu")],
        "cnn": lambda: [layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten()],
        "lstm": lambda: [layers.LSTM(50)],
    }[name]()
    model = fastnn.Sequential([fastnn.Input(SAMPLE_SHAPES[name]), *stack, layers.Dense(10)])
    model.compile("adam", fastnn.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def data(name):
    random = np.random.default_rng(0)
    x = random.standard_normal((BATCH_SIZES[name], *SAMPLE_SHAPES[name]), "float32")
    return x, random.integers(0, 10, len(x))


def side(use, engine, threads):
    """Return a function that calls `use` on this many threads of an engine."""

    def run():
        runtime.set_threading(engine)
        runtime.set_num_threads(threads)
        use()

    return run


def sides(use, threads):
    """One thread, and several of each engine."""
    several = {name: side(use, name, threads) for name in runtime.threading_names()}
    return {"one": side(use, "pool", 1)} | several


def predict_twice(model, x):
    """Return a function that predicts in two threads of Python, half of the calls in each."""
    executor = ThreadPoolExecutor(2)

    def half():
        for _ in range(CALLS // 2):
            model(x)

    def run():
        for future in [executor.submit(half) for _ in range(2)]:
            future.result()

    return run


def predict_in_turn(model, x):
    def run():
        for _ in range(CALLS):
            model(x)

    return run


@contextmanager
def burners(count):
    """Keep so many processors busy."""
    started = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for burner in started:
            burner.kill()
            burner.wait()


def count_steps(name, seconds, environ, barrier, results):
    """Train in a process of its own for so long, and report the number of steps."""
    model, (x, y) = network(name), data(name)
    runtime.set_threading(environ[0])
    runtime.set_num_threads(environ[1])
    model.train_on_batch(x, y)
    barrier.wait()
    steps, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        model.train_on_batch(x, y)
        steps += 1
    results.put(steps)


def steps_of_processes(count, name, engine, threads, seconds):
    """Return the training steps a second of several processes together."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(count), context.Queue()
    arguments = (name, seconds, (engine, threads), barrier, results)
    started = [context.Process(target=count_steps, args=arguments) for _ in range(count)]
    for process in started:
        process.start()
    total = sum(results.get() for _ in started)
    for process in started:
        process.join()
    return total / seconds


def machine(times, peaks):
    """Return what the machine gave to several threads over what it gave to one, in each round."""
    one, several = (np.array(times.pop(name)) for name in ("peak of one", "peak of several"))
    return peaks[1].flops / peaks[0].flops * one / several


def measure(label, sides, options):
    """Print a row of sides that take turns, when each thread has a core if nothing is to keep it busy."""
    peaks, cores = (Peak(1), Peak(options.threads)), Cores(options.threads)
    sides = {**sides, "peak of one": peaks[0], "peak of several": peaks[1]}
    how = {} if options.busy else {"turn": cores.turn}
    times = alternate(sides, options.rounds, options.seconds, **how)
    given = np.median(machine(times, peaks))
    print_row(label, times, given=given, is_busy=2 * cores.shared > len(sides) * options.rounds)


def print_row(label, times, base="one", factor=1.0, given=None, is_busy=False):
    cells = []
    for name, each in times.items():
        if name != base:
            r = ratio(times[base], each, factor)
            cells.append(f"{name} {r.median:5.2f} ({r.lowest:.2f}-{r.highest:.2f})")
    one = 1e3 * sorted(times[base])[len(times[base]) // 2]
    if given is not None:
        cells.append(f"machine {given:.2f}")
    if is_busy:
        cells.append("NO MEASUREMENT OF THREADS: the machine gave too little to several")
    print(f"{label:44} {one:8.3f} ms   " + "   ".join(cells), flush=True)


def compare(options):
    for name in options.models:
        model, (x, y) = network(name), data(name)
        measure(f"training, {name}", sides(partial(model.train_on_batch, x, y), options.threads), options)
        measure(f"prediction, {name}", sides(partial(model, x), options.threads), options)
        measure(f"prediction of one row, {name}", sides(partial(model, x[:1]), options.threads), options)
        both = sides(predict_twice(model, x), options.threads)
        both["one"] = side(predict_in_turn(model, x), "pool", 1)
        measure(f"two threads predict, {name}", both, options)


def compare_processes(options):
    for name in options.models:
        times = {"one": [], **{engine: [] for engine in runtime.threading_names()}}
        for _ in range((options.rounds + 1) // 2):
            for which, found in times.items():
                engine, threads = ("pool", 1) if which == "one" else (which, options.threads)
                found.append(1 / steps_of_processes(options.processes, name, engine, threads, 2.0))
        print_row(f"{options.processes} processes train, {name}", times)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=whole_number_type(1, MAX_THREADS), default=fastnn.num_threads())
    parser.add_argument("--busy", action="store_true", help="keep all processors busy by other programs")
    parser.add_argument("--processes", type=whole_number_type(1), help="train in so many processes instead")
    parser.add_argument("--rounds", type=whole_number_type(1), default=7)
    parser.add_argument("--seconds", type=positive_number_type(3600), default=0.2, help="of a turn")
    parser.add_argument("--models", nargs="+", default=list(SAMPLE_SHAPES), choices=SAMPLE_SHAPES)
    options = parser.parse_args()
    print(
        f"one thread = 1; others on {options.threads} threads; {os.getloadavg()[0]:.1f} programs are running"
    )
    with burners(os.cpu_count() if options.busy else 0):
        (compare_processes if options.processes else compare)(options)


if __name__ == "__main__":
    sys.exit(exit_status("bench_threads.py", main))
