"""`Rescaling`, and the kernel of y = x scale + shift."""

import numpy as np
import pytest
from ctable import Table
from harness import check_layer
from kernelcheck import SHAPES, assert_close, noise

import fastnn
from fastnn.layers import Rescaling


@pytest.mark.parametrize(("m", "n"), [*SHAPES, (300, 3), (3, 128), (3, 129)])
def test_affine(isa, dtype, m, n):
    x, scale, shift = noise(m, n, dtype=dtype), noise(n, dtype=dtype, seed=1), noise(n, dtype=dtype, seed=2)
    for table in (Table("ref", dtype), Table(isa, dtype)):
        for b in (shift, None):
            y = np.full_like(x, 7)
            table.affine(y, x, scale, b, m, n)
            assert_close(y, x.astype("float64") * scale + (0 if b is None else b))
        y = x.copy()
        table.affine(y, y, scale, None, m, n)
        assert_close(y, x.astype("float64") * scale)


@pytest.mark.parametrize(
    ("arguments", "row"),
    [
        ({"scale": 0.25, "offset": -3}, (5,)),
        ({"scale": [1.5, 0.5, -2.0], "offset": [1, 0, 2.5]}, (4, 2, 3)),
        ({"scale": 2, "offset": [1.0] * 17}, (3, 17)),
        ({"scale": [3.0]}, (4, 1)),
    ],
)
def test_rescaling(arguments, row):
    def oracle(x):
        return x * np.array(arguments["scale"]) + np.array(arguments.get("offset", 0))

    check_layer(Rescaling, arguments, (2, *row), (2, *row), 0, oracle)


def test_channels_first():
    fastnn.config.set_image_data_format("channels_first")
    try:
        x = noise(2, 3, 4, 5)
        y = Rescaling([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])(x)
    finally:
        fastnn.config.set_image_data_format("channels_last")
    expected = x * np.array([1, 2, 3]).reshape(3, 1, 1) + np.array([4, 5, 6]).reshape(3, 1, 1)
    np.testing.assert_allclose(y, expected, rtol=1e-6)


def test_pixels_become_exact_numbers():
    y = Rescaling(1 / 127.5, -1)(np.array([[0, 127.5, 255]]))
    assert y.tolist() == [[-1, 0, 1]]
    assert np.array_equal(Rescaling(1 / 255)(np.array([[0, 255]], "uint8")), [[0, 1]])


def test_arrays_are_taken_as_lists():
    assert Rescaling(np.array([1.0, 2.0])).get_config()["scale"] == [1.0, 2.0]


@pytest.mark.parametrize("value", [float("inf"), "1", None, [1.0, None], []])
def test_bad_numbers_are_named(value):
    with pytest.raises(ValueError, match="scale"):
        Rescaling(value)
    with pytest.raises(ValueError, match="offset"):
        Rescaling(1, value)


def test_a_number_for_each_channel():
    with pytest.raises(ValueError, match=r"scale: .*one for each channel of rows of shape \(3,\), got \[1"):
        Rescaling([1, 2])(np.ones((2, 3)))
    with pytest.raises(ValueError, match="offset: "):
        Rescaling(1, [1, 2])(np.ones((2, 3)))
