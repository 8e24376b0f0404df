"""Initializers: the numbers that weights start from.

The random ones draw from ``numpy.random.Generator(numpy.random.PCG64(seed))``, in double precision and in the
order of a C array, and round to the dtype asked for: a float32 model starts from the rounded weights of the
float64 model of the same seed. An initializer with a seed gives the same numbers at every call. One without
takes a fresh seed from `fastnn.utils.random` at each, so that one object may serve several layers, and
`fastnn.utils.set_random_seed` makes a program repeat itself.

NumPy keeps the bits of PCG64 fixed for good, but may change how normal deviates come of them, and
`Orthogonal` is as exact as the LAPACK behind NumPy: with another NumPy, equal numbers are likely only.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any, Self, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .checks import real_number, whole_number
from .config import check_floatx, floatx
from .registry import Registry
from .utils.random import next_seed

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "registry",
    "serialize",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]

# Of the standard normal distribution cut off at -2 and 2: sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)).
_TRUNCATED_STDDEV = 0.87962566103423978


class Initializer:
    """Base of all initializers.

    A subclass defines `__call__`; it keeps the arguments of its constructor as attributes of the same names,
    or defines `get_config` too. ``fastnn.initializers.registry.add`` lets it be saved and looked up by name.

    Examples
    --------
    >>> @registry.add
    ... class Ramp(Initializer):
    ...     def __init__(self, slope=1.0):
    ...         self.slope = slope
    ...     def __call__(self, shape, dtype=None):
    ...         return self.slope * np.arange(math.prod(shape), dtype=dtype).reshape(shape)
    >>> get("ramp")((2, 2), "float32")
    array([[0., 1.],
           [2., 3.]], dtype=float32)
    >>> serialize(Ramp(0.5))
    {'class_name': 'Ramp', 'config': {'slope': 0.5}}
    """

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[np.floating]:
        """Return a new array of numbers to start from.

        Parameters
        ----------
        shape : sequence of int
            The shape of the weight. The last axis of a kernel counts outputs, the one before it inputs.
        dtype : {"float32", "float64"}, optional
            By default `fastnn.config.floatx()`.

        Returns
        -------
        ndarray
            Of that shape and dtype.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no __call__(shape, dtype)")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make an initializer of what `get_config` returned."""
        return cls(**config)


registry = Registry("initializer", Initializer)


def _real_dtype(dtype: DTypeLike | None) -> str:
    return floatx() if dtype is None else check_floatx(dtype)


class _Fixed(Initializer):
    """An initializer that fills an array with `value`."""

    value: float

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[np.floating]:
        """Return a new array that holds one value; see `Initializer`."""
        return np.full(tuple(shape), self.value, _real_dtype(dtype))


@registry.add("zero")
class Zeros(_Fixed):
    """All zeros.

    Examples
    --------
    >>> Zeros()((2,))
    array([0., 0.], dtype=float32)
    """

    value = 0.0


@registry.add("one")
class Ones(_Fixed):
    """All ones.

    Examples
    --------
    >>> Ones()((2,), "float64")
    array([1., 1.])
    """

    value = 1.0


@registry.add
class Constant(_Fixed):
    """One value everywhere.

    Parameters
    ----------
    value : float, default 0.0
        The value, finite.

    Raises
    ------
    ValueError
        If it is not a finite number.

    Examples
    --------
    >>> Constant(0.5)((2,))
    array([0.5, 0.5], dtype=float32)
    """

    def __init__(self, value: float = 0.0) -> None:
        self.value = real_number(value, "value")


