"""The same models in Keras and here: outputs, losses, metrics, training steps and `History` agree.

Keras' numbers lie in tests/golden/keras.npz; tools/keras_golden.py makes them from the same table of cases.

Tolerances. Both sides compute in float32, in another order. An output is a sum of a few products near 1, so
it agrees to some units of the last place: 1e-5 leaves a factor of ten. A step moves weights by gradients
that agree as well, except that Adam and RMSprop divide a gradient by its own size: one that nearly cancels
keeps its absolute error, and the quotient has that relative error at the full length of a step. Hence 1e-4
of a weight or of the largest distance that one of the model's weights has moved. Steps are long (learning
rates near 0.05), so a wrong rule is off by thousands of times that.
"""

import inspect
import json
import re
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest
from golden import fits, runs

import fastnn

AGAIN = "run `KERAS_BACKEND=jax python tools/keras_golden.py` in an environment with Keras 3 to make it anew"


@pytest.fixture(scope="module")
def keras():
    """What Keras found: arrays by key, and the numbers of every case."""
    stored = runs.unpacked(Path(__file__).parent / "golden" / "keras.npz")
    assert str(stored["table"]) == runs.fingerprint(), (
        f"keras.npz is of another table than golden/runs.py: {AGAIN}"
    )
    return stored | {"numbers": json.loads(str(stored["numbers"]))}


def agree(found, expected, message, rtol, atol=0.0):
    np.testing.assert_allclose(
        found, expected, rtol, atol, err_msg=f"{message}\nIf Keras has changed: {AGAIN}"
    )


def agree_by_name(found, expected, message):
    assert set(found) == set(expected), (
        f"{message}: Keras has {sorted(expected)}. If Keras has changed: {AGAIN}"
    )
    for name, value in expected.items():
        agree(found[name], value, f"{message}: {name}", 1e-4, 1e-6)


@pytest.mark.parametrize("name", runs.CASES)
def test_agrees_with_keras(name, keras):
    arrays = {key.removeprefix("data/"): a for key, a in keras.items() if key.startswith("data/")}
    run, numbers = runs.Run(fastnn, runs.CASES[name], arrays), keras["numbers"][name]
    start = keras[f"{name}/start"]
    model = run.model(start)
    agree(run.predict(model), keras[f"{name}/output"], "outputs", 1e-5, 1e-6)
    if not run.brief:
        agree_by_name(run.evaluate(model), numbers["evaluate"], "evaluate before training")
    for i in range(run.steps):
        run.step(model, i)
        expected = keras.get(f"{name}/step_{i + 1}")
        if expected is not None:
            moved = np.abs(expected - start).max()
            agree(runs.flat(model), expected, f"weights after {i + 1} steps", 1e-4, 1e-4 * moved)
    agree_by_name(run.evaluate(model), numbers["trained"], "evaluate after training")
    if run.brief:
        return
    again = run.model(start)
    agree_by_name(run.history(again), numbers["history"], "history")
    expected = keras.get(f"{name}/fitted")
    if expected is not None:
        moved = np.abs(expected - start).max()
        agree(runs.flat(again), expected, "weights after fit", 1e-4, 1e-4 * moved)


def alike(found, expected):
    """Whether two structures hold the same names and, nearly, the same numbers."""
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(alike(found[k], v) for k, v in expected.items())
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(alike, found, expected))
    if isinstance(expected, float):
        return found == pytest.approx(expected, 1e-6, nan_ok=True)
    return found == expected


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", fits.ALL)
def test_answers_of_fit_and_callbacks(name, keras):
    """What is called when and with which keys, and what is decided."""
    assert str(keras["programs"]) == fits.source(), f"keras.npz is of another golden/fits.py: {AGAIN}"
    expected = json.loads(str(keras["answers"]))[name]
    found = json.loads(json.dumps(fits.answer(fastnn, name)))
    assert alike(found, expected), f"found {found}, in Keras {expected}. If Keras has changed: {AGAIN}"


def plain(default):
    """A default as text; an integer that holds for all dimensions stands for their tuple."""
    return re.sub(r"^\((\d+)(, \1)+\)$", r"\1", str(default).lower())


def unlike(ours, theirs):
    """What a Keras user would stumble over: a parameter at another place, or with another default."""
    ours = [p for p in ours.values() if p.kind is p.POSITIONAL_OR_KEYWORD and p.name != "self"]
    for ours_one, (name, default) in zip(ours, theirs, strict=False):
        if ours_one.name != name:
            return f"{ours_one.name} where Keras has {name}"
        own = ours_one.default
        same = own == default or (name == "name" and own is None) or plain(own) == plain(default)
        if own is not inspect.Parameter.empty and not same:
            return f"{name}={own!r} where Keras has {default!r}"
    return None


def test_signatures(keras):
    """What has Keras' name takes Keras' arguments, as far as it does, in that order with those defaults."""
    wrong, seen = {}, 0
    for path, theirs in json.loads(str(keras["signatures"])).items():
        try:
            thing = attrgetter(path)(fastnn)
        except AttributeError:
            continue
        seen += 1
        called = thing.__init__ if inspect.isclass(thing) else thing
        found = unlike(inspect.signature(called).parameters, theirs)
        if found:
            wrong[path] = found
    assert not wrong, f"If Keras has changed: {AGAIN}"
    assert seen > 70
