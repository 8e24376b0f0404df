"""PyTorch's modules and state dicts: models are made of modules, and weights go both ways.

PyTorch itself is imported nowhere: `from_module` takes it from the module it is given, and state dicts may be
of tensors or of NumPy arrays.
"""

from .modules import from_module
from .weights import load_state_dict, state_dict

__all__ = ["from_module", "load_state_dict", "state_dict"]
