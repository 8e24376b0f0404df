from typing import Any

import numpy as np
from numpy.typing import NDArray

class Product:
    def __init__(
        self,
        a: NDArray[np.floating],
        b: NDArray[np.floating],
        bias: NDArray[np.floating] | None = None,
        activation: tuple[Any, ...] | None = None,
        out: NDArray[np.floating] | None = None,
    ) -> None: ...
    @property
    def out(self) -> NDArray[np.floating]: ...
    def __call__(self) -> NDArray[np.floating]: ...

def matmul(
    a: NDArray[np.floating],
    b: NDArray[np.floating],
    bias: NDArray[np.floating] | None = None,
    activation: tuple[Any, ...] | None = None,
    out: NDArray[np.floating] | None = None,
) -> NDArray[np.floating]: ...
