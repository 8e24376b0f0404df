"""The network of a perceptron: a `Sequential` that makes logits, its loss, and passes over the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from .. import Input, losses, optimizers
from ..autograd import no_grad
from ..data.adapters import Arrays
from ..data.batches import Totals
from ..data.sparse import dense_parts, is_sparse
from ..layers import Dense
from ..losses import Loss
from ..models import Sequential
from ..regularizers import L2
from ..training.fitting import claim_training
from ..training.loop import run_batch
from ..training.model_data import to_arrays
from ..training.model_plans import gradients_plan, training_plan
from ..variables import Variable

__all__ = ["Network"]

_ACTIVATIONS = {"identity": "linear", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}

_SPARSE_ROWS = 1024  # that are dense at once, where all samples are one batch

Weights = list[NDArray[Any]]
Objective = Callable[[NDArray[Any]], tuple[float, NDArray[np.float64]]]


class Network:
    """Dense layers whose weights scikit-learn has initialized.

    Parameters
    ----------
    coefs, intercepts : list of ndarray
        (inputs, units) and (units,) of each layer; they are copied.
    activation : {"identity", "logistic", "tanh", "relu"}
        Of the hidden layers.
    output : {"identity", "logistic", "softmax", "exp"}
        Of the last layer. All but "exp" are left to what reads the logits.
    dtype : {"float32", "float64"}
        Of the weights, and of what is computed with them.

    Attributes
    ----------
    activation, dtype : str
    coefs, intercepts : list of ndarray
        The weights themselves: training changes them in place.
    """

    def __init__(self, coefs: Weights, intercepts: Weights, activation: str, output: str, dtype: str) -> None:
        self.activation, self.dtype, self._output = activation, dtype, output
        self._penalty = L2(0.0)
        self._units = intercepts[-1].size
        hidden = [_ACTIVATIONS[activation]] * (len(coefs) - 1)
        self.model = Sequential(
            [
                Input((coefs[0].shape[0],)),
                *(
                    Dense(
                        coef.shape[1],
                        function,
                        kernel_initializer="zeros",
                        kernel_regularizer=self._penalty,
                        dtype=self.dtype,
                        name=f"layer_{i}",
                    )
                    for i, (coef, function) in enumerate(
                        zip(coefs, [*hidden, "exponential" if output == "exp" else "linear"], strict=True)
                    )
                ),
            ],
            name="perceptron",
        )
        self.load(coefs, intercepts)

    @property
    def _variables(self) -> tuple[list[Variable], list[Variable]]:
        """The kernels and the biases."""
        layers: Any = self.model.layers
        return [layer.kernel for layer in layers], [layer.bias for layer in layers]

    @property
    def coefs(self) -> Weights:
        """The kernels."""
        return [variable.value for variable in self._variables[0]]

    @property
    def intercepts(self) -> Weights:
        """The biases."""
        return [variable.value for variable in self._variables[1]]

    def load(self, coefs: Sequence[NDArray[Any]], intercepts: Sequence[NDArray[Any]]) -> None:
        """Set the weights to these, which may be the network's own."""
        for variables, given in zip(self._variables, (coefs, intercepts), strict=True):
            for variable, array in zip(variables, given, strict=True):
                if array is not variable.value:
                    variable.assign(array)

    # ---- losses -------------------------------------------------------------------------------------

    def _loss(self) -> tuple[Loss, float]:
        """Return the loss of a sample, and the factor that makes scikit-learn's of it: a sum over outputs."""
        if self._output == "softmax":
            return losses.SparseCategoricalCrossentropy(from_logits=True), 1.0
        if self._output == "logistic":
            return losses.BinaryCrossentropy(from_logits=True), float(self._units)
        if self._output == "exp":
            return losses.Poisson(), float(self._units)
        return losses.MeanSquaredError(), self._units / 2

    def _labels(self, y: NDArray[Any]) -> NDArray[Any]:
        """Return the labels as the loss takes them: class numbers, or numbers for each output."""
        if self._output == "softmax":
            classes: NDArray[Any] = y.argmax(axis=1).astype(np.int32)
            return classes
        return np.ascontiguousarray(y, self.dtype)

    def _reported(self, loss: float, error: float, y: NDArray[Any], weights: NDArray[Any] | None) -> float:
        """Return what scikit-learn reports: the mean error of outputs, the whole deviance of counts."""
        if self._output == "identity":
            return loss - error * (self._units - 1) / 2
        if self._output == "exp":
            return loss + float(np.average(xlogy(y, y) - y, axis=0, weights=weights).sum())
        return loss

    # ---- training -----------------------------------------------------------------------------------

    def compile(self, optimizer: optimizers.Optimizer) -> None:
        """Begin a training with a new optimizer."""
        loss, factor = self._loss()
        metrics = ["mse"] if self._output == "identity" and self._units > 1 else None
        self.model.compile(optimizer, loss, loss_weights=[factor], weighted_metrics=metrics)

    @property
    def optimizer(self) -> optimizers.Optimizer:
        """The optimizer of the training that has begun."""
        assert self.model.optimizer is not None
        return self.model.optimizer

    def epochs(
        self,
        x: Any,
        y: NDArray[Any],
        sample_weight: NDArray[Any] | None,
        batch_size: int,
        alpha: float,
        orders: Iterator[NDArray[np.int64] | None],
    ) -> Iterator[float]:
        """Train, an epoch for each loss that is taken.

        Parameters
        ----------
        x : ndarray or CSR matrix
        y : ndarray
            (samples, outputs).
        sample_weight : ndarray, optional
        batch_size : int
        alpha : float
            The L2 penalty of a batch is alpha / 2 * sum(w^2) over its weight; here it is that of the mean
            batch for all of them.
        orders : iterator
            The order of the samples in each epoch, None for that in which they are.
        """
        samples, labels = x.shape[0], self._labels(y)
        starts = np.arange(0, samples, batch_size)
        sizes = np.diff(starts, append=samples)
        mean_weight = 1.0 if sample_weight is None else float(sample_weight.mean())
        penalty = alpha / 2 * float(np.mean(1 / sizes)) / mean_weight
        if penalty != self._penalty.l2:
            self._penalty.l2 = penalty
        weights = None if sample_weight is None else np.ones(samples, self.dtype)
        dense = not is_sparse(x)
        x = x if dense else x.tocsr().astype(self.dtype, copy=False)
        arrays = self._arrays(x, labels, weights, batch_size)
        plan = training_plan(self.model, arrays, int(sizes.max()))
        totals = Totals(plan)
        with claim_training(self.model):
            plan.bind(*arrays.arrays)
            try:
                for order in orders:
                    plan.clear_totals()
                    if weights is not None and sample_weight is not None:
                        weights[...] = _per_batch(sample_weight, order, starts, sizes)
                    if dense:
                        if arrays.weights[0] is not None:
                            arrays.weights[0][...] = weights
                        plan.reorder(order)
                        for start, size in zip(starts.tolist(), sizes.tolist(), strict=True):
                            run_batch(plan, start, size)
                    else:
                        rows_in_turn = np.arange(samples) if order is None else order
                        for chosen in np.split(rows_in_turn, starts[1:]):
                            _fill(arrays, x, labels, weights, chosen)
                            run_batch(plan, 0, len(chosen))
                    error = float(totals["mse"]) if "mse" in totals else 0.0
                    yield self._reported(float(totals["loss"]), error, y, weights)
            finally:
                plan.unbind()

    @contextmanager
    def objective(
        self, x: Any, y: NDArray[Any], sample_weight: NDArray[Any] | None, alpha: float
    ) -> Iterator[Objective]:
        """Yield a function of all weights, coefs before intercepts, in one vector.

        It returns the loss of all samples with its penalty, and the gradient, and sets the weights. See
        `epochs` for the arguments.
        """
        self.compile(optimizers.SGD())
        self._penalty.l2 = 0.0
        samples, labels, dense = x.shape[0], self._labels(y), not is_sparse(x)
        x = x if dense else x.tocsr().astype(self.dtype, copy=False)
        rows = samples if dense else min(_SPARSE_ROWS, samples)
        parts = [np.arange(start, min(start + rows, samples)) for start in range(0, samples, rows)]
        arrays = self._arrays(x, labels, sample_weight, rows)
        plan = gradients_plan(self.model, arrays)
        assert plan.layout is not None
        kernels, biases = self._variables
        places = [plan.layout.part(plan.gradients, variable) for variable in (*kernels, *biases)]
        ends = np.cumsum([variable.size for variable in (*kernels, *biases)])
        of_coefs, totals = slice(int(ends[len(kernels) - 1])), Totals(plan)
        weight = samples if sample_weight is None else float(sample_weight.sum())

        def loss_and_gradient(packed: NDArray[Any]) -> tuple[float, NDArray[np.float64]]:
            given = [
                part.reshape(variable.shape)
                for part, variable in zip(np.split(packed, ends[:-1]), (*kernels, *biases), strict=True)
            ]
            self.load(given[: len(kernels)], given[len(kernels) :])
            loss, gradient = 0.0, np.zeros(packed.size)
            for chosen in parts:
                if not dense:
                    _fill(arrays, x, labels, sample_weight, chosen)
                plan.clear_totals()
                run_batch(plan, 0, len(chosen))
                share = len(chosen) / weight
                loss += float(totals["loss"]) * share
                gradient += np.concatenate([place.ravel() for place in places]) * share
            loss += alpha / 2 * float(packed[of_coefs] @ packed[of_coefs]) / weight
            gradient[of_coefs] += alpha / weight * packed[of_coefs]
            return self._reported(loss, 0.0, y, sample_weight), gradient

        with claim_training(self.model):
            plan.bind(*arrays.arrays)
            try:
                yield loss_and_gradient
            finally:
                plan.unbind()

    def _arrays(self, x: Any, labels: NDArray[Any], weights: NDArray[Any] | None, rows: int) -> Arrays:
        """Return all samples in the form of plans, or of a sparse matrix the first rows, to be filled."""
        if not is_sparse(x):
            return to_arrays(self.model, x, labels, weights)
        rows = min(rows, x.shape[0])
        part = np.zeros((rows, x.shape[1]), self.dtype)
        return to_arrays(
            self.model, part, labels[:rows].copy(), None if weights is None else weights[:rows].copy()
        )

    # ---- predictions --------------------------------------------------------------------------------

    def predict(self, x: Any) -> NDArray[Any]:
        """Return the logits, or what "exp" makes of them, for an array or a sparse matrix."""
        with no_grad():
            made = [self.model.predict(part, verbose=0) for part in dense_parts(x)]
        y: NDArray[Any] = made[0] if len(made) == 1 else np.concatenate(made)
        return y


def _fill(
    arrays: Arrays, x: Any, y: NDArray[Any], weights: NDArray[Any] | None, chosen: NDArray[np.int64]
) -> None:
    """Set the first samples of the arrays to rows of a sparse matrix, with their labels and weights."""
    size = len(chosen)
    x[chosen].toarray(out=arrays.x[0][:size])
    for source, (target,) in ((y, arrays.y), (weights, arrays.weights)):
        if source is not None and target is not None:
            target[:size] = source[chosen].reshape(target[:size].shape)


def _per_batch(
    weights: NDArray[Any], order: NDArray[np.int64] | None, starts: NDArray[Any], sizes: NDArray[Any]
) -> NDArray[Any]:
    """Return the weights with a mean of 1 in each batch."""
    sorted_weights = weights if order is None else weights[order]
    sums = np.add.reduceat(sorted_weights, starts)
    factors = np.divide(sizes, sums, out=np.zeros(len(sums)), where=sums != 0)
    made = np.empty(len(weights))
    made[slice(None) if order is None else order] = sorted_weights * np.repeat(factors, sizes)
    return made
