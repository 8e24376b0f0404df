"""PyTorch: eager and by `torch.compile`, images as channels_last, Adam in one fused pass."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from torch import nn

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "linear": nn.Identity}
CELLS = {"SimpleRNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
LOSSES = {
    "sparse_categorical_crossentropy": nn.functional.cross_entropy,
    "binary_crossentropy": nn.functional.binary_cross_entropy_with_logits,
    "mse": nn.functional.mse_loss,
}
FROM_LOGITS = {"sparse_categorical_crossentropy": nn.Softmax(-1), "binary_crossentropy": nn.Sigmoid()}
EPSILON = 1e-7


def start(threads: int) -> dict[str, str]:
    """Set the number of threads and return versions."""
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    return {"version": torch.__version__}


class Pixels(nn.Module):
    """A flat row of (height, width, channels), as Keras orders it: a view of channels_last."""

    def forward(self, x: Any) -> Any:
        """Return the rows."""
        return x.permute(0, 2, 3, 1).flatten(1)


class Last(nn.Module):
    """The last output of a recurrent layer."""

    def __init__(self, cell: Any) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, x: Any) -> Any:
        """Return the output of the last step."""
        return self.cell(x)[0][:, -1]


class Network:
    """See `serve`."""

    def __init__(self, model: dict[str, Any], weights: list[Any]) -> None:
        self._images, self._float = bool(model["blocks"]), getattr(torch, model["dtype"])
        parts: list[Any] = []
        shape = list(model["input"])
        for block in model["blocks"]:
            for filters in block:
                parts += [nn.Conv2d(shape[-1], filters, 3), nn.ReLU()]
                shape = [shape[0] - 2, shape[1] - 2, filters]
            parts.append(nn.MaxPool2d(2))
            shape = [shape[0] // 2, shape[1] // 2, shape[2]]
        if self._images:
            parts.append(Pixels())
            shape = [shape[0] * shape[1] * shape[2]]
        if model["recurrent"]:
            cell, units = model["recurrent"]
            parts.append(Last(CELLS[cell](shape[-1], units, batch_first=True)))
            shape = [units]
        width = shape[0]
        for units, activation in model["layers"]:
            parts.append(nn.Linear(width, units))
            if activation != "softmax":
                parts.append(ACTIVATIONS[activation]())
            width = units
        self._loss = LOSSES[model["loss"]]
        finish = FROM_LOGITS.get(model["loss"])
        if isinstance(parts[-1], (nn.Sigmoid, nn.Identity)):
            del parts[-1]
        self._net = nn.Sequential(*parts).to(self._float)
        if self._images:
            self._net = self._net.to(memory_format=torch.channels_last)
        for part in parts:
            if isinstance(part, Last) and not isinstance(part.cell, nn.GRU):
                part.cell.bias_hh_l0.requires_grad_(False)  # Keras has one bias here
        self._output = nn.Sequential(self._net, finish) if finish else self._net
        self._parts = parts
        self._made: dict[str, dict[str, Any]] = {}
        self.reset(weights, 1e-12)

    def reset(self, weights: list[Any], learning_rate: float) -> None:
        """Start anew."""
        given = iter(torch.from_numpy(w) for w in weights)
        with torch.no_grad():
            for part in self._parts:
                if isinstance(part, nn.Conv2d):
                    part.weight.copy_(next(given).permute(3, 2, 0, 1))
                    part.bias.copy_(next(given))
                elif isinstance(part, nn.Linear):
                    part.weight.copy_(next(given).T)
                    part.bias.copy_(next(given))
                elif isinstance(part, Last):
                    self._set_cell(part.cell, next(given), next(given), next(given))
        learning = [p for p in self._net.parameters() if p.requires_grad]
        self._optimizer = torch.optim.Adam(learning, lr=learning_rate, eps=EPSILON, fused=True)
        self._steps = 0

    def _set_cell(self, cell: Any, kernel: Any, recurrent: Any, bias: Any) -> None:
        if isinstance(cell, nn.GRU):  # its gates are r, z, n; Keras' are z, r, h
            kernel, recurrent, bias = map(_reset_first, (kernel, recurrent, bias))
        cell.weight_ih_l0.copy_(kernel.T)
        cell.weight_hh_l0.copy_(recurrent.T)
        cell.bias_ih_l0.copy_(bias if bias.ndim == 1 else bias[0])
        cell.bias_hh_l0.copy_(torch.zeros_like(bias) if bias.ndim == 1 else bias[1])

    def _set_rate(self, rate: float) -> None:
        self._optimizer.param_groups[0]["lr"] = rate

    learning_rate = property(None, _set_rate)

    def ways(self, operation: str) -> dict[str, Any]:
        """Return eager and compiled functions."""
        if operation not in self._made:
            net, run = (self._net, self._train) if operation == "train" else (self._output, self._predict)
            compiled = torch.compile(net, dynamic=False)
            self._made[operation] = {"eager": partial(run, net), "compiled": partial(run, compiled)}
        return self._made[operation]

    def _input(self, x: Any) -> Any:
        x = torch.from_numpy(x)
        return x.permute(0, 3, 1, 2) if self._images else x

    def _train(self, net: Any, x: Any, y: Any) -> float:
        self._steps += 1
        # Keras adds epsilon before it corrects the average of squares for its start, PyTorch after it.
        self._optimizer.param_groups[0]["eps"] = EPSILON / math.sqrt(1 - 0.999**self._steps)
        self._optimizer.zero_grad()
        loss = self._loss(net(self._input(x)), torch.from_numpy(y))
        loss.backward()
        self._optimizer.step()
        return float(loss.item())

    def _predict(self, net: Any, x: Any) -> Any:
        with torch.inference_mode():
            return net(self._input(x)).numpy()


def _reset_first(w: Any) -> Any:
    z, r, h = w.chunk(3, -1)
    return torch.cat([r, z, h], -1)
