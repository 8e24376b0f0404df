"""Files that nobody has written: whatever stands in them, a reader returns or raises its own error.

Valid files are altered where it hurts: numbers in documents, and bytes under a checksum that is right again.
What an altered file costs is bounded by its size. A longer run is one of those in CONTRIBUTING.md.
"""

import copy
import io
import json
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from test_saving import forged, packed, places, saved
from test_word_datasets import TEXTS, array_of, write

import fastnn
from fastnn import layers
from fastnn.datasets._lists import read_lists
from fastnn.saving import ModelFileError

hypothesis = pytest.importorskip("hypothesis")
st = hypothesis.strategies
pytestmark = [
    pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning"),
    pytest.mark.filterwarnings("ignore::fastnn.FastnnWarning"),  # of what a file lacks
]

NUMBERS = [
    0,
    1,
    -1,
    *(2**n + i for n in (31, 32, 62, 63, 64) for i in (-1, 0, 1)),
    10**30,
    1e308,
    float("nan"),
]
OTHERS = [None, True, "", "Dense", "../x", "a\0b", "x" * 1000, [], {}, [[]], [1] * 100]


def examples(strategy, rounds):
    """Check a function with values of a strategy: the same ones in each run, new ones in long runs."""

    def decorate(check):
        long = rounds > 1000
        settings = hypothesis.settings(
            max_examples=rounds, deadline=None, database=None, derandomize=not long,
            phases=[hypothesis.Phase.generate], suppress_health_check=list(hypothesis.HealthCheck),
        )  # fmt: skip
        settings(hypothesis.given(strategy)(check))()

    return decorate


def few_and(many, few):
    return pytest.mark.parametrize("rounds", [few, pytest.param(many, marks=pytest.mark.long)])


def bounded(read, content, errors):
    """Read a content, and check what that may cost."""
    tracemalloc.start()
    try:
        read(content)
    except errors:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 30 * len(content) + 3_000_000, (peak, len(content))


# ---- documents ------------------------------------------------------------------------------------------


def example_model():
    x = layers.Input((6, 4))
    y = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
    y = layers.Conv1D(4, 3, strides=1, padding="same", activation="relu")(y)
    y = layers.BatchNormalization()(y)
    y = layers.Concatenate()([layers.Flatten()(y), layers.GlobalMaxPooling1D()(y)])
    model = fastnn.Model(x, layers.Dense(2, "softmax")(layers.Dropout(0.1)(y)))
    schedule = fastnn.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    model.compile(
        fastnn.optimizers.Adam(schedule, clipnorm=1.0),
        "categorical_crossentropy",
        metrics=["accuracy", "auc"],
    )
    model.train_on_batch(np.ones((2, 6, 4)), np.eye(2))
    return model


def altered(draw, document):
    """A document with a few changes: other values, entries that are missing, doubled or exchanged."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 4))):
        known = list(places(document))
        if not known:
            break
        *path, last = known[draw(st.integers(0, len(known) - 1))]
        inside = document
        for key in path:
            inside = inside[key]
        action = draw(st.sampled_from(["number", "other", "delete", "exchange", "wrap"]))
        if action == "number":
            inside[last] = draw(st.sampled_from(NUMBERS))
        elif action == "other":
            inside[last] = copy.deepcopy(OTHERS[draw(st.integers(0, len(OTHERS) - 1))])
        elif action == "delete":
            del inside[last]
        elif action == "wrap":
            inside[last] = [inside[last], copy.deepcopy(inside[last])]
        else:
            found = document
            for key in known[draw(st.integers(0, len(known) - 1))]:
                found = found[key]
            inside[last] = copy.deepcopy(found)
    return document


def load(content):
    """Read a model, and use it if there is one."""
    model = fastnn.models.load_model(io.BytesIO(content))
    assert all(np.asarray(w).dtype.kind in "fiub" for w in model.get_weights())


@few_and(5_000, 100)
def test_documents_of_models(rounds):
    content = saved(example_model())
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    document = json.loads(header.pop("__metadata__")["fastnn"])

    @st.composite
    def contents(draw):
        changed, tensors = document, header
        if draw(st.booleans()):
            tensors = altered(draw, header)
        else:
            changed = altered(draw, document)
        text = json.dumps(changed | {"sha256": "0" * 64}, separators=(",", ":"))
        return packed({"__metadata__": {"fastnn": text}} | tensors, content[8 + length :])

    @examples(contents(), rounds)
    def check(content):
        bounded(load, content, ModelFileError)


@few_and(5_000, 100)
def test_json_of_models(rounds):
    document = json.loads(example_model().to_json())

    @st.composite
    def texts(draw):
        return json.dumps(altered(draw, document))

    @examples(texts(), rounds)
    def check(text):
        bounded(fastnn.models.model_from_json, text, (ValueError, TypeError))


@few_and(2_000, 30)
def test_documents_of_keras(rounds):
    pytest.importorskip("h5py")
    from test_keras_files import CONTENT

    with zipfile.ZipFile(io.BytesIO(CONTENT["mlp.keras"])) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    document = json.loads(members["config.json"])

    @st.composite
    def contents(draw):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name, member in members.items():
                config = name == "config.json"
                archive.writestr(name, json.dumps(altered(draw, document)) if config else member)
        return file.getvalue()

    @examples(contents(), rounds)
    def check(content):
        bounded(load, content, ModelFileError)


# ---- bytes ----------------------------------------------------------------------------------------------


@st.composite
def spoiled(draw, content, start=0):
    """Bytes of which some are other ones, missing or doubled."""
    content = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(start, max(start, len(content) - 1)))
        action = draw(st.sampled_from(["bit", "number", "cut", "delete", "double"]))
        if action == "bit" and at < len(content):
            content[at] ^= 1 << draw(st.integers(0, 7))
        elif action == "number":
            size = draw(st.sampled_from(["<B", "<H", "<I", "<Q"]))
            limit = 1 << 8 * struct.calcsize(size)
            content[at : at + struct.calcsize(size)] = struct.pack(
                size, draw(st.sampled_from(NUMBERS[:18])) % limit
            )
        elif action == "cut":
            del content[at:]
        elif action == "delete":
            del content[at : at + draw(st.integers(1, 50))]
        else:
            content[at:at] = content[at : at + draw(st.integers(1, 50))]
    return bytes(content)


@few_and(20_000, 200)
def test_bytes_of_models(rounds):
    content = forged()

    @examples(spoiled(content), rounds)
    def check(found):
        bounded(load, found, ModelFileError)


@few_and(20_000, 200)
def test_bytes_of_archives_of_keras(rounds):
    """The archive itself; HDF5's own library reads what is in it, and that stays as it is."""
    pytest.importorskip("h5py")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("metadata.json", "{}")
        archive.writestr("model.weights.h5", b"")

    @examples(spoiled(file.getvalue()), rounds)
    def check(found):
        bounded(load, found, ModelFileError)


@few_and(20_000, 150)
@pytest.mark.parametrize("protocol", [3, 4])
def test_bytes_of_lists_of_words(protocol, rounds, tmp_path):
    import pickle

    path = tmp_path / "a.npz"
    pickled = pickle.dumps(array_of(TEXTS), protocol=protocol)

    def read(content):
        read_lists(path, {"x": (6,)})

    @examples(st.tuples(st.booleans(), spoiled(pickled), st.data()), rounds)
    def check(given):
        inside, content, data = given
        write(path, content if inside else pickled)  # the pickle, or the archive around it
        if not inside:
            path.write_bytes(data.draw(spoiled(path.read_bytes())))
        bounded(read, path.read_bytes(), ValueError)
