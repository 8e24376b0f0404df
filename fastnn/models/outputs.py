"""How the outputs of a model are arranged, what they are called, and what they are converted to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..autograd import Tensor
from ..graph.graph import SymbolicTensor, leaves, mapped, tensors_in
from ..layers.base.custom_layer import TensorSpec, tensor_shapes
from ..layers.base.masks import keep_output_masks
from ..pickling import Picklable
from .inputs import named_places

__all__ = ["OutputStructure", "unique_names"]

_PLACES = (SymbolicTensor, TensorSpec)


@dataclass(frozen=True)
class OutputStructure(Picklable):
    """The places of a model's outputs.

    Parameters
    ----------
    whole : SymbolicTensor or TensorSpec, or list, tuple or dict of them, nested at will, or None
        What stands for the outputs; None for outputs that are passed on as they are, alone or in a list.

    Examples
    --------
    >>> import fastnn
    >>> x, z = fastnn.Input((2,), name="left"), fastnn.Input((3,), name="right")
    >>> structure = OutputStructure({"both": (x, z)})
    >>> structure.names, structure.packed([1, 2])
    (['left', 'right'], {'both': (1, 2)})
    """

    whole: Any = None

    @property
    def names(self) -> list[str]:
        """The names of the outputs: the keys of a dict, or those of the tensors; none if not known."""
        if isinstance(self.whole, dict) and len(self.whole) == len(list(leaves(self.whole))):
            return list(self.whole)
        tensors = tensors_in(self.whole)
        if tensors:
            return unique_names(tensor.name for tensor in tensors)
        if isinstance(self.whole, dict):
            return unique_names(leaves(named_places(tensor_shapes(self.whole), "")))
        return []

    def places(self, names: list[str]) -> Any:
        """Return names of the outputs in dicts as the outputs are, else as a list."""
        return self._filled(names) if isinstance(self.whole, dict) else names

    @property
    def dtypes(self) -> list[str | None]:
        """The dtype that each output of a layer is converted to in the end; None for those of floats."""
        return [tensor.node.layer._result_dtype for tensor in tensors_in(self.whole)]

    def packed(self, y: Any) -> Any:
        """Return what a plan has computed, an array or a list of them, arranged as the outputs are."""
        if self.whole is None or isinstance(self.whole, SymbolicTensor):
            return y
        return self._filled(y if isinstance(y, list) else [y])

    def _filled(self, parts: Iterable[Any]) -> Any:
        rest = iter(parts)
        return mapped(lambda _: next(rest), self.whole, _PLACES)


def keep_masks(y: Any, masked: Any) -> Any:
    """Return the outputs of a run with their masks, which come behind them in a list."""
    made = keep_output_masks(y, masked)
    return made if len(made) > 1 else made[0]


def converted(y: Any, dtypes: list[str | None]) -> Any:
    """Return outputs as whole numbers or bools, those that are."""
    if isinstance(y, list):
        return [_converted(part, dtype) for part, dtype in zip(y, dtypes, strict=True)]
    return _converted(y, dtypes[0])


def _converted(y: Any, dtype: str | None) -> Any:
    if dtype is None:
        return y
    made = np.asarray(y).astype(dtype)
    return Tensor(made) if isinstance(y, Tensor) else made


def unique_names(names: Iterable[str]) -> list[str]:
    """Return names with a number behind those that are taken: "dense", "dense_1"."""
    taken: dict[str, None] = {}
    for name in names:
        unique, number = name, 0
        while unique in taken:
            number += 1
            unique = f"{name}_{number}"
        taken[unique] = None
    return list(taken)
