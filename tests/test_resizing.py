"""`Resizing`: images of another height and width."""

import numpy as np
import pytest
from formulas import resize
from harness import check_layer

from fastnn import Input, Sequential
from fastnn.layers import CenterCrop, RandomCrop, Resizing


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({"height": 7, "width": 9}, (4, 5, 3)),
        ({"height": 3, "width": 2, "interpolation": "nearest"}, (5, 7, 17)),
        ({"height": 3, "width": 6, "interpolation": "bicubic", "antialias": True}, (7, 4, 1)),
        ({"height": 1, "width": 3, "interpolation": "lanczos5", "antialias": True}, (4, 11, 2)),
    ],
)
def test_resizing(arguments, shape):
    check_layer(
        Resizing,
        arguments,
        (2, *shape),
        (2, arguments["height"], arguments["width"], shape[2]),
        0,
        oracle=lambda x: resize(x, **arguments),
    )


def test_channels_first():
    check_layer(
        Resizing,
        {"height": 4, "width": 4, "interpolation": "lanczos3", "data_format": "channels_first"},
        (2, 3, 5, 6),
        (2, 3, 4, 4),
        0,
        oracle=lambda x: np.moveaxis(resize(np.moveaxis(x, 1, -1), 4, 4, "lanczos3"), -1, 1),
    )


@pytest.mark.parametrize("shape", [(6, 4, 3), (4, 7, 1)])
def test_padded(shape):
    """To the output's 2 by 4: 6 by 4 gets 4 on the left and right, 4 by 7 gets 0, since 1 is no pair."""
    arguments = {"height": 2, "width": 4, "pad_to_aspect_ratio": True, "fill_value": 0.5}
    sides = ((0, 0), (0, 0), (4, 4) if shape[0] == 6 else (0, 0), (0, 0))
    check_layer(
        Resizing,
        arguments,
        (2, *shape),
        (2, 2, 4, shape[2]),
        0,
        oracle=lambda x: resize(np.pad(x, sides, constant_values=0.5), 2, 4),
    )


def test_padded_above_and_below():
    x = np.random.default_rng(0).standard_normal((2, 3, 8, 2))
    y = Resizing(4, 4, pad_to_aspect_ratio=True, fill_value=-1.0, dtype="float64")(x)
    padded = np.pad(x, ((0, 0), (2, 2), (0, 0), (0, 0)), constant_values=-1.0)
    np.testing.assert_allclose(y, resize(padded, 4, 4), rtol=0, atol=1e-14)


@pytest.mark.parametrize(("shape", "part"), [((5, 9), np.s_[:, 0:4]), ((7, 4), np.s_[:, 2:4])])
def test_cropped(isa, shape, part):
    """To the output's 3 by 6: of 5 by 9 it takes 4 by 9, of 7 by 4 it takes 2 by 4."""
    x = np.random.default_rng(0).standard_normal((2, *shape, 3))
    y = Resizing(3, 6, crop_to_aspect_ratio=True, dtype="float64")(x)
    np.testing.assert_allclose(y, resize(x[part], 3, 6), rtol=0, atol=1e-14)


def test_the_same_size_is_the_same_image():
    x = np.random.default_rng(0).standard_normal((2, 4, 5, 3)).astype("float32")
    np.testing.assert_array_equal(Resizing(4, 5, "lanczos3")(x), x)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Resizing(0, 3), "height: .*0"),
        (lambda: Resizing(3, 2.5), "width: .*2.5"),
        (lambda: Resizing(3, 3, "area"), "interpolation: .*'area'"),
        (lambda: Resizing(3, 3, fill_mode="reflect"), "fill_mode: .*'reflect'"),
        (lambda: Resizing(3, 3, fill_value=np.nan), "fill_value: .*nan"),
        (
            lambda: Resizing(3, 3, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True),
            "pad_to_aspect_ratio: .*True",
        ),
        (lambda: Resizing(3, 3)(np.ones((2, 3))), r"Resizing .*\(3,\)"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("kind", [Resizing, CenterCrop, RandomCrop])
@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_images_without_pixels_are_refused(kind, shape):
    model = Sequential([Input((None, None, 2)), kind(4, 4)])
    with pytest.raises(ValueError, match=f"images of one pixel or more, got {shape[0]} x {shape[1]}"):
        model.predict(np.zeros((3, *shape, 2)))
