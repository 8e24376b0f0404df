"""`Input`: the shape and dtype that a model starts from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from ..checks import refuse
from ..graph.graph import Node, SymbolicTensor
from .base.layer import Layer, registry
from .base.shapes import Shape, check_sample_shape

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


WHOLE = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")


@registry.add
class InputLayer(Layer):
    """Input of a model: the shape of its samples.

    Parameters
    ----------
    shape : tuple of int
        Without the batch dimension; None for a dimension that may vary from batch to batch.
    batch_size : int, optional
        Ignored; kept for Keras compatibility: batches may have any size.
    dtype : str, optional
        See `Layer`; whole numbers, such as "int32", are converted to what the model computes in.
    sparse, ragged, input_tensor, optional
        Kept for Keras compatibility; only the defaults are accepted.
    batch_shape : tuple, optional
        The shape with its batch dimension, which may be None, instead of `shape` and `batch_size`.
    name : str, optional
        See `Layer`.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.InputLayer((784,)).output.shape
    (None, 784)
    """

    def __init__(
        self,
        shape: tuple[int | None, ...] | None = None,
        batch_size: int | None = None,
        dtype: str | None = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: tuple[int | None, ...] | None = None,
        input_tensor: None = None,
        optional: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(dtype=None if dtype in WHOLE else dtype, name=name)
        refuse(sparse=sparse, ragged=ragged, input_tensor=input_tensor, optional=optional)
        if (shape is None) == (batch_shape is None):
            raise ValueError(f"shape, batch_shape: expected one of them, got {shape!r} and {batch_shape!r}")
        if batch_size is not None and batch_shape is not None:
            raise ValueError(
                f"batch_size, batch_shape: expected one of them, got {batch_size!r} and {batch_shape!r}"
            )
        if batch_shape is not None:
            if not batch_shape:
                raise ValueError(f"batch_shape: expected a tuple such as (None, 784), got {batch_shape!r}")
            batch_size, shape = batch_shape[0], check_sample_shape(batch_shape[1:], "batch_shape")
        self._input_sample_shape = check_sample_shape(shape, "shape")
        self.batch_size = batch_size
        self.built = True
        self._nodes = [Node(self, None, {})]

    supports_masking = True
    sparse = ragged = optional = False

    @property
    def batch_shape(self) -> Shape:
        """The shape with its batch dimension."""
        return (self.batch_size, *(self._input_sample_shape or ()))

    # The first call is the input itself.
    _pickle_defaults: ClassVar[dict[str, Callable[[], Any]]] = {
        name: make for name, make in Layer._pickle_defaults.items() if name != "_nodes"
    }

    def _pickle_attributes(self) -> dict[str, Any]:
        return super()._pickle_attributes() | {"_nodes": self._nodes[:1]}

    def _set_pickle_defaults(self) -> None:
        super()._set_pickle_defaults()
        self._nodes = []

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append nothing."""
        return x

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {
            "shape": list(self._input_sample_shape or ()),
            "batch_size": self.batch_size,
            "dtype": self._dtype,
            "name": self.name,
        }


def Input(
    shape: tuple[int | None, ...] | None = None,
    batch_size: int | None = None,
    dtype: str | None = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: tuple[int | None, ...] | None = None,
    name: str | None = None,
    tensor: None = None,
    optional: bool = False,
) -> SymbolicTensor:
    """Return what a model starts from, as a tensor that layers can be called on.

    Parameters
    ----------
    shape, batch_size, dtype, sparse, ragged, batch_shape, name, optional
        See `InputLayer`.
    tensor : None, default None
        Kept for Keras compatibility; only None is accepted.

    Returns
    -------
    SymbolicTensor
        A tensor of shape ``(None, *shape)``.

    Raises
    ------
    ValueError
        If there is neither or both of `shape` and `batch_shape`, or they are no shapes.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.Input((784,)).shape
    (None, 784)
    """
    layer = InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name)
    made: SymbolicTensor = layer.output
    return made
