"""Learn to read handwritten digits: build, train, evaluate, predict, and plot the learning curve."""

import argparse

import fastnn


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument(
        "--plot", metavar="FILE", help="draw the learning curve to this file; needs matplotlib"
    )
    options = parser.parse_args()

    # Makes weights, shuffling and dropout the same in every run.
    fastnn.utils.set_random_seed(0)

    # 1,797 images of 8 x 8 pixels, from 0 to 16; the last 360 are for the test and harder than the others.
    # Models compute in float32, and arrays of other dtypes are converted.
    (x_train, y_train), (x_test, y_test) = fastnn.datasets.digits.load_data()
    x_train, x_test = x_train / 16, x_test / 16

    model = fastnn.Sequential(
        [
            fastnn.Input((8, 8)),
            fastnn.layers.Flatten(),
            fastnn.layers.Dense(128, activation="relu"),
            fastnn.layers.Dropout(0.3),
            fastnn.layers.Dense(10, activation="softmax"),
        ]
    )
    model.summary()

    # Labels are class numbers, so the loss is the sparse one.
    model.compile(
        optimizer=fastnn.optimizers.Adam(0.002),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )

    # The last tenth of the training images decides when to stop: after ten epochs without a smaller loss on
    # them. The weights of the best epoch are then restored.
    history = model.fit(
        x_train,
        y_train,
        batch_size=32,
        epochs=options.epochs,
        validation_split=0.1,
        callbacks=[fastnn.callbacks.EarlyStopping(patience=10, restore_best_weights=True)],
        verbose=2,
    ).history

    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"\nOn the test images: loss {loss:.3f}, accuracy {accuracy:.1%}")

    # A call of the model is the prediction: one row of probabilities for each image.
    probabilities = model(x_test[:5])
    for row, label in zip(probabilities, y_test[:5], strict=True):
        print(f"predicted {row.argmax()} with probability {row.max():.2f}, label {label}")

    if options.plot:
        plot(history, options.plot)


def plot(history: dict[str, list[float]], file: str) -> None:
    """Draw loss and accuracy over the epochs."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        print(
            "--plot needs matplotlib; install fastnn from its checkout with the extra: pip install '.[plot]'"
        )
        return
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        axes.plot(history[name], label="training")
        axes.plot(history[f"val_{name}"], label="validation")
        axes.set_xlabel("epoch")
        axes.set_ylabel(name)
        axes.legend()
    figure.savefig(file)
    print(f"The learning curve is in {file}")


if __name__ == "__main__":
    main()
