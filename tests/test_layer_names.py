"""Names: what layers show is what Keras' layers show, and users' classes may use any other."""

import inspect

import numpy as np
import pytest

import fastnn
from fastnn import Model, Sequential, layers
from fastnn.layers.base.merge import Merge
from fastnn.layers.matmul import MatMul

RNG = np.random.default_rng(0)
X = RNG.standard_normal((6, 4))

# Words that the library uses, or has used, for parts of its own.
WORDS = [
    "accepts",
    "add_kernel",
    "adopt_dtype",
    "alone",
    "append",
    "append_steps",
    "apply",
    "axes_of",
    "axis_of",
    "build_last",
    "build_once",
    "build_weights",
    "built_for",
    "cells",
    "check",
    "check_count",
    "check_input",
    "check_states",
    "check_weights",
    "compile",
    "computed",
    "constants",
    "emit",
    "emit_last",
    "emit_mask",
    "emit_rows",
    "emit_step",
    "fit",
    "first_row",
    "flags",
    "forget_call",
    "forms",
    "function",
    "gates",
    "geometry",
    "graph",
    "guard",
    "hold",
    "initial",
    "inner_shape",
    "inputs",
    "kept",
    "kernel_shape",
    "layers",
    "layers_of",
    "length",
    "mask",
    "masks",
    "needs",
    "node",
    "nodes",
    "op",
    "operation",
    "options",
    "output_last",
    "output_of",
    "output_row",
    "outputs",
    "own_steps",
    "parts",
    "penalized",
    "plan",
    "plans",
    "positions",
    "predict",
    "rank",
    "ranges",
    "read",
    "results",
    "rows",
    "rows_of",
    "run",
    "sample_shape",
    "samples",
    "shape",
    "shapes",
    "sides",
    "spec",
    "specs",
    "standalone",
    "state_widths",
    "states",
    "step",
    "steps",
    "stepwise",
    "stream",
    "sublayers",
    "table",
    "trace",
    "traces",
    "train",
    "units",
    "value",
    "values",
    "widths",
    "window",
    "write",
]

PUBLIC = {
    "Layer": """
        activity_regularizer add_loss add_weight build built call compute_dtype compute_mask
        compute_output_shape count_params dtype from_config get_config get_weights input name
        non_trainable_variables non_trainable_weights
        losses output set_weights supports_masking trainable trainable_variables trainable_weights variables
        weights
    """,
    "RNN": "state_size states reset_state reset_states",
    "OwnCellRNN": "states reset_state reset_states",
    "Bidirectional": "forward_layer backward_layer reset_state reset_states return_sequences return_state",
    "Wrapper": "layer",
    "Discretization": "adapt",
    "Normalization": "adapt input_mean input_variance mean variance count",
    "RecurrentCell": "state_size output_size trainable kernel recurrent_kernel bias",
    "StackedRNNCells": "state_size output_size",
}


class SumCell(layers.Layer):
    """A cell for `RNN` without weights."""

    state_size = 2

    def call(self, inputs, states):
        total = states[0] + inputs
        return total, [total]


MADE = {
    "OwnCellRNN": {"cell": SumCell()},
    "Lambda": {"function": fastnn.activations.tanh},
    "Activation": {"activation": "tanh"},
    "Arithmetic": {"operation": "add", "constant": 1.0},
    "Comparison": {"operation": "greater", "constant": 1.0},
    "AveragePooling1D": {"pool_size": 2},
    "AveragePooling2D": {"pool_size": 2},
    "Bidirectional": {"layer": {"class_name": "GRU", "config": {"units": 2}}},
    "CategoryEncoding": {"num_tokens": 3},
    "CenterCrop": {"height": 2, "width": 2},
    "Conv1D": {"filters": 2, "kernel_size": 2},
    "Conv1DTranspose": {"filters": 2, "kernel_size": 2},
    "Conv2D": {"filters": 2, "kernel_size": 2},
    "Conv2DTranspose": {"filters": 2, "kernel_size": 2},
    "Dense": {"units": 2},
    "DepthwiseConv1D": {"kernel_size": 2},
    "DepthwiseConv2D": {"kernel_size": 2},
    "Discretization": {"bin_boundaries": [0.0]},
    "Dot": {"axes": 1},
    "Embedding": {"input_dim": 3, "output_dim": 2},
    "GRU": {"units": 2},
    "GroupNormalization": {"groups": 1},
    "GetItem": {"key": (slice(None), slice(1))},
    "InputLayer": {"shape": (3,)},
    "LSTM": {"units": 2},
    "Permute": {"dims": (2, 1)},
    "RNN": {"cell": {"class_name": "GRUCell", "config": {"units": 2}}},
    "RandomCrop": {"height": 2, "width": 2},
    "RepeatVector": {"n": 2},
    "Rescaling": {"scale": 2.0},
    "Reshape": {"target_shape": (-1,)},
    "Resizing": {"height": 2, "width": 2},
    "SeparableConv1D": {"filters": 2, "kernel_size": 2},
    "TensorFunction": {"function": "sin"},
    "SeparableConv2D": {"filters": 2, "kernel_size": 2},
    "SimpleRNN": {"units": 2},
    "TimeDistributed": {"layer": {"class_name": "Dense", "config": {"units": 2}}},
}
RATES = ("AlphaDropout", "Dropout", "GaussianDropout", "SpatialDropout1D", "SpatialDropout2D")
MADE |= {name: {"rate": 0.1, "seed": 1} for name in RATES} | {"GaussianNoise": {"stddev": 0.1, "seed": 1}}
MADE |= {f"Random{name}": {"factor": 0.1, "seed": 1} for name in ("Brightness", "Contrast", "Rotation")}
MADE["RandomZoom"] = {"height_factor": 0.1, "seed": 1}
MADE["RandomTranslation"] = {"height_factor": 0.1, "width_factor": 0.1, "seed": 1}
MADE["RandomFlip"] = {"seed": 1}

