"""Users' classes that extend a layer of the library, and the shapes that layers get and tell, as in Keras."""

import numpy as np
import pytest
from gradcheck import check_gradients

import fastnn
from fastnn import Model, Sequential, layers

RNG = np.random.default_rng(0)
X = RNG.standard_normal((6, 4))


@pytest.fixture(autouse=True)
def _double():
    before = fastnn.config.floatx()
    fastnn.config.set_floatx("float64")
    fastnn.utils.set_random_seed(3)
    yield
    fastnn.config.set_floatx(before)


class Wide(layers.Dense):
    """Its output beside its input, with a scale of its own."""

    def build(self, input_shape):
        self.built_for = input_shape
        super().build(input_shape)
        self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale")

    def call(self, inputs):
        return np.concatenate([super().call(inputs), inputs * self.scale], axis=-1)

    def compute_output_shape(self, input_shape):
        made = super().compute_output_shape(input_shape)
        return (*made[:-1], made[-1] + input_shape[-1])


class Shifted(layers.Dense):
    """With another `build` only, which is called once."""

    builds = 0

    def build(self, input_shape):
        self.builds += 1
        super().build(input_shape)
        self.kernel.assign(self.kernel.numpy() + 1)


def test_build_call_and_shape_of_a_subclass_of_dense():
    layer = Wide(3, activation="tanh")
    assert layer.compute_output_shape((None, 4)) == (None, 7)
    assert layer.compute_output_shape((None, None, 4)) == (None, None, 7)
    y = layer(X)
    assert layer.built_for == (None, 4)
    kernel, bias = layer.kernel.numpy(), layer.bias.numpy()
    np.testing.assert_allclose(y, np.concatenate([np.tanh(X @ kernel + bias), X], axis=-1), rtol=1e-12)
    assert [v.name for v in layer.weights] == ["kernel", "bias", "scale"]


def test_a_subclass_learns():
    model = Sequential([fastnn.Input((4,)), layers.Dense(4), Wide(3, activation="tanh"), layers.Dense(2)])
    check_gradients(model, "mse", X, X[:, :2].copy())
    model.compile(fastnn.optimizers.Adam(0.01), "mse")
    loss = model.fit(X, X[:, :2], epochs=20, verbose=0).history["loss"]
    assert loss[-1] < loss[0]
    np.testing.assert_allclose(model(X, training=True).data, model(X), rtol=1e-12)


def test_a_subclass_in_a_config():
    with fastnn.utils.custom_object_scope({"Wide": Wide}):
        model = Sequential([fastnn.Input((4,)), Wide(3)])
        twin = Sequential.from_config(model.get_config())
        twin.set_weights(model.get_weights())
        np.testing.assert_array_equal(twin(X), model(X))


def test_build_is_called_once_and_other_shapes_are_checked():
    layer = Shifted(3)
    layer(X)
    kernel = layer.kernel.numpy()
    assert layer(X[:, None]).shape == (6, 1, 3)
    assert layer.builds == 1
    np.testing.assert_array_equal(layer.kernel.numpy(), kernel)
    with pytest.raises(ValueError, match=r"'kernel' has shape \(4, 3\), these rows need \(5, 3\)"):
        layer(np.zeros((2, 5)))


def test_a_shape_rule_is_enough():
    class Named(layers.Dense):
        def compute_output_shape(self, input_shape):
            return [*input_shape[:-1], self.units]  # a list, as some write it

    assert Named(3)(fastnn.Input((4,))).shape == (None, 3)
    assert Named(3)(X).shape == (6, 3)


@pytest.mark.parametrize("base", [layers.Layer, layers.Dense])
def test_a_shape_rule_that_is_wrong_is_found(base):
    class Wrong(base):
        def compute_output_shape(self, input_shape):
            return (input_shape[0], 9)

        if base is layers.Layer:

            def call(self, x):
                return x * 2.0

    layer = Wrong() if base is layers.Layer else Wrong(3)
    with pytest.raises(ValueError, match=r"compute_output_shape: expected \(None, .* got \(None, 9\)"):
        layer(X)

    class Strange(layers.Layer):
        def compute_output_shape(self, input_shape):
            return "wide"

        def call(self, x):
            return x * 2.0

    with pytest.raises(TypeError, match="compute_output_shape: expected Strange to return a shape"):
        Strange()(X)


