"""What calls of everyday Python cost: arguments that have to be converted, batches of generators, functions.

    FASTNN_NUM_THREADS=1 python bench/bench_calls.py [part of a name]

Each line is a call, its time, and the time over that of its floor, what the same work costs at the least:

- calls of models, over the call on contiguous float32 arrays plus one conversion by NumPy;
- layers, losses, metrics and activations of arrays, over the arithmetic in NumPy;
- batches of data sets, over `train_on_batch` and the like on the same arrays.

Sides are measured in turns, by the processor's time of this thread; the ratio is the median of the rounds.
"""

import sys
import time
from functools import partial

import numpy as np

import fastnn
from fastnn import activations, layers, losses, metrics
from fastnn.cli import exit_status

ROUNDS = 31
RNG = np.random.default_rng(0)
ROWS, WIDTH = 32, 20


def seconds(call, times):
    """Return the processor's time of one call."""
    start = time.thread_time()
    for _ in range(times):
        call()
    return (time.thread_time() - start) / times


def compare(name, call, floor):
    """Print the time of a call, that of its floor, what it costs besides, and their ratio."""
    if len(sys.argv) > 1 and sys.argv[1] not in name:
        return
    call(), floor()
    times = max(1, int(3e-3 / max(1e-6, min(seconds(call, 5), seconds(floor, 5)))))
    rounds = np.array([(seconds(call, times), seconds(floor, times)) for _ in range(ROUNDS)])
    ours, least = np.median(rounds, axis=0)
    ratio = np.median(rounds[:, 0] / rounds[:, 1])
    print(
        f"{name:58} {ours * 1e6:9.1f} us {least * 1e6:9.1f} us {(ours - least) * 1e6:+8.1f} us {ratio:7.2f}"
    )


def network():
    """Return a small classifier."""
    model = fastnn.Sequential([fastnn.Input((WIDTH,)), layers.Dense(64, "relu"), layers.Dense(10, "softmax")])
    model.compile("adam", "categorical_crossentropy")
    return model


def forms(x):
    """Yield the forms in which programs have the same numbers."""
    wide = np.zeros((len(x), 2 * x.shape[1]), x.dtype)
    wide[:, ::2] = x
    yield "float64", x.astype(float)
    yield "int64", np.round(x).astype(np.int64)
    yield "uint8", np.abs(x * 10).astype(np.uint8)
    yield "Fortran order", np.asfortranarray(x)
    yield "strided", wide[:, ::2]
    yield "rows reversed", x[::-1]
    yield "lists", x.tolist()


def calls_of_models():
    """Compare calls of a model on other forms of its input with those on contiguous float32."""
    model = network()
    for rows in (1, ROWS, 1024):
        plain = RNG.standard_normal((rows, WIDTH), "float32")
        y = np.eye(10, dtype="float32")[RNG.integers(0, 10, rows)]
        for form, x in forms(plain):
            labels = y.tolist() if form == "lists" else y.astype(float)

            def least(call, x=x):
                return lambda: (np.asarray(x, "float32", order="C"), call())[1]

            def both(call, x=x, labels=labels):
                return lambda: (np.asarray(x, "float32", order="C"), np.asarray(labels, "float32"), call())[2]

            what = f"on ({rows}, {WIDTH}) of {form}"
            compare(f"model(x) {what}", lambda x=x: model(x), least(lambda x=plain: model(x)))
            compare(
                f"predict(x) {what}", lambda x=x: model.predict(x), least(lambda x=plain: model.predict(x))
            )
            compare(
                f"train_on_batch {what}",
                lambda x=x, labels=labels: model.train_on_batch(x, labels),
                both(lambda x=plain, y=y: model.train_on_batch(x, y)),
            )
            compare(
                f"test_on_batch {what}",
                lambda x=x, labels=labels: model.test_on_batch(x, labels),
                both(lambda x=plain, y=y: model.test_on_batch(x, y)),
            )


def arguments_of_calls():
    """Compare calls with further arguments, and on data in other structures, with the plainest ones."""
    model = network()
    name = model.input_names[0]
    x = RNG.standard_normal((ROWS, WIDTH), "float32")
    y = np.eye(10, dtype="float32")[RNG.integers(0, 10, ROWS)]
    w = np.ones(ROWS, "float32")
    for what, options in (
        ("verbose=0", {"verbose": 0}),
        ("batch_size=32", {"batch_size": 32}),
        ("steps=1", {"steps": 1}),
    ):
        compare(f"predict(x, {what})", partial(model.predict, x, **options), partial(model.predict, x))
    compare("predict_on_batch(x)", partial(model.predict_on_batch, x), partial(model.predict, x))
    compare("model(x, training=False)", partial(model, x, training=False), partial(model, x))
    compare("model(dict)", partial(model, {name: x}), partial(model, x))
    compare("model(memmap)", partial(model, x.view(np.memmap)), partial(model, x))
    train, test = partial(model.train_on_batch, x, y), partial(model.test_on_batch, x, y)
    compare("train_on_batch, weights", partial(model.train_on_batch, x, y, w), train)
    compare("train_on_batch, weights of class", partial(model.train_on_batch, x, y, None, {0: 2.0}), train)
    compare("train_on_batch, dict", partial(model.train_on_batch, {name: x}, y), train)
    compare("test_on_batch, weights", partial(model.test_on_batch, x, y, w), test)
    compare("evaluate, one batch", partial(model.evaluate, x, y, verbose=0), test)
    compare("fit, one batch", partial(model.fit, x, y, verbose=0), train)


