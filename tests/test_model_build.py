"""A `build` of a subclass of `Model` or `Sequential` is called once, as that of a layer is."""

import numpy as np
import pytest

import fastnn
from fastnn import Model, Sequential, layers

X = np.random.default_rng(0).standard_normal((6, 3)).astype("float32")


class Own(Model):
    """Makes layers and weights once it knows the shape."""

    marks = False
    calls_base = False

    def build(self, input_shape):
        self.shapes = [*getattr(self, "shapes", []), input_shape]
        self.dense = layers.Dense(input_shape[-1] + 1)
        self.scale = self.add_weight(shape=(input_shape[-1] + 1,), initializer="ones", name="scale")
        if self.calls_base:
            super().build(input_shape)
        self.built = self.marks

    def call(self, x):
        return self.dense(x) * self.scale


class Marked(Own):
    marks = True


class Calling(Own):
    calls_base = True


class Later(Calling):
    def build(self, input_shape):
        super().build(input_shape)
        self.last = layers.Dense(2)

    def call(self, x):
        return self.last(super().call(x))


class Grown(Sequential):
    def build(self, input_shape):
        self.shapes = [*getattr(self, "shapes", []), input_shape]
        self.add(layers.Dense(input_shape[-1] + 1))
        super().build(input_shape)


def fit(model):
    model.compile("sgd", "mse")
    model.fit(X, np.ones((6, model(X).shape[1])), verbose=0)


@pytest.mark.parametrize("kind", [Own, Marked, Calling, Later, Grown])
@pytest.mark.parametrize(
    "use",
    [
        lambda model: model(X),
        lambda model: model.predict(X),
        lambda model: model.build((None, 3)),
        lambda model: model(fastnn.Input((3,))),
        fit,
    ],
)
def test_build_is_called_once(kind, use):
    model = kind()
    use(model)
    assert model.built
    assert model.shapes == [(None, 3)]
    assert len(model.weights) == {Own: 3, Marked: 3, Calling: 3, Later: 5, Grown: 2}[kind]
    assert model(X).shape == (6, 2 if kind is Later else 4)
    before = model.get_weights()
    fit(model)
    assert model.shapes == [(None, 3)]
    assert all((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))


def test_an_error_in_build_leaves_the_model_unbuilt():
    class Failing(Own):
        armed = True

        def build(self, input_shape):
            if self.armed:
                raise KeyError("on purpose")
            super().build(input_shape)

    model = Failing()
    with pytest.raises(KeyError, match="on purpose"):
        model(X)
    assert not model.built
    model.armed = False
    assert model(X).shape == (6, 4)


class MarkedAtOnce(Model):
    """Says that it is built before anybody knows its inputs."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)
        self.built = True

    def call(self, x):
        return self.dense(x)


@pytest.mark.parametrize(
    "use",
    [
        lambda model: model(X),
        lambda model: model.predict(X, verbose=0),
        lambda model: model.build((None, 3)),
        lambda model: model.compute_output_shape((None, 3)) and fit(model),
        lambda model: layers.Dense(1)(model(fastnn.Input((3,)))),
    ],
    ids=["call", "predict", "build", "fit", "symbolic"],
)
def test_a_model_that_is_marked_as_built_at_once_is_built_when_it_is_used(use):
    model = MarkedAtOnce()
    assert not model.built
    with pytest.raises(ValueError, match="model 'marked_at_once.*' has not been built"):
        model.count_params()
    use(model)
    assert model.built
    assert model.count_params() == 8
