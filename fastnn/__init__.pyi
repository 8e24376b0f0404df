# Written by tools/public_api.py from the table in __init__.py.

from . import (
    activations,
    autograd,
    backend,
    callbacks,
    config,
    constraints,
    datasets,
    distributed,
    initializers,
    keras,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    plotting,
    preprocessing,
    regularizers,
    saving,
    utils,
)
from .autograd import Tensor
from .initializers import Initializer
from .layers import (
    Input,
    Layer,
)
from .losses import Loss
from .metrics import Metric
from .models import (
    Model,
    Sequential,
)
from .optimizers import Optimizer
from .regularizers import Regularizer
from .threads import (
    num_threads,
    set_num_threads,
    threads,
)
from .variables import Variable
from .warning import FastnnWarning

__version__: str

__all__ = [
    "FastnnWarning",
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
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "distributed",
    "initializers",
    "keras",
    "layers",
    "losses",
    "metrics",
    "models",
    "num_threads",
    "optimizers",
    "plotting",
    "preprocessing",
    "regularizers",
    "saving",
    "set_num_threads",
    "threads",
    "utils",
]
