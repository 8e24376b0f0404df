"""`MLPClassifier` and `MLPRegressor`: scikit-learn's estimators over networks of fastnn."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import sklearn
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier as _SklearnClassifier
from sklearn.neural_network import MLPRegressor as _SklearnRegressor
from sklearn.utils import shuffle
from sklearn.utils.validation import validate_data

from .. import config
from ..optimizers import SGD, Adam
from .network import Network
from .rate import Rate

__all__ = ["MLPClassifier", "MLPRegressor"]

# What of scikit-learn's estimators computes, and is replaced here; the rest is theirs: arguments, validation,
# labels, random numbers, when to stop.
_REPLACED = ("_initialize", "_fit_stochastic", "_fit_lbfgs", "_loss_grad_lbfgs", "_forward_pass_fast")
_unknown = [name for name in _REPLACED if not hasattr(_SklearnClassifier, name)]
if _unknown:
    raise ImportError(
        f"fastnn.sklearn does not know scikit-learn {sklearn.__version__}, whose perceptrons have no "
        f"{', '.join(_unknown)}: expected a release from 1.7 to 1.9"
    )


class _ByFastnn:
    """What computes in both estimators."""

    def _initialize(self: Any, y: NDArray[Any], layer_units: list[int], dtype: Any) -> None:
        vars(self).pop("_network", None)
        super()._initialize(y, layer_units, dtype)  # type: ignore[misc]

    def _prepare(self: Any, dtype: str) -> None:
        """Let a network have the weights, in this dtype."""
        network = getattr(self, "_network", None)
        if network is None or (network.activation, network.dtype) != (self.activation, dtype):
            arguments = self.activation, self.out_activation_, dtype
            self._network = Network(self.coefs_, self.intercepts_, *arguments)
            vars(self).pop("_rate", None)
        self._share_weights()

    def _share_weights(self: Any) -> None:
        """Let the attributes be the weights of the network themselves, set to what the attributes were."""
        self._network.load(self.coefs_, self.intercepts_)
        self.coefs_, self.intercepts_ = self._network.coefs, self._network.intercepts

    def __setstate__(self: Any, state: Any) -> None:
        super().__setstate__(state)  # type: ignore[misc]
        if hasattr(self, "_network"):
            self._share_weights()

    def __sklearn_is_fitted__(self: Any) -> bool:
        return hasattr(self, "_network")

    # ---- solvers ------------------------------------------------------------------------------------

    def _begin(self: Any) -> None:
        """Take a new optimizer, and a rate that says when to stop."""
        rate = self.learning_rate_init
        schedule = self.learning_rate if self.solver == "sgd" else "constant"
        self._rate = Rate(rate, schedule, self.power_t)
        if self.solver == "sgd":
            nesterov = self.nesterovs_momentum and self.momentum > 0
            self._network.compile(SGD(rate, momentum=self.momentum, nesterov=nesterov))
        else:
            self._network.compile(Adam(rate, self.beta_1, self.beta_2, self.epsilon))

    def _held_out(self: Any, *arrays: Any) -> tuple[list[Any], list[Any]]:
        """Split x, y and weights into those to train on and those to validate on."""
        parts = train_test_split(
            *(array for array in arrays if array is not None),
            random_state=self._random_state,
            test_size=self.validation_fraction,
            stratify=arrays[1] if is_classifier(self) and self.n_outputs_ == 1 else None,
        )
        if parts[1].shape[0] < 2:
            raise ValueError(
                f"validation_fraction: {self.validation_fraction} leaves {parts[1].shape[0]} samples to "
                "validate on; the validation set is too small. Increase 'validation_fraction' or the size "
                "of your dataset."
            )
        absent = [None] * (len(arrays) - len(parts) // 2)
        return parts[::2] + absent, parts[1::2] + absent

    def _orders(self: Any, samples: int) -> Iterator[NDArray[np.int64] | None]:
        """Yield the order of the samples in each epoch, as scikit-learn shuffles them."""
        order = np.arange(samples)
        while True:
            if self.shuffle:
                order = shuffle(order, random_state=self._random_state)
            yield np.ascontiguousarray(order, np.int64) if self.shuffle else None

    def _fit_stochastic(self: Any, X: Any, y: NDArray[Any], sample_weight: Any, *rest: Any) -> None:
        """Train batch by batch; the last of the other arguments is whether this is a `partial_fit`."""
        incremental = rest[-1]
        if self.early_stopping and incremental:
            raise ValueError("partial_fit does not support early_stopping=True")
        self._prepare(config.floatx())
        if not incremental or not hasattr(self, "_rate"):
            self._begin()
        train, validation = [X, y, sample_weight], [None, None, None]
        if self.early_stopping:
            train, validation = self._held_out(X, y, sample_weight)
            if is_classifier(self):
                validation[1] = self._label_binarizer.inverse_transform(validation[1])
        samples = train[0].shape[0]
        batch_size = min(200, samples) if self.batch_size == "auto" else min(self.batch_size, samples)
        if self.batch_size != "auto" and self.batch_size > samples:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped",
                stacklevel=4,
            )
        epochs = self._network.epochs(*train, int(batch_size), self.alpha, self._orders(samples))
        try:
            self._run(epochs, samples, validation, incremental)
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=4)
        finally:
            epochs.close()
        if self.early_stopping:
            self._network.load(self._best_coefs, self._best_intercepts)

    def _run(self: Any, epochs: Iterator[float], samples: int, validation: Any, incremental: bool) -> None:
        """Take epochs until scikit-learn's rules say that it is enough."""
        network, self.n_iter_ = self._network, 0
        what = "Validation score" if self.early_stopping else "Training loss"
        verb = "did not improve more than tol"
        for loss in epochs:
            self.n_iter_ += 1
            self.t_ += samples
            self.loss_ = loss
            self.loss_curve_.append(loss)
            if self.verbose:
                print(f"Iteration {self.n_iter_}, loss = {loss:.8f}")
            self._update_no_improvement_count(self.early_stopping, *validation)
            self._rate.epoch_ends(self.t_)
            if self._no_improvement_count > self.n_iter_no_change:
                message = f"{what} {verb}={self.tol:f} for {self.n_iter_no_change} consecutive epochs."
                goes_on, what_next = self._rate.after_a_standstill()
                if self.verbose:
                    print(f"{message} {what_next}")
                if not goes_on:
                    return
                self._no_improvement_count = 0
            if self.solver == "sgd":
                network.optimizer.learning_rate = self._rate.value
            if incremental:
                return
            if self.n_iter_ == self.max_iter:
                warnings.warn(
                    f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the "
                    "optimization hasn't converged yet.",
                    ConvergenceWarning,
                    stacklevel=5,
                )
                return

    def _fit_lbfgs(self: Any, X: Any, y: NDArray[Any], sample_weight: Any, *rest: Any) -> None:
        """Leave the search for the minimum to SciPy, by way of scikit-learn."""
        self._prepare(X.dtype.name)
        vars(self).pop("_rate", None)
        with self._network.objective(X, y, sample_weight, self.alpha) as self._objective:
            try:
                super()._fit_lbfgs(X, y, sample_weight, *rest)  # type: ignore[misc]
            finally:
                del self._objective
        self._share_weights()

    def _loss_grad_lbfgs(self: Any, packed: NDArray[Any], *_: Any) -> tuple[float, NDArray[np.float64]]:
        """Return the loss and its gradient, coefs before intercepts, for the weights in one vector."""
        made: tuple[float, NDArray[np.float64]] = self._objective(packed)
        return made

    # ---- predictions --------------------------------------------------------------------------------

    def _forward_pass_fast(self: Any, X: Any, check_input: bool = True) -> NDArray[Any]:
        """Return the outputs for these samples."""
        if check_input:
            X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        self._network.load(self.coefs_, self.intercepts_)  # also those that somebody has set
        y: NDArray[Any] = self._network.predict(X)
        if self.out_activation_ == "logistic":
            expit(y, out=y)
        elif self.out_activation_ == "softmax":
            y = softmax(y, axis=1)
        return y


