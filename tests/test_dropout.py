"""`Dropout`: what is dropped, when, and that it depends on nothing but seed, step and place."""

import numpy as np
import pytest
from harness import check_layer

import fastnn
from fastnn.layers import Dense, Dropout

ROWS, WIDTH = 300, 200  # more rows than one piece of a prediction has


def sample(layer, rows=ROWS, shape=(WIDTH,)):
    """What a layer with seed 0 makes of ones: its mask."""
    return layer(np.ones((rows, *shape), "float32"), training=True)


@pytest.mark.parametrize("noise_shape", [None, (None, 1, None), (None, 3, 1), (1, None, 5)])
def test_dropout(noise_shape):
    arguments = {"rate": 0.4, "noise_shape": noise_shape, "seed": 3}
    check_layer(Dropout, arguments, (2, 3, 5), (2, 3, 5), 0, oracle=lambda x: x)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_share_and_scale(isa, dtype, rate):
    mask = Dropout(rate, seed=0, dtype=dtype)(np.ones((ROWS, WIDTH)), training=True)
    assert np.array_equal(np.unique(mask), np.array([0, 1 / (1 - rate)], dtype))
    deviation = np.sqrt(rate * (1 - rate))
    assert abs((mask == 0).mean() - rate) < 4 * deviation / np.sqrt(mask.size)
    assert abs((mask == 0).mean(0) - rate).max() < 5 * deviation / np.sqrt(ROWS)
    assert abs((mask == 0).mean(1) - rate).max() < 5 * deviation / np.sqrt(WIDTH)


def test_every_row_and_every_call_has_a_mask_of_its_own():
    layer = Dropout(0.5, seed=0)
    masks = np.concatenate([sample(layer), sample(layer)])
    assert len(np.unique(masks, axis=0)) == len(masks)


def test_the_seed_is_the_mask():
    one, same, other, unseeded = (
        Dropout(0.5, seed=1),
        Dropout(0.5, seed=1),
        Dropout(0.5, seed=2),
        Dropout(0.5),
    )
    assert np.array_equal(sample(one), sample(same))
    assert abs((sample(one) == sample(other)).mean() - 0.5) < 0.02
    assert abs((sample(one) == sample(unseeded)).mean() - 0.5) < 0.02


@pytest.mark.parametrize("noise_shape", [None, (None, 20, 1)])
def test_the_mask_is_the_same_for_any_number_of_threads(n_threads, noise_shape):
    with fastnn.threads(1):
        expected = sample(Dropout(0.3, noise_shape, seed=0), shape=(20, 50))
    assert np.array_equal(sample(Dropout(0.3, noise_shape, seed=0), shape=(20, 50)), expected)


@pytest.mark.parametrize(
    ("noise_shape", "shared"),
    [((None, 1, None), (1,)), ((None, None, 1), (2,)), ((1, None, None), (0,)), ((1, 1, 4), (0, 1))],
)
def test_shared_draws(noise_shape, shared):
    mask = sample(Dropout(0.5, noise_shape, seed=0), 200, (3, 4))
    draws = mask
    for axis in shared:
        draws = draws.take([0], axis)
        assert np.array_equal(mask, np.broadcast_to(mask.take([0], axis), mask.shape))
    assert len(np.unique(draws)) == 2


def test_outside_of_training_it_is_nothing():
    x = np.random.default_rng(0).standard_normal((5, 7)).astype("float32")
    layer = Dropout(0.9)
    assert np.array_equal(layer(x), x)
    assert np.array_equal(Dropout(0.0)(x, training=True), x)
    model = fastnn.Sequential([layer])
    model.compile(loss="mse")
    assert model.evaluate(x, x, verbose=0) == 0


def test_what_is_dropped_gets_no_gradient():
    layers = [Dense(100, kernel_initializer="ones"), Dropout(0.75)]
    model = fastnn.Sequential([fastnn.Input((1,)), *layers])
    model.compile(fastnn.optimizers.SGD(1.0), "mse")
    loss = model.train_on_batch(np.ones((1, 1), "float32"), np.zeros((1, 100), "float32"))
    learned = layers[0].kernel.numpy()[0] != 1
    assert learned.sum() == pytest.approx(loss * 100 / 16)
    assert 10 < learned.sum() < 40
    assert len(np.unique(layers[0].kernel.numpy())) == 2


def test_each_step_draws_anew():
    model = fastnn.Sequential([Dense(50, kernel_initializer="ones", input_shape=(1,)), Dropout(0.5)])
    model.compile(fastnn.optimizers.SGD(0.0), "mse")
    x, y = np.ones((4, 1)), np.zeros((4, 50))
    assert len({model.train_on_batch(x, y) for _ in range(20)}) > 10


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5, float("nan"), "0.5", None, True])
def test_bad_rates_are_named(rate):
    with pytest.raises(ValueError, match=f"rate: .*{rate!r}"):
        Dropout(rate)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, "1", True])
def test_bad_seeds_are_named(seed):
    with pytest.raises(ValueError, match=f"seed: .*{seed!r}"):
        Dropout(0.5, seed=seed)


@pytest.mark.parametrize("noise_shape", [(None,), (None, 2), (None, 3, 1), (None, 0), "ab", 3])
def test_bad_noise_shapes_are_named(noise_shape):
    with pytest.raises(ValueError, match="noise_shape: "):
        Dropout(0.5, noise_shape)(np.ones((2, 3)))
