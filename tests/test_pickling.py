"""Pickles and copies: equal, independent, and with everything shared that was."""

import array
import collections
import copy
import datetime
import decimal
import functools
import io
import math
import pathlib
import pickle
import pickletools
import re
import subprocess
import sys
import textwrap
import threading
import types
from weakref import ref

import numpy as np
import pytest
from test_saving import MERGING, RUNS, branched, data, every_layer, model_around, run_of, same

import fastnn
from fastnn import callbacks, layers, losses, metrics, optimizers
from fastnn.data.shuffle import EpochShuffler
from fastnn.layers import Dense
from fastnn.variables import Variable

PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)


def pickled(value, protocol=pickle.DEFAULT_PROTOCOL):
    return pickle.loads(pickle.dumps(value, protocol))


WAYS = {"pickle": pickled, "deepcopy": copy.deepcopy}


@pytest.fixture(params=WAYS)
def copied(request):
    """A way to copy objects."""
    return WAYS[request.param]


def goes_on_as(again, model, x, y, epochs=3, batch_size=5):
    """Check that a copy predicts and trains as the model does, and that neither disturbs the other."""
    assert same(again.get_weights(), model.get_weights())
    assert [v.trainable for v in again.weights] == [v.trainable for v in model.weights]
    some = {name: part[:4] for name, part in x.items()} if isinstance(x, dict) else x[:4]
    assert same(layers_of(again.predict(some)), layers_of(model.predict(some)))
    before, histories, is_new = model.get_weights(), [], model._shuffler is None
    for one in (again, model):
        assert same(model.get_weights(), before)
        if is_new:
            fastnn.utils.set_random_seed(7)  # which the order of samples comes from
        histories.append(one.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=0).history)
    assert histories[0] == histories[1]
    assert same(again.get_weights(), model.get_weights())
    assert again.optimizer.iterations == model.optimizer.iterations
    state, expected = again.optimizer.get_state(), model.optimizer.get_state()
    assert state.keys() == expected.keys()
    assert all(np.array_equal(state[name], expected[name]) for name in state)
    assert same(layers_of(again.predict(some)), layers_of(model.predict(some)))


def layers_of(results):
    return list(results.values()) if isinstance(results, dict) else [results]


def globals_of(content):
    """The names that a pickle refers to."""
    strings, memo, found = [], [], set()
    for code, argument, _ in pickletools.genops(content):
        if code.name in ("MEMOIZE",):
            memo.append(strings[-1] if strings else None)
        if "UNICODE" in code.name:
            strings.append(argument)
        elif code.name in ("BINGET", "LONG_BINGET", "GET"):
            strings.append(memo[argument] if argument < len(memo) else None)
        elif code.name == "STACK_GLOBAL":
            found.add(".".join(map(str, strings[-2:])))
        elif code.name == "GLOBAL":
            found.add(argument.replace(" ", "."))
    return found


# ---- models ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in every_layer() if name != "InputLayer"])
@pytest.mark.filterwarnings("ignore:mask")  # of layers that do not pass it on
@pytest.mark.filterwarnings("ignore:.*adapted")
def test_a_model_around_every_layer(name, copied):
    model, x, y = model_around(name)
    model.fit(x, y, batch_size=4, verbose=0)
    again = copied(model)
    assert again.get_config() == model.get_config()
    goes_on_as(again, model, x, y, epochs=1, batch_size=4)


@pytest.mark.parametrize("kind", RUNS)
@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
def test_training_goes_on(kind, optimizer, copied):
    model, x, y = run_of(kind, optimizer)
    model.fit(x, y, batch_size=5, verbose=0)
    goes_on_as(copied(model), model, x, y)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol(protocol):
    model, x, y = branched()
    model.fit(x, y, batch_size=4, verbose=0)
    goes_on_as(pickled(model, protocol), model, x, y)


def test_out_of_band_buffers_stay_as_they_are():
    model, x, y = run_of("dense", "adam")
    model.fit(x, y, verbose=0)
    buffers = []
    content = pickle.dumps(model, 5, buffer_callback=buffers.append)
    kept = [bytes(buffer.raw()) for buffer in buffers]
    again = pickle.loads(content, buffers=kept)  # bytes, which nobody may write to
    goes_on_as(again, model, x, y)


def unbuilt():
    return fastnn.Sequential([Dense(3, "relu"), layers.Dropout(0.2, seed=1), Dense(1)])


def test_a_model_that_has_not_been_built(copied):
    model = unbuilt()
    model.compile("adam", "mse")
    again = copied(model)
    assert not again.built
    x, y = data(8, (4,), (1,))
    for one in (model, again):
        fastnn.utils.set_random_seed(3)
        one.fit(x, y, verbose=0)
    assert same(again.get_weights(), model.get_weights())


def test_a_model_that_has_not_been_compiled(copied):
    model = fastnn.Sequential([fastnn.Input((4,)), Dense(2)])
    again = copied(model)
    assert again.optimizer is None
    assert np.array_equal(again(np.ones((3, 4))), model(np.ones((3, 4))))
    again.add(Dense(1))
    assert len(model.layers) == 1


