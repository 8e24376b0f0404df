"""Conversion of what users pass to `fit` and `evaluate` into the arrays that plans read."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..checks import ArgumentError, real_number
from ..conversion import as_numbers
from ..graph.graph import leaves
from ..kernels.core.specs import Labels, PythonSpec
from ..kernels.ops.loss_metric import check_labels
from .alignment import aligned_shape, axes_to_last, weight_shapes
from .validation import as_labels, as_weights, is_several

if TYPE_CHECKING:
    from ..training.compile_spec import OutputSpec

SampleShapes = tuple[tuple[int, ...], ...]
WeightShapes = tuple[tuple[int, ...] | None, ...]  # of the weights of a sample; None for an output without
_LARGEST_CLASS = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Arrays:
    """Samples, labels and weights in the form of the plans.

    Attributes
    ----------
    x : list of ndarray
        One for each input.
    y : list of ndarray or None
        Labels of each output; None for an output without a loss.
    weights : list of ndarray or None
        Factors of the losses of the samples, or of parts of them, for each output.
    """

    x: list[NDArray[Any]]
    y: list[NDArray[Any] | None]
    weights: list[NDArray[Any] | None]

    def __len__(self) -> int:
        return len(self.x[0])

    @property
    def sample_shapes(self) -> SampleShapes:
        """Shape of a sample of each input."""
        return tuple(array.shape[1:] for array in self.x)

    @property
    def weight_shapes(self) -> WeightShapes:
        """Shape of the weights of a sample for each output; None where there are none."""
        return tuple(None if weights is None else weights.shape[1:] for weights in self.weights)

    def part(self, start: int, end: int) -> Arrays:
        """Return a range of the samples."""
        parts = ([None if a is None else a[start:end] for a in arrays] for arrays in self.arrays)
        return Arrays(*parts)  # type: ignore[arg-type]

    def split(self, share: float) -> tuple[Arrays, Arrays]:
        """Return the first samples, and the last ones, which are this share of all.

        Raises
        ------
        ValueError
            If there is none among the first or among the last.
        """
        at = int(len(self) * (1 - share))
        if at == 0 or at == len(self):
            raise ValueError(
                f"validation_split: {share} of {len(self)} rows leaves none to train or none to evaluate on"
            )
        return self.part(0, at), self.part(at, len(self))

    @property
    def arrays(self) -> tuple[list[Any], list[Any], list[Any]]:
        """The arguments of `Plan.bind`."""
        return self.x, self.y, self.weights


class DataAdapter:
    """Converts samples, labels and weights for the plans of a model.

    Parameters
    ----------
    validate_inputs : callable
        From inputs and their name in errors to a list of arrays.
    output_shapes : callable
        From the shapes of samples to those of the outputs for them.
    outputs : sequence of OutputSpec
        What each output is trained for.
    dtype : str
        "float32" or "float64".
    places : list of str, or dict of such structures, optional
        The names of the outputs, in dicts as the outputs are; by default a list.
    """

    def __init__(
        self,
        validate_inputs: Callable[[Any, str], list[NDArray[Any]]],
        output_shapes: Callable[[SampleShapes], list[tuple[int, ...]]],
        outputs: Sequence[OutputSpec],
        dtype: str,
        places: Any = None,
    ) -> None:
        self._validate_inputs, self._output_shapes = validate_inputs, output_shapes
        self._outputs, self._dtype = outputs, dtype
        self._places = [output.name for output in outputs] if places is None else places
        self._takes_labels = any(output.losses for output in outputs)

    def arrays(self, x: Any, y: Any, sample_weight: Any, name: str = "") -> Arrays:
        """Return the arrays of samples with their labels and weights.

        Parameters
        ----------
        x, y, sample_weight
            See `Model.fit`.
        name : str, default ""
            What errors put before the names of the arguments: "validation ".

        Raises
        ------
        ValueError, TypeError
            If an argument does not fit the model.
        """
        x = self._validate_inputs(x, f"{name}x")
        if y is None and self._takes_labels:
            raise ValueError(f"{name}y: expected labels, got None")
        shapes = self._output_shapes(tuple(array.shape[1:] for array in x))
        labels = by_output(y if self._takes_labels else None, self._places, f"{name}y")
        weights = by_output(sample_weight, self._places, f"{name}sample_weight", shared=True)
        arrays = Arrays(x, [], [])
        for output, shape, label, weight in zip(self._outputs, shapes, labels, weights, strict=True):
            here = f"{name}y" if len(self._outputs) == 1 else f"{name}y[{output.name!r}]"
            positions = _positions(output, shape)
            arrays.y.append(
                self._labels(output, shape, positions, label, len(arrays), here) if output.losses else None
            )
            here = here.replace("y", "sample_weight", 1) if not name else f"{name}sample_weight"
            arrays.weights.append(
                None if weight is None else self._weights(weight, (len(arrays), *positions), here)
            )
        return arrays

    def _labels(
        self,
        output: OutputSpec,
        shape: tuple[int, ...],
        positions: tuple[int, ...],
        y: Any,
        samples: int,
        name: str,
    ) -> NDArray[Any]:
        losses: Sequence[Any] = output.losses
        if y is None:
            raise ValueError(f"{name}: expected labels, got None")
        kinds = {loss._spec.labels.sparse for loss in losses if not isinstance(loss._spec, PythonSpec)}
        sparse, single = any(kinds), False
        if not kinds:  # losses in Python take integers, or one real number, for each vector of the outputs
            y = as_numbers(y, name)
            lacking = bool(shape) and shape[-1] != 1 and y.shape[1:] == positions
            single = lacking and y.dtype.kind == "f"
            single = single or (bool(shape) and shape[-1] != 1 and y.shape[1:] == (*positions, 1))
            sparse = lacking and not single
        for loss in losses:
            if isinstance(loss._spec, PythonSpec):
                loss._sparse, loss._single = sparse, single
        classes = math.prod(shape) // max(1, math.prod(positions))
        vectors = (*positions, classes) if sparse else (*positions, 1) if single else shape
        labels = as_labels(y, sparse, vectors, self._dtype, name)
        if len(labels) != samples:
            x = name.replace("y", "x", 1)
            raise ValueError(f"{x}, {name}: expected equal lengths, got {samples} and {len(labels)}")
        for loss in losses:
            check_labels(loss._spec, labels, classes, name)
        return labels

    def _weights(self, sample_weight: Any, shape: tuple[int, ...], name: str) -> NDArray[Any]:
        """Return weights (samples,), or of the shape of the values of a loss."""
        weights = as_weights(sample_weight, self._dtype, name)
        aligned = aligned_shape(weights.shape, shape)
        if aligned is None or aligned[:1] != weights.shape[:1] or len(weights) != shape[0]:
            raise ValueError(f"{name}: expected shape {weight_shapes(shape)}, got {np.shape(sample_weight)}")
        weights = weights.reshape(aligned)
        per_sample = weights.size == len(weights)
        return weights.reshape(-1) if per_sample else np.ascontiguousarray(np.broadcast_to(weights, shape))

    def with_class_weights(self, arrays: Arrays, class_weight: Mapping[int, float] | None) -> Arrays:
        """Multiply the weights of samples by those of their classes.

        Raises
        ------
        ValueError
            If there are several outputs, or the labels are no classes.
        """
        if class_weight is None:
            return arrays
        if len(self._outputs) > 1:
            raise ValueError(
                f"class_weight: expected a model with one output, this one has {len(self._outputs)}"
            )
        labels = arrays.y[0]
        if labels is None:
            raise ValueError("class_weight: expected a model with a loss that takes labels")
        kind = self._outputs[0].labels
        weights = class_weighted(arrays.weights[0], class_weight, labels, kind, self._dtype)
        return replace(arrays, weights=[weights])


def _positions(output: OutputSpec, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of the values of the losses of a sample of an output."""
    axes = axes_to_last(output.axis, (0, *shape))
    return shape[:-1] if axes is None else tuple(shape[axis - 1] for axis in axes[1:-1])


