"""`Adamax`: Adam with the largest gradient in place of a mean square."""

from __future__ import annotations

from .adam import Moments
from .base import registry


@registry.add
class Adamax(Moments):
    """Adam by the infinity norm (Kingma & Ba 2015, section 7.1).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.001
        The step size, or a schedule that gives it for each step.
    beta_1, beta_2 : float, default 0.9 and 0.999
        Decay of the mean of the gradient, and of its largest size so far.
    epsilon : float, default 1e-7
        Added to that size.
    **kwargs
        Other arguments of `Optimizer`, by name.

    Examples
    --------
    >>> Adamax(0.002).beta_1
    0.9
    """

    _kernel = "adamax"
    _slots = ("momentum", "norm", None)
    _correction = "adamax"
