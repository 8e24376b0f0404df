"""Losses of distributions other than cross-entropies."""

from __future__ import annotations

from ..kernels.core.specs import LossSpec
from .loss import PlainLoss, per_sample, registry


@registry.add("kld", "KLD", "kullback_leibler_divergence")
class KLDivergence(PlainLoss):
    """sum(y_true log(y_true / y_pred)) over the last axis, both clipped to [1e-7, 1].

    S. Kullback and R. A. Leibler, On information and sufficiency, Annals of Mathematical Statistics 22, 1951.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> round(float(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
    0.1438
    """

    _plain_spec = LossSpec("kl_divergence")


@registry.add
class Poisson(PlainLoss):
    """mean(y_pred - y_true log(y_pred + 1e-7)) over the last axis: labels are counts.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> round(float(Poisson()([[1.0, 2.0]], [[1.0, 2.0]])), 4)
    0.8069
    """

    _plain_spec = LossSpec("poisson")


kl_divergence = per_sample(KLDivergence)
poisson = per_sample(Poisson)