def test_the_history_and_what_serves_belong_to_the_copy(copied):
    model, x, y = run_of("dense", "adam")
    model.fit(x, y, epochs=2, verbose=0)
    again = copied(model)
    assert again.history is not model.history
    assert again.history.history == model.history.history
    assert again.history.epoch == [0, 1]
    assert again.history.model.name == again.name
    assert again.optimizer._served is again
    assert model.optimizer._served is model
    gone = ref(again)
    del again
    assert gone() is None  # nothing of it is held elsewhere


def test_the_names_in_a_pickle():
    model, x, y = model_around("LSTM")
    model.compile(
        optimizers.Adam(optimizers.schedules.CosineDecay(0.1, 10)),
        losses.Huber(),
        metrics=[metrics.AUC(), "mae"],
    )
    model.fit(x, np.abs(np.sign(y)), verbose=0)
    for protocol in PROTOCOLS:
        found = globals_of(pickle.dumps(model, protocol))
        own = {name for name in found if name.startswith("fastnn")}
        assert own == {"fastnn.pickling.restore"}
        assert {name.split(".")[0] for name in found} <= {
            "fastnn",
            "numpy",
            "_codecs",
            "builtins",
            "__builtin__",
        }


def test_another_version_is_refused(monkeypatch):
    content = pickle.dumps(Dense(3))
    monkeypatch.setattr(fastnn, "__version__", "999.0")
    with pytest.raises(
        pickle.UnpicklingError, match=r"pickled this, and fastnn 999.0 reads it; .* model\.save"
    ):
        pickle.loads(content)


@pytest.mark.parametrize("name", ["os.system", "layers.Nothing", "utils.get_file", "saving.load_model"])
def test_only_classes_are_restored(name):
    with pytest.raises(pickle.UnpicklingError, match=name.split(".")[1]):
        fastnn.pickling.restore(fastnn.__version__, name)


def test_a_long_graph(copied):
    x = start = fastnn.Input((2,))
    for _ in range(400):
        x = layers.Activation("relu")(x)
    model = fastnn.Model(start, x)
    again = copied(model)
    assert len(again.layers) == len(model.layers)
    again = copied(again)
    assert np.array_equal(again(np.ones((1, 2))), np.ones((1, 2)))


def test_a_model_in_double_precision(copied):
    fastnn.config.set_floatx("float64")
    model, layer = fastnn.Sequential([fastnn.Input((3,)), Dense(2)]), Dense(2)
    layer.build((3,))
    content = copied((model, layer))
    fastnn.config.set_floatx("float32")
    for again in content:
        assert again.weights[0].dtype == "float64"
        assert again(np.ones((1, 3))).dtype == np.float64


# ---- the program's own classes --------------------------------------------------------------------------


def own_activation(x):
    return x * np.tanh(x)


def own_loss(y_true, y_pred):
    return np.square(y_true - y_pred).mean(-1)


def own_initializer(shape, dtype=None):
    return np.full(shape, 0.25, dtype)


def own_penalty(w):
    return 0.1 * np.square(w).sum()


def own_constraint(w):
    return np.clip(w, -1, 1)


def own_rate(step):
    return 0.1 / (1 + step)


def on_epoch_end(epoch, logs):
    pass


class Scale(layers.Layer):
    """Neither arguments that a config would have, nor a `get_config`."""

    def __init__(self, factor, note):
        super().__init__()
        self.factor, self.note, self.dense = (
            factor,
            note,
            Dense(4, own_activation, kernel_initializer=own_initializer),
        )

    def build(self, input_shape):
        self.shift = self.add_weight((input_shape[-1],), "ones", name="shift", regularizer=own_penalty)
        self.fixed = self.add_weight((1,), "zeros", name="fixed", trainable=False)

    def call(self, x):
        return self.dense(x * self.factor + self.shift)


class Network(fastnn.Model):
    def __init__(self, width):
        super().__init__()
        self.blocks = [Scale(2.0, {"why": "a test"}), Dense(width, "tanh", kernel_constraint=own_constraint)]
        self.drop, self.last = layers.Dropout(0.3), Dense(1)

    def call(self, x, training=False):
        for block in self.blocks:
            x = block(x)
        return self.last(self.drop(x, training=training))


class Functional(fastnn.Model):
    def __init__(self):
        x = fastnn.Input((4,))
        self_hidden = Dense(3, "relu")(x)
        super().__init__(x, Dense(1)(self_hidden))
        self.hidden = self_hidden


class Bias(losses.Loss):
    def __init__(self, factor):
        super().__init__("bias")
        self.factor = factor

    def call(self, y_true, y_pred):
        return np.square(y_pred - y_true).mean(-1) * self.factor


class Largest(metrics.Metric):
    def __init__(self):
        super().__init__(name="largest")
        self.most = self.add_variable((), "zeros", name="most")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.most.assign(np.maximum(self.most.numpy(), np.max(y_pred)))

    def result(self):
        return float(self.most.numpy())


