"""Data frames, series, tables of Arrow and sparse matrices go where arrays do."""

import numpy as np
import pytest

import fastnn
from fastnn import layers

pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")
sparse = pytest.importorskip("scipy.sparse")

X = np.round(np.random.default_rng(0).standard_normal((100, 3)), 1)
Y = X.sum(axis=1)
FRAME = pd.DataFrame(X, columns=["age", "height", "width"])
TABLES = {
    "frame": FRAME,
    "mixed": FRAME.astype({"age": "float32"}),
    "nullable": FRAME.astype("Float64"),
    "arrow": pa.Table.from_pandas(FRAME),
    "csr": sparse.csr_matrix(X),
    "csc": sparse.csc_array(X),
}
WRONG = FRAME.assign(city="Rome")[["age", "city", "height"]]


def model():
    fastnn.utils.set_random_seed(1)
    made = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(4, "tanh"), layers.Dense(1)])
    made.compile("adam", "mse")
    return made


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_models_take_tables(table):
    expected, found = model(), model()
    for x, made in ((X, expected), (table, found)):
        made.fit(x, Y, shuffle=False, verbose=0, validation_data=(x, Y), sample_weight=np.abs(Y))
    for name, values in expected.history.history.items():
        assert found.history.history[name] == pytest.approx(values)
    np.testing.assert_allclose(found.predict(table), expected.predict(X), 1e-5)
    np.testing.assert_allclose(found.predict(table, batch_size=7), expected.predict(X), 1e-5)
    assert found.evaluate(table, Y, verbose=0) == pytest.approx(expected.evaluate(X, Y, verbose=0))


def test_series_are_labels():
    expected, found = model(), model()
    expected.fit(X, Y, shuffle=False, verbose=0)
    found.fit(FRAME, pd.Series(Y, name="price"), shuffle=False, verbose=0)
    assert found.history.history == expected.history.history


def test_sparse_samples_are_shuffled():
    plain, shuffled = model(), model()
    plain.fit(TABLES["csr"], Y, shuffle=False, verbose=0)
    shuffled.fit(TABLES["csr"], Y, verbose=0)
    assert plain.history.history != shuffled.history.history
    with pytest.raises(ValueError, match="equal lengths, got 100 and 99"):
        plain.fit(TABLES["csr"], Y[1:], verbose=0)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_layers_adapt_to_tables(table):
    expected, found = layers.Normalization(), layers.Normalization()
    expected.adapt(X)
    found.adapt(table)
    np.testing.assert_allclose(found.mean.value, expected.mean.value, 1e-4, 1e-6)
    np.testing.assert_allclose(found.variance.value, expected.variance.value, 1e-5)
    bins, found_bins = layers.Discretization(num_bins=4), layers.Discretization(num_bins=4)
    bins.adapt(X)
    found_bins.adapt(table)
    assert found_bins.bin_boundaries == pytest.approx(bins.bin_boundaries)


def test_layers_adapt_to_a_column():
    layer = layers.Normalization(axis=None)
    layer.adapt(FRAME["age"])
    np.testing.assert_allclose(layer.mean.value, X[:, 0].mean(), 1e-5)


@pytest.mark.parametrize("table", [WRONG, pa.Table.from_pandas(WRONG)], ids=["frame", "arrow"])
def test_errors_name_the_column(table):
    for use in (
        lambda: model().fit(table, Y, verbose=0),
        lambda: model().predict(table),
        lambda: model().evaluate(table, Y, verbose=0),
        lambda: layers.Normalization().adapt(table),
        lambda: layers.Discretization(num_bins=2).adapt(table),
    ):
        with pytest.raises((TypeError, ValueError), match="whose columns 'city' hold something else"):
            use()
    with pytest.raises((TypeError, ValueError), match="the column 'city' of objects"):
        layers.Normalization().adapt(WRONG["city"])


def test_columns_of_numbers_that_lack_values_are_named():
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}).astype("Float64")
    frame.loc[1, "b"] = pd.NA
    model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(1)])
    with pytest.raises(TypeError, match=r"x: .*a table whose columns 'b' lack values"):
        model.predict(frame)
