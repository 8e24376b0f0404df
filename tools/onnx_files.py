"""Write ONNX files of other libraries, with inputs and what these predict: python tools/onnx_files.py FILE

It needs torch, for the newer of its exporters onnxscript, and for the estimators of scikit-learn skl2onnx:
what is not installed is left out of an archive that is made anew, and kept in one that is there.
tests/onnx_files.zip was written by PyTorch 2.13, onnxscript 0.7 and skl2onnx 1.20.
"""

import io
import sys
import zipfile
from pathlib import Path

import numpy as np


def torch_models():
    """Yield names, models of PyTorch, inputs and outputs."""
    import torch
    from torch import nn

    torch.manual_seed(0)

    class Last(nn.Module):
        """A recurrent layer, of which the last step goes on."""

        def __init__(self, layer, size):
            super().__init__()
            self.layer, self.head = layer, nn.Linear(size, 2)

        def forward(self, x):
            return self.head(self.layer(x)[0][:, -1])

    class Block(nn.Module):
        """A residual block with a depthwise convolution."""

        def __init__(self):
            super().__init__()
            self.inner = nn.Sequential(
                nn.Conv2d(4, 4, 3, padding=1, groups=4), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 1)
            )

        def forward(self, x):
            return torch.relu(x + self.inner(x))

    perceptron = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3), nn.Softmax(1))
    convolutional = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), Block(),
        nn.AvgPool2d(2), nn.Flatten(), nn.Linear(16, 3), nn.LogSoftmax(1),
    )  # fmt: skip
    models = {
        "perceptron": (perceptron, (5,)),
        "convolutional": (convolutional, (1, 8, 8)),
        "normalized": (nn.Sequential(nn.Linear(5, 6), nn.LayerNorm(6), nn.GELU(), nn.Linear(6, 2)), (5,)),
        "rnn": (Last(nn.RNN(3, 4, batch_first=True), 4), (6, 3)),
        "lstm": (Last(nn.LSTM(3, 4, batch_first=True), 4), (6, 3)),
        "gru": (Last(nn.GRU(3, 4, num_layers=2, batch_first=True), 4), (6, 3)),
        "bidirectional": (Last(nn.LSTM(3, 4, batch_first=True, bidirectional=True), 8), (6, 3)),
    }
    for name, (model, shape) in models.items():
        with torch.no_grad():
            model(torch.randn(16, *shape))  # statistics of batches
        model.eval()
        x = torch.randn(7, *shape)
        with torch.no_grad():
            yield name, model, x, model(x).numpy()


def script_files():
    """Yield names, bytes, inputs and outputs, by the exporter that follows TorchScript."""
    import torch

    for name, model, x, y in torch_models():
        file = io.BytesIO()
        torch.onnx.export(
            model, (x,), file, input_names=["x"], output_names=["y"], dynamo=False,
            dynamic_axes={"x": {0: "rows"}, "y": {0: "rows"}},
        )  # fmt: skip
        yield f"torch_{name}", file.getvalue(), x.numpy(), y


def dynamo_files():
    """Yield the same by the exporter that is the default, without what it says of its program."""
    import onnxscript  # noqa: F401
    import torch

    for name, model, x, y in torch_models():
        made = torch.onnx.export(
            model, (x,), input_names=["x"], output_names=["y"], dynamo=True, verbose=False,
            dynamic_shapes=({0: torch.export.Dim("rows")},),
        ).model_proto  # fmt: skip
        for part in (made, made.graph, *made.graph.node, *made.graph.value_info, *made.graph.input):
            part.ClearField("metadata_props")
            part.ClearField("doc_string")
        del made.graph.value_info[:]
        yield f"dynamo_{name}", made.SerializeToString(), x.numpy(), y


def sklearn_files():
    """Yield the same of a pipeline of scikit-learn."""
    from skl2onnx import to_onnx
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = np.random.default_rng(0).normal(3, 2, (90, 4)).astype(np.float32)
    model = make_pipeline(StandardScaler(), MLPClassifier((8,), max_iter=50, random_state=0))
    model.fit(x, (x[:, 0] > 3).astype(int) + (x[:, 1] > 4))
    file = to_onnx(model, x[:1], options={"zipmap": False})
    yield "sklearn_pipeline", file.SerializeToString(), x[:7], model.predict_proba(x[:7]).astype(np.float32)


def main(path):
    kept = {}
    if Path(path).exists():
        with zipfile.ZipFile(path) as archive:
            kept = {name: archive.read(name) for name in archive.namelist()}
    for files in (script_files, dynamo_files, sklearn_files):
        try:
            for name, model, x, y in files():
                arrays = io.BytesIO()
                np.savez(arrays, x=x, y=y)
                kept |= {f"{name}.onnx": model, f"{name}.npz": arrays.getvalue()}
        except ImportError as error:
            print(f"{error}: its files stay as they are")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(kept):
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), kept[name], zipfile.ZIP_DEFLATED)
    print(f"{path}: {Path(path).stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
