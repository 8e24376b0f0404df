"""Schedules: learning rates that depend on the number of steps done.

>>> from fastnn.optimizers.schedules import CosineDecay
>>> schedule = CosineDecay(0.1, decay_steps=1000)
>>> [round(schedule(step), 3) for step in (0, 250, 500, 750, 1000)]
[0.1, 0.085, 0.05, 0.015, 0.0]
"""

from ..._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".cosine": "CosineDecay CosineDecayRestarts",
        ".decay": "ExponentialDecay InverseTimeDecay PiecewiseConstantDecay PolynomialDecay",
        ".schedule": "LearningRateSchedule deserialize registry serialize",
    },
)
