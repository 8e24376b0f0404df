"""What is frozen, now and since the last `compile`, in files, copies, clones and resumed trainings."""

import copy
import io
import json
import pickle

import numpy as np
import pytest

import fastnn
from fastnn import callbacks, layers
from fastnn.layers import RNN, Dense
from fastnn.layers.base.trainable import flatten_parts
from fastnn.models import clone_model, load_model, model_from_json
from fastnn.saving import ModelFileError
from fastnn.saving.names import named_layers, named_weights

STEPS, WIDTH = 4, 3


class Block(layers.Layer):
    """A layer of the program's own with layers inside, whose config says nothing of them."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.parts = [Dense(units, "tanh"), layers.TimeDistributed(Dense(WIDTH))]

    def build(self, input_shape):
        self.gain = self.add_weight((WIDTH,), "ones", name="gain")

    def call(self, x):
        y = x
        for part in self.parts:
            y = part(y)
        return x * self.gain + y

    def get_config(self):
        return super().get_config() | {"units": self.units}


class Residual(layers.Wrapper):
    def call(self, x):
        return x + self.layer(x)


class Network(fastnn.Model):
    """A model of the program's own, with a config of its own."""

    def __init__(self, units, name=None):
        super().__init__(name=name)
        self.units = units
        self.first, self.norm, self.last = Dense(units), layers.BatchNormalization(), Dense(WIDTH)

    def call(self, x, training=False):
        return self.last(self.norm(self.first(x), training=training))

    def get_config(self):
        return {"units": self.units, "name": self.name}


OWN = {cls.__name__: cls for cls in (Block, Residual, Network)}


def random_layer(rng, depth=0):
    """A layer from (STEPS, WIDTH) to the same, perhaps around others."""
    units = int(rng.integers(2, 4))
    cell = [layers.LSTM, layers.GRU, layers.SimpleRNN][rng.integers(3)]
    makers = [
        lambda: Dense(WIDTH, "tanh"),
        lambda: layers.BatchNormalization(),
        lambda: layers.Conv1D(WIDTH, 2, padding="same"),
        lambda: layers.Dropout(0.2),
        lambda: layers.Bidirectional(cell(WIDTH, return_sequences=True, dropout=0.1), merge_mode="sum"),
        lambda: RNN([layers.LSTMCell(units), layers.GRUCell(WIDTH)], return_sequences=True),
        lambda: Block(units),
    ]
    if depth < 2:
        makers += [
            lambda: layers.TimeDistributed(fastnn.Sequential([Dense(units), Dense(WIDTH)])),
            lambda: fastnn.Sequential([random_layer(rng, depth + 1) for _ in range(2)]),
            lambda: Residual(random_layer(rng, depth + 1)),
            lambda: Network(units),
            lambda: functional(rng, depth + 1),
        ]
    return makers[rng.integers(len(makers))]()


def functional(rng, depth):
    x = start = fastnn.Input((STEPS, WIDTH))
    shared = random_layer(rng, depth)
    x = shared(x) + random_layer(rng, depth)(x)
    return fastnn.Model(start, shared(x))


def random_model(seed):
    rng = np.random.default_rng(seed)
    fastnn.utils.set_random_seed(seed)
    parts = [random_layer(rng) for _ in range(3)]
    model = fastnn.Sequential([fastnn.Input((STEPS, WIDTH)), *parts, layers.Flatten(), Dense(1, name="head")])
    return rng, model


def set_flags(rng, model):
    """Freeze and thaw layers and single weights at random; the head stays trainable."""
    for layer in flatten_parts(model):
        if not isinstance(layer, layers.Layer) or layer is model:
            continue  # a cell, or what freezes everything
        if rng.random() < 0.4:
            layer.trainable = bool(rng.random() < 0.5)
        for variable in layer._variables:
            if variable.learns and not isinstance(layer, RNN) and rng.random() < 0.2:
                variable.trainable = bool(rng.random() < 0.5)
    model.layers[-1].trainable = True


def flags(model):
    now = {named.structure: named.layer.trainable for named in named_layers(model)}
    now |= {named.structure: named.variable.trainable for named in named_weights(model)}
    return now | {"": model.trainable}


def trained(model):
    chosen = set(model._require_objective().trainable)
    return [named.structure for named in named_weights(model) if named.variable in chosen]


