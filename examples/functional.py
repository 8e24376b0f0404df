"""A wide-and-deep model: two inputs, two outputs, and data in dicts of arrays.

    python examples/functional.py

The target is partly a function of the inputs, which a deep path learns, and partly an offset of each of 200
sellers, which a wide path memorizes. Training each path alone shows what it misses.
"""

from __future__ import annotations

import argparse

import numpy as np

import fastnn
from fastnn import layers

SELLERS = 200


def sales(rows, rng):
    """Return the features of some sales, and their prices and whether they were returned."""
    habits = np.random.default_rng(0).normal(size=SELLERS)
    goods, seller = rng.uniform(-1, 1, (rows, 6)), rng.integers(0, SELLERS, rows)
    price = np.sin(3 * goods[:, 0]) + goods[:, 1] * goods[:, 2] + habits[seller]
    returned = price + 0.2 * rng.normal(size=rows) > 1
    return {"goods": goods, "seller": seller}, {"price": price, "returned": returned}


def wide_and_deep(wide=True, deep=True):
    """Return a model of one path or both."""
    goods = layers.Input((6,), name="goods")
    seller = layers.Input((), name="seller")
    hidden = layers.Dense(64, activation="relu")(goods)
    hidden = layers.Dense(64, activation="relu")(hidden)
    habit = layers.CategoryEncoding(SELLERS, output_mode="one_hot")(seller)
    paths = [path for path, wanted in ((habit, wide), (hidden, deep)) if wanted]
    both = layers.concatenate(paths) if len(paths) > 1 else paths[0]
    price = layers.Dense(1, name="price")(both)
    returned = layers.Dense(1, activation="sigmoid", name="returned")(layers.concatenate([both, price]))
    inputs = [x for x, wanted in ((goods, deep), (seller, wide)) if wanted]
    return fastnn.Model({x.name: x for x in inputs}, {"price": price, "returned": returned})


def main():
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--epochs", type=int, default=30)
    options = parser.parse_args()

    fastnn.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    known, answers = sales(8000, rng)
    test, right = sales(2000, rng)

    for name, wide, deep in (("wide", True, False), ("deep", False, True), ("wide and deep", True, True)):
        model = wide_and_deep(wide, deep)
        model.compile(
            "adam",
            loss={"price": "mse", "returned": "binary_crossentropy"},
            loss_weights={"price": 1.0, "returned": 0.5},
            metrics={"price": ["mae"], "returned": ["accuracy"]},
        )
        model.fit({n: known[n] for n in model.input_names}, answers, epochs=options.epochs, verbose=0)
        scores = model.evaluate({n: test[n] for n in model.input_names}, right, verbose=0, return_dict=True)
        print(
            f"{name:14} mean error of prices {scores['price_mae']:.2f}, "
            f"returns predicted correctly {scores['returned_accuracy']:.1%}"
        )
    model.summary()


if __name__ == "__main__":
    main()
