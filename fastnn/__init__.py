"""Neural networks on CPUs: Keras' names, trained and served at the speed of the processor.

>>> import fastnn
>>> model = fastnn.Sequential([
...     fastnn.Input((8,)),
...     fastnn.layers.Dense(16, activation="relu"),
...     fastnn.layers.Dense(1, activation="sigmoid"),
... ])
>>> model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
>>> model.count_params()
161
"""

import importlib.util

__version__ = "0.1.0"

if importlib.util.find_spec("fastnn.kernels.plan") is None:
    raise ImportError(
        "fastnn's compiled modules are not beside its Python files: this is a source folder that has not been "
        "built. Install the checkout with `pip install .`, or `pip install -e .` to work on it, and run Python "
        "outside the source folder or with the installed command `fastnn`."
    )

from . import (
    activations,
    callbacks,
    config,
    datasets,
    initializers,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    regularizers,
    utils,
)
from .layers import Input
from .models import Sequential
from .threads import num_threads, set_num_threads, threads

__all__ = [
    "Input",
    "Sequential",
    "activations",
    "callbacks",
    "config",
    "datasets",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "num_threads",
    "optimizers",
    "regularizers",
    "set_num_threads",
    "threads",
    "utils",
]
