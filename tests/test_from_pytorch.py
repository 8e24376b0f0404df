"""Models of PyTorch's modules, and weights of state dicts; what needs PyTorch runs where it is installed."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from torch_modules import tried

import fastnn
from fastnn import layers
from fastnn.interop.torch import from_module, load_state_dict, state_dict

FILE = Path(__file__).parent / "torch_files.zip"
with zipfile.ZipFile(FILE) as archive:
    NAMES = sorted({name.partition(".")[0] for name in archive.namelist()})


def channels_last(x):
    return np.ascontiguousarray(np.moveaxis(x, 1, -1))


def check_predictions(model, x, expected):
    """Compare predictions with those of a module, of images and signals in the layout of each."""
    turned = [
        array if array.shape[1:] == tensor.shape[1:] else channels_last(array)
        for array, tensor in zip(x, model.inputs, strict=True)
    ]
    found = model.predict(turned if len(turned) > 1 else turned[0], verbose=0)
    found = list(found.values()) if isinstance(found, dict) else found if isinstance(found, list) else [found]
    for one, other in zip(found, expected, strict=True):
        other = other if other.shape == one.shape else channels_last(other)
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_state_dicts_of_pytorch_predict_the_same(name):
    with zipfile.ZipFile(FILE) as archive:
        model = fastnn.models.model_from_json(archive.read(f"{name}.json").decode())
        content = np.load(io.BytesIO(archive.read(f"{name}.npz")))
    state, x, y = (
        {key.removeprefix(start): content[key] for key in content if key.startswith(start)}
        for start in ("state/", "x/", "y/")
    )
    load_state_dict(model, state)
    check_predictions(model, list(x.values()), list(y.values()))
    back = state_dict(model)
    assert back.keys() == state.keys()
    for key, value in back.items():
        if "bias_" not in key and "num_batches" not in key:
            np.testing.assert_allclose(value, state[key], 1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_predictions_agree_and_weights_go_back(name):
    torch = pytest.importorskip("torch")
    module, shapes, x, y = tried(torch, name)
    model = from_module(module, shapes)
    check_predictions(model, x, y)
    module.load_state_dict({key: torch.from_numpy(value.copy()) for key, value in state_dict(model).items()})
    with torch.no_grad():
        again = module(*map(torch.from_numpy, x))
    again = again.values() if isinstance(again, dict) else again if isinstance(again, tuple) else [again]
    for one, other in zip(again, y, strict=True):
        np.testing.assert_allclose(one.numpy(), other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_files_are_of_these_modules(name):
    torch = pytest.importorskip("torch")
    module, shapes, _, _ = tried(torch, name)
    with zipfile.ZipFile(FILE) as archive:
        model = fastnn.models.model_from_json(archive.read(f"{name}.json").decode())
    made = from_module(module, shapes)
    assert [type(layer) for layer in model.layers] == [type(layer) for layer in made.layers]


def test_an_embedding_and_frozen_parameters():
    torch = pytest.importorskip("torch")
    nn = torch.nn
    module = nn.Sequential(nn.Embedding(9, 3), nn.Flatten(), nn.Linear(12, 2)).eval()
    module[0].weight.requires_grad_(False)
    module[2].bias.requires_grad_(False)
    model = from_module(module, (None, 4))
    x = np.array([[1, 2, 8, 0], [3, 3, 4, 5]], np.int32)
    expected = module(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-6)
    assert [tuple(weight.shape) for weight in model.trainable_weights] == [(12, 2)]


def test_all_parts_without_counterpart_are_listed():
    torch = pytest.importorskip("torch")
    nn = torch.nn
    module = nn.Sequential(nn.Conv2d(3, 4, 3, padding_mode="circular"), nn.Hardtanh(), nn.Bilinear(1, 1, 1))
    with pytest.raises(ValueError, match=r"(?s)padding_mode='circular'.*Hardtanh.*Bilinear"):
        from_module(module, (None, 3, 8, 8))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f, x: f.dropout(x, 0.2), "drops in predictions too"),
        (lambda f, x: f.softmax(x, dim=-1, dtype=x.dtype), "argument dtype"),
    ],
    ids=["dropout", "softmax"],
)
def test_arguments_of_functions_count_or_are_refused(call, message):
    torch = pytest.importorskip("torch")

    class Module(torch.nn.Module):
        def forward(self, x):
            return call(torch.nn.functional, x)

    module = Module()
    with pytest.raises(ValueError, match=message):
        from_module(module, (None, 4))
    assert module.training


def test_arrays_load_in_order_and_flattened_pictures_turn():
    model = fastnn.Sequential([fastnn.Input((2, 2, 3)), layers.Flatten(), layers.Dense(1)])
    kernel = np.arange(12.0).reshape(1, 12)
    load_state_dict(model, {"head.weight": kernel, "head.bias": np.array([0.5])})
    x = np.random.default_rng(0).normal(size=(2, 3, 2, 2))
    expected = x.reshape(2, 12) @ kernel.T + 0.5
    np.testing.assert_allclose(model.predict(channels_last(x), verbose=0), expected, rtol=1e-5)
    np.testing.assert_array_equal(next(iter(state_dict(model).values())), kernel)


@pytest.mark.parametrize("cell", [layers.SimpleRNN, layers.LSTM, layers.GRU])
def test_recurrent_weights_go_round(cell):
    model = fastnn.Sequential([fastnn.Input((None, 3)), layers.Bidirectional(cell(2), name="rnn")])
    model.set_weights([np.random.default_rng(0).normal(size=w.shape) for w in model.get_weights()])
    before = model.get_weights()
    weights = state_dict(model)
    assert list(weights)[:2] == ["rnn.weight_ih_l0", "rnn.weight_hh_l0"]
    load_state_dict(model, weights)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_weights_that_do_not_fit_change_nothing():
    model = fastnn.Sequential([fastnn.Input((2,)), layers.Dense(1, name="a")])
    before = model.get_weights()
    for given, said in [
        ({"a.weight": np.zeros((1, 2))}, "has no 'a.bias'"),
        ({"a.weight": np.zeros((2, 2)), "a.bias": np.zeros(1)}, r"shape \(2, 2\) does not fit"),
        ({"a.weight": np.zeros((1, 2)), "a.bias": np.zeros(1), "a.more": np.zeros(1)}, "a.more"),
    ]:
        with pytest.raises(ValueError, match=said):
            load_state_dict(model, given)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


@pytest.mark.parametrize(
    ("use", "said"),
    [
        (lambda model: model.parameters(), "trainable_weights"),
        (lambda model: model.train(), "fit trains"),
        (lambda model: model.eval(), "predict does not"),
        (lambda model: model.state_dict(), "fastnn.interop.torch"),
        (lambda model: fastnn.no_grad, "keep no gradients"),
    ],
)
def test_names_of_pytorch_are_answered(use, said):
    with pytest.raises(AttributeError, match=said):
        use(fastnn.Sequential([fastnn.Input((2,)), layers.Dense(1)]))


@pytest.mark.parametrize(
    ("make", "shape", "message"),
    [
        (lambda nn: nn.TransformerEncoderLayer(4, 2), (7, 4), "attention is not available"),
        (lambda nn: nn.Conv3d(1, 1, 2), (1, 4, 4, 4), "layers are for one and two dimensions"),
        (lambda nn: nn.LSTM(4, 5), (7, 4), "batch_first=False takes the axis of the batch for time"),
        (lambda nn: nn.AdaptiveAvgPool2d(3), (2, 8, 8), "does not divide the size"),
        (lambda nn: nn.MaxPool2d(2, padding=1), (2, 8, 8), "may be negative"),
        (lambda nn: nn.GELU("tanh"), (4,), "approximate='tanh'"),
        (lambda nn: nn.Linear(5, 2), (4,), "cannot run on inputs of input_shape"),
    ],
    ids=lambda value: value.split()[0] if isinstance(value, str) else "",
)
def test_modules_without_counterpart_are_refused_with_a_reason(make, shape, message):
    torch = pytest.importorskip("torch")
    with pytest.raises(ValueError, match=message):
        from_module(torch.nn.Sequential(make(torch.nn)), (None, *shape))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: x.view(2, -1), "the batch must stay the first axis"),
        (lambda x: x.view(-1, 2), "the batch must stay the first axis"),
        (lambda x: x.view(x.size(1), -1), "the batch must stay|cannot run"),
        (lambda x: x @ x.transpose(1, 2), "no counterpart"),
        (lambda x: x.sum(1), "no counterpart"),
        (lambda x: x[0], "only whole batches"),
    ],
)
def test_operations_that_would_be_something_else_are_refused(call, message):
    torch = pytest.importorskip("torch")

    class Module(torch.nn.Module):
        def forward(self, x):
            return call(x)

    with pytest.raises(ValueError, match=message):
        from_module(Module(), (None, 4, 6))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_weights_of_any_precision(dtype):
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Linear(4, 3)).to(getattr(torch, dtype))
    model = from_module(module, (None, 4))
    weight = module[0].weight.detach().float().numpy()
    np.testing.assert_allclose(model.layers[-1].get_weights()[0], weight.T, 1e-6)


def test_parametrized_weights_are_computed():
    torch = pytest.importorskip("torch")
    linear = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(4, 3))
    model = from_module(torch.nn.Sequential(linear), (None, 4))
    np.testing.assert_allclose(model.get_weights()[0], linear.weight.detach().numpy().T, 1e-6)


def test_flattened_axes_keep_the_order_of_pytorch():
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten())
    x = np.random.default_rng(0).normal(size=(2, 3, 6, 6)).astype("float32")
    model = from_module(module, (None, 3, 6, 6))
    check_predictions(model, [x], [module(torch.from_numpy(x)).detach().numpy()])
    any_size = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
    )
    model = from_module(any_size, (None, 3, None, None))
    check_predictions(model, [x], [any_size(torch.from_numpy(x)).detach().numpy()])


def test_normalizations_behind_flatten_turn_too():
    parts = layers.Flatten(), layers.BatchNormalization(name="norm"), layers.Dense(1, name="head")
    model = fastnn.Sequential([fastnn.Input((2, 2, 3)), *parts])
    random = np.random.default_rng(0)
    state = {f"norm.{name}": random.random(12) for name in ("weight", "bias", "running_mean", "running_var")}
    state |= {"head.weight": random.random((1, 12)), "head.bias": random.random(1)}
    load_state_dict(model, state)
    x = random.random((2, 3, 2, 2))
    y = (x.reshape(2, 12) - state["norm.running_mean"]) / np.sqrt(state["norm.running_var"] + 1e-3)
    y = (y * state["norm.weight"] + state["norm.bias"]) @ state["head.weight"].T + state["head.bias"]
    np.testing.assert_allclose(model.predict(channels_last(x), verbose=0), y, 1e-4)
    for name, value in state_dict(model).items():
        if "num_batches" not in name:
            np.testing.assert_allclose(value, state[name], 1e-6)


def test_depthwise_kernels_are_grouped_ones():
    model = fastnn.Sequential(
        [fastnn.Input((5, 5, 2)), layers.DepthwiseConv2D(3, depth_multiplier=2, name="d")]
    )
    weight = np.random.default_rng(0).random((4, 1, 3, 3)).astype("float32")
    load_state_dict(model, {"d.weight": weight, "d.bias": np.zeros(4)})
    grouped = fastnn.Sequential([fastnn.Input((5, 5, 2)), layers.Conv2D(4, 3, groups=2, name="d")])
    load_state_dict(grouped, {"d.weight": weight, "d.bias": np.zeros(4)})
    x = np.random.default_rng(1).random((2, 5, 5, 2))
    np.testing.assert_allclose(model.predict(x, verbose=0), grouped.predict(x, verbose=0), 1e-5)
    np.testing.assert_array_equal(state_dict(model)["d.weight"], weight)


def test_names_count_before_the_order():
    model = fastnn.Sequential([fastnn.Input((2,)), layers.Dense(2, name="a"), layers.Dense(2, name="b")])
    given = {
        f"{name}.{part}": np.zeros((2, 2) if part == "weight" else 2)
        for name in "cb"
        for part in ("weight", "bias")
    }
    with pytest.raises(
        ValueError, match="has no 'a.weight', 'a.bias'.*that no layer of the model takes: c.bias"
    ):
        load_state_dict(model, given)
    report = load_state_dict(model, given, strict=False)
    assert (report.loaded, report.missing) == (["b.weight", "b.bias"], ["a.weight", "a.bias"])
    assert report.unexpected == ["c.bias", "c.weight"]
    assert not model.get_weights()[2].any()
    assert model.get_weights()[0].any()
