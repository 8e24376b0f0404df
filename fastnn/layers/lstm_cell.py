"""`LSTMCell`: one step of `LSTM`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import activations
from .base.cell import registry
from .base.recurrent_cell import RecurrentCell
from .base.weight_spec import WeightSpec


@registry.add
class LSTMCell(RecurrentCell):
    """The cell of `LSTM`.

    Parameters
    ----------
    units : int
        Width of h and c.
    activation : str or Activation, default "tanh"
        That of the candidate and of c; any elementwise one.
    recurrent_activation : str or Activation, default "sigmoid"
        That of the gates i, f and o.
    use_bias : bool, default True
        Whether to add a bias b.
    kernel_initializer, recurrent_initializer, bias_initializer
        Initializers of W (inputs, 4 units), U (units, 4 units) and b (4 units,).
    unit_forget_bias : bool, default True
        Whether the forget gate's part of b starts from ones (Jozefowicz et al. 2015).
    kernel_regularizer, recurrent_regularizer, bias_regularizer : default None
        Penalties on them, see `fastnn.regularizers`.
    kernel_constraint, recurrent_constraint, bias_constraint : default None
        Projections applied after each update, see `fastnn.constraints`.
    dropout, recurrent_dropout, seed, **kwargs
        As of `SimpleRNNCell`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> cell = fastnn.layers.LSTMCell(3)
    >>> h, (h, c) = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 3))])
    >>> c.shape
    (2, 3)
    """

    _gates = 4
    _states = 2
    _op = "lstm"

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel=WeightSpec(kernel_initializer, kernel_regularizer, kernel_constraint),
            recurrent=WeightSpec(recurrent_initializer, recurrent_regularizer, recurrent_constraint),
            bias=WeightSpec(bias_initializer, bias_regularizer, bias_constraint),
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            **kwargs,
        )
        self.unit_forget_bias = bool(unit_forget_bias)

    def _initial_bias(self, shape: tuple[int, ...], dtype: str) -> NDArray[np.floating]:
        """Return how the bias starts: ones for the forget gate, or as its initializer says."""
        bias = np.array(super()._initial_bias(shape, dtype))
        if self.unit_forget_bias:
            bias[self.units : 2 * self.units] = 1
        return bias

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "unit_forget_bias": self.unit_forget_bias,
        }