class Keeping(callbacks.Callback):
    def __init__(self, file):
        self.file = file


def own_model():
    model = Network(5)
    model.compile(optimizers.SGD(own_rate, momentum=0.9), Bias(0.5), metrics=[Largest(), own_loss])
    return model


@pytest.mark.parametrize("built", [False, True])
def test_classes_and_functions_of_the_program(copied, built):
    model, (x, y) = own_model(), data(20, (4,), (1,))
    if built:
        model.fit(x, y, batch_size=5, verbose=0)
    again = copied(model)
    assert again.blocks[0].note == {"why": "a test"}
    assert again.blocks[0].dense.activation.function is own_activation
    if built:
        place = [v is model.blocks[0].shift for v in model.weights].index(True)
        assert again.weights[place] is again.blocks[0].shift
        goes_on_as(again, model, x, y)
        return
    for one in (model, again):
        fastnn.utils.set_random_seed(5)
        one.fit(x, y, batch_size=5, epochs=2, verbose=0)
    assert again.history.history == model.history.history
    assert same(again.get_weights(), model.get_weights())


def test_a_functional_subclass_keeps_its_tensors(copied):
    model, (x, y) = Functional(), data(20, (4,), (1,))
    model.compile("adam", "mse")
    again = copied(model)
    goes_on_as(again, model, x, y)
    inner, expected = (fastnn.Model(one.input, one.hidden) for one in (again, model))
    assert np.array_equal(inner(x), expected(x))
    assert inner.layers[-1] is again.layers[1]


def test_a_layer_that_keeps_something_out_of_its_state(copied):
    layer = Recording()
    layer(np.ones((2, 3)))
    again = copied(layer)
    assert again.lock.acquire(blocking=False)
    assert again.extra == 3
    assert np.array_equal(again(np.ones((2, 3))), layer(np.ones((2, 3))))


class Recording(layers.Layer):
    """The usual pattern: all of the attributes but one, which is made anew."""

    __slots__ = ("extra",)

    def __init__(self):
        super().__init__()
        self.lock, self.extra = threading.Lock(), 3

    def call(self, x):
        return x * 2.0

    def __getstate__(self):
        state = self.__dict__.copy()
        del state["lock"]
        return state, {"extra": self.extra}

    def __setstate__(self, state):
        super().__setstate__(state)
        self.lock = threading.Lock()


