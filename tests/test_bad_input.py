"""What a user can get wrong: a clear error that names the argument and shows the value, and no harm done."""

import numpy as np
import pytest

import fastnn
from fastnn.layers import Dense, Dropout
from fastnn.training.plan_cache import plan_of

X = np.random.default_rng(0).standard_normal((10, 4)).astype("float32")
Y = np.arange(10) % 3
ONE_HOT = np.eye(3, dtype="float32")[Y]
HUGE = (2**31, 2**62, 2**63, 2**200)
NO_SIZES = (0, -1, True, 1.5, "3", None, float("nan"), *HUGE)
NO_COUNTS = (-1, True, 1.5, "3")


@pytest.fixture(params=["sparse_categorical_crossentropy", "categorical_crossentropy"])
def model(request):
    """A model that has been trained; afterwards it has to be what it was, and to work."""
    model = fastnn.Sequential([fastnn.Input((4,)), Dense(8, "relu"), Dropout(0.1), Dense(3, "softmax")])
    model.compile("adam", request.param, metrics=["accuracy"])
    labels = Y if request.param.startswith("sparse") else ONE_HOT
    model.fit(X, labels, verbose=0)
    weights, steps, y = model.get_weights(), model.optimizer.iterations, model.predict(X)
    yield model
    assert model.optimizer.iterations == steps
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(model.predict(X), y)
    model.fit(X, labels, verbose=0)
    assert np.isfinite(model.evaluate(X, labels, verbose=0)).all()
    assert np.isfinite(model.train_on_batch(X, labels)).all()


def labels_of(model):
    return Y if model.loss._spec.labels.sparse else ONE_HOT


USES = {
    "predict": lambda model, x: model.predict(x),
    "call": lambda model, x: model(x),
    "fit": lambda model, x: model.fit(x, labels_of(model), verbose=0),
    "train_on_batch": lambda model, x: model.train_on_batch(x, labels_of(model)),
    "evaluate": lambda model, x: model.evaluate(x, labels_of(model), verbose=0),
    "validation": lambda model, x: model.fit(
        X, labels_of(model), validation_data=(x, labels_of(model)), verbose=0
    ),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (X[:, :3], ValueError, r"x: expected shape \(rows, 4\), got \(10, 3\)"),
        (np.ones((10, 5)), ValueError, r"x: expected shape \(rows, 4\), got \(10, 5\)"),
        (X[0], ValueError, r"x: expected shape \(rows, 4\), got \(4,\)"),
        (X[None], ValueError, r"x: expected shape \(rows, 4\), got \(1, 10, 4\)"),
        (np.ones((10, 2, 2)), ValueError, r"x: expected shape \(rows, 4\), got \(10, 2, 2\)"),
        (3.0, ValueError, r"x: expected shape \(rows, 4\), got \(\)"),
        ([], ValueError, r"x: expected shape \(rows, 4\), got \(0,\)"),
        ([[1, 2, 3, 4], [1, 2]], ValueError, "x: expected rows of equal length"),
        (X.astype(complex), TypeError, "x: expected numbers, got dtype complex"),
        (X.astype(str), TypeError, "x: expected numbers, got dtype <U"),
        (X.astype("datetime64[s]"), TypeError, "x: expected numbers, got dtype datetime64"),
        (np.full((10, 4), "a", object), TypeError, "x: expected numbers, got an array of objects"),
        (np.zeros((10, 4), [("a", "f4")]), TypeError, "x: expected numbers, got dtype"),
        (np.ma.masked_array(X, X > 0), ValueError, "x: expected an array without masked entries"),
        ("text", TypeError, "x: expected an array, got 'text'"),
        ({"x": X}, ValueError, r"x: expected the inputs \['input.*'\], got \['x'\]"),
        (None, TypeError, "x: expected an array, got None"),
    ],
)
def test_inputs(model, use, x, error, message):
    with pytest.raises(error, match=message):
        USES[use](model, x)


