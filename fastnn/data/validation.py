"""Validation of inputs: array-likes become contiguous arrays of a model's dtype, or raise a clear error.

An array in that form is passed on without a copy; the caller's array is never written to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import config
from ..checks import ArgumentError
from ..conversion import as_numbers

_MAX_DEPTH = 64  # of NumPy's arrays: lists that are nested deeper, or hold themselves, are none


def as_real(x: Any, dtype: str, name: str) -> NDArray[np.floating]:
    """Return `x` as a contiguous array of `dtype`.

    Parameters
    ----------
    x : array_like
        Real numbers, integers or booleans, in any memory layout or byte order.
    dtype : str
        "float32" or "float64".
    name : str
        What the error calls it.

    Raises
    ------
    TypeError
        If `x` does not hold real numbers.

    Examples
    --------
    >>> as_real([[1, 2], [3, 4]], "float32", "x").dtype
    dtype('float32')
    """
    array = np.ascontiguousarray(as_numbers(x, name), dtype)
    return array if array.flags.aligned else array.copy()


def as_weights(sample_weight: Any, dtype: str, name: str = "sample_weight") -> NDArray[np.floating]:
    """Return weights as a contiguous array of `dtype`.

    Raises
    ------
    ValueError, TypeError
        If they are not finite numbers of the dtype: one of NaN would make the loss and all weights of the
        model NaN.
    """
    with np.errstate(over="ignore"):  # which becomes infinite
        weights = as_real(sample_weight, dtype, name)
    finite = np.isfinite(weights)
    if np.count_nonzero(finite) < weights.size:  # a microsecond less than `all`
        row = int(np.argmin(finite.reshape(len(weights), -1).all(1)))
        value = np.reshape(as_numbers(sample_weight, name), weights.shape)[row].tolist()
        raise ValueError(f"{name}: expected finite numbers of {dtype}, got {value!r:.80} in row {row}")
    return weights


def computed_dtype(array: NDArray[Any]) -> str:
    """Return the name of the dtype that an array is computed in by itself: its own, or `config.floatx()`.

    Examples
    --------
    >>> computed_dtype(np.zeros(2)), computed_dtype(np.zeros(2, "int16"))
    ('float64', 'float32')
    """
    dtype = array.dtype  # whose `name` takes NumPy two microseconds
    if dtype.kind == "f" and dtype.itemsize in (4, 8):
        return "float32" if dtype.itemsize == 4 else "float64"
    return config.floatx()


def is_several(x: Any) -> bool:
    """Whether x is a list of arrays, rather than one that is written as a list of numbers."""
    return isinstance(x, (list, tuple)) and bool(x) and all(getattr(part, "shape", ()) for part in x)


def is_structure(x: Any, _depth: int = 0) -> bool:
    """Return whether x is a list, tuple or dict of arrays, rather than an array written as a list."""
    if isinstance(x, dict):
        return True
    if not isinstance(x, (list, tuple)) or not x or _depth > _MAX_DEPTH:
        return False
    return all(
        is_structure(part, _depth + 1) if isinstance(part, (list, tuple, dict)) else has_shape(part)
        for part in x
    )


def has_shape(part: Any) -> bool:
    """Return whether something is an array or like one, with dimensions."""
    return bool(getattr(part, "shape", ()))


def as_samples(
    x: Any,
    shape: tuple[int | None, ...],
    dtype: str,
    name: str = "x",
    accepted: tuple[int | None, ...] | None = None,
) -> NDArray[np.floating]:
    """Return `x` as samples of `shape`.

    Parameters
    ----------
    x : array_like
        (samples, *shape). A last dimension of 1 may be missing, or one too many, as Keras allows.
    shape : tuple of int
        Shape of a sample; None for a dimension that may vary.
    dtype : str
        "float32" or "float64".
    name : str, default "x"
        What the error calls it.
    accepted : tuple of int, optional
        The dimensions that are checked, if not those of `shape`.

    Raises
    ------
    ValueError
        If rank or widths differ.
    """
    array = as_real(x, dtype, name)
    if array.shape[1:] == shape and array.ndim:
        return array
    if array.ndim == len(shape) and shape and shape[-1] == 1:
        array = array[..., None]
    elif array.ndim == len(shape) + 2 and array.shape[-1] == 1:
        array = array[..., 0]
    required = shape if accepted is None else accepted
    if array.ndim != len(shape) + 1 or any(
        n not in (None, m) for n, m in zip(required, array.shape[1:], strict=True)
    ):
        expected = ", ".join(["rows", *map(str, shape)])
        raise ValueError(f"{name}: expected shape ({expected}), got {np.shape(x)}")
    return array


def as_classes(y: Any, shape: tuple[int, ...], name: str = "y") -> NDArray[np.int32]:
    """Return class numbers as int32.

    Parameters
    ----------
    y : array_like
        (rows, *shape) or (rows, *shape, 1) integers, or reals without a fraction.
    shape : tuple of int
        Shape of a sample.
    name : str, default "y"
        What the error calls it.

    Raises
    ------
    ValueError
        If the shape differs or a value is no class number.
    """
    array = as_numbers(y, name, "class numbers")
    if array.ndim == len(shape) + 2 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != len(shape) + 1 or array.shape[1:] != shape:
        expected = ", ".join(["rows", *map(str, shape)])
        raise ValueError(f"{name}: expected class numbers of shape ({expected}), got {np.shape(y)}")
    if array.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            classes = array.astype(np.int32, "C")
    else:
        classes = array.astype(np.int32, "C")
    if array.dtype.kind == "f" or array.dtype.itemsize > 4 or array.dtype == np.uint32:
        wrong = classes != array
        if np.count_nonzero(wrong):
            value = array[np.unravel_index(np.argmax(wrong), array.shape)]
            raise ValueError(f"{name}: expected class numbers, got {value.item()!r}")
    return classes


def as_labels(
    y: Any, sparse: bool, sample_shape: tuple[int, ...], dtype: str, name: str = "y"
) -> NDArray[Any]:
    """Return labels for predictions of samples of a shape.

    Parameters
    ----------
    y : array_like
        Like the predictions; or, if `sparse`, class numbers, without their last axis.
    sparse : bool
    sample_shape : tuple of int
        Of the predictions.
    dtype : str
        "float32" or "float64", of labels that are no class numbers.
    name : str, default "y"
        What the error calls it.

    Raises
    ------
    ValueError, TypeError
        If shape or values do not fit.
    """
    y = as_numbers(y, name, "class numbers" if sparse else "numbers")
    try:
        return as_classes(y, sample_shape[:-1], name) if sparse else as_samples(y, sample_shape, dtype, name)
    except ValueError as error:
        hint = _other_kind(y.shape, sparse, sample_shape)
        if not hint:
            raise
        raise ValueError(f"{error}; {hint}") from None


def _other_kind(shape: tuple[int, ...], sparse: bool, sample_shape: tuple[int, ...]) -> str:
    """Return what to do with labels that have the shape of the other kind, class numbers or one-hot rows."""
    if sparse and sample_shape and shape[1:] == sample_shape:
        return (
            "one-hot labels go with a loss that is not sparse, such as 'categorical_crossentropy', or become "
            "class numbers by y.argmax(-1)"
        )
    if not sparse and sample_shape and shape[1:] in (sample_shape[:-1], (*sample_shape[:-1], 1)):
        return (
            "class numbers go with a sparse loss, such as 'sparse_categorical_crossentropy', or become "
            "one-hot rows by fastnn.utils.to_categorical"
        )
    return ""


class InputSpec(NamedTuple):
    """What an input of a model has to be like.

    Attributes
    ----------
    name : str
    sample_shape : tuple of int
        None for a dimension that may vary.
    accepted : tuple of int
        The dimensions that are checked here; None where only the layers check.
    """

    name: str
    sample_shape: tuple[int | None, ...]
    accepted: tuple[int | None, ...]


def validate_inputs(
    parts: Sequence[Any], specs: Sequence[InputSpec], dtype: str, name: str = "x"
) -> list[NDArray[np.floating]]:
    """Return the inputs of a model as arrays with the same number of samples.

    Parameters
    ----------
    parts : sequence of array_like
        One for each input.
    specs : sequence of InputSpec
    dtype : str
        "float32" or "float64".
    name : str, default "x"
        What errors call the inputs.

    Raises
    ------
    ValueError, TypeError
        If an input is not as its spec says, or the numbers of samples differ.

    Examples
    --------
    >>> [x] = validate_inputs([[[1, 2], [3, 4]]], [InputSpec("pairs", (2,), (2,))], "float32")
    >>> x.shape, x.dtype
    ((2, 2), dtype('float32'))
    """
    arrays = [
        as_samples(
            part,
            spec.sample_shape,
            dtype,
            name if len(specs) == 1 else f"{name}[{spec.name!r}]",
            spec.accepted,
        )
        for part, spec in zip(parts, specs, strict=True)
    ]
    if len({len(array) for array in arrays}) > 1:
        raise ValueError(f"{name}: expected as many rows in each input, got {[len(a) for a in arrays]}")
    return arrays


def ordered_inputs(x: Any, names: list[str]) -> list[Any]:
    """Return inputs in the order of their names, given as one, a list or a dict; other keys are ignored."""
    if isinstance(x, dict):
        if not set(names) <= set(x):
            raise ValueError(f"x: expected the inputs {names}, got {list(x)}")
        return [x[name] for name in names]
    parts = list(x) if isinstance(x, list) else [x]
    if len(parts) != len(names):
        raise ValueError(f"x: expected {len(names)} inputs, {names}, got {len(parts)}")
    return parts


def split_inputs(x: Any, names: list[str], ndims: list[int]) -> list[Any]:
    """Return array-likes in the order of the inputs; a list of numbers is one input.

    Parameters
    ----------
    x : array_like, or list, tuple or dict of them
    names : list of str
        Of the inputs.
    ndims : list of int
        Dimensions of a sample of each input.
    """
    if isinstance(x, dict):
        return ordered_inputs(x, names)
    if len(names) == 1:
        single = is_several(x) and len(x) == 1 and x[0].ndim > ndims[0]
        return [x[0]] if single else [x]
    if not isinstance(x, (list, tuple)):
        raise ArgumentError(f"x: expected a list of {len(names)} arrays, or a dict, got {x!r:.80}")
    return ordered_inputs(list(x), names)