def calls_of_layers():
    """Compare layers that are called on arrays with NumPy."""
    a, b = RNG.standard_normal((2, ROWS, WIDTH), "float32")
    dense = layers.Dense(4)
    dense(a)
    model = fastnn.Sequential([fastnn.Input((WIDTH,)), dense])
    compare("Dense(4)(x)", lambda: dense(a), lambda: model(a))
    compare("Dense(4)(x, training=False)", partial(dense, a, training=False), lambda: model(a))
    compare("Dense(4)(x) of float64", partial(dense, a.astype(float)), lambda: model(a))
    for layer, theirs in (
        (layers.Add(), lambda: a + b),
        (layers.Subtract(), lambda: a - b),
        (layers.Multiply(), lambda: a * b),
        (layers.Average(), lambda: a + b),
        (layers.Maximum(), lambda: np.maximum(a, b)),
        (layers.Concatenate(), lambda: np.concatenate([a, b], 1)),
        (layers.Dot(1), lambda: np.einsum("ij,ij->i", a, b)),
    ):
        compare(f"{type(layer).__name__}()([a, b])", lambda layer=layer: layer([a, b]), theirs)
    add = layers.Add()
    compare("Add()([a, b]) of float64", partial(add, [a.astype(float), b]), lambda: a + b)
    compare("activations.relu(x)", lambda: activations.relu(a), lambda: np.maximum(a, 0))
    compare("activations.sigmoid(x)", lambda: activations.sigmoid(a), lambda: np.maximum(a, 0))
    compare("activations.softmax(x)", lambda: activations.softmax(a), lambda: np.maximum(a, 0))


def calls_of_losses():
    """Compare losses and metrics that are called on arrays with NumPy."""
    y, p = RNG.random((2, ROWS, 10), "float32")
    classes = RNG.integers(0, 10, ROWS)
    w = RNG.random(ROWS, "float32")

    def mse():
        return np.square(p - y).mean()

    loss = losses.MeanSquaredError()
    compare("MeanSquaredError()(y, p)", lambda: loss(y, p), mse)
    compare("MeanSquaredError()(y, p, w)", lambda: loss(y, p, w), mse)
    compare("MeanSquaredError()(y, p) of float64", partial(loss, y.astype(float), p), mse)
    compare("losses.mean_squared_error(y, p)", lambda: losses.mean_squared_error(y, p), mse)
    for kind, labels in (
        (losses.MeanAbsoluteError, y),
        (losses.Huber, y),
        (losses.BinaryCrossentropy, np.round(y)),
        (losses.CategoricalCrossentropy, y),
        (losses.SparseCategoricalCrossentropy, classes),
    ):
        compare(f"{kind.__name__}()(y, p)", partial(kind(), labels, p), mse)
    for kind, labels in (
        (metrics.MeanSquaredError, y),
        (metrics.Accuracy, y),
        (metrics.CategoricalAccuracy, y),
        (metrics.SparseCategoricalAccuracy, classes),
        (metrics.BinaryAccuracy, y),
        (metrics.Precision, y),
        (metrics.AUC, np.round(y)),
    ):
        compare(f"metrics.{kind.__name__}().update_state(y, p)", partial(kind().update_state, labels, p), mse)
    mean = metrics.Mean()
    compare("metrics.Mean().update_state(v)", lambda: mean.update_state(w), lambda: w.mean())


class Parts(fastnn.utils.PyDataset):
    """The same batches again and again."""

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


def batches_of_data_sets():
    """Compare batches of generators and data sets with `train_on_batch` and the like, a batch at a time."""
    model, count = network(), 200
    x = RNG.standard_normal((ROWS, WIDTH), "float32")
    y = np.eye(10, dtype="float32")[RNG.integers(0, 10, ROWS)]

    def generator(x=x, y=y):
        for _ in range(count):
            yield x, y

    def each(call):
        def run():
            for _ in range(count):
                call()

        return run

    train = each(lambda: model.train_on_batch(x, y))
    test = each(lambda: model.test_on_batch(x, y))
    wide, labels = x.astype(float), y.astype(float)
    compare("fit, 200 batches of a generator", lambda: model.fit(generator(), verbose=0), train)
    compare(
        "fit, 200 batches of a generator, float64",
        lambda: model.fit(generator(wide, labels), verbose=0),
        train,
    )
    compare("fit, 200 batches of a PyDataset", lambda: model.fit(Parts([(x, y)] * count), verbose=0), train)
    compare("evaluate, 200 batches of a generator", lambda: model.evaluate(generator(), verbose=0), test)
    compare("predict, 200 batches of a generator", lambda: model.predict(generator()), each(lambda: model(x)))
    many = np.tile(x, (count, 1)), np.tile(y, (count, 1))
    compare("fit, 200 batches of arrays", lambda: model.fit(*many, verbose=0), train)
    compare(
        "fit, 200 batches of arrays, no shuffle", lambda: model.fit(*many, verbose=0, shuffle=False), train
    )


def main():
    print(f"{'':58} {'call':>12} {'floor':>12} {'besides':>11} {'ratio':>7}")
    calls_of_models()
    arguments_of_calls()
    calls_of_layers()
    calls_of_losses()
    batches_of_data_sets()


if __name__ == "__main__":
    sys.exit(exit_status("bench_calls.py", main))
