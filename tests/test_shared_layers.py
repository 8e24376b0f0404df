"""Models that share layers train, predict and are saved in any order, and from other threads."""

import copy
import io
import pickle
import tempfile
import threading

import numpy as np
import pytest

import fastnn
from fastnn.layers import LSTM, BatchNormalization, Dense, Dropout


def data(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


X, Y = data(24, 6), data(24, 2, seed=1)


def heads():
    """One encoder, two heads, and the encoder as a model of its own."""
    fastnn.utils.set_random_seed(1)
    x = fastnn.Input((6,))
    encoded = BatchNormalization()(Dense(8, "relu")(x))
    encoder = fastnn.Model(x, encoded)
    first = fastnn.Model(x, Dense(2)(encoded))
    second = fastnn.Model(x, Dense(2)(Dense(5, "tanh")(encoded)))
    return [encoder, first, second]


def stacked():
    """A teacher's layers inside a student, which is a `Sequential` of the same objects."""
    fastnn.utils.set_random_seed(2)
    teacher = fastnn.Sequential([fastnn.Input((6,)), Dense(8, "relu"), Dropout(0.3), Dense(2)])
    student = fastnn.Sequential([fastnn.Input((6,)), *teacher.layers[:2], Dense(2)])
    return [teacher, student]


def siamese():
    """Two parts with the same weights, and the part alone."""
    fastnn.utils.set_random_seed(3)
    part = fastnn.Sequential([fastnn.Input((6,)), Dense(4, "tanh"), Dense(2)])
    one = fastnn.Input((6,))
    pair = fastnn.Model(one, part(one) - part(one * 2.0))
    return [part, pair]


def adversarial():
    fastnn.utils.set_random_seed(4)
    generator = fastnn.Sequential([fastnn.Input((6,)), Dense(5, "relu"), Dense(6)])
    critic = fastnn.Sequential([fastnn.Input((6,)), Dense(5, "relu"), Dense(2)])
    x = fastnn.Input((6,))
    return [generator, critic, fastnn.Model(x, critic(generator(x)))]


FAMILIES = [heads, stacked, siamese, adversarial]
USES = {
    "predict": lambda model: model.predict(X),
    "call": lambda model: model(X[:3]),
    "sample": lambda model: model(X, training=True),
    "compile": lambda model: model.compile(model.optimizer, model.loss),
    "evaluate": lambda model: model.evaluate(X, Y[:, :1] * np.ones(model.output_shape[1:]), verbose=0),
    "save": lambda model: model.save(io.BytesIO()),
    "clone": fastnn.models.clone_model,
    "optimizer": lambda model: model.optimizer.build(model.trainable_variables),
}


def compiled(family):
    models = family()
    for model in models:
        model.compile("adam", "mse")
    return models


def target(model):
    return Y[:, :1] * np.ones(model.output_shape[1:], "float32")


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("family", FAMILIES)
def test_what_others_do_during_an_epoch_changes_nothing(family, use):
    def trained(disturb):
        models = compiled(family)
        model = models[-1]

        def others(batch, logs):
            for other in models[:-1]:
                disturb(other)

        callback = fastnn.callbacks.LambdaCallback(on_train_batch_end=others)
        model.fit(X, target(model), batch_size=5, epochs=2, verbose=0, callbacks=[callback])
        return model.get_weights()

    for a, b in zip(trained(lambda other: None), trained(USES[use]), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("family", FAMILIES)
def test_training_in_turns_is_seen_by_all(family):
    """Each step reads the weights as they are, and uses the state of its own optimizer."""
    models = compiled(family)
    order = np.random.default_rng(7).integers(0, len(models), 20)
    for i in order:
        model = models[i]
        before = {id(v): v.numpy() for other in models for v in other.weights}
        model.train_on_batch(X, target(model))
        own = {id(v) for v in model.weights}
        for other in models:
            for v in other.weights:
                if id(v) not in own:
                    np.testing.assert_array_equal(v.numpy(), before[id(v)])
        for other in models:
            fresh = fastnn.models.clone_model(other)
            fresh.set_weights(other.get_weights())
            np.testing.assert_array_equal(other.predict(X), fresh.predict(X))
    for i, model in enumerate(models):
        assert model.optimizer.iterations == (order == i).sum()


@pytest.mark.parametrize("family", FAMILIES)
def test_others_predict_from_threads_while_one_trains(family):
    """They read weights that change under them; at the end everybody has the same ones."""
    models = compiled(family)
    stop, failures = threading.Event(), []

    def serve(model):
        try:
            while not stop.is_set():
                assert np.isfinite(model.predict(X)).all()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=serve, args=(model,)) for model in models[:-1]]
    for thread in threads:
        thread.start()
    try:
        models[-1].fit(X, target(models[-1]), epochs=20, batch_size=4, verbose=0)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures
    alone = compiled(family)
    alone[-1].fit(X, target(alone[-1]), epochs=20, batch_size=4, verbose=0)
    for a, b in zip(models[-1].get_weights(), alone[-1].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_stream_sees_what_another_model_has_trained():
    """A stream packs weights once, and anew when any model or call has changed them."""
    fastnn.utils.set_random_seed(6)
    x = fastnn.Input((5, 3))
    states = LSTM(4)(x)
    served, trained = fastnn.Model(x, Dense(1)(states)), fastnn.Model(x, Dense(2)(states))
    trained.compile("sgd", "mse")
    sequence = data(5, 3)
    for change in (
        lambda: None,
        lambda: trained.train_on_batch(data(4, 5, 3), data(4, 2)),
        lambda: trained.layers[1].set_weights([w * 2 for w in trained.layers[1].get_weights()]),
    ):
        stream = served.stream()
        stream.step(sequence[0])
        change()
        stream.reset()
        for step in sequence:
            y = stream.step(step)
        np.testing.assert_allclose(y, served.predict(sequence[None])[0], rtol=1e-6)


def test_weights_stay_where_they_are():
    models = compiled(heads)
    places = {id(v): v.value.ctypes.data for model in models for v in model.weights}
    for model in models:
        model.fit(X, target(model), verbose=0)
        model.compile("sgd", "mse")
        model.fit(X, target(model), verbose=0)
    assert places == {id(v): v.value.ctypes.data for model in models for v in model.weights}


def test_one_model_trained_on_two_shapes_from_two_threads():
    """A step beside another one is done, after it, or refused; each that is done counts."""
    model = fastnn.Sequential([fastnn.Input((None, 3)), LSTM(8), Dense(1)])
    model.compile("adam", "mse")
    model.train_on_batch(data(4, 2, 3), data(4, 1))
    done, refused, failures = [], [], []

    def train(length):
        for step in range(40):
            x = data(4, length + step % 3 * 2, 3)
            try:
                done.append(model.train_on_batch(x, data(4, 1), sample_weight=np.ones(4)))
            except RuntimeError as error:
                refused.append(str(error))
            except BaseException as error:
                failures.append(error)

    threads = [threading.Thread(target=train, args=(length,)) for length in (3, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert all("it is in use already" in message for message in refused)
    assert len(done) + len(refused) == 80
    assert model.optimizer.iterations == 1 + len(done)
    assert np.isfinite(np.concatenate([w.ravel() for w in model.get_weights()])).all()


# ---- one layer in several places of a model ----------------------------------------------------------------


def inner_in_two():
    """A model is called, and so is another that it is a part of."""
    encoder = fastnn.Sequential([fastnn.Input((6,)), Dense(6, "tanh", name="code")], name="encoder")
    x, y = fastnn.Input((6,)), fastnn.Input((6,))
    decoder = fastnn.Model(x, Dense(2)(encoder(x)), name="decoder")
    return fastnn.Model(y, decoder(encoder(y)))


def layer_in_three():
    layer = Dense(6, "relu", name="same")
    first = fastnn.Sequential([fastnn.Input((6,)), layer], name="first")
    second = fastnn.Sequential([fastnn.Input((6,)), Dense(6), layer], name="second")
    return fastnn.Sequential([fastnn.Input((6,)), first, second, layer, Dense(2)])


def layer_in_a_wrapper():
    layer = Dense(3, "tanh", name="same")
    x = fastnn.Input((6,))
    steps = fastnn.layers.TimeDistributed(layer)(fastnn.layers.Reshape((2, 3))(x))
    return fastnn.Model(x, Dense(2)(fastnn.layers.Flatten()(layer(steps))))


def embedding_of_two():
    """An encoder and a decoder have the vectors of the words in common."""
    words = fastnn.layers.Embedding(9, 4, name="words")
    x, y, z = fastnn.Input((6,)), fastnn.Input((6,)), fastnn.Input((6,))
    state = fastnn.Input((4,))
    encoder = fastnn.Model(x, LSTM(4)(words(x)), name="encoder")
    decoder = fastnn.Model([y, state], LSTM(2)(words(y)) + Dense(2)(state), name="decoder")
    return fastnn.Model(z, decoder([z, encoder(z)]))


def saved(ending):
    def again(model):
        with tempfile.TemporaryDirectory() as folder:
            model.save(f"{folder}/model{ending}")
            return fastnn.models.load_model(f"{folder}/model{ending}")

    return again


def with_weights(made):
    def again(model):
        other = made(model)
        other.set_weights(model.get_weights())
        other.compile("sgd", "mse")
        return other

    return again


COPIES = {
    "file": saved(".fastnn"),
    "keras": saved(".keras"),
    "json": with_weights(lambda model: fastnn.models.model_from_json(model.to_json())),
    "config": with_weights(lambda model: type(model).from_config(model.get_config())),
    "clone": with_weights(fastnn.models.clone_model),
    "clone_by_function": with_weights(
        lambda model: fastnn.models.clone_model(
            model, clone_function=lambda layer: type(layer).from_config(layer.get_config()), recursive=True
        )
    ),
    "copy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
}


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("made", [inner_in_two, layer_in_three, layer_in_a_wrapper, embedding_of_two])
def test_a_layer_in_several_places_stays_one(made, copied):
    if copied == "keras":
        pytest.importorskip("h5py")
    if made is layer_in_a_wrapper and copied.startswith("clone"):
        pytest.skip("layers inside of wrappers are cloned with these")
    model = made()
    model.compile("sgd", "mse")
    x = np.abs(X).astype(int) if made is embedding_of_two else X
    model.fit(x, Y, shuffle=False, verbose=0)
    again = COPIES[copied](model)
    assert [weight.path for weight in again.weights] == [weight.path for weight in model.weights]
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    for each in (model, again):
        each.fit(x, Y, shuffle=False, verbose=0)
    for found, expected in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_layers_of_one_description_are_two():
    """Only a configuration that says so makes one layer of two descriptions, and only as a whole."""
    described = fastnn.layers.serialize(Dense(2, name="same"))
    assert "shared_object_id" not in described
    assert fastnn.layers.deserialize(described) is not fastnn.layers.deserialize(described)
    config = layer_in_three().get_config()
    one, other = (fastnn.Sequential.from_config(config) for _ in range(2))
    assert one.layers[0].layers[0] is one.layers[1].layers[1] is one.layers[2]
    assert one.layers[2] is not other.layers[2]


@pytest.mark.parametrize("number", [[1], {"a": 1}, "1", None, 2**70])
def test_any_number_of_a_shared_layer_is_read(number):
    config = layer_in_three().get_config()
    config["layers"][-2]["shared_object_id"] = number
    assert len(fastnn.Sequential.from_config(config).weights) == 8