@registry.add
class Identity(Initializer):
    """`gain` on the diagonal of a matrix, zeros elsewhere.

    Parameters
    ----------
    gain : float, default 1.0
        What the diagonal holds.

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
        return np.asarray(self.gain * np.eye(rows, columns), _real_dtype(dtype))


class _Random(Initializer):
    """An initializer that draws."""

    def __init__(self, seed: int | None) -> None:
        self.seed = None if seed is None else whole_number(seed, "seed")

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[np.floating]:
        """Return a new array of random numbers; see `Initializer`."""
        real = _real_dtype(dtype)
        rng = np.random.Generator(np.random.PCG64(next_seed() if self.seed is None else self.seed))
        return np.asarray(self._draw(rng, tuple(shape)), real)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        raise NotImplementedError


def _normal(rng: np.random.Generator, shape: tuple[int, ...], stddev: float) -> NDArray[np.float64]:
    return np.asarray(stddev * rng.standard_normal(shape))


def _truncated_normal(rng: np.random.Generator, shape: tuple[int, ...], stddev: float) -> NDArray[np.float64]:
    """Draw normal numbers; those beyond two standard deviations are drawn again, about one in 22."""
    values = np.asarray(rng.standard_normal(shape))
    while (beyond := np.abs(values) > 2).any():
        values[beyond] = rng.standard_normal(np.count_nonzero(beyond))
    return np.asarray(stddev * values)


def _uniform(
    rng: np.random.Generator, shape: tuple[int, ...], low: float, high: float
) -> NDArray[np.float64]:
    return np.asarray(rng.uniform(low, high, shape))


@registry.add("normal")
class RandomNormal(_Random):
    """Normally distributed numbers.

    Parameters
    ----------
    mean : float, default 0.0
        Mean.
    stddev : float, default 0.05
        Standard deviation, not negative.
    seed : int, optional
        A number that is not negative; without it each call takes a fresh one.

    Raises
    ------
    ValueError
        If an argument is no such number.

    Examples
    --------
    >>> init = RandomNormal(stddev=1.0, seed=1)
    >>> bool((init((3,)) == init((3,))).all())
    True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean = real_number(mean, "mean")
        self.stddev = real_number(stddev, "stddev", 0)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        return self.mean + _normal(rng, shape, self.stddev)


@registry.add
class TruncatedNormal(_Random):
    """Normally distributed numbers; those beyond two standard deviations are drawn again.

    Parameters
    ----------
    mean : float, default 0.0
        Mean.
    stddev : float, default 0.05
        Standard deviation before the cut, not negative; after it, 0.88 times that remain.
    seed : int, optional
        A number that is not negative; without it each call takes a fresh one.

    Raises
    ------
    ValueError
        If an argument is no such number.

    Examples
    --------
    >>> float(abs(TruncatedNormal(stddev=1.0)((100,))).max()) <= 2.0
    True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean = real_number(mean, "mean")
        self.stddev = real_number(stddev, "stddev", 0)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        return self.mean + _truncated_normal(rng, shape, self.stddev)


@registry.add("uniform")
class RandomUniform(_Random):
    """Uniformly distributed numbers.

    Parameters
    ----------
    minval, maxval : float, default -0.05 and 0.05
        The bounds. In float32 rounding may yield `maxval` itself.
    seed : int, optional
        A number that is not negative; without it each call takes a fresh one.

    Raises
    ------
    ValueError
        If an argument is no such number, or `maxval` is below `minval`.

    Examples
    --------
    >>> x = RandomUniform(0.0, 1.0)((100,))
    >>> bool(((x >= 0) & (x <= 1)).all())
    True
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.minval = real_number(minval, "minval")
        self.maxval = real_number(maxval, "maxval", self.minval)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        return _uniform(rng, shape, self.minval, self.maxval)


def _fans(
    shape: tuple[int, ...], input_axes: list[int] | None, output_axes: list[int] | None
) -> tuple[int, int]:
    """Return how many inputs an output of a kernel has, and how many outputs an input has."""
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[axis] for axis in input_axes), math.prod(shape[axis] for axis in output_axes)
    if len(shape) < 2:
        return math.prod(shape), math.prod(shape)
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


