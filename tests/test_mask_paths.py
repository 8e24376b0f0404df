"""A mask takes the same way through plain calls, tensors, graphs, `Sequential` and calls of one's own."""

import gc

import numpy as np
import pytest

import fastnn
from fastnn import Input, Model, Sequential, layers
from fastnn.layers.base import masks

X = np.random.default_rng(0).standard_normal((3, 4, 2)).astype("float32")
X[0, 2:] = X[1, :1] = X[2, 1] = 0
KEPT = (X != 0).any(-1)

PASSING = {
    "none": list,
    "dense": lambda: [layers.Dense(2, activation="tanh")],
    "several": lambda: [layers.Dense(3), layers.Dropout(0.5), layers.LayerNormalization(), layers.ReLU()],
    "recurrent": lambda: [layers.LSTM(2, return_sequences=True)],
    "bidirectional": lambda: [layers.Bidirectional(layers.GRU(2, return_sequences=True))],
    "distributed": lambda: [layers.TimeDistributed(layers.Dense(2))],
    "softmax": lambda: [layers.Softmax()],
    "lambda": lambda: [layers.Lambda(lambda x: x * 2.0, mask=lambda x, mask: mask)],
    "own": lambda: [Passing()],
    "sequential": lambda: [Sequential([layers.Dense(2), layers.ELU()])],
}
ENDING = {
    "mean": layers.GlobalAveragePooling1D,
    "state": lambda: layers.SimpleRNN(3),
    "own": lambda: Mean(),
}


class Passing(layers.Layer):
    """Computes by itself, and passes the mask on."""

    def __init__(self):
        super().__init__()
        self.supports_masking = True

    def call(self, x):
        return np.tanh(x) + 1.0


class Mean(layers.Layer):
    """The mean over the steps that count, by hand."""

    supports_masking = True

    def call(self, x, mask=None):
        kept = np.ones(x.shape[:2]) if mask is None else np.asarray(mask, "float64")
        return (x * kept[..., None]).sum(axis=1) / kept.sum(axis=1)[:, None]

    def compute_mask(self, inputs, mask=None):
        return None


class Around(layers.Layer):
    """Other layers inside a call that computes by itself."""

    def __init__(self, inner):
        super().__init__()
        self.inner = list(inner)

    def call(self, x):
        x = x * 1.0
        for layer in self.inner:
            x = layer(x)
        return x * 1.0


def plain(chain):
    def call(x):
        for layer in chain:
            x = layer(x)
        return x

    return call


def on_tensors(chain):
    return lambda x: plain(chain)(fastnn.Tensor(x)).numpy()


def graph(chain):
    x = Input((4, 2))
    return Model(x, plain(chain)(x))