class Noisy(layers.Layer):
    """A `call` that runs as Python, with random layers inside."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.drop, self.noise = layers.Dropout(0.5), OwnNoise(0.5)

    def build(self, input_shape):
        self.gain = self.add_weight((input_shape[-1],), "ones", name="gain")

    def call(self, x, training=False):
        return self.noise(self.drop(x * self.gain, training=training), training=training)


class OwnNoise(layers.GaussianNoise):
    def call(self, x, training=False):
        return super().call(x, training=training) + 1.0


def loaded_again(model):
    file = io.BytesIO()
    model.save(file)
    return fastnn.models.load_model(io.BytesIO(file.getvalue()), {"Noisy": Noisy, "OwnNoise": OwnNoise})


@pytest.mark.parametrize("way", [*WAYS.values(), loaded_again])
def test_random_numbers_of_python_steps_go_on(way):
    model, (x, y) = fastnn.Sequential([fastnn.Input((4,)), Noisy(), Dense(1)]), data(20, (4,), (1,))
    model.compile("adam", "mse")
    model.fit(x, y, batch_size=5, verbose=0)
    goes_on_as(way(model), model, x, y)


@pytest.mark.parametrize("way", [*WAYS.values(), loaded_again])
def test_random_numbers_of_calls_go_on(way):
    model = fastnn.Sequential([fastnn.Input((8,)), Dense(8), layers.Dropout(0.5)])
    x = np.ones((3, 8))
    for _ in range(3):
        model(x, training=True)
        model(fastnn.Tensor(x), training=True).sum().backward()
    again = way(model)
    for _ in range(2):
        results = [np.asarray(one(x, training=True)) for one in (model, again)]
        assert np.array_equal(*results)
        model.predict(x)  # counts apart
        tapes = [np.asarray(one(fastnn.Tensor(x), training=True)) for one in (model, again)]
        assert np.array_equal(*tapes)


def test_random_numbers_do_not_repeat_with_another_shape():
    layer = layers.Dropout(0.5)
    first = layer(np.ones((4, 16)), training=True)
    layer(np.ones((5, 3, 16)), training=True)
    assert not np.array_equal(layer(np.ones((4, 16)), training=True), first)


# ---- what is shared -------------------------------------------------------------------------------------


def test_a_model_and_its_layer(copied):
    model, x, y = run_of("dense", "adam")
    model.fit(x, y, verbose=0)
    layer = model.layers[0]
    for again, its_layer in (copied((model, layer)), copied((layer, model))[::-1]):
        assert again.layers[0] is its_layer
        assert again.weights[0] is its_layer.kernel
        again.fit(x, y, verbose=0)
        assert np.array_equal(its_layer.kernel.numpy(), again.get_weights()[0])


def gan():
    generator = fastnn.Sequential([fastnn.Input((3,)), Dense(8, "relu"), Dense(4)], name="generator")
    discriminator = fastnn.Sequential(
        [fastnn.Input((4,)), Dense(8, "relu"), layers.Dropout(0.2), Dense(1, "sigmoid")], name="discriminator"
    )
    discriminator.compile("adam", "binary_crossentropy")
    discriminator.trainable = False
    start = fastnn.Input((3,))
    combined = fastnn.Model(start, discriminator(generator(start)), name="combined")
    combined.compile("adam", "binary_crossentropy")
    return {"generator": generator, "discriminator": discriminator, "combined": combined}


def play(models, rounds, seed):
    random = np.random.default_rng(seed)
    for _ in range(rounds):
        noise, real = random.standard_normal((8, 3)), random.standard_normal((8, 4))
        fake = models["generator"].predict(noise)
        models["discriminator"].train_on_batch(np.concatenate([real, fake]), np.repeat([1.0, 0.0], 8))
        models["combined"].train_on_batch(noise, np.ones(8))


def test_a_gan(copied):
    models = gan()
    play(models, 2, 0)
    again = copied(models)
    assert again["combined"].layers[-1] is again["discriminator"]
    assert again["combined"].layers[1] is again["generator"]
    frozen = [v.numpy() for v in again["discriminator"].weights]
    again["combined"].train_on_batch(np.ones((4, 3)), np.ones(4))
    assert same(frozen, again["discriminator"].get_weights())
    again = copied(models)
    for one in (models, again):
        play(one, 3, 1)
    for name, model in models.items():
        assert same(model.get_weights(), again[name].get_weights())
    before = models["discriminator"].get_weights()
    play(again, 1, 2)
    assert same(models["discriminator"].get_weights(), before)


def test_parts_of_a_model(copied):
    start = fastnn.Input((4,))
    hidden = Dense(3, "relu", name="hidden")(start)
    model = fastnn.Model(start, Dense(1, name="last")(hidden))
    front, back = fastnn.Model(start, hidden), fastnn.Model(hidden, model.output)
    again = copied([back, front, model])
    x = np.random.default_rng(0).random((5, 4))
    assert np.array_equal(again[0](again[1](x)), model(x))
    assert again[0].input is again[1].output
    assert [layer.name for layer in again[0].layers] == [layer.name for layer in back.layers]
    assert again[0].layers[-1] is again[2].layers[-1]
    longer = fastnn.Model(again[2].input, Dense(2)(again[2].output))  # nodes are in their order
    assert longer(x).shape == (5, 2)


def test_a_shared_layer_has_one_weight(copied):
    a, b, shared = fastnn.Input((3,)), fastnn.Input((3,)), Dense(2)
    model = fastnn.Model([a, b], layers.Subtract()([shared(a), shared(b)]))
    again = copied(model)
    assert len(again.weights) == 2
    assert not again([np.ones((2, 3))] * 2).any()
    assert again.layers[2].input.shape == (None, 3)


# ---- single objects -------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*adapted")
@pytest.mark.parametrize("name", every_layer())
@pytest.mark.parametrize("built", [False, True])
def test_layers(name, built, copied):
    if name == "InputLayer":
        layer = layers.InputLayer((4,))
        again = copied(layer)
        assert again.output.shape == (None, 4)
        assert again.output.node.layer is again
        assert len(again._nodes) == 1
        return
    model, x, _ = model_around(name, optimizer=None)
    layer = next(one for one in model.layers if type(one).__name__ == name)
    if not built:
        layer = type(layer).from_config(layer.get_config())
    again = copied(layer)
    assert again.get_config() == layer.get_config()
    assert again.built == layer.built
    assert same(again.get_weights(), layer.get_weights())
    if built and name not in MERGING:
        place = model.layers.index(layer)
        before = fastnn.Model(model.input, model.layers[place - 1].output)(x[:4]) if place else x[:4]
        assert np.array_equal(again(before), layer(before))


def test_cells(copied):
    cell = layers.StackedRNNCells([layers.LSTMCell(3, dropout=0.1), layers.GRUCell(2)])
    again = copied(cell)
    assert again.get_config() == cell.get_config()
    layer = layers.RNN(cell, return_state=True)
    x = np.ones((2, 5, 3), "f")
    layer(x)
    again = copied(layer)
    assert again._cells[0]._layer is again
    assert again._cells[0].kernel is again.weights[0]
    assert all(np.array_equal(one, other) for one, other in zip(again(x), layer(x), strict=True))
    alone = copied(layers.GRUCell(2))
    assert alone(x[:, 0], [np.zeros((2, 2))])[0].shape == (2, 2)


def test_states_of_recurrent_layers(copied):
    model = fastnn.Sequential([fastnn.Input((4, 2), batch_size=3), layers.LSTM(3, stateful=True), Dense(1)])
    x = np.random.default_rng(0).random((3, 4, 2))
    model.predict(x)
    again = copied(model)
    assert np.array_equal(again.predict(x), model.predict(x))
    again.predict(x)
    assert not np.array_equal(again.predict(x), model.predict(x))


WITH_ARGUMENTS = {
    "callbacks": [
        callbacks.ModelCheckpoint("a.fastnn"),
        callbacks.BackupAndRestore("folder"),
        callbacks.CSVLogger("log.csv"),
        callbacks.EarlyStopping(patience=3),
    ]
}


def every(module):
    """Public classes of a package that can be made without arguments."""
    found = []
    for name in module.__all__:
        cls = getattr(module, name)
        if isinstance(cls, type) and cls.__module__.startswith("fastnn"):
            try:
                found.append(cls())
            except TypeError:
                continue
    return found


@pytest.mark.parametrize(
    "package", ["initializers", "regularizers", "constraints", "losses", "metrics", "callbacks"]
)
def test_objects_without_arguments(package, copied):
    found = every(getattr(fastnn, package)) + WITH_ARGUMENTS.get(package, [])
    assert len(found) > 4
    for one in found:
        again = copied(one)
        assert type(again) is type(one)
        assert globals_of(pickle.dumps(one)) <= {"fastnn.pickling.restore"}
        if hasattr(one, "get_config"):
            assert again.get_config() == one.get_config()
        assert type(copy.copy(one)) is type(one)


def test_activations():
    for name in fastnn.activations.__all__:
        one = getattr(fastnn.activations, name)
        if callable(one) and hasattr(one, "parameters") and not isinstance(one, type):
            for way in (*WAYS.values(), copy.copy):
                assert way(one) is one
    leaky = fastnn.activations.leaky_relu.bind(negative_slope=0.3)
    assert pickled(leaky)(-1.0) == leaky(-1.0)
    written = fastnn.activations.get(own_activation)
    assert pickled(written)(2.0) == written(2.0)


def test_an_array_as_an_initializer(copied):
    layer = Dense(2, kernel_initializer=np.ones((3, 2)))
    again = copied(layer)
    again.build((3,))
    assert same(again.get_weights(), [np.ones((3, 2)), np.zeros(2)])


SCHEDULES = [
    optimizers.schedules.ExponentialDecay(0.1, 3, 0.5),
    optimizers.schedules.PiecewiseConstantDecay([2, 4], [0.1, 0.01, 0.001]),
    optimizers.schedules.CosineDecayRestarts(0.1, 3),
    own_rate,
    0.05,
]
EVERY_OPTIMIZER = sorted(cls.__name__ for cls in optimizers.registry.classes())


@pytest.mark.parametrize("name", EVERY_OPTIMIZER)
@pytest.mark.parametrize("done", [0, 3])
def test_optimizers(name, done, copied):
    optimizer = getattr(optimizers, name)(
        SCHEDULES[len(name) % len(SCHEDULES)], use_ema=True, ema_overwrite_frequency=4, weight_decay=0.01,
        gradient_accumulation_steps=2, clipnorm=1.0,
    )  # fmt: skip
    optimizer.exclude_from_weight_decay(var_names=["b$"])
    random = np.random.default_rng(0)
    variables = [
        Variable(random.standard_normal(shape), name) for name, shape in (("w", (3, 2)), ("b", (2,)))
    ]
    for _ in range(done):
        optimizer.apply([random.standard_normal(v.shape) for v in variables], variables)
    again, its_variables = copied((optimizer, variables))
    assert repr(again) == repr(optimizer)
    gradients = [[random.standard_normal(v.shape) for v in variables] for _ in range(5)]
    for one, own in ((optimizer, variables), (again, its_variables)):
        for gradient in gradients:
            one.apply(gradient, own)
    assert same([v.numpy() for v in its_variables], [v.numpy() for v in variables])
    state, expected = again.get_state(), optimizer.get_state()
    assert all(np.array_equal(state[key], expected[key]) for key in expected)


def test_an_optimizer_remembers_what_it_was_built_for_before(copied):
    random = np.random.default_rng(0)
    first, second = (Variable(random.standard_normal(3), name) for name in "ab")
    optimizer = optimizers.Adam(0.1)
    for chosen in ([first, second], [second]):
        optimizer.build(chosen)
        optimizer.apply([random.standard_normal(3) for _ in chosen], chosen)
    again, *its = copied((optimizer, first, second))
    g = random.standard_normal((2, 3))
    for one, chosen in ((optimizer, [first, second]), (again, its)):
        one.build(chosen)
        one.apply(g, chosen)
    assert same([v.numpy() for v in its], [first.numpy(), second.numpy()])


def test_a_copied_optimizer_may_serve_another_model():
    model, x, y = run_of("dense", "adam")
    model.fit(x, y, verbose=0)
    with pytest.raises(ValueError, match="serves another model"):
        fastnn.models.clone_model(model).compile(model.optimizer, "mse")
    fastnn.models.clone_model(model).compile(copy.deepcopy(model.optimizer), "mse")


@pytest.mark.parametrize("schedule", SCHEDULES[:-2])
def test_schedules(schedule, copied):
    again = copied(schedule)
    assert [again(i) for i in range(8)] == [schedule(i) for i in range(8)]


def test_learning_rates_are_numbers():
    rate = optimizers.SGD(0.25).learning_rate
    for again in (pickled(rate), copy.deepcopy(rate), copy.copy(rate)):
        assert type(again) is float
        assert again == 0.25


def test_metrics_with_a_state(copied):
    y, p = np.array([0.0, 1.0, 1.0, 0.0]), np.array([0.2, 0.7, 0.4, 0.6])
    for metric in [
        metrics.AUC(),
        metrics.Mean(),
        metrics.Precision(),
        metrics.MeanIoU(2),
        Largest(),
        metrics.F1Score(),
    ]:
        arguments = (p,) if isinstance(metric, metrics.Mean) else (y.reshape(-1, 1), p.reshape(-1, 1))
        if isinstance(metric, metrics.MeanIoU):
            arguments = (y, np.round(p))
        metric.update_state(*arguments)
        again = copied(metric)
        assert np.array_equal(again.result(), metric.result())
        again.update_state(*[1 - a for a in arguments])
        metric.update_state(*[1 - a for a in arguments])
        assert np.array_equal(again.result(), metric.result())
        again.reset_state()
        assert np.any(metric.result())


def test_variables(copied):
    v = Variable(np.ones((2, 3), "f"), "kernel", False, own_penalty, fastnn.constraints.NonNeg())
    v.note = "mine"
    v.grad = np.zeros((2, 3), "f")
    again, same_one = copied((v, v))
    assert again is same_one
    assert (again.name, again.trainable, again.learns, again.note) == ("kernel", False, False, "mine")
    assert again.regularizer is own_penalty
    assert np.array_equal(again.grad, v.grad)
    again.assign(np.zeros((2, 3)))
    assert v.numpy().all()
    assert v.value.ctypes.data % 64 == again.value.ctypes.data % 64 or again.value.ctypes.data % 64 == 0


def test_tensors(copied):
    t = fastnn.Tensor([1.0, 2.0])
    (t * t).sum().backward()
    again = copied(t)
    assert again.requires_grad
    assert np.array_equal(again.grad, [2, 4])
    (again * again).sum().backward()
    assert np.array_equal(again.grad, [4, 8])
    assert np.array_equal(t.grad, [2, 4])
    with pytest.raises(TypeError, match=r"computed from other tensors.* take tensor.detach\(\)"):
        copied(t * 2)
    assert np.array_equal(copied((t * 2).detach()).data, [2, 4])


def test_orders_of_samples(copied):
    fresh, shuffler = EpochShuffler(), EpochShuffler()
    assert copied(fresh)._seed is None
    shuffler.order(5)
    shuffler.advance(1)
    again = copied(shuffler)
    assert np.array_equal(again.order(9), shuffler.order(9))
    fastnn.utils.set_random_seed(4)
    again = copied(shuffler)  # both begin with new seeds now
    expected = []
    for one in (shuffler, again):
        fastnn.utils.set_random_seed(5)
        one.begin()
        expected.append(one.order(9).tolist())
    assert expected[0] == expected[1]


def test_callbacks_leave_the_model_behind(copied):
    model, x, y = run_of("dense", "adam")
    early = callbacks.EarlyStopping("loss", patience=3, restore_best_weights=True)
    scheduler = callbacks.LearningRateScheduler(own_rate)
    model.fit(x, y, epochs=2, verbose=0, callbacks=[early, scheduler])
    again, its_scheduler, history = copied((early, scheduler, model.history))
    assert (again.model, its_scheduler.model, history.model) == (None, None, None)
    assert again.best == early.best
    assert same(again.best_weights, early.best_weights)
    assert its_scheduler.schedule is own_rate
    model.fit(x, y, epochs=1, verbose=0, callbacks=[again])
    several = copied(callbacks.CallbackList([callbacks.LambdaCallback(on_epoch_end=on_epoch_end)], epochs=1))
    assert several.listens("on_epoch_end")
    assert not several.listens("on_train_batch_end")


def test_a_copy_made_during_a_training(copied):
    model, x, y = run_of("dense", "adam")
    made = []
    keep = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: made.append(copied(model)))
    model.fit(x, y, epochs=3, batch_size=4, verbose=0, callbacks=[keep])
    rest = made[1].fit(x, y, initial_epoch=2, epochs=3, batch_size=4, verbose=0)
    assert rest.history["loss"] == model.history.history["loss"][2:]
    assert same(made[1].get_weights(), model.get_weights())


def test_a_callback_that_writes(tmp_path):
    pytest.importorskip("tensorboardX")
    board = callbacks.TensorBoard(tmp_path)
    assert pickled(board).log_dir == board.log_dir
    board._writer("train")
    try:
        with pytest.raises(TypeError, match="TensorBoard.*event files are open"):
            pickle.dumps(board)
    finally:
        board._close()


def test_a_stream_says_how_it_is_carried_on():
    model = fastnn.Sequential([fastnn.Input((None, 2)), layers.LSTM(3)])
    stream = model.stream()
    stream.step(np.ones(2))
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match=r"stream\.states.*model\.stream\(.*\.reset\(states\)"):
            way(stream)
    states, again = pickled((stream.states, model))
    other = again.stream()
    other.reset(states)
    assert np.array_equal(other.step(np.ones(2)), stream.step(np.ones(2)))


def test_shallow_copies():
    model, x, y = run_of("dense", "adam")
    model.fit(x, y, verbose=0)
    again = copy.copy(model)
    assert again.layers[0] is model.layers[0]
    again.fit(x, y, verbose=0)
    assert same(again.get_weights(), model.get_weights())
    again.add(Dense(1))
    assert len(again.layers) == len(model.layers) + 1
    layer = copy.copy(model.layers[0])
    assert layer.kernel is model.layers[0].kernel
    layer.add_weight((1,), name="more")
    assert len(model.layers[0].weights) == 2
    optimizer = copy.copy(model.optimizer)
    assert optimizer.trainable_variables == model.optimizer.trainable_variables
    assert optimizer._slot("momentum", model.weights[0]) is not model.optimizer._slot(
        "momentum", model.weights[0]
    )


# ---- what cannot be pickled -----------------------------------------------------------------------------


def local_things():
    def function(x):
        return x

    class Local(layers.Layer):
        def call(self, x):
            return x

    return function, Local


FUNCTION, LOCAL = local_things()


def model_with(layer, **compiled):
    model = fastnn.Sequential([fastnn.Input((2,)), layer, Dense(1)], name="whole")
    model.compile(**{"optimizer": "sgd", "loss": "mse"} | compiled)
    return model


def named(name):
    return Dense(2, name=name)


REFUSED = {
    "activation": (
        lambda: model_with(Dense(2, lambda x: x * 2.0, name="odd")),
        "Dense 'odd'.*activation.function is <function",
    ),
    "initializer": (
        lambda: model_with(Dense(2, kernel_initializer=lambda s, dtype=None: np.ones(s), name="odd")),
        "Dense 'odd'.*kernel_initializer",
    ),
    "regularizer": (
        lambda: model_with(Dense(2, kernel_regularizer=lambda w: w.sum(), name="odd")),
        "Dense 'odd'.*kernel.regularizer",
    ),
    "constraint": (
        lambda: model_with(Dense(2, bias_constraint=FUNCTION, name="odd")),
        "Dense 'odd'.*bias.constraint is <function",
    ),
    "loss": (
        lambda: model_with(named("a"), loss=lambda t, p: (t - p) ** 2),
        "Sequential 'whole'.*loss.fn",
    ),
    "metric": (
        lambda: model_with(named("a"), metrics=[FUNCTION]),
        r"Sequential 'whole'.*metrics\[0\]",
    ),
    "rate": (
        lambda: model_with(named("a"), optimizer=optimizers.SGD(lambda: 0.1)),
        "Sequential 'whole'.*optimizer.schedule",
    ),
    "lambda layer": (
        lambda: model_with(layers.Lambda(lambda x: x * 2, name="twice")),
        "Lambda 'twice'.*function",
    ),
    "class": (
        lambda: model_with(LOCAL(name="mine")),
        "Local 'mine'.*class is <class .*Local.*top level of a module",
    ),
    "callback": (
        lambda: callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None),
        "LambdaCallback .*on_epoch_end",
    ),
    "partial": (
        lambda: optimizers.SGD(functools.partial(lambda a, step: 0.1, 1)),
        r"SGD 'sgd(_\d+)?'.*schedule",
    ),
    "generator": (
        lambda: Keeping(i for i in range(3)),
        "Keeping cannot be pickled: file is <generator.* lives in this process only",
    ),
    "lock": (
        lambda: Keeping({"a": [threading.Lock()]}),
        r"Keeping cannot be pickled: file.a\[0\] is <unlocked",
    ),
    "instance": (
        lambda: Keeping(type("Hidden", (), {})()),
        "Keeping .*file is .*whose class has no name",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_pickled_is_named(case):
    make, message = REFUSED[case]
    value = make()
    for protocol in (2, pickle.HIGHEST_PROTOCOL):
        with pytest.raises(TypeError, match=message):
            pickle.dumps(value, protocol)
    with pytest.raises(TypeError, match=message):
        pickle._dumps(value)  # the one that is written in Python


class Tracker:
    def __init__(self, function):
        self.function = function


def test_what_an_object_of_the_program_holds_is_named():
    with pytest.raises(TypeError, match=r"Keeping cannot be pickled: file\[1\].function is <function"):
        pickle.dumps(Keeping([Tracker(own_loss), Tracker(lambda: None)]))


@pytest.mark.parametrize(
    "value",
    [
        re.compile("a+"), np.sin, np.mean, [].append, str.upper, math.sqrt, len, slice(1, 2), ..., range(3),
        np.random.default_rng(0), datetime.date(2020, 1, 1), io.BytesIO(b"a"), pathlib.PurePosixPath("a"),
        Tracker(own_loss).__init__, functools.partial(own_rate, 3), collections.Counter("ab"),
        types.SimpleNamespace(a=1), np.float32(1), np.dtype("f4"), decimal.Decimal(1), frozenset({1}),
        collections.deque([1]), array.array("i", [1]),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_other_objects_are_left_to_pickle(value):
    again = pickled(Keeping(value)).file
    assert type(again) is type(value)


def test_an_open_file_is_named(tmp_path):
    with (
        open(tmp_path / "log", "w") as file,
        pytest.raises(TypeError, match="Keeping cannot be pickled: file is <_io.TextIOWrapper"),
    ):
        pickle.dumps(Keeping(file))


@pytest.mark.parametrize("case", [c for c in REFUSED if c not in ("generator", "lock", "partial")])
def test_deep_copies_share_functions(case):
    value = REFUSED[case][0]()
    again = copy.deepcopy(value)
    if isinstance(value, fastnn.Model) and case not in ("metric", "rate"):
        x, y = data(8, (2,), (1,))
        if case == "lambda layer":
            assert again.layers[0].function is value.layers[0].function
        for one in (again, value):
            fastnn.utils.set_random_seed(0)
            one.fit(x, y, verbose=0)
        assert same(again.get_weights(), value.get_weights())


@pytest.mark.parametrize("case", [c for c in REFUSED if c not in ("generator", "lock")])
def test_cloudpickle_takes_functions_along(case):
    cloudpickle = pytest.importorskip("cloudpickle")
    value = REFUSED[case][0]()
    again = pickle.loads(cloudpickle.dumps(value))
    if isinstance(value, fastnn.Model):
        assert same(again.get_weights(), value.get_weights())


# ---- other processes ------------------------------------------------------------------------------------

MODULE = """
import numpy as np, fastnn

