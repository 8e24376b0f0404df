"""California's and Boston's houses: what is in the cache, in Keras' order."""

import numpy as np
import pytest

from fastnn.datasets import boston_housing, california_housing


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Put both files into the cache, in which row i holds i."""
    monkeypatch.setenv("FASTNN_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    for name, shape, dtype in (("california", (20640, 8), "float32"), ("boston", (506, 13), "float64")):
        y = np.arange(shape[0], dtype=dtype)
        np.savez(tmp_path / "datasets" / f"{name}_housing.npz", x=np.tile(y[:, None], shape[1]), y=y)
    return tmp_path / "datasets"


@pytest.mark.parametrize(
    ("load", "rows", "columns"),
    [
        (california_housing.load_data, 20640, 8),
        (lambda **k: california_housing.load_data("small", **k), 600, 8),
        (boston_housing.load_data, 506, 13),
    ],
)
@pytest.mark.parametrize("test_split", [0.2, 0.0, 0.75])
def test_rows_are_shuffled_and_split(home, load, rows, columns, test_split):
    (x_train, y_train), (x_test, y_test) = load(test_split=test_split)
    at = int(rows * (1 - test_split))
    assert (x_train.shape, x_test.shape) == ((at, columns), (rows - at, columns))
    order = np.arange(rows)
    np.random.RandomState(113).shuffle(order)
    np.testing.assert_array_equal(np.concatenate([y_train, y_test]), order)
    np.testing.assert_array_equal(x_train[:, -1], y_train)
    np.testing.assert_array_equal(x_test[:, 0], y_test)
    assert load(seed=1)[0][1].tolist() != y_train.tolist()


def test_bad_arguments_and_files_are_named(home):
    with pytest.raises(ValueError, match="version: expected 'large' or 'small', got 'medium'"):
        california_housing.load_data("medium")
    with pytest.raises(ValueError, match="test_split: "):
        boston_housing.load_data(test_split=1)
    with pytest.raises(ValueError, match="seed: "):
        boston_housing.load_data(seed=-1)
    np.savez(home / "boston_housing.npz", x=np.zeros((506, 13), int), y=np.zeros(506))
    with pytest.raises(ValueError, match=r"'x' is \(506, 13\) int64, expected .* float32 or float64"):
        boston_housing.load_data()
