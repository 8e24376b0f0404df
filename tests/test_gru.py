"""`GRU`; what it shares with the other recurrent layers is tested with `SimpleRNN`."""

import pytest
from harness import check_layer
from recurrence import oracle

from fastnn.layers import GRU

OTHERS = {"units": 3, "activation": "gelu", "recurrent_activation": "softsign", "recurrent_dropout": 0.3}


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize(
    ("arguments", "shape", "options"),
    [
        ({"units": 2, "return_sequences": True}, (3, 1, 3), {}),
        ({"units": 17, "go_backwards": True}, (1, 5, 9), {"sequences": False, "backwards": True}),
        (OTHERS, (2, 4, 2), None),
    ],
)  # fmt: skip
def test_layer(arguments, shape, options, reset_after):
    units, inputs = arguments["units"], shape[2]
    sequences = arguments.get("return_sequences", False)
    check_layer(
        GRU,
        arguments | {"reset_after": reset_after},
        shape,
        (*shape[: 1 + sequences], units),
        3 * units * (inputs + units + 1 + reset_after),
        None if options is None else oracle("gru", **options),
    )


@pytest.mark.parametrize(("reset_after", "shape"), [(True, (2, 6)), (False, (6,))])
def test_bias(reset_after, shape):
    layer = GRU(2, reset_after=reset_after)
    layer._build_once((None, 3, 1))
    assert layer.cell.bias.shape == shape
