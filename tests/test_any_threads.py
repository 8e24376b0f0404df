"""Every layer computes the same bits on any number of threads: outputs, losses, trained weights."""

import numpy as np
import pytest
from test_saving import every_layer, model_around

import fastnn


def results(name, threads):
    fastnn.utils.set_random_seed(0)
    model, x, y = model_around(name)
    times = 200_000 // x.size
    x, y = np.tile(x, (times, *[1] * (x.ndim - 1))), np.tile(y, (times, 1))
    with fastnn.threads(threads):
        losses = [model.train_on_batch(x, y)]
        return [np.asarray(losses), model.predict(x), *model.get_weights()]


@pytest.mark.parametrize("name", [name for name in every_layer() if name != "InputLayer"])
@pytest.mark.filterwarnings("ignore:mask")  # of layers that do not pass it on
@pytest.mark.filterwarnings("ignore:.*adapted")
def test_every_layer(name, isa):
    """With rows enough that each op has pieces for several threads."""
    expected = results(name, 1)
    for threads in (2, 3, 4, 8):
        for found, wanted in zip(results(name, threads), expected, strict=True):
            np.testing.assert_array_equal(found, wanted)
