"""ONNX files of models (extra ``onnx``).

>>> import fastnn, pathlib, tempfile
>>> model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(2)])
>>> model.export(pathlib.Path(tempfile.mkdtemp(), "small.onnx"))
"""

try:
    from .exporting import export, onnx_model
    from .importing import load
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "onnx":
        raise
    raise ImportError(
        "ONNX files need the package onnx, which the extra brings: pip install 'fastnn[onnx]'"
    ) from error

__all__ = ["export", "load", "onnx_model"]