@pytest.mark.parametrize("use", ["fit", "train_on_batch", "evaluate", "test_on_batch"])
@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.where(Y == 2, 3, Y), "y: expected class numbers from 0 to 2, got 3 in row 2"),
        (np.where(Y == 1, -1, Y), "y: expected class numbers from 0 to 2, got -1 in row 1"),
        (np.where(Y == 0, 2**31, Y), "y: expected class numbers.*, got .*2147483648"),
        (np.where(Y == 0, 2**62, Y), f"y: expected class numbers.*, got .*{2**62}"),
        (np.where(Y == 0, np.uint64(2**64 - 1), Y.astype("uint64")), "y: expected class numbers.*, got "),
        (np.where(Y == 1, 0.5, Y), "y: expected class numbers, got .*0.5"),
        (np.where(Y == 1, np.nan, Y), "y: expected class numbers, got .*nan"),
        (np.where(Y == 1, np.inf, Y), "y: expected class numbers, got .*inf"),
        ([2**70] * 10, "y: expected class numbers, got an array of objects .*too large"),
        (Y.astype(object) + 2**64, "y: expected class numbers, got an array of objects .*too large"),
        ([None] * 10, "y: expected class numbers, got an array of objects"),
        (list("0120120120"), "y: expected class numbers, got dtype <U1"),
        (Y[:9], "x, y: expected equal lengths, got 10 and 9"),
        (ONE_HOT, r"y: expected class numbers of shape \(rows\), got \(10, 3\)"),
        (Y[:0], "x, y: expected equal lengths, got 10 and 0"),
        (None, "y: expected labels, got None"),
    ],
)
@pytest.mark.parametrize("model", ["sparse_categorical_crossentropy"], indirect=True)
def test_class_numbers(model, use, y, message):
    with pytest.raises(ValueError, match=message):
        getattr(model, use)(X, y)


@pytest.mark.parametrize("use", ["fit", "train_on_batch", "evaluate", "test_on_batch"])
@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.where(ONE_HOT == 1, 1.5, 0), "y: expected labels from 0 to 1, got .*1.5.* in row 0"),
        (np.where(ONE_HOT == 1, np.nan, 0), "y: expected labels from 0 to 1, got .*nan.* in row 0"),
        (ONE_HOT - 0.5, "y: expected labels from 0 to 1, got .*-0.5"),
        (ONE_HOT[:, :2], r"y: expected shape \(rows, 3\), got \(10, 2\)"),
        (Y, r"y: expected shape \(rows, 3\), got \(10,\)"),
        (ONE_HOT[:9], "x, y: expected equal lengths, got 10 and 9"),
    ],
)
@pytest.mark.parametrize("model", ["categorical_crossentropy"], indirect=True)
def test_one_hot_labels(model, use, y, message):
    with pytest.raises(ValueError, match=message):
        getattr(model, use)(X, y)


@pytest.mark.parametrize("make", [lambda part: [part], lambda part: {"a": part}, lambda part: [[part], 1.0]])
def test_structures_that_contain_themselves(make):
    structure = []
    structure.append(make(structure))
    model = fastnn.Sequential([fastnn.Input((4,)), Dense(1)])
    model.compile("sgd", "mse")
    for use in (model, Dense(2), model.predict, lambda x: model.fit(x, x), lambda y: model.fit(X, y)):
        with pytest.raises(ValueError, match="[xy]: |expected nested lists, tuples or dicts of finite depth"):
            use(structure)


