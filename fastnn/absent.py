"""Names of Keras, of today and of earlier versions, that fastnn does not have, and what to use instead."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["instead_of", "no_attribute", "respelled"]

_TEXT = (
    "text layers are not available; number the words in Python, for example by "
    "{word: i for i, word in enumerate(words, 1)}: utils.pad_sequences makes an array of them and "
    "layers.Embedding takes it. datasets.imdb and datasets.reuters come as numbers, and "
    "utils.text_dataset_from_directory reads folders of texts"
)

_STEPS = "a model that overrides train_step, test_step or predict_step runs it for each batch"

# From expressions that match whole names, of modules and what is in them, to what there is.
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
    "wrappers": "`import fastnn.wrappers` brings them, which need scikit-learn",
    "export|quantizers": "Model.export writes ONNX files, and Model.save writes models",
    "distribution|device": "models run on the processor; fastnn.set_num_threads sets the number of threads",
    # Modules of earlier versions.
    "(np|layer|generic|data|vis|io|conv|training|tf|test)_utils|visualize_util": "its functions are in "
    "fastnn.utils itself: utils.to_categorical, utils.plot_model",
    "core|convolutional|pooling|recurrent_v2|rnn|embeddings|advanced_activations|noise|local|normalization_v2"
    "|(convolutional_)?recurrent": "layers are in fastnn.layers itself: layers.Dense, layers.LSTM",
    "engine|topology|training|base_layer": "fastnn.Model, fastnn.layers.Layer and fastnn.Input are the bases",
    "objectives": "losses are in fastnn.losses",
    "initializations": "initializers are in fastnn.initializers",
    "legacy|experimental|contrib|tf|estimator": "there is one version of everything, under its plain name",
    # Functions and classes of earlier versions.
    "merge|Merge": "layers.add, layers.concatenate, layers.multiply and the like merge several inputs",
    "TimeDistributed(Dense|Merge)": "layers.TimeDistributed(layers.Dense(units))",
    "MaxoutDense|Highway|LocallyConnected[12]D|ThresholdedReLU": "this layer is not available; one of your "
    "own takes a build and a call: see fastnn.layers.Layer",
    "Atrous(Conv|Convolution)([12])D": "layers.Conv2D and layers.Conv1D have dilation_rate",
    "Deconvolution([12])D": "layers.Conv2DTranspose",
    "BatchNormalizationV[12]": "layers.BatchNormalization",
    "Recurrent": "layers.RNN",
    "multi_gpu_model|HDF5Matrix|(Ordered|Generator|Sequence)Enqueuer": "models run on the processor, and fit "
    "reads numpy.memmap arrays, generators, utils.PyDataset and utils.NpyDataset",
    "probas_to_classes": "np.argmax(probabilities, axis=-1)",
    "print_summary": "model.summary()",
    "model_to_dot": "utils.plot_model",
    "model_from_yaml": "model.to_json and models.model_from_json",
    "model_from_config": "Model.from_config",
    "Graph": "fastnn.Model(inputs, outputs) takes several inputs and outputs",
    "RemoteMonitor": "callbacks.LambdaCallback sends logs where you like",
    "(de)?serialize_keras_object": "each of layers, losses, metrics, optimizers and so on has serialize and "
    "deserialize",
    "normal|uniform|truncated_normal": "initializers.RandomNormal, RandomUniform and TruncatedNormal",
    "cosine_proximity|cosine": "cosine_similarity",
    "mse|MSE": "mean_squared_error, or the string 'mse'",
    "mae|MAE": "mean_absolute_error, or the string 'mae'",
    "mape|MAPE": "mean_absolute_percentage_error, or the string 'mape'",
    "msle|MSLE": "mean_squared_logarithmic_error, or the string 'msle'",
    "kld|KLD|kullback_leibler_divergence": "kl_divergence, or the string 'kld'",
    "fmeasure": "metrics.F1Score",
    "matthews_correlation": "metrics.Precision, Recall and F1Score",
    # Names of PyTorch.
    "no_grad|inference_mode": "predict and calls of models on arrays keep no gradients",
    "nn": "layers are in fastnn.layers; fastnn.interop.torch.from_module makes a model of a module",
    "KerasTensor": "symbolic tensors are what fastnn.Input returns; backend.is_keras_tensor recognizes them",
}

# The same for methods and attributes of models, layers, metrics, optimizers and callbacks.
_ATTRIBUTES = {
    "fit_generator": "fit takes generators: model.fit(generator, steps_per_epoch=..., epochs=...)",
    "(evaluate|predict)_generator": "predict and evaluate take generators: predict(generator, steps=...)",
    "predict_classes": "np.argmax(model.predict(x), axis=-1), or (model.predict(x) > 0.5).astype(int) where "
    "there is one unit",
    "predict_proba": "predict returns the probabilities",
    "fit_on_batch": "train_on_batch",
    "to_yaml": "model.to_json and models.model_from_json",
    "add|pop": "only a Sequential has add and pop; layers are called: x = layer(x)",
    "quantize": "Model.save writes models, and fastnn.saving.load_model reads them",
    "uses_learning_phase": "training=True and training=False are arguments of calls",
    "(make_)?(train|test|predict)_function|train_tf_function|total_loss|targets|sample_weights": _STEPS,
    "(state_|get_)?updates|get_updates_for|add_update": "layers change their own weights in call, by assign",
    "get_losses_for": "layer.losses",
    "add_metric|stateful_metric_names|metrics_tensors": "compile(metrics=[...]), and metrics in attributes "
    "of models with steps of their own",
    "run_eagerly": "models run by plans; " + _STEPS,
    "_?(in|out)bound_nodes|container_nodes|get_(in|out)put(_shape|_mask)?(_at)?|(in|out)put_mask": "input "
    "and output of a layer are the tensors of its first call",
    "input_spec": "build(input_shape) of a layer of your own checks the shape",
    "get_weights|set_weights|get_slot_names|get_slot": "optimizer.variables",
    # Methods of PyTorch's modules, optimizers and tensors.
    "(named_)?parameters": "model.trainable_weights; optimizers get them from compile",
    "train|eval": "fit trains and predict does not; calls take training=True or training=False",
    "(load_)?state_dict": "model.get_weights and set_weights; fastnn.interop.torch has state_dict and "
    "load_state_dict in PyTorch's layouts",
    "step": "fit computes gradients for every batch and applies them; by hand, "
    "optimizer.apply_gradients takes pairs of gradients and weights",
    "requires_grad_?": "layer.trainable = False freezes weights",
    "validation_data": "a callback of your own gets data in its constructor",
}


def instead_of(name: str) -> str:
    """Return what there is instead of something of Keras, or "".

    Examples
    --------
    >>> instead_of("Conv3D")
    'layers of images and sequences are for one and two dimensions'
    """
    return _hint(_HINTS, name)


def _hint(table: dict[str, str], name: str) -> str:
    return next((hint for names, hint in table.items() if re.fullmatch(names, name)), "")


def no_attribute(owner: object, name: str) -> AttributeError:
    """Return the error for an attribute that an object does not have, with what there is instead."""
    hint = _hint(_ATTRIBUTES, name)
    message = f"{type(owner).__name__!r} object has no attribute {name!r}" + (f": {hint}" if hint else "")
    return AttributeError(message, name=name, obj=owner)


def respelled(name: str, names: Iterable[str]) -> str:
    """Return the one among names that differs only in case and underscores, or "".

    Of a class and a function it is the one whose first letter is of the same case.

    Examples
    --------
    >>> respelled("maxpooling2d", ["Dense", "MaxPooling2D"])
    'MaxPooling2D'
    >>> respelled("unitnorm", ["UnitNorm", "unit_norm"])
    'unit_norm'
    """
    plain = name.lower().replace("_", "")
    found = [other for other in names if other.lower().replace("_", "") == plain]
    return min(found, key=lambda other: other[:1].islower() != name[:1].islower(), default="")
