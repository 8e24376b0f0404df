"""What the operators of symbolic tensors are: layers of their own, each with a config.

They follow NumPy on arrays whose first dimension is the batch, and hand on no mask, as operations in Keras do
not.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .base.layer import Layer, registry
from .base.shapes import Shape, of_any_length, without_batch

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value

SampleShape = tuple[int, ...]

OPERATIONS = ("add", "subtract", "multiply", "divide", "power", "maximum", "minimum")


def constant_array(value: ArrayLike | None, name: str) -> NDArray[np.float64] | None:
    """Return a constant as an array of numbers; None for none."""
    if value is None:
        return None
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name}: expected a number or an array of numbers, got {value!r:.80}")
    return array.astype(np.float64)


class Operation(Layer):
    """Base of operations on one tensor and a constant, or on two tensors.

    Parameters
    ----------
    constant : array_like, optional
        A number or an array of numbers; without it the operation is called on a list of two tensors.
    reverse : bool, default False
        Whether the constant is on the left.
    **kwargs
        See `Layer`.
    """

    def __init__(self, constant: ArrayLike | None = None, reverse: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.constant = constant_array(constant, "constant")
        self.reverse = bool(reverse)

    def _check_input_shape(self, input_shape: Any) -> None:
        """Check the shapes."""
        if isinstance(input_shape, list) is not (self.constant is None):
            wanted = "a list of two inputs" if self.constant is None else "one input"
            raise ValueError(
                f"inputs: {type(self).__name__} expects {wanted} here, got {without_batch(input_shape)}"
            )
        self.compute_output_shape(input_shape)

    def _output_sample_shape(self, sample_shape: Any) -> SampleShape:
        """Return the sample shape of the output, or raise a `ValueError`."""
        raise NotImplementedError

    @of_any_length
    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output."""
        batch = input_shape[0] if self.constant is not None else input_shape[0][0]
        return (batch, *self._output_sample_shape(without_batch(input_shape)))

    def _emit_mask(self, plan: Plan, x: Any) -> Value | None:
        """Return none."""
        return None

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        constant = None if self.constant is None else self.constant.tolist()
        return super().get_config() | {"constant": constant, "reverse": self.reverse}


@registry.add
class Arithmetic(Operation):
    """An operation element by element: ``x + y``, ``x - 1``, ``2 / x`` or ``x**3`` of symbolic tensors.

    Parameters
    ----------
    operation : {"add", "subtract", "multiply", "divide", "power", "maximum", "minimum"}
    constant : array_like, optional
        A number or an array that broadcasts against rows; without it the layer is called on a list of two
        tensors of as many dimensions, those of size 1 being repeated.
    reverse : bool, default False
        Whether the constant is on the left.
    **kwargs
        See `Layer`.

    Notes
    -----
    Of two equal elements, a maximum or minimum gives each half of the gradient, as JAX does.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> from fastnn.layers.operations import Arithmetic
    >>> Arithmetic("divide", 2.0, reverse=True)(np.array([[1.0, 4.0]]))
    array([[2. , 0.5]], dtype=float32)
    """

    def __init__(
        self, operation: str, constant: ArrayLike | None = None, reverse: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(constant, reverse, **kwargs)
        if operation not in OPERATIONS:
            raise ValueError(f"operation: expected one of {', '.join(OPERATIONS)}, got {operation!r}")
        self.operation = operation

    def _output_sample_shape(self, sample_shape: Any) -> SampleShape:
        """Return the shape that both sides broadcast to."""
        shapes = sample_shape
        if self.constant is not None:
            shapes = [sample_shape, self._of_samples(sample_shape).shape]
        elif len(shapes) != 2 or len(shapes[0]) != len(shapes[1]):
            raise ValueError(
                f"inputs: {self.operation} expects two tensors of as many dimensions, got rows of shapes "
                f"{', '.join(map(str, shapes))}; layers such as Add take others"
            )
        try:
            return np.broadcast_shapes(*shapes)
        except ValueError:
            raise ValueError(
                f"inputs: {self.operation} expects shapes that broadcast against each other, "
                f"got rows of shapes {shapes[0]} and {shapes[1]}"
            ) from None

    def _emit(self, plan: Plan, x: Any) -> Value:
        """Append the operation."""
        from ..kernels.ops import elementwise_binary

        if self.constant is None:
            return elementwise_binary.emit(plan, x[0], x[1], self.operation)
        constant = self._of_samples(x.shape)
        return elementwise_binary.emit_constant(plan, x, constant, self.operation, self.reverse)

    def _of_samples(self, sample_shape: SampleShape) -> NDArray[np.float64]:
        """Return the constant without a dimension for the batch."""
        assert self.constant is not None
        array = self.constant
        if array.ndim == len(sample_shape) + 1 and len(array) == 1:
            array = array.reshape(array.shape[1:])
        if array.ndim > len(sample_shape):
            raise ValueError(
                f"constant: expected an array that broadcasts against rows of shape {sample_shape}, "
                f"got one of shape {array.shape}"
            )
        return array

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"operation": self.operation}


