"""Forecast a seasonal series: air passengers from 1949 to 1960, tested on the last two years.

    python examples/forecast.py --plot forecast.png

An LSTM reads the last 24 months, as logarithms of the growth over the year before, and predicts the next one;
the forecast continues from its own predictions. The baseline is to repeat the last year.
"""

from __future__ import annotations

import argparse

import numpy as np

import fastnn
from fastnn.layers import LSTM, Dense, Input

# International airline passengers by month, in thousands (Box and Jenkins 1976, series G).
PASSENGERS = [
    *(112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118),
    *(115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114, 140),
    *(145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166),
    *(171, 180, 193, 181, 183, 218, 230, 242, 209, 191, 172, 194),
    *(196, 196, 236, 235, 229, 243, 264, 272, 237, 211, 180, 201),
    *(204, 188, 235, 227, 234, 264, 302, 293, 259, 229, 203, 229),
    *(242, 233, 267, 269, 270, 315, 364, 347, 312, 274, 237, 278),
    *(284, 277, 317, 313, 318, 374, 413, 405, 355, 306, 271, 306),
    *(315, 301, 356, 348, 355, 422, 465, 467, 404, 347, 305, 336),
    *(340, 318, 362, 348, 363, 435, 491, 505, 404, 359, 310, 337),
    *(360, 342, 406, 396, 420, 472, 548, 559, 463, 407, 362, 405),
    *(417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432),
]
YEAR, WINDOW, AHEAD = 12, 24, 24


def growth(series):
    """Return the logarithm of the ratio of each month to the same month a year before, times 10."""
    logs = np.log(series)
    return 10 * (logs[YEAR:] - logs[:-YEAR])


def forecast(model, series, months):
    """Return the months after a series, each predicted from the predictions before it."""
    series = list(series)
    for _ in range(months):
        window = growth(np.array(series[-WINDOW - YEAR :]))
        series.append(series[-YEAR] * float(np.exp(model.predict(window[None, :, None])[0, 0] / 10)))
    return np.array(series[-months:])


def main():
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--epochs", type=int, default=150)
    parser.add_argument("--plot", metavar="FILE", help="draw the series and its forecast to this file")
    options = parser.parse_args()

    fastnn.utils.set_random_seed(1)
    series = np.array(PASSENGERS, float)
    known, later = series[:-AHEAD], series[-AHEAD:]
    g = growth(known)
    batches = fastnn.utils.timeseries_dataset_from_array(g[:-1], g[WINDOW:], WINDOW, batch_size=None)
    windows, targets = map(np.array, zip(*batches, strict=True))

    model = fastnn.Sequential([Input((WINDOW, 1)), LSTM(16), Dense(1)])
    model.compile(fastnn.optimizers.Adam(0.005), "mse")
    model.fit(windows[..., None], targets, epochs=options.epochs, verbose=0)

    predicted = forecast(model, known, AHEAD)
    repeated = np.tile(known[-YEAR:], AHEAD // YEAR)
    for name, guess in (("last year again", repeated), ("forecast", predicted)):
        print(f"{name:16} mean error of a month {np.mean(np.abs(guess / later - 1)):6.1%}")
    if options.plot:
        draw(series, predicted, options.plot)


def draw(series, predicted, file):
    """Draw the series and the forecast of its end."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    months = 1949 + np.arange(len(series)) / YEAR
    _, axes = pyplot.subplots(figsize=(8, 4))
    axes.plot(months, series, label="passengers, thousands")
    axes.plot(months[-len(predicted) :], predicted, label="forecast")
    axes.legend()
    pyplot.savefig(file, dpi=120)
    print(f"saved to {file}")


if __name__ == "__main__":
    main()
