"""Threads that predict, train, evaluate, save and change weights at once, for `make sanitize-threads`."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import fastnn
from fastnn import layers

X = np.random.default_rng(0).standard_normal((128, 12, 12, 2)).astype("float32")
Y = np.random.default_rng(1).integers(0, 3, 128)


def make():
    """Return a compiled model of layers of many kinds."""
    stack = [
        layers.Conv2D(8, 3, activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(),
        layers.Dropout(0.2),
        layers.Reshape((25, 8)),
        layers.LSTM(16, return_sequences=True),
        layers.GRU(8, return_sequences=True),
        layers.LayerNormalization(),
        layers.Flatten(),
        layers.Dense(64, "gelu"),
        layers.Dense(3, "softmax"),
    ]
    model = fastnn.Sequential([fastnn.Input((12, 12, 2)), *stack])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def together(*functions):
    """Run functions in threads, and raise the first error."""
    with ThreadPoolExecutor(len(functions)) as pool:
        running = [pool.submit(function) for function in functions]
    for future in running:
        future.result()


def predict(model):
    """Predict for batches of several sizes."""
    for i in range(6):
        model.predict(X[: 32 + 16 * (i % 5)], verbose=0)
        model.predict(X[:40], batch_size=8, verbose=0)
        model(X[:5])


def main():
    """Run the program."""
    fastnn.set_num_threads(4)
    one, other = make(), make()
    weights = one.get_weights()
    predictions = [lambda: predict(one)] * 2
    together(
        *predictions,
        lambda: other.fit(X, Y, batch_size=64, epochs=2, verbose=0),
        lambda: [fastnn.set_num_threads(1 + i % 4) for i in range(20)],
    )
    together(
        *predictions,
        lambda: [one.set_weights([w * (1 + i) for w in weights]) for i in range(10)],
        lambda: [one.save(io.BytesIO()) for _ in range(4)],
        lambda: one.evaluate(X, Y, verbose=0),
        lambda: one.evaluate(X[:100], Y[:100], verbose=0),
    )
    together(*predictions, lambda: one.fit(X, Y, batch_size=64, epochs=2, verbose=0))
    print("no more to run")


if __name__ == "__main__":
    main()
