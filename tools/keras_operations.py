"""Operations of Keras on symbolic tensors that fastnn reads and writes, for `keras_files.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

ROW = np.array([1.0, 2.0, 3.0], "float32")

# Of two tensors with rows of shape (2, 3), whose elements are between -1 and 1.
OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    **{
        name: lambda x, y, name=name: getattr(ops, name)(x)
        for name in (
            *("abs", "arccos", "arcsin", "arctan", "ceil", "cos", "cosh", "elu", "erf", "exp", "expm1"),
            *("floor", "gelu", "hard_sigmoid", "hard_silu", "leaky_relu", "log_softmax", "negative"),
            *("relu", "relu6", "round", "selu", "sigmoid", "sign", "silu", "sin", "sinh", "softmax"),
            *("softplus", "softsign", "square", "stop_gradient", "tan", "tanh", "trunc"),
        )
    },
    **{
        name: lambda x, y, name=name: getattr(ops, name)(x, axis=(1, 2), keepdims=True)
        for name in ("logsumexp", "max", "mean", "min", "prod", "std", "sum", "var")
    },
    **{
        name: lambda x, y, name=name: ops.cast(getattr(ops, name)(x, y), "float32")
        for name in (
            *("greater", "greater_equal", "less", "less_equal", "equal", "not_equal"),
            *("logical_and", "logical_or", "logical_xor"),
        )
    },
    "add": lambda x, y: x + y,
    "add_constant": lambda x, y: 2 + x,
    "subtract": lambda x, y: 1 - x,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / 2,
    "divide_constant": lambda x, y: 1 / (x + 3),
    "divide_tensors": lambda x, y: ops.divide(x, y + 2),
    "power": lambda x, y: (x + 3) ** 2,
    "power_constant": lambda x, y: 2**x,
    "maximum": ops.maximum,
    "minimum": lambda x, y: ops.minimum(x, 0.1),
    "floor_divide": lambda x, y: x // 0.3,
    "mod": lambda x, y: x % 0.3,
    "gate": lambda x, y: ops.cast(x <= y, "float32") * x,
    "not": lambda x, y: ops.cast(ops.logical_not(x > 0), "float32"),
    "isnan": lambda x, y: ops.cast(ops.isnan(x), "float32"),
    "isinf": lambda x, y: ops.cast(ops.isinf(x), "float32"),
    "array": lambda x, y: x + ROW,
    "tensor": lambda x, y: x * ops.convert_to_tensor(ROW),
    "matmul": lambda x, y: ops.matmul(x, ops.transpose(y, (0, 2, 1))),
    "matmul_constant": lambda x, y: x @ np.ones((3, 4), "float32"),
    "integer": lambda x, y: x[:, 0],
    "ellipsis": lambda x, y: x[..., -1],
    "slices": lambda x, y: x[:, ::-1, 1:],
    "new_axis": lambda x, y: x[:, None],
    "squeeze": lambda x, y: ops.squeeze(x[:, :1], 1),
    "squeeze_all": lambda x, y: ops.squeeze(x[:, :1]),
    "expand_dims": lambda x, y: ops.expand_dims(x, -1),
    "reshape": lambda x, y: ops.reshape(x, (-1, 3, 2)),
    "concatenate": lambda x, y: ops.concatenate([x, y], -1),
    "stack": lambda x, y: ops.stack([x, y], 1),
    "swapaxes": lambda x, y: ops.swapaxes(x, 1, 2),
    "moveaxis": lambda x, y: ops.moveaxis(x, 1, -1),
    "flip": lambda x, y: ops.flip(x, -1),
    "take": lambda x, y: ops.take(x, [1, 0, 1], axis=1),
    "pad": lambda x, y: ops.pad(x, [[0, 0], [1, 2], [0, 1]], constant_values=2.0),
    "pad_reflect": lambda x, y: ops.pad(x, [[0, 0], [1, 1], [0, 0]], mode="reflect"),
    "where": lambda x, y: ops.where(x > y, x, 0.5),
    "clip": lambda x, y: ops.clip(x, -0.5, 0.5),
    "cumsum": lambda x, y: ops.cumsum(x, axis=1),
    "argmax": lambda x, y: ops.cast(ops.argmax(x, -1), "float32"),
    "argmin": lambda x, y: ops.cast(ops.argmin(x, 1, keepdims=True), "float32"),
    "gelu_exact": lambda x, y: ops.gelu(x, approximate=False),
    "softmax_axis": lambda x, y: ops.softmax(x, axis=1),
    "activation": lambda x, y: keras.activations.relu(x, negative_slope=0.1),
    "rsqrt": lambda x, y: ops.rsqrt(x * x + 1),
    "reciprocal": lambda x, y: ops.reciprocal(x + 4),
    "sqrt": lambda x, y: ops.sqrt(x * x + 1),
    "log": lambda x, y: ops.log(x * x + 1),
    "log1p": lambda x, y: ops.log1p(x * x),
}


def operations_model(names: list[str]) -> Any:
    """Return a model that adds up the outputs of operations on two layers."""
    start = keras.Input((2, 3))
    x, y = (keras.layers.Dense(3, "tanh")(start) for _ in range(2))
    made = [OPERATIONS[name](x, y) for name in names]
    rows = [ops.reshape(part, (-1, int(np.prod(part.shape[1:])))) for part in made]
    both = ops.concatenate(rows, -1) if len(rows) > 1 else rows[0]
    return keras.Model(start, keras.layers.Dense(2)(both))
