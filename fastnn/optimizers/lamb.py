"""`Lamb`: Adam's steps, as long as the weights they change."""

from __future__ import annotations

from .adam import Moments
from .base import registry


@registry.add
class Lamb(Moments):
    """Adam's step for each weight, scaled to the norm of the weight (You et al. 2020).

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
    >>> Lamb(0.01)
    <Lamb learning_rate=0.01>
    """

    _kernel = "adam"
    _correction = "lamb"