def class_weighted(
    sample_weight: NDArray[np.floating] | None,
    class_weight: Mapping[Any, float],
    y: NDArray[Any],
    labels: Labels,
    dtype: str,
) -> NDArray[np.floating]:
    """Return the weights of samples, times those of their classes; see `class_factors`.

    Raises
    ------
    ValueError
        If one of them is too large for the dtype.
    """
    weights = class_factors(class_weight, y, labels)
    if sample_weight is not None:
        with np.errstate(over="ignore", invalid="ignore"):  # what becomes of that is refused
            weights = sample_weight * weights
    return as_weights(weights, dtype, "class_weight, sample_weight")


def class_factors(weights: Mapping[Any, float], y: NDArray[Any], labels: Labels) -> NDArray[np.float64]:
    """Return a factor for each sample, that of its class; classes without one have 1.

    Parameters
    ----------
    weights : dict of int to float
    y : ndarray
        Class numbers (samples,), or one-hot or binary labels (samples, classes).
    labels : Labels
        What the loss takes.
    """
    if not isinstance(weights, Mapping):
        raise ArgumentError(f"class_weight: expected a dict from class number to weight, got {weights!r}")
    for number, weight in weights.items():
        if not isinstance(number, Real) or number < 0 or not number <= _LARGEST_CLASS or number % 1 != 0:
            raise ValueError(f"class_weight: expected class numbers as keys, got {number!r}")
        real_number(weight, "class_weight")
    classes = classes_of(y, labels)
    if not weights:
        return np.ones(len(classes))
    known = sorted(weights)
    numbers, factor_of = np.array(known, float), np.array([weights[number] for number in known], float)
    place = np.minimum(numbers.searchsorted(classes), numbers.size - 1)
    return np.where(numbers[place] == classes, factor_of[place], 1.0)