CLASSES = [
    cls
    for cls in layers.registry.classes()
    if cls.__module__.startswith("fastnn.layers") and cls is not layers.InputLayer
]


def arguments_of(cls):
    """Names of the arguments of constructors of a class and its bases."""
    return {name for base in cls.__mro__ for name in inspect.signature(base.__init__).parameters}


def sample_shape_of(cls):
    """The shape of samples that a class takes."""
    name = cls.__name__
    if "2D" in name or name in ("CenterCrop", "Resizing") or (name.startswith("Random") and "2D" not in name):
        return (4, 4, 2)
    if cls is MatMul:
        return (2, 2)
    one = ("RepeatVector", "Dense", "Embedding", "CategoryEncoding", "Dot", "Discretization")
    return (2,) if name in one else (4, 2)


@pytest.mark.filterwarnings("ignore:.*adapted")
@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_layers_show_the_names_of_keras_only(cls):
    known = set(" ".join(PUBLIC.get(base.__name__, "") for base in cls.__mro__).split())
    known |= arguments_of(cls)
    weights = {"kernel", "bias", "depthwise_kernel", "pointwise_kernel", "embeddings", "alpha"}
    weights |= {"gamma", "beta", "moving_mean", "moving_variance", "scale"}
    layer = cls(**MADE.get(cls.__name__, {}))
    x = np.zeros((2, *sample_shape_of(cls)))
    layer([x, x] if issubclass(cls, Merge) or cls is MatMul else x)
    shown = {name for name in [*dir(cls), *vars(layer)] if not name.startswith("_")}
    assert shown - known - weights == set()


# Arguments that Keras does not keep under their names either.
NO_ATTRIBUTES = {"self", "args", "kwargs", "unknown", "input_shape", "input_dim", "implementation", "layer"}
NO_ATTRIBUTES |= {"shape", "input_tensor", "output_shape"}


@pytest.mark.parametrize(
    "cls",
    [layers.InputLayer, *(cls for cls in CLASSES if cls.__name__ in layers.__all__)],
    ids=lambda cls: cls.__name__,
)
@pytest.mark.filterwarnings("ignore:.*adapted")
def test_arguments_are_attributes(cls):
    layer = cls(**MADE.get(cls.__name__, {}))
    if cls is not layers.InputLayer:
        x = np.zeros((2, *sample_shape_of(cls)))
        layer([x, x] if issubclass(cls, Merge) else x)
    arguments = {name for of in (cls, layers.Layer) for name in inspect.signature(of.__init__).parameters}
    assert {name for name in arguments - NO_ATTRIBUTES if not hasattr(layer, name)} == set()


ARGUMENTS = {
    "units": 3,
    "use_bias": False,
    "dropout": 0.25,
    "recurrent_dropout": 0.5,
    "seed": 7,
    **{
        f"{weight}_{field}": make()
        for weight in ("kernel", "recurrent", "bias")
        for field, make in (
            ("initializer", fastnn.initializers.Ones),
            ("regularizer", fastnn.regularizers.L2),
            ("constraint", fastnn.constraints.NonNeg),
        )
    },
}
OF_ONE = {"SimpleRNN": {}, "GRU": {"reset_after": False}, "LSTM": {"unit_forget_bias": False}}


@pytest.mark.parametrize("name", OF_ONE)
def test_a_recurrent_layer_has_the_arguments_of_its_cell(name):
    given = ARGUMENTS | OF_ONE[name]
    layer = getattr(layers, name)(**given)
    assert {argument: getattr(layer, argument) for argument in given} == given
    gates = {"activation": "relu", **({} if name == "SimpleRNN" else {"recurrent_activation": "tanh"})}
    made = getattr(layers, name)(2, **gates)
    assert {gate: getattr(made, gate).name for gate in gates} == gates


