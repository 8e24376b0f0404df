"""Call every C kernel by its name in csrc/kernels.def, the list that declares the table.

`Table(isa, dtype)` has one callable per kernel. Arguments are NumPy arrays, of which the pointer is passed,
the ctypes structures below, and `None` for NULL.
"""

import ctypes
import re
from pathlib import Path

import numpy as np

from fastnn.kernels.core import runtime

CSRC = Path(__file__).parent.parent / "csrc"
POINTER, INDEX, DOUBLE = ctypes.c_void_p, ctypes.c_int64, ctypes.c_double


class Activation(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("param", DOUBLE * 3)]


class Fused(ctypes.Structure):
    _fields_ = [
        ("bias", POINTER), ("centre", POINTER), ("scale", POINTER), ("shift", POINTER),
        ("activation", Activation), ("preactivation", POINTER), ("saved", POINTER), ("gradient", Activation),
    ]  # fmt: skip


class Gemm(ctypes.Structure):
    _anonymous_ = ("fused",)
    _fields_ = [
        ("m", INDEX), ("n", INDEX), ("k", INDEX),
        ("c", POINTER), ("ldc", INDEX),
        ("a", POINTER), ("a_row", INDEX), ("a_column", INDEX),
        ("b", POINTER), ("b_row", INDEX), ("b_column", INDEX),
        ("accumulate", ctypes.c_int), ("fused", Fused), ("column_sums", POINTER),
    ]  # fmt: skip


class Conv(ctypes.Structure):
    _anonymous_ = ("fused",)
    _fields_ = [
        ("height", INDEX), ("width", INDEX), ("channels", INDEX),
        ("out_height", INDEX), ("out_width", INDEX), ("filters", INDEX),
        ("kernel", INDEX * 2), ("stride", INDEX * 2), ("dilation", INDEX * 2), ("pad", INDEX * 2),
        ("groups", INDEX), ("x", POINTER), ("w", POINTER), ("y", POINTER), ("y_first", INDEX),
        ("fused", Fused), ("bias_gradient", POINTER), ("accumulate", ctypes.c_int),
    ]  # fmt: skip


class Recurrent(ctypes.Structure):
    _fields_ = [
        ("cell", ctypes.c_int), ("rows", INDEX), ("steps", INDEX), ("inputs", INDEX), ("units", INDEX),
        ("activation", Activation), ("recurrent_activation", Activation),
        ("backwards", ctypes.c_int), ("sequences", ctypes.c_int), ("zero_masked", ctypes.c_int),
        ("kernel", POINTER), ("recurrent_kernel", POINTER), ("bias", POINTER), ("packed", POINTER),
        ("x", POINTER), ("x_row", INDEX), ("mask", POINTER), ("mask_row", INDEX),
        ("input_mask", POINTER), ("state_mask", POINTER),
        ("h0", POINTER), ("c0", POINTER), ("state_row", INDEX), ("y", POINTER), ("y_row", INDEX),
        ("h", POINTER), ("c", POINTER), ("last_row", INDEX), ("a_row", INDEX), ("gate_row", INDEX),
        ("a", POINTER), ("gates", POINTER), ("preactivation", POINTER), ("cells", POINTER),
        ("squashed", POINTER), ("dy", POINTER), ("dh", POINTER), ("dc", POINTER),
        ("dx", POINTER), ("dh0", POINTER), ("dc0", POINTER),
    ]  # fmt: skip


class LossMetric(ctypes.Structure):
    _fields_ = [
        ("m", INDEX), ("n", INDEX), ("x", POINTER), ("target", POINTER), ("weight", POINTER),
        ("rows_per_weight", INDEX), ("dx", POINTER), ("p", POINTER), ("scale", DOUBLE),
        ("label_smoothing", DOUBLE), ("clip", DOUBLE), ("ignore_class", INDEX),
        ("param", DOUBLE * 3), ("levels", POINTER), ("n_levels", INDEX), ("begin", INDEX), ("end", INDEX),
        ("groups", INDEX), ("exceeding", ctypes.c_int),
    ]  # fmt: skip


class Update(ctypes.Structure):
    _fields_ = [
        ("n", INDEX), ("w", POINTER), ("g", POINTER), ("slot", POINTER * 3),
        ("learning_rate", DOUBLE), ("decay", DOUBLE), ("gradient_scale", DOUBLE), ("clip_value", DOUBLE),
        ("beta_1", DOUBLE), ("beta_2", DOUBLE), ("momentum", DOUBLE), ("epsilon", DOUBLE),
        ("nesterov", ctypes.c_int), ("gradient_rate", DOUBLE),
        ("l1", DOUBLE), ("l2", DOUBLE), ("l2_shrinkage", DOUBLE), ("power", DOUBLE),
    ]  # fmt: skip


