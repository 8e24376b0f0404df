"""`LSTM`: long short-term memory."""

from __future__ import annotations

from typing import Any

from ..attributes import part_attributes
from .base.cell_layer import CellLayer
from .base.layer import registry
from .lstm_cell import LSTMCell


@registry.add
class LSTM(CellLayer):
    """Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000).

    Parameters
    ----------
    units : int
        Width of the state and of the output.
    activation : str or Activation, default "tanh"
        That of the candidate g and of c; any elementwise one.
    recurrent_activation : str or Activation, default "sigmoid"
        That of the gates i, f and o.
    use_bias : bool, default True
        Whether to add a bias b.
    kernel_initializer : default "glorot_uniform"
        Initializer of W (inputs, 4 units).
    recurrent_initializer : default "orthogonal"
        Initializer of U (units, 4 units).
    bias_initializer : default "zeros"
        Initializer of b (4 units,).
    unit_forget_bias : bool, default True
        Whether the forget gate's part of b starts from ones (Jozefowicz et al. 2015).
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
    unroll, use_cudnn
        Ignored; kept for Keras compatibility.
    **kwargs
        `zero_output_for_mask` of `RNN`, and `trainable`, `dtype`, `name` and `input_shape` of `Layer`.

    Notes
    -----
    With [i, f, g, o] = x_t W + h_{t-1} U + b behind their activations, c_t = f c_{t-1} + i g and
    h_t = o activation(c_t). Input is (rows, steps, inputs), output (rows, units) or (rows, steps, units); the
    state is h, then c.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.LSTM(4, return_sequences=True)
    >>> layer(np.ones((2, 7, 3))).shape
    (2, 7, 4)
    >>> [w.shape for w in layer.weights]
    [(3, 16), (4, 16), (16,)]
    """

    cell: LSTMCell
    recurrent_activation, unit_forget_bias = part_attributes("cell", 2)

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
        activity_regularizer: None = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        cell = LSTMCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias,
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
        self.use_cudnn = use_cudnn
