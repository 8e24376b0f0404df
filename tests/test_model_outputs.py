"""How outputs of models are arranged and called."""

import numpy as np
import pytest

import fastnn
from fastnn import layers
from fastnn.models.outputs import OutputStructure, unique_names

X = np.arange(12.0).reshape(4, 3)


@pytest.mark.parametrize(
    ("structure", "names"),
    [
        (lambda a, b: [a, b], ["one", "two"]),
        (lambda a, b: (b, a), ["two", "one"]),
        (lambda a, b: {"u": a, "v": b}, ["u", "v"]),
        (lambda a, b: {"u": [a, b]}, ["one", "two"]),
        (lambda a, b: [a, {"v": (b, a)}], ["one", "two", "one_1"]),
        (lambda a, b: a, ["one"]),
        (lambda a, b: {"u": a}, ["u"]),
    ],
)
def test_outputs_come_as_they_were_given(structure, names):
    x = fastnn.Input((3,))
    a, b = layers.Dense(1, name="one")(x), layers.Dense(2, name="two")(x)
    given = structure(a, b)
    model = fastnn.Model(x, given)
    assert model.output_names == names
    parts = {id(tensor): tensor.node.layer(X) for tensor in (a, b)}

    def check(found, expected):
        if isinstance(expected, dict):
            assert list(found) == list(expected)
            for key, part in expected.items():
                check(found[key], part)
        elif isinstance(expected, (list, tuple)):
            assert type(found) is type(expected)
            for one, other in zip(found, expected, strict=True):
                check(one, other)
        else:
            np.testing.assert_allclose(found, parts[id(expected)], rtol=1e-6)

    for _ in range(2):  # also by the plan used before
        check(model.predict(X), given)
        check(model(X), given)


def test_a_structure_by_itself():
    assert OutputStructure().packed([1, 2]) == [1, 2]
    assert OutputStructure().names == []
    assert OutputStructure().places(["a"]) == ["a"]
    x = fastnn.Input((2,), name="x")
    nested = OutputStructure({"a": x, "b": {"c": x}})
    assert nested.names == ["a", "b"]
    assert nested.places(["a", "b"]) == {"a": "a", "b": {"c": "b"}}
    assert nested.packed([1, 2]) == {"a": 1, "b": {"c": 2}}
    assert unique_names(["a", "b", "a", "a"]) == ["a", "b", "a_1", "a_2"]
    assert unique_names(["a", "a_1", "a"]) == ["a", "a_1", "a_2"]


class Masked(fastnn.Model):
    def __init__(self, several):
        super().__init__()
        self.masking, self.several = layers.Masking(), several

    def call(self, x):
        y = self.masking(x)
        return [y, x] if self.several else y


@pytest.mark.parametrize("several", [False, True])
def test_outputs_with_masks_of_a_call_are_the_same_each_time(several):
    model, x = Masked(several), np.array([[[1.0], [0.0]]])
    for run in (model, model.predict, model.predict_on_batch):
        for _ in range(3):
            y = run(x)
            assert isinstance(y, list) is several
            first, *rest = y if several else [y]
            np.testing.assert_array_equal(first, x)
            assert len(rest) == several
            assert layers.GlobalAveragePooling1D()(first).item() == 1.0
