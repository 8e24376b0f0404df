"""Losses: by name or as objects in `compile`, and as functions of arrays.

A loss says which kernel computes it (`score`); models run that fused with the gradient, and calling the
object runs it on arrays.

>>> import numpy as np
>>> float(MeanSquaredError()(np.array([[0.0, 1.0]]), np.array([[0.0, 3.0]])))
2.0
"""

from __future__ import annotations

from typing import Any

from .loss import MEANS, FunctionLoss, Loss, as_labels, as_scored, registry
from .margin import CategoricalHinge, Hinge, SquaredHinge, categorical_hinge, hinge, squared_hinge
from .overlap import Dice, Tversky, dice, tversky
from .probabilistic import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    kl_divergence,
    poisson,
    sparse_categorical_crossentropy,
)
from .regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    RootMeanSquaredError,
    SumSquaredError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    root_mean_squared_error,
    sum_squared_error,
)

__all__ = [
    "MEANS",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "Dice",
    "FunctionLoss",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "RootMeanSquaredError",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "SumSquaredError",
    "Tversky",
    "as_labels",
    "as_scored",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "cosine_similarity",
    "deserialize",
    "dice",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "loss_of_function",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "registry",
    "root_mean_squared_error",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "sum_squared_error",
    "tversky",
]

serialize = registry.serialize
deserialize = registry.deserialize

_FUNCTIONS = (
    *(hinge, squared_hinge, categorical_hinge, dice, tversky, kl_divergence, poisson),
    *(binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy),
    *(binary_focal_crossentropy, categorical_focal_crossentropy, categorical_generalized_cross_entropy),
    *(mean_squared_error, sum_squared_error, root_mean_squared_error, mean_absolute_error),
    *(mean_absolute_percentage_error, mean_squared_logarithmic_error, huber, log_cosh, cosine_similarity),
)


def loss_of_function(identifier: Any) -> str | None:
    """Return the name of the loss that a function of this module computes; None for anything else."""
    return identifier.__name__ if any(identifier is function for function in _FUNCTIONS) else None


def get(identifier: Any) -> Any:
    """Return the loss that an argument stands for.

    Parameters
    ----------
    identifier : str, dict, type, Loss, callable or None
        A name such as "mse"; a config as `serialize` returns it; a class; an object or None, for itself; a
        function of this module, or one of your own, ``fn(y_true, y_pred)``, which runs Python in training.

    Raises
    ------
    ValueError
        If there is no loss of that name.
    TypeError
        If it is none of these.

    Examples
    --------
    >>> get("mse").name, get(binary_crossentropy).name
    ('mean_squared_error', 'binary_crossentropy')
    """
    known = loss_of_function(identifier) or identifier
    if callable(known) and not isinstance(known, (Loss, type)):
        return FunctionLoss(known)
    return registry.get(known)
