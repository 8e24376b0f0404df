"""What the wrappers share: their arguments, the model that is fitted, and the data for it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from ..models import Model
from ..saving.cloning import clone_model

__all__ = ["Wrapper"]

_NESTED = ("model_kwargs", "fit_kwargs")


class Wrapper(BaseEstimator):
    """Base of the wrappers.

    Parameters
    ----------
    model : Model or callable
        A compiled model, a copy of which is fitted, from new weights wherever it trains; or a function that
        returns a compiled one, called as ``model(X=X, y=y, **model_kwargs)``.
    warm_start : bool, default False
        Whether a fit goes on with the model of the last one, and the first with the given model itself.
    model_kwargs : dict, optional
        Arguments of the function.
    fit_kwargs : dict, optional
        Arguments of `Model.fit`. Those that are given to `fit` itself take precedence.

    Attributes
    ----------
    model_ : Model
        The fitted model.
    history_ : dict
        Loss and metrics of each epoch, as in `History.history`.
    """

    def __init__(
        self,
        model: Model | Callable[..., Model],
        warm_start: bool = False,
        model_kwargs: Mapping[str, Any] | None = None,
        fit_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    # ---- arguments ----------------------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments; with `deep` also those in the dicts, such as ``fit_kwargs__epochs``."""
        params: dict[str, Any] = super().get_params(deep=False)
        if deep:
            for name in _NESTED:
                if isinstance(params[name], Mapping):
                    params |= {f"{name}__{key}": value for key, value in params[name].items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set arguments: ``set_params(fit_kwargs__epochs=3)`` changes, or adds, one in the dict."""
        nested = {key: value for key, value in params.items() if key.partition("__")[0] in _NESTED}
        super().set_params(**{key: value for key, value in params.items() if "__" not in key})
        unknown = [key for key in params if "__" in key and key not in nested]
        if unknown:
            super().set_params(**{key: params[key] for key in unknown})  # its error names what there is
        for key, value in nested.items():
            name, _, inner = key.partition("__")
            if inner:
                setattr(self, name, {**(getattr(self, name) or {}), inner: value})
        return self

    def __sklearn_clone__(self) -> Self:
        """Return a wrapper with the same arguments and a model of its own, in an earlier state or later."""
        params = self.get_params(deep=False)
        if isinstance(self.model, Model):
            params["model"] = copy.deepcopy(self.model)
        for name in _NESTED:
            params[name] = copy.copy(params[name])
        return type(self)(**params)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        tags.input_tags.sparse = True
        return tags

    # ---- fits ---------------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None, **kwargs: Any) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array_like, data frame
            (samples, ...).
        y : array_like
            (samples,) or (samples, outputs).
        sample_weight : array_like, optional
            (samples,).
        **kwargs
            Arguments of `Model.fit`.
        """
        X, labels = self._checked(X, y)
        weights = None if sample_weight is None else _weights(sample_weight, X)
        model = self._model_for(X, self._shown(labels))
        labels = self._encoded(labels, model)
        arguments = {"verbose": 0} | dict(self.fit_kwargs or {}) | kwargs
        arguments, weights = self._weighted(arguments, weights, labels)
        if weights is not None:
            arguments["sample_weight"] = weights
        history = model.fit(X, labels, **arguments)
        self.model_, self.history_ = model, dict(history.history)
        return self

    def _checked(self, X: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the data of a fit as arrays, or with X sparse."""
        x, labels = validate_data(
            self, X, y, multi_output=True, dtype="numeric", allow_nd=True, accept_sparse="csr"
        )
        return x, column_or_1d(labels, warn=True) if labels.shape[1:] == (1,) else labels

    def _shown(self, y: NDArray[Any]) -> NDArray[Any]:
        """Return the targets that the function which makes a model gets: (samples, outputs)."""
        self._squeezes = y.ndim == 1
        return y[:, None] if y.ndim == 1 else y

    def _encoded(self, y: NDArray[Any], model: Model) -> NDArray[Any]:
        """Return the targets as the model gets them."""
        return y[:, None] if y.ndim == 1 else y

    def _weighted(
        self, arguments: dict[str, Any], weights: NDArray[Any] | None, labels: NDArray[Any]
    ) -> tuple[dict[str, Any], NDArray[Any] | None]:
        """Return the arguments of `Model.fit` and the weights of the samples."""
        return arguments, weights

    def _model_for(self, X: NDArray[Any], y: NDArray[Any]) -> Model:
        """Return the model to fit."""
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if not isinstance(self.model, Model):
            model: Any = self.model(X=X, y=y, **(self.model_kwargs or {}))
        elif self.warm_start:
            model = self.model
        else:
            model = _fresh(self.model)
        if not isinstance(model, Model) or not model.compiled or not model.loss:
            raise ValueError(f"model: expected a model that is compiled with a loss, got {model!r:.200}")
        return model

    def _outputs(self, X: Any) -> NDArray[Any]:
        """Return what the model makes of samples."""
        check_is_fitted(self, "model_")
        X = validate_data(self, X, reset=False, dtype="numeric", allow_nd=True, accept_sparse="csr")
        y: NDArray[Any] = np.asarray(self.model_.predict(X, verbose=0))
        return y

    @property
    def epoch_(self) -> list[int]:
        """The numbers of the epochs of the last fit."""
        return list(range(len(getattr(self, "history_", {}).get("loss", []))))


def _weights(given: Any, X: Any) -> NDArray[np.float64]:
    """Return weights of samples, a number for all or one for each."""
    if isinstance(given, (int, float)):
        given = np.full(X.shape[0], given)
    made: NDArray[np.float64] = check_array(
        given, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if made.ndim != 1:
        raise ValueError(f"Sample weights must be 1D array or scalar, got an array of shape {made.shape}")
    check_consistent_length(X, made)
    if not made.any():
        raise ValueError("Sample weights must contain at least one non-zero number, got zeros alone")
    return made


def _fresh(model: Model) -> Model:
    """Return a copy of a model with new weights wherever it trains, and an optimizer that starts anew."""
    made = copy.deepcopy(model)
    if not model.built:
        return made
    started = clone_model(model).weights
    for variable, new in zip(made.weights, started, strict=True):
        if variable.trainable:
            variable.assign(new.numpy())
    if made.optimizer is not None and made.optimizer.built:
        state = made.optimizer.get_state()
        made.optimizer.set_state(
            {
                name: value if name == "learning_rate" else np.zeros_like(value)
                for name, value in state.items()
            }
        )
    return made