def test_numbers_that_are_no_numbers_as_labels_of_a_regression():
    model = fastnn.Sequential([fastnn.Input((4,)), Dense(1)])
    model.compile("sgd", "mse")
    y = X[:, :1].copy()
    model.fit(X, y, verbose=0)
    before = model.get_weights()
    y[7] = np.nan
    for use in (model.fit, model.train_on_batch, model.evaluate):
        with pytest.raises(ValueError, match="y: expected a number, got nan in row 7"):
            use(X, y)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        *[({"batch_size": n}, ValueError, f"batch_size: .*{n!r}") for n in (0, *NO_COUNTS)],
        *[({"epochs": n}, ValueError, f"epochs: .*{n!r}") for n in (*NO_COUNTS, None)],
        *[({"initial_epoch": n}, ValueError, f"initial_epoch: .*{n!r}") for n in NO_COUNTS],
        *[({"steps_per_epoch": n}, ValueError, f"steps_per_epoch: .*{n!r}") for n in (0, *NO_COUNTS)],
        *[({"validation_split": n}, ValueError, f"validation_split: .*{n!r}") for n in (-0.1, 1, 1.5, "0.2")],
        ({"validation_split": 0.999}, ValueError, "validation_split: 0.999 of 10 rows leaves none"),
        ({"validation_data": (X,)}, ValueError, "validation_data: .*got 1 entries"),
        ({"validation_data": 5}, TypeError, "validation_data: .*got 5"),
        ({"validation_data": (X, None)}, ValueError, "validation y: expected labels, got None"),
        *[
            ({"validation_split": 0.5, "validation_freq": n}, ValueError, f"validation_freq: .*{n!r}")
            for n in (0, *NO_COUNTS)
        ],
        *[
            ({"validation_split": 0.5, "validation_steps": n}, ValueError, f"validation_steps: .*{n!r}")
            for n in (0, *NO_COUNTS)
        ],
        *[
            (
                {"validation_split": 0.5, "validation_batch_size": n},
                ValueError,
                f"validation_batch_size: .*{n!r}",
            )
            for n in (0, *NO_COUNTS)
        ],
        *[({"verbose": v}, ValueError, f"verbose: .*{v!r}") for v in (3, "loud", None)],
        ({"sample_weight": np.ones(9)}, ValueError, r"sample_weight: expected shape \(10,\), got \(9,\)"),
        ({"sample_weight": 2.0}, ValueError, r"sample_weight: expected shape \(10,\), got \(\)"),
        ({"sample_weight": np.full(10, np.nan)}, ValueError, "sample_weight: expected finite numbers"),
        (
            {"sample_weight": [1.0] * 9 + [1e300]},
            ValueError,
            r"sample_weight: .* float32, got 1e\+300 in row 9",
        ),
        ({"class_weight": {0: 1e300}}, ValueError, r"class_weight, sample_weight: .*1e\+300 in row"),
        (
            {"class_weight": {0: 1e38}, "sample_weight": np.full(10, 1e38)},
            ValueError,
            r"class_weight, sample_weight: .*e\+7\d in row",
        ),
        ({"sample_weight": "heavy"}, TypeError, "sample_weight: expected an array, got 'heavy'"),
        ({"class_weight": [1, 2, 3]}, TypeError, r"class_weight: .*got \[1, 2, 3\]"),
        ({"class_weight": {-1: 2.0}}, ValueError, "class_weight: .*-1"),
        ({"class_weight": {0.5: 2.0}}, ValueError, "class_weight: .*0.5"),
        ({"class_weight": {"a": 2.0}}, ValueError, "class_weight: .*'a'"),
        ({"class_weight": {0: "heavy"}}, ValueError, "class_weight: .*'heavy'"),
        ({"class_weight": {0: float("nan")}}, ValueError, "class_weight: .*nan"),
        ({"callbacks": ["early_stopping"]}, TypeError, "callbacks: .*'early_stopping'"),
    ],
)
def test_arguments_of_fit(model, arguments, error, message):
    with pytest.raises(error, match=message):
        model.fit(X, labels_of(model), **{"verbose": 0} | arguments)


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("of_class", [0.0, 1e38, 1e300])
@pytest.mark.parametrize("of_sample", [1e38, np.inf, np.nan])
def test_weights_whose_product_is_too_large(warm, of_class, of_sample):
    model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    y = np.arange(len(X)) % 3
    if warm:
        model.train_on_batch(X, y, np.ones(len(X)), class_weight={0: 1.0})
    before = model.get_weights()
    weights = np.full(len(X), of_sample, "float32")
    if of_class or not np.isfinite(of_sample):
        with pytest.raises(
            ValueError, match=r"sample_weight: expected finite numbers of float32, got .* in row"
        ):
            model.train_on_batch(X, y, weights, class_weight={0: of_class})
        for one, other in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(one, other)
    else:
        model.train_on_batch(X, y, weights, class_weight={0: of_class, 1: 0.0, 2: 0.0})
        np.testing.assert_array_equal(model.get_weights()[0], before[0])


