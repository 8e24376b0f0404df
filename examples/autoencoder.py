"""Remove noise from images: an autoencoder of digits, tested on digits that it has not seen.

    python examples/autoencoder.py --plot pictures.png

Convolutions reduce an image of 8 x 8 to 32 numbers and expand it again; trained to map noisy images to clean
ones, the model learns the shapes of digits. The encoder alone is a model too: images whose codes are near to
each other mostly show the same digit.
"""

from __future__ import annotations

import argparse

import numpy as np

import fastnn
from fastnn import layers


def autoencoder():
    """Return the model and its encoder, which share layers."""
    picture = fastnn.Input((8, 8, 1))
    x = layers.Conv2D(16, 3, padding="same", activation="relu")(picture)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
    code = layers.Dense(32, name="code")(layers.Flatten()(x))
    x = layers.Reshape((4, 4, 16))(layers.Dense(256, activation="relu")(code))
    x = layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu")(x)
    clean = layers.Conv2D(1, 3, padding="same", activation="sigmoid")(x)
    return fastnn.Model(picture, clean), fastnn.Model(picture, code)


def nearest(codes, others):
    """Return which of `others` is nearest to each of `codes`."""
    distances = (codes**2).sum(1)[:, None] - 2 * codes @ others.T + (others**2).sum(1)
    return distances.argmin(1)


def main():
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--plot", metavar="FILE", help="draw images to this file; needs matplotlib")
    options = parser.parse_args()

    fastnn.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    (x, digits), (x_test, digits_test) = fastnn.datasets.digits.load_data()
    x, x_test = x[..., None] / 16, x_test[..., None] / 16
    noisy, noisy_test = (np.clip(a + 0.3 * rng.normal(size=a.shape), 0, 1) for a in (x, x_test))

    model, encoder = autoencoder()
    model.compile("adam", "binary_crossentropy")
    model.fit(noisy, x, epochs=options.epochs, batch_size=32, verbose=0)

    cleaned = model.predict(noisy_test)
    for name, pictures in (("noisy", noisy_test), ("cleaned", cleaned)):
        print(f"{name:8} images: mean error of a pixel {np.abs(pictures - x_test).mean():.3f}")
    for name, near in (
        ("pixels", nearest(noisy_test.reshape(len(x_test), -1), noisy.reshape(len(x), -1))),
        ("codes", nearest(encoder.predict(noisy_test), encoder.predict(noisy))),
    ):
        print(f"nearest image by {name:6} shows the same digit: {np.mean(digits[near] == digits_test):.1%}")
    if options.plot:
        draw([x_test, noisy_test, cleaned], options.plot)


def draw(rows, file):
    """Draw the first ten images of each array in `rows`."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    _, axes = pyplot.subplots(len(rows), 10, figsize=(10, 1.1 * len(rows)))
    for line, pictures in zip(axes, rows, strict=True):
        for place, picture in zip(line, pictures, strict=False):
            place.imshow(picture[..., 0], cmap="gray_r", vmin=0, vmax=1)
            place.axis("off")
    pyplot.savefig(file, dpi=120, bbox_inches="tight")
    print(f"saved to {file}: original, noisy and cleaned images")


if __name__ == "__main__":
    main()
