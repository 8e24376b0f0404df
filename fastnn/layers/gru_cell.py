"""`GRUCell`: one step of `GRU`."""

from __future__ import annotations

from typing import Any

from .. import activations
from .base.cell import registry
from .base.recurrent_cell import RecurrentCell
from .base.weight_spec import WeightSpec


@registry.add
class GRUCell(RecurrentCell):
    """The cell of `GRU`.

    Parameters
    ----------
    units : int
        Width of the state.
    activation : str or Activation, default "tanh"
        That of the candidate; any elementwise one.
    recurrent_activation : str or Activation, default "sigmoid"
        That of the gates z and r.
    use_bias : bool, default True
        Whether to add a bias b.
    kernel_initializer, recurrent_initializer, bias_initializer
        Initializers of W (inputs, 3 units), U (units, 3 units) and b (3 units,), or (2, 3 units),.
    kernel_regularizer, recurrent_regularizer, bias_regularizer : default None
        Penalties on them, see `fastnn.regularizers`.
    kernel_constraint, recurrent_constraint, bias_constraint : default None
        Projections applied after each update, see `fastnn.constraints`.
    dropout, recurrent_dropout, seed, **kwargs
        As of `SimpleRNNCell`.
    reset_after : bool, default True
        Whether the state is reset behind its product with U, which has a bias of its own then, or before.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> cell = fastnn.layers.GRUCell(3)
    >>> h, states = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> h.shape
    (2, 3)
    """

    _gates = 3

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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
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
        self.reset_after = bool(reset_after)

    @property
    def _op(self) -> str:
        """The name of the cell in the op."""
        return "gru" if self.reset_after else "gru_reset_before"

    @property
    def _bias_shape(self) -> tuple[int, ...]:
        """Shape of the bias: of the products with W and with U, or of the first."""
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "reset_after": self.reset_after,
        }
