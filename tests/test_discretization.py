"""Discretization: intervals that are given or adapted to data, as numbers and as vectors."""

import numpy as np
import pytest
from harness import check_layer

import fastnn
from fastnn.layers import Dense, Discretization, Input, registry

BOUNDS = [-1.0, 0.0, 0.5, 2.0, 7.0]


@pytest.mark.parametrize(
    ("mode", "row", "output"),
    [
        ("int", (4, 3), (4, 3)),
        ("one_hot", (4,), (4, 6)),
        ("multi_hot", (4,), (6,)),
        ("count", (2, 3), (3, 6)),
    ],
)
def test_the_harness(mode, row, output):
    def oracle(x):
        bins = np.digitize(x, BOUNDS)
        if mode == "int":
            return bins
        vectors = bins[..., None] == np.arange(6)
        counts = vectors if mode == "one_hot" else vectors.sum(1)
        return np.minimum(counts, 1) if mode == "multi_hot" else counts

    arguments = {"bin_boundaries": BOUNDS, "output_mode": mode}
    check_layer(Discretization, arguments, (3, *row), (3, *output), 0, oracle=oracle, below=10)


def test_numbers_on_a_boundary_beyond_all_and_nowhere():
    x = np.array([[-np.inf, -1.0, np.nextafter(np.float32(0.5), np.float32(0)), 0.5, 7.0, np.inf, np.nan]])
    np.testing.assert_array_equal(Discretization(BOUNDS)(x), [[0, 1, 2, 3, 5, 5, 5]])
    np.testing.assert_array_equal(Discretization(BOUNDS, output_mode="one_hot")(x)[0, -1], [0, 0, 0, 0, 0, 1])
    np.testing.assert_array_equal(Discretization([])([[1.0, -1.0]]), [[0, 0]])


# Keras' numbers for the same calls.
@pytest.mark.parametrize(
    ("bins", "epsilon", "batches", "expected"),
    [
        (4, 0.01, [8], [0.0, 0.5, 1.2999999523162842]),
        (3, 0.1, [8], None),
        (5, 0.05, [300, 100, 7], None),
        (10, 0.01, [1000], None),
    ],
)
def test_adapting_finds_quantiles(bins, epsilon, batches, expected):
    random = np.random.default_rng(0)
    data = [random.standard_normal((n, 2)) for n in batches]
    if expected is not None:
        data = [np.array([[-1.5, 1.0, 3.4, 0.5], [0.0, 3.0, 1.3, 0.0]])]
    layer = Discretization(num_bins=bins, epsilon=epsilon)
    layer.adapt(data[0] if len(data) == 1 else [(x, None) for x in data])
    if expected is not None:
        assert layer.bin_boundaries == expected
    everything = np.concatenate(data).ravel()
    below = [(everything <= bound).mean() for bound in layer.bin_boundaries]
    np.testing.assert_allclose(below, np.arange(1, bins) / bins, atol=2 * epsilon + 1 / len(everything))


def test_adapting_anew_changes_what_models_compute():
    layer = Discretization(num_bins=2, output_mode="one_hot")
    layer.adapt(np.arange(10.0))
    model = fastnn.Sequential([Input((1,)), layer, Dense(1, kernel_initializer="ones")])
    np.testing.assert_array_equal(layer([[4.9], [0.0]]), [[0, 1], [1, 0]])
    model.predict([[1.0]])
    layer.adapt(np.arange(100.0))
    np.testing.assert_array_equal(layer([[4.9], [60.0]]), [[1, 0], [0, 1]])
    twin = registry.deserialize(registry.serialize(layer))
    assert twin.bin_boundaries == layer.bin_boundaries
    np.testing.assert_array_equal(twin([[4.9], [60.0]]), [[1, 0], [0, 1]])


def test_steps_of_an_iterable():
    layer, twin = Discretization(num_bins=3), Discretization(num_bins=3)
    layer.adapt((np.arange(9.0) * i for i in range(1, 100)), steps=2)
    twin.adapt([np.arange(9.0), 2 * np.arange(9.0)])
    assert layer.bin_boundaries == twin.bin_boundaries


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "bin_boundaries, num_bins: expected one of them"),
        ({"bin_boundaries": [1.0], "num_bins": 3}, "bin_boundaries, num_bins: expected one of them"),
        ({"bin_boundaries": [1.0, 0.0]}, "bin_boundaries: expected numbers in ascending order"),
        ({"bin_boundaries": [np.nan]}, "bin_boundaries: "),
        ({"num_bins": 0}, "num_bins: "),
        ({"num_bins": 3, "epsilon": 0}, "epsilon: "),
        ({"num_bins": 3, "output_mode": "float"}, "output_mode: expected one of int, one_hot"),
        ({"num_bins": 3, "sparse": True}, "sparse: "),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Discretization(**arguments)


def test_what_cannot_be_adapted():
    with pytest.raises(ValueError, match="data: boundaries were given"):
        Discretization([1.0]).adapt(np.zeros(3))
    with pytest.raises(ValueError, match="data: expected at least 4 numbers, as many as num_bins, got 3"):
        Discretization(num_bins=4).adapt(np.arange(3.0))
    with pytest.raises(ValueError, match="expected `adapt` to be called first"):
        Discretization(num_bins=4)([[1.0]])
    config = {"num_bins": 4, "bin_boundaries": [1.0]}
    with pytest.raises(ValueError, match="bin_boundaries: expected 3 for 4 intervals, got 1"):
        Discretization.from_config(config)


def test_nothing_before_it_may_learn():
    model = fastnn.Sequential([Input((2,)), Dense(2), Discretization([0.0]), Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="intervals have no gradient"):
        model.fit(np.zeros((4, 2)), np.zeros(4), verbose=0)
