"""A convolutional network for MNIST: 99 % accuracy on the test images after five epochs."""

import argparse
import time

import numpy as np

import fastnn


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="for weights, shuffling and dropout")
    parser.add_argument(
        "--plot", metavar="FILE", help="draw the filters of the first layer to this file; needs matplotlib"
    )
    options = parser.parse_args()
    fastnn.utils.set_random_seed(options.seed)

    (x_train, y_train), (x_test, y_test) = load_data()
    print(f"{len(x_train):,} images of {x_train.shape[1]} x {x_train.shape[2]} pixels for training")

    # Samples are (height, width, channels). Each convolution combines 3 x 3 pixels, and pooling keeps the
    # largest of 2 x 2 outputs, so the second convolution covers more of the image at half the cost.
    model = fastnn.Sequential(
        [
            fastnn.Input(x_train.shape[1:]),
            fastnn.layers.Conv2D(32, 3, activation="relu"),
            fastnn.layers.MaxPooling2D(2),
            fastnn.layers.Conv2D(64, 3, padding="same", activation="relu"),
            fastnn.layers.MaxPooling2D(2),
            fastnn.layers.Flatten(),
            fastnn.layers.Dropout(0.3),
            fastnn.layers.Dense(128, activation="relu"),
            fastnn.layers.Dropout(0.3),
            fastnn.layers.Dense(10, activation="softmax"),
        ]
    )
    model.summary()
    model.compile(
        optimizer=fastnn.optimizers.Adam(),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )

    # Large steps first, small ones at the end: the learning rate decays to a tenth of its initial value.
    def learning_rate(epoch: int, _: float) -> float:
        return 0.002 * 0.1 ** (epoch / max(1, options.epochs - 1))

    start = time.perf_counter()
    model.fit(
        x_train,
        y_train,
        batch_size=64,
        epochs=options.epochs,
        verbose=0,
        callbacks=[fastnn.callbacks.LearningRateScheduler(learning_rate), Report()],
    )
    seconds = time.perf_counter() - start

    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"\naccuracy {accuracy:.2%} on {len(x_test):,} test images, after {seconds:.1f} s of training")
    if options.plot:
        plot(model.layers[0].kernel.numpy(), options.plot)


class Report(fastnn.callbacks.Callback):
    """Print a line for each epoch, with its duration."""

    def on_epoch_begin(self, epoch, logs=None):
        """Start the clock."""
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Print the line."""
        seconds = time.perf_counter() - self.start
        print(f"epoch {epoch + 1}: {seconds:.2f} s, loss {logs['loss']:.4f}, accuracy {logs['accuracy']:.2%}")


def load_data() -> list[tuple[np.ndarray, np.ndarray]]:
    """Return MNIST, or the digits that are part of fastnn if it is not available and cannot be downloaded."""
    try:
        parts, largest = fastnn.datasets.mnist.load_data(), 255
    except (ImportError, OSError) as error:
        print(f"Without MNIST, with digits of 8 x 8 pixels instead: {error}\n")
        parts, largest = fastnn.datasets.digits.load_data(), 16
    return [(x[..., np.newaxis] / np.float32(largest), y) for x, y in parts]


def plot(kernel: np.ndarray, file: str) -> None:
    """Draw the weights of each filter: bright where they are positive, dark where they are negative."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        print(
            "--plot needs matplotlib; install fastnn from its checkout with the extra: pip install '.[plot]'"
        )
        return
    figure = Figure(figsize=(8, 4), layout="constrained")
    limit = abs(kernel).max()
    for i, axes in enumerate(figure.subplots(4, kernel.shape[-1] // 4).flat):
        axes.imshow(kernel[:, :, 0, i], cmap="gray", vmin=-limit, vmax=limit)
        axes.set_axis_off()
    figure.savefig(file)
    print(f"The filters of the first layer are in {file}")


if __name__ == "__main__":
    main()
