"""The public names: none comes, goes or changes its arguments unseen, and each says what it is for."""

import difflib
import inspect
import re
import runpy
from pathlib import Path

import pytest

import fastnn

ROOT = Path(__file__).parent.parent
TOOL = runpy.run_path(str(ROOT / "tools" / "public_api.py"))
OBJECTS = {id(thing): (name, thing) for name, thing in reversed(list(TOOL["public_objects"]()))}.values()
CALLED = {name: thing for name, thing in OBJECTS if inspect.isclass(thing) or inspect.isroutine(thing)}

# What a Keras user types first, or misses within a week.
EXPECTED = {
    "fastnn": "Input Model Sequential",
    "fastnn.layers": """
        Activation ActivityRegularization Add AlphaDropout Average AveragePooling1D AveragePooling2D
        BatchNormalization Bidirectional CategoryEncoding CenterCrop Concatenate Conv1D Conv1DTranspose
        Conv2D Conv2DTranspose Cropping1D Cropping2D Dense DepthwiseConv1D DepthwiseConv2D Discretization
        Dot Dropout ELU Embedding Flatten GRU GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D
        GlobalAveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D GroupNormalization Identity Input
        InputLayer LSTM LSTMCell Lambda Layer LayerNormalization LeakyReLU Masking MaxPooling1D MaxPooling2D
        Maximum Minimum Multiply Normalization PReLU Permute RMSNormalization RNN RandomBrightness
        RandomContrast RandomCrop RandomFlip RandomRotation RandomTranslation RandomZoom ReLU RepeatVector
        Rescaling Reshape Resizing SeparableConv1D SeparableConv2D SimpleRNN SimpleRNNCell Softmax
        SpatialDropout1D SpatialDropout2D StackedRNNCells Subtract TimeDistributed UnitNormalization
        UpSampling1D UpSampling2D Wrapper ZeroPadding1D ZeroPadding2D add average concatenate dot maximum
        minimum multiply subtract""",
    "fastnn.activations": """
        deserialize elu exponential gelu get hard_sigmoid hard_silu leaky_relu linear log_softmax mish relu
        relu6 selu serialize sigmoid silu silu_derivative softmax softplus softsign tanh""",
    "fastnn.losses": """
        BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy CategoricalFocalCrossentropy
        CategoricalHinge CosineSimilarity Hinge Huber KLDivergence LogCosh Loss MeanAbsoluteError
        MeanAbsolutePercentageError MeanSquaredError MeanSquaredLogarithmicError Poisson
        RootMeanSquaredError SparseCategoricalCrossentropy SquaredHinge SumSquaredError deserialize get
        serialize""",
    "fastnn.metrics": """
        AUC Accuracy BinaryAccuracy BinaryCrossentropy CategoricalAccuracy CategoricalCrossentropy
        CategoricalHinge CosineSimilarity F1Score FBetaScore FalseNegatives FalsePositives Hinge
        KLDivergence LogCoshError Mean MeanAbsoluteError MeanAbsolutePercentageError MeanMetricWrapper
        MeanSquaredError MeanSquaredLogarithmicError Metric Poisson Precision PrecisionAtRecall R2Score
        Recall RecallAtPrecision RootMeanSquaredError SensitivityAtSpecificity SparseCategoricalAccuracy
        SparseCategoricalCrossentropy SparseTopKCategoricalAccuracy SpecificityAtSensitivity SquaredHinge
        Sum TopKCategoricalAccuracy TrueNegatives TruePositives deserialize get serialize""",
    "fastnn.optimizers": """
        Adadelta Adagrad Adam AdamW Adamax Nadam Optimizer RMSprop SGD deserialize get schedules serialize""",
    "fastnn.optimizers.schedules": """
        CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay LearningRateSchedule
        PiecewiseConstantDecay PolynomialDecay""",
    "fastnn.initializers": """
        Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity Initializer LecunNormal LecunUniform
        Ones Orthogonal RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros get""",
    "fastnn.regularizers": "L1 L1L2 L2 Regularizer get l1 l1_l2 l2",
    "fastnn.constraints": "Constraint MaxNorm NonNeg UnitNorm get",
    "fastnn.callbacks": """
        BackupAndRestore CSVLogger Callback CallbackList EarlyStopping History LambdaCallback
        LearningRateScheduler ModelCheckpoint ProgbarLogger ReduceLROnPlateau TensorBoard TerminateOnNaN""",
    "fastnn.datasets": "california_housing cifar10 fashion_mnist imdb mnist",
    "fastnn.datasets.imdb": "get_word_index load_data",
    "fastnn.models": "Model Sequential clone_model load_model model_from_json save_model",
    "fastnn.saving": """
        deserialize_keras_object get_custom_objects load_model register_keras_serializable save_model
        serialize_keras_object""",
    "fastnn.utils": """
        Progbar PyDataset Sequence array_to_img get_file image_dataset_from_directory img_to_array load_img
        normalize pack_x_y_sample_weight pad_sequences plot_model save_img set_random_seed split_dataset
        text_dataset_from_directory timeseries_dataset_from_array to_categorical unpack_x_y_sample_weight""",
}
MODEL = """
    compile count_params evaluate fit from_config get_config get_layer get_weights inputs input_shape layers
    load_weights metrics non_trainable_weights outputs output_shape predict predict_on_batch save
    save_weights set_weights stream summary test_on_batch to_json train_on_batch trainable trainable_variables
    trainable_weights weights"""

