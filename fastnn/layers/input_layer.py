"""`Input`: the shape and dtype that a model starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .layer import Layer, registry, row_shape

if TYPE_CHECKING:
    from ..kernels.plan import Plan
    from ..kernels.steps import Value


@registry.add
class InputLayer(Layer):
    """The shape of a row of a model's input.

    Parameters
    ----------
    shape : tuple of int
        Without the batch dimension.
    batch_size : int, optional
        Accepted as Keras does; a plan takes batches of any size.
    **kwargs
        `dtype` and `name` of `Layer`.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.Input((784,)).input_shape
    (784,)
    """

    def __init__(self, shape: tuple[int, ...], batch_size: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_shape = row_shape(shape, "shape")
        self.batch_size = batch_size
        self.built = True

    def emit(self, plan: Plan, x: Value) -> Value:
        """Append nothing."""
        return x

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        config = super().get_config()
        del config["input_shape"]
        return config | {"shape": list(self.input_shape or ()), "batch_size": self.batch_size}


def Input(
    shape: tuple[int, ...],
    batch_size: int | None = None,
    dtype: str | None = None,
    name: str | None = None,
) -> InputLayer:
    """Return the start of a `Sequential`: see `InputLayer`."""
    return InputLayer(shape, batch_size, dtype=dtype, name=name)
