"""Aligned memory: every array that a kernel reads or writes starts a cache line."""

import numpy as np

ALIGNMENT = 64


def align(size: int) -> int:
    """Round `size` bytes up to whole cache lines."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def aligned_zeros(size: int, dtype: np.typing.DTypeLike = "uint8") -> np.ndarray:
    """Return a flat array of zeros whose first element starts a cache line."""
    itemsize = np.dtype(dtype).itemsize
    memory = np.zeros(size * itemsize + ALIGNMENT, "uint8")
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + size * itemsize].view(dtype)