# Nobody calls these, or there is more to it than an example shows.
WITHOUT_EXAMPLE = {
    "fastnn.activations.Activation",  # what the functions of the module are
    "fastnn.activations.AxisActivation",
    "fastnn.activations.WrittenActivation",
    "fastnn.activations.serialize",
    "fastnn.autograd.is_recording",
    "fastnn.callbacks.MonitorCallback",  # a base
    "fastnn.callbacks.ProgbarLogger",  # `fit` makes it
    "fastnn.datasets.imdb.get_word_index",  # fetches a file
    "fastnn.datasets.reuters.get_word_index",
    "fastnn.losses.FunctionLoss",  # a function of the caller's as a loss
    "fastnn.saving.LoadReport",  # `load_weights` returns it
    "fastnn.saving.ModelFileError",
    "fastnn.saving.get_registered_name",
    "fastnn.saving.get_registered_object",
}


def test_nothing_has_changed_unseen():
    listed = TOOL["FILE"].read_text(encoding="utf-8").splitlines()
    changes = difflib.unified_diff(
        listed, TOOL["lines"](), "tests/public_api.txt", "fastnn", lineterm="", n=0
    )
    changes = "\n".join(changes)
    assert not changes, f"if it is meant, run `python tools/public_api.py`:\n{changes}"


@pytest.mark.parametrize("file", TOOL["stubs"](), ids=lambda file: file.parent.name)
def test_stubs_say_what_the_tables_say(file):
    listed, found = file.read_text(encoding="utf-8"), TOOL["stubs"]()[file]
    assert listed == found, "run `python tools/public_api.py`"


@pytest.mark.parametrize("module", EXPECTED)
def test_what_keras_users_look_for_is_there(module):
    names = {name.rpartition(".")[2] for name in EXPECTED[module].split()}
    exported = {found.__name__: found for found in TOOL["modules"]()}[module]
    assert not names - set(exported.__all__)
    assert not [name for name in names if not hasattr(exported, name)]


def test_methods_of_models_that_keras_users_look_for_are_there():
    assert not [name for name in MODEL.split() if not hasattr(fastnn.Model, name)]
    assert hasattr(fastnn.Sequential, "add")
    assert hasattr(fastnn.Sequential, "pop")


@pytest.mark.parametrize("name", CALLED)
def test_docstrings_say_what_is_needed(name):
    thing = CALLED[name]
    text = inspect.cleandoc(thing.__doc__ or "")
    assert re.match(r"\S.*[.:]$", text, re.MULTILINE), f"{name}: no first line that is a sentence"
    if has_example_elsewhere(name, thing):
        return
    assert name in WITHOUT_EXAMPLE or ">>> " in text, f"{name}: no example"
    if inspect.isclass(thing):
        missing = [one for one in parameters(thing) if not re.search(rf"\b{one}\b", text)]
        assert not missing, f"{name}: parameters that are not documented: {missing}"


def has_example_elsewhere(name: str, thing: object) -> bool:
    """Whether a name is one of a family whose members would all show the same."""
    module, _, short = name.rpartition(".")
    if inspect.ismethod(thing):  # `get`, `serialize` and `deserialize` of a table of names
        return short in ("get", "serialize", "deserialize")
    if module == "fastnn.autograd" and not inspect.isclass(thing):
        return short not in ("grad", "no_grad", "is_recording")
    if inspect.isclass(thing) or module not in ("fastnn.layers", "fastnn.losses", "fastnn.metrics"):
        return False
    classes = {other.__name__.lower(): other for other in CALLED.values() if inspect.isclass(other)}
    return short.replace("_", "") in classes or module == "fastnn.metrics"


def parameters(cls: type) -> list[str]:
    """Parameters of a constructor but for what every layer takes, which `Layer` documents."""
    if issubclass(cls, fastnn.activations.AxisActivation | fastnn.saving.LoadReport | Exception):
        return []  # nobody but fastnn makes one
    general = set() if cls is fastnn.layers.Layer else set(inspect.signature(fastnn.layers.Layer).parameters)
    found = inspect.signature(cls).parameters.values()
    named = [p.name for p in found if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    return [name for name in named if name not in general]
