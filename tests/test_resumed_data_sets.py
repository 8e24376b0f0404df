"""A training on a data set, interrupted anywhere and resumed, ends with the bits of an uninterrupted one."""

import numpy as np
import pytest
from killing import Killed, kill_after

import fastnn
from fastnn.callbacks import BackupAndRestore
from fastnn.utils import PyDataset, timeseries_dataset_from_array

X = np.random.default_rng(0).standard_normal((22, 3)).astype("f")
Y = X @ np.random.default_rng(1).standard_normal((3, 2)).astype("f")


class Parts(PyDataset):
    """Five batches of five rows, the last one of two."""

    def __len__(self):
        return 5

    def __getitem__(self, index):
        rows = slice(5 * index, 5 * index + 5)
        return X[rows], Y[rows]


class Endless(Parts):
    num_batches = None

    def __getitem__(self, index):
        return super().__getitem__(index % 5)


class Shuffled(Parts):
    """Draws the order of its rows from a generator whose state goes on from epoch to epoch."""

    def __init__(self, hook, **arguments):
        super().__init__(**arguments)
        self.rng, self.rows, self.hook = np.random.default_rng(3), np.arange(len(X)), hook

    def __getitem__(self, index):
        rows = self.rows[5 * index : 5 * index + 5]
        return X[rows], Y[rows]

    def on_epoch_begin(self):
        if self.hook == "begin":
            self.rng.shuffle(self.rows)

    def on_epoch_end(self):
        if self.hook == "end":
            self.rng.shuffle(self.rows)

    def get_state(self):
        return {"rng": self.rng.bit_generator.state, "rows": self.rows}

    def set_state(self, state):
        self.rng.bit_generator.state, self.rows = state["rng"], np.array(state["rows"])


class Walk:
    """Can be walked through again."""

    def __iter__(self):
        return (Parts()[i] for i in range(5))


def endless():
    while True:
        yield from Walk()


def sparse():
    return pytest.importorskip("scipy.sparse").csr_array(X)


DATA = {
    "batches by number": (Parts, {}),
    "made ahead": (lambda: Parts(workers=3), {}),
    "in order": (Parts, {"shuffle": False}),
    "without end": (Endless, {"steps_per_epoch": 3}),
    "shuffled before epochs": (lambda: Shuffled("begin"), {}),
    "shuffled after epochs": (lambda: Shuffled("end", workers=2), {}),
    "windows": (lambda: timeseries_dataset_from_array(X, Y, 1, batch_size=5, shuffle=True, seed=2), {}),
    "iterable": (Walk, {}),
    "generator": (endless, {"steps_per_epoch": 3}),
    "sparse": (sparse, {"y": Y, "batch_size": 5}),
}


def train(name, *callbacks, steps=None):
    fastnn.utils.set_random_seed(3)
    make, arguments = DATA[name]
    layers = [fastnn.layers.Flatten(), fastnn.layers.Dense(4, "tanh"), fastnn.layers.Dropout(0.2)]
    shape = (1, 3) if name == "windows" else (3,)
    model = fastnn.Sequential([fastnn.Input(shape), *layers, fastnn.layers.Dense(2)])
    model.compile("adam", "mse", metrics=["mae"])
    arguments = arguments if steps is None else arguments | {"steps_per_epoch": steps}
    validation = {} if name == "sparse" else {"validation_data": Parts() if shape == (3,) else make()}
    found = model.fit(make(), epochs=4, verbose=0, callbacks=list(callbacks), **arguments, **validation)
    return model.get_weights(), found.history


@pytest.mark.filterwarnings("ignore:x. the data ran out")
@pytest.mark.parametrize("steps", [None, 3, 7], ids=lambda steps: f"steps_per_epoch={steps}")
@pytest.mark.parametrize("name", DATA)
def test_same_bits(tmp_path, name, steps):
    whole, history = train(name, steps=steps)
    for save_freq, kills in (("epoch", (6, 2)), (1, (1, 4, 6)), (2, (5, 5))):
        for kill in (*kills, 100):
            callbacks = kill_after(kill), BackupAndRestore(tmp_path / "backup", save_freq)
            try:
                found = train(name, *callbacks, steps=steps)
            except Killed:
                continue
            break
        assert found[1] == history
        for a, b in zip(found[0], whole, strict=True):
            np.testing.assert_array_equal(a, b)


def test_no_batch_is_made_again():
    made = []

    class Noted(Parts):
        def __getitem__(self, index):
            made.append(index)
            return super().__getitem__(index)

    DATA["noted"] = Noted, {}
    try:
        train("noted")
        whole = made[:]
        assert len(whole) == 20
        made.clear()
    finally:
        del DATA["noted"]


def test_the_order_goes_on_with_the_next_training():
    """As for arrays: each pass of a model has an order of its own, in all trainings."""
    seen = []

    class Seen(Parts):
        def __len__(self):
            return 22

        def __getitem__(self, index):
            seen.append(index)
            return X[index : index + 1], Y[index : index + 1]

    model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(2)])
    model.compile("sgd", "mse")
    for _ in range(2):
        model.fit(Seen(), epochs=2, verbose=0)
    orders = [tuple(seen[i : i + 22]) for i in range(0, 88, 22)]
    assert len(set(orders)) == 4
    assert all(sorted(order) == list(range(22)) for order in orders)
