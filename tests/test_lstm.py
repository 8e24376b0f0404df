"""`LSTM`; what it shares with the other recurrent layers is tested with `SimpleRNN`."""

import numpy as np
import pytest
from harness import check_layer
from recurrence import oracle

from fastnn.layers import LSTM

OTHERS = {"units": 3, "activation": "gelu", "recurrent_activation": "softsign", "recurrent_dropout": 0.3}


@pytest.mark.parametrize(
    ("arguments", "shape", "options"),
    [
        ({"units": 2, "return_sequences": True}, (3, 1, 3), {}),
        ({"units": 17, "go_backwards": True}, (1, 5, 9), {"sequences": False, "backwards": True}),
        ({"units": 4, "use_bias": False}, (4, 3, 20), {"sequences": False}),
        (OTHERS, (2, 4, 2), None),
    ],
)  # fmt: skip
def test_layer(arguments, shape, options):
    units, inputs = arguments["units"], shape[2]
    sequences = arguments.get("return_sequences", False)
    check_layer(
        LSTM,
        arguments,
        shape,
        (*shape[: 1 + sequences], units),
        4 * units * (inputs + units + arguments.get("use_bias", True)),
        None if options is None else oracle("lstm", **options),
    )


@pytest.mark.parametrize("unit_forget_bias", [True, False])
def test_the_forget_gate_starts_open(unit_forget_bias):
    layer = LSTM(2, unit_forget_bias=unit_forget_bias)
    layer._build_once((None, 3, 1))
    np.testing.assert_array_equal(layer.cell.bias.numpy(), [0, 0, *[unit_forget_bias] * 2, 0, 0, 0, 0])