WAYS = {
    "plain": plain,
    "tensors": on_tensors,
    "graph": graph,
    "predict": lambda chain: Sequential(chain).predict,
    "of any length": lambda chain: Sequential([Input((None, 2)), *chain]),
    "own layer": Around,
    "two models": lambda chain: plain([Sequential(chain[:-1]), chain[-1]]),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("ending", ENDING)
@pytest.mark.parametrize("passing", PASSING)
def test_masked_steps_do_not_count(passing, ending, way):
    fastnn.utils.set_random_seed(1)
    chain = [layers.Masking(), *PASSING[passing](), ENDING[ending]()]
    found = WAYS[way](chain)(X)
    for i, kept in enumerate(KEPT):  # the valid steps alone, which need no mask
        expected = plain(chain)(X[i : i + 1, kept])
        np.testing.assert_allclose(np.asarray(found)[i : i + 1], expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(
    "layer",
    [layers.GlobalAveragePooling1D(), layers.LSTM(2), layers.BatchNormalization(), layers.Dense(2)],
    ids=lambda layer: layer.name,
)
@pytest.mark.parametrize("form", [np.asarray, np.ndarray.tolist, lambda mask: mask.astype("float32") * 2])
def test_a_mask_is_an_argument_too(layer, form):
    y = layer(X, mask=form(KEPT))
    np.testing.assert_array_equal(y, layer(layers.Masking()(X)))
    kept = masks.mask_of(y)
    assert kept is None if y.ndim < 3 else (kept == KEPT).all()


def test_a_mask_by_position():
    expected = layers.GlobalAveragePooling1D()(X, mask=KEPT)
    np.testing.assert_array_equal(layers.GlobalAveragePooling1D()(X, KEPT), expected)
    x, mask = Input((4, 2)), Input((4,), dtype="bool")
    model = Model([x, mask], layers.GlobalAveragePooling1D()(x, mask))
    np.testing.assert_array_equal(model([X, KEPT]), expected)
    lstm = layers.LSTM(3)
    state = [np.ones((3, 3), "float32")] * 2
    np.testing.assert_array_equal(lstm(X, state, KEPT), lstm(X, mask=KEPT, initial_state=state))
    with pytest.raises(TypeError, match="expected at most 2 arguments by position, got 3"):
        layers.GlobalAveragePooling1D()(X, KEPT, KEPT)
    with pytest.raises(TypeError, match="multiple values for argument 'mask'"):
        layers.GlobalAveragePooling1D()(X, KEPT, mask=KEPT)


@pytest.mark.parametrize("layer", [layers.TimeDistributed(layers.Dense(2)), layers.LSTM(2), layers.Dense(2)])
def test_a_mask_of_another_length_is_refused(layer):
    for wrong in (KEPT[:, :3], KEPT[:2], np.ones((3, 5), bool)):
        with pytest.raises(ValueError, match=r"mask: expected shape \(3, 4\), got"):
            layer(X, mask=wrong)


def test_softmax_leaves_elements_out():
    softmax = layers.Softmax()
    np.testing.assert_allclose(
        softmax([[1, 2, 5, 1]], mask=[[1, 1, 0, 0]]), [[0.26894143, 0.7310586, 0, 0]], rtol=1e-6
    )
    np.testing.assert_array_equal(softmax([[1, 2]], mask=[[0, 0]]), [[0, 0]])
    np.testing.assert_array_equal(softmax([[np.inf, 2.0]], mask=[[0, 1]]), [[0, 1]])
    scores = np.random.default_rng(1).standard_normal((2, 3, 4, 4))
    causal = np.tri(4, dtype=bool)
    weights = np.where(causal, np.exp(scores), 0)
    np.testing.assert_allclose(softmax(scores, causal), weights / weights.sum(-1, keepdims=True), rtol=1e-5)
    x, mask = Input((3, 4, 4)), Input((1, 1, 4))
    last = np.array([[1, 1, 1, 0], [1, 0, 1, 1]])[:, None, None]
    weights = np.where(last, np.exp(scores), 0)
    found = Model([x, mask], layers.Softmax()(x, mask=mask))([scores, last])
    np.testing.assert_allclose(found, weights / weights.sum(-1, keepdims=True), rtol=1e-5)
    with pytest.raises(ValueError, match="mask: expected shape"):
        softmax([[1, 2, 3]], mask=[[1, 0]])


@pytest.mark.parametrize("axes", [(1, 2), (1, 3), (-1, 1), [2], (1, 2, 3)])
def test_softmax_over_several_axes(axes):
    x = np.random.default_rng(2).standard_normal((2, 3, 4, 5))
    weights = np.exp(x)
    expected = weights / weights.sum(tuple(axes), keepdims=True)
    layer = layers.Softmax(axis=axes)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5)
    np.testing.assert_allclose(layers.Softmax.from_config(layer.get_config())(x), expected, rtol=1e-5)


def large(x):
    size = np.abs(x[..., 0])
    return size >= size.mean(axis=1, keepdims=True)


def test_compute_mask_of_ones_own():
    class Half(layers.Layer):
        def call(self, x):
            return x[:, ::2] * 1.0

        def compute_mask(self, inputs, mask=None):
            return None if mask is None else mask[:, ::2]

    class Traced(Half):
        def __init__(self):
            super().__init__()
            self.cut = layers.Dense(2, kernel_initializer="identity")

        def call(self, x):
            return self.cut(x[:, 1:])

        def compute_mask(self, inputs, mask=None):
            return mask[:, 1:]

    class Silent(layers.Dense):
        def compute_mask(self, inputs, mask=None):
            return None

    class Large(layers.Layer):
        def call(self, x):
            return np.abs(x)

        def compute_mask(self, inputs, mask=None):
            return large(np.asarray(inputs))

    kept = {Half: KEPT[:, ::2], Traced: KEPT[:, 1:], Large: large(X)}
    for kind, expected in kept.items():
        cut = {Half: X[:, ::2], Traced: X[:, 1:], Large: np.abs(X)}[kind]
        mean = (cut * expected[..., None]).sum(1) / np.maximum(1, expected.sum(1))[:, None]
        for way in ("plain", "tensors", "graph", "predict", "own layer"):
            found = WAYS[way]([layers.Masking(), kind(), layers.GlobalAveragePooling1D()])(X)
            np.testing.assert_allclose(found, mean, rtol=1e-5, atol=1e-6, err_msg=f"{kind} {way}")
    assert Half().supports_masking
    assert masks.mask_of(Silent(2)(layers.Masking()(X))) is None


def test_compute_mask_of_built_in_layers():
    assert layers.Embedding(5, 2).compute_mask([[3, 0]]) is None
    np.testing.assert_array_equal(layers.Masking().compute_mask(X), KEPT)
    np.testing.assert_array_equal(layers.Dense(2).compute_mask(X, KEPT), KEPT)
    assert layers.LSTM(2).compute_mask(X, KEPT) is None
    np.testing.assert_array_equal(layers.LSTM(2, return_sequences=True).compute_mask(X, KEPT), KEPT)
    both = layers.Concatenate(axis=1).compute_mask([X, X], [KEPT, None])
    np.testing.assert_array_equal(both, np.concatenate([KEPT, np.ones((3, 4), bool)], axis=1))
    assert layers.Add().compute_mask([X, X], [KEPT, None]) is None


@pytest.mark.parametrize(
    "lose",
    [
        layers.Lambda(lambda x: x * 2),
        layers.Flatten(),
        layers.Conv1D(2, 1),
        lambda x: x * 2,
        lambda x: abs(x),
    ],
    ids=["lambda", "flatten", "convolution", "operator", "absolute"],
)
def test_a_lost_mask_is_not_lost_silently(lose):
    x = Input((4, 2))
    model = Model(x, lose(layers.Masking()(x)))
    with pytest.warns(UserWarning, match="gets an input with a mask and does not pass it on"):
        model.predict(X)
    model.compile("sgd", "mse")
    model.predict(X[:2])  # warned of already


def test_what_passes_masks_on():
    passes = [layers.LSTM(2), layers.GRU(2), layers.SimpleRNN(2), layers.RNN(layers.LSTMCell(2))]
    passes += [layers.Bidirectional(layers.LSTM(2)), layers.GlobalAveragePooling1D(), layers.Softmax()]
    assert all(layer.supports_masking for layer in passes)
    stops = [layers.MaxPooling1D(), layers.GlobalMaxPooling1D(), layers.GlobalAveragePooling2D()]
    stops += [layers.Flatten(), layers.Conv1D(2, 2), layers.Reshape((2,)), layers.Embedding(3, 2)]
    assert not any(layer.supports_masking for layer in stops)


def test_masks_go_with_their_arrays():
    y = layers.Masking()(X)
    assert masks.mask_of(y) is not None
    assert masks.mask_of(y * 1) is None
    assert masks.mask_of(y[:1]) is None
    key = id(y)
    del y
    gc.collect()
    assert key not in masks._masks


def test_gradients_through_masked_calls():
    t = fastnn.Tensor(X)
    layers.GlobalAveragePooling1D()(layers.Masking()(t)).sum().backward()
    np.testing.assert_allclose(t.grad, KEPT[..., None] / KEPT.sum(1)[:, None, None] * np.ones(2), rtol=1e-6)
