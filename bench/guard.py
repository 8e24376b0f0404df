"""A guard against losses of speed: `python bench/guard.py`, which .ci/run runs.

It measures how many times as fast as NumPy fastnn is, on one thread, and compares that with what was recorded
in bench/guard.json for this instruction set: a ratio that is 15 % below warns, one that is 40 % below fails.
So a change of a kernel that halves its speed does not go unseen; it is no benchmark.

    python bench/guard.py                           # compare
    python bench/guard.py --record                  # measure several times and record the lowest ratios
    FASTNN_ISA=avx2 python bench/guard.py --record  # for another instruction set

A ratio is the least processor time of one side over that of the other, in turns of some milliseconds, so that
programs beside it hardly count. What seems slow is measured again up to five times, and the best counts. A
record tells the processor and NumPy's BLAS: on another processor, or where a row's rival is another BLAS,
losses only warn, since the rival may be what has changed.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from fastnn.cli import exit_status

ROWS_FILE = Path(__file__).with_suffix(".json")
WARN, FAIL = 0.15, 0.40
ROUNDS, SECONDS = 9, 0.01
REPEATS = 5  # of what seems slow, and of a record
PAUSE = 0.5  # seconds before a repeat: what disturbs may end

SINGLE = dict.fromkeys(
    ("FASTNN_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"
)


def sides_of_model(name, task):
    """Return the task of a model of `fastnn bench` in fastnn and in tuned NumPy, after comparing the two."""
    from fastnn.bench import report
    from fastnn.bench.models import MODELS

    model = MODELS[name]
    report.verify(model)
    ours, theirs = model.make(report.NO_LEARNING)
    x, y = model.data(model.batch)
    row = x[:1].copy()
    return {
        "training step": (lambda: ours.train_on_batch(x, y), lambda: theirs.train_step(x, y)),
        "one row": (lambda: ours(row), lambda: theirs.predict(row)),
        "batch": (lambda: ours.predict(x, verbose=0), lambda: theirs.predict(x)),
    }[task]


def sides_of_layer(name, options, numpy, shape):
    """Return a layer and a function of NumPy on the same array, after comparing the two."""
    import numpy as np

    import fastnn

    x = np.random.default_rng(0).standard_normal(shape, "float32")
    model = fastnn.Sequential([fastnn.Input(shape[1:]), getattr(fastnn.layers, name)(**options)])
    np.testing.assert_allclose(model(x), numpy(np, x), rtol=1e-4, atol=1e-5)
    return lambda: model(x), lambda: numpy(np, x)


def tanh(np, x):
    return np.tanh(x)


def softmax(np, x):
    y = np.exp(x - x.max(-1, keepdims=True))
    y /= y.sum(-1, keepdims=True)
    return y


def layer_norm(np, x):
    y = x - x.mean(-1, keepdims=True)
    y /= np.sqrt(np.square(y).mean(-1, keepdims=True) + np.float32(1e-3))
    return y


def pooled(np, x):
    across = np.maximum(x[:, :, ::2], x[:, :, 1::2])
    return np.maximum(across[:, ::2], across[:, 1::2])


def sides_of_adam():
    """Return an update of a million weights by Adam, without gradients to compute, in both."""
    import numpy as np

    import fastnn

    n = 1 << 20
    g = np.random.default_rng(0).standard_normal(n, "float32")
    variable = fastnn.Variable(np.zeros(n, "float32"))
    optimizer = fastnn.optimizers.Adam(1e-3)
    w, m, v = np.zeros((3, n), np.float32)

    def theirs():
        m[:] = m * np.float32(0.9) + g * np.float32(0.1)
        v[:] = v * np.float32(0.999) + g * g * np.float32(0.001)
        w[:] = w - np.float32(1e-3) * m / (np.sqrt(v) + np.float32(1e-7))

    return lambda: optimizer.apply([g], [variable]), theirs


# Name: (whether the rival spends its time in a BLAS, how to make both sides).
ROWS = {
    f"{model}, {task}": (True, lambda model=model, task=task: sides_of_model(model, task))
    for model, task in (
        ("mlp_mnist", "training step"),
        ("mlp_mnist", "batch"),
        ("mlp_wide", "one row"),
        ("ann_100", "training step"),
        ("tabular", "training step"),
        ("cnn_mnist", "training step"),
        ("cnn_mnist", "batch"),
        ("lstm_100", "training step"),
        ("gru_100", "batch"),
        ("rnn_100", "training step"),
    )
} | {
    "tabular, one row": (False, lambda: sides_of_model("tabular", "one row")),
    "softmax of 100": (False, lambda: sides_of_layer("Softmax", {}, softmax, (512, 100))),
    "layer normalization of 256": (
        False,
        lambda: sides_of_layer("LayerNormalization", {}, layer_norm, (512, 256)),
    ),
    "tanh": (False, lambda: sides_of_layer("Activation", {"activation": "tanh"}, tanh, (256, 256))),
    "pooling of 2 x 2": (False, lambda: sides_of_layer("MaxPooling2D", {}, pooled, (32, 32, 32, 16))),
    "update by Adam": (False, sides_of_adam),
}


def measured(sides):
    """Return how many times as fast as NumPy fastnn is: the ratio of the least times of both."""
    from fastnn.bench.measure import alternate, clock

    ours, theirs = sides
    times = alternate({"fastnn": ours, "numpy": theirs}, ROUNDS, SECONDS, clock(1), pause=0.0)
    return min(times["numpy"]) / min(times["fastnn"])


def processor():
    """Return what the system says of the processor's make."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    found = dict(line.split(":", 1) for line in lines if ":" in line)
    found = {key.strip(): value.strip() for key, value in found.items()}
    wanted = (("", "model name"), ("family ", "cpu family"), ("model ", "model"))
    return ", ".join(prefix + found[key] for prefix, key in wanted if key in found) or platform.machine()


