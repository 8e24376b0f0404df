"""scikit-learn's multi-layer perceptrons, trained and served by fastnn (extra ``sklearn``).

Change the import line, ``from sklearn.neural_network import MLPClassifier``, and keep the rest:

>>> from fastnn.sklearn import MLPClassifier
>>> MLPClassifier((16,), max_iter=300, random_state=1)
MLPClassifier(hidden_layer_sizes=(16,), max_iter=300, random_state=1)
"""

try:
    from .perceptron import MLPClassifier, MLPRegressor
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in ("sklearn", "scipy"):
        raise
    raise ImportError(
        "fastnn.sklearn needs scikit-learn, which the extra brings: pip install 'fastnn[sklearn]'"
    ) from error

__all__ = ["MLPClassifier", "MLPRegressor"]
