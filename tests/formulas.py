"""The equations that kernels and layers are compared with, in NumPy."""

import math

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
    """-sum(t log p) of each row, p brought to sum 1 and clipped, as Keras does."""
    return -(t * np.log(np.clip(p / p.sum(-1, keepdims=True), clip, 1 - clip))).sum(-1)


def binary_crossentropy(p, t, clip=1e-7):
    """The mean over each row, p clipped, as Keras does."""
    p = np.clip(p, clip, 1 - clip)
    return -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean(-1)


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
    """The m results, the rows, as sums over n inputs."""
    if method == "nearest":
        return np.eye(n)[(2 * np.arange(m) + 1) * n // (2 * m)]
    distance = np.abs((np.arange(m)[:, None] + 0.5) * n / m - 0.5 - np.arange(n))
    weights = INTERPOLATIONS[method](distance / max(n / m, 1) if antialias else distance)
    return weights / weights.sum(1, keepdims=True)


def resize(x, height, width, interpolation="bilinear", antialias=False):
    """Images (rows, height, width, channels) of another height and width."""
    rows = interpolation_matrix(x.shape[1], height, interpolation, antialias)
    columns = interpolation_matrix(x.shape[2], width, interpolation, antialias)
    return np.einsum("ip,jq,bpqc->bijc", rows, columns, x, optimize=True)
