"""Layers: each validates its arguments, makes its weights and appends its steps to a plan."""

from .activations import ELU, Activation, LeakyReLU, ReLU, Softmax
from .batch_normalization import BatchNormalization
from .convolution import Conv1D, Conv2D
from .cropping import CenterCrop, Cropping1D, Cropping2D
from .dense import Dense
from .dropout import Dropout
from .group_normalization import GroupNormalization
from .input_layer import Input, InputLayer
from .layer import Layer, registry
from .layer_normalization import LayerNormalization
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
from .rms_normalization import RMSNormalization
from .unit_normalization import UnitNormalization
from .padding import ZeroPadding1D, ZeroPadding2D
from .permute import Permute
from .prelu import PReLU
from .reshaping import Flatten, Reshape
from .resizing import Resizing
from .rms_normalization import RMSNormalization
from .transposed_convolution import Conv1DTranspose, Conv2DTranspose
from .unit_normalization import UnitNormalization
from .upsampling import UpSampling1D, UpSampling2D

# Keras' long names.
Convolution1D, Convolution2D = Conv1D, Conv2D
Convolution1DTranspose, Convolution2DTranspose = Conv1DTranspose, Conv2DTranspose
from .spatial_dropout import SpatialDropout1D, SpatialDropout2D

deserialize = registry.deserialize
serialize = registry.serialize

__all__ = [
    "ELU",
    "Activation",
    "BatchNormalization",
    "CenterCrop",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Convolution1D",
    "Convolution1DTranspose",
    "Convolution2D",
    "Convolution2DTranspose",
    "Cropping1D",
    "Cropping2D",
    "Dense",
    "Dropout",
    "Flatten",
    "GroupNormalization",
    "AlphaDropout",
    "Dense",
    "Dropout",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "Input",
    "InputLayer",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Normalization",
    "PReLU",
    "Permute",
    "RandomBrightness",
    "RandomContrast",
    "RandomCrop",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "RMSNormalization",
    "ReLU",
    "Rescaling",
    "Reshape",
    "Resizing",
    "Softmax",
    "UnitNormalization",
    "UpSampling1D",
    "UpSampling2D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "deserialize",
    "serialize",
]