@pytest.mark.parametrize("name", OF_ONE)
def test_arguments_of_the_cell_that_are_assigned_take_effect(name):
    x = np.random.default_rng(0).normal(size=(3, 4, 2)).astype("float32")
    layer, other = (getattr(layers, name)(3, activation=by) for by in ("tanh", "relu"))
    model, expected = (fastnn.Sequential([fastnn.Input((4, 2)), each]) for each in (layer, other))
    expected.set_weights(model.get_weights())
    model.predict(x, verbose=0)
    layer.activation = "relu"
    assert layer.cell.activation is other.activation
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected.predict(x, verbose=0))
    with pytest.raises(ValueError, match="units: the weights do not fit 5"):
        layer.units = 5
    with pytest.raises(ValueError, match="activation: expected an elementwise activation, got 'softmax'"):
        layer.activation = "softmax"
    assert (layer.units, layer.activation) == (3, other.activation)


def test_arguments_that_are_kept_elsewhere():
    assert layers.InputLayer((3,), batch_size=2).batch_shape == (2, 3)
    assert layers.Lambda(abs, mask=[True]).mask == [True]
    penalty = layers.ActivityRegularization(0.5, 0.25)
    assert (penalty.l1, penalty.l2) == (0.5, 0.25)
    penalty.l1 = 1.0
    assert penalty.get_config()["l1"] == penalty.activity_regularizer.l1 == 1.0


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
@pytest.mark.filterwarnings("ignore:.*adapted")
def test_a_subclass_may_use_any_word(cls):
    def broken(*_, **__):
        raise AssertionError("the library has called a method of the user's")

    taken = set(dir(cls)) | arguments_of(cls)
    words = [word for word in WORDS if word not in taken]
    crowded = type("Crowded", (cls,), dict.fromkeys(words, broken))

    def crowd(self, **kwargs):
        cls.__init__(self, **kwargs)
        for word in words:
            setattr(self, word, 3)

    occupied = type("Occupied", (cls,), {"__init__": crowd})
    x = np.random.default_rng(0).integers(0, 3, (5, *sample_shape_of(cls))).astype("float32")
    given, start = x, fastnn.Input(x.shape[1:])
    if issubclass(cls, Merge) or cls is MatMul:
        given, start = [x, x], [start, fastnn.Input(x.shape[1:])]
    found = []
    for kind in (cls, crowded, occupied):
        fastnn.utils.set_random_seed(1)
        layer = kind(**MADE.get(cls.__name__, {}))
        model = Model(start, layers.Dense(2)(layer(start)))
        model.compile("sgd", "mse")
        made = model.predict(given)
        model.train_on_batch(given, np.zeros_like(made))
        found.append([made, layer(given, training=True), *model.get_weights()])
        layer.trainable = False
        assert not layer.trainable_weights
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, two)


def test_an_own_layer_may_use_any_word(tmp_path):
    def broken(*_, **__):
        raise AssertionError("the library has called a method of the user's")

    words = [word for word in WORDS if not hasattr(layers.Layer, word)]

    class Plain(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = layers.Dense(3, "tanh")

        def build(self, input_shape):
            self.factor = self.add_weight((input_shape[-1],), "ones", "factor")

        def call(self, x):
            return self.inner(x * self.factor)

    class Occupied(Plain):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            for word in words:
                setattr(self, word, 3)

    crowded = type("Crowded", (Plain,), dict.fromkeys(words, broken))
    found = []
    for kind in (Plain, crowded, Occupied):
        fastnn.utils.set_random_seed(1)
        model = Sequential([fastnn.Input((4,)), kind(), layers.Dense(2)])
        model.compile("sgd", "mse")
        model.fit(X, X[:, :2], verbose=0, epochs=2)
        found.append([model.predict(X), *model.get_weights()])
        model.save(tmp_path / "model")
        again = fastnn.saving.load_model(tmp_path / "model", custom_objects={kind.__name__: kind})
        np.testing.assert_array_equal(again.predict(X), model.predict(X))
        assert model.summary(print_fn=str) is None
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("cls", [layers.SimpleRNNCell, layers.LSTMCell, layers.GRUCell])
def test_cells_may_use_any_word(cls):
    known = set(PUBLIC["RecurrentCell"].split()) | {"name", "get_config", "from_config"} | arguments_of(cls)
    assert {name for name in [*dir(cls), *vars(cls(2))] if not name.startswith("_")} <= known
    words = [word for word in WORDS if word not in known]
    crowded = type("Crowded", (cls,), dict.fromkeys(words, 3))
    x = RNG.standard_normal((3, 4, 2))
    found = []
    for kind in (cls, crowded):
        fastnn.utils.set_random_seed(1)
        found.append(layers.RNN(kind(3))(x))
    np.testing.assert_array_equal(*found)
