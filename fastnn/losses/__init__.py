"""Losses: by name or as objects in `compile`, and as functions of arrays.

A loss names the kernel that computes it (`_spec`); models run it fused with its gradient, and a call runs it
on arrays. Its function form, named after the class in snake_case, returns the value of each sample. For
tensors of `fastnn.autograd`, both return tensors.

>>> import fastnn, numpy as np
>>> float(fastnn.losses.MeanSquaredError()(np.array([[0.0, 1.0]]), np.array([[0.0, 3.0]])))
2.0
"""

from .._lazy import lazy_exports
from ..registry import snake_case

_FAMILIES = {
    ".crossentropy": (
        "BinaryCrossentropy CategoricalCrossentropy CategoricalGeneralizedCrossEntropy "
        "SparseCategoricalCrossentropy"
    ),
    ".focal": "BinaryFocalCrossentropy CategoricalFocalCrossentropy",
    ".hinges": "CategoricalHinge Hinge SquaredHinge",
    ".overlap": "Dice Tversky",
    ".probabilistic": "KLDivergence Poisson",
    ".regression": (
        "CosineSimilarity Huber LogCosh MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError "
        "MeanSquaredLogarithmicError RootMeanSquaredError SumSquaredError"
    ),
}

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".lookup": "deserialize get serialize",
        ".loss": "FunctionLoss Loss registry",
        **{
            module: " ".join([*classes.split(), *map(snake_case, classes.split())])
            for module, classes in _FAMILIES.items()
        },
    },
)
