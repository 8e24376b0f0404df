# Written by tools/public_api.py from the table in __init__.py.

from .activations import (
    ELU,
    Activation,
    LeakyReLU,
    ReLU,
    Softmax,
)
from .activity_regularization import ActivityRegularization
from .alpha_dropout import AlphaDropout
from .average_pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling1D as AvgPool1D,
    AveragePooling2D as AvgPool2D,
)
from .base.layer import (
    Layer,
    deserialize,
    registry,
    serialize,
)
from .batch_normalization import BatchNormalization
from .bidirectional import Bidirectional
from .category_encoding import CategoryEncoding
from .center_crop import CenterCrop
from .concatenate_layer import (
    Concatenate,
    concatenate,
)
from .convolution import (
    Conv1D,
    Conv2D,
    Conv1D as Convolution1D,
    Conv2D as Convolution2D,
)
from .cropping import (
    Cropping1D,
    Cropping2D,
)
from .dense import Dense
from .depthwise import (
    DepthwiseConv1D,
    DepthwiseConv2D,
)
from .discretization import Discretization
from .dot_layer import (
    Dot,
    dot,
)
from .dropout import Dropout
from .embedding import Embedding
from .extremes import (
    Maximum,
    Minimum,
    maximum,
    minimum,
)
from .gaussian import (
    GaussianDropout,
    GaussianNoise,
)
from .global_average_pooling import (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling1D as GlobalAvgPool1D,
    GlobalAveragePooling2D as GlobalAvgPool2D,
)
from .global_max_pooling import (
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling1D as GlobalMaxPool1D,
    GlobalMaxPooling2D as GlobalMaxPool2D,
)
from .group_normalization import GroupNormalization
from .gru import GRU
from .gru_cell import GRUCell
from .identity import Identity
from .input_layer import (
    Input,
    InputLayer,
)
from .lambda_layer import Lambda
from .layer_normalization import LayerNormalization
from .lstm import LSTM
from .lstm_cell import LSTMCell
from .masking import Masking
from .max_pooling import (
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling1D as MaxPool1D,
    MaxPooling2D as MaxPool2D,
)
from .merging import (
    Add,
    Average,
    Multiply,
    Subtract,
    add,
    average,
    multiply,
    subtract,
)
from .normalization import Normalization
from .padding import (
    ZeroPadding1D,
    ZeroPadding2D,
)
from .permute import Permute
from .prelu import PReLU
from .random_adjust import (
    RandomBrightness,
    RandomContrast,
)
from .random_crop import RandomCrop
from .random_flip import RandomFlip
from .random_rotation import RandomRotation
from .random_translation import RandomTranslation
from .random_zoom import RandomZoom
from .recurrent import RNN
from .repeat_vector import RepeatVector
from .rescaling import Rescaling
from .reshaping import (
    Flatten,
    Reshape,
)
from .resizing import Resizing
from .rms_normalization import RMSNormalization
from .separable import (
    SeparableConv1D,
    SeparableConv2D,
    SeparableConv1D as SeparableConvolution1D,
    SeparableConv2D as SeparableConvolution2D,
)
from .simple_rnn import SimpleRNN
from .simple_rnn_cell import SimpleRNNCell
from .spatial_dropout import (
    SpatialDropout1D,
    SpatialDropout2D,
)
from .stacked_rnn_cells import StackedRNNCells
from .time_distributed import TimeDistributed
from .transposed_convolution import (
    Conv1DTranspose,
    Conv2DTranspose,
    Conv1DTranspose as Convolution1DTranspose,
    Conv2DTranspose as Convolution2DTranspose,
)
from .unit_normalization import UnitNormalization
from .upsampling import (
    UpSampling1D,
    UpSampling2D,
)
from .wrapper import Wrapper

__all__ = [
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
    "ELU",
    "Embedding",
    "Flatten",
    "GRU",
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
    "LSTM",
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
    "RNN",
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
    "registry",
    "serialize",
    "subtract",
]
