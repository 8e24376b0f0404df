"""What numbers become where a graph casts them to a type of few bits."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .values import Unsupported

__all__ = ["casting", "kind_of", "plain"]

# Digits behind the point, the least exponent, the largest number, and what is beyond it.
_FRACTIONS: dict[str, tuple[int, int, float, str]] = {
    "float4_e2m1fn": (1, 0, 6.0, "largest"),
    "float8_e4m3fn": (3, -6, 448.0, "nan"),
    "float8_e4m3fnuz": (3, -7, 240.0, "nan"),
    "float8_e5m2": (2, -14, 57344.0, "infinity"),
    "float8_e5m2fnuz": (2, -15, 57344.0, "nan"),
}
_POWERS = "float8_e8m0fnu"  # of two, the least of which are below the normal numbers of float32


def kind_of(dtype: Any) -> str:
    """Return "f", "i", "u" or "b", for types that NumPy does not have too; else what it says."""
    if dtype.fields:  # how versions of onnx before 1.19 name such types
        return "V"
    if dtype.name in (*_FRACTIONS, _POWERS, "bfloat16"):
        return "f"
    return dtype.name[0] if re.fullmatch(r"u?int[24]", dtype.name) else str(dtype.kind)


def plain(value: Any) -> Any:
    """Return constants of a type that NumPy does not have in one that holds them."""
    if not isinstance(value, np.ndarray) or value.dtype.isbuiltin == 1:
        return value
    return value.astype(np.int8 if kind_of(value.dtype) in "iu" else np.float32)


def _bits(dtype: Any) -> tuple[bool, int]:
    """Return whether integers have a sign, and of how many bits they are."""
    return kind_of(dtype) == "i", int(dtype.name.lstrip("uint"))


def casting(source: Any, target: Any, saturate: bool) -> list[tuple[str, dict[str, Any]]]:
    """Return the functions that turn numbers of one type into those of another, by name and arguments.

    Floats of 16 bits and more are computed as they come.
    """
    kind = kind_of(target)
    if kind not in "fiub" or (target.name == _POWERS and source != target):
        raise Unsupported(f"to: {target.name}")
    if kind == "b":
        return [] if kind_of(source) == "b" else [("nonzero", {})]
    if target.name in _FRACTIONS and source != target:
        places, lowest, largest, beyond = _FRACTIONS[target.name]
        arguments = {"places": places, "lowest": lowest, "largest": largest}
        return [("rounded", arguments | {"beyond": "largest" if saturate else beyond})]
    if kind == "f" or kind_of(source) == "b":
        return []
    signed, bits = _bits(target)
    if kind_of(source) in "iu":
        was_signed, were = _bits(source)
        if was_signed and bits >= 32 and not signed:
            raise Unsupported(f"to: {target.name} of {source.name}, whose negative numbers have no place")
        if bits >= 32 or (bits >= were and signed == was_signed) or (bits > were and signed):
            return []
    return [("wrapped", {"bits": bits, "signed": signed}) if bits < 32 else ("trunc", {})]
