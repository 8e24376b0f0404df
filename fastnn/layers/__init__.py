"""Layers: each validates its arguments, makes its weights and appends its steps to a plan."""

from .activations import ELU, Activation, LeakyReLU, ReLU, Softmax
from .alpha_dropout import AlphaDropout
from .dense import Dense
from .dropout import Dropout
from .gaussian import GaussianDropout, GaussianNoise
from .input_layer import Input, InputLayer
from .layer import Layer, registry
from .normalization import Normalization
from .prelu import PReLU
from .random_adjust import RandomBrightness, RandomContrast
from .random_crop import RandomCrop
from .random_warp import RandomFlip, RandomRotation, RandomTranslation, RandomZoom
from .rescaling import Rescaling
from .reshaping import Flatten, Reshape
from .spatial_dropout import SpatialDropout1D, SpatialDropout2D

deserialize = registry.deserialize
serialize = registry.serialize

__all__ = [
    "ELU",
    "Activation",
    "AlphaDropout",
    "Dense",
    "Dropout",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "Input",
    "InputLayer",
    "Layer",
    "LeakyReLU",
    "Normalization",
    "PReLU",
    "RandomBrightness",
    "RandomContrast",
    "RandomCrop",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "ReLU",
    "Rescaling",
    "Reshape",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "deserialize",
    "serialize",
]