class Twice(fastnn.layers.Layer):
    def __init__(self, by):
        super().__init__()
        self.by = by
    def call(self, x):
        return x * self.by

def make():
    fastnn.utils.set_random_seed(0)
    dense = fastnn.layers.Dense
    model = fastnn.Sequential([fastnn.Input((3,)), dense(4, "relu"), Twice(2.0), dense(1)])
    model.compile("adam", "mse")
    return model

X = np.random.default_rng(0).random((20, 3)).astype("f")

def train(model):
    model.fit(X, X.sum(1), verbose=0)
    return model
"""
PROGRAM = """
import multiprocessing, sys
import fastnn, numpy as np
import mine

class Here(fastnn.layers.Dense):
    def __init__(self):
        super().__init__(4)
    def call(self, x):
        return super().call(x) * 2

if __name__ == "__main__":
    model = mine.train(mine.make())
    expected, parts = model.predict(mine.X), [mine.X[:10], mine.X[10:]]
    if sys.argv[1] == "loky":
        from joblib import Parallel, delayed
        run = Parallel(n_jobs=2)
        found = run(delayed(model.predict)(part) for part in parts)
        [trained] = run(delayed(mine.train)(m) for m in [model])
        lambdas = run(delayed(lambda m: m.predict(mine.X))(model) for _ in range(1))
        assert np.array_equal(lambdas[0], expected)
        here = fastnn.Sequential([fastnn.Input((3,)), Here(), fastnn.layers.Dense(1, lambda x: x * 2)])
        [made] = run(delayed(here.predict)(mine.X) for _ in range(1))
        assert np.array_equal(made, here.predict(mine.X))
    else:
        context = multiprocessing.get_context(sys.argv[1])
        with context.Pool(1) as pool:
            found = pool.map(model.predict, parts)
            [trained] = pool.map(mine.train, [model])
    assert np.array_equal(np.concatenate(found), expected)
    assert np.array_equal(trained.predict(mine.X), mine.train(model).predict(mine.X))
    assert trained.optimizer.iterations == model.optimizer.iterations == 2
    print("done")
"""


@pytest.mark.parametrize("way", ["spawn", "fork", "loky"])
def test_other_processes(way, tmp_path):
    if way == "loky":
        pytest.importorskip("joblib")
    elif way == "fork" and sys.platform != "linux":
        pytest.skip("processes are spawned here")
    (tmp_path / "mine.py").write_text(textwrap.dedent(MODULE))
    (tmp_path / "program.py").write_text(textwrap.dedent(PROGRAM))
    got = subprocess.run(
        [sys.executable, "program.py", way],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert got.stdout == "done\n", got.stderr


def test_read_only_arrays_become_own_ones(tmp_path):
    joblib = pytest.importorskip("joblib")
    model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dropout(0.5), fastnn.layers.Dense(3)])
    model.compile("adam", "mse")
    model.fit(np.ones((5, 4)), np.ones((5, 3)), verbose=0)
    joblib.dump(model, tmp_path / "model")
    copy = joblib.load(tmp_path / "model", mmap_mode="r")
    np.testing.assert_array_equal(copy.predict(np.ones((5, 4))), model.predict(np.ones((5, 4))))
    copy.fit(np.ones((5, 4)), np.ones((5, 3)), verbose=0)
