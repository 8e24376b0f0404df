"""Models as estimators of scikit-learn, with Keras' names and arguments (extra ``sklearn``).

>>> from fastnn.wrappers import SKLearnClassifier
"""

from ..extras import extra

with extra("sklearn", "fastnn.wrappers needs scikit-learn", "sklearn", "scipy"):
    from .estimators import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer

__all__ = ["SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]
