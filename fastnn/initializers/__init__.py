"""Initializers: the numbers that weights start from.

The random ones draw from ``numpy.random.Generator(numpy.random.PCG64(seed))``, in double precision and in the
order of a C array, and round to the dtype asked for: a float32 model starts from the rounded weights of the
float64 model of the same seed. An initializer with a seed gives the same numbers at every call. One without
takes a fresh seed from `fastnn.utils.random` at each, so that one object may serve several layers, and
`fastnn.utils.set_random_seed` makes a program repeat itself.

NumPy keeps the bits of PCG64 fixed for good, but may change how normal deviates come of them, and
`Orthogonal` is as exact as the LAPACK behind NumPy: with another NumPy, equal numbers are likely only.
"""

from .._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".base": "Initializer registry",
        ".constant_values": (
            "Constant Identity Ones Zeros constant=Constant identity=Identity ones=Ones zeros=Zeros"
        ),
        ".lookup": "deserialize get serialize",
        ".orthogonal_matrix": "Orthogonal orthogonal=Orthogonal",
        ".random": (
            "RandomNormal RandomUniform TruncatedNormal random_normal=RandomNormal "
            "random_uniform=RandomUniform truncated_normal=TruncatedNormal"
        ),
        ".scaled_variance": (
            "GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform VarianceScaling "
            "glorot_normal=GlorotNormal glorot_uniform=GlorotUniform he_normal=HeNormal "
            "he_uniform=HeUniform lecun_normal=LecunNormal lecun_uniform=LecunUniform "
            "variance_scaling=VarianceScaling"
        ),
    },
)
