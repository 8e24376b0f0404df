"""scikit-learn's multi-layer perceptrons, trained and served by fastnn (extra ``sklearn``).

Change the import line, ``from sklearn.neural_network import MLPClassifier``, and keep the rest:

>>> from fastnn.sklearn import MLPClassifier
>>> MLPClassifier((16,), max_iter=300, random_state=1)
MLPClassifier(hidden_layer_sizes=(16,), max_iter=300, random_state=1)
"""

from ..extras import extra

with extra("sklearn", "fastnn.sklearn needs scikit-learn", "sklearn", "scipy"):
    from .perceptron import MLPClassifier, MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
