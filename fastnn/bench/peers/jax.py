"""JAX: a jitted step with donated buffers, a jitted prediction; sequences by `lax.scan`, also unrolled."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import numpy as np
from jax import lax, nn
from jax import numpy as jnp

UNROLLED = 10  # steps of a sequence
ACTIVATIONS = {"relu": nn.relu, "tanh": jnp.tanh, "sigmoid": nn.sigmoid, "linear": lambda x: x}
FROM_LOGITS = {"sparse_categorical_crossentropy": nn.softmax, "binary_crossentropy": nn.sigmoid}
BETAS, EPSILON = (0.9, 0.999), 1e-7


def start(threads: int) -> dict[str, str]:
    """Return versions; the processors that this process is bound to say how many threads there are."""
    jax.config.update("jax_platforms", "cpu")
    return {"version": jax.__version__}


class Network:
    """See `serve`."""

    def __init__(self, model: dict[str, Any], weights: list[Any]) -> None:
        jax.config.update("jax_enable_x64", model["dtype"] == "float64")
        self._model = model
        self._made: dict[str, dict[str, Any]] = {}
        self.reset(weights, 1e-12)

    def reset(self, weights: list[Any], learning_rate: float) -> None:
        """Start anew."""
        self._weights = [jnp.array(w) for w in weights]
        self._slots = [(jnp.zeros_like(w), jnp.zeros_like(w)) for w in self._weights]
        self._count = jnp.zeros((), jnp.int32)
        self.learning_rate = learning_rate

    def ways(self, operation: str) -> dict[str, Any]:
        """Return jitted functions."""
        if operation not in self._made:
            make = self._train if operation == "train" else self._predict
            unrolls = {"jit": 1, f"jit, {UNROLLED} steps unrolled": UNROLLED}
            if not self._model["recurrent"]:
                unrolls = {"jit": 1}
            self._made[operation] = {name: make(unroll) for name, unroll in unrolls.items()}
        return self._made[operation]

    def _train(self, unroll: int) -> Any:
        def loss_of(weights: Any, x: Any, y: Any) -> Any:
            return loss(self._model["loss"], forward(self._model, weights, x, unroll), y)

        @partial(jax.jit, donate_argnums=(0, 1, 2))
        def step(weights: Any, slots: Any, count: Any, rate: Any, x: Any, y: Any) -> Any:
            value, gradients = jax.value_and_grad(loss_of)(weights, x, y)
            count = count + 1
            rate = rate * jnp.sqrt(1 - BETAS[1] ** count) / (1 - BETAS[0] ** count)
            pairs = [adam(w, g, m, v, rate) for w, g, (m, v) in zip(weights, gradients, slots, strict=True)]
            return [w for w, _ in pairs], [s for _, s in pairs], count, value

        def train(x: Any, y: Any) -> float:
            rate = self._weights[0].dtype.type(self.learning_rate)
            state = step(self._weights, self._slots, self._count, rate, x, y)
            self._weights, self._slots, self._count, value = state
            return float(value)

        return train

    def _predict(self, unroll: int) -> Any:
        finish = FROM_LOGITS.get(self._model["loss"], lambda z: z)
        run = jax.jit(lambda weights, x: finish(forward(self._model, weights, x, unroll)))
        return lambda x: np.asarray(run(self._weights, x))


def adam(w: Any, g: Any, m: Any, v: Any, rate: Any) -> Any:
    """Return the weight after a step, and its two averages."""
    m = m + (g - m) * (1 - BETAS[0])
    v = v + (g * g - v) * (1 - BETAS[1])
    return w - rate * m / (jnp.sqrt(v) + EPSILON), (m, v)


def loss(name: str, z: Any, y: Any) -> Any:
    """Return the mean loss of logits or outputs."""
    if name == "sparse_categorical_crossentropy":
        return -jnp.take_along_axis(nn.log_softmax(z), y[:, None], 1).mean()
    if name == "binary_crossentropy":
        return (nn.softplus(z) - y * z).mean()
    return jnp.square(z - y).mean()


def forward(model: dict[str, Any], weights: Any, x: Any, unroll: int) -> Any:
    """Return the logits, or the outputs where the loss takes those."""
    given = iter(weights)
    for block in model["blocks"]:
        for _ in block:
            kernel, bias = next(given), next(given)
            sides = ("NHWC", "HWIO", "NHWC")
            x = nn.relu(lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=sides) + bias)
        n, h, w, c = x.shape
        x = x[:, : h // 2 * 2, : w // 2 * 2].reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))
    if model["blocks"]:
        x = x.reshape(len(x), -1)
    if model["recurrent"]:
        x = CELLS[model["recurrent"][0]](x, next(given), next(given), next(given), unroll)
    for i, (_, activation) in enumerate(model["layers"], 1):
        x = x @ next(given) + next(given)
        if i < len(model["layers"]) or model["loss"] not in FROM_LOGITS:
            x = ACTIVATIONS[activation](x)
    return x


def simple_rnn(x: Any, kernel: Any, recurrent: Any, bias: Any, unroll: int) -> Any:
    """Return the last state."""

    def step(h: Any, z: Any) -> Any:
        return jnp.tanh(z + h @ recurrent), None

    h = jnp.zeros((len(x), len(recurrent)), x.dtype)
    return lax.scan(step, h, (x @ kernel + bias).swapaxes(0, 1), unroll=unroll)[0]


def lstm(x: Any, kernel: Any, recurrent: Any, bias: Any, unroll: int) -> Any:
    """Return the last output."""

    def step(state: Any, z: Any) -> Any:
        h, c = state
        i, f, g, o = jnp.split(z + h @ recurrent, 4, -1)
        c = nn.sigmoid(f) * c + nn.sigmoid(i) * jnp.tanh(g)
        return (nn.sigmoid(o) * jnp.tanh(c), c), None

    h = jnp.zeros((len(x), len(recurrent)), x.dtype)
    return lax.scan(step, (h, h), (x @ kernel + bias).swapaxes(0, 1), unroll=unroll)[0][0]


def gru(x: Any, kernel: Any, recurrent: Any, bias: Any, unroll: int) -> Any:
    """Return the last state, with the reset gate behind the product as in Keras."""
    units = len(recurrent)

    def step(h: Any, z: Any) -> Any:
        inner = h @ recurrent + bias[1]
        update, reset = jnp.split(nn.sigmoid(z[:, : 2 * units] + inner[:, : 2 * units]), 2, -1)
        new = jnp.tanh(z[:, 2 * units :] + reset * inner[:, 2 * units :])
        return update * h + (1 - update) * new, None

    h = jnp.zeros((len(x), units), x.dtype)
    return lax.scan(step, h, (x @ kernel + bias[0]).swapaxes(0, 1), unroll=unroll)[0]


CELLS = {"SimpleRNN": simple_rnn, "LSTM": lstm, "GRU": gru}
