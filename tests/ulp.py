"""How far the kernels of math.inc.c are from the exact result, in units in the last place.

A unit is the distance of two neighbouring numbers where the exact result lies. Numbers too small to be
normal count as zero, which is how the library runs (csrc/fpmode.h).
"""

from functools import cache

import numpy as np
from ctable import Table

# Function: the largest error allowed in float and in double. docs/math.md has the errors measured.
BOUNDS = {
    "exp": (1.5, 2),
    "expm1": (2, 3),
    "log": (1, 2),
    "log1p": (1.5, 2),
    "tanh": (3, 3),
    "sigmoid": (2.5, 3),
    "erf": (2.5, 3),
    "sinpi": (2, 2),
    "cospi": (2, 2),
}
PI = np.longdouble("3.14159265358979323846264338327950288")
WIDER = {"float32": np.float64, "float64": np.longdouble}


def bound(function, dtype):
    return BOUNDS[function][np.dtype(dtype) == np.float64]


@cache
def table(isa, dtype):
    return Table(isa, dtype)


def apply(function, isa, x):
    """The kernel's result for an array."""
    y = np.empty_like(x)
    getattr(table(isa, x.dtype.name), f"math_{function}")(y, x, x.size)
    return y


def exact(function, x):
    """The function of x in the next wider type; erf by the C library in double, good to one unit there."""
    wider = WIDER[x.dtype.name]
    with np.errstate(all="ignore"):
        if function == "erf":
            return apply("erf", "ref", x.astype(np.float64)).astype(wider)
        x = x.astype(wider)
        if function == "sigmoid":
            e = np.exp(-np.abs(x))
            return np.where(x < 0, e, 1) / (1 + e)
        if function in ("sinpi", "cospi"):
            return turned(np.abs(x), function == "cospi") * (np.sign(x) if function == "sinpi" else 1)
        return getattr(np, function)(x)


def turned(x, cosine):
    """The sine or cosine of pi x for x of at least 0, by that of an angle of at most pi / 4."""
    quarters = np.rint(2 * np.fmod(x, 2))
    angle = PI.astype(x.dtype) * (np.fmod(x, 2) - quarters / 2)
    number = (quarters + cosine) % 4
    y = np.where(number % 2 == 1, np.cos(angle), np.sin(angle))
    return np.where(number >= 2, -y, y)


def errors(y, expected):
    """The distance of each y from the exact result, in units; infinite where only one of them is NaN."""
    info = np.finfo(y.dtype)
    with np.errstate(all="ignore"):
        exponent = np.maximum(np.frexp(expected)[1] - 1, info.minexp)
        distance = np.abs(y - expected) / np.ldexp(expected.dtype.type(1), exponent - info.nmant)
        same = (y == expected.astype(y.dtype)) | (np.isnan(y) & np.isnan(expected))
        same |= (np.abs(expected) < info.tiny) & (np.abs(y) <= info.tiny)
    return np.where(same, 0, np.where(np.isnan(distance), np.inf, distance))


def worst(y, expected, x):
    """The largest error, and the x that has it."""
    error = errors(y, expected)
    at = int(np.argmax(error))
    return float(error[at]), x[at]


@cache
def sample(dtype):
    """Numbers of every size and either sign, the ends of every power of two, 0, infinity and NaN.

    Of float every 4099th number there is, of double a million random ones, most of moderate size.
    """
    info = np.finfo(dtype)
    powers = np.ldexp(info.dtype.type(1), np.arange(info.minexp, info.maxexp))
    ends = [np.nextafter(powers, info.dtype.type(end)) for end in (0, 1e38)]
    if info.bits == 32:
        body = np.arange(0, 2**31, 4099, dtype=np.uint32).view(np.float32)
    else:
        random = np.random.default_rng(0)
        sizes = random.integers(-30, 10, 500_000), random.integers(info.minexp, info.maxexp, 50_000)
        scattered = [np.ldexp(random.uniform(1, 2, size.size), size) for size in sizes]
        near_one = 1 + np.ldexp(random.uniform(-1, 1, 50_000), random.integers(-52, -1, 50_000))
        body = np.concatenate([*scattered, near_one])
    x = np.concatenate([body, powers, *ends, np.array([0, np.inf, np.nan, info.max], info.dtype)])
    x = x[~(np.abs(x) < info.tiny) | (x == 0)]
    return np.concatenate([x, -x])


@cache
def exact_sample(function, dtype):
    return exact(function, sample(dtype))
