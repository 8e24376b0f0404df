"""`Normalization`: inputs shifted and scaled by the mean and variance of data seen before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import config, initializers
from ..checks import whole_number
from ..conversion import as_numbers
from ..data.sparse import batches_to_adapt
from ..warning import warn_once
from .base.layer import Layer, registry
from .base.shapes import Shape, with_batch

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class Normalization(Layer):
    """Compute (x - mean) / max(sqrt(variance), epsilon), where epsilon is `config.epsilon()`.

    Mean and variance are given, or found by `adapt`; they are weights then, and do not learn.

    Parameters
    ----------
    axis : int, sequence of int or None, default -1
        The dimensions of the input, the batch being 0, that have a mean and a variance for each index. None:
        one for all elements.
    mean, variance : float or array_like, optional
        Both or none; they broadcast to the dimensions of `axis`.
    invert : bool, default False
        Whether the layer turns normalized inputs back: x * max(sqrt(variance), epsilon) + mean.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn
    >>> layer = fastnn.layers.Normalization()
    >>> layer.adapt(np.array([[0.0, 7.0], [2.0, 9.0]]))
    >>> layer([[0.0, 10.0]])
    array([[-1.,  2.]], dtype=float32)
    """

    supports_masking = True
    mean: Any  # weights, or the arrays that are given
    variance: Any

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: ArrayLike | None = None,
        variance: ArrayLike | None = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        axes = () if axis is None else axis if isinstance(axis, Sequence) else (axis,)
        self.axis = tuple(whole_number(a, "axis", -(2**31)) for a in axes)
        self.invert = bool(invert)
        self.input_mean = None if mean is None else as_numbers(mean, "mean").astype(np.float64)
        self.input_variance = (
            None if variance is None else as_numbers(variance, "variance").astype(np.float64)
        )
        if self.input_mean is None or self.input_variance is None:
            if self.input_mean is not self.input_variance:
                raise ValueError(f"mean, variance: expected both or none, got {mean!r} and {variance!r}")
        elif self.input_mean.shape != self.input_variance.shape or self.input_mean.ndim > len(self.axis):
            raise ValueError(
                f"mean, variance: expected one shape of at most {len(self.axis)} dimensions, as many as axis "
                f"has, got {self.input_mean.shape} and {self.input_variance.shape}"
            )

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Check the axes, and that a mean and a variance that are given fit."""
        n = len(input_shape)
        if any(not (1 <= a < n or 1 - n <= a < 0) for a in self.axis):
            raise ValueError(f"axis: expected dimensions from 1 to {n - 1} or None, got {self.axis}")
        if self.input_mean is not None:
            self._given(self.input_mean, input_shape)

    def _kept(self, input_shape: Shape) -> tuple[int, ...]:
        """Return the axes that have a mean for each index, in ascending order."""
        return tuple(sorted({a % len(input_shape) for a in self.axis}))

    def _weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of `mean` and `variance`."""
        if self.input_mean is not None:
            return {}
        return dict.fromkeys(("mean", "variance"), tuple(input_shape[a] for a in self._kept(input_shape)))

    def build(self, input_shape: Shape) -> None:
        """Make mean and variance, unless they are given."""
        if self.input_mean is None:
            shapes = self._weight_shapes(input_shape)
            self.mean = self.add_weight(shapes["mean"], initializers.Zeros(), "mean", trainable=False)
            self.variance = self.add_weight(
                shapes["variance"], initializers.Ones(), "variance", trainable=False
            )
            self.count = self.add_weight((), initializers.Zeros(), "count", trainable=False)
        else:
            self.mean, self.variance = self.input_mean, self.input_variance

    def _broadcast_shape(self, input_shape: Any) -> tuple[int, ...]:
        """Return a sample shape with 1 for the axes that are not kept."""
        kept = self._kept(input_shape)
        return tuple(size if i in kept else 1 for i, size in enumerate(input_shape[1:], 1))

    def _given(self, array: NDArray[np.float64], input_shape: Shape) -> NDArray[np.float64]:
        """Return a given mean or variance with the dimensions of a sample."""
        kept, broadcast = self._kept(input_shape), self._broadcast_shape(input_shape)
        if None in broadcast:
            raise ValueError(
                "its weights depend on a dimension that is None; give the input a fixed size there"
            )
        shape = [1] * len(broadcast)
        for axis, size in zip(reversed(kept), reversed(array.shape), strict=False):
            shape[axis - 1] = size
        try:
            return np.broadcast_to(array.reshape(shape), broadcast)
        except ValueError:
            raise ValueError(
                f"mean, variance: expected a shape that broadcasts to {broadcast}, got {array.shape}"
            ) from None

    @property
    def _stepwise(self) -> bool:
        """Whether all time steps share mean and variance."""
        return self._built_for is not None and 1 not in self._kept(self._built_for)

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the map."""
        from ..kernels.ops import affine

        input_shape = with_batch(x.shape)
        if self.input_mean is None or self.input_variance is None:
            if not self._is_adapted:
                warn_once(
                    self,
                    f"{self.name}: it has not been adapted, so it changes nothing; call adapt(x) first, or "
                    "give mean and variance",
                )
            shape = self._broadcast_shape(input_shape)
            return affine.emit_moments(
                plan, x, self.mean, self.variance, shape, config.epsilon(), self.invert
            )
        mean = self._given(self.input_mean, input_shape)
        variance = self._given(self.input_variance, input_shape)
        deviation = np.maximum(np.sqrt(variance), config.epsilon())
        if self.invert:
            return affine.emit(plan, x, deviation, mean)
        return affine.emit_standardized(plan, x, mean, deviation)

    @property
    def _is_adapted(self) -> bool:
        """Whether mean and variance have been given, found by `adapt`, or set."""
        if self.input_mean is not None:
            return True
        if not self.built:
            return False
        initial = not np.any(self.mean.value) and bool(np.all(self.variance.value == 1))
        return bool(self.mean.version[0]) or not initial

    def adapt(self, data: ArrayLike | Iterable[Any]) -> None:
        """Set mean and variance to those of `data`.

        Parameters
        ----------
        data : array_like, data frame, sparse matrix or iterable of batches
            Rows like those of the input, batch first. Of a batch that is a tuple the first element counts:
            the others are targets and weights.

        Raises
        ------
        ValueError
            If mean and variance were given, there is no row, or rows differ in shape from those of the layer.
        """
        if self.input_mean is not None:
            raise ValueError("data: mean and variance were given, there is nothing to adapt")
        count, mean, squares = 0, np.float64(0), np.float64(0)
        for x in batches_to_adapt(data, "float64"):
            input_shape = with_batch(x.shape[1:])
            if not self.built:
                self._build_once(input_shape)
            if input_shape != self._built_for:
                raise ValueError(f"data: expected rows of shape {self._built_for[1:]}, got {x.shape[1:]}")
            reduced = tuple(a for a in range(x.ndim) if a not in self._kept(input_shape))
            n = int(np.prod([x.shape[a] for a in reduced], dtype=np.int64))
            if not n:
                continue
            # Two sets' squared deviations from their means add up with what separates the means.
            step = x.mean(reduced) - mean
            squares = squares + x.var(reduced) * n + step**2 * (count * n / (count + n))
            count += n
            mean = mean + step * (n / count)
        if not count:
            raise ValueError("data: expected at least one row, got none")
        self.mean.assign(mean)
        self.variance.assign(squares / count)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {
            "axis": list(self.axis) or None,
            "mean": None if self.input_mean is None else self.input_mean.tolist(),
            "variance": None if self.input_variance is None else self.input_variance.tolist(),
            "invert": self.invert,
        }
