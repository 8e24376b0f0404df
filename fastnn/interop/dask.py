"""Predictions for dask arrays and data frames, partition by partition (extra ``dask``)."""

from __future__ import annotations

import copy
import threading
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..checks import ArgumentError
from ..extras import extra
from ..graph.graph import leaves, mapped
from ..kernels.core import runtime
from ..threads import set_num_threads

if TYPE_CHECKING:
    from ..models import Model

__all__ = ["predict"]


def predict(model: Model, x: Any) -> Any:
    """Return predictions that dask computes, a task for each partition.

    The model goes to each worker once, with the weights that it has now. A task runs on one thread: dask runs
    as many at a time as there are processors. The numbers are those of `model.predict`.

    Parameters
    ----------
    model : Model
    x : dask.array.Array, list or dict of them, or dask.dataframe.DataFrame
        (samples, ...) for each input, in any chunks of samples. A data frame has a column for each feature.

    Returns
    -------
    dask.array.Array, in a list or dict as the model's outputs are, or dask.dataframe.DataFrame
        Arrays have the chunks of `x`. A data frame has its index and divisions, and a column for each number
        of each output, which is named for the output: "mood", or "mood_0", "mood_1" of several.

    Raises
    ------
    TypeError, ValueError
        If `x` is nothing of that, or does not fit the model.
    ImportError
        If dask is not installed: the extra ``dask``.

    Examples
    --------
    >>> import dask.array as da
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(2)])
    >>> y = predict(model, da.random.random((1000, 4), chunks=(300, 2)))
    >>> y.chunks, y.dtype
    (((300, 300, 300, 100), (2,)), dtype('float32'))
    >>> y.compute().shape
    (1000, 2)
    """
    with extra("dask", "this needs dask", "dask"):
        import dask
        import dask.array as da
    if hasattr(type(x), "map_partitions") and x.ndim == 2:
        made = _predict_rows(x._meta, model)  # which builds the model
        return x.map_partitions(_predict_rows, _sent(model, dask), meta=made)
    arrays = list(leaves(x))
    wrong = [array for array in arrays if not isinstance(array, da.Array)]
    if wrong or not arrays:
        got = type(wrong[0]).__name__ if wrong else repr(x)
        raise ArgumentError(f"x: expected dask arrays or a data frame, got {got}; model.predict takes arrays")
    if not all(array.ndim for array in arrays):
        raise ValueError("x: expected arrays of samples, got one without dimensions")
    none = mapped(lambda array: np.empty((0, *array.shape[1:]), array.dtype), x, da.Array)
    made = model.predict(none, verbose=0)  # which builds the model
    return _predict_arrays(x, arrays, made, _sent(model, dask), da)


def _sent(model: Model, dask: Any) -> Any:
    """Return a task whose result, a copy of the model, dask moves from worker to worker."""
    return dask.delayed(_received)(copy.deepcopy(model))


def _received(model: Model) -> Model:
    """Return the model that a worker has got."""
    return model


def _predict_arrays(x: Any, arrays: list[Any], made: Any, sent: Any, da: Any) -> Any:
    """Return the outputs for arrays; `made` is what the model makes of no samples."""
    given: list[Any] = []
    for array in arrays:  # each in chunks of samples alone: axis 0 is that of all, the others are its own
        given += [array, (0, *range(1000 * len(given) + 1000, 1000 * len(given) + 999 + array.ndim))]

    def blocks(function: Any, given: list[Any], like: NDArray[Any], **options: Any) -> Any:
        axes = dict(enumerate(like.shape[1:], 1))
        return da.blockwise(
            function,
            (0, *axes),
            *given,
            new_axes=axes,
            meta=like,
            dtype=like.dtype,
            concatenate=True,
            **options,
        )

    options = {"model": sent, "places": _numbered(x, da.Array)}
    if isinstance(made, np.ndarray):
        return blocks(_predict_block, given, made, **options)
    found = blocks(_predict_block, given, np.empty(0, object), **options)  # all outputs of each partition
    outputs, places = list(leaves(made)), _numbered(made, np.ndarray)
    return mapped(lambda i: blocks(_output_of, [found, (0,)], outputs[i], number=i), places, int)


def _numbered(structure: Any, kind: type) -> Any:
    """Return a structure with the numbers of its arrays in their place."""
    numbers = count()
    return mapped(lambda _: next(numbers), structure, kind)


def _predict_block(*arrays: NDArray[Any], model: Model, places: Any) -> Any:
    """Return what a model makes of one partition of each input."""
    with _one_thread:
        return model.predict(mapped(lambda place: arrays[place], places, int), verbose=0)


def _output_of(made: Any, number: int) -> NDArray[Any]:
    """Return one of the outputs."""
    output: NDArray[Any] = list(leaves(made))[number]
    return output


def _predict_rows(rows: Any, model: Model) -> Any:
    """Return what a model makes of a data frame as another with its index."""
    with _one_thread:
        outputs = list(leaves(model.predict(rows, verbose=0)))
    columns: dict[str, NDArray[Any]] = {}
    for name, output in zip(model.output_names, outputs, strict=True):
        if output.ndim != 2:
            raise ValueError(
                f"x: expected an array, such as x.to_dask_array(), for the output {name!r} with samples of "
                f"shape {output.shape[1:]}"
            )
        width = output.shape[1]
        columns |= {name if width == 1 else f"{name}_{i}": output[:, i] for i in range(width)}
    return type(rows)(columns, index=rows.index)


class _OneThread:
    """Context in which computations use one thread, however many threads of the program are in it."""

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._before = runtime.chosen_threads()
                set_num_threads(1)
            self._inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                runtime.set_num_threads(*self._before)


_one_thread = _OneThread()
