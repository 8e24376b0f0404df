"""`Zeros`, `Ones`, `Constant` and `Identity`: initializers that are not random."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ..checks import real_number
from ..conversion import as_numbers
from .base import Initializer, real_dtype, registry


class _Fixed(Initializer):
    """Base of initializers that fill an array with one value, or with those of an array."""

    _fill: float | list[Any]

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[np.floating]:
        """Return a new array filled with the value; see `Initializer`."""
        kind = real_dtype(dtype)
        try:
            return np.full(tuple(shape), self._fill, kind)
        except ValueError:
            raise ValueError(
                f"value: expected an array that broadcasts to shape {tuple(shape)}, got one of shape "
                f"{np.shape(self._fill)}"
            ) from None


@registry.add("zero")
class Zeros(_Fixed):
    """All zeros.

    Examples
    --------
    >>> Zeros()((2,))
    array([0., 0.], dtype=float32)
    """

    _fill = 0.0


@registry.add("one")
class Ones(_Fixed):
    """All ones.

    Examples
    --------
    >>> Ones()((2,), "float64")
    array([1., 1.])
    """

    _fill = 1.0


@registry.add
class Constant(_Fixed):
    """The same value everywhere, or given values.

    Parameters
    ----------
    value : float or array_like, default 0.0
        The value, finite, or an array that broadcasts to the shape.

    Raises
    ------
    ValueError
        If it is not finite numbers, or does not broadcast.

    Examples
    --------
    >>> Constant(0.5)((2,))
    array([0.5, 0.5], dtype=float32)
    """

    def __init__(self, value: ArrayLike = 0.0) -> None:
        several = isinstance(value, (list, tuple)) or np.ndim(value)
        self.value = _finite(value) if several else real_number(value, "value")

    @property
    def _fill(self) -> float | list[Any]:  # type: ignore[override]
        """The value."""
        return self.value

    def get_config(self) -> dict[str, Any]:
        """Return the value; that of many numbers, such as pretrained vectors of words, by their bytes."""
        array = np.asarray(self.value)
        return {"value": _packed(array) if array.size > MANY else self.value}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Create an initializer from a config that `get_config` returned."""
        value = config.get("value")
        return super().from_config(
            config | {"value": _unpacked(value)} if isinstance(value, dict) else config
        )


MANY = 1000  # numbers are packed in a configuration, where each would take some twenty bytes


def _packed(array: NDArray[Any]) -> dict[str, Any]:
    """Return an array as a text of its bytes: in single precision, if that is all there is to it."""
    single = array.astype("<f4")
    exact = single if np.array_equal(single, array) else array.astype("<f8")
    return {
        "base64": b64encode(exact.tobytes()).decode(),
        "dtype": exact.dtype.str,
        "shape": list(array.shape),
    }


def _unpacked(packed: dict[str, Any]) -> NDArray[np.floating]:
    """Return the array that `_packed` got."""
    if packed.get("dtype") not in ("<f4", "<f8"):
        raise ValueError(f"value: expected bytes of '<f4' or '<f8', got {packed.get('dtype')!r:.80}")
    return np.frombuffer(b64decode(packed["base64"], validate=True), packed["dtype"]).reshape(packed["shape"])


def _finite(value: ArrayLike) -> list[Any]:
    """Return an array of finite numbers as nested lists, as configurations have them."""
    array = as_numbers(value, "value", "finite numbers")
    if not np.isfinite(array).all():
        raise ValueError(f"value: expected finite numbers, got {value!r:.80}")
    values: list[Any] = array.tolist()
    return values


@registry.add("IdentityInitializer")
class Identity(Initializer):
    """`gain` on the diagonal of a matrix, zeros elsewhere.

    Parameters
    ----------
    gain : float, default 1.0
        The value on the diagonal.

    Raises
    ------
    ValueError
        If `gain` is not a finite number or, in a call, the shape is not that of a matrix.

    Examples
    --------
    >>> Identity(2.0)((2, 3))
    array([[2., 0., 0.],
           [0., 2., 0.]], dtype=float32)
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = real_number(gain, "gain")

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[np.floating]:
        """Return a new matrix; see `Initializer`."""
        if len(shape) != 2:
            raise ValueError(f"shape: expected two dimensions for an identity matrix, got {tuple(shape)}")
        rows, columns = shape
        return np.asarray(self.gain * np.eye(rows, columns), real_dtype(dtype))
