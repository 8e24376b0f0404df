"""`fastnn.sklearn`: scikit-learn's perceptrons, whose numbers and manners are to be the same."""

import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.7")

from scipy import sparse
from sklearn import datasets, neural_network
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from fastnn import config
from fastnn import sklearn as ours

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore:'maxfun':DeprecationWarning"
)


@pytest.fixture
def float64():
    config.set_floatx("float64")
    yield
    config.set_floatx("float32")


def digits():
    x, y = datasets.load_digits(return_X_y=True)
    return x[:700] / 16, y[:700]


def counts():
    x, y = datasets.load_diabetes(return_X_y=True)
    return 20 * x, np.round(y / 50)


DIGITS, COUNTS = digits(), counts()
TARGETS = np.c_[COUNTS[1], COUNTS[1] ** 2 / 4] / 3
LABELS = np.c_[DIGITS[1] > 4, DIGITS[1] % 2, DIGITS[1] == 3].astype(int)
WEIGHTS = np.random.default_rng(0).random(700) + 0.1

CASES = {
    "adam": ("MLPClassifier", DIGITS, {}),
    "batch that divides": ("MLPClassifier", DIGITS, {"batch_size": 70, "hidden_layer_sizes": (20, 10)}),
    "no order": ("MLPClassifier", DIGITS, {"shuffle": False}),
    "large penalty": ("MLPClassifier", DIGITS, {"alpha": 2.0, "batch_size": 100}),
    "nesterov": ("MLPClassifier", DIGITS, {"solver": "sgd", "learning_rate_init": 0.05}),
    "momentum": (
        "MLPClassifier",
        DIGITS,
        {"solver": "sgd", "nesterovs_momentum": False, "activation": "tanh", "learning_rate_init": 0.05},
    ),
    "invscaling": (
        "MLPClassifier",
        DIGITS,
        {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.5, "momentum": 0.0},
    ),
    "adaptive": (
        "MLPClassifier",
        DIGITS,
        {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.2, "tol": 0.1, "max_iter": 60},
    ),
    "early stopping": ("MLPClassifier", DIGITS, {"early_stopping": True, "n_iter_no_change": 2}),
    "two classes": ("MLPClassifier", (DIGITS[0], DIGITS[1] > 4), {"activation": "logistic"}),
    "labels": ("MLPClassifier", (DIGITS[0], LABELS), {}),
    "lbfgs": ("MLPClassifier", DIGITS, {"solver": "lbfgs"}),
    "labels, lbfgs": ("MLPClassifier", (DIGITS[0], LABELS), {"solver": "lbfgs"}),
    "regression": ("MLPRegressor", COUNTS, {}),
    "targets": ("MLPRegressor", (COUNTS[0], TARGETS), {"activation": "identity"}),
    "regression, early": ("MLPRegressor", COUNTS, {"early_stopping": True}),
    "regression, lbfgs": ("MLPRegressor", COUNTS, {"solver": "lbfgs"}),
    "poisson": ("MLPRegressor", COUNTS, {"loss": "poisson"}),
    "poisson, lbfgs": ("MLPRegressor", COUNTS, {"loss": "poisson", "solver": "lbfgs"}),
}


