"""Models: layers that are trained and predict."""

from typing import TYPE_CHECKING, Any

from .model import Model
from .sequential import Sequential

if TYPE_CHECKING:
    from ..saving import clone_model, load_model, model_from_json, save_model

__all__ = ["Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]


def __getattr__(name: str) -> Any:
    """Import on first use what a program that saves nothing does without."""
    if name in ("clone_model", "load_model", "model_from_json", "save_model"):
        from .. import saving

        return getattr(saving, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
