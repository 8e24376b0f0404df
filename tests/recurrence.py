"""Reference implementation of recurrent layers in NumPy, one time step after the other."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def simple_rnn_step(x, states, w, u, b=0.0, f=np.tanh):
    h = f(x @ w + states[0] @ u + b)
    return [h]


def lstm_step(x, states, w, u, b=0.0, f=np.tanh, gate=sigmoid):
    h, c = states
    i, forget, g, o = np.split(x @ w + h @ u + b, 4, axis=1)
    c = gate(forget) * c + gate(i) * f(g)
    return [gate(o) * f(c), c]


def gru_step(x, states, w, u, b=0.0, f=np.tanh, gate=sigmoid):
    """Apply the reset gate after the product if the bias has two rows, else before it."""
    h, n = states[0], states[0].shape[1]
    after = np.ndim(b) == 2
    from_x = x @ w + (b[0] if after else b)
    from_h = h @ u + b[1] if after else h @ u[:, : 2 * n]
    z = gate(from_x[:, :n] + from_h[:, :n])
    r = gate(from_x[:, n : 2 * n] + from_h[:, n : 2 * n])
    share = r * from_h[:, 2 * n :] if after else (r * h) @ u[:, 2 * n :]
    k = f(from_x[:, 2 * n :] + share)
    return [z * h + (1 - z) * k]


STEPS = {"simple_rnn": simple_rnn_step, "lstm": lstm_step, "gru": gru_step}


def recur(
    step, x, weights, states=None, mask=None, backwards=False, zero_masked=False, sequences=True, **functions
):
    """Return the outputs, (rows, steps, units) or (rows, units), and the list of last states."""
    units = weights[1].shape[0]
    count = 2 if step is lstm_step else 1
    states = [np.zeros((len(x), units)) for _ in range(count)] if states is None else list(states)
    order = range(x.shape[1])[:: -1 if backwards else 1]
    outputs = []
    for t in order:
        after = step(x[:, t], states, *weights, **functions)
        output = after[0]
        if mask is not None:
            kept = mask[:, t, None] != 0
            output = np.where(kept, after[0], 0 if zero_masked else states[0])
            after = [np.where(kept, a, s) for a, s in zip(after, states, strict=True)]
        states = after
        outputs.append(output)
    return np.stack(outputs, axis=1) if sequences else outputs[-1], states


def oracle(name, **options):
    """Return a function from x and the weights to the output, as `check_layer` takes it."""
    return lambda x, *weights: recur(STEPS[name], x, weights, **options)[0]
