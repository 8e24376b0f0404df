"""Names of Keras that fastnn does not have, and what to use instead."""

from __future__ import annotations

import re

__all__ = ["instead_of"]

_TEXT = (
    "text layers are not available; number the words in Python, for example by "
    "{word: i for i, word in enumerate(words, 1)}: utils.pad_sequences makes an array of them and "
    "layers.Embedding takes it. datasets.imdb and datasets.reuters come as numbers, and "
    "utils.text_dataset_from_directory reads folders of texts"
)

# From expressions that match whole names to what there is.
_HINTS = {
    "Tokenizer|TextVectorization|(String|Integer)Lookup|Hash(ing|edCrossing)|FeatureSpace": _TEXT,
    "text_to_word_sequence|one_hot|hashing_trick|tokenizer_from_json": _TEXT,
    ".*[a-z]3D(Transpose)?": "layers of images and sequences are for one and two dimensions",
    "ConvLSTM.*": "convolutional recurrent layers are not available; TimeDistributed(Conv2D) and LSTM are",
    ".*Attention": "attention is not available",
    "CuDNN(LSTM|GRU)": "LSTM and GRU are the only versions of these layers",
    "EinsumDense": "Dense works on the last axis, and Permute moves another one there",
    "ImageDataGenerator": "layers such as RandomFlip and RandomRotation augment images in the model, and "
    "utils.image_dataset_from_directory reads folders of images",
    "TimeseriesGenerator": "utils.timeseries_dataset_from_array makes the same windows",
    "ops": "what you write yourself is written in NumPy, whose functions work on tensors: np.exp(x)",
    "random": "numpy.random has generators, and fastnn.utils.set_random_seed sets all default seeds",
    "applications": "pretrained networks are not available",
    "mixed_precision|dtype_polic.*|DTypePolicy": "models compute in float32, or float64: config.set_floatx",
    "wrappers": "models have fit and predict, which a class of your own can pass on to scikit-learn",
    "export|quantizers": "Model.save writes models, and fastnn.saving.load_model reads them",
    "distribution|device": "models run on the processor; fastnn.set_num_threads sets the number of threads",
    "KerasTensor": "symbolic tensors are what fastnn.Input returns; backend.is_keras_tensor recognizes them",
}


def instead_of(name: str) -> str:
    """Return what there is instead of something of Keras, or "".

    Examples
    --------
    >>> instead_of("Conv3D")
    'layers of images and sequences are for one and two dimensions'
    """
    return next((hint for names, hint in _HINTS.items() if re.fullmatch(names, name)), "")
