"""Losses: by name or as objects in `compile`, and as functions of arrays.

A loss says which kernel computes it (`spec`); models run that fused with the gradient, and calling the
object runs it on arrays.

>>> import fastnn, numpy as np
>>> float(fastnn.losses.MeanSquaredError()(np.array([[0.0, 1.0]]), np.array([[0.0, 3.0]])))
2.0
"""

from .._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".lookup": "deserialize get serialize",
        ".loss": "FunctionLoss Loss registry",
        ".margin": "CategoricalHinge Hinge SquaredHinge categorical_hinge hinge squared_hinge",
        ".overlap": "Dice Tversky dice tversky",
        ".probabilistic": (
            "BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy "
            "CategoricalFocalCrossentropy CategoricalGeneralizedCrossEntropy KLDivergence Poisson "
            "SparseCategoricalCrossentropy binary_crossentropy binary_focal_crossentropy "
            "categorical_crossentropy categorical_focal_crossentropy "
            "categorical_generalized_cross_entropy kl_divergence poisson sparse_categorical_crossentropy"
        ),
        ".regression": (
            "CosineSimilarity Huber LogCosh MeanAbsoluteError MeanAbsolutePercentageError "
            "MeanSquaredError MeanSquaredLogarithmicError RootMeanSquaredError SumSquaredError "
            "cosine_similarity huber log_cosh mean_absolute_error mean_absolute_percentage_error "
            "mean_squared_error mean_squared_logarithmic_error root_mean_squared_error sum_squared_error"
        ),
    },
)
