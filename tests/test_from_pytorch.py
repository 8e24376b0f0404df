"""Models of PyTorch's modules, and weights of state dicts; what needs PyTorch runs where it is installed."""

import numpy as np
import pytest

import fastnn
from fastnn import layers
from fastnn.interop.torch import from_module, load_state_dict, state_dict


def channels_last(x):
    return np.ascontiguousarray(np.moveaxis(x, 1, -1))


def nets(nn):
    class Recurrent(nn.Module):
        def __init__(self, rnn, last):
            super().__init__()
            self.rnn, self.last = rnn, last
            self.head = nn.Linear(5 * (2 if rnn.bidirectional else 1), 3)

        def forward(self, x):
            y, states = self.rnn(x)
            if self.last == "state":
                return self.head((states[0] if isinstance(self.rnn, nn.LSTM) else states)[-1])
            return self.head(y[:, -1] if self.last == "step" else y)

    class Written(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.again = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
            self.head = nn.Linear(4 * 4 * 4, 2)

        def forward(self, x):
            f = nn.functional
            x = f.max_pool2d(f.relu(self.conv(x)), 2)
            x = x + self.again(x).relu()
            return f.log_softmax(self.head(f.dropout(x, 0.2, self.training).flatten(1)), dim=1)

    pictures, signals, steps = (3, 8, 8), (3, 12), (7, 4)
    return {
        "mlp": (
            nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2), nn.Softmax(-1)),
            (4,),
        ),
        "cnn": (
            nn.Sequential(
                nn.Conv2d(3, 8, 3, padding=1, bias=False),
                nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(3, 2, 1),
                nn.Conv2d(8, 6, 3, groups=2, dilation=2, padding=2), nn.GroupNorm(2, 6), nn.PReLU(6),
                nn.AvgPool2d(2, padding=1), nn.Flatten(), nn.Dropout(0.1), nn.Linear(54, 5), nn.LayerNorm(5),
            ),
            pictures,
        ),
        "one_dimension": (
            nn.Sequential(
                nn.Conv1d(3, 4, 3, padding="same"), nn.BatchNorm1d(4), nn.GELU(), nn.Conv1d(4, 4, 2, 2),
                nn.Flatten(), nn.Linear(24, 2),
            ),
            signals,
        ),
        "transposed": (
            nn.Sequential(
                nn.ConvTranspose2d(3, 4, 3, 2, 1, output_padding=1), nn.SiLU(),
                nn.ConvTranspose2d(4, 2, 2, 3),
                nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2),
            ),
            pictures,
        ),
        "lstm": (Recurrent(nn.LSTM(4, 5, batch_first=True), "step"), steps),
        "gru": (Recurrent(nn.GRU(4, 5, 2, batch_first=True, dropout=0.1), "state"), steps),
        "lstm_state": (Recurrent(nn.LSTM(4, 5, batch_first=True), "state"), steps),
        "rnn": (Recurrent(nn.RNN(4, 5, batch_first=True, nonlinearity="relu"), ""), steps),
        "bidirectional_gru": (Recurrent(nn.GRU(4, 5, batch_first=True, bidirectional=True), ""), steps),
        "bidirectional": (Recurrent(nn.LSTM(4, 5, 2, batch_first=True, bidirectional=True), "step"), steps),
        "written": (Written(), pictures),
    }  # fmt: skip


NAMES = [
    *("mlp", "cnn", "one_dimension", "transposed", "lstm", "gru", "lstm_state", "rnn"),
    *("bidirectional_gru", "bidirectional", "written"),
]


@pytest.mark.parametrize("name", NAMES)
def test_predictions_agree_and_weights_go_back(name):
    torch = pytest.importorskip("torch")
    torch.manual_seed(3)
    module, shape = nets(torch.nn)[name]
    for value in module.state_dict().values():
        if value.is_floating_point():
            value.add_(torch.rand_like(value) * 0.1)
    module.eval()
    x = np.random.default_rng(1).normal(size=(5, *shape)).astype(np.float32)
    with torch.no_grad():
        expected = module(torch.from_numpy(x)).numpy()
    model = from_module(module, (None, *shape))
    turned = channels_last(x) if shape in ((3, 8, 8), (3, 12)) else x
    np.testing.assert_allclose(model.predict(turned, verbose=0), expected, rtol=1e-5, atol=1e-5)
    back = {key: torch.from_numpy(np.array(value)) for key, value in state_dict(model).items()}
    module.load_state_dict(back)
    with torch.no_grad():
        np.testing.assert_allclose(module(torch.from_numpy(x)).numpy(), expected, rtol=1e-5, atol=1e-5)


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
