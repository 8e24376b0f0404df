"""Layers: each validates its arguments, makes its weights and appends its steps to a plan."""

from .activations import ELU, Activation, LeakyReLU, ReLU, Softmax
from .dense import Dense
from .dropout import Dropout
from .input_layer import Input, InputLayer
from .layer import Layer, registry
from .permute import Permute
from .prelu import PReLU
from .reshaping import Flatten, Reshape

deserialize = registry.deserialize
serialize = registry.serialize

__all__ = [
    "ELU",
    "Activation",
    "Dense",
    "Dropout",
    "Flatten",
    "Input",
    "InputLayer",
    "Layer",
    "LeakyReLU",
    "PReLU",
    "Permute",
    "ReLU",
    "Reshape",
    "Softmax",
    "deserialize",
    "serialize",
]
