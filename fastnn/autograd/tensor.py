"""`Tensor`, an array with a gradient, and how operations on tensors are computed and recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import NoneType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..conversion import as_numbers
from ..pickling import Picklable
from . import derivatives
from .derivatives import PLAIN, TABLE, unbroadcast
from .graph import Node, backward_pass, initial_gradient, is_recording, note_reached

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

    Array = NDArray[Any]

__all__ = ["Tensor", "apply", "grad", "record"]

# Ufuncs whose `reduce` is a function of its own in the table of derivatives.
_REDUCTIONS = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}


class Tensor(Picklable):
    """An array with a gradient.

    Parameters
    ----------
    data : array_like
        Numbers; an array is taken as it is, not copied.
    requires_grad : bool, optional
        Whether `backward` computes its gradient; by default if `data` are floats. Integers are converted to
        float64 if it is True.

    Attributes
    ----------
    data : ndarray
        The numbers; they may be changed between graphs.
    grad : ndarray or None
        Sum of the gradients of all calls of `backward`; None before the first. Set it to None to reset it.
    requires_grad : bool

    Raises
    ------
    TypeError
        If `data` are not numbers.

    Examples
    --------
    >>> a, b = Tensor(2.0), Tensor(-3.0)
    >>> (a * b + a**2).backward()
    >>> float(a.grad), float(b.grad)
    (1.0, 2.0)
    """

    __slots__ = ("__weakref__", "_node", "_place", "data", "grad", "requires_grad")

    data: Array
    grad: Array | None
    requires_grad: bool

    def __init__(self, data: ArrayLike, requires_grad: bool | None = None) -> None:
        array = as_numbers(data, "data")
        if requires_grad and array.dtype.kind != "f":
            array = array.astype(np.float64)
        self.data = array
        self.grad = None
        self.requires_grad = array.dtype.kind == "f" if requires_grad is None else bool(requires_grad)
        self._node: Node | None = None
        self._place = 0

    # ---- pickling -------------------------------------------------------------------------------------

    _pickle_names_itself = True
    _pickle_defaults: ClassVar[dict[str, Callable[[], Any]]] = {"_node": NoneType, "_place": int}

    def __getstate__(self) -> dict[str, Any]:
        if self._node is not None:
            raise TypeError(
                f"{self!r:.80} is computed from other tensors, and the graph between them is neither "
                "pickled nor copied; take tensor.detach()"
            )
        return {"data": self.data, "grad": self.grad, "requires_grad": self.requires_grad}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    # ---- gradients ------------------------------------------------------------------------------------

    def backward(self, gradient: ArrayLike | None = None, retain_graph: bool = False) -> None:
        """Add the gradient of this tensor with respect to each tensor of the graph to that tensor's `grad`.

        Parameters
        ----------
        gradient : array_like, optional
            Gradient of a later result with respect to this tensor; required unless this is a single number.
        retain_graph : bool, default False
            Whether to keep the graph for another call; else its memory is freed.

        Raises
        ------
        ValueError
            If nothing in the graph requires a gradient, or `gradient` does not fit.
        RuntimeError
            If an earlier call has freed the graph.
        """
        start = initial_gradient(self, gradient, "gradient")
        reached = []
        for tensor, g in backward_pass([(self, start)], retain_graph):
            tensor.grad = g.copy() if tensor.grad is None else tensor.grad + g
            if tensor._node is None:
                reached.append(tensor)
        note_reached(reached)

    def detach(self) -> Tensor:
        """Return a constant tensor that shares the data."""
        return _made(self.data, None)

    # ---- as an array ----------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self.data.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.data.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(self.data.size)

    @property
    def dtype(self) -> Any:
        """NumPy's dtype of the numbers."""
        return self.data.dtype

    def numpy(self) -> Array:
        """Return a copy of the numbers."""
        return self.data.copy()

    def item(self) -> Any:
        """Return the only element as a Python number."""
        return self.data.item()

    def tolist(self) -> Any:
        """Return the numbers as nested lists."""
        return self.data.tolist()

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        if copy:
            return np.array(self.data, dtype=dtype)
        return np.asarray(self.data, dtype=dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        if method == "reduce" and ufunc in _REDUCTIONS:
            axis = keywords.pop("axis", 0)
            return dispatch(_REDUCTIONS[ufunc], inputs, {"axis": axis, **keywords})
        return dispatch(ufunc if method == "__call__" else getattr(ufunc, method), inputs, keywords)

    def __array_function__(
        self, function: Any, types: Any, args: tuple[Any, ...], keywords: dict[str, Any]
    ) -> Any:
        return dispatch(function, args, keywords)

    def __float__(self) -> float:
        return float(self.data.item())

    def __int__(self) -> int:
        return int(self.data.item())

    def __index__(self) -> int:
        return self.data.__index__()

    def __bool__(self) -> bool:
        return bool(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __format__(self, form: str) -> str:
        return format(self.data.item() if self.size == 1 else self.data, form) if form else str(self)

    def __repr__(self) -> str:
        text = np.array2string(self.data, separator=", ", prefix="Tensor(")
        return f"Tensor({text}, dtype={self.data.dtype}, requires_grad={self.requires_grad})"

    # ---- operators ------------------------------------------------------------------------------------

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Array:  # type: ignore[override]
        return np.asarray(np.equal(self.data, _plain(other)))

    def __ne__(self, other: object) -> Array:  # type: ignore[override]
        return np.asarray(np.not_equal(self.data, _plain(other)))

    def __lt__(self, other: Any) -> Array:
        return np.asarray(np.less(self.data, _plain(other)))

    def __le__(self, other: Any) -> Array:
        return np.asarray(np.less_equal(self.data, _plain(other)))

    def __gt__(self, other: Any) -> Array:
        return np.asarray(np.greater(self.data, _plain(other)))

    def __ge__(self, other: Any) -> Array:
        return np.asarray(np.greater_equal(self.data, _plain(other)))

    def __add__(self, other: Any) -> Tensor:
        return apply(np.add, self, other)

    def __radd__(self, other: Any) -> Tensor:
        return apply(np.add, other, self)

    def __sub__(self, other: Any) -> Tensor:
        return apply(np.subtract, self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return apply(np.subtract, other, self)

    def __mul__(self, other: Any) -> Tensor:
        return apply(np.multiply, self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return apply(np.multiply, other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return apply(np.divide, self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return apply(np.divide, other, self)

    def __mod__(self, other: Any) -> Tensor:
        return apply(np.remainder, self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return apply(np.remainder, other, self)

    def __floordiv__(self, other: Any) -> Array:
        return np.asarray(self.data // _plain(other))

    def __rfloordiv__(self, other: Any) -> Array:
        return np.asarray(_plain(other) // self.data)

    def __pow__(self, other: Any) -> Tensor:
        return apply(np.power, self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return apply(np.power, other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return apply(np.matmul, self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return apply(np.matmul, other, self)

    def __neg__(self) -> Tensor:
        return apply(np.negative, self)

    def __pos__(self) -> Tensor:
        return apply(np.positive, self)

    def __abs__(self) -> Tensor:
        return apply(np.absolute, self)

    def __getitem__(self, index: Any) -> Tensor:
        return apply(derivatives.getitem, self, _plain(index))

    # ---- updates in place -----------------------------------------------------------------------------

    def _updates_in_place(self, what: str) -> bool:
        """Return whether an augmented assignment changes this tensor, rather than makes a new one.

        Raises
        ------
        RuntimeError
            If it is a parameter, while operations are recorded.
        """
        if not self.requires_grad or self._node is not None:
            return False
        if is_recording():
            raise RuntimeError(
                f"{what}: a tensor that requires gradients is updated in place only under "
                "fastnn.autograd.no_grad(), or by its data: t.data -= ...; t = t - ... makes a new tensor"
            )
        return True

    def _store(self, result: Tensor) -> Any:
        """Set the numbers in place."""
        np.copyto(self.data, result.data, casting="same_kind")
        return self

    def _augmented(self, function: Any, what: str, other: Any) -> Any:
        """Return what an augmented assignment assigns: this tensor, updated, or a new one."""
        if not self._updates_in_place(what):
            return apply(function, self, other)
        result = apply(function, self.detach(), other)
        if result.shape != self.shape:
            raise ValueError(f"{what}: expected shape {self.shape} as before, got {result.shape}")
        return self._store(result)

    def __iadd__(self, other: Any) -> Any:
        return self._augmented(np.add, "+=", other)

    def __isub__(self, other: Any) -> Any:
        return self._augmented(np.subtract, "-=", other)

    def __imul__(self, other: Any) -> Any:
        return self._augmented(np.multiply, "*=", other)

    def __itruediv__(self, other: Any) -> Any:
        return self._augmented(np.divide, "/=", other)

    def __ipow__(self, other: Any) -> Any:
        return self._augmented(np.power, "**=", other)

    def __setitem__(self, index: Any, value: Any) -> None:
        if not self._updates_in_place("t[...] ="):
            raise TypeError(
                "t[...] = ...: results and constants are not changed in place; np.where makes a new tensor"
            )
        self.data[_plain(index)] = _plain(value)

    # ---- methods of NumPy's arrays, and functions that networks need -------------------------------------

    @property
    def T(self) -> Tensor:
        """The array with reversed axes."""
        return apply(np.transpose, self)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """Return the sum over axes, all by default."""
        return apply(np.sum, self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """Return the mean over axes, all by default."""
        return apply(np.mean, self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """Return the maximum over axes, all by default; equal elements share the gradient."""
        return apply(np.max, self, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """Return the minimum over axes, all by default; equal elements share the gradient."""
        return apply(np.min, self, axis=axis, keepdims=keepdims)

    def prod(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """Return the product over axes, all by default."""
        return apply(np.prod, self, axis=axis, keepdims=keepdims)

    def var(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
        """Return the variance over axes, all by default: the sum of squares divided by n - ddof."""
        return apply(np.var, self, axis=axis, ddof=ddof, keepdims=keepdims)

    def std(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
        """Return the square root of the variance."""
        return apply(np.std, self, axis=axis, ddof=ddof, keepdims=keepdims)

    def cumsum(self, axis: int | None = None) -> Tensor:
        """Return the cumulative sums."""
        return apply(np.cumsum, self, axis=axis)

    def argmax(self, axis: int | None = None) -> Any:
        """Return the index of the maximum, as a plain number or array."""
        return self.data.argmax(axis)

    def argmin(self, axis: int | None = None) -> Any:
        """Return the index of the minimum, as a plain number or array."""
        return self.data.argmin(axis)

    def exp(self) -> Tensor:
        """Return e to the power of each element."""
        return apply(np.exp, self)

    def log(self) -> Tensor:
        """Return the natural logarithm of each element."""
        return apply(np.log, self)

    def sqrt(self) -> Tensor:
        """Return the square root of each element."""
        return apply(np.sqrt, self)

    def abs(self) -> Tensor:
        """Return the absolute value of each element; at 0 the gradient is 0."""
        return apply(np.absolute, self)

    def sin(self) -> Tensor:
        """Return the sine of each element."""
        return apply(np.sin, self)

    def cos(self) -> Tensor:
        """Return the cosine of each element."""
        return apply(np.cos, self)

    def tanh(self) -> Tensor:
        """Return the hyperbolic tangent of each element."""
        return apply(np.tanh, self)

    def sigmoid(self) -> Tensor:
        """Return 1 / (1 + exp(-x)) for each element."""
        return apply(derivatives.sigmoid, self)

    def relu(self) -> Tensor:
        """Return max(x, 0) for each element; at 0 the gradient is 0."""
        return apply(derivatives.relu, self)

    def softmax(self, axis: Any = -1) -> Tensor:
        """Return exp(x) / sum(exp(x)) over axes."""
        return apply(derivatives.softmax, self, axis=axis)

    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        """Return the elements clipped to [min, max]."""
        return apply(np.clip, self, min, max)

    def dot(self, other: Any) -> Tensor:
        """Return NumPy's dot product with another."""
        product: Tensor = dispatch(np.dot, (self, other), {})
        return product

    def reshape(self, *shape: Any) -> Tensor:
        """Return the elements in another shape, given as a tuple or as numbers."""
        return apply(np.reshape, self, shape[0] if len(shape) == 1 else shape)

    def flatten(self) -> Tensor:
        """Return the elements as a vector."""
        return apply(np.ravel, self)

    ravel = flatten

    def transpose(self, *axes: Any) -> Tensor:
        """Permute the axes to an order given as a tuple or as numbers; reverse them by default."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
        return apply(np.transpose, self, order)

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        """Return the array with two axes exchanged."""
        return apply(np.swapaxes, self, axis1, axis2)

    def expand_dims(self, axis: Any) -> Tensor:
        """Return the array with a new axis of size 1."""
        return apply(np.expand_dims, self, axis)

    def squeeze(self, axis: Any = None) -> Tensor:
        """Return the array without axes of size 1, all of them by default."""
        return apply(np.squeeze, self, axis)

    def repeat(self, repeats: int, axis: int | None = None) -> Tensor:
        """Return the array with each element repeated."""
        return apply(np.repeat, self, repeats, axis)

    def astype(self, dtype: DTypeLike) -> Tensor:
        """Convert to another dtype; integers are constants."""
        if np.dtype(dtype).kind == "f":
            return apply(derivatives.cast, self, dtype)
        return _made(self.data.astype(dtype), None)


def _made(data: Array, node: Node | None, place: int = 0) -> Tensor:
    """Create the tensor of a result, without the checks of the constructor."""
    tensor = Tensor.__new__(Tensor)
    tensor.data, tensor.grad, tensor.requires_grad = data, None, node is not None
    tensor._node, tensor._place = node, place
    return tensor


def _plain(value: Any) -> Any:
    """Replace tensors by their arrays, also inside lists, tuples and dicts."""
    if isinstance(value, Tensor):
        return value.data
    if type(value) in (list, tuple) and value:
        return type(value)(map(_plain, value))
    if type(value) is dict:
        return {key: _plain(item) for key, item in value.items()}
    return value


def _wants_gradient(value: Any) -> bool:
    if isinstance(value, Tensor):
        return value.requires_grad
    if type(value) is dict:
        value = value.values()
    return isinstance(value, (list, tuple)) and any(map(_wants_gradient, value))


def record(
    inputs: Sequence[Tensor],
    outputs: Sequence[Array],
    pull: Callable[[list[Array | None]], Iterable[Array | None]],
) -> list[Tensor]:
    """Record an operation that has been computed outside of this module, as one node.

    Parameters
    ----------
    inputs : sequence of Tensor
        The arguments that require gradients.
    outputs : sequence of ndarray
        The results.
    pull : callable
        Computes the gradients of `inputs`, None for zero, from the gradients of the results, None for results
        that are not used.

    Returns
    -------
    list of Tensor
        The results, as constants under `no_grad` or if `inputs` is empty.
    """
    node = Node(tuple(inputs), pull, len(outputs)) if inputs and is_recording() else None
    return [_made(y, node, i) for i, y in enumerate(outputs)]


def apply(function: Any, *args: Any, **keywords: Any) -> Tensor:
    """Call a function of `derivatives.TABLE` on tensors, arrays and numbers, and record it."""
    operation = TABLE[function]
    arrays = [a.data if isinstance(a, Tensor) else a for a in args]
    y = np.asarray(operation.forward(*arrays, **keywords))
    wanted = [i for i, a in enumerate(args) if isinstance(a, Tensor) and a.requires_grad]
    if not wanted or not is_recording():
        return _made(y, None)
    operation.check(wanted, len(args), keywords)

    def pull(gradients: list[Array | None]) -> Iterator[Array]:
        for i in wanted:
            g = operation.pullback(i)(gradients[0], y, *arrays, **keywords)
            yield unbroadcast(np.asarray(g), arrays[i].shape).astype(arrays[i].dtype, copy=False)

    return _made(y, Node(tuple(args[i] for i in wanted), pull))


def dispatch(function: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Return what a function of NumPy returns for arguments among which there are tensors."""
    if function in PLAIN:
        return function(*_plain(args), **_plain(keywords))
    if function not in TABLE:
        from .ops import COMPOSED  # it is made of tensors

        if function in COMPOSED:
            return COMPOSED[function](*args, **keywords)
    if function not in TABLE or _wants_gradient(keywords) or keywords.get("out") is not None:
        if (_wants_gradient(args) or _wants_gradient(keywords)) and is_recording():
            what = getattr(function, "__name__", str(function))
            if function in TABLE or function in _REDUCTIONS.values():
                raise TypeError(f"{what}: pass tensors by position, and no array for the result")
            raise TypeError(f"{what}: no derivative is known for it; t.data leaves the graph")
        return function(*_plain(args), **_plain(keywords))
    return apply(function, *args, **_plain(keywords))


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    gradients: Any = None,
    retain_graph: bool = False,
) -> Any:
    """Return the gradients of results with respect to tensors, without changing any `grad`.

    Parameters
    ----------
    outputs : Tensor or sequence of Tensor
        Results; of several, the gradient of their sum is computed.
    inputs : Tensor or sequence of Tensor
        Tensors with respect to which to differentiate; intermediate results are allowed.
    gradients : array_like or sequence of array_like, optional
        Gradients of a later result with respect to each output; required for outputs that are not single
        numbers.
    retain_graph : bool, default False
        Whether to keep the graph for another call.

    Returns
    -------
    ndarray or list of ndarray
        One array if `inputs` is a tensor, else a list; zeros for inputs that the outputs do not depend on.

    Raises
    ------
    ValueError
        If nothing in the graph requires a gradient, or a gradient does not fit.
    RuntimeError
        If an earlier call has freed the graph.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0])
    >>> grad((x**3).sum(), x)
    array([ 3., 12.])
    """
    single = isinstance(outputs, Tensor)
    results: list[Tensor] = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    given = [gradients] if single else [None] * len(results) if gradients is None else list(gradients)
    wanted: list[Tensor] = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    if len(given) != len(results):
        raise ValueError(f"gradients: expected one for each of {len(results)} outputs, got {len(given)}")
    found = {id(t): np.zeros(t.shape, t.data.dtype) for t in wanted}
    seeds = [(t, initial_gradient(t, g, "gradients")) for t, g in zip(results, given, strict=True)]
    for tensor, g in backward_pass(seeds, retain_graph):
        if id(tensor) in found:
            found[id(tensor)] = np.array(g)
    answer = [found[id(t)] for t in wanted]
    return answer[0] if isinstance(inputs, Tensor) else answer
