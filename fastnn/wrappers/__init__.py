"""Models as estimators of scikit-learn, with Keras' names and arguments (extra ``sklearn``).

>>> from fastnn.wrappers import SKLearnClassifier
"""

try:
    from .estimators import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in ("sklearn", "scipy"):
        raise
    raise ImportError(
        "fastnn.wrappers needs scikit-learn, which the extra brings: pip install 'fastnn[sklearn]'"
    ) from error

__all__ = ["SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]
