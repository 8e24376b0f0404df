"""`SKLearnClassifier`, `SKLearnRegressor` and `SKLearnTransformer`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.preprocessing import LabelEncoder
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from .. import losses
from ..kernels.core.specs import PythonSpec
from ..models import Model
from .base import Wrapper

__all__ = ["SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]


class SKLearnClassifier(ClassifierMixin, Wrapper):
    """A model as a classifier of scikit-learn.

    Parameters
    ----------
    model, warm_start, model_kwargs, fit_kwargs
        See `Wrapper`. A function gets `y` as one-hot rows, whatever the labels are. The model gets class
        numbers if its loss is sparse, 0 and 1 if it has one output, one-hot rows otherwise.

    Attributes
    ----------
    classes_ : ndarray
        The labels, in the order of the outputs.

    Notes
    -----
    `class_weight`, among `fit_kwargs` or as an argument of `fit`, may be "balanced", or a dict by label.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> def network(X, y, units):
    ...     layers = [fastnn.layers.Dense(units, "relu"), fastnn.layers.Dense(y.shape[1], "softmax")]
    ...     model = fastnn.Sequential([fastnn.Input(X.shape[1:]), *layers])
    ...     model.compile(fastnn.optimizers.Adam(0.05), "categorical_crossentropy")
    ...     return model
    >>> x = np.random.default_rng(0).random((200, 2))
    >>> y = np.where(x[:, 0] > x[:, 1], "more", "less")
    >>> model = SKLearnClassifier(network, model_kwargs={"units": 8}, fit_kwargs={"epochs": 30})
    >>> model.fit(x, y).score(x, y) > 0.9
    True
    >>> model.predict([[0.9, 0.1], [0.2, 0.7]])
    array(['more', 'less'], dtype='<U4')
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags

    def _checked(self, X: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        x, labels = super()._checked(X, y)
        check_classification_targets(labels)
        kind = type_of_target(labels)
        if kind not in ("binary", "multiclass"):
            raise ValueError(f"y: expected one label for each sample, got a target of type {kind!r}")
        if not (self.warm_start and hasattr(self, "model_")):
            self._encoder: Any = LabelEncoder().fit(labels)
            self.classes_: NDArray[Any] = self._encoder.classes_
        if len(self.classes_) == 1:
            raise ValueError(
                f"y: a classifier can't train when only one class is present, {self.classes_[0]!r}"
            )
        return x, self._encoder.transform(labels)

    def _shown(self, y: NDArray[Any]) -> NDArray[Any]:
        rows: NDArray[Any] = np.eye(len(self.classes_), dtype=np.float32)[y]
        return rows

    def _encoded(self, y: NDArray[Any], model: Model) -> NDArray[Any]:
        self._from_logits = bool(getattr(_loss(model), "from_logits", False))
        if _is_sparse(model):
            return y
        if model.built and model.output_shape[-1] == 1:
            if len(self.classes_) > 2:
                raise ValueError(
                    f"model: expected an output for each of the {len(self.classes_)} classes, got one output"
                )
            return y[:, None]
        return self._shown(y)

    def _weighted(
        self, arguments: dict[str, Any], weights: NDArray[Any] | None, labels: NDArray[Any]
    ) -> tuple[dict[str, Any], NDArray[Any] | None]:
        given = arguments.pop("class_weight", None)
        if given is None:
            return arguments, weights
        numbers = labels.argmax(axis=1) if labels.ndim == 2 and labels.shape[1] > 1 else labels.ravel()
        if not isinstance(given, str):
            unknown = [label for label in given if label not in self.classes_]
            if unknown:
                raise ValueError(
                    f"class_weight: expected labels among {list(self.classes_)} as keys, got {unknown}"
                )
        factors = compute_sample_weight(given, self.classes_[numbers.astype(int)])
        return arguments, factors if weights is None else weights * factors

    def decision_function(self, X: Any) -> NDArray[Any]:
        """Return the outputs of the model: (samples, classes), or (samples,) for two classes."""
        y = self._outputs(X)
        if len(self.classes_) > 2:
            return y
        one: NDArray[Any] = (
            y[:, 1] - y[:, 0] if y.shape[1] == 2 else y[:, 0] - (0 if self._from_logits else 0.5)
        )
        return one

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Return probabilities (samples, classes): what the model makes, of logits their softmax."""
        y = self._outputs(X)
        if y.shape[1] == 1:
            y = 1 / (1 + np.exp(-y)) if self._from_logits else y
            return np.hstack([1 - y, y])
        if self._from_logits:
            y = np.exp(y - y.max(axis=1, keepdims=True))
            y /= y.sum(axis=1, keepdims=True)
        return y

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the labels of samples."""
        y = self._outputs(X)
        chosen = (
            y.argmax(axis=1) if y.shape[1] > 1 else (y[:, 0] > (0 if self._from_logits else 0.5)).astype(int)
        )
        labels: NDArray[Any] = self.classes_[chosen]
        return labels


class SKLearnRegressor(RegressorMixin, Wrapper):
    """A model as a regressor of scikit-learn.

    Parameters
    ----------
    model, warm_start, model_kwargs, fit_kwargs
        See `Wrapper`. A function gets `y` as (samples, outputs).

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(1)])
    >>> model.compile(fastnn.optimizers.Adam(0.1), "mse")
    >>> x = np.random.default_rng(0).random((200, 2))
    >>> regressor = SKLearnRegressor(model, fit_kwargs={"epochs": 50}).fit(x, x[:, 0] - x[:, 1])
    >>> regressor.score(x, x[:, 0] - x[:, 1]) > 0.9
    True
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the predicted targets, of the dimensions of `y`."""
        y = self._outputs(X)
        return y[:, 0] if self._squeezes and y.ndim == 2 and y.shape[1] == 1 else y


class SKLearnTransformer(TransformerMixin, Wrapper):
    """A model as a transformer of scikit-learn: its outputs are the features.

    Parameters
    ----------
    model, warm_start, model_kwargs, fit_kwargs
        See `Wrapper`. A function gets `y` as (samples, outputs).

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(2)])
    >>> model.compile("adam", "mse")
    >>> x = np.random.default_rng(0).random((20, 3))
    >>> SKLearnTransformer(model).fit(x, x[:, :2]).transform(x).shape
    (20, 2)
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = []
        return tags

    def transform(self, X: Any) -> NDArray[Any]:
        """Return the outputs of the model."""
        return self._outputs(X)


def _loss(model: Model) -> Any:
    """Return the loss of a model with one output."""
    return losses.get(model.loss) if isinstance(model.loss, str) or callable(model.loss) else None


def _is_sparse(model: Model) -> bool:
    """Whether the loss of a model takes class numbers."""
    spec = getattr(_loss(model), "_spec", None)
    return spec is not None and not isinstance(spec, PythonSpec) and bool(spec.labels.sparse)
