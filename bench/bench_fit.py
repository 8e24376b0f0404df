"""What an epoch of `fit` costs beside the runs of its plan: the loop, the gathering of rows, callbacks."""

import numpy as np
import pytest
from fastnn.data.dataset.batches import ArrayFeed

import fastnn
from fastnn.training.loop import run

BATCH, BATCHES = 32, 200


def network():
    model = fastnn.Sequential([fastnn.Input((20,)), fastnn.layers.Dense(32, "relu"), fastnn.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize("shuffle", [False, True])
def test_epoch(versus, shuffle):
    """Runs are in the order of the rows: what `fit` takes longer is gathering, callbacks and History."""
    random = np.random.default_rng(0)
    x = random.standard_normal((BATCH * BATCHES, 20), "float32")
    y = random.standard_normal((BATCH * BATCHES, 1), "float32")
    model, bare = network(), network()
    data = bare._gate(x, y, None)
    feed = ArrayFeed(bare.plan("train", BATCH, data.weighted, data.rows), data, BATCH)

    def theirs():
        for plan, start, rows in feed.epoch():
            run(plan, start, rows)

    def mine():
        model.fit(x, y, shuffle=shuffle, verbose=0)

    versus(f"fit, {BATCHES} batches of a 20-32-1 network, shuffle={shuffle}", mine, theirs)


def test_batches(versus):
    """A generator of batches passes the gate with each."""
    random = np.random.default_rng(0)
    x = random.standard_normal((BATCH, 20), "float32")
    y = random.standard_normal((BATCH, 1), "float32")
    model, bare = network(), network()

    def theirs():
        for _ in range(BATCHES):
            bare.train_on_batch(x, y)

    versus(
        f"fit, a generator of {BATCHES} batches",
        lambda: model.fit(((x, y) for _ in range(BATCHES)), verbose=0),
        theirs,
    )
