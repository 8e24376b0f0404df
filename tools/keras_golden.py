"""Run the cases of tests/golden/cases.py in Keras 3 and store its numbers in tests/golden/keras.npz.

In an environment that has Keras and a backend, and needs nothing of this project:

    pip install keras jax
    KERAS_BACKEND=jax python tools/keras_golden.py

The second argument, a path, writes elsewhere: to compare two versions or backends of Keras.
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "golden"
sys.path.insert(0, str(FOLDER.parent))

from golden import cases  # noqa: E402 - found only now


def run(name, case, arrays):
    """The arrays and the numbers of one case."""
    this = cases.Run(keras, case, arrays)
    model = this.model()
    start = cases.flat(model)
    found = {"start": start, "output": model.predict(this.x, verbose=0)}
    numbers = {"evaluate": this.evaluate(model)}
    for i in range(cases.STEPS):
        this.step(model, i)
        if i in (0, cases.STEPS - 1):
            found[f"step_{i + 1}"] = cases.flat(model)
    numbers["trained"] = this.evaluate(model)
    numbers["history"] = this.history(this.model(start))
    return {f"{name}/{key}": array for key, array in found.items()}, numbers


def main(path):
    arrays = cases.data()
    stored, numbers = {f"data/{key}": array for key, array in arrays.items()}, {}
    keras.utils.set_random_seed(1)
    for name, case in cases.CASES.items():
        found, numbers[name] = run(name, case, arrays)
        stored |= found
        print(name, numbers[name]["trained"], flush=True)
    np.savez_compressed(
        path,
        keras=np.array(f"{keras.__version__} on {keras.backend.backend()}"),
        table=np.array(cases.fingerprint()),
        numbers=np.array(json.dumps(numbers)),
        **stored,
    )
    print(f"{path}: {len(cases.CASES)} cases, {Path(path).stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else FOLDER / "keras.npz")
