"""fastnn under the name by which programs import Keras from TensorFlow.

``from fastnn import keras`` imports fastnn itself, and ``from fastnn.keras.layers import Dense`` its layer.
So a program written for Keras often needs changes in its imports only.
"""

import sys
from types import ModuleType

from ._lazy import TABLES


def _register(module: ModuleType, name: str) -> None:
    """Let programs import a module, and the public ones inside, by another name."""
    sys.modules[name] = module
    for inner in TABLES.get(module.__name__, {}).get(".", "").split():
        if f"{module.__name__}.{inner}" != __name__:
            _register(getattr(module, inner), f"{name}.{inner}")


_register(sys.modules[__name__.rpartition(".")[0]], __name__)
