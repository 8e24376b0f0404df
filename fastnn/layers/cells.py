"""The cells of recurrent layers: their arguments, their weights, and how a plan calls them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import activations, constraints, initializers, regularizers
from ..checks import real_number, whole_number
from ..data.validation import as_real
from ..pickling import Picklable
from ..registry import Registry
from ..utils.random import next_seed
from .base.layer import unique_name
from .base.shapes import Shape, check_weight_shape, dimension
from .base.trainable import set_trainable

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value
    from ..variables import Variable
    from .recurrent import RNN


def _elementwise(identifier: Any, name: str) -> activations.Activation:
    activation = activations.get(identifier)
    if not isinstance(activation, activations.Activation):
        raise ValueError(f"{name}: expected an elementwise activation, got {identifier!r}")
    return activation


class Cell(Picklable):
    """What `RNN` takes: a cell, or cells on top of each other."""

    _freezes_parts = False

    def __init__(self, name: str | None, trainable: bool = True) -> None:
        self.name = name or unique_name(type(self))
        self._trainable = bool(trainable)

    @property
    def _trainable_parts(self) -> Sequence[Cell]:
        """The cells that `trainable` is passed on to."""
        return ()

    def _freeze_parts(self) -> None:
        """Do nothing: a flag is passed on when it is set."""

    @property
    def _variables(self) -> list[Variable]:
        """The weights of this cell itself."""
        return []

    @property
    def trainable(self) -> bool:
        """Whether optimizers change the weights; set it before `compile`."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        set_trainable(self, bool(value))

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes an equal cell of."""
        return {"name": self.name, "trainable": self._trainable}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a cell of what `get_config` returned; its weights are new."""
        return cls(**config)


registry: Registry[Cell] = Registry("cell", Cell, "fastnn.layers")


