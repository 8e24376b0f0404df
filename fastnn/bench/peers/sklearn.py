"""scikit-learn's `MLPClassifier`: `partial_fit` on a batch, `predict_proba`."""

from __future__ import annotations

from typing import Any

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier

LOSSES = ("sparse_categorical_crossentropy", "binary_crossentropy")


def start(threads: int) -> dict[str, str]:
    """Return versions; the environment says how many threads its BLAS has."""
    return {"version": sklearn.__version__}


class Network:
    """See `serve`."""

    def __init__(self, model: dict[str, Any], weights: list[Any]) -> None:
        *hidden, (units, _) = model["layers"]
        activations = {activation for _, activation in hidden}
        if model["blocks"] or model["recurrent"] or model["loss"] not in LOSSES or len(activations) != 1:
            raise NotImplementedError("it has multilayer perceptrons that classify, of one activation")
        self._binary = model["loss"] == "binary_crossentropy"
        self._net = MLPClassifier(
            [n for n, _ in hidden],
            activation=activations.pop(),
            alpha=0,
            batch_size=model["batch"],
            epsilon=1e-7,
            shuffle=False,
        )
        classes = np.arange(2 if self._binary else units)
        x = np.zeros((model["batch"], *model["input"]), model["dtype"])
        self._net.partial_fit(x, np.resize(classes, len(x)), classes=classes)
        self.reset(weights, 1e-12)

    def reset(self, weights: list[Any], learning_rate: float) -> None:
        """Start anew."""
        for ours, given in ((self._net.coefs_, weights[::2]), (self._net.intercepts_, weights[1::2])):
            for a, b in zip(ours, given, strict=True):
                a[...] = b
        del self._net._optimizer  # the next step makes one
        self._net.learning_rate_init = learning_rate

    def _set_rate(self, rate: float) -> None:
        self._net._optimizer.learning_rate_init = rate

    learning_rate = property(None, _set_rate)

    def ways(self, operation: str) -> dict[str, Any]:
        """Return the estimator's methods."""
        if operation == "train":
            return {"partial_fit": self._train}
        return {"predict_proba": self._predict}

    def _train(self, x: Any, y: Any) -> float:
        return float(self._net.partial_fit(x, y.ravel()).loss_)

    def _predict(self, x: Any) -> Any:
        made = self._net.predict_proba(x)
        return made[:, 1:] if self._binary else made