@registry.add
class VarianceScaling(_Random):
    """Numbers of mean zero whose variance is scale / n, with n counted from the shape of the weight.

    n is the number of inputs that an output of the layer has (fan in), of outputs that an input has (fan
    out), or the mean of the two; for a kernel of shape (height, width, inputs, outputs) these are height *
    width * inputs and height * width * outputs. That keeps the variance of what flows through a deep
    network, or of its gradient, from growing or fading.

    Parameters
    ----------
    scale : float, default 1.0
        A positive number.
    mode : {"fan_in", "fan_out", "fan_avg"}, default "fan_in"
        What n is.
    distribution : {"truncated_normal", "untruncated_normal", "uniform"}, default "truncated_normal"
        A normal distribution cut off at two standard deviations, and widened so that its variance is right
        after the cut; a normal; or a uniform distribution from -sqrt(3 scale / n) to sqrt(3 scale / n).
        "normal" is the truncated one.
    seed : int, optional
        A number that is not negative; without it each call takes a fresh one.
    input_axes, output_axes : list of int, optional
        If both are given, the axes of the weight whose product is the fan in and the fan out.

    Raises
    ------
    ValueError
        If an argument is none of these.

    Examples
    --------
    >>> init = VarianceScaling(scale=3.0, mode="fan_avg", distribution="uniform", seed=1)
    >>> round(float(abs(init((100, 100))).max()), 2)
    0.3
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(seed)
        self.scale = real_number(scale, "scale")
        if self.scale <= 0:
            raise ValueError(f"scale: expected a positive number, got {scale!r}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"mode: expected 'fan_in', 'fan_out' or 'fan_avg', got {mode!r}")
        if distribution not in ("normal", "truncated_normal", "untruncated_normal", "uniform"):
            raise ValueError(
                "distribution: expected 'truncated_normal', 'untruncated_normal' or 'uniform', "
                f"got {distribution!r}"
            )
        self.mode = mode
        self.distribution = "truncated_normal" if distribution == "normal" else distribution
        self.input_axes = None if input_axes is None else [int(axis) for axis in input_axes]
        self.output_axes = None if output_axes is None else [int(axis) for axis in output_axes]

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        fan_in, fan_out = _fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        stddev = math.sqrt(self.scale / max(1, n))
        if self.distribution == "uniform":
            limit = math.sqrt(3) * stddev
            return _uniform(rng, shape, -limit, limit)
        if self.distribution == "untruncated_normal":
            return _normal(rng, shape, stddev)
        return _truncated_normal(rng, shape, stddev / _TRUNCATED_STDDEV)


class _Preset(VarianceScaling):
    """A `VarianceScaling` whose scale, mode and distribution have a name.

    Parameters
    ----------
    seed, input_axes, output_axes
        See `VarianceScaling`.
    """

    preset: tuple[float, str, str]

    def __init__(
        self,
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(*self.preset, seed, input_axes, output_axes)


@registry.add
class GlorotUniform(_Preset):
    """Uniform from -sqrt(6 / (fan_in + fan_out)) to the same above zero (Glorot and Bengio 2010).

    What layers take by default.

    Parameters
    ----------
    seed, input_axes, output_axes
        See `VarianceScaling`.

    Examples
    --------
    >>> float(abs(GlorotUniform()((3, 3))).max()) <= 1.0
    True
    """

    preset = (1.0, "fan_avg", "uniform")


@registry.add
class GlorotNormal(_Preset):
    """Truncated normal of variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010).

    Parameters
    ----------
    seed, input_axes, output_axes
        See `VarianceScaling`.

    Examples
    --------
    >>> GlorotNormal()((3, 2)).shape
    (3, 2)
    """

    preset = (1.0, "fan_avg", "truncated_normal")


@registry.add
class LecunUniform(_Preset):
    """Uniform from -sqrt(3 / fan_in) to sqrt(3 / fan_in) (LeCun et al. 1998).

    Parameters
    ----------
    seed, input_axes, output_axes
        See `VarianceScaling`.

    Examples
    --------
    >>> float(abs(LecunUniform()((3, 2))).max()) <= 1.0
    True
    """

    preset = (1.0, "fan_in", "uniform")


@registry.add
class LecunNormal(_Preset):
    """Truncated normal of variance 1 / fan_in, for `selu` (LeCun et al. 1998, Klambauer et al. 2017).

    Parameters
    ----------
    seed, input_axes, output_axes
        See `VarianceScaling`.

    Examples
    --------
    >>> LecunNormal()((3, 2)).shape
    (3, 2)
    """

    preset = (1.0, "fan_in", "truncated_normal")


@registry.add
class HeUniform(_Preset):
    """Uniform from -sqrt(6 / fan_in) to sqrt(6 / fan_in), for `relu` (He et al. 2015).

    Parameters
    ----------
    seed, input_axes, output_axes
        See `VarianceScaling`.

    Examples
    --------
    >>> float(abs(HeUniform()((6, 2))).max()) <= 1.0
    True
    """

    preset = (2.0, "fan_in", "uniform")


@registry.add
class HeNormal(_Preset):
    """Truncated normal of variance 2 / fan_in, for `relu` (He et al. 2015).

    Parameters
    ----------
    seed, input_axes, output_axes
        See `VarianceScaling`.

    Examples
    --------
    >>> HeNormal()((3, 3, 16, 32)).shape
    (3, 3, 16, 32)
    """

    preset = (2.0, "fan_in", "truncated_normal")


@registry.add
class Orthogonal(_Random):
    """A random matrix whose rows or columns, whichever are fewer, are orthonormal (Saxe et al. 2014).

    It is uniform among these: Q of the QR decomposition of a matrix of normal numbers, with signs such that
    the diagonal of R is positive (Mezzadri 2007). A weight of more than two dimensions is seen as a matrix
    with all axes but the last as rows.

    Parameters
    ----------
    gain : float, default 1.0
        Length of each row or column.
    seed : int, optional
        A number that is not negative; without it each call takes a fresh one.

    Raises
    ------
    ValueError
        If an argument is no such number or, in a call, the shape has fewer than two dimensions.

    Examples
    --------
    >>> q = Orthogonal()((2, 4), "float64")
    >>> np.allclose(q @ q.T, np.eye(2))
    True
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = real_number(gain, "gain")

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        if len(shape) < 2:
            raise ValueError(f"shape: expected at least two dimensions for an orthogonal matrix, got {shape}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
        q *= self.gain * np.copysign(1, np.diag(r))
        return (q if rows >= columns else q.T).reshape(shape)


# What a layer calls: an `Initializer`, or a function of the same arguments.
InitializerFunction = Callable[..., NDArray[Any]]


@overload
def get(identifier: None) -> None: ...


@overload
def get(identifier: Any) -> InitializerFunction: ...


def get(identifier: Any) -> Any:
    """Return the initializer that an argument stands for.

    Parameters
    ----------
    identifier : str, dict, type, Initializer, callable or None
        A name such as "he_normal"; a config as `serialize` returns it; a class; an object or a function of
        ``(shape, dtype)``, or None, for itself.

    Returns
    -------
    Initializer, callable or None

    Raises
    ------
    ValueError
        If there is no initializer of that name.
    TypeError
        If it is none of these.

    Examples
    --------
    >>> get("he_normal").get_config()
    {'seed': None, 'input_axes': None, 'output_axes': None}
    >>> get({"class_name": "Constant", "config": {"value": 2.0}})((2,))
    array([2., 2.], dtype=float32)
    >>> get("glorot")
    Traceback (most recent call last):
    ...
    ValueError: initializer: unknown name 'glorot'; did you mean ...?
    """
    if callable(identifier) and not isinstance(identifier, type):
        return identifier
    return registry.get(identifier)


# Keras has the classes under these names too.
constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
identity = Identity
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
orthogonal = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros

serialize = registry.serialize
deserialize = registry.deserialize
