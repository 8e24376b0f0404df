"""Predictions of a model: of arrays, of data sets, and as one operation of a tape."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..autograd import Tensor, is_recording, no_grad
from ..autograd.tensor import record
from ..checks import whole_number
from ..data.dataset import Source, is_dataset
from ..graph.graph import SymbolicTensor, mapped
from .loop import batch_of
from .plan_cache import Planned


class Predicting(Planned):
    """What models inherit: `predict` and what else runs forward."""

    _structure: Any = None  # of the outputs, symbolic tensors in lists or dicts

    @abstractmethod
    def __call__(self, x: Any, training: bool | None = None, **options: Any) -> Any:
        """Return the output for all rows of `x`."""

    @abstractmethod
    def _parts(self, x: Any) -> list[Any]:
        """Return the inputs in order, of what a caller gives."""

    def _call_on_tape(self, x: Any, training: bool) -> Any:
        """Return the output as tensors: one operation of the tape, forward and backward by a plan.

        Parameters
        ----------
        x : array_like or Tensor, or list or dict of them
        training : bool
            Whether `Dropout` and its like act.
        """
        arrays = self._validate_inputs(x)
        parts = self._parts(x)
        wants = tuple(isinstance(part, Tensor) and part.requires_grad for part in parts)
        tensors = [part for part, wanted in zip(parts, wants, strict=True) if wanted]
        variables = self.trainable_variables
        if not is_recording() or not (tensors or variables) or not len(arrays[0]):
            with no_grad():
                made = self._apply(arrays, "sample" if training else "predict")
            return mapped(lambda y: Tensor(y, requires_grad=False), made, np.ndarray)
        rows = tuple(array.shape[1:] for array in arrays)
        plan = self._tape_plan(rows, wants, training, len(arrays[0]))
        made, run = plan.record(arrays)
        layout = plan.layout
        assert layout is not None

        def pull(gradients: list[Any]) -> Iterable[NDArray[Any]]:
            dy = [
                np.zeros_like(y) if g is None else np.ascontiguousarray(g, y.dtype)
                for y, g in zip(made, gradients, strict=True)
            ]
            for tensor, g in zip(tensors, plan.backward(run, dy), strict=True):
                yield g.reshape(tensor.shape).astype(tensor.data.dtype, copy=False)
            for variable in variables:
                yield layout.part(plan.gradients, variable).copy()

        outputs = record([*tensors, *variables], made, pull)
        return self._packed(outputs if len(outputs) > 1 else outputs[0])

    def _sample(self, x: Any) -> Any:
        """Return the output for arrays with `Dropout` and its like acting, as arrays; no weight changes."""
        return self._apply(x, "sample")

    def _packed(self, y: Any) -> Any:
        """Return outputs in the form in which the model was given them."""
        if isinstance(self._structure, SymbolicTensor) or self._structure is None:
            return y
        parts = iter(y if isinstance(y, list) else [y])
        return mapped(lambda _: next(parts), self._structure)

    def _apply(self, x: Any, purpose: str) -> Any:
        """Take the long way to a prediction: through the gate, with a plan made if need be."""
        arrays = self._validate_inputs(x)
        rows = tuple(array.shape[1:] for array in arrays)
        plan = self.plan(purpose, rows=rows)
        if plan.whole and len(arrays[0]) > plan.capacity:
            plan = self._enlarged(purpose, len(arrays[0]), rows)
        if purpose == "predict":
            self._predict = plan
        y = plan.predict(arrays)
        assert y is not None
        return self._packed(y)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Return the output for all rows of `x`, as calling the model does.

        Parameters
        ----------
        x : array_like, list or dict of them, or data set
            (rows, ...) for each input; or batches, of which labels and weights are passed over: see `fit`.
        batch_size : int, optional
            Rows of one batch, for `steps` and `callbacks`; results do not depend on it.
        verbose
            Accepted for Keras' sake: a prediction is done before a bar could be drawn.
        callbacks : list of Callback, optional
            Called around batches of 32 rows or as many as `batch_size` says.
        steps : int, optional
            At most so many batches.

        Returns
        -------
        ndarray, or list or dict of ndarray
        """
        plain = batch_size is None and steps is None and callbacks is None
        if plain and type(x) is np.ndarray:
            return self(x)
        if steps is not None:
            whole_number(steps, "steps", 1)
        if is_dataset(x):
            source = Source(x, steps)
            try:
                parts = (part for part, _, _ in source.epoch() or ())
                return self._predict_parts(parts, source.steps, callbacks)
            finally:
                source.close()
        if plain:
            return self(x)
        arrays = self._validate_inputs(x)
        rows = len(arrays[0])
        batch = batch_of(batch_size, rows)
        if steps is not None:
            rows = min(rows, steps * batch)
        starts = range(0, max(1, rows), batch)
        parts = ([array[start : min(start + batch, rows)] for array in arrays] for start in starts)
        return self._predict_parts(parts, len(starts), callbacks)

    def _predict_parts(self, parts: Iterable[Any], count: int | None, callbacks: Any) -> Any:
        """Return the output for all rows of some batches."""
        heard = self._callbacks(callbacks, 0, history=False, epochs=1, steps=count)
        heard.on_predict_begin()
        outputs = []
        for step, part in enumerate(parts):
            heard.on_predict_batch_begin(step)
            outputs.append(self._apply(part, "predict"))
            heard.on_predict_batch_end(step, {"outputs": outputs[-1]})
        if not outputs:
            raise ValueError("x: expected at least one batch, got none")
        heard.on_predict_end()
        return outputs[0] if len(outputs) == 1 else _joined(outputs)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the output for all rows of `x`."""
        return self(x)


def _joined(outputs: list[Any]) -> Any:
    """Return the outputs of batches as those of all rows."""
    first = outputs[0]
    if isinstance(first, dict):
        return {key: _joined([part[key] for part in outputs]) for key in first}
    if isinstance(first, list):
        return [_joined(list(parts)) for parts in zip(*outputs, strict=True)]
    return np.concatenate(outputs)
