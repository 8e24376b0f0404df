"""`SimpleRNN`: a recurrent layer whose state is its output."""

from __future__ import annotations

from typing import Any

from .base.cell_layer import CellLayer
from .base.layer import registry
from .simple_rnn_cell import SimpleRNNCell


@registry.add
class SimpleRNN(CellLayer):
    """h_t = activation(x_t W + h_{t-1} U + b): the state is the output (Elman 1990).

    Parameters
    ----------
    units : int
        Width of the state and of the output.
    activation : str or Activation, default "tanh"
        Any elementwise one.
    use_bias : bool, default True
        Whether to add a bias b.
    kernel_initializer : default "glorot_uniform"
        Initializer of W (inputs, units).
    recurrent_initializer : default "orthogonal"
        Initializer of U (units, units).
    bias_initializer : default "zeros"
        Initializer of b (units,).
    kernel_regularizer, recurrent_regularizer, bias_regularizer : default None
        Penalties on them, see `fastnn.regularizers`.
    kernel_constraint, recurrent_constraint, bias_constraint : default None
        Projections applied after each update, see `fastnn.constraints`.
    activity_regularizer : str, Regularizer or None, default None
        A penalty on the output: see `Layer`.
    dropout, recurrent_dropout : float, default 0.0
        Fractions of x and of the state that are dropped in training, the same at every step.
    seed : int, optional
        Seed of the dropout; by default drawn from that of `fastnn.utils.set_random_seed`.
    return_sequences, return_state, go_backwards, stateful : bool, default False
        See `RNN`.
    unroll : bool
        Ignored; kept for Keras compatibility.
    **kwargs
        `zero_output_for_mask` of `RNN`, and `trainable`, `dtype`, `name` and `input_shape` of `Layer`.

    Notes
    -----
    Input is (rows, steps, inputs), output (rows, units) or (rows, steps, units).

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.SimpleRNN(4, return_sequences=True)
    >>> layer(np.ones((2, 7, 3))).shape
    (2, 7, 4)
    >>> [w.shape for w in layer.weights]
    [(3, 4), (4, 4), (4,)]
    """

    cell: SimpleRNNCell

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
        activity_regularizer: None = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        cell = SimpleRNNCell(
            units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
