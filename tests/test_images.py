"""Pictures, and data sets of folders of pictures and texts."""

import io
import sys

import numpy as np
import pytest

import fastnn
from fastnn.utils import (
    array_to_img,
    image_dataset_from_directory,
    img_to_array,
    load_img,
    save_img,
    text_dataset_from_directory,
)

pytest.importorskip("PIL")

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 4)).astype("float32")


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_there_and_back(channels, mode, data_format):
    x = PIXELS[..., :channels]
    given = x if data_format == "channels_last" else x.transpose(2, 0, 1)
    picture = array_to_img(given, data_format, scale=False)
    assert (picture.size, picture.mode) == ((7, 5), mode)
    back = img_to_array(picture, data_format)
    assert back.dtype == "float32"
    np.testing.assert_array_equal(back, given)
    assert img_to_array(picture, dtype="uint8").dtype == "uint8"


def test_scale_takes_the_least_to_0_and_the_largest_to_255():
    picture = img_to_array(array_to_img([[[-1.0], [0.0], [1.0]]]))
    np.testing.assert_array_equal(picture[0, :, 0], [0, 127, 255])
    np.testing.assert_array_equal(img_to_array(array_to_img(np.full((2, 2, 3), 7.0))), 0)
    deep = array_to_img(np.full((2, 2, 1), 1000.0), scale=False)
    assert deep.mode == "I"
    assert img_to_array(deep).max() == 1000


def test_files(tmp_path):
    for name in (tmp_path / "a.png", str(tmp_path / "b.bmp")):
        save_img(name, PIXELS[..., :3], scale=False)
        np.testing.assert_array_equal(img_to_array(load_img(name)), PIXELS[..., :3])
    save_img(tmp_path / "c.jpg", PIXELS)
    assert load_img(tmp_path / "c.jpg", color_mode="grayscale").mode == "L"
    assert load_img(tmp_path / "c.jpg", color_mode="rgba").mode == "RGBA"
    file = io.BytesIO()
    save_img(file, PIXELS, file_format="png", scale=False)
    np.testing.assert_array_equal(img_to_array(load_img(file, "rgba")), PIXELS)


def test_another_size(tmp_path):
    x = np.zeros((4, 8, 3))
    x[:, 2:6] = 255
    save_img(tmp_path / "a.png", x, scale=False)
    assert load_img(tmp_path / "a.png", target_size=(6, 3)).size == (3, 6)
    kept = load_img(tmp_path / "a.png", target_size=(2, 2), keep_aspect_ratio=True)
    assert (img_to_array(kept) == 255).all()
    assert load_img(tmp_path / "a.png", target_size=(4, 8), interpolation="lanczos").size == (8, 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: array_to_img(np.zeros((2, 2))), r"x: expected .* shape \(2, 2\)"),
        (lambda: array_to_img(np.zeros((2, 2, 2))), "x: expected 1, 3 or 4 channels, got 2"),
        (lambda: array_to_img(np.zeros((2, 2, 3)), "last"), "data_format: expected .* got 'last'"),
        (lambda: img_to_array(np.zeros(3)), r"img: expected a picture, .* \(3,\)"),
        (lambda: load_img("a", "cmyk"), "color_mode"),
        (lambda: load_img("a", interpolation="best"), "interpolation"),
    ],
)
def test_bad_pictures_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_without_pillow_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="extra 'images'"):
        array_to_img(np.zeros((2, 2, 3)))


# ---- folders --------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """Ten dark and ten bright pictures of several sizes and a text; file i of a class has the shade i."""
    for name, base in (("dark", 0), ("bright", 200)):
        (tmp_path / name / "more").mkdir(parents=True)
        for i in range(10):
            place = tmp_path / name / ("more" if i >= 8 else "") / f"{i}.png"
            save_img(place, np.full((3 + i % 2, 4, 3), base + i), scale=False)
        (tmp_path / name / "readme.txt").write_text(f"{name} pictures")
    (tmp_path / ".hidden").mkdir()
    return tmp_path


def contents(dataset):
    batches = list(dataset)
    return np.concatenate([x for x, _ in batches]), np.concatenate([y for _, y in batches])


def test_pictures_of_a_folder(folder, capsys):
    dataset = image_dataset_from_directory(folder, image_size=(8, 6), batch_size=7, shuffle=False)
    assert capsys.readouterr().out == "Found 20 files belonging to 2 classes.\n"
    assert dataset.class_names == ["bright", "dark"]
    assert len(dataset) == 3
    x, y = contents(dataset)
    assert (x.shape, x.dtype, y.dtype) == ((20, 8, 6, 3), "float32", "int32")
    np.testing.assert_array_equal(y, [0] * 10 + [1] * 10)
    np.testing.assert_array_equal(x[:, 0, 0, 0], [*range(200, 210), *range(10)])
    assert [p[-5:] for p in dataset.file_paths[7:9]] == ["7.png", "8.png"]