def loaded(model):
    file = io.BytesIO()
    model.save(file)
    return load_model(io.BytesIO(file.getvalue()), OWN)


COPIES = {
    "file": loaded,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "deepcopy": copy.deepcopy,
    "file of a copy": lambda model: loaded(copy.deepcopy(model)),
}
SEEDS = range(24)


def data(rows=12):
    rng = np.random.default_rng(0)
    return rng.standard_normal((rows, STEPS, WIDTH)).astype("f"), rng.standard_normal((rows, 1)).astype("f")


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("seed", SEEDS)
def test_copies_train_the_same_weights(seed, way):
    rng, model = random_model(seed)
    x, y = data()
    set_flags(rng, model)
    model.compile(fastnn.optimizers.Adam(0.01), "mse")
    model.fit(x, y, batch_size=5, verbose=0)
    set_flags(rng, model)
    again = COPIES[way](model)
    assert flags(again) == flags(model)
    assert trained(again) == trained(model)
    for one in (model, again):
        one.fit(x, y, batch_size=5, epochs=2, verbose=0)
    weights = zip(again.get_weights(), model.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in weights)
    for one in (model, again):  # with what is trainable now
        one.compile(one.optimizer, "mse")
    assert trained(again) == trained(model)
    for one in (model, again):
        one.fit(x, y, batch_size=5, verbose=0)
    weights = zip(again.get_weights(), model.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in weights)


@pytest.mark.parametrize("seed", SEEDS)
def test_clones_and_json_keep_what_is_trainable(seed):
    rng, model = random_model(seed)
    set_flags(rng, model)
    assert flags(clone_model(model)) == flags(model)
    assert flags(model_from_json(model.to_json(), OWN)) == flags(model)


@pytest.mark.parametrize("seed", SEEDS)
def test_files_of_weights_change_no_flag(seed):
    rng, model = random_model(seed)
    set_flags(rng, model)
    file = io.BytesIO()
    model.save_weights(file)
    _, other = random_model(seed)
    set_flags(rng, other)
    before = flags(other)
    file.seek(0)
    other.load_weights(file)
    assert flags(other) == before


class Interruption(Exception):
    pass


@pytest.mark.parametrize("seed", [0, 3, 5, 11])
def test_a_resumed_training_with_frozen_parts(seed, tmp_path):
    x, y = data()

    def program(*others):
        rng, model = random_model(seed)
        set_flags(rng, model)
        model.compile("adam", "mse", metrics=["mae"])
        set_flags(rng, model)
        backup = callbacks.BackupAndRestore(tmp_path / "backup", save_freq=2, delete_checkpoint=False)
        model.fit(x, y, batch_size=5, epochs=4, verbose=0, callbacks=[*others, backup])
        return model

    def interrupt(batch, logs):
        if interrupt.left == 0:
            raise Interruption
        interrupt.left -= 1

    interrupt.left = 7
    with pytest.raises(Interruption):
        program(callbacks.LambdaCallback(on_train_batch_end=interrupt))
    again = program()
    for file in (tmp_path / "backup").iterdir():
        file.unlink()
    whole = program()
    assert flags(again) == flags(whole)
    weights = zip(again.get_weights(), whole.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in weights)
    assert again.history.history["loss"] == whole.history.history["loss"]


def test_a_backup_of_a_training_of_other_weights(tmp_path):
    def program(frozen):
        model = fastnn.Sequential([fastnn.Input((3,)), Dense(2, name="base"), Dense(1)])
        model.layers[0].trainable = not frozen
        model.compile("adam", "mse")
        backup = callbacks.BackupAndRestore(tmp_path / "backup", delete_checkpoint=False)
        model.fit(np.ones((4, 3)), np.ones(4), epochs=2, verbose=0, callbacks=[backup])

    program(True)
    with pytest.raises(ModelFileError, match="training of other weights.*base/bias, base/kernel"):
        program(False)


