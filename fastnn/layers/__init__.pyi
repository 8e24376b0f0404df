# Written by tools/public_api.py from the table in __init__.py.

from .activations import (
    ELU as ELU,
    Activation as Activation,
    LeakyReLU as LeakyReLU,
    ReLU as ReLU,
    Softmax as Softmax,
)
from .activity_regularization import ActivityRegularization as ActivityRegularization
from .alpha_dropout import AlphaDropout as AlphaDropout
from .base.layer import (
    Layer as Layer,
    deserialize as deserialize,
    registry as registry,
    serialize as serialize,
)
from .batch_normalization import BatchNormalization as BatchNormalization
from .bidirectional import Bidirectional as Bidirectional
from .category_encoding import CategoryEncoding as CategoryEncoding
from .cells import (
    GRUCell as GRUCell,
    LSTMCell as LSTMCell,
    SimpleRNNCell as SimpleRNNCell,
    StackedRNNCells as StackedRNNCells,
)
from .concatenate_layer import (
    Concatenate as Concatenate,
    concatenate as concatenate,
)
from .convolution import (
    Conv1D as Conv1D,
    Conv2D as Conv2D,
    Conv1D as Convolution1D,
    Conv2D as Convolution2D,
)
from .cropping import (
    CenterCrop as CenterCrop,
    Cropping1D as Cropping1D,
    Cropping2D as Cropping2D,
)
from .dense import Dense as Dense
from .depthwise import (
    DepthwiseConv1D as DepthwiseConv1D,
    DepthwiseConv2D as DepthwiseConv2D,
)
from .discretization import Discretization as Discretization
from .dot_layer import (
    Dot as Dot,
    dot as dot,
)
from .dropout import Dropout as Dropout
from .embedding import Embedding as Embedding
from .gaussian import (
    GaussianDropout as GaussianDropout,
    GaussianNoise as GaussianNoise,
)
from .global_pooling import (
    GlobalAveragePooling1D as GlobalAveragePooling1D,
    GlobalAveragePooling2D as GlobalAveragePooling2D,
    GlobalMaxPooling1D as GlobalMaxPooling1D,
    GlobalMaxPooling2D as GlobalMaxPooling2D,
    GlobalAveragePooling1D as GlobalAvgPool1D,
    GlobalAveragePooling2D as GlobalAvgPool2D,
    GlobalMaxPooling1D as GlobalMaxPool1D,
    GlobalMaxPooling2D as GlobalMaxPool2D,
)
from .group_normalization import GroupNormalization as GroupNormalization
from .gru import GRU as GRU
from .identity import Identity as Identity
from .input_layer import (
    Input as Input,
    InputLayer as InputLayer,
)
from .lambda_layer import Lambda as Lambda
from .layer_normalization import LayerNormalization as LayerNormalization
from .lstm import LSTM as LSTM
from .masking import Masking as Masking
from .merging import (
    Add as Add,
    Average as Average,
    Maximum as Maximum,
    Minimum as Minimum,
    Multiply as Multiply,
    Subtract as Subtract,
    add as add,
    average as average,
    maximum as maximum,
    minimum as minimum,
    multiply as multiply,
    subtract as subtract,
)
from .normalization import Normalization as Normalization
from .padding import (
    ZeroPadding1D as ZeroPadding1D,
    ZeroPadding2D as ZeroPadding2D,
)
from .permute import Permute as Permute
from .pooling import (
    AveragePooling1D as AveragePooling1D,
    AveragePooling2D as AveragePooling2D,
    MaxPooling1D as MaxPooling1D,
    MaxPooling2D as MaxPooling2D,
    AveragePooling1D as AvgPool1D,
    AveragePooling2D as AvgPool2D,
    MaxPooling1D as MaxPool1D,
    MaxPooling2D as MaxPool2D,
)
from .prelu import PReLU as PReLU
from .random_adjust import (
    RandomBrightness as RandomBrightness,
    RandomContrast as RandomContrast,
)
from .random_crop import RandomCrop as RandomCrop
from .random_warp import (
    RandomFlip as RandomFlip,
    RandomRotation as RandomRotation,
    RandomTranslation as RandomTranslation,
    RandomZoom as RandomZoom,
)
from .recurrent import RNN as RNN
from .repeat_vector import RepeatVector as RepeatVector
from .rescaling import Rescaling as Rescaling
from .reshaping import (
    Flatten as Flatten,
    Reshape as Reshape,
)
from .resizing import Resizing as Resizing
from .rms_normalization import RMSNormalization as RMSNormalization
from .separable import (
    SeparableConv1D as SeparableConv1D,
    SeparableConv2D as SeparableConv2D,
    SeparableConv1D as SeparableConvolution1D,
    SeparableConv2D as SeparableConvolution2D,
)
from .simple_rnn import SimpleRNN as SimpleRNN
from .spatial_dropout import (
    SpatialDropout1D as SpatialDropout1D,
    SpatialDropout2D as SpatialDropout2D,
)
from .time_distributed import TimeDistributed as TimeDistributed
from .transposed_convolution import (
    Conv1DTranspose as Conv1DTranspose,
    Conv2DTranspose as Conv2DTranspose,
    Conv1DTranspose as Convolution1DTranspose,
    Conv2DTranspose as Convolution2DTranspose,
)
from .unit_normalization import UnitNormalization as UnitNormalization
from .upsampling import (
    UpSampling1D as UpSampling1D,
    UpSampling2D as UpSampling2D,
)
from .wrapper import Wrapper as Wrapper
