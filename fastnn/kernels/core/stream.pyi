import numpy as np
from numpy.typing import ArrayLike, NDArray

from .plan import Plan

class Stepper:
    def _use(self, plan: Plan, rows: int, taken: tuple[int, ...], given: tuple[int, ...]) -> None: ...
    def step(self, x: ArrayLike, out: NDArray[np.floating] | None = ...) -> NDArray[np.floating]: ...
