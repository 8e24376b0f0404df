"""Saving what a program defines itself: a file that has been written can be read, with the same numbers."""

import io
import json
import random

import numpy as np
import pytest

import fastnn
from fastnn import constraints, initializers, layers, losses, metrics, optimizers, regularizers, saving
from fastnn.models import clone_model, load_model, model_from_json

registered = saving.register_keras_serializable("own")
X = np.random.default_rng(0).standard_normal((6, 3)).astype("float32")
Y = X[:, :1] * 2


def saved(model):
    file = io.BytesIO()
    model.save(file)
    return file.getvalue()


def loaded(content, **arguments):
    return load_model(io.BytesIO(content), **arguments)


# ---- classes without get_config -----------------------------------------------------------------------


class AnyKeywords(layers.Layer):
    def __init__(self, units, scale=2.0, axes=(0, 1), table=None, **kwargs):
        super().__init__(**kwargs)
        self.kept = units, scale, axes, table
        self.inner = layers.Dense(units)

    def call(self, x):
        return self.inner(x) * self.kept[1]


class NoKeywords(layers.Layer):
    def __init__(self, units, /, *others, scale=1.0):
        super().__init__()
        self.kept = units, others, scale

    def call(self, x):
        return x


class FewKeywords(layers.Layer):
    def __init__(self, units):
        super().__init__(name=None)
        self.kept = units

    def build(self, input_shape):
        self.w = self.add_weight((input_shape[-1], self.kept), "ones")

    def call(self, x):
        return x @ self.w


class Extended(layers.Dense):
    def __init__(self, units, extra=3, **kwargs):
        super().__init__(units, **kwargs)
        self.extra = extra


class Fixed(layers.Dense):
    def __init__(self, wide):
        super().__init__(4 if wide else 2, activation="tanh")


class ExtendedTwice(Extended):
    def __init__(self, *, size):
        super().__init__(size, extra=size + 1)


class Inherits(AnyKeywords):
    pass


OWN = [AnyKeywords, NoKeywords, FewKeywords, Extended, Fixed, ExtendedTwice, Inherits]
OBJECTS = {cls.__name__: cls for cls in OWN}
MAKERS = {
    "keywords": lambda: AnyKeywords(2, 0.5, name="mine"),
    "tuples": lambda: AnyKeywords(2, axes=((1, 2), [3]), table={1: (2,), "a": None, (1, 2): 0.5}),
    "numpy scalars": lambda: AnyKeywords(np.int64(2), scale=np.float32(0.25)),
    "inherited": lambda: Inherits(3, dtype="float64"),
    "no name": lambda: FewKeywords(4),
    "base described": lambda: Extended(2, extra=5, activation=fastnn.activations.relu, use_bias=False),
    "base fixed": lambda: Fixed(True),
    "twice": lambda: ExtendedTwice(size=3),
}


def kept(layer):
    return [getattr(layer, name, None) for name in ("kept", "extra", "units", "use_bias", "name", "dtype")]


@pytest.mark.parametrize("name", MAKERS)
def test_arguments_of_constructors_are_recorded(name):
    layer = MAKERS[name]()
    model = fastnn.Sequential([fastnn.Input((3,), dtype=layer.dtype), layer])
    again = loaded(saved(model), custom_objects=OBJECTS)
    assert kept(again.layers[0]) == kept(layer)
    assert np.array_equal(again(X), model(X))
    assert again.get_config() == model.get_config()
    assert saved(clone_model(again)) is not None
    assert kept(type(layer).from_config(layer.get_config())) == kept(layer)


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("around", ["model", "sequential", "time distributed", "twice"])
def test_own_layers_at_any_depth(name, around):
    layer = MAKERS[name]()
    dtype = layer.dtype
    if around == "time distributed":
        model = fastnn.Sequential([fastnn.Input((2, 3), dtype=dtype), layers.TimeDistributed(layer)])
        x = np.stack([X, X], 1)
    else:
        x = X
        start = fastnn.Input((3,), dtype=dtype)
        made = layer(start)
        if around == "twice":
            made = layers.Add()([made, layer(start * 0.5)])
        model = fastnn.Model(start, made)
        if around == "sequential":
            model = fastnn.Sequential([fastnn.Input((3,), dtype=dtype), model, layers.ReLU()])
    model.compile("adam", "mse")
    model.fit(x, np.zeros((6, *model.output_shape[1:])), verbose=0)
    again = loaded(saved(model), custom_objects=OBJECTS)
    for one in (model, again):
        one.fit(x, np.zeros((6, *model.output_shape[1:])), verbose=0)
    assert np.array_equal(again(x), model(x))


