"""`Nadam`: Adam with Nesterov's momentum."""

from __future__ import annotations

from .adam import Moments
from .base import registry


@registry.add
class Nadam(Moments):
    """Adam with Nesterov's momentum, which grows towards `beta_1` over the first steps (Dozat 2016).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.001
        The step size, or a schedule that gives it for each step.
    beta_1, beta_2 : float, default 0.9 and 0.999
        Decay of the means of the gradient and of its square.
    epsilon : float, default 1e-7
        Added to the root of the second mean.
    **kwargs
        Other arguments of `Optimizer`, by name.

    Examples
    --------
    >>> Nadam().learning_rate
    0.001
    """

    _kernel = "adam"
    _correction = "nadam"
    _nesterov = True
