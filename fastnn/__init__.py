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

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if importlib.util.find_spec("fastnn.kernels.core.plan") is None:
    raise ImportError(
        "fastnn's compiled modules are not beside its Python files: this is a source folder that has not "
        "been built. Install the checkout with `pip install .`, or `pip install -e .` to work on it, and run "
        "Python outside the source folder, or the installed command `fastnn`."
    )

from . import (
    activations,
    autograd,
    config,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    regularizers,
    utils,
)
from .autograd import Tensor
from .initializers import Initializer
from .layers import Input, Layer
from .losses import Loss
from .metrics import Metric
from .models import Model, Sequential
from .optimizers import Optimizer
from .regularizers import Regularizer
from .threads import num_threads, set_num_threads, threads
from .variables import Variable

if TYPE_CHECKING:
    from . import callbacks, datasets, plotting, saving


def __getattr__(name: str) -> Any:
    """Import on first use what a program that only predicts does without."""
    if name in ("callbacks", "datasets", "plotting", "saving"):
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Initializer",
    "Input",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Optimizer",
    "Regularizer",
    "Sequential",
    "Tensor",
    "Variable",
    "activations",
    "autograd",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "num_threads",
    "optimizers",
    "plotting",
    "regularizers",
    "saving",
    "set_num_threads",
    "threads",
    "utils",
]
