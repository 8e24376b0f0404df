# Written by tools/public_api.py from the table in __init__.py.

from .cosine import (
    CosineDecay,
    CosineDecayRestarts,
)
from .decay import (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
from .schedule import (
    LearningRateSchedule,
    deserialize,
    registry,
    serialize,
)

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "registry",
    "serialize",
]
