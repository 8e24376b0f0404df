"""What `compile` has decided for models inside of a model, such as the critic of a network that fools it."""

from __future__ import annotations

from typing import Any

from ..warning import warn
from .configurations import compile_config, compile_from_config
from .errors import ModelFileError
from .names import inner_models
from .state import RESERVED, Tensors, get_training_state, set_training_state
from .trainability import set_frozen_parts

__all__ = ["get_inner_models", "set_inner_models"]


def _prefix(structure: str) -> str:
    return f"{RESERVED}models/{structure}:"


def get_inner_models(model: Any) -> tuple[dict[str, Any], Tensors]:
    """Return the arguments of `compile` and the state of training of compiled models inside, and arrays.

    A model inside whose arguments of `compile` a file cannot hold, such as a lambda, is left out with a
    warning: predictions and the training of the whole do not depend on them.
    """
    documents: dict[str, Any] = {}
    tensors: Tensors = {}
    for structure, inner in inner_models(model):
        try:
            compiled = compile_config(inner)
        except (TypeError, NotImplementedError) as error:
            warn(f"model {structure!r}: it is saved without what it was compiled with: {error}")
            continue
        if compiled is not None:
            state, arrays = get_training_state(inner)
            documents[structure] = {"compile": compiled, "state": state}
            tensors |= {_prefix(structure) + name: array for name, array in arrays.items()}
    return documents, tensors


def set_inner_models(model: Any, documents: dict[str, Any], tensors: Tensors) -> None:
    """Compile the models inside as `get_inner_models` found them, and restore their optimizers.

    Raises
    ------
    ModelFileError
        If there is no such model inside.
    """
    models = dict(inner_models(model))
    for structure, document in documents.items():
        if structure not in models:
            raise ModelFileError(f"it has no model {structure!r:.80} inside")
        inner, state, prefix = models[structure], document["state"], _prefix(structure)
        set_frozen_parts(inner, state["frozen_at_compile"])
        compile_from_config(inner, document["compile"])
        own = {name.removeprefix(prefix): array for name, array in tensors.items() if name.startswith(prefix)}
        set_training_state(inner, state, own)