def classes_of(y: NDArray[Any], labels: Labels) -> NDArray[Any]:
    """Return the class of each sample.

    Parameters
    ----------
    y : ndarray
        Class numbers (samples,), or one-hot or binary labels (samples, classes).
    labels : Labels
        What the loss takes.

    Raises
    ------
    ValueError
        If the labels are no classes.
    """
    if y.ndim != (1 if labels.sparse else 2):
        raise ValueError(f"class_weight: expected one label per row, got labels of shape {y.shape}")
    if labels.sparse:
        return y
    if y.shape[1] > 1:
        least = -1 if labels is Labels.SIGN else 0
        _require_classes(y, (y >= least) & (y <= 1), "one-hot rows, or numbers from 0 to 1")
        classes: NDArray[Any] = y.argmax(axis=1)
        return classes
    classes = np.rint(y[:, 0])
    _require_classes(y, np.isfinite(y) & (y == classes[:, None]), "class numbers")
    return classes


def _require_classes(y: NDArray[Any], right: NDArray[np.bool_], expected: str) -> None:
    """Raise an error that names the first label which is no class."""
    if not right.all():
        row, column = np.unravel_index(np.argmin(right), y.shape)
        raise ValueError(
            f"class_weight: expected {expected} as labels, got {y[row, column]} in row {row}; sample_weight "
            "takes a weight for each row"
        )


def by_name(given: Any, places: Any, name: str) -> Any:
    """Return a dict that is nested as the outputs are as one by their names; anything else as it is.

    Parameters
    ----------
    given : object
        Where it has one entry in the place of several outputs, that is for each of them.
    places : list of str, or dict of such structures
        The names of the outputs.
    name : str
        What errors call the argument.

    Examples
    --------
    >>> by_name({"u": (1, 2), "v": 3}, {"u": ("first", "second"), "v": "v"}, "y")
    {'first': 1, 'second': 2, 'v': 3}
    """
    if not (isinstance(given, Mapping) and isinstance(places, dict) and given.keys() & places.keys()):
        return given
    return dict(_entries(given, places, name))


def _entries(given: Any, places: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the name and the entry of each output."""
    if isinstance(places, str):
        yield places, given
        return
    parts = list(places.values()) if isinstance(places, dict) else list(places)
    if isinstance(given, Mapping) and isinstance(places, dict):
        if not given.keys() <= places.keys():
            raise ValueError(f"{name}: expected the outputs {list(places)} as keys, got {list(given)}")
        values = [given.get(key) for key in places]
    elif isinstance(given, (list, tuple)):
        if len(given) != len(parts):
            raise ValueError(
                f"{name}: expected {len(parts)} entries for the outputs {parts}, got {len(given)}"
            )
        values = list(given)
    else:
        values = [given] * len(parts)
    for part, value in zip(parts, values, strict=True):
        yield from _entries(value, part, name)


def by_output(given: Any, places: Any, name: str, shared: bool = False) -> list[Any]:
    """Return the labels or weights of each output.

    Parameters
    ----------
    given : object
        For the only output, or a list or dict with an entry for each output.
    places : list of str, or dict of such structures
        The names of the outputs.
    name : str
        What errors call the argument.
    shared : bool, default False
        Whether one array may be for all outputs.

    Raises
    ------
    ValueError
        If the entries are not those of the outputs.
    """
    given, names = by_name(given, places, name), list(leaves(places))
    if given is None or (shared and not isinstance(given, (dict, list, tuple))):
        return [given] * len(names)
    if isinstance(given, dict):
        unknown = set(given) - set(names)
        if unknown:
            raise ValueError(f"{name}: expected the outputs {names}, got {list(given)}")
        return [_only(given.get(key)) for key in names]
    if len(names) == 1:
        return [given[0]] if is_several(given) and len(given) == 1 else [given]
    if isinstance(given, (list, tuple)) and len(given) != len(names):
        given = list(_arrays_in(given))  # nested as the outputs may be
    if not isinstance(given, (list, tuple)) or len(given) != len(names):
        raise ValueError(
            f"{name}: expected a list of {len(names)} arrays, or a dict, for the outputs {names}"
        )
    return list(given)


def _arrays_in(given: Any) -> Iterator[Any]:
    """Yield the arrays in nested lists and dicts; lists of numbers are arrays too."""
    if isinstance(given, dict) or (isinstance(given, (list, tuple)) and _holds_arrays(given)):
        for part in given.values() if isinstance(given, dict) else given:
            yield from _arrays_in(part)
    else:
        yield given


def _holds_arrays(given: Any) -> bool:
    """Return whether there is an array in lists or dicts."""
    if isinstance(given, (list, tuple, dict)):
        return any(map(_holds_arrays, given.values() if isinstance(given, dict) else given))
    return bool(getattr(given, "shape", ()))


def _only(given: Any) -> Any:
    """Return the only array in lists and dicts of one, or what there is."""
    if isinstance(given, dict) or _holds_arrays(given):
        parts = list(_arrays_in(given))
        return parts[0] if len(parts) == 1 else given
    return given
