"""`GRU`: a gated recurrent unit."""

from __future__ import annotations

from typing import Any

from ..attributes import part_attributes
from .base.cell_layer import CellLayer
from .base.layer import registry
from .gru_cell import GRUCell


@registry.add
class GRU(CellLayer):
    """A gated recurrent unit (Cho et al. 2014).

    Parameters
    ----------
    units : int
        Width of the state and of the output.
    activation : str or Activation, default "tanh"
        That of the candidate k; any elementwise one.
    recurrent_activation : str or Activation, default "sigmoid"
        That of the gates z and r.
    use_bias : bool, default True
        Whether to add a bias b.
    kernel_initializer : default "glorot_uniform"
        Initializer of W (inputs, 3 units).
    recurrent_initializer : default "orthogonal"
        Initializer of U (units, 3 units).
    bias_initializer : default "zeros"
        Initializer of b (2, 3 units), or (3 units,) with `reset_after` False,.
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
    reset_after : bool, default True
        Whether the state is reset behind its product with U, which has a bias of its own then, or before.
    unroll, use_cudnn
        Ignored; kept for Keras compatibility.
    **kwargs
        `zero_output_for_mask` of `RNN`, and `trainable`, `dtype`, `name` and `input_shape` of `Layer`.

    Notes
    -----
    With [z, r] = x_t W + h_{t-1} U + b behind their activation, h_t = z h_{t-1} + (1 - z) k, where the
    candidate k is activation(x_t W + b + r (h_{t-1} U + b')), or activation(x_t W + (r h_{t-1}) U + b). Input
    is (rows, steps, inputs), output (rows, units) or (rows, steps, units).

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.GRU(4, return_sequences=True)
    >>> layer(np.ones((2, 7, 3))).shape
    (2, 7, 4)
    >>> [w.shape for w in layer.weights]
    [(3, 12), (4, 12), (2, 12)]
    """

    cell: GRUCell
    recurrent_activation, reset_after = part_attributes("cell", 2)

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
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
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        cell = GRUCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
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
            reset_after=reset_after,
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
