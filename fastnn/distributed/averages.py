"""Weights that change in training without gradients, such as moving averages: the same on all ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..layers import Layer
from ..layers.base.trainable import flatten_parts

if TYPE_CHECKING:
    from ..models import Model
    from ..variables import Variable
    from .ranks import Ranks


class MovingAverages:
    """The weights that layers change themselves, which are averaged over the ranks after each step.

    Parameters
    ----------
    ranks : Ranks
    model : Model
    """

    def __init__(self, ranks: Ranks, model: Model) -> None:
        self._ranks, self._model = ranks, model
        self._variables: list[Variable] | None = None

    def __call__(self) -> None:
        """Set them to their means, weighted by rows; what is the same on all ranks stays as it is."""
        if self._variables is None:
            self._variables = _changing(self._model)
        if not self._variables:
            return
        ranks = self._ranks
        own = [variable.value.reshape(-1).astype(np.float64) for variable in self._variables]
        weight = 0.0 if ranks.idle else ranks.portion
        found = ranks.gather(np.concatenate([[weight], *own]))
        mean = found[0, 1:].copy()
        for row in found[1:]:
            mean += row[0] * (row[1:] - found[0, 1:])
        start = 0
        for variable in self._variables:
            part = mean[start : start + variable.size]
            variable.value[...] = part.reshape(variable.shape)
            variable.version += 1
            start += variable.size


def _changing(model: Model) -> list[Variable]:
    """Return the weights without gradients of layers that train."""
    trains = model._require_objective().snapshot.layer_trains
    layers = [part for part in flatten_parts(model) if isinstance(part, Layer)]
    return [
        variable
        for layer in layers
        if trains(layer)
        for variable in layer._variables
        if not variable.learns and variable.value.dtype.kind == "f"
    ]
