"""Layers: each validates its arguments, makes its weights and appends its steps to a plan."""

from .activations import ELU, Activation, LeakyReLU, ReLU, Softmax
from .batch_normalization import BatchNormalization
from .cells import GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells
from .convolution import Conv1D, Conv2D
from .cropping import CenterCrop, Cropping1D, Cropping2D
from .dense import Dense
from .dropout import Dropout
from .group_normalization import GroupNormalization
from .gru import GRU
from .input_layer import Input, InputLayer
from .layer import Layer, registry
from .layer_normalization import LayerNormalization
from .lstm import LSTM
from .prelu import PReLU
from .recurrent import RNN
from .reshaping import Flatten, Reshape
from .rms_normalization import RMSNormalization
from .simple_rnn import SimpleRNN
from .unit_normalization import UnitNormalization
from .padding import ZeroPadding1D, ZeroPadding2D
from .permute import Permute
from .prelu import PReLU
from .reshaping import Flatten, Reshape
from .resizing import Resizing
from .transposed_convolution import Conv1DTranspose, Conv2DTranspose
from .upsampling import UpSampling1D, UpSampling2D

# Keras' long names.
Convolution1D, Convolution2D = Conv1D, Conv2D
Convolution1DTranspose, Convolution2DTranspose = Conv1DTranspose, Conv2DTranspose

deserialize = registry.deserialize
serialize = registry.serialize

__all__ = [
    "ELU",
    "GRU",
    "LSTM",
    "RNN",
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
    "GRUCell",
    "GroupNormalization",
    "Input",
    "InputLayer",
    "LSTMCell",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "PReLU",
    "RMSNormalization",
    "Permute",
    "ReLU",
    "Reshape",
    "Resizing",
    "SimpleRNN",
    "SimpleRNNCell",
    "Softmax",
    "StackedRNNCells",
    "UnitNormalization",
    "UpSampling1D",
    "UpSampling2D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "deserialize",
    "serialize",
]
