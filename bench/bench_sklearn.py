"""Time `fit` of fastnn's perceptrons against scikit-learn's, and compare what they have learned.

    python bench/bench_sklearn.py [--rounds 5]

Both sides of a row take turns in one process; times are medians of wall time, of CPU time with `--cpu`. The
score, accuracy or R2, is that of a quarter of the data that is held out, mean and standard deviation over
seeds 0 to 4.
"""

import argparse
import sys
import time
import warnings

import numpy as np
from sklearn import datasets, neural_network
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from fastnn import sklearn as ours
from fastnn.cli import exit_status, whole_number_type


def images(dtype):
    """Return noise in the shapes of MNIST, with labels that a linear map of it has drawn."""
    random = np.random.default_rng(0)
    x = random.random((10_000, 784)).astype(dtype)
    return x, (x @ random.standard_normal((784, 10))).argmax(axis=1)


def digits(dtype):
    x, y = datasets.load_digits(return_X_y=True)
    return (x / 16).astype(dtype), y


def ratio(make, data, rounds, clock):
    """Return the medians of the seconds of both sides."""
    taken = {neural_network: [], ours: []}
    for _ in range(rounds):
        for side, seconds in taken.items():
            model = make(side)
            start = clock()
            model.fit(*data)
            seconds.append(clock() - start)
    return [float(np.median(seconds)) for seconds in taken.values()]


def score(side, name, load, seed, clock):
    """Return the score and the seconds of the fit."""
    x, y = load(return_X_y=True)
    parts = train_test_split(x, y, test_size=0.25, random_state=seed)
    scaler = StandardScaler().fit(parts[0])
    if name == "MLPRegressor":
        mean, deviation = parts[2].mean(), parts[2].std()
        parts[2:] = [(part - mean) / deviation for part in parts[2:]]
    model = getattr(side, name)(hidden_layer_sizes=(32,), random_state=seed, max_iter=200)
    x, x_test = scaler.transform(parts[0]), scaler.transform(parts[1])
    start = clock()
    model.fit(x, parts[2])
    return model.score(x_test, parts[3]), clock() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=whole_number_type(1), default=5)
    parser.add_argument("--cpu", action="store_true", help="count CPU time of the process, not wall time")
    options = parser.parse_args()
    clock = time.process_time if options.cpu else time.perf_counter
    warnings.simplefilter("ignore", ConvergenceWarning)
    cases = {
        "digits 64-100-10": (digits, {"max_iter": 30}),
        "784-128-64-10": (images, {"hidden_layer_sizes": (128, 64), "max_iter": 3}),
        "digits, sgd": (digits, {"solver": "sgd", "max_iter": 30}),
        "digits, lbfgs": (digits, {"solver": "lbfgs", "max_iter": 30}),
        "digits, batches of 32": (digits, {"batch_size": 32, "max_iter": 10}),
    }
    print(f"{'fit':32} {'scikit-learn':>12} {'fastnn':>10} {'ratio':>6}")
    for name, (load, arguments) in cases.items():
        for dtype in ("float64", "float32"):

            def make(side, arguments=arguments):
                return side.MLPClassifier(random_state=0, **arguments)

            theirs, own = ratio(make, load(dtype), options.rounds, clock)
            print(f"{name + ', ' + dtype:32} {theirs:10.3f} s {own:8.3f} s {theirs / own:6.1f}", flush=True)
    print(f"\n{'score':32} {'scikit-learn':>17} {'fastnn':>17} {'fit':>6}")
    for load, name in (
        (datasets.load_iris, "MLPClassifier"),
        (datasets.load_wine, "MLPClassifier"),
        (datasets.load_breast_cancer, "MLPClassifier"),
        (datasets.load_digits, "MLPClassifier"),
        (datasets.load_diabetes, "MLPRegressor"),
    ):
        found = {neural_network: [], ours: []}
        for seed in range(5):
            for side, entries in found.items():
                entries.append(score(side, name, load, seed, clock))
        (theirs, their_time), (own, own_time) = (np.transpose(entries) for entries in found.values())
        texts = [f"{scores.mean():.4f} ± {scores.std(ddof=1):.4f}" for scores in (theirs, own)]
        ratio_of_times = np.median(their_time) / np.median(own_time)
        print(f"{load.__name__:32} {texts[0]:>17} {texts[1]:>17} {ratio_of_times:6.1f}", flush=True)


if __name__ == "__main__":
    sys.exit(exit_status("bench_sklearn.py", main))
