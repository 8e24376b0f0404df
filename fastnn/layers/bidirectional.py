"""`Bidirectional`: a recurrent layer forward and another backward in time, merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .layer import Layer, registry, set_values
from .recurrent import RNN
from .time_distributed import Wrapper, inner_layer

if TYPE_CHECKING:
    from ..kernels.plan import Plan
    from ..kernels.steps import Value

MODES = ("concat", "sum", "mul", "ave")


@registry.add
class Bidirectional(Wrapper):
    """A recurrent layer from the first step to the last, and one from the last to the first.

    Parameters
    ----------
    layer : RNN, SimpleRNN, LSTM or GRU
        The forward one; a new layer is made of its config.
    merge_mode : {"concat", "sum", "mul", "ave", None}, default "concat"
        What becomes of the two outputs; the backward one is turned around first, where it is a sequence. None
        keeps them apart, which no `Sequential` takes.
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
        layer: RNN,
        merge_mode: str | None = "concat",
        weights: list[ArrayLike] | None = None,
        backward_layer: RNN | None = None,
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
        self._given_backward = backward_layer is not None
        self._check_pair()
        for half in self.sublayers:
            assert isinstance(half, RNN)
            half.zero_output_for_mask = half.return_sequences
        self.return_sequences = self.forward_layer.return_sequences
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

    @property
    def sublayers(self) -> list[Layer]:
        """The forward layer and the backward layer."""
        return [self.forward_layer, self.backward_layer]

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Build both layers."""
        super().build(input_shape)
        one, other = (layer.output_row(input_shape) for layer in self.sublayers)
        if one != other:
            raise ValueError(f"backward_layer: expected outputs of shape {one}, got {other}")
        if self._initial is not None:
            initial, self._initial = self._initial, None
            set_values([v for layer in self.sublayers for v in layer.weights], initial, self.name)

    def emit(self, plan: Plan, x: Value) -> Value:
        """Append both layers, and what makes one output of theirs."""
        from ..kernels import copy, fork, merge

        if self.merge_mode is None:
            raise ValueError("merge_mode: None makes two outputs, and a model has one")
        first, second = fork.emit(plan, x, 2)
        one = self.forward_layer.append(plan, first)
        other = self.backward_layer.append(plan, second)
        if self.return_sequences:
            steps, units = other.shape
            box = np.array([[steps, units], [units, 1], [-units, 1]], np.int64)
            other = copy.emit(plan, other, other.shape, box, 0, (steps - 1) * units)
        return merge.emit(plan, one, other, self.merge_mode)

    def emit_mask(self, plan: Plan, x: Value) -> Value | None:
        """Return the mask of the input, where the output has its steps."""
        return x.mask if self.return_sequences else None

    def reset_states(self) -> None:
        """Let the next batch of stateful layers start from zeros."""
        self.forward_layer.reset_states()
        self.backward_layer.reset_states()

    reset_state = reset_states

    def output_row(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return that of the forward layer, twice as wide where both are kept beside each other."""
        row = self.forward_layer.output_row(input_shape)
        return (*row[:-1], 2 * row[-1]) if self.merge_mode == "concat" else row

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, the layers as configs of their own."""
        config = super().get_config() | {
            "layer": registry.serialize(self.forward_layer),
            "merge_mode": self.merge_mode,
        }
        if self._given_backward:
            config["backward_layer"] = registry.serialize(self.backward_layer)
        return config


def recurrent(layer: Any, name: str) -> RNN:
    """Return a recurrent layer that makes one output."""
    layer = inner_layer(layer, name)
    if not isinstance(layer, RNN):
        raise TypeError(f"{name}: expected a recurrent layer, got {layer!r}")
    if layer.return_state:
        raise ValueError(f"{name}: expected return_state=False, got True")
    return layer


def renamed(layer: RNN, prefix: str, **changes: Any) -> RNN:
    """Return a new layer of the config of another, with changes; Keras' names say which way it goes."""
    config = registry.serialize(layer)
    name = f"{prefix}_{layer.name.removeprefix('forward_')}"
    config["config"] = config["config"] | {"name": name} | changes
    made = registry.deserialize(config)
    assert isinstance(made, RNN)
    return made
