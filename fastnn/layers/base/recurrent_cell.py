"""Base of the cells of recurrent layers: arguments, weights, and how a plan calls them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import activations
from ...checks import ArgumentError, real_number, whole_number
from ...data.validation import as_real
from ...utils.random import next_seed
from .activation_attribute import ElementwiseAttribute
from .cell import Cell
from .shapes import Shape, check_weight_shape, dimension
from .weight_spec import WeightSpec, spec_attributes, specs_config

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from ...kernels.core.steps import Value
    from ...variables import Variable
    from ..recurrent import RNN


class RecurrentCell(Cell):
    """Base of the cells; each makes h_t of x_t and the state before, with weights of its own."""

    activation, recurrent_activation = ElementwiseAttribute(), ElementwiseAttribute()
    kernel_initializer, kernel_regularizer, kernel_constraint = spec_attributes()
    recurrent_initializer, recurrent_regularizer, recurrent_constraint = spec_attributes()
    bias_initializer, bias_regularizer, bias_constraint = spec_attributes()

    _gates: ClassVar[int]
    _states: ClassVar[int] = 1  # arrays that make the state

    def __init__(
        self,
        units: int,
        *,
        activation: Any,
        recurrent_activation: Any,
        use_bias: bool,
        kernel: WeightSpec,
        recurrent: WeightSpec,
        bias: WeightSpec,
        dropout: float,
        recurrent_dropout: float,
        seed: int | None,
        name: str | None = None,
        trainable: bool = True,
        **ignored: Any,
    ) -> None:
        unknown = set(ignored) - {"implementation", "dtype"}  # kept for Keras compatibility
        if unknown:
            raise TypeError(f"{type(self).__name__}: unexpected arguments {sorted(unknown)}")
        super().__init__(name, trainable)
        self.units = dimension(units, "units")
        self.activation, self.recurrent_activation = activation, recurrent_activation
        self.use_bias = bool(use_bias)
        kernel.set_on(self, "kernel")
        recurrent.set_on(self, "recurrent")
        bias.set_on(self, "bias")
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

    def _check_assigned(self) -> None:
        """Raise a `ValueError` if the weights do not fit what has been assigned."""
        if self.kernel is not None:
            self._check_weights(self.kernel.shape[0])

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
        """The name of the cell in the op."""
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
        shapes = self._weight_shapes(inputs)
        self.kernel = WeightSpec.of(self, "kernel").add_to(layer, shapes["kernel"], f"{prefix}kernel")
        self.recurrent_kernel = WeightSpec.of(self, "recurrent").add_to(
            layer, shapes["recurrent_kernel"], f"{prefix}recurrent_kernel"
        )
        if self.use_bias:
            self.bias = WeightSpec.of(self, "bias").add_to(
                layer, shapes["bias"], f"{prefix}bias", self._initial_bias
            )
        for variable in self._variables:
            variable.trainable = self._trainable

    def _emit(self, plan: Plan, x: Value, **options: Any) -> Any:
        """Append the cell over time; `options` and result are those of the op."""
        from ...kernels.ops import recurrent

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
        from ...kernels.core.plan import Plan
        from ..recurrent import RNN
        from .recurrent_call import check_states

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
        """Return the configuration from which `from_config` makes an equal cell."""
        return (
            super().get_config()
            | specs_config(self, "kernel", "recurrent", "bias")
            | {
                "units": self.units,
                "activation": activations.serialize(self.activation),
                "use_bias": self.use_bias,
                "dropout": self.dropout,
                "recurrent_dropout": self.recurrent_dropout,
                "seed": self.seed,
            }
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r} units={self.units}>"


def check_cell(cell: Any, name: str) -> RecurrentCell:
    """Return a cell, or raise a `TypeError` that names the argument."""
    if not isinstance(cell, RecurrentCell):
        raise ArgumentError(f"{name}: expected SimpleRNNCell, LSTMCell or GRUCell objects, got {cell!r}")
    return cell
