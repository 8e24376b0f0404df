# Written by tools/public_api.py from the table in __init__.py.

from .model import Model as Model
from .sequential import Sequential as Sequential
from ..saving import (
    clone_model as clone_model,
    load_model as load_model,
    model_from_json as model_from_json,
    save_model as save_model,
)