@registry.add
class MatMul(Operation):
    """A product of matrices: what ``x @ y`` of symbolic tensors is.

    Parameters
    ----------
    constant : array_like, optional
        A vector or a matrix on the right, or a matrix on the left; without it the layer is called on a list
        of two tensors (rows, ..., m, k) and (rows, ..., k, n), whose matrices are multiplied one by one.
    reverse : bool, default False
        Whether the constant is on the left.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> from fastnn.layers.operations import MatMul
    >>> MatMul(np.array([[1.0], [10.0]]))(np.array([[1.0, 2.0]]))
    array([[21.]], dtype=float32)
    """

    def _output_sample_shape(self, sample_shape: Any) -> SampleShape:
        """Return the shape of the products."""
        left, right = self._shapes(sample_shape)
        fits = len(left) > 1 and len(right) > 1 and left[-1] == right[-2]
        if self.constant is None:
            fits = fits and left[:-2] == right[:-2]
        if not fits:
            constant = "" if self.constant is None else f" and a constant of shape {self.constant.shape}"
            raise ValueError(
                "inputs: @ expects (..., m, k) and (..., k, n) behind the batch, equal before that, "
                f"or a constant matrix; got {sample_shape}{constant}"
            )
        lead = right[:-2] if self.reverse else left[:-2]
        made = (*lead, left[-2], right[-1])
        if self.constant is None or self.reverse:
            return made
        lead = tuple(sample_shape[:-1])
        return (*lead, right[-1]) if self.constant.ndim == 2 else lead

    def _emit(self, plan: Plan, x: Any) -> Value:
        """Append the products."""
        from ..kernels.ops import dot

        if self.constant is None:
            return dot.emit(plan, x[0], x[1], True, False, x[0].shape[:-2])
        left, right = self._shapes(x.shape)
        matrix = self.constant.reshape(left if self.reverse else right)
        y = dot.emit_constant(plan, plan.reshaped(x, right if self.reverse else left), matrix, self.reverse)
        return plan.reshaped(y, self._output_sample_shape(x.shape))

    def _shapes(self, sample_shape: Any) -> tuple[SampleShape, SampleShape]:
        """Return the shapes of both sides; a constant is a matrix, and samples that are vectors are one."""
        if self.constant is None:
            return sample_shape[0], sample_shape[1]
        shape = self.constant.shape
        if len(shape) > 2:
            raise ValueError(f"constant: expected a vector or a matrix, got an array of shape {shape}")
        if self.reverse:
            return shape, sample_shape
        left = sample_shape if len(sample_shape) > 1 else (1, *sample_shape)
        return left, (shape if len(shape) == 2 else (*shape, 1))


@registry.add
class Absolute(Layer):
    """|x|: what ``abs(x)`` of a symbolic tensor is. Its slope at 0 is 0.

    Parameters
    ----------
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> from fastnn.layers.operations import Absolute
    >>> Absolute()(np.array([[-1.0, 2.0]]))
    array([[1., 2.]], dtype=float32)
    """

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the absolute values."""
        from ..kernels.ops import elementwise_binary

        return elementwise_binary.emit_absolute(plan, x)


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
    """A part of each row: what ``x[:, 0]`` or ``x[:, ::2, None]`` of a symbolic tensor is.

    Parameters
    ----------
    key : tuple
        Of integers, slices, `Ellipsis` and None, as NumPy has them. The first one is for the batch, of which
        it has to take all. Where there are tuples, a config has lists: [start, stop, step] for a slice, "..."
        for `Ellipsis`.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> from fastnn.layers.operations import GetItem
    >>> GetItem((slice(None), slice(None, None, -1)))(np.array([[1.0, 2.0, 3.0]]))
    array([[3., 2., 1.]], dtype=float32)
    """

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
