"""Models with layers in common that train in turns: what alternating costs over the two alone.

python bench/bench_shared.py
"""

import sys
import time

import numpy as np

import fastnn
from fastnn.cli import exit_status
from fastnn.layers import Dense

ROUNDS, STEPS = 15, 200


def network():
    """An encoder with two heads."""
    x = fastnn.Input((32,))
    encoded = Dense(64, "relu")(Dense(64, "relu")(x))
    models = [fastnn.Model(x, Dense(n)(encoded)) for n in (1, 4)]
    for model in models:
        model.compile("adam", "mse")
    return models


def seconds(models, order):
    """Time training steps of the models in an order."""
    x = np.random.default_rng(0).standard_normal((32, 32), "float32")
    y = [np.ones((32, *model.output_shape[1:]), "float32") for model in models]
    start = time.perf_counter()
    for i in order:
        models[i].train_on_batch(x, y[i])
    return time.perf_counter() - start


def main():
    models = network()
    orders = {"first": [0] * STEPS, "second": [1] * STEPS, "in turns": [0, 1] * STEPS}
    for order in orders.values():
        seconds(models, order)
    ratios = []
    for _ in range(ROUNDS):
        took = {name: seconds(models, order) for name, order in orders.items()}
        ratios.append(took["in turns"] / (took["first"] + took["second"]))
    low, middle, high = np.percentile(ratios, [10, 50, 90])
    print(f"training in turns over the sum of the two alone: {middle:.2f} (10-90 %: {low:.2f}-{high:.2f})")


if __name__ == "__main__":
    sys.exit(exit_status("bench_shared.py", main))
