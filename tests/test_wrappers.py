"""`fastnn.wrappers`: models as estimators of scikit-learn; and both kinds of estimators in its tools."""

import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.7")
pytest.importorskip("pandas")

import joblib
import pandas as pd
from sklearn import datasets
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import fastnn
from fastnn.sklearn import MLPClassifier
from fastnn.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer

IRIS = datasets.load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[IRIS[1]]


def network(X, y, loss="categorical_crossentropy", last="softmax", units=16, outputs=None):
    fastnn.utils.set_random_seed(0)
    widths = fastnn.layers.Dense(units, "relu"), fastnn.layers.Dense(outputs or y.shape[1], last)
    model = fastnn.Sequential([fastnn.Input(X.shape[1:]), *widths])
    model.compile(fastnn.optimizers.Adam(0.02), loss)
    return model


def regression(X, y):
    return network(X, y, "mse", None)


def classifier(**arguments):
    return SKLearnClassifier(network, model_kwargs=arguments, fit_kwargs={"epochs": 40})


# A sample that is there twice falls into two batches, one of weight 2 into one.
REASONS = {
    f"check_sample_weight_equivalence_on_{kind}_data": "training goes by batches, whose samples differ"
    for kind in ("dense", "sparse")
}


@pytest.mark.parametrize(
    "estimator",
    [classifier(), SKLearnRegressor(regression), SKLearnTransformer(regression)],
    ids=lambda estimator: type(estimator).__name__,
)
def test_checks_of_scikit_learn(estimator):
    check_estimator(estimator, expected_failed_checks=REASONS, on_skip=None)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"loss": "sparse_categorical_crossentropy"},
        {"loss": fastnn.losses.CategoricalCrossentropy(from_logits=True), "last": None},
        {"loss": fastnn.losses.SparseCategoricalCrossentropy(from_logits=True), "last": None},
    ],
)
@pytest.mark.parametrize(
    "y",
    [IRIS[1], NAMES, NAMES.astype(object), IRIS[1] * 7 - 3.0],
    ids=["numbers", "words", "objects", "reals"],
)
def test_labels_of_any_kind(y, arguments):
    model = classifier(**arguments).fit(IRIS[0], y)
    assert model.score(IRIS[0], y) > 0.9
    probabilities = model.predict_proba(IRIS[0])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, 1e-5)
    assert (model.classes_ == np.unique(y)).all()


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"loss": "binary_crossentropy", "last": "sigmoid", "outputs": 1},
        {"loss": fastnn.losses.BinaryCrossentropy(from_logits=True), "last": None, "outputs": 1},
    ],
)
def test_two_classes(arguments):
    y = np.where(IRIS[1] == 0, "yes", "no")
    model = classifier(**arguments).fit(IRIS[0], y)
    assert model.score(IRIS[0], y) > 0.95
    assert model.predict_proba(IRIS[0]).shape == (150, 2)
    assert ((model.decision_function(IRIS[0]) > 0) == (model.predict(IRIS[0]) == "yes")).all()


def test_refuses_models_that_do_not_fit():
    with pytest.raises(ValueError, match="an output for each of the 3 classes, got one"):
        classifier(loss="binary_crossentropy", outputs=1).fit(*IRIS)
    with pytest.raises(ValueError, match="compiled with a loss"):
        SKLearnRegressor(fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(1)])).fit(*IRIS)
    with pytest.raises(ValueError, match=r"class_weight: expected labels .*\['rose'\]"):
        classifier().fit(IRIS[0], NAMES, class_weight={"rose": 2.0})
    with pytest.raises(ValueError, match="Invalid parameter"):
        classifier().set_params(epochs=3)


def test_weights_of_classes_and_samples():
    rows = np.r_[:50, 50:55, 100:105]
    x, y = IRIS[0][rows], NAMES[rows]
    balanced = classifier().fit(x, y, class_weight="balanced")
    by_label = classifier().fit(x, y, class_weight={"setosa": 0.4, "versicolor": 4.0, "virginica": 4.0})
    by_sample = classifier().fit(x, y, sample_weight=np.where(y == "setosa", 0.4, 4.0))
    np.testing.assert_allclose(balanced.predict_proba(x), by_label.predict_proba(x), atol=1e-5)
    np.testing.assert_allclose(balanced.predict_proba(x), by_sample.predict_proba(x), atol=1e-5)
    assert (classifier().fit(x, y).predict_proba(x) != balanced.predict_proba(x)).any()


def test_nested_arguments():
    model = classifier(units=8)
    assert model.get_params()["model_kwargs__units"] == 8
    other = clone(model).set_params(fit_kwargs__epochs=2, model_kwargs__units=4, fit_kwargs__batch_size=50)
    other.fit(*IRIS)
    assert len(other.history_["loss"]) == 2
    assert other.epoch_ == [0, 1]
    assert other.model_.layers[0].units == 4
    assert model.get_params()["model_kwargs__units"] == 8
    assert "batch_size" not in model.fit_kwargs


