"""Reference formulas for kernels and layers in NumPy."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

erf = np.vectorize(math.erf, otypes=[float])


def sigmoid(x):
    return 0.5 * (1 + np.tanh(x / 2))


def softplus(x):
    return np.logaddexp(0, x)


def relu(x, slope=0.0, maximum=np.inf, threshold=0.0):
    kept = np.where(x > threshold, x, 0)
    kept = kept if maximum == np.inf else np.clip(kept, 0, maximum)
    return kept - slope * np.maximum(threshold - x, 0)


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def hard_sigmoid(x):
    return np.clip(x / 6 + 0.5, 0, 1)


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def log_softmax(x, axis=-1):
    shifted = x - x.max(axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))


# By Keras' names, with Keras' defaults.
ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": relu,
    "leaky_relu": lambda x: relu(x, slope=0.2),
    "relu6": lambda x: relu(x, maximum=6.0),
    "elu": elu,
    "selu": lambda x: 1.05070098735548049342 * elu(x, 1.67326324235437728482),
    "softplus": softplus,
    "softsign": lambda x: x / (1 + abs(x)),
    "silu": lambda x: x * sigmoid(x),
    "silu_derivative": lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x))),
    "gelu": lambda x: x / 2 * (1 + erf(x / np.sqrt(2))),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "exponential": np.exp,
    "hard_sigmoid": hard_sigmoid,
    "hard_silu": lambda x: x * hard_sigmoid(x),
    "mish": lambda x: x * np.tanh(softplus(x)),
    "softmax": softmax,
    "log_softmax": log_softmax,
}


def gelu_tanh(x):
    return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def crossentropy(p, t, clip=1e-7):
    """Return -sum(t log p) of each row, with p normalized to sum 1 and clipped, as in Keras."""
    return -(t * np.log(np.clip(p / p.sum(-1, keepdims=True), clip, 1 - clip))).sum(-1)


def binary_crossentropy(p, t, clip=1e-7):
    """Return the mean over each row, with p clipped, as in Keras."""
    p = np.clip(p, clip, 1 - clip)
    return -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean(-1)


CLIP = 1e-7


class Loss(NamedTuple):
    """A loss: its value per sample, kinds of labels and predictions, arguments of class and kernel."""

    values: Callable  # of predictions x (..., n) and labels t
    labels: str = "reals"
    predictions: str = "reals"
    arguments: Mapping = MappingProxyType({})
    param: tuple = ()

    def arrays(self, shape, seed=0, spread=2.0):
        """Return predictions and labels that suit the loss."""
        rng = np.random.default_rng(seed)
        reals, others = rng.normal(0.0, spread, shape), rng.normal(0.0, 1.0, shape)
        classes = rng.integers(0, max(shape[-1], 1), shape[:-1])
        bits = rng.integers(0, 2, shape).astype(float)
        found = {
            "reals": others,
            "bits": bits,
            "probabilities": sigmoid(others),
            "distributions": softmax(others) if others.size else others,
            "one_hot": np.eye(shape[-1])[classes],
            "classes": classes.astype("int32"),
        }[self.labels]
        if self.predictions == "distributions" and reals.size:
            reals = softmax(reals)
        return sigmoid(reals) if self.predictions == "probabilities" else reals, found


def focal(p, t, gamma):
    """Return f^gamma b of each element: b is the binary cross-entropy, f the error of the probability."""
    b = -t * np.log(p) - (1 - t) * np.log(1 - p)
    return (t * (1 - p) + (1 - t) * p) ** gamma * b


def huber(x, t, delta):
    e = abs(x - t)
    return np.where(e <= delta, e**2 / 2, delta * (e - delta / 2)).mean(-1)


# By the names of losses, which are also the names of their kernels.
LOSSES = {
    "mean_squared_error": Loss(lambda x, t: ((x - t) ** 2).mean(-1)),
    "sum_squared_error": Loss(lambda x, t: ((x - t) ** 2).sum(-1)),
    "root_mean_squared_error": Loss(lambda x, t: np.sqrt(((x - t) ** 2).mean(-1))),
    "mean_absolute_error": Loss(lambda x, t: abs(x - t).mean(-1)),
    "mean_absolute_percentage_error": Loss(
        lambda x, t: 100 * (abs(x - t) / np.maximum(abs(t), CLIP)).mean(-1)
    ),
    "mean_squared_logarithmic_error": Loss(
        lambda x, t: ((np.log1p(np.maximum(x, CLIP)) - np.log1p(np.maximum(t, CLIP))) ** 2).mean(-1),
        *("probabilities", "probabilities"),
    ),
    "huber": Loss(lambda x, t: huber(x, t, 1.5), arguments={"delta": 1.5}, param=(1.5,)),
    "log_cosh": Loss(lambda x, t: np.log(np.cosh(x - t)).mean(-1)),
    "poisson": Loss(lambda x, t: (x - t * np.log(x + CLIP)).mean(-1), "probabilities", "probabilities"),
    "kl_divergence": Loss(
        lambda x, t: (np.clip(t, CLIP, 1) * np.log(np.clip(t, CLIP, 1) / x)).sum(-1),
        *("probabilities", "probabilities"),
    ),
    "hinge": Loss(lambda x, t: np.maximum(1 - (2 * t - 1) * x, 0).mean(-1), "bits", param=(2.0, -1.0)),
    "squared_hinge": Loss(
        lambda x, t: (np.maximum(1 - (2 * t - 1) * x, 0) ** 2).mean(-1), "bits", param=(2.0, -1.0)
    ),
    "categorical_hinge": Loss(
        lambda x, t: np.maximum(((1 - t) * x).max(-1) - (t * x).sum(-1) + 1, 0), "bits"
    ),
    "cosine_similarity": Loss(lambda x, t: -(x * t).sum(-1) / np.sqrt((x * x).sum(-1) * (t * t).sum(-1))),
    "binary_crossentropy": Loss(binary_crossentropy, "bits", "probabilities"),
    "categorical_crossentropy": Loss(crossentropy, "distributions", "probabilities"),
    "sparse_categorical_crossentropy": Loss(
        lambda x, t: crossentropy(x, np.eye(x.shape[-1])[t]), "classes", "probabilities"
    ),
    "binary_focal_crossentropy": Loss(
        lambda x, t: ((0.3 * t + 0.7 * (1 - t)) * focal(x, t, 1.5)).mean(-1),
        *("bits", "probabilities"),
        arguments={"apply_class_balancing": True, "alpha": 0.3, "gamma": 1.5},
        param=(1.5, 0.3, 0.7),
    ),
    "categorical_focal_crossentropy": Loss(
        lambda x, t: -0.4 * (t * (1 - x) ** 1.5 * np.log(x)).sum(-1),
        *("distributions", "distributions"),
        arguments={"alpha": 0.4, "gamma": 1.5},
        param=(1.5, 0.4),
    ),
    "categorical_generalized_cross_entropy": Loss(
        lambda x, t: (1 - np.take_along_axis(x, t[..., None].astype(int), -1)[..., 0] ** 0.7) / 0.7,
        *("classes", "distributions"),
        arguments={"q": 0.7},
    ),
    "dice": Loss(
        lambda x, t: 1 - 2 * (x * t).sum(-1) / (x.sum(-1) + t.sum(-1) + CLIP),
        *("bits", "probabilities"),
        arguments={"axis": -1},
    ),
    "tversky": Loss(
        lambda x, t: 1 - (x * t).sum(-1) / ((x * t + 0.3 * t * (1 - x) + 0.7 * x * (1 - t)).sum(-1) + CLIP),
        *("bits", "probabilities"),
        arguments={"alpha": 0.3, "beta": 0.7, "axis": -1},
    ),
}


def convolve(x, kernel, strides=1, padding="valid", dilation=1):
    """Convolve x (rows, positions ..., channels) with a kernel (size ..., channels / groups, filters)."""
    rank, size = x.ndim - 2, kernel.shape[:-2]
    strides, dilation = (np.broadcast_to(numbers, rank) for numbers in (strides, dilation))
    reach = (np.array(size) - 1) * dilation + 1
    zeros = [(0, 0)]
    for n, e, s in zip(x.shape[1:-1], reach, strides, strict=True):
        missing = {"valid": 0, "causal": e - 1, "same": max(0, (-(-n // s) - 1) * s + e - n)}[padding]
        before = missing // 2 if padding == "same" else missing
        zeros.append((before, missing - before))
    x = np.pad(x, [*zeros, (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(x, reach, axis=range(1, rank + 1))
    windows = windows[(slice(None), *(slice(None, None, s) for s in strides))]
    windows = windows[(..., *(slice(None, None, d) for d in dilation))]
    groups, (depth, filters) = x.shape[-1] // kernel.shape[-2], kernel.shape[-2:]
    windows = windows.reshape(*windows.shape[: rank + 1], groups, depth, -1)
    kernel = kernel.reshape(-1, depth, groups, filters // groups)
    return np.einsum("...gck,kcgf->...gf", windows, kernel).reshape(*windows.shape[: rank + 1], filters)


def convolve_transposed(x, kernel, output, cut, strides=1, dilation=1):
    """Convolve x (rows, positions ..., channels), transposed, with a kernel (size ..., filters, channels).

    The result has the shape `output`, after `cut` positions are cropped at the start, both by dimension.
    """
    rank, filters = x.ndim - 2, kernel.shape[-2]
    strides, dilation = (np.broadcast_to(numbers, rank) for numbers in (strides, dilation))
    room = [c + m + n * s + k * d for c, m, n, s, k, d in zip(
        cut, output, x.shape[1:-1], strides, kernel.shape, dilation, strict=False
    )]  # fmt: skip
    y = np.zeros((len(x), *room, filters))
    for place in np.ndindex(kernel.shape[:-2]):
        steps = zip(place, dilation, strides, x.shape[1:-1], strict=True)
        y[(slice(None), *(slice(i * d, i * d + n * s, s) for i, d, s, n in steps))] += x @ kernel[place].T
    return y[(slice(None), *(slice(c, c + m) for c, m in zip(cut, output, strict=True)))]


def _cubic(d):
    near, far = 1.5 * d**3 - 2.5 * d**2 + 1, -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
    return np.where(d < 1, near, np.where(d < 2, far, 0))


def _lanczos(d, radius):
    return np.where(d < radius, np.sinc(d) * np.sinc(d / radius), 0)


INTERPOLATIONS = {
    "bilinear": lambda d: np.maximum(0, 1 - d),
    "bicubic": _cubic,
    "lanczos3": lambda d: _lanczos(d, 3),
    "lanczos5": lambda d: _lanczos(d, 5),
}


def interpolation_matrix(n, m, method="bilinear", antialias=False):
    """Return the matrix (m, n) that maps n input positions to m output positions."""
    if method == "nearest":
        return np.eye(n)[(2 * np.arange(m) + 1) * n // (2 * m)]
    distance = np.abs((np.arange(m)[:, None] + 0.5) * n / m - 0.5 - np.arange(n))
    weights = INTERPOLATIONS[method](distance / max(n / m, 1) if antialias else distance)
    return weights / weights.sum(1, keepdims=True)


def resize(x, height, width, interpolation="bilinear", antialias=False):
    """Resize images (rows, height, width, channels) to another height and width."""
    rows = interpolation_matrix(x.shape[1], height, interpolation, antialias)
    columns = interpolation_matrix(x.shape[2], width, interpolation, antialias)
    return np.einsum("ip,jq,bpqc->bijc", rows, columns, x, optimize=True)
