"""Pictures: their contents, not their looks."""

import io
import sys
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

import fastnn
from fastnn import Input, Model, plotting
from fastnn.layers import Add, Concatenate, Conv2D, Dense, Dropout, Flatten, ReLU
from fastnn.plotting.figures import class_color
from fastnn.utils import plot_model

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
pyplot = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def _close():
    yield
    pyplot.close("all")


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts if text.get_text()]


def test_history():
    x = np.random.default_rng(0).standard_normal((20, 4))
    model = fastnn.Sequential([Input((4,)), Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    history = model.fit(x, x[:, 0], validation_split=0.2, epochs=3, verbose=0)
    figure = plotting.plot_history(history, title="a title")
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss", "mae"]
    training, validation = figure.axes[0].lines
    np.testing.assert_array_equal(training.get_xydata(), np.c_[[1, 2, 3], history.history["loss"]])
    np.testing.assert_array_equal(validation.get_ydata(), history.history["val_loss"])
    assert len(plotting.plot_history(history.history, ["mae"]).axes) == 1
    for wrong in (["accuracy"], []):
        with pytest.raises(ValueError, match=r"metrics: expected some of .*'loss'"):
            plotting.plot_history(history, wrong)


def test_history_shows_validation_at_its_epochs():
    x = np.random.default_rng(0).standard_normal((20, 4))
    model = fastnn.Sequential([Input((4,)), Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(x, x[:, 0], validation_split=0.2, validation_freq=[1, 4], epochs=5, verbose=0)
    training, validation = plotting.plot_history(history).axes[0].lines
    assert list(training.get_xdata()) == [1, 2, 3, 4, 5]
    assert list(validation.get_xdata()) == [1, 4]


def test_a_notebook_shows_a_figure_once(monkeypatch):
    def show_in_a_notebook(figure):
        """Do what IPython does for the value of a cell's last line."""
        return figure._repr_mimebundle_(include=None, exclude=None)

    figures = plotting.plot_history({"loss": [1.0]}), plot_model(two_branches(), None)
    for backend, is_left in [("agg", True), ("module://matplotlib_inline.backend_inline", False)]:
        monkeypatch.setattr("fastnn.plotting.shown_once.get_backend", lambda backend=backend: backend)
        for figure in figures:
            assert show_in_a_notebook(figure) == {}
            assert matplotlib.pyplot.fignum_exists(figure.number) == is_left
    figures[0].savefig(io.BytesIO(), format="svg")


def test_confusion_matrix():
    rng = np.random.default_rng(0)
    true, predicted = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    expected = [[np.sum((true == i) & (predicted == j)) for j in range(4)] for i in range(4)]
    np.testing.assert_array_equal(plotting.confusion_matrix(true, predicted), expected)
    np.testing.assert_array_equal(plotting.confusion_matrix(np.eye(4)[true], np.eye(4)[predicted]), expected)
    assert plotting.confusion_matrix([[1]], [[0.7]], 5).shape == (5, 5)
    assert plotting.confusion_matrix([], [], 2).sum() == 0
    for arguments, message in [
        (([0, 1], [0]), "equal lengths, got 2 and 1"),
        (([0, 3], [0, 1], 3), "y_true: expected class numbers from 0 to 2, got 3"),
        (([0, 1], [0, -1]), "y_pred: .* got -1"),
        ((["a"], [0]), "y_true: expected class numbers"),
    ]:
        with pytest.raises(ValueError, match=message):
            plotting.confusion_matrix(*arguments)
    names = ["one", "two", "three", "four"]
    figure = plotting.plot_confusion_matrix(true, predicted, names, normalize=True)
    assert texts(figure)[0] == f"{expected[0][0] / sum(expected[0]):.2f}"
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == names


def test_confusion_matrix_of_many_classes():
    labels = np.arange(100).repeat(3)
    figure = plotting.plot_confusion_matrix(labels, np.where(labels == 99, 0, labels), title="a title")
    axes = figure.axes[0]
    assert max(figure.get_size_inches()) <= 12
    assert texts(figure) == []
    assert axes.get_title() == "a title\naccuracy 99.0%"
    figure.draw_without_rendering()
    for ticks in (axes.get_xticklabels(), axes.get_yticklabels()):
        boxes = [label.get_window_extent() for label in ticks]
        assert len(boxes) > 10
        assert not any(one.overlaps(other) for one, other in pairwise(boxes))


@pytest.mark.parametrize("classes", [2, 10, 30])
def test_numbers_of_a_confusion_matrix_have_one_color_and_fit(classes):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, 20000)
    guesses = np.where(rng.random(20000) < np.linspace(0, 1, classes)[labels], labels, 0)
    figure = plotting.plot_confusion_matrix(labels, guesses)
    axes = figure.axes[0]
    assert {text.get_color() for text in axes.texts} == {"black"}
    image = axes.images[0]
    darkest = image.cmap(image.norm(image.get_array().max()))
    assert np.dot(darkest[:3], (0.2126, 0.7152, 0.0722)) > 0.45
    figure.draw_without_rendering()
    width = axes.get_window_extent().width / classes
    assert max(text.get_window_extent().width for text in axes.texts) < width


def test_decision_boundary():
    x = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    y = (x[:, 0] > 0.25).astype(int)
    binary, logits = (fastnn.Sequential([Input((2,)), Dense(1, a)]) for a in ("sigmoid", "linear"))
    classes = fastnn.Sequential([Input((2,)), Dense(2, "softmax")])
    binary.set_weights([[[8.0], [0.0]], [-2.0]])
    logits.set_weights([[[8.0], [0.0]], [-2.0]])
    classes.set_weights([[[0.0, 8.0], [0.0, 0.0]], [0.0, -2.0]])
    assert class_color(0)[0] < class_color(0)[2]
    assert class_color(1)[0] > class_color(1)[2]
    for model, threshold in ((binary, 0.5), (logits, 0.0), (classes, 0.5)):
        axes = plotting.plot_decision_boundary(model, x, y, ["left", "right"], threshold, 100).axes[0]
        image = axes.images[0]
        left, right, _, _ = image.get_extent()
        assert left < x[:, 0].min() < x[:, 0].max() < right
        colors = np.asarray(image.get_array())
        centers = left + (np.arange(100) + 0.5) * (right - left) / 100
        redder = colors[..., 0] > colors[..., 2]  # class 0 is blue, class 1 orange
        assert (redder == (centers > 0.25)).all()
        assert [text.get_text() for text in axes.get_legend().get_texts()] == ["left", "right"]
        points = [
            each for each in axes.collections if hasattr(each, "get_sizes") and len(each.get_offsets()) > 1
        ]
        assert [len(each.get_offsets()) for each in points] == [(y == 0).sum(), (y == 1).sum()]
    assert plotting.plot_decision_boundary(binary, [[1.0, 1.0]]).axes[0].get_legend() is None
    three = fastnn.Sequential([Input((2,)), Dense(3, "softmax")])
    three.set_weights([np.zeros((2, 3)), [0.0, 0.0, 1.0]])
    for arguments, message in [
        ((binary, np.zeros((3, 4))), r"x: expected samples of two features, \(samples, 2\), got \(3, 4\)"),
        ((binary, x, y[:5]), "x, y: expected equal lengths, got 50 and 5"),
        ((three, x, y, ["a", "b"]), "class_names: expected 3 names, got 2"),
        ((SimpleNamespace(predict=lambda x, verbose: x[:4]), x), r"model: expected predictions .* \(4, 2\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            plotting.plot_decision_boundary(*arguments)


def test_activations():
    figure = plotting.plot_activation(["relu", fastnn.activations.tanh, lambda x: x * x], -2, 3)
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == [
        "relu",
        "tanh",
        "<lambda>",
    ]
    x = figure.axes[0].lines[0].get_xdata()
    assert (x[0], x[-1]) == (-2, 3)
    for i, (value, slope) in enumerate(
        [(np.maximum(x, 0), x > 0), (np.tanh(x), 1 - np.tanh(x) ** 2), (x * x, 2 * x)]
    ):
        np.testing.assert_allclose(figure.axes[0].lines[i].get_ydata(), value, atol=1e-12)
        np.testing.assert_allclose(figure.axes[1].lines[i].get_ydata(), slope, atol=1e-12)
    assert len(plotting.plot_activation("gelu", derivative=False).axes) == 1
    step = plotting.plot_activation(lambda x: (x > 0).astype("float32"))
    assert [set(axes.lines[0].get_ydata()) for axes in step.axes] == [{0.0, 1.0}, {0.0}]
    for arguments, message in [
        ((lambda x: 1.0,), "each element by itself, got '<lambda>'"),
        (("softmax",), "activation: expected one that acts on each element by itself, got 'softmax'"),
        (("relu", 1, 1), "low, high: expected an interval, got 1 and 1"),
        (([],), "activation: expected at least one"),
        (("rely",), "rely"),
    ]:
        with pytest.raises(ValueError, match=message):
            plotting.plot_activation(*arguments)


OF_ELEMENTS = {name for name in fastnn.activations.__all__ if name.islower()}
OF_ELEMENTS -= {"get", "serialize", "deserialize", "softmax", "log_softmax"}


@pytest.mark.parametrize("name", sorted(OF_ELEMENTS))
def test_every_elementwise_activation(name):
    function = getattr(fastnn.activations, name)
    value, slope = (axes.lines[0].get_ydata() for axes in plotting.plot_activation(name).axes)
    assert np.isfinite(value).all()
    assert np.isfinite(slope).all()
    np.testing.assert_allclose(value, function(np.linspace(-5, 5, len(value))), atol=1e-6)


def test_network():
    model = fastnn.Sequential(
        [Input((2,)), Dense(3, name="hidden"), ReLU(), Dropout(0.5), Dense(1, "sigmoid", name="out")]
    )
    kernel = np.array([[1.0, -2.0, 0.5], [0.0, 4.0, -1.0]])
    model.set_weights([kernel, [0.0, 0.0, 0.25], [[1.0], [1.0], [-1.0]], [0.5]])
    axes = plotting.plot_network(model, [1.0, -1.0], title="a title").axes[0]
    neurons = [tuple(circle.center) for circle in axes.patches]
    assert len(neurons) == len(set(neurons)) == 6
    first, second = axes.collections
    ends = {tuple(map(tuple, segment)) for segment in first.get_segments()}
    assert ends == {(a, b) for a in neurons[:2] for b in neurons[2:5]}
    assert {tuple(segment[1]) for segment in second.get_segments()} == {neurons[5]}
    np.testing.assert_allclose(first.get_linewidths(), 0.3 + 2.7 * np.abs(kernel.ravel()) / 4)
    red = first.get_colors()[:, 0] > 0.5
    np.testing.assert_array_equal(red, kernel.ravel() <= 0)
    written = texts_of(axes)
    assert {"hidden\nlinear", "out\nsigmoid", "input", "4.00", "-2.00"} <= set(written)
    inside = {tuple(t.get_position()): t.get_text() for t in axes.texts}
    assert [inside[place] for place in neurons] == ["1.00", "-1.00", "1.00", "0.00", "1.75", "0.44"]
    nested = fastnn.Sequential([Input((2,)), Dense(3), fastnn.Sequential([Dense(4), ReLU()]), Dense(1)])
    assert len(plotting.plot_network(nested, [0.0, 1.0]).axes[0].patches) == 10
    wide = fastnn.Sequential([Input((50,)), Dense(7)])
    axes = plotting.plot_network(wide, max_units=6).axes[0]
    assert len(axes.patches) == 10
    assert texts_of(axes).count("\u22ee") == 2
    x = Input((2,))
    for arguments, message in [
        ((two_branches(),), "expected a chain of layers"),
        ((fastnn.Sequential([Dense(1)]),), "build it on data first"),
        (
            (fastnn.Sequential([Input((6, 6, 3)), Conv2D(10, 3)]),),
            r"expected Dense layers, got \['Conv2D'\]",
        ),
        ((Model(x, ReLU()(x)),), r"expected Dense layers, got \['ReLU'\]"),
        (
            (fastnn.Sequential([Input((4, 2)), Dense(3)]),),
            r"on vectors, got 'dense\w*' from \(None, 4, 2\) to",
        ),
        ((fastnn.Sequential([Input((4, 2)), Flatten(), Dense(3)]),), "on vectors, got 'flatten"),
        ((wide, [1.0]), r"x: expected one sample of 50 values, got \(1,\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            plotting.plot_network(*arguments)


def texts_of(axes):
    return [text.get_text() for text in axes.texts]


def test_images():
    images = np.random.default_rng(0).random((5, 12))
    figure = plotting.plot_images(
        images, np.eye(3)[[0, 1, 2, 0, 1]], [0, 1, 2, 2, 1], "abc", (3, 4), 2, 4, "some"
    )
    assert [axes.get_title() for axes in figure.axes] == ["a", "b", "c", "c, not a"]
    colors = [axes.title.get_color() for axes in figure.axes]
    assert colors[0] == colors[1] == colors[2] != colors[3]
    for image, axes in zip(images, figure.axes, strict=False):
        np.testing.assert_array_equal(axes.images[0].get_array(), image.reshape(3, 4))
        assert axes.images[0].get_clim() == (images[:4].min(), images[:4].max())
    assert len({axes.get_subplotspec().rowspan.start for axes in figure.axes}) == 2
    color = np.full((1, 2, 2, 3), 255, np.uint8)
    assert plotting.plot_images(color).axes[0].images[0].get_array().max() == 1
    assert plotting.plot_images(images[:1], [7], image_shape=(2, 6)).axes[0].get_title() == "7"
    for arguments, message in [
        ((images,), "image_shape: expected height times width to be 12"),
        ((np.zeros((2, 3, 3)), [0]), "labels: expected 2, one for each image, got 1"),
        ((np.zeros((2, 3, 3)), None, [0, 2], ["a", "b"]), r"predictions: class 2 is not one of \['a', 'b'\]"),
        ((np.zeros((2, 3, 3, 2)),), r"images: expected \(samples, height, width\).* got \(2, 3, 3, 2\)"),
        ((np.zeros((0, 3, 3)),), "images: expected"),
    ]:
        with pytest.raises(ValueError, match=message):
            plotting.plot_images(*arguments)


def test_filters_have_frames_and_white_zeros():
    dense = Dense(2)
    dense(np.zeros((1, 4)))
    dense.set_weights([[[0.0, 1.0], [0.5, 0.0], [-2.0, 0.0], [0.0, 0.0]], [0.0, 0.0]])
    for axes in plotting.plot_filters(dense).axes:
        assert axes.axison
        assert not axes.get_xticks().size
        image = axes.images[0]
        zeros = np.asarray(image.get_array()) == 0
        assert image.to_rgba(image.get_array())[zeros].min() > 0.95


def test_filters():
    model = fastnn.Sequential([Input((6, 6, 3)), Conv2D(10, 3), ReLU()])
    figure = plotting.plot_filters(model.layers[0], columns=4, limit=9)
    assert len(figure.axes) == 9
    assert figure.axes[0].images[0].get_array().shape == (3, 3, 3)
    dense = Dense(3)
    dense(np.zeros((1, 12)))
    assert plotting.plot_filters(dense, (3, 4)).axes[0].images[0].get_array().shape == (3, 4)
    with pytest.raises(ValueError, match="image_shape: expected"):
        plotting.plot_filters(dense)
    with pytest.raises(ValueError, match="layer: expected one with a kernel"):
        plotting.plot_filters(model.layers[1])


def two_branches():
    x = Input((8,), name="x")
    inner = fastnn.Sequential([Dense(4, activation="relu"), Dense(3)], name="inner")
    return Model(x, [inner(Dense(5, name="first")(x)), Dense(2, name="other", trainable=False)(x)])


def test_model(tmp_path):
    file = tmp_path / "model.png"
    figure = plot_model(two_branches(), file, show_shapes=True, show_layer_names=True)
    assert file.stat().st_size > 1000
    assert sorted(texts(figure)) == [
        "first (Dense)\n(None, 5)",
        "inner (Sequential)\n(None, 3)",
        "other (Dense)\n(None, 2)",
        "x (InputLayer)\n(None, 8)",
    ]
    wide = plot_model(
        two_branches(), None, True, True, False, "LR", True,
        show_layer_activations=True, show_trainable=True,
    )  # fmt: skip
    assert "Dense\nactivation: relu\n(None, 4)\nfloat32\nlearns" in texts(wide)
    assert "Dense\nactivation: linear\n(None, 2)\nfloat32\nfrozen" in texts(wide)
    assert "inner (Sequential)" in texts(wide)
    assert len(texts(wide)) == 6
    with pytest.raises(ValueError, match="rankdir"):
        plot_model(two_branches(), None, rankdir="BT")
    with pytest.raises(ValueError, match="no graph to draw"):
        plot_model(fastnn.Sequential([Dense(2)]), None)


def test_boxes_do_not_overlap():
    x = Input((8,))
    figure = plot_model(Model(x, [Dense(2)(Dense(n)(x)) for n in range(1, 7)]), None, show_shapes=True)
    places = sorted(text.get_position() for text in figure.axes[0].texts if text.get_text())
    for i, (left, top) in enumerate(places):
        for other_left, other_top in places[i + 1 :]:
            assert other_left - left > 0.5 or abs(other_top - top) > 0.3


def residual_with_models_inside():
    x = Input((8, 8, 4), name="image")
    y = Conv2D(4, 3, padding="same", activation="relu")(x)
    y = Conv2D(4, 3, padding="same", name="a_layer_of_a_rather_long_name")(y)
    flat = Flatten()(ReLU()(Add()([x, y])))
    a, b = Input((5,)), Input((6,))
    innermost = fastnn.Sequential([Dense(3), ReLU()], name="innermost")
    two = Model([a, b], [Concatenate()([innermost(a), b]), Dense(2)(b)], name="two_ways")
    one = fastnn.Sequential([Dense(4), Dense(3)], name="one")
    extra = Input((5,), name="extra")
    return Model([x, extra], Concatenate()([one(flat), *two([extra, Dense(6)(flat)]), flat]))


def deep_with_shortcuts():
    x = Input((4,))
    passed = [Dense(4)(x)]
    for _ in range(5):
        passed.append(Add()([*passed, Dense(4, activation="relu")(passed[-1])]))
    return Model(x, passed[-1])


class Geometry:
    """What is drawn: boxes and frames as (left, top, right, bottom), edges as lists of points."""

    def __init__(self, figure):
        axes = figure.axes[0]
        rectangles = [patch for patch in axes.patches if hasattr(patch, "get_bbox")]
        self.boxes = [patch.get_bbox().extents for patch in rectangles if patch.get_linestyle() == "-"]
        self.frames = [patch.get_bbox().extents for patch in rectangles if patch.get_linestyle() != "-"]
        self.edges = [line.get_xydata() for line in axes.lines]
        self.tips = [patch.get_xy()[0] for patch in axes.patches if not hasattr(patch, "get_bbox")]


def on_border(point, box, near=1e-6):
    (x, y), (left, top, right, bottom) = point, box
    inside = left - near <= x <= right + near and top - near <= y <= bottom + near
    return inside and min(abs(x - left), abs(x - right), abs(y - top), abs(y - bottom)) < near


def within(box, frame):
    return all(np.array(box[:2]) >= frame[:2]) and all(np.array(box[2:]) <= frame[2:])


def apart(box, other):
    return box[2] <= other[0] or other[2] <= box[0] or box[3] <= other[1] or other[3] <= box[1]


@pytest.mark.parametrize("rankdir", ["TB", "LR"])
@pytest.mark.parametrize("expand_nested", [False, True])
@pytest.mark.parametrize("make", [two_branches, residual_with_models_inside, deep_with_shortcuts])
def test_arrows_lead_around_boxes_and_end_at_them(make, expand_nested, rankdir):
    figure = plot_model(
        make(), None, True, show_layer_names=True, rankdir=rankdir, expand_nested=expand_nested
    )
    drawn = Geometry(figure)
    borders = drawn.boxes + drawn.frames
    assert all(any(on_border(tip, box) for box in borders) for tip in drawn.tips)
    joints = np.array([end for edge in drawn.edges for end in (edge[0], edge[-1])])
    for edge in drawn.edges:
        for end in (edge[0], edge[-1]):
            joined = (np.abs(joints - end).max(axis=1) < 1e-6).sum() > 1
            assert joined or any(on_border(end, box) for box in borders)
        for a, b in pairwise(edge):
            for x, y in a + (b - a) * np.linspace(0, 1, 20)[:, np.newaxis]:
                for left, top, right, bottom in drawn.boxes:
                    assert not (left + 1e-6 < x < right - 1e-6 and top + 1e-6 < y < bottom - 1e-6)
    for i, box in enumerate(drawn.boxes):
        assert all(apart(box, other) for other in drawn.boxes[i + 1 :])
        assert all(within(box, frame) or apart(box, frame) for frame in drawn.frames)
    for i, frame in enumerate(drawn.frames):
        others = drawn.frames[i + 1 :]
        assert all(apart(frame, other) or within(frame, other) or within(other, frame) for other in others)


def test_frames_contain_the_layers_of_their_models():
    figure = plot_model(residual_with_models_inside(), None, show_layer_names=True, expand_nested=True)
    drawn = Geometry(figure)
    assert sorted(sum(within(box, frame) for box in drawn.boxes) for frame in drawn.frames) == [2, 2, 4]
    titles = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
    for name in ("one (Sequential)", "innermost (Sequential)", "two_ways (Model)"):
        x, y = titles[name]
        assert any(left < x < left + 0.2 and top < y < top + 0.2 for left, top, _, _ in drawn.frames)


def test_texts_fit_into_their_boxes():
    figure = plot_model(residual_with_models_inside(), None, True, show_layer_names=True)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    boxes = [patch.get_window_extent() for patch in axes.patches]
    for text in axes.texts:
        extent = text.get_window_extent()
        assert any(
            box.x0 < extent.x0 and extent.x1 < box.x1 and box.y0 < extent.y0 and extent.y1 < box.y1
            for box in boxes
        )


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"plots need matplotlib; .* pip install '\.\[plot\]'"):
        plotting.plot_history({"loss": [1.0]})
