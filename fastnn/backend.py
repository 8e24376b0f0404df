"""What `keras.backend` has: settings, and names of new objects. Computations are written in NumPy.

>>> import fastnn
>>> fastnn.backend.floatx()
'float32'
"""

from __future__ import annotations

from typing import Any

from .config import (
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from .naming import restart_names, unique_name

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_keras_tensor",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
]


def __getattr__(name: str) -> Any:
    raise AttributeError(
        f"module {__name__!r} has no attribute {name!r}; NumPy's functions work on tensors: np.mean(x)"
    )


def backend() -> str:
    """Return the name of what computes: "fastnn".

    Examples
    --------
    >>> backend()
    'fastnn'
    """
    return "fastnn"


def clear_session(free_memory: bool = True) -> None:
    """Restart the numbering of default names of layers and optimizers.

    There is no global graph: a model's memory is freed when the program no longer refers to it.

    Parameters
    ----------
    free_memory : bool
        Ignored; kept for Keras compatibility.

    Examples
    --------
    >>> clear_session()
    """
    restart_names()


def get_uid(prefix: str = "") -> int:
    """Return how many default names with this prefix have been given, this one included.

    Examples
    --------
    >>> get_uid("example_of_uid"), get_uid("example_of_uid")
    (1, 2)
    """
    name = unique_name(prefix)
    return 1 if name == prefix else int(name.rpartition("_")[2]) + 1


def is_keras_tensor(x: Any) -> bool:
    """Return whether x is a symbolic tensor, made by `Input` or by a layer called on one.

    Examples
    --------
    >>> import fastnn
    >>> is_keras_tensor(fastnn.Input((3,))), is_keras_tensor([1.0])
    (True, False)
    """
    from .graph.graph import SymbolicTensor

    return isinstance(x, SymbolicTensor)