def test_a_shape_rule_says_what_a_call_cannot_be_tried_for():
    class Pair(layers.Layer):
        def call(self, x):
            return x * 1.0, np.concatenate([x, x], axis=-1)

        def compute_output_shape(self, input_shape):
            return tuple(input_shape), (*input_shape[:-1], 2 * input_shape[-1])

    one, other = Pair()(fastnn.Input((None, 4)))
    assert (one.shape, other.shape) == ((None, None, 4), (None, None, 8))
    one, other = Pair()(X)
    assert (one.shape, other.shape) == ((6, 4), (6, 8))


def test_subclasses_of_layers_of_all_kinds():
    class Doubled:
        def call(self, inputs, training=None):
            return super().call(inputs, training=training) * 2.0

    cases = [
        (layers.Conv2D, {"filters": 2, "kernel_size": 2, "data_format": "channels_first"}, (3, 5, 5)),
        (layers.DepthwiseConv1D, {"kernel_size": 2}, (5, 2)),
        (layers.BatchNormalization, {}, (4,)),
        (layers.LayerNormalization, {"axis": 1}, (4, 3)),
        (layers.PReLU, {}, (4,)),
        (layers.ReLU, {}, (4,)),
        (layers.GRU, {"units": 3, "return_sequences": True}, (5, 2)),
        (layers.Embedding, {"input_dim": 7, "output_dim": 2}, (3,)),
        (layers.TimeDistributed, {"layer": layers.Dense(2)}, (3, 4)),
        (layers.Flatten, {}, (3, 4)),
        (layers.MaxPooling2D, {}, (4, 4, 2)),
        (layers.Dropout, {"rate": 0.5, "seed": 1}, (4,)),
    ]
    for base, arguments, sample_shape in cases:
        cls = type(f"Doubled{base.__name__}", (Doubled, base), {})
        layer, plain = cls(**arguments), base(**arguments)
        x = np.round(np.abs(RNG.standard_normal((4, *sample_shape))))
        y = layer(x)
        plain(x)
        plain.set_weights(layer.get_weights())
        np.testing.assert_allclose(y, 2 * plain(x), rtol=1e-12, err_msg=base.__name__)
        assert layer.compute_output_shape((None, *sample_shape)) == (None, *y.shape[1:])
        assert (layer(x, training=True) != y).any() == (base in (layers.Dropout, layers.BatchNormalization))


def test_a_mask_reaches_the_layer_that_is_extended():
    class Same(layers.LSTM):
        def call(self, inputs, mask=None):
            return super().call(inputs, mask=mask)

    x = RNG.standard_normal((3, 5, 2))
    x[:, 3:] = 0
    fastnn.utils.set_random_seed(1)
    plain = Sequential([fastnn.Input((5, 2)), layers.Masking(), layers.LSTM(3)])
    own = Sequential([fastnn.Input((5, 2)), layers.Masking(), Same(3)])
    own.set_weights(plain.get_weights())
    np.testing.assert_allclose(own(x), plain(x), rtol=1e-12)


def test_super_call_needs_a_layer_that_computes():
    class Empty(layers.Layer):
        def call(self, x):
            return super().call(x)

    with pytest.raises(TypeError, match="call: Empty derives from no layer with a call of its own"):
        Empty()(X)


# ---- shapes as in Keras -----------------------------------------------------------------------------------

