"""Run the cases of tests/golden/cases.py in Keras 3 and store its numbers in tests/golden/keras.npz.

In an environment that has Keras and a backend, and needs nothing of this project:

    pip install keras jax
    KERAS_BACKEND=jax python tools/keras_golden.py

A path as the argument writes elsewhere: to compare two versions or backends of Keras. JAX it has to be for
the tests: behind a sigmoid, Keras on TensorFlow reads the logits of the sigmoid as those of a softmax where a
categorical loss asks for probabilities (the cases losses/*cce_other_activation).

Beside the numbers, signatures are stored: of classes, of losses and metrics as functions, of methods.
"""

import inspect
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


def parameters(function):
    """Names and defaults of positional parameters: None and plain values as they are, others as text."""
    found = []
    for p in inspect.signature(function).parameters.values():
        if p.kind is p.POSITIONAL_OR_KEYWORD and p.name != "self":
            plain = p.default is None or isinstance(p.default, (bool, int, float, str))
            found.append((p.name, p.default if plain else str(p.default)))
    return found


def signatures():
    """Of every public class, of losses and metrics that are functions, and of the methods of a model."""
    found = {}
    for module in cases.MODULES:
        for name, thing in vars(getattr(keras, module)).items():
            if inspect.isclass(thing):
                found[f"{module}.{name}"] = parameters(thing.__init__)
            elif inspect.isfunction(thing) and parameters(thing)[0][0] == "y_true":
                found[f"{module}.{name}"] = parameters(thing)
    for name in cases.METHODS:
        found[f"Sequential.{name}"] = parameters(getattr(keras.Sequential, name))
    return found | {"Input": parameters(keras.Input)}


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
        signatures=np.array(json.dumps(signatures())),
        **stored,
    )
    print(f"{path}: {len(cases.CASES)} cases, {Path(path).stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else FOLDER / "keras.npz")
