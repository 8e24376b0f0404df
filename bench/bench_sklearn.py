"""Time `fit` of fastnn's perceptrons against scikit-learn's, and compare what they have learned.

    python bench/bench_sklearn.py [--rounds 5]

Both sides of a row take turns in one process; the ratio is that of the medians. Accuracy is the mean over
seeds 0 to 4 on a quarter of the data that is held out.
"""

import argparse
import time
import warnings

import numpy as np
from sklearn import datasets, neural_network
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from fastnn import sklearn as ours


def images(dtype):
    """Return noise in the shapes of MNIST, with labels that a linear map of it has drawn."""
    random = np.random.default_rng(0)
    x = random.random((10_000, 784)).astype(dtype)
    return x, (x @ random.standard_normal((784, 10))).argmax(axis=1)


def digits(dtype):
    x, y = datasets.load_digits(return_X_y=True)
    return (x / 16).astype(dtype), y


def ratio(make, data, rounds):
    """Return the medians of the seconds of both sides."""
    taken = {neural_network: [], ours: []}
    for _ in range(rounds):
        for side, seconds in taken.items():
            model = make(side)
            start = time.perf_counter()
            model.fit(*data)
            seconds.append(time.perf_counter() - start)
    return [float(np.median(seconds)) for seconds in taken.values()]


def score(side, name, load, seed):
    x, y = load(return_X_y=True)
    parts = train_test_split(x, y, test_size=0.25, random_state=seed)
    scaler = StandardScaler().fit(parts[0])
    if name == "MLPRegressor":
        mean, deviation = parts[2].mean(), parts[2].std()
        parts[2:] = [(part - mean) / deviation for part in parts[2:]]
    model = getattr(side, name)(hidden_layer_sizes=(32,), random_state=seed, max_iter=200)
    return model.fit(scaler.transform(parts[0]), parts[2]).score(scaler.transform(parts[1]), parts[3])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
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

            theirs, own = ratio(make, load(dtype), rounds)
            print(f"{name + ', ' + dtype:32} {theirs:10.3f} s {own:8.3f} s {theirs / own:6.1f}", flush=True)
    print(f"\n{'score':32} {'scikit-learn':>12} {'fastnn':>10}")
    for load, name in (
        (datasets.load_iris, "MLPClassifier"),
        (datasets.load_wine, "MLPClassifier"),
        (datasets.load_breast_cancer, "MLPClassifier"),
        (datasets.load_digits, "MLPClassifier"),
        (datasets.load_diabetes, "MLPRegressor"),
    ):
        means = [
            np.mean([score(side, name, load, seed) for seed in range(5)]) for side in (neural_network, ours)
        ]
        print(f"{load.__name__:32} {means[0]:12.4f} {means[1]:10.4f}", flush=True)


if __name__ == "__main__":
    main()