@pytest.mark.parametrize("n", [0, *NO_COUNTS])
def test_arguments_of_predict_and_evaluate(model, n):
    y = labels_of(model)
    for call in (
        lambda **k: model.predict(X, **k),
        lambda **k: model.evaluate(X, y, verbose=0, **k),
    ):
        for name in ("batch_size", "steps"):
            with pytest.raises(ValueError, match=f"{name}: .*{n!r}"):
                call(**{name: n})


def test_no_rows(model):
    none = X[:0], labels_of(model)[:0]
    assert model.predict(none[0]).shape == (0, 3)
    assert model.evaluate(*none, verbose=0) == [0, 0]
    for use in (model.fit, model.train_on_batch, model.test_on_batch):
        with pytest.raises(ValueError, match="x: expected at least one row"):
            use(*none)


@pytest.mark.parametrize("weights", [None, 5, "ab"])
@pytest.mark.parametrize("built", [False, True])
def test_weights_that_are_no_list(built, weights):
    layer = Dense(2, name="hidden")
    if built:
        layer.build((None, 3))
    with pytest.raises(
        TypeError, match=f"weights: expected a list of . arrays for 'hidden', got {weights!r}"
    ):
        layer.set_weights(weights)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"optimizer": "adamm"}, ValueError, "optimizer: .*'adamm'; did you mean"),
        ({"optimizer": 0.01}, TypeError, "optimizer: .*0.01"),
        ({"loss": "mse "}, ValueError, "loss: .*'mse '"),
        ({"loss": "crossentropy"}, ValueError, "loss: .*'crossentropy'"),
        ({"loss": 7}, TypeError, "loss: .*7"),
        ({"metrics": ["acuracy"]}, ValueError, "metric: .*'acuracy'"),
        ({"metrics": "accuracy"}, TypeError, "metrics: .*'accuracy'"),
        ({"weighted_metrics": {"a": "mse"}}, ValueError, "weighted_metrics: .*'a'"),
        ({"metrics": [7]}, TypeError, "metric: .*7"),
        ({"loss_weights": [1.0, 2.0]}, ValueError, r"loss_weights: .*\[1.0, 2.0\]"),
    ],
)
def test_arguments_of_compile(model, arguments, error, message):
    """A compilation that fails leaves the last one in place."""
    with pytest.raises(error, match=message):
        model.compile(**{"loss": "mse"} | arguments)


def test_metrics_that_do_not_fit_the_loss():
    model = fastnn.Sequential([fastnn.Input((4,)), Dense(3, "softmax")])
    model.compile(loss="categorical_crossentropy", metrics=["sparse_categorical_accuracy"])
    with pytest.raises(ValueError, match="metrics: 'sparse_categorical_accuracy' takes class numbers"):
        model.fit(X, ONE_HOT, verbose=0)


def test_a_model_that_has_not_been_compiled():
    model = fastnn.Sequential([fastnn.Input((4,)), Dense(3)])
    for use in (model.fit, model.evaluate, model.train_on_batch):
        with pytest.raises(ValueError, match="compile"):
            use(X, ONE_HOT)
    model.compile("adam")
    with pytest.raises(ValueError, match="compile"):
        model.fit(X, ONE_HOT)
    assert model.predict(X).shape == (10, 3)


@pytest.mark.parametrize("size", NO_SIZES)
def test_sizes(size):
    shown = repr(size).replace("(", r"\(")
    for make in (
        lambda: Dense(size),
        lambda: fastnn.Input((size,)) if size is not None else Dense(size),  # None is any length
        lambda: fastnn.Input((4, size)) if size is not None else Dense(size),
        lambda: Dense(2, input_shape=(3, size)) if size is not None else Dense(size),
        lambda: fastnn.layers.Reshape((size, 2)) if size != -1 else Dense(size),
        lambda: fastnn.Sequential([Dense(2)]).build((None, size)) if size is not None else Dense(size),
    ):
        with pytest.raises(ValueError, match=f"(units|shape|input_shape|target_shape): .*{shown}"):
            make()