def test_trainable_and_names_come_back_where_no_constructor_takes_them():
    layer = FewKeywords(2)
    layer.trainable = False
    again = FewKeywords.from_config(layer.get_config())
    assert (again.trainable, again.name) == (False, layer.name)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: AnyKeywords(2, table=layers.Dense(2)), "'table' .*class 'Dense'"),
        (lambda: AnyKeywords(2, table=[np.ones(3)]), "'table' .*class 'list'"),
        (lambda: NoKeywords(2), "'units'"),
    ],
)
def test_what_no_constructor_argument_describes_is_refused_at_save(make, told, tmp_path):
    model = fastnn.Sequential([fastnn.Input((3,)), make()])
    with pytest.raises(NotImplementedError, match=told):
        model.save(tmp_path / "x")
    assert not list(tmp_path.iterdir())


class Wrong(layers.Layer):
    """Its `get_config` forgets an argument."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def call(self, x):
        return x

    def get_config(self):
        return super().get_config()


class Unnamed(layers.Layer):
    def __init__(self, what=None, **kwargs):
        super().__init__(**kwargs)
        self.what = what

    def call(self, x):
        return x

    def get_config(self):
        return super().get_config() | {"what": self.what}


def test_what_could_not_be_read_back_is_not_written(tmp_path):
    for layer, told in (
        (Wrong(2), "could not be read back.*units.*Custom>Wrong"),
        (Unnamed(lambda x: x), "what: .*no name"),
        (Unnamed([1, {"a": object()}]), r"what\[1\]\['a'\]: .*cannot be described"),
        (Unnamed(np.array([None])), "dtype object"),
        (Unnamed(1j), "cannot be described"),
    ):
        with pytest.raises((ValueError, TypeError), match=told):
            fastnn.Sequential([fastnn.Input((3,)), layer]).save(tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_two_classes_of_one_name_cannot_be_told_apart():
    def another():
        class Unnamed(layers.Layer):
            def call(self, x):
                return x

        return Unnamed()

    with pytest.raises(TypeError, match="is the name of both"):
        saved(fastnn.Sequential([fastnn.Input((3,)), Unnamed(), another()]))


def test_saving_leaves_names_and_random_numbers_as_they_are():
    def later(save):
        fastnn.utils.set_random_seed(5)
        model = fastnn.Sequential([fastnn.Input((3,)), AnyKeywords(2)])
        if save:
            saved(model)
        number = int(layers.Dense(1).name.rpartition("_")[2]) - int(
            model.layers[0].inner.name.rpartition("_")[2]
        )
        return [number, fastnn.utils.random.next_seed(), random.random(), np.random.rand()]

    layers.Dense(1)
    assert later(True) == later(False)


# ---- values in configurations --------------------------------------------------------------------------


@registered
class Point:
    def __init__(self, x):
        self.x = x

    def get_config(self):
        return {"x": self.x}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __eq__(self, other):
        return isinstance(other, Point) and self.x == other.x

    __hash__ = None


@registered
def own_function(x):
    return x * 2


VALUES = [
    None,
    True,
    0,
    -(2**70),
    0.1,
    float("inf"),
    "text \ud800 é",
    (),
    (1, (2, [3, (4,)])),
    {"a": {"b": (1,)}},
    {},
    {1: "a", (2, 3): "b", None: "c"},
    {"__tuple__": [1]},
    {"__object__": {"class_name": "function", "config": "none"}},
    {"class_name": "Dense", "config": {"units": 3}},
    np.arange(6, dtype="float32").reshape(2, 3),
    np.array(2.5),
    np.zeros((0, 3), "int8"),
    np.array(["a", "bcd"]),
    np.array([True, False]),
    np.float32(0.1),
    [np.arange(3), (np.ones(2),)],
    own_function,
    Point((1, 2)),
    [Point(np.arange(2.0).tolist())],
]


def equal(one, other):
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, (list, tuple)):
        return type(one) is type(other) and len(one) == len(other) and all(map(equal, one, other))
    return one == other and (type(one) is type(other) or isinstance(one, np.generic))


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_from_config_gets_what_get_config_returned(value):
    model = fastnn.Sequential([fastnn.Input((3,)), Unnamed(value)])
    again = loaded(saved(model), custom_objects={"Unnamed": Unnamed})
    assert equal(value, again.layers[0].what)
    assert equal(value, model_from_json(model.to_json(), {"Unnamed": Unnamed}).layers[0].what)


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.Dense(2, activation="relu", kernel_regularizer="l2", name="part"),
        lambda: initializers.HeNormal(seed=3),
        lambda: regularizers.L2(0.5),
        lambda: constraints.MaxNorm(3.0),
        lambda: losses.Huber(delta=2.0),
        lambda: metrics.AUC(num_thresholds=7),
        lambda: optimizers.SGD(0.25, momentum=0.5),
        lambda: optimizers.schedules.CosineDecay(0.5, 7),
        lambda: layers.LSTMCell(3, name="cell"),
    ],
)
def test_objects_of_fastnn_in_configurations(make):
    one = make()
    model = fastnn.Sequential([fastnn.Input((3,)), Unnamed([one])])
    again = loaded(saved(model), custom_objects={"Unnamed": Unnamed}).layers[0].what[0]
    assert type(again) is type(one)
    assert again.get_config() == one.get_config()
    plain = saving.serialize_keras_object(one)
    assert saving.deserialize_keras_object(json.loads(json.dumps(plain))).get_config() == one.get_config()


@pytest.mark.parametrize("activation", [fastnn.activations.relu, fastnn.activations.softmax, own_function])
def test_activations_in_configurations(activation):
    model = fastnn.Sequential([fastnn.Input((3,)), Unnamed(activation)])
    again = loaded(saved(model), custom_objects={"Unnamed": Unnamed}).layers[0].what
    assert np.array_equal(again(X), activation(X))


def test_arrays_as_plain_data():
    config = saving.serialize_keras_object(np.array([1.0, 2.0], "float32"))
    assert config == {"class_name": "__numpy__", "config": {"value": [1.0, 2.0], "dtype": "float32"}}
    assert saving.deserialize_keras_object(config).dtype == "float32"
    for dtype in ("object", "U1000000000", "V9", ["float32"], None):
        with pytest.raises(ValueError, match="array: expected"):
            saving.deserialize_keras_object(
                {"class_name": "__numpy__", "config": {"value": [1], "dtype": dtype}}
            )


# ---- own functions and objects of layers and compile ----------------------------------------------------


@registered
def own_loss(y_true, y_pred):
    return (y_true - y_pred) ** 2


@registered
def own_constraint(w):
    return np.clip(w, -1, 1)


@registered
def own_regularizer(w):
    return 0.5 * (w * w).sum()


@registered
def own_initializer(shape, dtype=None):
    return np.full(shape, 0.5, dtype)


@registered
class OwnSchedule(optimizers.schedules.LearningRateSchedule):
    def __init__(self, first):
        self._first = first

    def __call__(self, step):
        return self._first / (1 + step)


@registered
def own_rate(step):
    return 0.5 / (1 + step)


@registered
class OwnConstraint(constraints.Constraint):
    def __init__(self, most):
        self._most = most

    def __call__(self, w):
        return np.minimum(w, self._most)


@registered
class OwnInitializer(initializers.Initializer):
    def __init__(self, value):
        self._value = value

    def __call__(self, shape, dtype=None):
        return np.full(shape, self._value, dtype)


@registered
class OwnLoss(losses.Loss):
    def __init__(self, factor=1.0, name="own"):
        super().__init__(name=name)
        self._factor = factor

    def call(self, y_true, y_pred):
        return self._factor * (y_true - y_pred) ** 2


@registered
class OwnMetric(metrics.Metric):
    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self._factor = factor
        self._most = self.add_weight(name="most", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self._most.assign(max(float(self._most.numpy()), float(np.max(y_pred)) * self._factor))

    def result(self):
        return self._most


@registered
class OwnOptimizer(optimizers.SGD):
    def __init__(self, rate=0.5):
        super().__init__(learning_rate=rate, momentum=0.5)


LAYERS = {
    "activation": lambda: layers.Dense(1, activation=own_function),
    "activation layer": lambda: layers.Activation(own_function),
    "constraint": lambda: layers.Dense(1, kernel_constraint=own_constraint),
    "constraint object": lambda: layers.Dense(1, kernel_constraint=OwnConstraint(0.25)),
    "regularizer": lambda: layers.Dense(1, kernel_regularizer=own_regularizer),
    "initializer": lambda: layers.Dense(1, kernel_initializer=own_initializer),
    "initializer object": lambda: layers.Dense(1, kernel_initializer=OwnInitializer(0.5)),
    "lambda": lambda: layers.Lambda(own_function),
    "activity": lambda: layers.Dense(1, activity_regularizer=own_regularizer),
}


@pytest.mark.parametrize("name", LAYERS)
def test_own_functions_of_layers(name):
    model = fastnn.Sequential([fastnn.Input((3,)), LAYERS[name](), layers.Dense(1)])
    model.compile(optimizers.SGD(0.01), "mse")
    model.fit(X, Y, verbose=0)
    again = loaded(saved(model))
    for one in (model, again):
        one.fit(X, Y, epochs=2, verbose=0)
    assert np.array_equal(again(X), model(X))
    assert again.get_config() == model.get_config()


COMPILED = {
    "function": {"loss": own_loss},
    "functions": {"loss": "mse", "metrics": [own_loss, "mae"]},
    "list": {"loss": [own_loss]},
    "object": {"loss": OwnLoss(3.0)},
    "metric": {"loss": "mse", "metrics": [OwnMetric(2.0, name="most")]},
    "weighted": {"loss": "mse", "weighted_metrics": [own_loss]},
    "mean": {"loss": "mse", "metrics": [metrics.MeanMetricWrapper(own_loss, name="squares")]},
    "schedule": {"loss": "mse", "optimizer": lambda: optimizers.SGD(OwnSchedule(0.5))},
    "rate": {"loss": "mse", "optimizer": lambda: optimizers.SGD(own_rate)},
    "optimizer": {"loss": "mse", "optimizer": lambda: OwnOptimizer(0.125)},
}


@pytest.mark.parametrize("name", COMPILED)
def test_own_functions_of_compile(name):
    model = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(1)])
    arguments = dict(COMPILED[name])
    model.compile(arguments.pop("optimizer", lambda: "sgd")(), **arguments)
    model.fit(X, Y, verbose=0)
    again = loaded(saved(model))
    for one in (model, again):
        one.fit(X, Y, epochs=2, verbose=0)
    assert again.history.history == model.history.history
    assert np.array_equal(again(X), model(X))


def unregistered(y_true, y_pred):
    return abs(y_true - y_pred)


def test_functions_are_passed_where_they_are_not_registered():
    model = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(1)])
    model.compile("sgd", unregistered)
    content = saved(model)
    with pytest.raises(saving.ModelFileError, match="unknown name 'Custom>unregistered'.*custom_objects"):
        loaded(content)
    again = loaded(content, custom_objects={"unregistered": unregistered})
    assert again.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


@pytest.mark.parametrize(
    "module", [layers, losses, metrics, optimizers, initializers, regularizers, constraints]
)
def test_deserialize_takes_custom_objects(module):
    own = {
        layers: lambda: Extended(2),
        losses: lambda: OwnLoss(2.0),
        metrics: lambda: OwnMetric(2.0),
        optimizers: lambda: OwnOptimizer(),
        initializers: lambda: own_initializer,
        regularizers: lambda: own_regularizer,
        constraints: lambda: own_constraint,
    }[module]()
    described = json.loads(json.dumps(module.serialize(own)))
    objects = {"Extended": Extended}
    assert type(module.deserialize(described, custom_objects=objects)) is type(own)


# ---- models ---------------------------------------------------------------------------------------------


class Subclass(fastnn.Model):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units, self.last = units, layers.Dense(units)

    def call(self, x):
        return self.last(x)


class Describes(Subclass):
    def get_config(self):
        return super().get_config() | {"units": self.units}


class NoMore(fastnn.Model):
    def __init__(self, units=2):
        super().__init__()
        self.units, self.last = units, layers.Dense(units)

    def call(self, x):
        return self.last(x)


class Graph(fastnn.Model):
    def __init__(self, units):
        start = fastnn.Input((3,))
        super().__init__(start, layers.Dense(units)(start))
        self.units = units


class Tagged(fastnn.Model):
    def __init__(self, inputs, outputs, tag="", **kwargs):
        super().__init__(inputs, outputs, **kwargs)
        self.units = tag


class Row(fastnn.Sequential):
    def __init__(self, units):
        super().__init__([layers.Dense(units), layers.Dense(1)])
        self.units = units


class Plain(fastnn.Sequential):
    units = 3


def tagged():
    start = fastnn.Input((3,))
    return Tagged(start, layers.Dense(2)(start), tag="x", name="t")


MODELS = {
    "subclass": lambda: Subclass(3, name="mine"),
    "describes": lambda: Describes(3),
    "no keywords": lambda: NoMore(4),
    "graph": lambda: Graph(2),
    "tagged": tagged,
    "row": lambda: Row(2),
    "plain": lambda: Plain([layers.Dense(2)]),
}
CLASSES = {cls.__name__: cls for cls in (Subclass, Describes, NoMore, Graph, Tagged, Row, Plain)}


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_models_of_own_classes(name, inside):
    own = MODELS[name]()
    model = fastnn.Sequential([fastnn.Input((3,)), own]) if inside else own
    y = np.zeros((6, 1 if name == "row" else own(X).shape[1]))
    model.compile("adam", "mse")
    model.fit(X, y, verbose=0)
    again = loaded(saved(model), custom_objects=CLASSES)
    found = again.layers[0] if inside else again
    assert (type(found), found.units, found.name) == (type(own), own.units, own.name)
    for one in (model, again):
        one.fit(X, y, epochs=2, verbose=0)
    assert np.array_equal(again(X), model(X))
    clone = clone_model(model)
    clone.set_weights(model.get_weights())
    assert np.array_equal(clone(X), model(X))


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    "make", [MODELS["subclass"], MODELS["plain"], MODELS["row"], lambda: fastnn.Sequential()]
)
def test_a_model_that_has_not_been_built(make, compiled):
    model = make()
    if compiled:
        model.compile("adam", "mse", metrics=["mae"])
    again = loaded(saved(model), custom_objects=CLASSES)
    assert not again.built
    assert (again.optimizer is not None) == compiled
    if again.layers:
        assert again(X).shape == model(X).shape


def test_a_layer_that_is_built_in_a_model_that_is_not():
    layer = layers.Dense(2)
    layer(X)
    with pytest.raises(ValueError, match=r"has not been built, though 'dense.*/kernel' has"):
        saved(fastnn.Sequential([layer]))


def test_from_config_takes_custom_objects():
    model = fastnn.Sequential([fastnn.Input((3,)), Extended(2)])
    objects = {"Extended": Extended}
    assert isinstance(fastnn.Sequential.from_config(model.get_config(), objects).layers[0], Extended)
    start = fastnn.Input((3,))
    graph = fastnn.Model(start, Extended(2)(start))
    again = fastnn.Model.from_config(graph.get_config(), custom_objects=objects)
    assert isinstance(again.layers[-1], Extended)
    with pytest.raises(ValueError, match="unknown name 'Custom>Extended'"):
        fastnn.Model.from_config(graph.get_config())


# ---- clones ---------------------------------------------------------------------------------------------


def chain():
    start = fastnn.Input((3,))
    return fastnn.Model(start, layers.Dense(2, name="b")(layers.Dense(4, name="a")(start)))


def test_clones_start_from_given_tensors():
    start = fastnn.Input((3,), name="foo")
    assert clone_model(chain(), input_tensors=start).inputs[0] is start
    between = layers.Dense(3)(start)
    clone = clone_model(chain(), input_tensors=[between])
    assert clone.input_shape == (None, 3)
    assert [layer.name for layer in clone.layers][1:] == ["a", "b"]
    row = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(2, name="b")])
    assert clone_model(row, start).inputs == [start]
    with pytest.raises(ValueError, match="input_tensors: expected 1 symbolic tensor"):
        clone_model(chain(), input_tensors=[start, between])


def test_clones_call_layers_by_a_function():
    called = []

    def call(layer, *args, **kwargs):
        called.append(layer.name)
        return layers.ReLU()(layer(*args, **kwargs))

    clone = clone_model(chain(), call_function=call)
    assert called == ["a", "b"]
    assert (clone(X) >= 0).all()
    with pytest.raises(ValueError, match="call_function: expected None for a Sequential"):
        clone_model(fastnn.Sequential([layers.Dense(2)]), call_function=call)


def test_clones_of_models_inside():
    start = fastnn.Input((3,))
    inner = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(4, name="inner")], name="row")
    model = fastnn.Model(start, inner(start))
    seen = []

    def clone(layer):
        seen.append(layer.name)
        return type(layer).from_config(layer.get_config())

    clone_model(model, clone_function=clone)
    clone_model(model, clone_function=clone, recursive=True)
    assert seen == ["row", "inner"]


@pytest.mark.parametrize("argument", ["clone_function", "input_tensors", "call_function"])
def test_clones_of_a_model_that_its_class_defines(argument):
    model = Subclass(2)
    model(X)
    clone = clone_model(model)
    assert clone.built
    assert clone.units == 2
    with pytest.raises(ValueError, match="expected None for a model that its class defines"):
        clone_model(model, **{argument: lambda layer: layer})


@pytest.mark.parametrize("rows", [3, 20_000])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pretrained_vectors_as_the_initial_value(rows, dtype):
    vectors = np.random.default_rng(0).standard_normal((rows, 100)).astype(dtype)
    given = initializers.Constant(vectors) if rows > 3 else vectors
    layer = layers.Embedding(rows, 100, embeddings_initializer=given)
    model = fastnn.Sequential([fastnn.Input((4,)), layer])
    again = loaded(saved(model)).layers[0]
    assert np.array_equal(again.embeddings, layer.embeddings)
    assert np.array_equal(np.asarray(again.embeddings_initializer.value), vectors)
