"""What an epoch of `fit` costs beside the runs of its plan: the loop, the gathering of rows, callbacks."""

import numpy as np
import pytest

import fastnn
from fastnn.data.batches import ArrayBatches
from fastnn.training.loop import run_batch
from fastnn.training.model_data import to_arrays
from fastnn.training.plan_cache import plan_of

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
    arrays = to_arrays(bare, x, y, None)
    batches = ArrayBatches(plan_of(bare, "training", BATCH), arrays, BATCH)

    def theirs():
        for plan, start, rows in batches.epoch():
            run_batch(plan, start, rows)

    def mine():
        model.fit(x, y, shuffle=shuffle, verbose=0)

    versus(f"fit, {BATCHES} batches of a 20-32-1 network, shuffle={shuffle}", mine, theirs)


def test_batches(versus):
    """Each batch of a generator is validated and converted."""
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
