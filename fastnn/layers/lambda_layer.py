"""`Lambda`: a function as a layer."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Self

from ..checks import ArgumentError
from .base.layer import Layer, registry


@registry.add
class Lambda(Layer):
    """Apply a function of tensors, without weights.

    Parameters
    ----------
    function : callable
        From a `fastnn.Tensor`, or a list of them, to a tensor with as many rows; of NumPy's operators and
        functions. Those of its arguments that are named `training` and `mask` get what the layer gets.
    output_shape : tuple of int, or callable, optional
        Shape of a row of the output, or a function from the shape of the input, both with the batch; by
        default what the function makes of zeros.
    mask : array_like of bool, or callable, optional
        The mask of the output, or a function of (inputs, mask) that returns it. Without it a mask of the
        input is not passed on, and a warning says so.
    arguments : dict, optional
        More arguments of the function, by name.
    **kwargs
        See `Layer`.

    Notes
    -----
    A file holds the name of a function, and never its code: a model with a named function can be saved, and
    read by a program that registers the function or passes it as `custom_objects`. One with a lambda cannot.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> double = fastnn.layers.Lambda(lambda x: 2 * x)
    >>> double(np.array([[1.0, 2.0]]))
    array([[2., 4.]], dtype=float32)
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise ArgumentError(f"function: expected a function of tensors, got {function!r}")
        self.function = function
        self._output_shape = output_shape
        self.mask = mask
        self.supports_masking = mask is not None
        self.arguments = dict(arguments or {})
        names = inspect.signature(function).parameters
        self._takes = [name for name in ("training", "mask") if name in names and name not in self.arguments]

    def call(self, x: Any, training: bool = False, mask: Any = None) -> Any:
        """Return the function of x."""
        given = {"training": training, "mask": mask}
        return self.function(x, **self.arguments, **{name: given[name] for name in self._takes})

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return the mask that the argument `mask` says."""
        return self.mask(inputs, previous_mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape, batch dimension first."""
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        batch = input_shape[0][0] if isinstance(input_shape, list) else input_shape[0]
        return (batch, *self._output_shape)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration from which `from_config` makes an equal layer.

        Raises
        ------
        TypeError
            If a function has no name, such as a lambda, or the arguments cannot be described.
        """
        from ..saving.values import described_config

        given = {"function": self.function, "output_shape": self._output_shape, "arguments": self.arguments}
        return super().get_config() | described_config(given, f"layer {self.name!r}")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Return a new layer with the configuration that `get_config` returned."""
        from ..saving.values import restored_config

        return super().from_config(restored_config(config))
