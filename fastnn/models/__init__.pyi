# Written by tools/public_api.py from the table in __init__.py.

from .model import Model
from .sequential import Sequential
from ..saving import (
    clone_model,
    load_model,
    model_from_json,
    save_model,
)

__all__ = [
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_json",
    "save_model",
]
