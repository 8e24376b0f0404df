"""`Cropping1D`, `Cropping2D` and `CenterCrop`: a part of sequences and images."""

import numpy as np
import pytest
from harness import check_layer

import fastnn
from fastnn.layers import CenterCrop, Cropping1D, Cropping2D, Resizing


@pytest.mark.parametrize(
    ("cropping", "shape", "part"),
    [((1, 1), (5, 3), slice(1, 4)), (2, (5, 17), slice(2, 3)), ([0, 3], (4, 1), slice(1))],
)
def test_sequences(cropping, shape, part):
    check_layer(
        Cropping1D,
        {"cropping": cropping},
        (2, *shape),
        (2, len(range(shape[0])[part]), shape[1]),
        0,
        oracle=lambda x: x[:, part],
    )


@pytest.mark.parametrize(
    ("arguments", "shape", "output", "part"),
    [
        ({}, (3, 4, 2), (3, 4, 2), np.s_[:, :]),
        ({"cropping": 1}, (3, 7, 1), (1, 5, 1), np.s_[:, 1:2, 1:6]),
        ({"cropping": ((2, 0), (0, 1))}, (5, 3, 13), (3, 2, 13), np.s_[:, 2:, :2]),
        (
            {"cropping": [1, [3, 0]], "data_format": "channels_first"},
            (3, 4, 5),
            (3, 2, 2),
            np.s_[:, :, 1:3, 3:],
        ),
    ],
)
def test_images(arguments, shape, output, part):
    check_layer(Cropping2D, arguments, (2, *shape), (2, *output), 0, oracle=lambda x: x[part])


@pytest.mark.parametrize(
    ("arguments", "shape", "output", "part"),
    [
        ({"height": 3, "width": 2}, (6, 7, 3), (3, 2, 3), np.s_[:, 1:4, 2:4]),
        ({"height": 4, "width": 5}, (4, 5, 1), (4, 5, 1), np.s_[:, :]),
        (
            {"height": 1, "width": 4, "data_format": "channels_first"},
            (2, 4, 5),
            (2, 1, 4),
            np.s_[:, :, 1:2, :4],
        ),
    ],
)
def test_the_middle(arguments, shape, output, part):
    check_layer(CenterCrop, arguments, (2, *shape), (2, *output), 0, oracle=lambda x: x[part])


@pytest.mark.parametrize(("shape", "part"), [((3, 8), np.s_[:, :, 1:7]), ((9, 2), np.s_[:, 4:5])])
def test_the_largest_part_of_a_smaller_image(shape, part):
    """Of the output's 4 by 8, an image of 3 by 8 has 3 by 6, and one of 9 by 2 has 1 by 2."""
    x = np.random.default_rng(0).standard_normal((2, *shape, 3))
    np.testing.assert_array_equal(CenterCrop(4, 8)(x), Resizing(4, 8)(x[part]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Cropping1D((1, 2, 3)), r"cropping: .*\(1, 2, 3\)"),
        (lambda: Cropping1D(-1), "cropping: .*-1"),
        (lambda: Cropping2D(1.5), "cropping: .*1.5"),
        (lambda: Cropping2D((1, 2, 3)), r"cropping: .*\(1, 2, 3\)"),
        (lambda: CenterCrop(0, 3), "height: .*0"),
        (lambda: CenterCrop(3, "a"), "width: .*'a'"),
        (lambda: Cropping1D((2, 3))(np.ones((1, 5, 3))), r"cropping: .*\(2, 3\).*\(5,\)"),
        (
            lambda: fastnn.Sequential([fastnn.Input((3, 4, 5)), Cropping2D((0, 2))]),
            r"cropping: \(\(0, 0\), \(2, 2\)\).*\(3, 4\)",
        ),
        (lambda: Cropping2D(1)(np.ones((1, 5, 3))), r"Cropping2D .*\(5, 3\)"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