def both(name, arguments):
    arguments = {"random_state": 3, "max_iter": 15} | arguments
    return getattr(neural_network, name)(**arguments), getattr(ours, name)(**arguments)


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weights"])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix])
@pytest.mark.parametrize("case", CASES)
def test_numbers_are_those_of_scikit_learn(case, form, weighted):
    name, (x, y), arguments = CASES[case]
    theirs, own = both(name, arguments)
    x = form(x)
    for model in (theirs, own):
        model.fit(x, y, sample_weight=WEIGHTS[: x.shape[0]] if weighted else None)
    assert own.n_iter_ == theirs.n_iter_
    np.testing.assert_allclose(own.loss_, theirs.loss_, 5e-3)
    assert own.t_ == theirs.t_
    if arguments.get("solver") != "lbfgs":
        np.testing.assert_allclose(own.loss_curve_, theirs.loss_curve_, 5e-3)
        np.testing.assert_equal(own.best_loss_ is None, theirs.best_loss_ is None)
    if arguments.get("early_stopping"):
        np.testing.assert_allclose(own.validation_scores_, theirs.validation_scores_, atol=0.03)
        np.testing.assert_allclose(own.best_validation_score_, theirs.best_validation_score_, atol=0.03)
    for ours_, theirs_ in zip(own.coefs_ + own.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        np.testing.assert_allclose(ours_, theirs_, atol=0.05)
    if name == "MLPClassifier":
        np.testing.assert_allclose(own.predict_proba(x), theirs.predict_proba(x), atol=0.05)
        assert np.mean(own.predict(x) != theirs.predict(x)) < 0.02
    else:
        np.testing.assert_allclose(own.predict(x), theirs.predict(x), rtol=0.02, atol=0.05)
    for attribute in ("out_activation_", "n_layers_", "n_outputs_", "n_features_in_"):
        assert getattr(own, attribute) == getattr(theirs, attribute)


def test_sparse_columns_are_as_good_as_rows():
    by_rows, by_columns = both("MLPClassifier", {})[1], both("MLPClassifier", {})[1]
    by_rows.fit(sparse.csr_array(DIGITS[0]), DIGITS[1])
    by_columns.fit(sparse.csc_array(DIGITS[0]), DIGITS[1])
    np.testing.assert_array_equal(by_rows.coefs_[0], by_columns.coefs_[0])


def test_doubles_give_the_same_losses(float64):
    theirs, own = both("MLPClassifier", {"batch_size": 100, "alpha": 0.1})
    np.testing.assert_allclose(own.fit(*DIGITS).loss_curve_, theirs.fit(*DIGITS).loss_curve_, 1e-7)


EQUIVALENCE = {
    f"check_sample_weight_equivalence_on_{kind}_data": "a tolerance of 1e-7, where float32 computes"
    for kind in ("dense", "sparse")
}


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_checks_of_scikit_learn(name):
    check_estimator(getattr(ours, name)(), expected_failed_checks=EQUIVALENCE, on_skip=None)


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_checks_of_scikit_learn_in_doubles(name, float64):
    check_estimator(getattr(ours, name)(), on_skip=None)


@pytest.mark.parametrize(
    ("load", "name"),
    [
        (datasets.load_iris, "MLPClassifier"),
        (datasets.load_wine, "MLPClassifier"),
        (datasets.load_breast_cancer, "MLPClassifier"),
        (datasets.load_digits, "MLPClassifier"),
        (datasets.load_diabetes, "MLPRegressor"),
    ],
)
def test_scores_are_those_of_scikit_learn(load, name):
    def score(side, seed):
        x, y = load(return_X_y=True)
        y = y / 100 if name == "MLPRegressor" else y
        x, x_test, y, y_test = train_test_split(x, y, test_size=0.25, random_state=seed)
        scaler = StandardScaler().fit(x)
        model = getattr(side, name)(hidden_layer_sizes=(32,), max_iter=60, random_state=seed)
        return model.fit(scaler.transform(x), y).score(scaler.transform(x_test), y_test)

    differences = [score(ours, seed) - score(neural_network, seed) for seed in range(5)]
    assert abs(np.mean(differences)) < 0.01


def test_partial_fit_is_that_of_scikit_learn():
    x, y = DIGITS
    theirs, own = both("MLPClassifier", {})
    for model in (theirs, own):
        for start in range(0, 700, 150):
            model.partial_fit(x[start : start + 150], y[start : start + 150], classes=range(10))
    np.testing.assert_allclose(own.loss_curve_, theirs.loss_curve_, 2e-3)
    assert len(own.loss_curve_) == 5


def test_warm_start_goes_on():
    theirs, own = both("MLPClassifier", {"warm_start": True, "max_iter": 5})
    for model in (theirs, own):
        model.fit(*DIGITS).set_params(activation="tanh").fit(*DIGITS)
        model.set_params(solver="lbfgs").fit(*DIGITS)
    np.testing.assert_allclose(own.loss_, theirs.loss_, 0.01)
    assert len(own.loss_curve_) == len(theirs.loss_curve_) == 10


def test_weights_are_those_of_the_network():
    own = both("MLPClassifier", {})[1].fit(*DIGITS)
    before = own.predict_proba(DIGITS[0][:5])
    held = own.coefs_[0]
    own.partial_fit(*DIGITS)
    assert held is own.coefs_[0]
    assert (own.predict_proba(DIGITS[0][:5]) != before).any()
    own.coefs_[0][...] = 0
    same = own.predict_proba(DIGITS[0][:5])
    assert (same == same[0]).all()
    own.coefs_ = [np.zeros_like(coef) for coef in own.coefs_]
    np.testing.assert_allclose(own.predict_proba(DIGITS[0][:1]), own.predict_proba(DIGITS[0][1:2]))


def test_copies_have_weights_of_their_own():
    own = both("MLPClassifier", {})[1].fit(*DIGITS)
    copy = pickle.loads(pickle.dumps(own))
    np.testing.assert_array_equal(copy.predict_proba(DIGITS[0]), own.predict_proba(DIGITS[0]))
    own.partial_fit(*DIGITS)
    assert (copy.predict_proba(DIGITS[0]) != own.predict_proba(DIGITS[0])).any()
    copy.partial_fit(*DIGITS)
    np.testing.assert_allclose(copy.loss_, own.loss_, 1e-3)
    assert not hasattr(clone(own), "coefs_")


def test_messages_are_those_of_scikit_learn(capsys):
    theirs, own = both("MLPClassifier", {"verbose": True, "tol": 10.0, "n_iter_no_change": 2})
    theirs.fit(*DIGITS)
    expected = capsys.readouterr().out.splitlines()
    own.fit(*DIGITS)
    said = capsys.readouterr().out.splitlines()
    assert [line[:22] for line in said] == [line[:22] for line in expected]
    assert said[-1] == expected[-1]


@pytest.mark.filterwarnings("default")
def test_warns_of_too_few_iterations():
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(2\) reached"):
        both("MLPRegressor", {"max_iter": 2})[1].fit(*COUNTS)


def test_refuses_what_scikit_learn_does():
    own = both("MLPClassifier", {"early_stopping": True})[1]
    with pytest.raises(ValueError, match="partial_fit does not support"):
        own.partial_fit(*DIGITS, classes=range(10))
    with pytest.raises(ValueError, match="validation set is too small"):
        both("MLPRegressor", {"early_stopping": True})[1].fit(COUNTS[0][:9], COUNTS[1][:9])
    with pytest.raises(AttributeError, match="partial_fit"):
        _ = both("MLPClassifier", {"solver": "lbfgs"})[1].partial_fit
    with pytest.raises(ValueError, match="non-finite"):
        both("MLPRegressor", {"solver": "sgd", "learning_rate_init": 1e6})[1].fit(*COUNTS)
