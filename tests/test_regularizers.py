"""Penalties on weights."""

import json

import numpy as np
import pytest

from fastnn import regularizers
from fastnn.regularizers import L1, L1L2, L2, Regularizer

X = np.array([[1.0, -2.0], [0.5, 0.0]])


@pytest.mark.parametrize(
    ("regularizer", "l1", "l2"),
    [
        (L1(), 0.01, 0.0),
        (L2(), 0.0, 0.01),
        (L1L2(), 0.0, 0.0),
        (L1(0.5), 0.5, 0.0),
        (L2(l2=0.5), 0.0, 0.5),
        (L1L2(0.25, 0.5), 0.25, 0.5),
        (regularizers.l1(0.5), 0.5, 0.0),
        (regularizers.l2(0.5), 0.0, 0.5),
        (regularizers.l1_l2(l1=0.25, l2=0.5), 0.25, 0.5),
    ],
)
def test_penalty(regularizer, l1, l2):
    assert (regularizer.l1, regularizer.l2) == (l1, l2)
    assert type(regularizer.l1) is type(regularizer.l2) is float
    assert regularizer(X) == pytest.approx(l1 * 3.5 + l2 * 5.25, rel=1e-15)
    assert regularizer(X.astype("float32").tolist()) == regularizer(X)
    again = regularizers.deserialize(json.loads(json.dumps(regularizers.serialize(regularizer))))
    assert type(again) is type(regularizer)
    assert (again.l1, again.l2) == (l1, l2)


def test_penalty_of_nothing_is_zero():
    assert L1L2(1.0, 1.0)(np.empty((0, 3))) == 0.0


@pytest.mark.parametrize(
    ("name", "cls"),
    [("l1", L1), ("L1", L1), ("l2", L2), ("L2", L2), ("l1l2", L1L2), ("L1L2", L1L2)],
)
def test_get_by_name(name, cls):
    assert type(regularizers.get(name)) is cls


def test_get():
    penalty = L2(0.5)
    assert regularizers.get(None) is None
    assert regularizers.get(penalty) is penalty
    assert regularizers.get({"class_name": "L2", "config": {"l2": 0.5}}).l2 == 0.5
    with pytest.raises(
        ValueError, match="regularizer: unknown name 'l3'; expected one of 'l1', 'l1l2', 'l2'"
    ):
        regularizers.get("l3")
    with pytest.raises(
        TypeError, match="regularizer: expected a name, a config or an instance of Regularizer"
    ):
        regularizers.get(lambda x: 0.0)


@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf, "0.1", None, True, [0.1]])
@pytest.mark.parametrize(
    ("cls", "name"), [(L1, "l1"), (L2, "l2"), (L1L2, "l1"), (L1L2, "l2"), (Regularizer, "l1")]
)
def test_factors_are_checked(cls, name, value):
    with pytest.raises(ValueError, match=f"{name}: expected a finite number of at least 0, got "):
        cls(**{name: value})


def test_a_subclass_chooses_factors_only():
    class Half(Regularizer):
        def __init__(self):
            super().__init__(l2=0.5)

    assert regularizers.get(Half()).l2 == 0.5
    with pytest.raises(TypeError, match="Cube: models know the penalty"):
        type("Cube", (Regularizer,), {"__call__": lambda self, x: (x**3).sum()})
