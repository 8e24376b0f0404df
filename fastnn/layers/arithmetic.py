"""`Arithmetic` and `Absolute`: operators of symbolic tensors that work element by element."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..autograd import Tensor
from .base.layer import Layer, registry
from .base.operation import Operation, SampleShape

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value

OPERATIONS = ("add", "subtract", "multiply", "divide", "power", "maximum", "minimum")


@registry.add
class Arithmetic(Operation):
    """Elementwise operation: ``x + y``, ``x - 1``, ``2 / x`` or ``x**3`` of symbolic tensors.

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
    >>> from fastnn.layers.arithmetic import Arithmetic
    >>> Arithmetic("divide", 2.0, reverse=True)(np.array([[1.0, 4.0]]))
    array([[2. , 0.5]], dtype=float32)
    """

    _operations: ClassVar[tuple[str, ...]] = OPERATIONS

    def __init__(
        self, operation: str, constant: ArrayLike | None = None, reverse: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(constant, reverse, **kwargs)
        if operation not in self._operations:
            raise ValueError(f"operation: expected one of {', '.join(self._operations)}, got {operation!r}")
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
class Comparison(Arithmetic):
    """Comparison or boolean operation: ``x > y``, ``x <= 0.5``, ``a & b`` or ``x % 2`` of symbolic tensors.

    Parameters
    ----------
    operation : str
        The name of NumPy's function: "greater", "greater_equal", "less", "less_equal", "logical_and",
        "logical_or", "logical_xor", "floor_divide" or "remainder".
    constant, reverse, **kwargs
        See `Arithmetic`.

    Notes
    -----
    Runs NumPy in Python. Truths are 1 and 0 for the layers after it, and bools as outputs of a model. Only a
    remainder has a gradient.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> x = fastnn.Input((2,))
    >>> fastnn.Model(x, x > 0.5)(np.array([[0.2, 0.7]]))
    array([[False,  True]])
    """

    _operations = (
        *("greater", "greater_equal", "less", "less_equal"),
        *("logical_and", "logical_or", "logical_xor", "floor_divide", "remainder"),
    )

    @property
    def _result_dtype(self) -> str | None:  # type: ignore[override]
        """Truths are bools."""
        return None if self.operation in ("floor_divide", "remainder") else "bool"

    def _emit(self, plan: Plan, x: Any) -> Value:
        """Append a step that runs NumPy's function."""
        from ..kernels.ops import fan_out, python_op

        ufunc = getattr(np, self.operation)
        values = [x] if self.constant is not None else x
        shape = self._output_sample_shape([v.shape for v in values] if self.constant is None else x.shape)
        other = None if self.constant is None else self._of_samples(x.shape).astype(plan.dtype)

        def function(*tensors: Tensor) -> Any:
            operands = tensors if other is None else (other, *tensors) if self.reverse else (*tensors, other)
            if self.operation == "remainder":
                return ufunc(*operands)
            return np.asarray(ufunc(*map(np.asarray, operands)), plan.dtype)

        constant = self.operation != "remainder"
        if constant:
            for value in values:
                fan_out.emit(plan, value, 0)  # what is compared gets a gradient of zero
        return python_op.emit(plan, self.name, values, [shape], [], function, constant=constant)[0]


@registry.add
class Absolute(Layer):
    """``|x|``: what ``abs(x)`` of a symbolic tensor is. Its slope at 0 is 0.

    Parameters
    ----------
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> from fastnn.layers.arithmetic import Absolute
    >>> Absolute()(np.array([[-1.0, 2.0]]))
    array([[1., 2.]], dtype=float32)
    """

    _is_operator = True

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the absolute values."""
        from ..kernels.ops import elementwise_binary

        return elementwise_binary.emit_absolute(plan, x)
