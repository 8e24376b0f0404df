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


def convolve(x, kernel, strides=1, padding="valid", dilation=1):
    """A kernel (size ..., channels / groups, filters) at all places of x (rows, positions ..., channels)."""
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


def spread(x, kernel, output, cut, strides=1, dilation=1):
    """What x (rows, positions ..., channels), times the kernel (size ..., filters, channels), adds up to.

    `cut` positions are left out before the first of `output`, one number for each dimension.
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
