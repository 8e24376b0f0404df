# Written by tools/public_api.py from the table in __init__.py.

from .base import (
    Initializer,
    registry,
)
from .constant_values import (
    Constant,
    Identity,
    Ones,
    Zeros,
    Constant as constant,
    Identity as identity,
    Ones as ones,
    Zeros as zeros,
)
from .lookup import (
    deserialize,
    get,
    serialize,
)
from .orthogonal_matrix import (
    Orthogonal,
    Orthogonal as orthogonal,
)
from .random import (
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    RandomNormal as random_normal,
    RandomUniform as random_uniform,
    TruncatedNormal as truncated_normal,
)
from .scaled_variance import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
    GlorotNormal as glorot_normal,
    GlorotUniform as glorot_uniform,
    HeNormal as he_normal,
    HeUniform as he_uniform,
    LecunNormal as lecun_normal,
    LecunUniform as lecun_uniform,
    VarianceScaling as variance_scaling,
)

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