class Warp(ctypes.Structure):
    _fields_ = [
        ("channels", INDEX), ("height", INDEX), ("width", INDEX), ("x_height", INDEX), ("x_width", INDEX),
        ("top", INDEX), ("left", INDEX), ("window_height", INDEX), ("window_width", INDEX),
        ("matrix", DOUBLE * 6), ("bilinear", ctypes.c_int), ("fill", ctypes.c_int), ("fill_value", DOUBLE),
    ]  # fmt: skip


class Random(ctypes.Structure):
    _fields_ = [("key", ctypes.c_uint32 * 2), ("step", ctypes.c_uint64), ("rate", DOUBLE)]


class Pool(ctypes.Structure):
    _fields_ = [
        ("height", INDEX), ("width", INDEX), ("channels", INDEX), ("row", INDEX), ("pixel", INDEX),
        ("out_height", INDEX), ("out_width", INDEX),
        ("window", INDEX * 2), ("stride", INDEX * 2), ("pad", INDEX * 2),
    ]  # fmt: skip


class Depthwise(ctypes.Structure):
    _fields_ = [
        ("height", INDEX), ("width", INDEX), ("channels", INDEX), ("out_height", INDEX), ("out_width", INDEX),
        ("window", INDEX * 2), ("stride", INDEX * 2), ("dilation", INDEX * 2), ("pad", INDEX * 2),
    ]  # fmt: skip


class Taps(ctypes.Structure):
    _fields_ = [("first", POINTER), ("start", POINTER), ("weight", POINTER)]


class Resample(ctypes.Structure):
    _fields_ = [
        ("x_width", INDEX), ("y_width", INDEX), ("channels", INDEX), ("rows", Taps), ("columns", Taps),
    ]  # fmt: skip


class ElementwiseBinary(ctypes.Structure):
    _fields_ = [
        ("op", ctypes.c_int), ("accumulate", ctypes.c_int), ("m", INDEX), ("n", INDEX),
        ("row", INDEX * 2), ("column", INDEX * 2), ("dims", INDEX), ("grid", POINTER),
        ("samples", INDEX), ("sample", INDEX * 2),
    ]  # fmt: skip


NO_CLASS = -(2**63)
STRUCTURES = {
    "fnn_gemm": Gemm,
    "fnn_conv": Conv,
    "fnn_activation": Activation,
    "fnn_recurrent": Recurrent,
    "fnn_loss_metric": LossMetric,
    "fnn_update": Update,
    "fnn_random": Random,
    "fnn_pool": Pool,
    "fnn_depthwise": Depthwise,
    "fnn_taps": Taps,
    "fnn_resample": Resample,
    "fnn_warp": Warp,
    "fnn_elementwise_binary": ElementwiseBinary,
}
SCALARS = {"fnn_idx": INDEX, "int64_t": INDEX, "double": DOUBLE, "int": ctypes.c_int, "void": None}


def _prototypes():
    text = re.sub(r"/\*.*?\*/", "", (CSRC / "kernels.def").read_text(), flags=re.S)
    for returns, name, arguments in re.findall(r"FNN_KERNEL\((\w+), (\w+), \((.*?)\)\)", text, flags=re.S):
        types = [t.replace("const ", "").strip() for t in arguments.split(",")]
        kinds = [POINTER if "*" in t else SCALARS[t.split()[0]] for t in types]
        yield name, ctypes.CFUNCTYPE(SCALARS[returns], *kinds)


PROTOTYPES = dict(_prototypes())
# Rows of activations.def: the name, and what the gradient is computed from.
ROWS = re.findall(
    r"^FNN_ACTIVATION\((\w+), FNN_SAVED_(\w+)\)", (CSRC / "activations.def").read_text(), flags=re.M
)


def pointer(value):
    """Return the address of an array's first element or of a structure; None is NULL."""
    if isinstance(value, np.ndarray):
        return value.ctypes.data
    if isinstance(value, ctypes.Structure):
        return ctypes.addressof(value)
    return value


def activation(name, *params):
    """Return the `Activation` structure for a row of activations.def."""
    names = [row for row, _ in ROWS]
    return Activation(names.index(name), (DOUBLE * 3)(*params))


class Table:
    """The kernels of one instruction set and dtype."""

    def __init__(self, isa, dtype):
        self.isa, self.dtype = isa, np.dtype(dtype)
        for name, prototype in PROTOTYPES.items():
            kernel = prototype(runtime.kernel_address(isa, self.dtype.name, name))
            setattr(self, name, lambda *arguments, kernel=kernel: kernel(*map(pointer, arguments)))