class RecurrentCell(Cell):
    """Base of the cells; each makes h_t of x_t and the state before, with weights of its own."""

    _gates: ClassVar[int]
    _states: ClassVar[int] = 1  # arrays that make the state

    def __init__(
        self,
        units: int,
        activation: Any,
        recurrent_activation: Any,
        use_bias: bool,
        kernel_initializer: Any,
        recurrent_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        recurrent_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        recurrent_constraint: Any,
        bias_constraint: Any,
        dropout: float,
        recurrent_dropout: float,
        seed: int | None,
        name: str | None = None,
        trainable: bool = True,
        **ignored: Any,
    ) -> None:
        unknown = set(ignored) - {"implementation", "dtype"}
        if unknown:
            raise TypeError(f"{type(self).__name__}: unexpected arguments {sorted(unknown)}")
        super().__init__(name, trainable)
        self.units = dimension(units, "units")
        self.activation = _elementwise(activation, "activation")
        self.recurrent_activation = _elementwise(recurrent_activation, "recurrent_activation")
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.bias_constraint = constraints.get(bias_constraint)
        self.dropout = real_number(dropout, "dropout", 0, below=1)
        self.recurrent_dropout = real_number(recurrent_dropout, "recurrent_dropout", 0, below=1)
        self.seed = seed
        self._stream = next_seed() if seed is None else whole_number(seed, "seed", 0, 2**63 - 1)
        self.kernel: Variable | None = None
        self.recurrent_kernel: Variable | None = None
        self.bias: Variable | None = None
        self._layer: RNN | None = None

    @property
    def _variables(self) -> list[Variable]:
        """The weights, which are those of the layer as well."""
        return [v for v in (self.kernel, self.recurrent_kernel, self.bias) if v is not None]

    @property
    def state_size(self) -> int | list[int]:
        """Width of the state, or of each of its parts."""
        return self.units if self._states == 1 else [self.units] * self._states

    @property
    def output_size(self) -> int:
        """Width of the output."""
        return self.units

    @property
    def _op(self) -> str:
        """What the op calls the cell."""
        raise NotImplementedError

    @property
    def _bias_shape(self) -> tuple[int, ...]:
        """Shape of the bias."""
        return (self._gates * self.units,)

    def _initial_bias(self, shape: tuple[int, ...], dtype: str) -> NDArray[np.floating]:
        """Return how the bias starts."""
        return np.asarray(self.bias_initializer(shape, dtype))

    def _weight_shapes(self, inputs: int | None) -> dict[str, Shape]:
        """Return the shapes of `kernel`, `recurrent_kernel` and `bias` for inputs of this width."""
        width = self._gates * self.units
        return {
            "kernel": (inputs, width),
            "recurrent_kernel": (self.units, width),
            "bias": self._bias_shape,
        }

    def _check_weights(self, inputs: int | None) -> None:
        """Raise a `ValueError` if the weights have other shapes than inputs of this width need."""
        for name, shape in self._weight_shapes(inputs).items():
            variable = getattr(self, name)
            if variable is not None:
                check_weight_shape(name, shape, variable.shape)

    def _build(self, layer: RNN, inputs: int | None, prefix: str = "") -> None:
        """Make the weights, which are those of `layer` as well."""
        if self._layer is not None and self._layer is not layer:
            raise ValueError(f"cell: {self.name!r} belongs to the layer {self._layer.name!r} already")
        self._layer = layer
        width = self._gates * self.units
        self.kernel = layer.add_weight(
            (inputs, width),
            self.kernel_initializer,
            f"{prefix}kernel",
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = layer.add_weight(
            (self.units, width),
            self.recurrent_initializer,
            f"{prefix}recurrent_kernel",
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        if self.use_bias:
            self.bias = layer.add_weight(
                self._bias_shape,
                self._initial_bias,
                f"{prefix}bias",
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        for variable in self._variables:
            variable.trainable = self._trainable

    def _emit(self, plan: Plan, x: Value, **options: Any) -> Any:
        """Append the cell over time; `options` and result are those of the op."""
        from ..kernels.ops import recurrent

        assert self.kernel is not None
        assert self.recurrent_kernel is not None
        if plan.stochastic:
            options |= {
                "dropout": self.dropout,
                "recurrent_dropout": self.recurrent_dropout,
                "seed": self._stream,
            }
        return recurrent.emit(
            plan,
            x,
            self._op,
            self.kernel,
            self.recurrent_kernel,
            self.bias,
            self.activation.fused,
            self.recurrent_activation.fused,
            **options,
        )

    def __call__(
        self, inputs: ArrayLike, states: ArrayLike | Sequence[ArrayLike], training: bool = False
    ) -> tuple[NDArray[np.floating], list[NDArray[np.floating]]]:
        """Take one step.

        Parameters
        ----------
        inputs : array_like
            (rows, inputs).
        states : list of array_like
            The state before, each (rows, units): [h], or [h, c].
        training : bool, default False
            Whether dropout acts.

        Returns
        -------
        output : ndarray
            (rows, units).
        states : list of ndarray
            The state after.
        """
        from ..kernels.core.plan import Plan
        from .recurrent import RNN, check_states

        layer = self._layer or RNN(self)
        x = as_real(inputs, layer.compute_dtype, "inputs")
        if x.ndim != 2 or (self.kernel is not None and x.shape[1] != self.kernel.shape[0]):
            width = "inputs" if self.kernel is None else self.kernel.shape[0]
            raise ValueError(f"inputs: expected shape (rows, {width}), got {x.shape}")
        if self.kernel is None:
            layer._build_once((None, 1, x.shape[1]))
        widths = [self.units] * self._states
        before = check_states(states, widths, len(x), layer.compute_dtype, "states")
        plan = Plan(
            layer.compute_dtype, [(1, x.shape[1]), *((width,) for width in widths)], stochastic=training
        )
        plan.finish(self._emit(plan, plan.inputs[0], initial=plan.inputs[1:], ends=True), max(1, len(x)))
        output, *after = plan.predict([x[:, None], *before])
        return output, after

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes an equal cell of."""
        return super().get_config() | {
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": initializers.serialize(self.recurrent_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "recurrent_regularizer": regularizers.serialize(self.recurrent_regularizer),
            "recurrent_constraint": constraints.serialize(self.recurrent_constraint),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
        }

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r} units={self.units}>"


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
        Whether b is there.
    kernel_initializer, recurrent_initializer, bias_initializer
        How W (inputs, units), U (units, units) and b (units,) start.
    kernel_regularizer, recurrent_regularizer, bias_regularizer : default None
        Penalties on them, see `fastnn.regularizers`.
    kernel_constraint, recurrent_constraint, bias_constraint : default None
        Where they are brought back to after each step, see `fastnn.constraints`.
    dropout, recurrent_dropout : float, default 0.0
        Shares of x and of the state that the products do not see in training: the same at every step, and for
        all gates (Gal & Ghahramani 2016). Keras draws for each gate where `recurrent_dropout` is not 0.
    seed : int, optional
        Of these.
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
            activation,
            None,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            kernel_regularizer,
            recurrent_regularizer,
            bias_regularizer,
            kernel_constraint,
            recurrent_constraint,
            bias_constraint,
            dropout,
            recurrent_dropout,
            seed,
            **kwargs,
        )


@registry.add
class LSTMCell(RecurrentCell):
    """The cell of `LSTM`.

    Parameters
    ----------
    units : int
        Width of h and c.
    activation : str or Activation, default "tanh"
        Of the candidate and of c; any elementwise one.
    recurrent_activation : str or Activation, default "sigmoid"
        Of the gates i, f and o.
    use_bias : bool, default True
        Whether b is there.
    kernel_initializer, recurrent_initializer, bias_initializer
        How W (inputs, 4 units), U (units, 4 units) and b (4 units,) start.
    unit_forget_bias : bool, default True
        Whether the forget gate's part of b starts from ones (Jozefowicz et al. 2015).
    kernel_regularizer, recurrent_regularizer, bias_regularizer : default None
        Penalties on them, see `fastnn.regularizers`.
    kernel_constraint, recurrent_constraint, bias_constraint : default None
        Where they are brought back to after each step, see `fastnn.constraints`.
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
            activation,
            recurrent_activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            kernel_regularizer,
            recurrent_regularizer,
            bias_regularizer,
            kernel_constraint,
            recurrent_constraint,
            bias_constraint,
            dropout,
            recurrent_dropout,
            seed,
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


@registry.add
class GRUCell(RecurrentCell):
    """The cell of `GRU`.

    Parameters
    ----------
    units : int
        Width of the state.
    activation : str or Activation, default "tanh"
        Of the candidate; any elementwise one.
    recurrent_activation : str or Activation, default "sigmoid"
        Of the gates z and r.
    use_bias : bool, default True
        Whether b is there.
    kernel_initializer, recurrent_initializer, bias_initializer
        How W (inputs, 3 units), U (units, 3 units) and b (3 units,), or (2, 3 units), start.
    kernel_regularizer, recurrent_regularizer, bias_regularizer : default None
        Penalties on them, see `fastnn.regularizers`.
    kernel_constraint, recurrent_constraint, bias_constraint : default None
        Where they are brought back to after each step, see `fastnn.constraints`.
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
            activation,
            recurrent_activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            kernel_regularizer,
            recurrent_regularizer,
            bias_regularizer,
            kernel_constraint,
            recurrent_constraint,
            bias_constraint,
            dropout,
            recurrent_dropout,
            seed,
            **kwargs,
        )
        self.reset_after = bool(reset_after)

    @property
    def _op(self) -> str:
        """What the op calls the cell."""
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


@registry.add
class StackedRNNCells(Cell):
    """Cells on top of each other: the output of one is the input of the next.

    Parameters
    ----------
    cells : list of cells
        The first sees the input, the last gives the output.
    name : str, optional
    trainable : bool, default True
        Whether optimizers change the weights of the cells.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> cells = fastnn.layers.StackedRNNCells([fastnn.layers.GRUCell(4), fastnn.layers.LSTMCell(3)])
    >>> fastnn.layers.RNN(cells)(np.ones((2, 5, 1))).shape
    (2, 3)
    """

    def __init__(
        self, cells: Sequence[RecurrentCell], name: str | None = None, trainable: bool = True
    ) -> None:
        super().__init__(name, trainable)
        self.cells = [check_cell(c, "cells") for c in cells]
        if not self.cells:
            raise ValueError("cells: expected at least one cell")
        if len({id(c) for c in self.cells}) < len(self.cells):
            raise ValueError("cells: expected each cell once")
        if not self._trainable:
            self.trainable = False

    @property
    def _trainable_parts(self) -> Sequence[Cell]:
        """The cells."""
        return self.cells

    @property
    def state_size(self) -> list[int | list[int]]:
        """Widths of the states, cell by cell."""
        return [c.state_size for c in self.cells]

    @property
    def output_size(self) -> int:
        """Width of the last cell's output."""
        return self.cells[-1].units

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes equal cells of."""
        return super().get_config() | {"cells": [registry.serialize(c) for c in self.cells]}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make cells of what `get_config` returned; each trains as its own config says."""
        made = cls([registry.deserialize(c) for c in config["cells"]], name=config["name"])
        made._trainable = config.get("trainable", True)
        return made


def check_cell(cell: Any, name: str) -> RecurrentCell:
    """Return a cell, or raise a `TypeError` that names the argument."""
    if not isinstance(cell, RecurrentCell):
        raise TypeError(f"{name}: expected SimpleRNNCell, LSTMCell or GRUCell objects, got {cell!r}")
    return cell
