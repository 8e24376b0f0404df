"""`Orthogonal`: random orthogonal matrices."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..checks import real_number
from .base import registry
from .random import Random


@registry.add("OrthogonalInitializer")
class Orthogonal(Random):
    """A random matrix whose rows or columns, whichever are fewer, are orthonormal (Saxe et al. 2014).

    It is uniformly distributed among these: Q of the QR decomposition of a matrix of normal deviates, with
    signs such that the diagonal of R is positive (Mezzadri 2007). A weight of more than two dimensions is
    treated as a matrix with all axes but the last as rows.

    Parameters
    ----------
    gain : float, default 1.0
        Length of each row or column.
    seed : int, optional
        A number that is not negative; without it each call uses a new one.

    Raises
    ------
    ValueError
        If an argument is not such a number or, in a call, the shape has fewer than two dimensions.

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
