"""The checks of the other tests find what they are there to find."""

import re
from functools import partial
from pathlib import Path

import gradcheck
import harness
import numpy as np
import pytest
from harness import Case

import fastnn
from fastnn.layers import Dense, Layer


class Forgetful(Dense):
    def get_config(self):
        return super().get_config() | {"activation": None}


class Boastful(Dense):
    def compute_output_shape(self, input_shape):
        return (*super().compute_output_shape(input_shape), 1)


class Borrowing(Dense):
    def __call__(self, x, training=False):
        x += 1
        return super().__call__(x, training)


class Sociable(Dense):
    def __call__(self, x, training=False):
        return super().__call__(x, training) + np.sum(x, dtype="float32")


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    for cls in (Forgetful, Boastful, Borrowing, Sociable):
        monkeypatch.setitem(fastnn.layers.registry._classes, cls.__name__, cls)


def case(cls, **arguments):
    return Case(cls, {"units": 3, "activation": "tanh"} | arguments, [(4,)])


@pytest.mark.parametrize(
    ("check", "cls"),
    [
        (harness.check_config, Forgetful),
        (partial(harness.check_shapes, rows=2, output_shape=(2, 3), n_params=15), Boastful),
        (partial(harness.check_shapes, rows=2, output_shape=(2, 3), n_params=14), Dense),
        (partial(harness.check_output, oracle=lambda x, w, b: x @ w + b), Dense),
        (harness.check_layouts, Borrowing),
        (harness.check_rows, Sociable),
    ],
)
def test_a_broken_layer_is_found(check, cls):
    with pytest.raises(ValueError if cls is Boastful else AssertionError):  # the plan compares shapes itself
        check(case(cls))


@pytest.fixture
def model():
    return fastnn.Sequential([fastnn.Input((3,), dtype="float64"), Dense(4, "relu"), Dense(2)])


def test_a_wrong_gradient_is_found(model, monkeypatch):
    monkeypatch.setattr(gradcheck, "SGD", partial(fastnn.optimizers.SGD, clipvalue=1e-3))
    x = np.ones((5, 3))
    with pytest.raises(AssertionError, match="kernel: the derivative is"):
        gradcheck.check_gradients(model, "mse", x, x[:, :2])


def test_a_kink_is_told_by_the_two_slopes(model):
    with pytest.raises(AssertionError) as error:
        gradcheck.check_gradients(model, "mse", np.zeros((5, 3)), np.ones((5, 2)))
    assert float(str(error.value).split("differ by ")[1].split()[0]) > 1e-3


def test_every_layer_is_put_to_the_harness():
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    checked = set(re.findall(r"check_layer\(\s*(\w+)", tests))
    public = {name: getattr(fastnn.layers, name) for name in fastnn.layers.__all__}
    classes = {c.__name__ for c in public.values() if isinstance(c, type) and issubclass(c, Layer)}
    assert classes - checked == {"Layer", "InputLayer", "Lambda", "Wrapper"}  # what has no config of its own


def test_identifiers_are_the_same_in_every_run(request):
    """No address, time stamp or dump of bytes: the processes of a parallel run must agree on the names."""
    odd = [item.nodeid for item in request.session.items if " at 0x" in item.nodeid or len(item.nodeid) > 200]
    assert not odd
