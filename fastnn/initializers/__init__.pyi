# Written by tools/public_api.py from the table in __init__.py.

from .base import (
    Initializer as Initializer,
    registry as registry,
)
from .constant_values import (
    Constant as Constant,
    Identity as Identity,
    Ones as Ones,
    Zeros as Zeros,
    Constant as constant,
    Identity as identity,
    Ones as ones,
    Zeros as zeros,
)
from .lookup import (
    deserialize as deserialize,
    get as get,
    serialize as serialize,
)
from .orthogonal_matrix import (
    Orthogonal as Orthogonal,
    Orthogonal as orthogonal,
)
from .random import (
    RandomNormal as RandomNormal,
    RandomUniform as RandomUniform,
    TruncatedNormal as TruncatedNormal,
    RandomNormal as random_normal,
    RandomUniform as random_uniform,
    TruncatedNormal as truncated_normal,
)
from .scaled_variance import (
    GlorotNormal as GlorotNormal,
    GlorotUniform as GlorotUniform,
    HeNormal as HeNormal,
    HeUniform as HeUniform,
    LecunNormal as LecunNormal,
    LecunUniform as LecunUniform,
    VarianceScaling as VarianceScaling,
    GlorotNormal as glorot_normal,
    GlorotUniform as glorot_uniform,
    HeNormal as he_normal,
    HeUniform as he_uniform,
    LecunNormal as lecun_normal,
    LecunUniform as lecun_uniform,
    VarianceScaling as variance_scaling,
)
