"""`Bidirectional`: a recurrent layer forward and another backward in time, merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from ..checks import ArgumentError
from ..configurable import is_of_program
from ..custom_objects import CustomObjectScope
from .base.building import set_values
from .base.calls import bind_arguments
from .base.layer import registry
from .base.recurrent_call import call_options
from .base.recurrent_state import reversed_steps
from .base.shapes import Shape
from .base.trainable import flatten_parts
from .own_cell_rnn import OwnCellRNN
from .recurrent import RNN
from .wrapper import Enclosing, inner_layer

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value

MODES = ("concat", "sum", "mul", "ave")


@registry.add
class Bidirectional(Enclosing):
    """Run one recurrent layer forward and another backward over a sequence, and merge their outputs.

    Parameters
    ----------
    layer : RNN, SimpleRNN, LSTM or GRU
        The forward one; a new layer is made of its config.
    merge_mode : {"concat", "sum", "mul", "ave", None}, default "concat"
        What becomes of the two outputs; the backward one is turned around first, where it is a sequence. None
        keeps them apart.
    weights : list of array_like, optional
        What to start from: the weights of the forward layer, then those of the backward one.
    backward_layer : RNN, SimpleRNN, LSTM or GRU, optional
        By default the forward one with `go_backwards` the other way.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.Bidirectional(fastnn.layers.LSTM(4, return_sequences=True))
    >>> layer(np.zeros((2, 5, 3))).shape
    (2, 5, 8)
    """

    def __init__(
        self,
        layer: RNN | OwnCellRNN,
        merge_mode: str | None = "concat",
        weights: list[ArrayLike] | None = None,
        backward_layer: RNN | OwnCellRNN | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if merge_mode is not None and merge_mode not in MODES:
            raise ValueError(f"merge_mode: expected one of {', '.join(MODES)} or None, got {merge_mode!r}")
        given = recurrent(layer, "layer")
        self.merge_mode = merge_mode
        self.forward_layer = renamed(given, "forward")
        if backward_layer is None:
            self.backward_layer = renamed(given, "backward", go_backwards=not given.go_backwards)
        else:
            self.backward_layer = recurrent(backward_layer, "backward_layer")
        self._check_pair()
        for half in self._configured_parts:
            half.zero_output_for_mask = half.return_sequences
        self.return_sequences = self.forward_layer.return_sequences
        self.return_state = self.forward_layer.return_state
        self._initial = None if weights is None else list(weights)

    def _check_pair(self) -> None:
        """Check that the two go opposite ways, and make the same of a sequence."""
        one, other = self.forward_layer, self.backward_layer
        if one.go_backwards == other.go_backwards:
            raise ValueError(
                f"backward_layer: expected go_backwards={not one.go_backwards}, got {other.go_backwards}"
            )
        for name in ("stateful", "return_sequences", "return_state"):
            if getattr(one, name) != getattr(other, name):
                raise ValueError(
                    f"backward_layer: expected {name}={getattr(one, name)}, got {getattr(other, name)}"
                )

    supports_masking = True
    _call_arguments = ("initial_state", "mask", "training")

    @property
    def _configured_parts(self) -> list[RNN | OwnCellRNN]:
        """The forward layer and the backward layer."""
        return [self.forward_layer, self.backward_layer]

    def build(self, input_shape: Shape) -> None:
        """Build both layers."""
        super().build(input_shape)
        one, other = (as_list(layer.compute_output_shape(input_shape))[0] for layer in self._configured_parts)
        if one != other:
            raise ValueError(f"backward_layer: expected outputs of shape {one}, got {other}")
        if self._initial is not None:
            initial, self._initial = self._initial, None
            set_values(self, [v for layer in self._configured_parts for v in layer.weights], initial)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply both layers to arrays, or to symbolic tensors; they are built if need be.

        Parameters
        ----------
        x : array_like or SymbolicTensor
            (rows, steps, inputs).
        training : bool, optional
            Whether dropout acts: on arrays not by default, in a model where it trains.
        mask : array_like of bool or SymbolicTensor, optional
            (rows, steps): False where a step is left out.
        initial_state : list of array_like or SymbolicTensor, optional
            The states that the forward layer starts from, then those of the backward one.

        Returns
        -------
        ndarray, SymbolicTensor, or list of them
            The output, or the two outputs if `merge_mode` is None; with `return_state` a list of it and the
            last states of the forward layer, then of the backward one.
        """
        x, options = bind_arguments(self, args, kwargs)
        return super().__call__(x, **call_options(x, options, self._widths, self.compute_dtype))

    @property
    def _widths(self) -> list[int]:
        return self.forward_layer._state_widths + self.backward_layer._state_widths

    def _emit(self, plan: Plan, x: Value, initial_state: Any = None) -> Any:
        """Append both layers, and what makes one output of theirs."""
        from ..kernels.ops import fan_out, merge

        count = len(self.forward_layer._state_widths)
        given = [None, None] if initial_state is None else [initial_state[:count], initial_state[count:]]
        (one, *last), (other, *other_last) = (
            as_list(layer._append_steps(plan, value, initial_state=state))
            for layer, value, state in zip(
                self._configured_parts, fan_out.emit(plan, x, 2), given, strict=True
            )
        )
        if self.return_sequences:
            other = reversed_steps(plan, other)
        made = [one, other] if self.merge_mode is None else [merge.emit(plan, one, other, self.merge_mode)]
        made += [*last, *other_last]
        return made if len(made) > 1 else made[0]

    def _emit_mask(self, plan: Plan, x: Value) -> Any:
        """Return the mask of the input, where an output has its steps."""
        mask = x.mask if self.return_sequences else None
        outputs = 2 if self.merge_mode is None else 1
        if outputs == 1 and not self.return_state:
            return mask
        return [mask] * outputs + [None] * (len(self._widths) if self.return_state else 0)

    def reset_states(self) -> None:
        """Let the next batch of stateful layers start from zeros."""
        self.forward_layer.reset_states()
        self.backward_layer.reset_states()

    reset_state = reset_states

    def compute_output_shape(self, input_shape: Shape) -> Any:
        """Return that of the forward layer, twice as wide where both are kept beside each other."""
        shape, *last = as_list(self.forward_layer.compute_output_shape(input_shape))
        other_last = as_list(self.backward_layer.compute_output_shape(input_shape))[1:]
        made = [shape, shape] if self.merge_mode is None else [shape]
        if self.merge_mode == "concat":
            made = [(*shape[:-1], 2 * shape[-1])]
        made += [*last, *other_last]
        return made if len(made) > 1 else made[0]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, the layers as configs of their own."""
        return super().get_config() | {
            "layer": registry.serialize(self.forward_layer),
            "merge_mode": self.merge_mode,
            "backward_layer": registry.serialize(self.backward_layer),
        }


def recurrent(layer: Any, name: str) -> RNN | OwnCellRNN:
    """Return a recurrent layer."""
    layer = inner_layer(layer, name)
    if not isinstance(layer, (RNN, OwnCellRNN)):
        raise ArgumentError(f"{name}: expected a recurrent layer, got {layer!r}")
    return layer


def as_list(made: Any) -> list[Any]:
    """Return what a layer makes as a list, if it is not one."""
    return made if isinstance(made, list) else [made]


def renamed(layer: RNN | OwnCellRNN, prefix: str, **changes: Any) -> RNN | OwnCellRNN:
    """Return a new layer of the config of another, with changes; Keras' names say which way it goes."""
    own = {type(part).__name__: type(part) for part in flatten_parts(layer) if is_of_program(type(part))}
    config = registry.serialize(layer)
    name = f"{prefix}_{layer.name.removeprefix('forward_')}"
    config["config"] = config["config"] | {"name": name} | changes
    with CustomObjectScope(own):
        return recurrent(registry.deserialize(config), "layer")
