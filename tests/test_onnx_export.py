"""Models that are exported as ONNX files compute the same in ONNX Runtime."""

import numpy as np
import pytest
from onnxcheck import assert_agrees, exported, onnx

import fastnn
from fastnn import layers


@pytest.mark.parametrize(
    "activation",
    ["linear", "relu", "elu", "selu", "silu", "sigmoid", "tanh", "softplus", "softsign", "hard_sigmoid",
     "hard_silu", "leaky_relu", "relu6", "exponential", "gelu", "softmax", "log_softmax"],
)  # fmt: skip
def test_dense(activation):
    model = fastnn.Sequential(
        [fastnn.Input((5,)), layers.Dense(4, activation), layers.Dense(3, use_bias=False)]
    )
    assert_agrees(model, (5,))


@pytest.mark.parametrize("opset", [17, 18, 20])
def test_opsets(opset):
    model = fastnn.Sequential([fastnn.Input((3, 4)), layers.LayerNormalization(), layers.Dense(2)])
    assert_agrees(model, (3, 4), opset_version=opset)
    assert onnx.load_from_string(exported(model, opset_version=opset)).opset_import[0].version == opset


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(
    "arguments",
    [{}, {"padding": "same"}, {"padding": "same", "strides": 2}, {"strides": (1, 2)}, {"groups": 2},
     {"padding": "same", "dilation_rate": 2, "activation": "softmax"}],
)  # fmt: skip
def test_conv2d(arguments, data_format):
    shape = (9, 8, 4) if data_format == "channels_last" else (4, 9, 8)
    conv = layers.Conv2D(6, (3, 2), data_format=data_format, **arguments)
    assert_agrees(fastnn.Sequential([fastnn.Input(shape), conv]), shape)


@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
def test_conv1d_of_open_length(padding):
    model = fastnn.Sequential(
        [fastnn.Input((None, 3)), layers.Conv1D(4, 3, padding=padding), layers.GlobalMaxPooling1D()]
    )
    for length in (3, 50):
        assert_agrees(model, (length, 3))


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("pool", [layers.MaxPooling2D, layers.AveragePooling2D])
def test_cnn(pool, padding):
    model = fastnn.Sequential([
        fastnn.Input((9, 7, 2)), layers.Rescaling(0.5, 1), layers.Conv2D(4, 3, use_bias=False),
        layers.BatchNormalization(), layers.ReLU(), pool(2, padding=padding), pool(2, 1, padding=padding),
        layers.Dropout(0.5), layers.Flatten(), layers.Dense(3, "softmax"),
    ])  # fmt: skip
    assert_agrees(model, (9, 7, 2))


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_depthwise(padding):
    conv = layers.DepthwiseConv2D((3, 2), padding=padding, depth_multiplier=2, activation="relu")
    assert_agrees(fastnn.Sequential([fastnn.Input((6, 5, 3)), conv]), (6, 5, 3))


def test_transposes_between_layers_of_images_cancel():
    model = fastnn.Sequential([
        fastnn.Input((9, 7, 2)), layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization(),
        layers.MaxPooling2D(), layers.GlobalAveragePooling2D(),
    ])  # fmt: skip
    nodes = [node.op_type for node in onnx.load_from_string(exported(model)).graph.node]
    assert nodes.count("Transpose") == 1


@pytest.mark.parametrize("cls", [layers.SimpleRNN, layers.GRU, layers.LSTM])
@pytest.mark.parametrize(
    "arguments",
    [{}, {"return_sequences": True}, {"return_sequences": True, "go_backwards": True},
     {"go_backwards": True, "use_bias": False}],
)  # fmt: skip
@pytest.mark.parametrize("merge", ["alone", "concat", "sum", "ave", "mul"])
def test_recurrent(cls, arguments, merge):
    if merge == "alone":
        layer = cls(5, **arguments)
    else:
        layer = layers.Bidirectional(cls(5, **arguments | {"go_backwards": False}), merge_mode=merge)
    model = fastnn.Sequential([fastnn.Input((None, 3)), layer])
    for length in (1, 50):
        assert_agrees(model, (length, 3))


