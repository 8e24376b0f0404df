"""`SimpleRNNCell`: one step of `SimpleRNN`."""

from __future__ import annotations

from typing import Any

from .base.cell import registry
from .base.recurrent_cell import RecurrentCell
from .base.weight_spec import WeightSpec


@registry.add
class SimpleRNNCell(RecurrentCell):
    """The cell of `SimpleRNN`: h_t = activation(x_t W + h_{t-1} U + b).

    Parameters
    ----------
    units : int
        Width of the state.
    activation : str or Activation, default "tanh"
        Any elementwise one.
    use_bias : bool, default True
        Whether to add a bias b.
    kernel_initializer, recurrent_initializer, bias_initializer
        Initializers of W (inputs, units), U (units, units) and b (units,).
    kernel_regularizer, recurrent_regularizer, bias_regularizer : default None
        Penalties on them, see `fastnn.regularizers`.
    kernel_constraint, recurrent_constraint, bias_constraint : default None
        Projections applied after each update, see `fastnn.constraints`.
    dropout, recurrent_dropout : float, default 0.0
        Shares of x and of the state that the products do not see in training: the same at every step, and for
        all gates (Gal & Ghahramani 2016). Keras draws for each gate where `recurrent_dropout` is not 0.
    seed : int, optional
        The seed of what `dropout` and `recurrent_dropout` draw.
    **kwargs
        `name` and `trainable`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> cell = fastnn.layers.SimpleRNNCell(3)
    >>> h, states = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> h.shape, len(states)
    ((2, 3), 1)
    """

    _gates = 1
    _op = "simple_rnn"

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
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
            recurrent_activation=None,
            use_bias=use_bias,
            kernel=WeightSpec(kernel_initializer, kernel_regularizer, kernel_constraint),
            recurrent=WeightSpec(recurrent_initializer, recurrent_regularizer, recurrent_constraint),
            bias=WeightSpec(bias_initializer, bias_regularizer, bias_constraint),
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            **kwargs,
        )