BUILT = [
    (layers.Dense(3), (None, 4), {"kernel": (4, 3), "bias": (3,)}),
    (layers.Conv2D(3, 2), (None, 5, 6, 2), {"kernel": (2, 2, 2, 3), "bias": (3,)}),
    (layers.Conv2D(3, 2, data_format="channels_first"), (None, 2, None, None), {"kernel": (2, 2, 2, 3)}),
    (layers.SeparableConv1D(3, 2), (None, None, 4), {"depthwise_kernel": (2, 4, 1)}),
    (layers.DepthwiseConv2D(2), (None, 5, 5, 4), {"kernel": (2, 2, 4, 1)}),
    (layers.Conv1DTranspose(3, 2), (None, None, 4), {"kernel": (2, 3, 4)}),
    (layers.BatchNormalization(axis=1), (None, 3, None), {"gamma": (3,), "moving_mean": (3,)}),
    (layers.LayerNormalization(axis=[1, 2]), (None, 3, 4), {"gamma": (3, 4)}),
    (layers.GroupNormalization(2), (None, None, 4), {"gamma": (4,), "beta": (4,)}),
    (layers.RMSNormalization(), (None, None, 4), {"scale": (4,)}),
    (layers.Normalization(axis=2), (None, None, 4), {"mean": (4,), "variance": (4,)}),
    (layers.PReLU(shared_axes=[1]), (None, None, 4), {"alpha": (1, 4)}),
    (layers.Embedding(7, 2), (None, None), {"embeddings": (7, 2)}),
]


@pytest.mark.filterwarnings("ignore:normalization.*has not been adapted")
@pytest.mark.parametrize(
    ("layer", "input_shape", "shapes"), BUILT, ids=[type(layer).__name__ for layer, *_ in BUILT]
)
def test_build_takes_keras_shapes(layer, input_shape, shapes):
    assert not layer.built
    layer.build(input_shape)
    assert layer.built
    for name, shape in shapes.items():
        assert getattr(layer, name).shape == shape
    weights = layer.weights
    layer(np.zeros([2 if n is None else n for n in input_shape]))
    assert layer.weights == weights
    assert layer.count_params() == sum(v.size for v in weights)


def test_build_of_layers_inside():
    class Block(layers.Layer):
        def __init__(self):
            super().__init__()
            self.one, self.other = layers.Dense(5), layers.GRU(3)

        def build(self, input_shape):
            self.one.build(input_shape)
            self.other.build((*input_shape[:-1], 5))
            self.built = True

        def call(self, x):
            return self.other(self.one(x))

    block = Block()
    block.build((None, None, 4))
    assert [v.shape for v in block.weights] == [(4, 5), (5,), (5, 9), (3, 9), (2, 9)]
    assert block(RNG.standard_normal((2, 6, 4))).shape == (2, 3)
    assert len(block.weights) == 5


@pytest.mark.parametrize(
    ("layer", "input_shape", "output_shape"),
    [
        (layers.Dense(3), (7, None, 4), (7, None, 3)),
        (layers.Flatten(), (None, None, 4), (None, None)),
        (layers.Flatten(), (7, 2, 4), (7, 8)),
        (layers.Conv2D(3, 2), (None, None, 6, 2), (None, None, 5, 3)),
        (layers.MaxPooling1D(2), (5, None, 2), (5, None, 2)),
        (layers.Permute((2, 1)), (None, None, 4), (None, 4, None)),
        (layers.Reshape((-1, 2)), (None, None, 4), (None, None, 2)),
        (layers.Concatenate(1), [(None, None, 4), (None, 3, 4)], (None, None, 4)),
        (layers.Add(), [(None, None, 4), (None, 1, 4)], (None, None, 4)),
        (layers.Dot(2), [(None, None, 4), (None, 3, 4)], (None, None, 3)),
        (layers.TimeDistributed(layers.Flatten()), (None, None, 3, 4), (None, None, 12)),
        (layers.LSTM(3, return_state=True), (None, None, 4), [(None, 3)] * 3),
        (layers.Bidirectional(layers.GRU(3, return_sequences=True)), (2, None, 4), (2, None, 6)),
        (layers.RepeatVector(3), (None, 4), (None, 3, 4)),
        (layers.Lambda(lambda x: x[:, :2]), (None, 4), (None, 2)),
    ],
)
def test_shape_rules_keep_the_batch_and_what_varies(layer, input_shape, output_shape):
    assert layer.compute_output_shape(input_shape) == output_shape


def test_the_shape_rule_of_a_lambda_counts():
    with pytest.raises(ValueError, match=r"compute_output_shape: expected \(None, 2\)"):
        layers.Lambda(lambda x: x[:, :2], output_shape=(3,))(X)
    assert layers.Lambda(lambda x: x[:, :2], output_shape=(2,))(fastnn.Input((4,))).shape == (None, 2)


