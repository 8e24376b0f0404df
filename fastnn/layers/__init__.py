"""Layers: each validates its arguments, makes its weights and appends its steps to a plan."""

from .activations import ELU, Activation, LeakyReLU, ReLU, Softmax
from .batch_normalization import BatchNormalization
from .dense import Dense
from .dropout import Dropout
from .group_normalization import GroupNormalization
from .input_layer import Input, InputLayer
from .layer import Layer, registry
from .layer_normalization import LayerNormalization
from .prelu import PReLU
from .reshaping import Flatten, Reshape
from .rms_normalization import RMSNormalization
from .unit_normalization import UnitNormalization

deserialize = registry.deserialize
serialize = registry.serialize

__all__ = [
    "ELU",
    "Activation",
    "BatchNormalization",
    "Dense",
    "Dropout",
    "Flatten",
    "GroupNormalization",
    "Input",
    "InputLayer",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "PReLU",
    "RMSNormalization",
    "ReLU",
    "Reshape",
    "Softmax",
    "UnitNormalization",
    "deserialize",
    "serialize",
]
