"""Initializers: the initial values of weights.

Random initializers draw from ``numpy.random.Generator(numpy.random.PCG64(seed))``, in double precision and
in the order of a C array, and round to the requested dtype: a float32 model starts from the rounded weights
of the float64 model of the same seed. An initializer with a seed returns the same numbers in every call. One
without takes a new seed from `fastnn.utils.random` in each call, so that one object can serve several layers,
and `fastnn.utils.set_random_seed` makes programs reproducible.

NumPy guarantees the bit stream of PCG64, but not the algorithm that turns it into normal deviates, and
`Orthogonal` depends on the LAPACK that NumPy uses: other versions of NumPy may produce other numbers.
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