# ---- a GAN ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", COPIES)
def test_a_discriminator_trains_on_after_it_was_frozen(way):
    discriminator = fastnn.Sequential([fastnn.Input((4,)), Dense(8, "relu"), Dense(1, "sigmoid")])
    discriminator.compile("adam", "binary_crossentropy")
    generator = fastnn.Sequential([fastnn.Input((3,)), Dense(4)])
    discriminator.trainable = False
    start = fastnn.Input((3,))
    combined = fastnn.Model(start, discriminator(generator(start)))
    combined.compile("adam", "binary_crossentropy")
    x, y = np.random.default_rng(0).random((8, 4)), np.array([0.0, 1.0] * 4)
    noise = np.random.default_rng(1).random((8, 3))
    for _ in range(2):
        discriminator.train_on_batch(x, y)
        combined.train_on_batch(noise, np.ones(8))
    again, whole = COPIES[way](discriminator), COPIES[way](combined)
    assert not again.trainable
    assert trained(again) == trained(discriminator) != []
    assert trained(whole) == trained(combined)
    assert len(trained(whole)) == 2
    for _ in range(3):
        assert again.train_on_batch(x, y) == discriminator.train_on_batch(x, y)
    before = [
        named.variable.numpy() for named in named_weights(whole) if named.structure not in trained(whole)
    ]
    whole.train_on_batch(noise, np.ones(8))
    after = [
        named.variable.numpy() for named in named_weights(whole) if named.structure not in trained(whole)
    ]
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))


# ---- files ----------------------------------------------------------------------------------------------


def changed(model, change):
    """The content of the model's file with another state."""
    from fastnn.saving import container

    file = io.BytesIO()
    model.save(file)
    file.seek(0)
    document, tensors = container.read(file)
    change(document["state"])
    made = io.BytesIO()
    container.write(
        made, {name: value for name, value in document.items() if name not in ("format", "sha256")}, tensors
    )
    made.seek(0)
    return made


def compiled():
    model = fastnn.Sequential([fastnn.Input((3,)), Dense(2, name="a"), Dense(1)])
    model.layers[0].trainable = False
    model.compile("adam", "mse")
    model.fit(np.ones((4, 3)), np.ones(4), verbose=0)
    return model


def test_files_without_these_entries_load():
    model = compiled()

    def change(state):
        del state["frozen"], state["frozen_at_compile"]

    again = load_model(changed(model, change))
    assert flags(again) == flags(model)
    assert trained(again) == trained(model)


@pytest.mark.parametrize(
    "value",
    [
        None, 3, [], {"layers": []}, {"weights": [], "layers": "a"}, {"layers": [3], "weights": []},
        {"layers": ["b"], "weights": []}, {"layers": [], "weights": ["a/nothing"]},
        {"layers": {}, "weights": []},
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["frozen", "frozen_at_compile"])
def test_entries_that_no_model_has_written(name, value):
    file = changed(compiled(), lambda state: state.update({name: value}))
    with pytest.raises(ModelFileError):
        load_model(file)


def test_what_the_optimizer_has_set_aside_is_kept():
    x, y = np.random.default_rng(0).random((20, 3)), np.ones(20)
    model = fastnn.Sequential([fastnn.Input((3,)), Dense(4, name="base"), Dense(1)])
    model.compile(fastnn.optimizers.Adam(0.1), "mse")
    model.fit(x, y, verbose=0)
    model.layers[0].trainable = False
    model.compile(model.optimizer, "mse")
    model.fit(x, y, verbose=0)
    again = loaded(model)
    for one in (model, again):
        one.layers[0].trainable = True
        one.compile(one.optimizer, "mse")
        one.fit(x, y, epochs=2, verbose=0)
    weights = zip(again.get_weights(), model.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in weights)


def test_a_model_without_its_last_layer_may_be_saved():
    model = compiled()
    model.layers[0].trainable = True
    model.compile(model.optimizer, "mse")
    model.fit(np.ones((4, 3)), np.ones(4), verbose=0)
    model.pop()
    again = loaded(model)
    assert np.array_equal(again(np.ones((1, 3))), model(np.ones((1, 3))))
    assert len(again.optimizer.trainable_variables) == 2


def test_json_of_a_model_that_has_not_been_built():
    model = Network(2)
    model.norm.trainable = False
    text = model.to_json()
    assert json.loads(text)["frozen"] == {"layers": ["batch_normalization"], "weights": []}
    again = model_from_json(text, OWN)
    assert not again.norm.trainable
    again.build((None, STEPS, WIDTH))
    model.build((None, STEPS, WIDTH))
    assert flags(again) == flags(model)


def test_a_function_for_clones_decides_what_is_trainable():
    model = compiled()

    def function(layer):
        made = type(layer).from_config(layer.get_config())
        made.trainable = True
        return made

    assert all(clone_model(model, clone_function=function).layers[i].trainable for i in range(2))