def environment():
    """Return what ratios depend on beside fastnn."""
    import numpy as np

    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    parts = [np.__version__, *(str(blas[key]) for key in ("name", "version") if key in blas)]
    core = os.environ.get("OPENBLAS_CORETYPE")
    return {"processor": processor(), "numpy": " ".join(parts + ([f"for {core}"] if core else []))}


def judge(ratio, before, has_blas, here, there):
    """Return "ok", "warn" or "fail" for a ratio.

    Parameters
    ----------
    ratio, before : float
        Now, and as recorded.
    has_blas : bool
        Whether the rival spends its time in a BLAS.
    here, there : dict
        What `environment` returns, now and when the ratio was recorded.
    """
    if ratio >= (1 - WARN) * before:
        return "ok"
    comparable = here["processor"] == there["processor"] and (not has_blas or here["numpy"] == there["numpy"])
    return "fail" if comparable and ratio < (1 - FAIL) * before else "warn"


def compare(record, measure, names=tuple(ROWS), here=None, pause=PAUSE):
    """Measure rows, print a line for each, and return whether none fails.

    Parameters
    ----------
    record : dict
        Of this instruction set.
    measure : callable
        From the name of a row to a function that returns its ratio, as often as it is called.
    """
    here = environment() if here is None else here
    fine = True
    for name in names:
        if name not in record["ratios"]:
            print(f"{name:32} not recorded: python bench/guard.py --record")
            continue
        has_blas, before = ROWS[name][0], record["ratios"][name]
        again = measure(name)
        ratio, repeats = again(), 0
        while repeats < REPEATS and judge(ratio, before, has_blas, here, record) != "ok":
            time.sleep(pause)
            ratio, repeats = max(ratio, again()), repeats + 1
        verdict = judge(ratio, before, has_blas, here, record)
        loss = f"{100 * (1 - ratio / before):.0f} % slower than recorded"
        word = {"ok": "", "warn": f"WARNING: {loss}", "fail": f"FAILED: {loss}"}[verdict]
        print(f"{name:32} {ratio:6.2f} x NumPy, recorded {before:6.2f}  {word}".rstrip(), flush=True)
        fine = fine and verdict != "fail"
    return fine


def main():
    parser = argparse.ArgumentParser(description="Compare the speed of fastnn with what was recorded.")
    parser.add_argument("--record", action="store_true", help="record what is measured")
    options = parser.parse_args()
    if any(os.environ.get(name) != value for name, value in SINGLE.items()):
        command = [sys.executable, "-P", __file__, *sys.argv[1:]]
        return subprocess.call(command, env=os.environ | SINGLE)
    from fastnn.kernels.core import runtime

    isa, here = runtime.isa()[0], environment()
    records = json.loads(ROWS_FILE.read_text()) if ROWS_FILE.exists() else {}
    if options.record:
        ratios = {}
        for name, (_, make) in ROWS.items():
            sides = make()
            ratios[name] = round(min(measured(sides) for _ in range(REPEATS)), 3)
            print(f"{name:32} {ratios[name]:6.2f} x NumPy", flush=True)
        records[isa] = here | {"ratios": ratios}
        ROWS_FILE.write_text(json.dumps(records, indent=2) + "\n")
        return 0
    if isa not in records:
        print(f"no ratios are recorded for {isa}: python bench/guard.py --record")
        return 0
    record = records[isa]
    for what in here:
        if here[what] != record[what]:
            print(f"{what}: {here[what]}; recorded with {record[what]}")

    def measure(name):
        sides = ROWS[name][1]()
        return lambda: measured(sides)

    if compare(record, measure, here=here):
        return 0
    print("if the loss is meant, or NumPy has become faster: python bench/guard.py --record")
    return 1


if __name__ == "__main__":
    sys.exit(exit_status("guard.py", main))
