"""The checks of the other tests find what they are there to find."""

from functools import partial

import gradcheck
import harness
import numpy as np
import pytest
from harness import Case, check_layer

import fastnn
from fastnn.layers import Dense, Layer


class Forgetful(Dense):
    def get_config(self):
        return super().get_config() | {"activation": None}


class Boastful(Dense):
    def output_row(self, input_shape):
        return (*super().output_row(input_shape), 1)


class Borrowing(Dense):
    def __call__(self, x, training=False):
        x += 1
        return super().__call__(x, training)


class Sociable(Dense):
    def __call__(self, x, training=False):
        return super().__call__(x, training) + np.sum(x, dtype="float32")


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    classes = {cls.__name__: cls for cls in (Forgetful, Boastful, Borrowing, Sociable)}
    monkeypatch.setattr(fastnn.layers.registry, "_classes", fastnn.layers.registry._classes | classes)


def case(cls, **arguments):
    return Case(cls, {"units": 3, "activation": "tanh"} | arguments, (4,))


@pytest.mark.parametrize(
    ("check", "cls"),
    [
        (harness.check_config, Forgetful),
        (partial(harness.check_shapes, input_shape=(2, 4), output_shape=(2, 3), n_params=15), Boastful),
        (partial(harness.check_shapes, input_shape=(2, 4), output_shape=(2, 3), n_params=14), Dense),
        (partial(harness.check_output, oracle=lambda x, w, b: x @ w + b), Dense),
        (harness.check_layouts, Borrowing),
        (harness.check_rows, Sociable),
    ],
)
def test_a_broken_layer_is_found(check, cls):
    with pytest.raises(AssertionError):
        check(case(cls))


def test_every_registered_layer_passes_the_harness_somewhere():
    """Each has a call of `check_layer` in some test file."""
    tests = "".join(path.read_text(encoding="utf-8") for path in Case_folder.glob("test_*.py"))
