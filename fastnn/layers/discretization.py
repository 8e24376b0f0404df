"""`Discretization`: the number of the interval that an input lies in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import real_number, refuse, whole_number
from ..data.sparse import batches_to_adapt
from .base.layer import Layer, registry
from .base.quantiles import Summary, summarize, thin_summary
from .base.shapes import Shape
from .category_encoding import MODES, check_mode, emit_encoding, encoded_sample_shape, is_one_sample

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class Discretization(Layer):
    """Replace each input by the number of the interval that it lies in.

    The boundaries are given, or found by `adapt`.

    Parameters
    ----------
    bin_boundaries : sequence of float, optional
        In ascending order: n boundaries make n + 1 intervals, of which the first begins at minus infinity.
    num_bins : int, optional
        How many intervals `adapt` makes, of about as many numbers each. Either this or `bin_boundaries` has
        to be given.
    epsilon : float, default 0.01
        How far off the share of numbers below a boundary may be.
    output_mode : {"int", "one_hot", "multi_hot", "count"}, default "int"
        The number of the interval, in the model's floating-point dtype, or the vectors that
        `CategoryEncoding` makes of it.
    sparse : bool, default False
        Kept for Keras compatibility; only False is accepted.
    **kwargs
        See `Layer`.

    Notes
    -----
    NaN lies in the last interval. Intervals have no gradient, so nothing before the layer may learn.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.Discretization([0.0, 1.0, 2.0])([[-1.5, 1.0, 3.4, 0.5], [0.0, 3.0, 1.3, 0.0]])
    array([[0, 2, 3, 1],
           [1, 3, 2, 1]], dtype=int32)
    >>> layer = fastnn.layers.Discretization(num_bins=4)
    >>> layer.adapt(np.array([[-1.5, 1.0, 3.4, 0.5], [0.0, 3.0, 1.3, 0.0]]))
    >>> layer.bin_boundaries
    [0.0, 0.5, 1.2999999523162842]
    """

    sparse = False

    def __init__(
        self,
        bin_boundaries: Sequence[float] | None = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        refuse(sparse=sparse)
        if (bin_boundaries is None) == (num_bins is None):
            raise ValueError(
                "bin_boundaries, num_bins: expected one of them, "
                f"got bin_boundaries={bin_boundaries!r} and num_bins={num_bins!r}"
            )
        self.num_bins = None if num_bins is None else whole_number(num_bins, "num_bins", 1)
        self.bin_boundaries = None if bin_boundaries is None else _ascending(bin_boundaries)
        self.epsilon = real_number(epsilon, "epsilon", 0, below=1)
        if not self.epsilon:
            raise ValueError("epsilon: expected a number above 0, got 0")
        self.output_mode = check_mode(output_mode, ("int", *MODES))
        self._bounds: NDArray[np.floating] | None = None  # the boundaries, which plans read

    @property
    def _depth(self) -> int:
        return self.num_bins or len(self.bin_boundaries or ()) + 1

    def _lacks_batch(self, x: Any) -> bool:
        """Whether an array is one sample."""
        return is_one_sample(np.ndim(x), self.output_mode)

    @property
    def _result_dtype(self) -> str | None:  # type: ignore[override]
        """Numbers of intervals are whole."""
        return "int32" if self.output_mode == "int" else None

    def build(self, input_shape: Shape) -> None:
        """Make the array of boundaries."""
        if self._bounds is None:
            self._bounds = np.full(self._depth - 1, np.nan, self.compute_dtype)
            if self.bin_boundaries is not None:
                self._bounds[:] = self.bin_boundaries

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the numbers, and vectors for them."""
        from ..kernels.ops import discretization

        if self.bin_boundaries is None or self._bounds is None:
            raise ValueError("bin_boundaries: expected `adapt` to be called first, or boundaries to be given")
        y = discretization.emit(plan, x, self._bounds)
        return y if self.output_mode == "int" else emit_encoding(plan, y, self._depth, self.output_mode)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Keep the shape, or replace a dimension or add one."""
        if self.output_mode == "int":
            return input_shape
        return (input_shape[0], *encoded_sample_shape(input_shape[1:], self._depth, self.output_mode))

    def adapt(self, data: ArrayLike | Iterable[Any], steps: int | None = None) -> None:
        """Set the boundaries to quantiles of `data`.

        Parameters
        ----------
        data : array_like, data frame, sparse matrix or iterable of batches
            Values of any shape. If batches are tuples, their first elements count.
        steps : int, optional
            At most so many batches of an iterable.

        Raises
        ------
        ValueError
            If boundaries were given, or there are fewer numbers than intervals.
        """
        if self.num_bins is None:
            raise ValueError("data: boundaries were given, there is nothing to adapt")
        summary: Summary = np.empty((2, 0), np.float32)
        batches = batches_to_adapt(data, "float32")
        for numbers in islice(batches, None if steps is None else whole_number(steps, "steps", 1)):
            both = np.concatenate([summarize(numbers.ravel(), self.epsilon), summary], axis=1)
            summary = thin_summary(both[:, np.argsort(both[0])], self.epsilon)
        if summary.shape[1] < self.num_bins:
            raise ValueError(
                f"data: expected at least {self.num_bins} numbers, as many as num_bins, "
                f"got {summary.shape[1]}"
            )
        self.bin_boundaries = thin_summary(summary, 1 / self.num_bins)[0, :-1].tolist()
        if self._bounds is not None:
            self._bounds[:] = self.bin_boundaries

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, and the boundaries that `adapt` has found."""
        return super().get_config() | {
            "bin_boundaries": self.bin_boundaries,
            "num_bins": self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a layer of what `get_config` returned."""
        if config.get("num_bins") is None or config.get("bin_boundaries") is None:
            return cls(**config)
        layer = cls(**config | {"bin_boundaries": None})
        boundaries = _ascending(config["bin_boundaries"])
        if len(boundaries) != layer._depth - 1:
            raise ValueError(
                f"bin_boundaries: expected {layer._depth - 1} for {layer.num_bins} intervals, "
                f"got {len(boundaries)}"
            )
        vars(layer)["bin_boundaries"] = boundaries  # beside `num_bins`, which the constructor refuses
        return layer


def _ascending(boundaries: Any) -> list[float]:
    """Return boundaries as floats, or raise a `ValueError`."""
    numbers = [real_number(boundary, "bin_boundaries") for boundary in boundaries]
    if numbers != sorted(numbers):
        raise ValueError(f"bin_boundaries: expected numbers in ascending order, got {boundaries!r:.80}")
    return numbers
