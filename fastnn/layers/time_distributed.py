"""`TimeDistributed`: one layer for each step of a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base.layer import registry
from .base.shapes import Shape
from .wrapper import Wrapper

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class TimeDistributed(Wrapper):
    """Apply a layer to each time step, with the same weights.

    Parameters
    ----------
    layer : Layer
        Whose rows are the steps.
    **kwargs
        See `Layer`.

    Notes
    -----
    Input is (rows, steps, ...), output (rows, steps, ...) with what the layer makes of (...). To the layer,
    the steps of all samples form one batch: the statistics of a `BatchNormalization` are over all of them. A
    mask of the steps is passed on.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.TimeDistributed(fastnn.layers.Flatten())
    >>> layer(np.zeros((2, 5, 3, 4))).shape
    (2, 5, 12)
    """

    supports_masking = True
    _stepwise = True
    _call_arguments = ("training", "mask")

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Refuse samples without steps."""
        if len(input_shape) < 3:
            raise ValueError(
                f"input: TimeDistributed expects rows (steps, ...), got rows of shape {input_shape[1:]}"
            )

    def _inner_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of a step."""
        return (input_shape[0], *input_shape[2:])

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the layer on as many rows as there are steps."""
        steps, outer = x.shape[0], plan.times
        plan.times = outer * steps
        try:
            step = plan.reshaped(x, x.shape[1:])
            if x.mask is not None and len(x.mask.shape) > 1:
                step.mask = plan.reshaped(x.mask, x.mask.shape[1:])
            y = self.layer._append_steps(plan, step)
        finally:
            plan.times = outer
        return plan.reshaped(y, (steps, *y.shape))

    def _emit_mask(self, plan: Plan, x: Value) -> Value | None:
        """Return the mask of the steps."""
        return x.mask if x.mask is not None and len(x.mask.shape) == 1 else None

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (batch, steps, ...)."""
        self._check_input_shape(input_shape)
        batch, *rest = self.layer.compute_output_shape(self._inner_shape(input_shape))
        return (batch, input_shape[1], *rest)
