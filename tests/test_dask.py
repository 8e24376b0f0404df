"""Predictions for dask's arrays and data frames are those of `predict`, partition by partition."""

import subprocess
import sys

import numpy as np
import pytest

import fastnn
from fastnn import layers as L
from fastnn.interop.dask import predict

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")

X = np.random.default_rng(0).random((50, 4), "f")


@pytest.fixture(autouse=True)
def in_this_thread():
    """Compute one task after the other unless the test says otherwise."""
    with dask.config.set(scheduler="synchronous"):
        yield


def small(units=2):
    return fastnn.Sequential([fastnn.Input((4,)), L.Dense(8, "tanh"), L.Dense(units, name="mood")])


def several():
    vector, sequence = fastnn.Input((4,), name="vector"), fastnn.Input((3, 2), name="sequence")
    steps = L.LSTM(3, return_sequences=True, name="steps")(sequence)
    total = L.Dense(1, name="total")(vector)
    return fastnn.Model(
        {"a": vector, "b": sequence}, {"total": total, "rest": [steps, L.Dense(2, name="w")(vector)]}
    )


@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
@pytest.mark.parametrize("chunks", [(50, 4), (7, 4), (1, 4), (20, 3), ((0, 30, 0, 20), 2)])
def test_arrays_in_any_chunks(chunks, scheduler):
    model, x = small(), da.from_array(X, chunks=chunks)
    y = predict(model, x)
    assert (y.shape, y.chunks, y.dtype) == ((50, 2), (x.chunks[0], (2,)), np.float32)
    assert y._meta.dtype == np.float32
    found = y.compute(scheduler=scheduler)
    np.testing.assert_array_equal(found, model.predict(X))
    np.testing.assert_array_equal(predict(model, x.astype("f8"))[10:20, 1].compute(), found[10:20, 1])


def test_several_inputs_and_outputs():
    model, z = several(), np.random.default_rng(1).random((50, 3, 2))
    x = {"a": da.from_array(X, chunks=(20, 2)), "b": da.from_array(z, chunks=(15, 1, 2))}
    y = predict(model, x)
    assert list(y) == ["total", "rest"]
    assert y["rest"][0].shape == (50, 3, 3)
    expected = model.predict({"a": X, "b": z})
    found = dask.compute(y)[0]
    for a, b in ((found["total"], expected["total"]), *zip(found["rest"], expected["rest"], strict=True)):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(y["rest"][1].compute(), expected["rest"][1])


def test_weights_are_those_of_the_call():
    model, x = small(), da.from_array(X, chunks=(20, 4))
    expected, y = model.predict(X), predict(model, x)
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    np.testing.assert_array_equal(y.compute(), expected)
    assert not predict(model, x).compute().any()


def test_a_model_that_is_built_by_its_data():
    model = fastnn.Sequential([L.Dense(3), L.Dense(1)])
    y = predict(model, da.from_array(X, chunks=(20, 4)))
    np.testing.assert_array_equal(y.compute(), model.predict(X))


def test_chunks_of_unknown_length():
    model, x = small(), da.from_array(X, chunks=(20, 4))
    y = predict(model, x[x[:, 0] > 0.5])
    np.testing.assert_array_equal(y.compute(), model.predict(X[X[:, 0] > 0.5]))


def frames(partitions=3):
    pandas, dd = pytest.importorskip("pandas"), pytest.importorskip("dask.dataframe")
    frame = pandas.DataFrame(X, columns=list("abcd"), index=np.arange(50) * 3)
    return frame, dd.from_pandas(frame, npartitions=partitions)


@pytest.mark.parametrize(("units", "columns"), [(1, ["mood"]), (2, ["mood_0", "mood_1"])])
def test_data_frames_keep_their_index(units, columns):
    model, (frame, x) = small(units), frames()
    y = predict(model, x)
    assert y.divisions == x.divisions
    assert list(y.columns) == columns
    assert set(y.dtypes) == {np.dtype("f4")}
    found = y.compute()
    assert found.index.equals(frame.index)
    np.testing.assert_array_equal(found.to_numpy(), model.predict(X))
    assert predict(model, x[x.a > 2]).compute().shape == (0, units)
    selected = predict(model, x[x.a > 0.9]).compute()  # some partitions have no rows
    np.testing.assert_array_equal(selected.to_numpy(), model.predict(X[X[:, 0] > 0.9]))
    np.testing.assert_array_equal(predict(model, x.to_dask_array()).compute(), model.predict(X))


def test_outputs_of_data_frames():
    vector = fastnn.Input((4,))
    heads = [L.Dense(1, name="one")(vector), L.Dense(2, name="two")(vector)]
    model, (_, x) = fastnn.Model(vector, heads), frames()
    found = predict(model, x).compute()
    assert list(found.columns) == ["one", "two_0", "two_1"]
    np.testing.assert_array_equal(found.to_numpy(), np.concatenate(model.predict(X), 1))
    unbuilt = fastnn.Sequential([L.Dense(3), L.Dense(1)])
    np.testing.assert_array_equal(predict(unbuilt, x).compute().to_numpy(), unbuilt.predict(X))
    images = fastnn.Sequential([fastnn.Input((4,)), L.Reshape((2, 2), name="image")])
    with pytest.raises(ValueError, match=r"x.to_dask_array\(\), for the output .* of shape \(2, 2\)"):
        predict(images, x)


