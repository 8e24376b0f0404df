"""ONNX files of models (extra ``onnx``).

>>> import fastnn, pathlib, tempfile
>>> model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(2)])
>>> model.export(pathlib.Path(tempfile.mkdtemp(), "small.onnx"))
"""

from ...extras import extra

with extra("onnx", "ONNX files need the package onnx", "onnx"):
    from .exporting import export, onnx_model
    from .importing import load

__all__ = ["export", "load", "onnx_model"]
