"""`Rescaling`: inputs times a number plus a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import config
from ..checks import real_number
from .base.layer import Layer, registry
from .base.shapes import Shape, with_length

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value

Numbers = float | list[float]


def numbers(value: Any, name: str) -> Numbers:
    """Return a number, or a list of them as one for each channel."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value):
        return [real_number(number, f"{name}[{i}]") for i, number in enumerate(value)]
    return real_number(value, name)


@registry.add
class Rescaling(Layer):
    """Compute x * scale + offset, in training and outside it.

    Parameters
    ----------
    scale : float or sequence of float
        For all elements, or one for each channel. Channels are the last dimension of a row, or the first
        one where `config.image_data_format()` is "channels_first".
    offset : float or sequence of float, default 0.0
        The same.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.Rescaling(1 / 127.5, offset=-1)([[0, 127.5, 255]])
    array([[-1.,  0.,  1.]], dtype=float32)
    """

    supports_masking = True

    def __init__(
        self, scale: float | Sequence[float], offset: float | Sequence[float] = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.scale = numbers(scale, "scale")
        self.offset = numbers(offset, "offset")

    def _constants(self, sample_shape: Any) -> list[NDArray[np.float64]]:
        """Return scale and offset as arrays that broadcast against samples."""
        arrays: list[NDArray[np.float64]] = []
        for name, value in (("scale", self.scale), ("offset", self.offset)):
            array: NDArray[np.float64] = np.array(value)
            if array.ndim and config.image_data_format() == "channels_first":
                array = array.reshape(-1, *(1,) * (len(sample_shape) - 1))
            try:
                np.broadcast_to(array, sample_shape)
            except ValueError:
                raise ValueError(
                    f"{name}: expected a number or one for each channel of rows of shape {sample_shape}, "
                    f"got {value!r}"
                ) from None
            arrays.append(array)
        return arrays

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Check that there are as many numbers as channels."""
        self._constants(with_length(input_shape, 1)[1:])

    @property
    def _stepwise(self) -> bool:
        """Whether all time steps share scale and offset."""
        channels_first = config.image_data_format() == "channels_first"
        return not (channels_first and (isinstance(self.scale, list) or isinstance(self.offset, list)))

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the map."""
        from ..kernels.ops import affine

        return affine.emit(plan, x, *self._constants(x.shape))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"scale": self.scale, "offset": self.offset}
