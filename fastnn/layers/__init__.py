"""Layers: each validates its arguments, makes its weights and appends its steps to a plan."""

from . import operations as operations  # what operators make: into the table of layers
from .activations import ELU, Activation, LeakyReLU, ReLU, Softmax
from .activity_regularization import ActivityRegularization
from .alpha_dropout import AlphaDropout
from .base.layer import Layer, registry
from .batch_normalization import BatchNormalization
from .bidirectional import Bidirectional
from .category_encoding import CategoryEncoding
from .cells import GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells
from .concatenate import Concatenate, concatenate
from .convolution import Conv1D, Conv2D
from .cropping import CenterCrop, Cropping1D, Cropping2D
from .dense import Dense
from .depthwise import DepthwiseConv1D, DepthwiseConv2D
from .discretization import Discretization
from .dot import Dot, dot
from .dropout import Dropout
from .embedding import Embedding
from .gaussian import GaussianDropout, GaussianNoise
from .global_pooling import (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
)
from .group_normalization import GroupNormalization
from .gru import GRU
from .identity import Identity
from .input_layer import Input, InputLayer
from .lambda_layer import Lambda
from .layer_normalization import LayerNormalization
from .lstm import LSTM
from .masking import Masking
from .merging import (
    Add,
    Average,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    maximum,
    minimum,
    multiply,
    subtract,
)
from .normalization import Normalization
from .padding import ZeroPadding1D, ZeroPadding2D
from .permute import Permute
from .pooling import AveragePooling1D, AveragePooling2D, MaxPooling1D, MaxPooling2D
from .prelu import PReLU
from .random_adjust import RandomBrightness, RandomContrast
from .random_crop import RandomCrop
from .random_warp import RandomFlip, RandomRotation, RandomTranslation, RandomZoom
from .recurrent import RNN
from .repeat_vector import RepeatVector
from .rescaling import Rescaling
from .reshaping import Flatten, Reshape
from .resizing import Resizing
from .rms_normalization import RMSNormalization
from .separable import SeparableConv1D, SeparableConv2D
from .simple_rnn import SimpleRNN
from .spatial_dropout import SpatialDropout1D, SpatialDropout2D
from .time_distributed import TimeDistributed
from .transposed_convolution import Conv1DTranspose, Conv2DTranspose
from .unit_normalization import UnitNormalization
from .upsampling import UpSampling1D, UpSampling2D
from .wrapper import Wrapper

# Keras' short names.
AvgPool1D, AvgPool2D, MaxPool1D, MaxPool2D = AveragePooling1D, AveragePooling2D, MaxPooling1D, MaxPooling2D
GlobalAvgPool1D, GlobalAvgPool2D = GlobalAveragePooling1D, GlobalAveragePooling2D
GlobalMaxPool1D, GlobalMaxPool2D = GlobalMaxPooling1D, GlobalMaxPooling2D


# Keras' long names.
Convolution1D, Convolution2D = Conv1D, Conv2D
Convolution1DTranspose, Convolution2DTranspose = Conv1DTranspose, Conv2DTranspose
SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D

deserialize = registry.deserialize
serialize = registry.serialize

__all__ = [
    "ELU",
    "GRU",
    "LSTM",
    "RNN",
    "Activation",
    "ActivityRegularization",
    "Add",
    "AlphaDropout",
    "Average",
    "AveragePooling1D",
    "AveragePooling2D",
    "AvgPool1D",
    "AvgPool2D",
    "BatchNormalization",
    "Bidirectional",
    "CategoryEncoding",
    "CenterCrop",
    "Concatenate",
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
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "Discretization",
    "Dot",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRUCell",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GroupNormalization",
    "Identity",
    "Input",
    "InputLayer",
    "LSTMCell",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Masking",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPooling1D",
    "MaxPooling2D",
    "Maximum",
    "Minimum",
    "Multiply",
    "Normalization",
    "PReLU",
    "Permute",
    "RMSNormalization",
    "RandomBrightness",
    "RandomContrast",
    "RandomCrop",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "Resizing",
    "SeparableConv1D",
    "SeparableConv2D",
    "SeparableConvolution1D",
    "SeparableConvolution2D",
    "SimpleRNN",
    "SimpleRNNCell",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "StackedRNNCells",
    "Subtract",
    "TimeDistributed",
    "UnitNormalization",
    "UpSampling1D",
    "UpSampling2D",
    "Wrapper",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
]
