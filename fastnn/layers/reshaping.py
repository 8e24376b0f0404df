"""Layers whose output is the input in another shape of a row: `Flatten` and `Reshape`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .base.layer import Layer, registry
from .base.shapes import Shape, dimension, of_any_length, varies
from .base.window import format_of

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


class _Reshaping(Layer):
    """Base of layers that give the same memory another shape."""

    def _output_sample_shape(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        raise NotImplementedError

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Give the same memory another shape."""
        return plan.reshaped(x, self._output_sample_shape(x.shape))

    @of_any_length
    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output."""
        return (input_shape[0], *self._output_sample_shape(input_shape[1:]))


@registry.add
class Flatten(_Reshaping):
    """Flatten each sample to one dimension.

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}, optional
        "channels_first" moves the first dimension of a row behind the others before it flattens them, so
        that layers after it see the same as in a model with channels last; `config.image_data_format()` by
        default.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.Flatten()(np.zeros((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = format_of(data_format)

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Bring the channels to the end, and give the same memory another shape."""
        from ..kernels.ops import transpose

        if self.data_format == "channels_first" and x.shape:
            x = transpose.emit(plan, x, (*range(1, len(x.shape)), 0))
        return super()._emit(plan, x)

    def _output_sample_shape(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Multiply the dimensions."""
        return (math.prod(sample_shape),)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"data_format": self.data_format}


@registry.add
class Reshape(_Reshaping):
    """Reshape each sample.

    Parameters
    ----------
    target_shape : tuple of int
        Without the batch; one dimension may be -1: whatever is left.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.Reshape((3, -1))(np.zeros((2, 12))).shape
    (2, 3, 4)
    """

    def __init__(self, target_shape: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(target_shape, (tuple, list)):
            raise ValueError(f"target_shape: expected a tuple such as (3, -1), got {target_shape!r}")
        self.target_shape = tuple(-1 if n == -1 else dimension(n, "target_shape") for n in target_shape)
        if self.target_shape.count(-1) > 1:
            raise ValueError(f"target_shape: at most one dimension may be -1, got {self.target_shape}")

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Check that the elements fit."""
        Reshape.compute_output_shape(self, input_shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output; of a dimension of None it is checked later whether it fits."""
        if -1 not in self.target_shape and varies(input_shape):
            return (input_shape[0], *self.target_shape)
        return super().compute_output_shape(input_shape)

    def _output_sample_shape(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Fill in the dimension that is -1."""
        size, known = math.prod(sample_shape), math.prod(n for n in self.target_shape if n != -1)
        if size % known if -1 in self.target_shape else size != known:
            raise ValueError(
                f"target_shape: rows of shape {sample_shape} cannot take shape {self.target_shape}"
            )
        return tuple(size // known if n == -1 else n for n in self.target_shape)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"target_shape": list(self.target_shape)}
