"""Run the cases of tests/golden in Keras 3 and store its numbers in tests/golden/keras.npz.

In an environment that has Keras and a backend, and needs nothing of this project:

    pip install keras jax
    KERAS_BACKEND=jax python tools/keras_golden.py

Cases that the file holds already are not run again: delete it to make all numbers anew. A path as the
argument writes elsewhere: to compare two versions or backends of Keras. JAX it has to be for
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

from golden import cases, fits, runs  # noqa: E402 - found only now


def run(name, case, arrays):
    """The arrays and the numbers of one case."""
    this = runs.Run(keras, case, arrays)
    model = this.model()
    start = runs.flat(model)
    found = {"start": start, "output": this.predict(model)}
    numbers = {} if this.brief else {"evaluate": this.evaluate(model)}
    for i in range(this.steps):
        this.step(model, i)
        if i in (0, this.steps - 1):
            found[f"step_{i + 1}"] = runs.flat(model)
    numbers["trained"] = this.evaluate(model)
    if not this.brief:
        again = this.model(start)
        numbers["history"] = this.history(again)
        if case.get("fitted"):
            found["fitted"] = runs.flat(again)
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


def known(path, version, arrays):
    """What the file holds of cases that are what they were, on the same data in the same Keras."""
    if not Path(path).exists():
        return {}, {}
    stored = runs.unpacked(path)
    *same, table = json.loads(str(stored["table"]))
    data = (np.array_equal(stored[f"data/{key}"], a) for key, a in arrays.items() if f"data/{key}" in stored)
    if str(stored["keras"]) != version or same != json.loads(runs.fingerprint())[:-1] or not all(data):
        return {}, {}
    kept = {name for name, case in json.loads(runs.fingerprint())[-1].items() if table.get(name) == case}
    found = {key: array for key, array in stored.items() if key.rpartition("/")[0] in kept}
    return found, {name: n for name, n in json.loads(str(stored["numbers"])).items() if name in kept}


def main(path):
    arrays, version = runs.data(), f"{keras.__version__} on {keras.backend.backend()}"
    stored, old = known(path, version, arrays)
    numbers = {}
    for name, case in runs.CASES.items():
        if name in old:
            numbers[name] = old[name]
            continue
        keras.utils.set_random_seed(1)
        found, numbers[name] = run(name, case, arrays)
        stored |= found
        print(name, numbers[name]["trained"], flush=True)
    np.savez_compressed(
        path,
        keras=np.array(version),
        table=np.array(runs.fingerprint()),
        programs=np.array(fits.source()),
        answers=np.array(json.dumps({name: fits.answer(keras, name) for name in fits.ALL})),
        numbers=np.array(json.dumps(numbers)),
        signatures=np.array(json.dumps(signatures())),
        **{f"data/{key}": array for key, array in arrays.items()},
        **runs.packed(stored),
    )
    new = len(runs.CASES) - len(old)
    print(f"{path}: {len(runs.CASES)} cases, {new} of them new, {Path(path).stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else FOLDER / "keras.npz")