def test_gru_that_resets_before_the_product():
    model = fastnn.Sequential([fastnn.Input((None, 3)), layers.GRU(4, reset_after=False)])
    assert_agrees(model, (5, 3))


@pytest.mark.parametrize("cls", [layers.SimpleRNN, layers.GRU, layers.LSTM])
def test_states(cls):
    x = fastnn.Input((None, 3))
    one = cls(4, return_state=True)(x)
    both = layers.Bidirectional(cls(2, return_state=True))(x)
    assert_agrees(fastnn.Model(x, [*one, *both]), (6, 3))


def test_embedding_and_shapes():
    model = fastnn.Sequential([
        fastnn.Input((6,)), layers.Embedding(9, 4), layers.Permute((2, 1)), layers.Reshape((3, -1)),
        layers.Flatten(), layers.RepeatVector(3),
    ])  # fmt: skip
    assert_agrees(model, (6,), high=9)


def test_several_inputs_shared_layers_and_models_inside():
    a, b = fastnn.Input((4,), name="a"), fastnn.Input((4,), name="b")
    shared = fastnn.Sequential([fastnn.Input((4,)), layers.Dense(3, "tanh")], name="inner")
    p, q = shared(a), shared(b)
    made = [cls()([p, q]) for cls in (layers.Add, layers.Subtract, layers.Multiply, layers.Average,
                                      layers.Maximum, layers.Minimum, layers.Concatenate)]  # fmt: skip
    model = fastnn.Model([a, b], [layers.Concatenate()(made), p])
    assert_agrees(model, (4,), (4,))
    held = list(onnx.load_from_string(exported(model)).graph.initializer)
    assert len(held) == 2


def test_calls_for_training_are_refused():
    x = fastnn.Input((4, 3))
    with pytest.raises(ValueError, match=r"'g' \(Dropout\): training: expected False"):
        exported(fastnn.Model(x, layers.Dropout(0.5, name="g")(x, training=True)))


def test_file_says_who_wrote_it(tmp_path):
    fastnn.Sequential([fastnn.Input((4,)), layers.Dense(2)]).export(tmp_path / "m.onnx")
    made = onnx.load(tmp_path / "m.onnx")
    assert (made.producer_name, made.producer_version) == ("fastnn", fastnn.__version__)
    assert made.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"


class Own(layers.Layer):
    def call(self, x):
        return 2 * x


def test_all_layers_without_counterpart_are_listed():
    model = fastnn.Sequential([
        fastnn.Input((4, 3)), layers.Lambda(abs, name="l"), layers.GRU(2, activation="gelu", name="g"),
        fastnn.Sequential([Own(name="o"), layers.Lambda(abs, name="i")], name="inner"),
    ])  # fmt: skip
    with pytest.raises(ValueError, match="model: ONNX files cannot hold") as raised:
        exported(model)
    for part in (
        "'l' (Lambda): it is",
        "'g' (GRU): activation: ",
        "'inner/o' (Own): its class",
        "'inner/i' (L",
    ):
        assert part in str(raised.value)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (layers.LSTM(2, stateful=True, name="r"), r"'r' \(LSTM\): stateful"),
        (layers.LSTM(2, activation="gelu", name="r"), r"'r' \(LSTM\): activation"),
        (layers.Activation(np.tanh, name="a"), r"'a' \(Activation\): activation"),
        (layers.Normalization(name="n"), r"'n' \(Normalization\): .* adapt"),
        (layers.TimeDistributed(layers.Lambda(abs, name="l"), name="t"), r"'t/l' \(Lambda\): "),
    ],
)
def test_arguments_without_counterpart_are_named(layer, message):
    with pytest.raises(ValueError, match=message):
        exported(fastnn.Sequential([fastnn.Input((4, 3)), layer]))


@pytest.mark.parametrize(
    ("arguments", "name"),
    [({"format": "tf_saved_model"}, "format"), ({"opset_version": 12}, "opset_version"),
     ({"input_signature": [1]}, "input_signature")],
)  # fmt: skip
def test_arguments(arguments, name):
    with pytest.raises(ValueError, match=name):
        exported(fastnn.Sequential([fastnn.Input((4,)), layers.Dense(2)]), **arguments)