def test_models_are_copied_unless_warm_start():
    model = regression(IRIS[0], IRIS[1][:, None])
    before = model.get_weights()
    cold = SKLearnRegressor(model, fit_kwargs={"epochs": 3}).fit(*IRIS)
    assert cold.predict(IRIS[0]).shape == (150,)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    warm = SKLearnRegressor(model, warm_start=True, fit_kwargs={"epochs": 3}).fit(*IRIS)
    assert warm.model_ is model
    loss = warm.history_["loss"][-1]
    assert warm.fit(*IRIS).history_["loss"][-1] < loss


def test_adapted_layers_stay_adapted():
    layer = fastnn.layers.Normalization()
    layer.adapt(IRIS[0])
    model = fastnn.Sequential([fastnn.Input((4,)), layer, fastnn.layers.Dense(2)])
    model.compile("adam", "mse")
    made = SKLearnTransformer(model).fit(IRIS[0], IRIS[0][:, :2]).model_
    np.testing.assert_array_equal(made.layers[0].mean.value, layer.mean.value)


def test_images_and_several_targets():
    x, y = datasets.load_digits(return_X_y=True)
    images = x[:300].reshape(-1, 8, 8, 1) / 16

    def convolutional(X, y):
        parts = [fastnn.layers.Conv2D(4, 3), fastnn.layers.Flatten(), fastnn.layers.Dense(y.shape[1])]
        model = fastnn.Sequential([fastnn.Input(X.shape[1:]), *parts])
        model.compile("adam", "mse")
        return model

    targets = np.c_[y, y**2][:300]
    assert SKLearnRegressor(convolutional).fit(images, targets).predict(images).shape == (300, 2)


# ---- scikit-learn's tools, with both kinds of estimators -------------------------------------------------


def mlp():
    return MLPClassifier((16,), max_iter=500, learning_rate_init=0.02, random_state=0)


BOTH = pytest.mark.parametrize("make", [mlp, classifier])


@BOTH
def test_cross_validation_and_calibration(make):
    assert cross_val_score(make(), IRIS[0], NAMES, cv=3).mean() > 0.9
    calibrated = CalibratedClassifierCV(make(), cv=3).fit(IRIS[0], NAMES)
    assert calibrated.score(IRIS[0], NAMES) > 0.9


@BOTH
def test_importance_of_features(make):
    found = permutation_importance(make().fit(IRIS[0], NAMES), IRIS[0], NAMES, random_state=0)
    assert found.importances_mean[2:].sum() > found.importances_mean[:2].sum()


@pytest.mark.parametrize("name", ["hidden_layer_sizes", "model_kwargs__units"])
def test_search_in_processes(name):
    def build(X, y, units=16):  # goes along with what is sent: other processes cannot import tests
        fastnn.utils.set_random_seed(0)
        widths = fastnn.layers.Dense(units, "relu"), fastnn.layers.Dense(y.shape[1], "softmax")
        model = fastnn.Sequential([fastnn.Input(X.shape[1:]), *widths])
        model.compile(fastnn.optimizers.Adam(0.02), "categorical_crossentropy")
        return model

    if name == "hidden_layer_sizes":
        estimator, values = mlp(), [(4,), (16,)]
    else:
        estimator, values = SKLearnClassifier(build, model_kwargs={}, fit_kwargs={"epochs": 40}), [4, 16]
    search = GridSearchCV(estimator, {name: values}, cv=2, n_jobs=2)
    with joblib.parallel_backend("loky"):
        assert search.fit(IRIS[0], NAMES).best_score_ > 0.85


@BOTH
def test_files_and_pickles(make, tmp_path):
    model = make().fit(IRIS[0], NAMES)
    joblib.dump(model, tmp_path / "model")
    for copy in (
        joblib.load(tmp_path / "model"),
        joblib.load(tmp_path / "model", mmap_mode="r"),
        pickle.loads(pickle.dumps(model)),
    ):
        np.testing.assert_array_equal(copy.predict_proba(IRIS[0]), model.predict_proba(IRIS[0]))
    assert not hasattr(clone(model), "classes_")


@BOTH
def test_data_frames(make):
    frame = pd.DataFrame(IRIS[0], columns=list("abcd"))
    model = make().fit(frame, pd.Series(NAMES))
    assert list(model.feature_names_in_) == list("abcd")
    np.testing.assert_array_equal(model.predict(frame), make().fit(*(IRIS[0], NAMES)).predict(IRIS[0]))
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"a": "z"}))


@pytest.mark.parametrize(("make", "sparse"), [(mlp, True), (classifier, False), (classifier, True)])
def test_columns_of_all_kinds(make, sparse):
    frame = pd.DataFrame({"kind": NAMES, "length": IRIS[0][:, 0], "colour": np.tile(["red", "blue"], 75)})
    encoder = OneHotEncoder(sparse_output=sparse)
    columns = ColumnTransformer(
        [("words", encoder, ["kind", "colour"]), ("numbers", StandardScaler(), ["length"])],
        sparse_threshold=float(sparse),
    )
    assert make_pipeline(columns, make()).fit(frame, NAMES).score(frame, NAMES) == 1
