"""Reads ONNX files: models of layers are made of graphs."""

from .loading import load

__all__ = ["load"]
