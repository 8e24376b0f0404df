"""`Steps`: the steps of training, evaluation and prediction as methods that a subclass may override."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..autograd import Tensor, grad
from ..checks import is_overridden
from ..data.adapters import by_output
from ..graph.graph import leaves, mapped
from ..layers import Layer
from ..training.python_steps import unpack
from ..training.reach import adds_losses
from ..variables import TrainingScope, within_scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..metrics import Mean, Metric
    from ..optimizers import Optimizer
    from ..training.compile_spec import Objective

# What a subclass overrides to let training and evaluation run in Python.
_STEPS = ("train_step", "test_step", "compute_loss", "compute_metrics")


class Steps(Layer):
    """Base of models: what a step does, written over `fastnn.autograd`.

    Models train and evaluate by plans in C, which do the same faster. If a subclass overrides one of these
    methods, `fit`, `evaluate`, `train_on_batch` and `test_on_batch` call `train_step` and `test_step` for
    each batch instead, and `predict` calls `predict_step`. Masks of outputs are then not passed on to losses.
    """

    optimizer: Optimizer | None
    _runs_in_python: ClassVar[bool] = False  # training and evaluation
    _predicts_in_python: ClassVar[bool] = False
    _tracker: Mean | None = None

    if TYPE_CHECKING:

        @property
        def metrics(self) -> list[Metric]:
            """See `Model`."""

        def _require_objective(self) -> Objective: ...

        def _build_for(self, x: Any) -> None: ...

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._runs_in_python = is_overridden(cls, *_STEPS)
        cls._predicts_in_python = is_overridden(cls, "predict_step")

    def train_step(self, data: Any) -> dict[str, Any]:
        """Train the weights that `compile` has fixed on a batch.

        Parameters
        ----------
        data : tuple, or array_like
            (x, y), (x, y, sample_weight) or x, as `fit` has got them.

        Returns
        -------
        dict
            Losses and metrics by name. An epoch reports what its last batch has returned, so that means over
            the epoch are the task of metrics, which are reset where it begins.
        """
        from ..training.advice import advise_on_frozen_model

        x, y, sample_weight = unpack(data)
        with self._as_compiled(x) as objective:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred, sample_weight, training=True)
            variables = objective.trainable
            assert self.optimizer is not None
            if variables:
                self.optimizer.apply(grad(loss, variables), variables)
            else:
                advise_on_frozen_model(objective)
        return self._results(x, y, y_pred, sample_weight, loss)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate a batch: as `train_step`, without training."""
        x, y, sample_weight = unpack(data)
        with self._as_compiled(x):
            # Tensors, so that calls keep the losses that they add.
            given = mapped(Tensor, x, np.ndarray) if adds_losses(self) else x
            y_pred = self(given, training=False)
            loss = self.compute_loss(x, y, y_pred, sample_weight, training=False)
        return self._results(x, y, y_pred, sample_weight, loss)

    @contextmanager
    def _as_compiled(self, x: Any) -> Iterator[Objective]:
        """Let what `compile` has fixed decide what trains; build the model for x if need be."""
        self._build_for(x)
        objective = self._require_objective()
        with within_scope(TrainingScope(frozenset(objective.trainable), objective.snapshot.layer_trains)):
            yield objective

    def _results(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, loss: Any) -> dict[str, Any]:
        """Return the mean loss so far, and what `compute_metrics` returns."""
        self._loss_tracker.update_state(float(loss), sample_weight=len(next(leaves(y_pred))))
        results = self.compute_metrics(x, y, y_pred, sample_weight)
        return results | {"loss": self._loss_tracker.result()}

    def predict_step(self, data: Any) -> Any:
        """Return the outputs for a batch."""
        return self(unpack(data)[0], training=False)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the loss of a batch: the losses given to `compile`, and the penalties on weights.

        Parameters
        ----------
        x : array_like, or list or dict of them
            Ignored; for subclasses.
        y, y_pred, sample_weight
            Labels, outputs and weights of the samples: arrays or tensors, or lists or dicts of them.
        training : bool, default True
            Ignored; for subclasses.

        Returns
        -------
        Tensor or float
            The sum of both.
        """
        objective = self._require_objective()
        outputs, places, added = objective.outputs, objective.places, self.losses
        trained = any(output.losses for output in outputs)
        if not trained and not added:
            raise ValueError("loss: the model has to be compiled with a loss, or override compute_loss")
        labels = by_output(y if trained else None, places, "y")
        weights = by_output(sample_weight, places, "sample_weight", True)
        total: Any = 0.0
        for output, label, prediction, weight in zip(outputs, labels, leaves(y_pred), weights, strict=True):
            for loss, factor in zip(output.losses, output.loss_weights, strict=True):
                total = total + loss(label, prediction, weight) * factor
        return sum((loss.sum() if isinstance(loss, Tensor) else np.sum(loss) for loss in added), total)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Update the metrics given to `compile` with a batch, and return the results of all.

        Parameters
        ----------
        x
            Ignored; for subclasses.
        y, y_pred, sample_weight
            See `compute_loss`.
        """
        objective = self._require_objective()
        labels = by_output(y, objective.places, "y")
        weights = by_output(sample_weight, objective.places, "sample_weight", True)
        predictions = list(leaves(y_pred))
        for reported in objective.metrics:
            i, options = reported.output, {}
            if reported.weighted and weights[i] is not None:
                options["sample_weight"] = weights[i]
            reported.metric.update_state(labels[i], predictions[i], **options)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the results of all metrics by their names in logs."""
        reported = {id(one.metric.given): one for one in self._require_objective().metrics}
        return {
            one.key if one else metric.name: (one.metric if one else metric).result()
            for metric in self.metrics
            for one in (reported.get(id(metric)),)
        }

    def reset_metrics(self) -> None:
        """Reset all metrics, as steps in Python do at the start of an epoch or evaluation."""
        for metric in (self._loss_tracker, *self.metrics):
            metric.reset_state()

    @property
    def _loss_tracker(self) -> Mean:
        """The mean loss of the batches of steps in Python, weighted by their samples."""
        from ..metrics import Mean

        if self._tracker is None:
            self._tracker = Mean(name="loss")
        return self._tracker
