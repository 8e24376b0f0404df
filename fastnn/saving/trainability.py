"""Which layers and weights of a model are frozen, by their names in its structure.

The configuration of a layer says whether the layer itself is trainable. That is not enough: layers inside of
wrappers and of the program's own classes have flags of their own, single weights too, and what trains is what
was trainable when the model was compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .errors import ModelFileError
from .names import named_layers, named_weights

__all__ = ["frozen_at_compile", "frozen_parts", "set_frozen_parts"]


def frozen_parts(model: Any) -> dict[str, list[str]]:
    """Return which layers and weights are not trainable now.

    Returns
    -------
    dict
        "layers" and "weights": the structures of those that are frozen, "" for the model itself.

    Examples
    --------
    >>> import fastnn
    >>> inner = fastnn.layers.TimeDistributed(fastnn.layers.Dense(2))
    >>> model = fastnn.Sequential([fastnn.Input((5, 3)), inner])
    >>> inner.layer.trainable = False
    >>> frozen_parts(model)["layers"]
    ['time_distributed/dense']
    """
    return _frozen(
        model, model._trainable, lambda layer: bool(layer._trainable), lambda weight: bool(weight.trainable)
    )


def frozen_at_compile(model: Any) -> dict[str, list[str]] | None:
    """Return which layers and weights do not train, as `compile` has fixed it; None if it was not called."""
    if model._compile_spec is None:
        return None
    snapshot = model._compile_spec.snapshot
    trained = set(snapshot.variables(model))
    return _frozen(model, snapshot.model_trains, snapshot.layer_trains, trained.__contains__)


def _frozen(
    model: Any, model_trains: bool, layer_trains: Callable[[Any], bool], weight_trains: Callable[[Any], bool]
) -> dict[str, list[str]]:
    layers = [] if model_trains else [""]
    return {
        "layers": layers
        + [named.structure for named in named_layers(model) if not layer_trains(named.layer)],
        "weights": [named.structure for named in named_weights(model) if not weight_trains(named.variable)],
    }


def set_frozen_parts(model: Any, frozen: Any) -> None:
    """Freeze these layers and weights of a model, and no others.

    Parameters
    ----------
    model : Model
        If it has not been built, weights count nothing: it has none.
    frozen : dict
        What `frozen_parts` or `frozen_at_compile` returned.

    Raises
    ------
    ModelFileError
        If it names parts that the model does not have.
    """
    layers = {"": model} | {named.structure: named.layer for named in named_layers(model)}
    weights = {named.structure: named.variable for named in named_weights(model)}
    frozen_layers, frozen_weights = (_names(frozen, kind) for kind in ("layers", "weights"))
    unknown = frozen_layers - layers.keys()
    if model.built:
        unknown |= frozen_weights - weights.keys()
    if unknown:
        raise ModelFileError(f"what it says is frozen is not in the model: {', '.join(sorted(unknown)):.200}")
    for structure, layer in layers.items():
        layer._trainable = structure not in frozen_layers
        if layer._sublayers:
            layer._freezes_parts = False  # these have flags of their own
    for structure, variable in weights.items():
        variable.trainable = structure not in frozen_weights


def _names(frozen: Any, kind: str) -> set[str]:
    names = frozen[kind]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ModelFileError(f"frozen: expected a list of names of {kind}, got {names!r:.80}")
    return set(names)