def test_each_task_runs_on_one_thread(monkeypatch):
    seen, original = [], fastnn.Sequential.predict

    def watched(self, x, **arguments):
        seen.append(fastnn.num_threads())
        return original(self, x, **arguments)

    model = small()
    with fastnn.threads(2):
        y = predict(model, da.from_array(X, chunks=(2, 4)))
        monkeypatch.setattr(fastnn.Sequential, "predict", watched)
        y.compute(scheduler="threads", num_workers=4)
        assert fastnn.num_threads() == 2
    assert seen == [1] * 25


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (X, TypeError, "x: expected dask arrays or a data frame, got ndarray; model.predict takes arrays"),
        ([], TypeError, r"x: expected dask arrays or a data frame, got \[\]"),
        (dask.delayed(X), TypeError, "x: expected dask arrays or a data frame, got Delayed"),
        (da.ones(()), ValueError, "x: expected arrays of samples, got one without dimensions"),
        (da.ones((9, 3)), ValueError, r"x: expected shape \(rows, 4\), got \(0, 3\)"),
    ],
)
def test_what_x_may_be(x, error, message):
    with pytest.raises(error, match=message):
        predict(small(), x)


def test_tables_that_do_not_fit():
    _, x = frames()
    with pytest.raises(ValueError, match="x: expected shape"):
        predict(small(), x[["a", "b"]])
    with pytest.raises(TypeError, match="x: expected dask arrays or a data frame, got Series"):
        predict(small(), x.a)


def test_without_dask(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(ImportError, match=r"pip install '\.\[dask\]'"):
        predict(small(), X)


def test_methods_of_models_compute_collections():
    model, (_, frame) = small(), frames()
    model.compile("sgd", "mse")
    expected, array = model.predict(X), da.from_array(X, chunks=(20, 3))
    for x in (array, frame):
        np.testing.assert_array_equal(model.predict(x), expected)
        np.testing.assert_array_equal(model(x), expected)
    weights, results = model.get_weights(), []
    for x, y in ((X, X[:, :2]), (array, array[:, :2]), (frame, frame[["a", "b"]])):
        fastnn.utils.set_random_seed(1)
        model.set_weights(weights)
        model.fit(x, y, epochs=2, verbose=0)
        results.append([model.evaluate(x, y, verbose=0), *model.get_weights()])
    for other in results[1:]:
        for a, b in zip(other, results[0], strict=True):
            np.testing.assert_array_equal(a, b)


CLUSTER = """
import os, sys, warnings
import numpy as np
import dask, dask.array as da
from distributed import Client, LocalCluster
import fastnn
from fastnn.interop.dask import predict

class Noted(fastnn.Sequential):
    def __setstate__(self, state):
        super().__setstate__(state)
        with open(f"{FOLDER}/model-{os.getpid()}", "a") as file:
            file.write("x")

def search():
    import joblib
    from sklearn.datasets import load_iris
    from sklearn.model_selection import GridSearchCV
    from fastnn.sklearn import MLPClassifier
    x, y = load_iris(return_X_y=True)
    made = MLPClassifier((8,), max_iter=5, random_state=0)
    grid = {"learning_rate_init": [0.01, 0.1]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with joblib.parallel_backend("dask"):
            there = GridSearchCV(made, grid, cv=2).fit(x, y)
        here = GridSearchCV(made, grid, cv=2).fit(x, y)
    assert there.best_params_ == here.best_params_
    np.testing.assert_array_equal(there.cv_results_["mean_test_score"], here.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(there.predict_proba(x), here.predict_proba(x))

if __name__ == "__main__":
    FOLDER = sys.argv[1]
    os.environ.pop("FASTNN_NUM_THREADS", None)
    x = np.random.default_rng(0).random((200, 4), "f")
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None, host="127.0.0.1"
    )
    with cluster, Client(cluster) as client:
        assert set(client.run(fastnn.num_threads).values()) == {1}
        model = Noted([fastnn.Input((4,)), fastnn.layers.Dense(3)])
        y = predict(model, da.from_array(x, chunks=(10, 4)))
        np.testing.assert_array_equal(y.compute(), model.predict(x))
        os.remove(f"{FOLDER}/model-{os.getpid()}")  # the copy, and what the scheduler does with it
        search()
    print("done")
"""


@pytest.mark.loopback
@pytest.mark.skipif(sys.platform == "win32", reason="the processes start for too long")
def test_two_processes(tmp_path):
    """Each gets the model once; scikit-learn's search by joblib finds what it finds in this process."""
    for name in ("distributed", "sklearn", "joblib"):
        pytest.importorskip(name)
    program = tmp_path / "program.py"
    program.write_text(CLUSTER)
    command = [sys.executable, str(program), str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert done.stdout == "done\n", done.stderr
    models = sorted(tmp_path.glob("model-*"))
    assert 1 <= len(models) <= 2
    assert all(file.read_text() == "x" for file in models)
