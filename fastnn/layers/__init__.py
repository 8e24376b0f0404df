"""Layers: each validates its arguments, makes its weights and appends its steps to a plan."""

from .._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".activations": "ELU Activation LeakyReLU ReLU Softmax",
        ".activity_regularization": "ActivityRegularization",
        ".alpha_dropout": "AlphaDropout",
        ".arithmetic": "",  # a module without public names has layers that symbolic tensors make
        ".average_pooling": (
            "AveragePooling1D AveragePooling2D AvgPool1D=AveragePooling1D AvgPool2D=AveragePooling2D"
        ),
        ".base.layer": "Layer deserialize registry serialize",
        ".batch_normalization": "BatchNormalization",
        ".bidirectional": "Bidirectional",
        ".category_encoding": "CategoryEncoding",
        ".center_crop": "CenterCrop",
        ".concatenate_layer": "Concatenate concatenate",
        ".convolution": "Conv1D Conv2D Convolution1D=Conv1D Convolution2D=Conv2D",
        ".cropping": "Cropping1D Cropping2D",
        ".dense": "Dense",
        ".depthwise": "DepthwiseConv1D DepthwiseConv2D",
        ".discretization": "Discretization",
        ".dot_layer": "Dot dot",
        ".dropout": "Dropout",
        ".embedding": "Embedding",
        ".extremes": "Maximum Minimum maximum minimum",
        ".gaussian": "GaussianDropout GaussianNoise",
        ".get_item": "",
        ".global_average_pooling": (
            "GlobalAveragePooling1D GlobalAveragePooling2D "
            "GlobalAvgPool1D=GlobalAveragePooling1D GlobalAvgPool2D=GlobalAveragePooling2D"
        ),
        ".global_max_pooling": (
            "GlobalMaxPooling1D GlobalMaxPooling2D "
            "GlobalMaxPool1D=GlobalMaxPooling1D GlobalMaxPool2D=GlobalMaxPooling2D"
        ),
        ".group_normalization": "GroupNormalization",
        ".gru": "GRU",
        ".gru_cell": "GRUCell",
        ".identity": "Identity",
        ".input_layer": "Input InputLayer",
        ".lambda_layer": "Lambda",
        ".layer_normalization": "LayerNormalization",
        ".lstm": "LSTM",
        ".lstm_cell": "LSTMCell",
        ".masking": "Masking",
        ".matmul": "",
        ".max_pooling": "MaxPooling1D MaxPooling2D MaxPool1D=MaxPooling1D MaxPool2D=MaxPooling2D",
        ".merging": "Add Average Multiply Subtract add average multiply subtract",
        ".normalization": "Normalization",
        ".own_cell_rnn": "",
        ".padding": "ZeroPadding1D ZeroPadding2D",
        ".permute": "Permute",
        ".prelu": "PReLU",
        ".random_adjust": "RandomBrightness RandomContrast",
        ".random_crop": "RandomCrop",
        ".random_flip": "RandomFlip",
        ".random_rotation": "RandomRotation",
        ".random_translation": "RandomTranslation",
        ".random_zoom": "RandomZoom",
        ".recurrent": "RNN",
        ".repeat_vector": "RepeatVector",
        ".rescaling": "Rescaling",
        ".reshaping": "Flatten Reshape",
        ".resizing": "Resizing",
        ".rms_normalization": "RMSNormalization",
        ".separable": (
            "SeparableConv1D SeparableConv2D SeparableConvolution1D=SeparableConv1D "
            "SeparableConvolution2D=SeparableConv2D"
        ),
        ".simple_rnn": "SimpleRNN",
        ".simple_rnn_cell": "SimpleRNNCell",
        ".spatial_dropout": "SpatialDropout1D SpatialDropout2D",
        ".stacked_rnn_cells": "StackedRNNCells",
        ".tensor_function": "",
        ".time_distributed": "TimeDistributed",
        ".transposed_convolution": (
            "Conv1DTranspose Conv2DTranspose Convolution1DTranspose=Conv1DTranspose "
            "Convolution2DTranspose=Conv2DTranspose"
        ),
        ".unit_normalization": "UnitNormalization",
        ".upsampling": "UpSampling1D UpSampling2D",
        ".wrapper": "Wrapper",
    },
)