def test_the_shape_rule_of_a_model():
    x = fastnn.Input((None, 4))
    model = Model(x, [layers.Dense(3)(x), layers.GRU(2)(x)])
    assert model.compute_output_shape((None, 7, 4)) == [(None, 7, 3), (None, 2)]
    assert model.compute_output_shape((5, None, 4))[1] == (5, 2)
    assert model.output_shape == [(None, None, 3), (None, 2)]
    assert x.sample_shape == (None, 4)


def test_weights_of_a_dimension_that_varies_are_refused():
    class Own(layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight(input_shape[1:])

        def call(self, x):
            return x * self.w

    for layer in (layers.PReLU(), layers.LayerNormalization(axis=1), Own()):
        with pytest.raises(ValueError, match="its weights depend on a dimension that is None"):
            layer(fastnn.Input((None, 4)))
        assert not layer.built
        assert not layer.weights
        layer(fastnn.Input((3, 4)))
        assert layer.weights


# ---- initializers, regularizers and constraints ------------------------------------------------------------

WITH_SPECS = [
    (layers.Dense, {"units": 2}, ["kernel", "bias"]),
    (layers.Conv2D, {"filters": 2, "kernel_size": 2}, ["kernel", "bias"]),
    (layers.Conv1DTranspose, {"filters": 2, "kernel_size": 2}, ["kernel", "bias"]),
    (layers.DepthwiseConv1D, {"kernel_size": 2}, ["depthwise", "bias"]),
    (layers.SeparableConv1D, {"filters": 2, "kernel_size": 2}, ["depthwise", "pointwise", "bias"]),
    (layers.Embedding, {"input_dim": 3, "output_dim": 2}, ["embeddings"]),
    (layers.PReLU, {}, ["alpha"]),
    (layers.BatchNormalization, {}, ["gamma", "beta"]),
    (layers.LayerNormalization, {}, ["gamma", "beta"]),
    (layers.GroupNormalization, {"groups": 1}, ["gamma", "beta"]),
    (layers.SimpleRNNCell, {"units": 2}, ["kernel", "recurrent", "bias"]),
    (layers.LSTMCell, {"units": 2, "unit_forget_bias": False}, ["kernel", "recurrent", "bias"]),
    (layers.GRUCell, {"units": 2}, ["kernel", "recurrent", "bias"]),
]


@pytest.mark.parametrize(
    ("cls", "arguments", "prefixes"), WITH_SPECS, ids=[case[0].__name__ for case in WITH_SPECS]
)
def test_arguments_of_weights_are_attributes_that_may_be_set(cls, arguments, prefixes):
    given = {f"{prefix}_initializer": "ones" for prefix in prefixes}
    given |= {f"{prefix}_regularizer": "l2" for prefix in prefixes}
    given |= {f"{prefix}_constraint": "non_neg" for prefix in prefixes}
    one, other = cls(**arguments, **given), cls(**arguments)
    for name, value in given.items():
        setattr(other, name, value)
    assert one.get_config() | {"name": "a"} == other.get_config() | {"name": "a"}
    for prefix in prefixes:
        assert isinstance(getattr(one, f"{prefix}_initializer"), fastnn.initializers.Ones)
        assert isinstance(getattr(other, f"{prefix}_regularizer"), fastnn.regularizers.L2)
        assert isinstance(getattr(other, f"{prefix}_constraint"), fastnn.constraints.NonNeg)
    twin = cls.from_config(one.get_config())
    assert twin.get_config() == one.get_config()
    layer = layers.RNN(other) if isinstance(other, layers.SimpleRNNCell.__mro__[1]) else other
    layer._build_once((None, 4, 4, 2) if cls is layers.Conv2D else (None, 4, 2))
    for variable in layer.weights:
        if variable.learns:
            np.testing.assert_array_equal(variable.numpy(), 1)
            assert isinstance(variable.regularizer, fastnn.regularizers.L2)
            assert isinstance(variable.constraint, fastnn.constraints.NonNeg)


def test_a_wrong_argument_of_a_weight_is_refused():
    layer = layers.Dense(2)
    with pytest.raises(ValueError, match="unknown name 'onez'"):
        layer.kernel_initializer = "onez"
    with pytest.raises(ValueError, match="unknown name 'l3'"):
        layers.LSTM(2, recurrent_regularizer="l3")
