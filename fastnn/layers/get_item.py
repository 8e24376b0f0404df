"""`GetItem`: indexing of symbolic tensors."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .base.layer import Layer, registry
from .base.operation import SampleShape
from .base.shapes import Shape, of_any_length

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


def _plain(entry: Any) -> Any:
    """Return an entry of a key as JSON has it."""
    if isinstance(entry, slice):
        return [None if n is None else operator.index(n) for n in (entry.start, entry.stop, entry.step)]
    return "..." if entry is Ellipsis else entry if entry is None else operator.index(entry)


def _entry(entry: Any) -> Any:
    """Return what `_plain` was made of, or what NumPy takes there."""
    if isinstance(entry, list) and len(entry) == 3:
        return slice(*entry)
    if entry is None or isinstance(entry, slice):
        return entry
    return Ellipsis if entry is Ellipsis or entry == "..." else operator.index(entry)


@registry.add
class GetItem(Layer):
    """Index each sample, as ``x[:, 0]`` or ``x[:, ::2, None]`` of a symbolic tensor does.

    Parameters
    ----------
    key : tuple
        Integers, slices, `Ellipsis` and None, as in NumPy. The first one is for the batch, of which
        it has to take all. Where there are tuples, a config has lists: [start, stop, step] for a slice, "..."
        for `Ellipsis`.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> from fastnn.layers.get_item import GetItem
    >>> GetItem((slice(None), slice(None, None, -1)))(np.array([[1.0, 2.0, 3.0]]))
    array([[3., 2., 1.]], dtype=float32)
    """

    _is_operator = True

    def __init__(self, key: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        try:
            entries = tuple(_entry(entry) for entry in (key if isinstance(key, (tuple, list)) else (key,)))
        except TypeError:
            raise TypeError(
                f"key: expected integers, slices, ... and None, as in x[:, 0, ::2], got {key!r:.80}"
            ) from None
        if entries and entries[0] is Ellipsis:
            entries = (slice(None), *entries)
        if not entries or entries[0] != slice(None):
            raise ValueError(f"key: expected all of the batch first, as in x[:, 0], got {key!r:.80}")
        self.key = entries

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Check that samples have what the key asks for."""
        self.compute_output_shape(input_shape)

    @of_any_length
    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the part."""
        return (input_shape[0], *self._output_sample_shape(input_shape[1:]))

    def _output_sample_shape(self, sample_shape: SampleShape) -> SampleShape:
        try:
            part: NDArray[np.float32] = np.broadcast_to(np.float32(0), (1, *sample_shape))[self.key]
        except IndexError as error:
            raise ValueError(f"key: {error}, for rows of shape {sample_shape}") from None
        return part.shape[1:]

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the slice, unless it is all of the row."""
        from ..kernels.ops import slice as op

        made = self._output_sample_shape(x.shape)
        entries = [entry for entry in self.key[1:] if entry is not None]
        missing = [slice(None)] * (len(x.shape) - len(entries) + entries.count(Ellipsis))
        at = entries.index(Ellipsis) if Ellipsis in entries else len(entries)
        entries[at : at + 1] = missing
        slices = [e if isinstance(e, slice) else slice(e, None if e == -1 else e + 1) for e in entries]
        if any(s.indices(n) != (0, n, 1) for s, n in zip(slices, x.shape, strict=True)):
            x = op.emit(plan, x, slices)
        return plan.reshaped(x, made)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"key": [_plain(entry) for entry in self.key]}
