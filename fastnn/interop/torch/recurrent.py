"""Recurrent modules of PyTorch: a layer for each of a stack, and the final states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ... import layers as L
from .planning import Plan
from .values import Counterpart, Unsupported, Value, need

__all__ = ["NOT_PLANNED", "States", "recurrent"]

NOT_PLANNED = "the cell state of an LSTM has no counterpart, only its outputs and hidden states have"


@dataclass
class States:
    """The final hidden states of a module: one for each layer and direction, planned when they are taken."""

    parts: list[Callable[[], Value]]

    def __getitem__(self, key: Any) -> Value:
        """Plan one of them, as ``h[-1]`` and ``h[-1, :, :]`` take it."""
        first, *others = key if isinstance(key, tuple) else (key,)
        if not isinstance(first, int) or any(other not in (slice(None), Ellipsis) for other in others):
            raise Unsupported(f"of final states only one can be taken, such as h[-1], not {key}")
        return self.parts[first]()


def recurrent(plan: Plan, m: Any, kind: str, name: str, x: Value, shapes: Any) -> list[Any]:
    """Plan a module, and return its outputs and final states as PyTorch does.

    Parameters
    ----------
    plan : Plan
    m : torch.nn.Module
    kind : {"RNN", "LSTM", "GRU"}
    name : str
        Of the module; the layers are its ".l0", ".l1" and so on.
    x : Value
    shapes : list
        Of the results.
    """
    need(x.rank == 3, f"expected a tensor of batch, time and features, got one of {x.rank} axes")
    order = (0, 1, 2) if m.batch_first else (1, 0, 2)
    if x.order[0] != order[0]:
        raise Unsupported(
            "batch_first=False takes the axis of the batch for time: make the module with batch_first=True, "
            "the weights are the same"
        )
    need(not m.proj_size, f"proj_size={m.proj_size}")
    cls = {"RNN": L.SimpleRNN, "LSTM": L.LSTM, "GRU": L.GRU}[kind]
    options: dict[str, Any] = {"return_sequences": True, "use_bias": m.bias}
    if kind == "RNN":
        options["activation"] = m.nonlinearity
    parts: list[Callable[[], Value]] = []
    for number in range(m.num_layers):
        if m.dropout and number:
            x = plan.apply(x, Counterpart([L.Dropout(m.dropout)]), x.shape)
        own = f"{name}.l{number}"
        layer: Any
        if m.bidirectional:
            layer = L.Bidirectional(cls(m.hidden_size, **options), name=own)
        else:
            layer = cls(m.hidden_size, **options, name=own)
        x = plan.apply(x, Counterpart([layer], order), shapes[0], own)
        parts += _final(plan, x, m.hidden_size, m.bidirectional)
    states = States(parts)
    return [x, [states, NOT_PLANNED] if kind == "LSTM" else states]


def _final(plan: Plan, y: Value, units: int, bidirectional: bool) -> list[Callable[[], Value]]:
    """Return what plans the last outputs of a layer: of one that goes backwards, those of the first step."""
    if not bidirectional:
        return [lambda: plan.add(lambda: y.tensor[:, -1], (None, units))]
    return [
        lambda: plan.add(lambda: y.tensor[:, -1, :units], (None, units)),
        lambda: plan.add(lambda: y.tensor[:, 0, units:], (None, units)),
    ]