class MLPClassifier(_ByFastnn, _SklearnClassifier):
    """scikit-learn's `MLPClassifier`, trained by fastnn.

    Arguments, attributes and methods are those of `sklearn.neural_network.MLPClassifier`; the starting
    weights and the orders of the samples of a `random_state` are the same too, so that the losses of the
    epochs are those of scikit-learn up to rounding.

    The solvers "adam" and "sgd" compute in `fastnn.config.floatx()`, float32 unless it has been set, "lbfgs"
    in the dtype of `X`. `coefs_` and `intercepts_` are the weights of the network themselves, in that dtype.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> x, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier(max_iter=500, learning_rate_init=0.01, random_state=1).fit(x, y)
    >>> model.score(x, y) > 0.95, model.predict_proba(x).shape
    (True, (150, 3))
    """


class MLPRegressor(_ByFastnn, _SklearnRegressor):
    """scikit-learn's `MLPRegressor`, trained by fastnn.

    Arguments, attributes and methods are those of `sklearn.neural_network.MLPRegressor`; see `MLPClassifier`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).random((200, 2))
    >>> model = MLPRegressor(solver="lbfgs", random_state=1, max_iter=500).fit(x, x[:, 0] * x[:, 1])
    >>> model.score(x, x[:, 0] * x[:, 1]) > 0.9
    True
    """