@pytest.mark.parametrize("shape", [(2**31 - 1, 2**31 - 1), (2**31 - 1,), (2**20, 2**20, 2**20, 2**20)])
def test_sizes_that_no_machine_has(shape):
    """Neither a wrapped product nor a crash."""
    with pytest.raises((ValueError, MemoryError)):
        fastnn.Sequential([fastnn.layers.Flatten(input_shape=shape), Dense(2**31 - 1)])
    with pytest.raises(ValueError, match="shape: rows of shape .* more than"):
        plan_of(fastnn.Sequential([fastnn.layers.ReLU(input_shape=(2**30, *shape))]), "inference")


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "1", True])
@pytest.mark.parametrize(
    "name", ["learning_rate", "clipnorm", "clipvalue", "global_clipnorm", "weight_decay"]
)
def test_numbers_of_optimizers(name, value):
    if value == 0 and value is not False and name in ("learning_rate", "weight_decay"):
        return  # nothing learned, nothing lost
    for cls in (fastnn.optimizers.SGD, fastnn.optimizers.Adam, fastnn.optimizers.RMSprop):
        with pytest.raises(ValueError, match=f"{name}: .*{value!r}"):
            cls(**{name: value})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: fastnn.optimizers.Adam(beta_1=1.0), "beta_1: .*1.0"),
        (lambda: fastnn.optimizers.Adam(beta_2=-0.1), "beta_2: .*-0.1"),
        (lambda: fastnn.optimizers.Adam(epsilon=-1e-7), "epsilon: .*-1e-07"),
        (lambda: fastnn.optimizers.SGD(momentum=-0.9), "momentum: .*-0.9"),
        (lambda: fastnn.optimizers.SGD(momentum=1.5), "momentum: .*1.5"),
        (lambda: fastnn.optimizers.RMSprop(rho=1.0), "rho: .*1.0"),
        (lambda: fastnn.optimizers.SGD(clipnorm=1.0, clipvalue=1.0), "clipnorm, clipvalue: at most one"),
    ],
)
def test_other_numbers_of_optimizers(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_learning_rate_that_is_none(model):
    for value in (-1, float("nan"), "fast", None):
        with pytest.raises(ValueError, match=f"learning_rate: .*{value!r}"):
            model.optimizer.learning_rate = value


def test_not_a_number_in_inputs_is_passed_on(model):
    """It is data like any other: the row's output tells."""
    x = X.copy()
    x[4, 2] = np.nan
    y = model.predict(x)
    assert np.isnan(y[4]).all()
    assert np.isfinite(np.delete(y, 4, 0)).all()


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", lambda t, p: ((t - p) ** 2).mean(-1)])
@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.filterwarnings("ignore:class_weight:fastnn.FastnnWarning")
def test_class_weights_of_labels_that_are_no_classes(loss, width):
    """A class weight of real numbers would be that of what they happen to be rounded to."""
    model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(width)])
    model.compile("sgd", loss)
    y = np.linspace(-2, 3, 10 * width).reshape(10, width)
    expected = "class numbers" if width == 1 else "one-hot rows"
    with pytest.raises(ValueError, match=f"class_weight: expected {expected}.* as labels, got -.* in row "):
        model.fit(X[:, :3], y, class_weight={0: 1.0, 1: 2.0}, verbose=0)
    model.fit(X[:, :3], np.eye(width)[np.zeros(10, int)], class_weight={0: 1.0, 1: 2.0}, verbose=0)


