"""`VarianceScaling` and its named variants: the variance depends on the shape of the weight."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..checks import real_number
from .base import registry
from .random import Random, normal, truncated_normal, uniform

# Of the standard normal distribution truncated to [-2, 2]: sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)).
_TRUNCATED_STDDEV = 0.87962566103423978


def _fans(
    shape: tuple[int, ...], input_axes: list[int] | None, output_axes: list[int] | None
) -> tuple[int, int]:
    """Return the fan in and fan out of a kernel: inputs of each output, and outputs of each input."""
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[axis] for axis in input_axes), math.prod(shape[axis] for axis in output_axes)
    if len(shape) < 2:
        return math.prod(shape), math.prod(shape)
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


@registry.add
class VarianceScaling(Random):
    """Numbers of mean zero and variance scale / n, where n depends on the shape of the weight.

    n is the number of inputs of each output of the layer (fan in), of outputs of each input (fan out), or the
    mean of the two; for a kernel of shape (height, width, inputs, outputs) these are height * width * inputs
    and height * width * outputs. This keeps the variance of activations, or of gradients, from growing or
    vanishing in a deep network.

    Parameters
    ----------
    scale : float, default 1.0
        A positive number.
    mode : {"fan_in", "fan_out", "fan_avg"}, default "fan_in"
        The choice of n.
    distribution : {"truncated_normal", "untruncated_normal", "uniform"}, default "truncated_normal"
        A normal distribution truncated at two standard deviations and scaled so that its variance after
        truncation is scale / n; a normal distribution; or a uniform distribution from -sqrt(3 scale / n) to
        sqrt(3 scale / n). "normal" is the truncated one.
    seed : int, optional
        A number that is not negative; without it each call uses a new one.
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
            return uniform(rng, shape, -limit, limit)
        if self.distribution == "untruncated_normal":
            return normal(rng, shape, stddev)
        return truncated_normal(rng, shape, stddev / _TRUNCATED_STDDEV)


class _Preset(VarianceScaling):
    """Base of the named variants of `VarianceScaling`: each fixes scale, mode and distribution.

    Parameters
    ----------
    seed, input_axes, output_axes
        See `VarianceScaling`.
    """

    _preset: tuple[float, str, str]

    def __init__(
        self,
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(*self._preset, seed, input_axes, output_axes)


@registry.add
class GlorotUniform(_Preset):
    """Uniform from -sqrt(6 / (fan_in + fan_out)) to the same above zero (Glorot and Bengio 2010).

    The default of most layers' kernels.

    Parameters
    ----------
    seed, input_axes, output_axes
        See `VarianceScaling`.

    Examples
    --------
    >>> float(abs(GlorotUniform()((3, 3))).max()) <= 1.0
    True
    """

    _preset = (1.0, "fan_avg", "uniform")


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

    _preset = (1.0, "fan_avg", "truncated_normal")


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

    _preset = (1.0, "fan_in", "uniform")


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

    _preset = (1.0, "fan_in", "truncated_normal")


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

    _preset = (2.0, "fan_in", "uniform")


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

    _preset = (2.0, "fan_in", "truncated_normal")
