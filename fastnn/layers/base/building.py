"""Building of layers: once for the first input shape, checked for all others."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ...conversion import as_numbers
from ...kernels.core.weight_access import replace_values
from ...making import making
from ...naming import inside
from . import custom_layer

if TYPE_CHECKING:
    from ...variables import Variable
    from .layer import Layer

Build = TypeVar("Build", bound=Callable[..., Any])


def marks_built(build: Build) -> Build:
    """Make a `build` mark its layer as built, whoever calls it; where that is done, it does nothing."""

    @wraps(build)
    def wrapper(self: Layer, *args: Any, **kwargs: Any) -> Any:
        if self.built and not self._builds_running:
            return self._check_built_for(*args, **kwargs)
        with making():
            if self.built and not self._builds_running:  # by another thread in the meantime
                return self._check_built_for(*args, **kwargs)
            self._builds_running += 1
            try:
                made = build(self, *args, **kwargs)
            finally:
                self._builds_running -= 1
            self._after_build(*args, **kwargs)
            return made

    return wrapper  # type: ignore[return-value]


def build_once(layer: Layer, input_shape: Any, options: dict[str, Any]) -> None:
    """Build a layer for an input of this shape; if it is built, check that the shape fits.

    Parameters
    ----------
    layer : Layer
    input_shape : tuple, or structure of tuples
    options : dict
        The other arguments of the call that it is built for.

    Raises
    ------
    ValueError
        If the shape does not fit, or weights depend on a dimension that is None.
    """
    if layer._built_for != input_shape:
        with making():
            if layer._built_for != input_shape:  # not built by another thread in the meantime
                _build(layer, input_shape, options)


def _build(layer: Layer, input_shape: Any, options: dict[str, Any]) -> None:
    """Build a layer, or check the shape, and leave nothing of it behind if that fails."""
    before, built, freezes = len(layer._variables), layer.built, layer._freezes_parts
    layer._freeze_parts()
    try:
        layer._check_input_shape(input_shape)
        if built:
            layer._check_weights(input_shape)
        else:
            with inside(layer.name):
                custom_layer.with_shapes(layer.build, layer, input_shape, options)
        if custom_layer.is_written(layer):
            with inside(layer.name):
                custom_layer.try_call(layer, input_shape, options)
        if freezes:  # also what `build` and `call` have made
            layer.trainable = False
    except BaseException:
        del layer._own_variables[before:]
        layer.built = built
        raise
    layer._built_for = input_shape


def set_values(layer: Layer, variables: list[Variable], weights: list[ArrayLike]) -> None:
    """Assign arrays to variables of a layer, all or none."""
    owner = layer.name
    if not isinstance(weights, (list, tuple, np.ndarray)):
        raise TypeError(
            f"weights: expected a list of {len(variables)} arrays for {owner!r}, got {weights!r:.80}"
        )
    if len(weights) != len(variables):
        if not variables:
            layer._refuse_unbuilt()
        raise ValueError(f"weights: expected {len(variables)} arrays for {owner!r}, got {len(weights)}")
    arrays = [as_numbers(array, f"weights[{i}]") for i, array in enumerate(weights)]
    for i, (variable, array) in enumerate(zip(variables, arrays, strict=True)):
        if array.shape != variable.shape:
            raise ValueError(
                f"weights[{i}]: expected shape {variable.shape} for {variable.name!r}, got {array.shape}"
            )
    replace_values(variables, arrays)