@pytest.mark.parametrize("label", [np.inf, -np.inf])
@pytest.mark.parametrize("use", ["fit", "train_on_batch"])
def test_class_weights_of_labels_that_are_not_finite(label, use):
    model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(1)])
    model.compile("sgd", "mse")
    y = np.array([0, 1, label, 1, 0])
    with pytest.raises(
        ValueError, match=f"class_weight: expected class numbers as labels, got {label} in row 2"
    ):
        getattr(model, use)(X[:5, :3], y, class_weight={0: 1.0, 1: 2.0})


KEYS_OF_NO_CLASS = ["a", None, -1, 0.5, np.nan, np.inf, 2**31, 10**400]


@pytest.mark.parametrize("key", KEYS_OF_NO_CLASS, ids=lambda key: f"{key!r:.12}")
def test_keys_of_class_weights_that_are_no_class_numbers(key):
    model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=f"class_weight: expected class numbers as keys, got {key!r:.20}"):
        model.fit(X[:5, :3], np.ones(5), class_weight={1: 1.0, key: 2.0}, verbose=0)


@pytest.mark.parametrize("classes", [2, 6])
def test_labels_of_the_other_kind_get_a_suggestion(classes):
    numbers, p = np.arange(6) % classes, np.full((6, classes), 1 / classes)
    one_hot = np.eye(classes)[numbers]
    model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(classes, activation="softmax")])
    x = np.zeros((6, 3))
    for loss, wrong, message in (
        (
            fastnn.losses.CategoricalCrossentropy(),
            numbers,
            "'sparse_categorical_crossentropy'.*to_categorical",
        ),
        (fastnn.losses.CategoricalCrossentropy(), numbers[:, None], "'sparse_categorical_crossentropy'"),
        (fastnn.losses.MeanSquaredError(), numbers, "fastnn.utils.to_categorical"),
        (fastnn.losses.SparseCategoricalCrossentropy(), one_hot, r"'categorical_crossentropy'.*argmax\(-1\)"),
    ):
        with pytest.raises(ValueError, match=f"y_true: expected .*got .*{message}"):
            loss(wrong, p)
        model.compile("sgd", loss)
        for call in (model.fit, model.evaluate):
            with pytest.raises(ValueError, match=f"^y: expected .*got .*{message}"):
                call(x, wrong, verbose=0)
    for wrong in (np.zeros((6, classes + 1)), np.zeros((6, 2, classes))):
        with pytest.raises(ValueError, match=r"y: expected .*got \([0-9, ]*\)$"):
            model.fit(x, wrong, verbose=0)


@pytest.mark.parametrize("value", [None, "0.1", -1.0, float("nan"), True])
def test_adamw_without_weight_decay(value):
    with pytest.raises(ValueError, match=f"weight_decay: .*{value!r}"):
        fastnn.optimizers.AdamW(weight_decay=value)
    assert fastnn.optimizers.AdamW(weight_decay=0).weight_decay == 0


class SparseMatrix:
    """Has what matters of SciPy's."""

    shape, ndim = (4, 3), 2

    def toarray(self):
        return np.zeros(self.shape)


class Table:
    """Has what matters of pandas' DataFrame."""

    columns = ("age", "city", "height")
    dtypes = (np.dtype("int64"), np.dtype("O"), np.dtype("float64"))
    shape, ndim = (2, 3), 2

    def __array__(self, dtype=None, copy=None):
        return np.array([[1, "Rome", 1.5], [2, "Paris", 1.75]], dtype or object)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (
            SparseMatrix(),
            r"x: expected numbers, got a sparse matrix of shape \(4, 3\); x.toarray\(\) makes an array",
        ),
        (Table(), "x: expected numbers, got a table whose columns 'city' hold something else .*Rome"),
        (np.array([[{}, 1, 2]]), "x: expected numbers, got an array of objects"),
    ],
)
def test_what_holds_no_numbers_is_described(x, message):
    model = fastnn.Sequential([fastnn.Input((3,)), Dense(1)])
    model.compile("sgd", "mse")
    for call in (model.predict, model, lambda x: model.fit(x, np.zeros((len(np.zeros(x.shape)), 1)))):
        with pytest.raises((TypeError, ValueError), match=message):
            call(x)
