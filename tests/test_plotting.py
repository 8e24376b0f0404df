"""Pictures: their contents, not their looks."""

import builtins
import io

import numpy as np
import pytest

import fastnn
from fastnn import Input, Model, plotting
from fastnn.layers import Conv2D, Dense, ReLU
from fastnn.utils import plot_model

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _close():
    yield
    matplotlib.pyplot.close("all")


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
    assert len(texts(wide)) == 5
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


def test_without_matplotlib(monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **options):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"install the checkout with its extra plot \('\.\[plot\]'\)"):
        plotting.plot_history({"loss": [1.0]})
