from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..variables import ParameterBlock, Variable

class Update:
    learning_rate: float
    weight_decay: float
    clip_norm: float
    global_clip_norm: float
    iterations: int

    def __init__(
        self,
        kernel: str,
        slots: tuple[str | None, str | None, str | None],
        rule: dict[str, Any],
        bias_correction: bool = False,
    ) -> None: ...
    @property
    def slots(self) -> dict[str, NDArray[np.floating] | None]: ...
    def bind(self, block: ParameterBlock, variables: Sequence[Variable]) -> None: ...