def test_shuffled_pictures_keep_their_labels_and_come_in_a_new_order(folder):
    dataset = image_dataset_from_directory(folder, image_size=2, seed=3, verbose=False)
    (x, y), (again, _) = contents(dataset), contents(dataset)
    np.testing.assert_array_equal(x[:, 0, 0, 0] < 100, y)
    shades, others = x[:, 0, 0, 0].tolist(), again[:, 0, 0, 0].tolist()
    assert shades != others
    assert sorted(shades) == sorted(others)
    twin = image_dataset_from_directory(folder, image_size=2, seed=3, verbose=False)
    np.testing.assert_array_equal(contents(twin)[0], x)


def test_labels(folder):
    def labels(**arguments):
        dataset = image_dataset_from_directory(
            folder, image_size=2, shuffle=False, verbose=False, batch_size=20, **arguments
        )
        return dataset[0]

    _, y = labels(label_mode="categorical")
    np.testing.assert_array_equal(y, np.eye(2)[[0] * 10 + [1] * 10])
    _, y = labels(label_mode="binary", class_names=["dark", "bright"])
    np.testing.assert_array_equal(y[:, 0], [0] * 10 + [1] * 10)
    assert y.dtype == "float32"
    _, y = labels(labels=list(range(20)))
    np.testing.assert_array_equal(y, range(20))
    assert labels(labels=None).shape == labels(label_mode=None).shape == (20, 2, 2, 3)
    x, y = image_dataset_from_directory(
        folder, image_size=2, batch_size=None, color_mode="grayscale", data_format="channels_first",
        shuffle=False, verbose=False,
    )[19]  # fmt: skip
    assert (x.shape, int(y)) == ((1, 2, 2), 1)


def test_subsets_share_the_files(folder, capsys):
    arguments = {"image_size": 2, "validation_split": 0.25, "seed": 7}
    train = image_dataset_from_directory(folder, subset="training", **arguments)
    validation = image_dataset_from_directory(folder, subset="validation", **arguments)
    assert "Using 15 files for training." in capsys.readouterr().out
    assert (len(train.file_paths), len(validation.file_paths)) == (15, 5)
    assert len(set(train.file_paths) | set(validation.file_paths)) == 20
    both = image_dataset_from_directory(folder, subset="both", **arguments)
    assert [part.file_paths for part in both] == [train.file_paths, validation.file_paths]
    np.testing.assert_array_equal(contents(both[1])[0], contents(both[1])[0])


def test_proportions(folder):
    arguments = {"image_size": (2, 8), "shuffle": False, "verbose": False}
    padded = image_dataset_from_directory(folder, pad_to_aspect_ratio=True, **arguments)[0][0]
    assert (padded[0, :, 0] == 0).all()
    cropped = image_dataset_from_directory(folder, crop_to_aspect_ratio=True, **arguments)[0][0]
    assert (cropped[0] == 200).all()


def test_texts_of_a_folder(folder, capsys):
    dataset = text_dataset_from_directory(folder, shuffle=False)
    (texts, y), = dataset  # fmt: skip
    assert texts.tolist() == ["bright pictures", "dark pictures"]
    assert y.tolist() == [0, 1]
    cut = text_dataset_from_directory(folder, max_length=3, shuffle=False, verbose=False, labels=None)
    assert next(iter(cut)).tolist() == ["bri", "dar"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": "guessed"}, "labels: expected 'inferred'"),
        ({"labels": [1, 2]}, "labels: expected one for each of 20 files, got 2"),
        ({"labels": None, "class_names": ["a"]}, "class_names: expected None"),
        ({"class_names": ["cats"]}, "class_names: expected names of folders"),
        ({"label_mode": "float"}, "label_mode: expected 'int'"),
        ({"label_mode": "binary", "class_names": ["dark"]}, "label_mode: 'binary' is for two classes"),
        ({"color_mode": "bgr"}, "color_mode"),
        ({"interpolation": "best"}, "interpolation"),
        ({"subset": "test", "validation_split": 0.1}, "subset: expected"),
        ({"subset": "both"}, "validation_split, subset: expected both or none"),
        ({"validation_split": 0.1}, "validation_split, subset: expected both or none"),
        ({"subset": "training", "validation_split": 0.1}, "seed: "),
        ({"subset": "both", "validation_split": 1.5}, "validation_split: expected"),
        ({"subset": "both", "validation_split": 0.01}, "directory: .* has no validation files"),
        ({"batch_size": 0}, "batch_size: "),
    ],
)
def test_bad_arguments_are_named(folder, arguments, message):
    with pytest.raises(ValueError, match=message):
        image_dataset_from_directory(folder, verbose=False, **arguments)


def test_the_names_are_public():
    for name in ("image_dataset_from_directory", "load_img", "get_file", "Progbar", "split_dataset"):
        assert name in fastnn.utils.__all__
