"""The helpers of fastnn.utils, and where seeds come from."""

import random
import threading

import numpy as np
import pytest

from fastnn.utils import normalize, set_random_seed, to_categorical
from fastnn.utils.random import next_seed


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, np.uint64, np.float32, np.float64])
@pytest.mark.parametrize(
    "shape", [(), (0,), (1,), (5,), (5, 1), (1, 5), (2, 3), (0, 1), (3, 0), (2, 1, 3), (2, 3, 1, 1)]
)
def test_to_categorical(shape, dtype):
    x = (np.arange(np.prod(shape, dtype=int)) % 7).reshape(shape).astype(dtype)
    shape = x.shape[:-1] if x.ndim > 1 and x.shape[-1] == 1 else x.shape
    got = to_categorical(x, 7)
    assert got.shape == (*shape, 7)
    assert got.dtype == np.float64
    np.testing.assert_array_equal(got, np.eye(7)[x.astype(int)].reshape(*shape, 7))


@pytest.mark.parametrize(
    ("x", "shape"),
    [(2, (3,)), ([2], (1, 3)), ([[2]], (1, 3)), ([[0, 2]], (1, 2, 3)), ([True, False], (2, 2))],
)
def test_to_categorical_counts_the_classes(x, shape):
    assert to_categorical(x).shape == shape


def test_to_categorical_leaves_its_input_alone():
    x = np.array([[0], [3], [1]])[::-1]
    x.flags.writeable = False
    np.testing.assert_array_equal(to_categorical(x), np.eye(4)[[1, 3, 0]])
    assert x.tolist() == [[1], [3], [0]]


@pytest.mark.parametrize(
    ("x", "num_classes", "error", "message"),
    [
        ([0, -3], 4, ValueError, "from 0, got -3"),
        ([0, 4], 4, ValueError, "num_classes=4, got 4"),
        ([0, 2**63], 4, ValueError, f"got {2**63}"),
        ([0.0, 1.5], None, ValueError, r"whole numbers, got 1\.5"),
        ([0.0, np.nan], 4, ValueError, "got nan"),
        ([0.0, np.inf], None, ValueError, "got inf"),
        ([1j], None, TypeError, "complex128"),
        (["1"], None, TypeError, "<U1"),
        ([None], None, TypeError, "object"),
        ([], None, ValueError, "num_classes must be given"),
        ([0], 0, ValueError, "positive, got 0"),
        ([0], 2.0, TypeError, r"integer, got 2\.0"),
    ],
)
def test_to_categorical_refuses(x, num_classes, error, message):
    with pytest.raises(error, match=message):
        to_categorical(x, num_classes)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("order", [1, 2, 3, np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normalize(axis, order, dtype):
    x = np.random.default_rng(0).standard_normal((4, 5, 3)).astype(dtype)
    got = normalize(x, axis, order)
    assert got.dtype == dtype
    np.testing.assert_allclose(np.linalg.norm(got, order, axis), 1, rtol=1e-6)
    np.testing.assert_allclose(got * np.linalg.norm(x, order, axis, keepdims=True), x, rtol=1e-5)


def test_normalize_zero_and_integers():
    x = np.array([[3, 4], [0, 0]])
    np.testing.assert_array_equal(normalize(x), [[0.6, 0.8], [0, 0]])
    assert x.tolist() == [[3, 4], [0, 0]]


@pytest.mark.parametrize("order", [0, 0.5, -1, np.nan])
def test_normalize_refuses_what_is_no_norm(order):
    with pytest.raises(ValueError, match="order must be a number from 1"):
        normalize([1.0], order=order)


def test_normalize_refuses_another_axis():
    with pytest.raises(ValueError, match="axis 2"):
        normalize([[1.0]], axis=2)


@pytest.fixture
def generators():
    """Give back the state of the generators that a test seeds."""
    states = random.getstate(), np.random.get_state()
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])


def draws():
    return random.random(), np.random.random(), next_seed(), next_seed()


@pytest.mark.usefixtures("generators")
def test_a_seed_repeats_every_generator():
    set_random_seed(3)
    first = draws()
    set_random_seed(np.int64(3))
    assert draws() == first
    set_random_seed(4)
    assert not set(draws()) & set(first)


@pytest.mark.usefixtures("generators")
def test_the_stream_of_seeds_is_ours_and_stays():
    set_random_seed(0)
    assert [next_seed() for _ in range(3)] == [4334430513956379144, 2440950710608614359, 8226343694796210948]


@pytest.mark.usefixtures("generators")
def test_threads_draw_different_seeds():
    set_random_seed(1)
    expected = {next_seed() for _ in range(400)}
    set_random_seed(1)
    drawn = [[] for _ in range(4)]
    threads = [
        threading.Thread(target=lambda out: out.extend(next_seed() for _ in range(100)), args=[out])
        for out in drawn
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set().union(*drawn) == expected
    assert all(0 <= seed < 2**63 for seed in expected)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seed_out_of_range(seed):
    with pytest.raises(ValueError, match=rf"from 0 to .* got {seed}"):
        set_random_seed(seed)


@pytest.mark.parametrize("seed", [1.0, "1", None])
def test_seed_is_an_integer(seed):
    with pytest.raises(TypeError, match=f"integer, got {seed!r}"):
        set_random_seed(seed)
