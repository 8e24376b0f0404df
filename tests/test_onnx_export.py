"""Models that are exported as ONNX files compute the same in ONNX Runtime."""

import io

import numpy as np
import pytest

import fastnn
from fastnn import layers

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")


def exported(model, **arguments):
    file = io.BytesIO()
    model.export(file, **arguments)
    return file.getvalue()


def varied(model):
    """Give all weights values that show where each of them goes."""
    rng = np.random.default_rng(3)
    model.set_weights(
        [
            rng.uniform(0.1, 0.6, w.shape) * rng.choice([1, 1, -1], w.shape)
            if "variance" not in v.name
            else rng.uniform(0.5, 2, w.shape)
            for v, w in zip(model.weights, model.get_weights(), strict=True)
        ]
    )


def assert_agrees(model, *shapes, high=None, **arguments):
    varied(model)
    session = runtime.InferenceSession(exported(model, **arguments), providers=["CPUExecutionProvider"])
    assert [i.name for i in session.get_inputs()] == model.input_names
    assert [o.name for o in session.get_outputs()] == model.output_names
    rng = np.random.default_rng(0)
    for rows in (1, 7):
        x = [
            rng.normal(size=(rows, *s)) if high is None else rng.integers(0, high, (rows, *s)) for s in shapes
        ]
        x = [array.astype("float32") for array in x]
        expected = model.predict(x if len(x) > 1 else x[0], verbose=0)
        expected = expected if isinstance(expected, list) else [expected]
        got = session.run(None, dict(zip(model.input_names, x, strict=True)))
        assert len(got) == len(expected)
        for one, other in zip(got, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


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


@pytest.mark.parametrize("options", [{"training": True}, {"mask": "mask"}])
def test_arguments_of_calls_are_not_lost(options):
    x, mask = fastnn.Input((4, 3)), fastnn.Input((4,))
    options = {name: mask if value == "mask" else value for name, value in options.items()}
    y = layers.GlobalAveragePooling1D(name="g")(x, **options) if "mask" in options else None
    y = layers.Dropout(0.5, name="g")(x, **options) if y is None else y
    with pytest.raises(ValueError, match=f"'g': calls with {next(iter(options))}"):
        exported(fastnn.Model([x, mask] if "mask" in options else x, y))


def test_file_says_who_wrote_it(tmp_path):
    fastnn.Sequential([fastnn.Input((4,)), layers.Dense(2)]).export(tmp_path / "m.onnx")
    made = onnx.load(tmp_path / "m.onnx")
    assert (made.producer_name, made.producer_version) == ("fastnn", fastnn.__version__)
    assert made.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"


def test_all_layers_without_counterpart_are_listed():
    model = fastnn.Sequential([
        fastnn.Input((4, 3)), layers.Masking(name="m"), layers.Dense(2), layers.Lambda(abs, name="l"),
    ])  # fmt: skip
    with pytest.raises(ValueError, match=r"'m' \(Masking\), 'l' \(Lambda\)"):
        exported(model)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (layers.LSTM(2, stateful=True, name="r"), r"'r' \(LSTM\): stateful"),
        (layers.LSTM(2, activation="gelu", name="r"), r"'r' \(LSTM\): activation"),
        (layers.LayerNormalization(axis=1, name="n"), r"'n' \(LayerNormalization\): axis"),
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
