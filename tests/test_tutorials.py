"""Programs as users of Keras write them: they run after a change of the import, and do what they say.

The numbers of `REFERENCE` are those of Keras 3 for the same programs.
"""

import warnings

import numpy as np
import pytest

import fastnn as keras
from fastnn import callbacks, layers, models


def fill(model, seed=0):
    """Give a model weights that do not depend on the program before."""
    rng = np.random.RandomState(seed)
    model.set_weights([
        rng.randn(*w.shape) * 0.3 if w.ndim != 1 else rng.rand(*w.shape) * 0.1 + 0.5
        for w in model.get_weights()
    ])  # fmt: skip


def random(*shape, seed=1):
    return np.random.RandomState(seed).rand(*shape)


def close(values, expected):
    np.testing.assert_allclose(values, expected, rtol=1e-3)


class Linear(layers.Layer):
    def __init__(self, units=32, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.w = self.add_weight(
            shape=(input_shape[-1], self.units),
            initializer="random_normal",
            regularizer=keras.regularizers.L2(1e-2),
            name="w",
        )
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", name="b")
        super().build(input_shape)

    def call(self, inputs):
        return self.activation(inputs @ self.w + self.b)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation}


class Block(layers.Layer):
    """Layers inside, made without names."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first, self.second = Linear(8, "relu"), Linear(8, "relu")

    def call(self, x, training=None):
        return self.second(self.first(x)) + x


def test_layers_in_layers_train_are_saved_and_cloned(tmp_path):
    inputs = keras.Input((8,))
    model = keras.Model(inputs, Linear(1)(Block()(inputs)))
    fill(model)
    x = random(64, 8)
    y = x.sum(1, keepdims=True)
    model.compile("adam", "mse", metrics=["mae"])
    before = model.fit(x, y, epochs=3, verbose=0, shuffle=False).history["loss"]
    model.save(tmp_path / "own.fastnn")
    again = models.load_model(tmp_path / "own.fastnn", custom_objects={"Linear": Linear, "Block": Block})
    assert np.array_equal(again.predict(x), model.predict(x))
    after = again.fit(x, y, epochs=2, verbose=0, shuffle=False).history["loss"]
    close(after, [8.147, 7.83])  # REFERENCE
    assert before[-1] > after[0] > after[1]
    clone = models.clone_model(model)
    assert [w.shape for w in clone.get_weights()] == [w.shape for w in model.get_weights()]
    assert clone.layers[1].first is not model.layers[1].first


class TwoHeads(keras.Model):
    def __init__(self):
        super().__init__()
        self.a, self.b = layers.Dense(4), layers.Dense(4)
        self.heads = [layers.Dense(1), layers.Dense(1)]

    def call(self, inputs):
        a, b = inputs
        hidden = layers.concatenate([self.a(a), self.b(b)])
        return [head(hidden) for head in self.heads]


def test_a_subclassed_model_of_two_inputs_and_outputs():
    a, b = random(20, 3), random(20, 2, seed=2)
    model = TwoHeads()
    model.compile("adam", ["mse", "mae"], loss_weights=[1, 0.5], metrics=[["mae"], ["mse"]])
    history = model.fit((a, b), (a.sum(1), b.sum(1)), epochs=2, verbose=0).history
    assert list(history) == ["loss", "output_1_loss", "output_2_loss", "output_1_mae", "output_2_mse"]
    assert [y.shape for y in model.predict([a, b])] == [(20, 1), (20, 1)]
    with pytest.raises(ValueError, match="one entry for each of the outputs"):
        model.compile("adam", ["mse", "mae", "mse"])


class HuberMetric(keras.metrics.Metric):
    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(**kwargs)
        self.threshold = threshold
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(np.sum(huber(self.threshold)(y_true, y_pred)))
        self.count.assign_add(np.size(y_true))

    def result(self):
        return self.total / self.count


def huber(threshold=1.0):
    def huber_fn(y_true, y_pred):
        error = y_true - y_pred
        linear = threshold * np.abs(error) - threshold**2 / 2
        return np.where(np.abs(error) < threshold, np.square(error) / 2, linear)

    return huber_fn


class Centred(keras.losses.Loss):
    def __init__(self, factor=0.1, name="centred", **kwargs):
        super().__init__(name=name, **kwargs)
        self.factor = factor

    def call(self, y_true, y_pred):
        away = np.mean(np.square(0.5 - y_pred), axis=-1)
        return np.mean(np.square(y_true - y_pred), axis=-1) + self.factor * away


@pytest.mark.parametrize(
    ("loss", "expected"),
    [(huber(2.0), [6.977, 6.902]), (Centred(0.2), [22.21, 21.84]), (keras.losses.Huber(0.5), [2.117, 2.099])],
)
def test_own_losses_and_metrics(loss, expected):
    x = random(96, 4).astype("float32")
    y = 2 * x.sum(1, keepdims=True)
    model = models.Sequential([keras.Input((4,)), layers.Dense(8, activation="selu"), layers.Dense(1)])
    fill(model)
    model.compile(loss=loss, optimizer="nadam", metrics=["mae", huber(2.0), HuberMetric(2.0)])
    history = model.fit(x, y, epochs=2, shuffle=False, verbose=0).history
    close(history["loss"], expected)  # REFERENCE
    close(history["huber_fn"], [6.977, 6.902])
    close(history["huber_metric"], history["huber_fn"])


def test_names_that_keras_has_in_two_places():
    assert keras.Layer is layers.Layer
    assert keras.Loss is keras.losses.Loss
    assert keras.Metric is keras.metrics.Metric
    assert keras.Optimizer is keras.optimizers.Optimizer
    assert keras.utils.get_custom_objects() is keras.saving.get_custom_objects()
    with keras.utils.custom_object_scope({"Linear": Linear}):
        assert layers.deserialize(layers.serialize(Linear(3))).units == 3


def test_a_metric_of_ones_own_by_hand():
    metric = HuberMetric(2.0)
    assert float(metric(np.array([[2.0]]), np.array([[10.0]]))) == 14.0
    metric.update_state(np.array([[0.0], [5.0]]), np.array([[1.0], [9.25]]))
    assert float(metric.result()) == 7.0
    metric.total.assign_sub(1.0)
    assert float(metric.result()) == pytest.approx(20 / 3)
    metric.reset_state()
    assert float(metric.total.numpy()) == 0.0


def test_wide_and_deep_from_dicts():
    data = {"deep": random(120, 6), "wide": random(120, 5, seed=2)}
    wanted = {"main": data["deep"].sum(1) + data["wide"][:, 0], "aux": data["deep"].mean(1)}
    wide, deep = keras.Input(shape=(5,), name="wide"), keras.Input(shape=(6,), name="deep")
    hidden = layers.Dense(30, activation="relu")(deep)
    main = layers.Dense(1, name="main")(layers.concatenate([wide, hidden]))
    aux = layers.Dense(1, name="aux")(hidden)
    model = keras.Model(inputs=[wide, deep], outputs=[main, aux])
    model.compile(
        loss={"main": "mse", "aux": "mse"},
        loss_weights={"main": 0.9, "aux": 0.1},
        optimizer=keras.optimizers.Adam(1e-2),
        metrics={"main": ["RootMeanSquaredError"], "aux": ["mae"]},
    )
    model.fit(data, wanted, epochs=2, verbose=0, validation_split=0.2)
    scores = model.evaluate([data["wide"], data["deep"]], list(wanted.values()), return_dict=True, verbose=0)
    assert scores["loss"] == pytest.approx(0.9 * scores["main_loss"] + 0.1 * scores["aux_loss"])
    named = keras.Model({"wide": wide, "deep": deep}, {"main": main, "aux": aux})
    assert {name: y.shape for name, y in named.predict(data).items()} == {"main": (120, 1), "aux": (120, 1)}


def test_siamese_networks_share_an_encoder():
    encoder = models.Sequential([keras.Input((6,)), layers.Dense(8, activation="relu"), layers.Dense(4)])
    a, b = keras.Input((6,), name="a"), keras.Input((6,), name="b")
    far = layers.Lambda(lambda pair: np.abs(pair[0] - pair[1]))([encoder(a), encoder(b)])
    near = layers.Dot(axes=1, normalize=True)([encoder(a), encoder(b)])
    same = layers.Dense(1, activation="sigmoid")(layers.Concatenate()([far, near]))
    model = keras.Model([a, b], same)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    x, y = random(50, 6), np.random.RandomState(3).randint(0, 2, 50)
    model.fit({"a": x, "b": 1 - x}, y, epochs=2, verbose=0, class_weight={0: 1.0, 1: 2.0})
    assert len(model.trainable_weights) == 6
    inside = keras.Model(model.inputs, near)
    np.testing.assert_allclose(inside.predict([x, x]), 1, rtol=1e-5)


def test_sequence_to_sequence_and_its_inference_models():
    encoded = keras.Input((None, 7))
    states = layers.LSTM(5, return_state=True)(encoded)[1:]
    decoded = keras.Input((None, 6))
    decoder = layers.LSTM(5, return_sequences=True, return_state=True)
    dense = layers.Dense(6, activation="softmax")
    model = keras.Model([encoded, decoded], dense(decoder(decoded, initial_state=states)[0]))
    model.compile("rmsprop", "categorical_crossentropy")
    rng = np.random.RandomState(1)
    x, d = np.eye(7)[rng.randint(0, 7, (24, 5))], np.eye(6)[rng.randint(0, 6, (24, 4))]
    model.fit([x, d], np.roll(d, -1, axis=1), batch_size=8, verbose=0, validation_split=0.25)
    held = [keras.Input((5,)), keras.Input((5,))]
    y, *made = decoder(decoded, initial_state=held)
    step = keras.Model([decoded, *held], [dense(y), *made])
    state = keras.Model(encoded, states).predict(x[:1])
    for i in range(4):
        row, *state = step.predict([d[:1, i : i + 1], *state])
        np.testing.assert_allclose(row[0, 0], model.predict([x[:1], d[:1]])[0, i], rtol=1e-4)


def test_transfer_freezes_and_unfreezes():
    x, y = random(60, 6), np.random.RandomState(2).randint(0, 2, 60)
    base = models.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(8, activation="relu", name="low"),
            layers.BatchNormalization(),
            layers.Dense(5),
        ]
    )
    base.trainable = False
    inputs = keras.Input((6,))
    model = keras.Model(inputs, layers.Dense(1, name="head")(base(inputs, training=False)))
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    frozen = base.get_weights()
    model.compile("adam", loss)
    model.fit(x, y, verbose=0)
    assert all(map(np.array_equal, frozen, base.get_weights()))
    base.trainable = True
    for layer in base.layers[:-1]:
        layer.trainable = False
    model.compile(keras.optimizers.Adam(1e-4), loss)
    assert len(model.trainable_weights) == 4
    model.fit(x, y, verbose=0)
    changed = [not np.array_equal(a, b) for a, b in zip(frozen, base.get_weights(), strict=True)]
    assert changed == [False] * 6 + [True] * 2
    # The input and output of a list of layers are those of its call, those of a graph are its own.
    assert base.input is inputs
    again = model(keras.Input((6,)))
    assert model.input is inputs
    assert model.output is not again
    assert len(keras.Model(inputs, [layer.output for layer in model.layers[1:]]).predict(x)) == 2
    whole = keras.Model(base.input, base.output)
    low = keras.Model(inputs=base.inputs, outputs=base.get_layer("low").output)
    assert np.array_equal(whole.predict(x), base.predict(x))
    assert low.predict(x).shape == (60, 8)


def test_two_networks_against_each_other():
    keras.utils.set_random_seed(1)
    generator = models.Sequential([keras.Input((3,)), layers.Dense(8, activation="relu"), layers.Dense(2)])
    judge = models.Sequential([keras.Input((2,)), layers.Dense(8, activation="relu"), layers.Dense(1)])
    optimizers = keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-2)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    rng, ones = np.random.RandomState(0), np.ones((32, 1))
    for _ in range(60):
        noise, real = rng.randn(32, 3), rng.randn(32, 2) + 2
        seen = loss(ones, judge(real, training=True)) + loss(0 * ones, judge(generator(noise), training=True))
        fooled = loss(ones, judge(generator(noise, training=True), training=True))
        for optimizer, network, value in zip(optimizers, (judge, generator), (seen, fooled), strict=True):
            variables = network.trainable_variables
            optimizer.apply_gradients(zip(keras.autograd.grad(value, variables), variables, strict=True))
    assert np.all(generator(rng.randn(200, 3)).mean(0) > 0.3)


def test_callbacks_of_a_book(tmp_path):
    class Spy(callbacks.Callback):
        seen = ()

        def on_epoch_end(self, epoch, logs=None):
            self.seen = (*self.seen, (epoch, sorted(logs)))

    x = random(64, 4)
    model = models.Sequential([keras.Input((4,)), layers.Dense(6, activation="relu"), layers.Dense(1)])
    fill(model)
    model.compile(keras.optimizers.Adam(0.05), "mse", metrics=["mae"])
    spy = Spy()
    history = model.fit(
        x,
        x.sum(1),
        epochs=30,
        shuffle=False,
        verbose=0,
        validation_data=(x[:16], x[:16].sum(1) + 1),
        callbacks=[
            spy,
            callbacks.EarlyStopping(patience=3, restore_best_weights=True),
            callbacks.ModelCheckpoint(tmp_path / "best.fastnn", save_best_only=True),
            callbacks.CSVLogger(tmp_path / "log.csv"),
            callbacks.ReduceLROnPlateau(patience=2, factor=0.5),
        ],
    )
    close(history.history["val_loss"], [4.61, 1.691, 0.2848, 0.08615, 0.1022, 0.3092, 0.5063])  # REFERENCE
    close(history.history["learning_rate"], [0.05] * 6 + [0.025])
    assert history.epoch == list(range(7))
    assert spy.seen[0] == (0, ["loss", "mae", "val_loss", "val_mae"])
    best = models.load_model(tmp_path / "best.fastnn")
    close(best.evaluate(x[:16], x[:16].sum(1) + 1, verbose=0), [0.08615, 0.2514])
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 8


def test_pictures_the_old_way():
    model = models.Sequential()
    model.add(layers.Conv2D(4, (3, 3), activation="relu", input_shape=(12, 12, 1)))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(4, activation="softmax"))
    rmsprop = keras.optimizers.RMSprop(learning_rate=1e-4)
    model.compile(optimizer=rmsprop, loss="sparse_categorical_crossentropy", metrics=["acc"])
    y = np.random.RandomState(2).randint(0, 4, 16)
    history = model.fit(random(16, 12, 12, 1), y, epochs=2, batch_size=4, verbose=0).history
    assert list(history) == ["loss", "acc"]


def test_words_of_any_length():
    tokens = np.random.RandomState(2).randint(1, 20, (40, 9))
    tokens[::3, 3:] = 0
    words = keras.Input((None,), dtype="int64")
    x = layers.Embedding(20, 4, mask_zero=True)(words)
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(x)
    x = layers.Bidirectional(layers.GRU(3))(x)
    model = keras.Model(words, layers.Dense(1, activation="sigmoid")(x))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(tokens, np.arange(40) % 2, verbose=0)
    np.testing.assert_allclose(model.predict(tokens[:1]), model.predict(tokens[:1, :3]), rtol=1e-5)


def test_a_state_goes_on_from_batch_to_batch():
    waves = random(4, 16, 1)
    plain = models.Sequential([keras.Input((None, 1)), layers.LSTM(4), layers.Dense(1)])
    model = models.Sequential(
        [keras.Input((8, 1), batch_size=4), layers.LSTM(4, stateful=True), layers.Dense(1)]
    )
    model.set_weights(plain.get_weights())
    model.predict(waves[:, :8])
    np.testing.assert_allclose(model.predict(waves[:, 8:]), plain.predict(waves), rtol=1e-5)
    model.layers[0].reset_states()
    np.testing.assert_allclose(model.predict(waves[:, :8]), plain.predict(waves[:, :8]), rtol=1e-5)


# ---- what goes wrong ------------------------------------------------------------------------------------


class NoReturn(layers.Layer):
    def call(self, x):
        x * 2


class NoSuper(layers.Layer):
    def __init__(self, units):
        self.dense = layers.Dense(units)

    def call(self, x):
        return self.dense(x)


class NoSuperModel(keras.Model):
    def __init__(self, units):
        self.dense = layers.Dense(units)

    def call(self, x):
        return self.dense(x)


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (lambda x: layers.Add()(x, x), "Add takes several inputs as one list"),
        (lambda x: NoReturn()(x), "NoReturn.call returned None; does it end with `return`"),
        (lambda x: NoSuper(3)(x), r"NoSuper: call super\(\).__init__\(\) in the constructor first"),
        (lambda x: NoSuperModel(3)(x), r"NoSuperModel: call super\(\).__init__\(\) in the constructor first"),
        (lambda x: layers.Dense(3, activations="relu"), "Dense: .*'activations'; did you mean 'activation'"),
        (lambda x: layers.LSTM(3, return_sequence=True), "did you mean 'return_sequences'"),
        (lambda x: keras.optimizers.Adam(learningrate=1), "Adam: .*did you mean 'learning_rate'"),
        (lambda x: layers.Dense(3).nothing, "'Dense' object has no attribute 'nothing'"),
    ],
)
def test_mistakes_are_named(mistake, said):
    with warnings.catch_warnings(), pytest.raises((AttributeError, TypeError, ValueError), match=said):
        mistake(np.ones((2, 4)))
