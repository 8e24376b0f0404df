from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any

from numpy.typing import NDArray

from ...variables import ParameterLayout, Variable
from .claim import Claim

class Update:
    slots: dict[str, NDArray[Any]]
    @property
    def layout(self) -> ParameterLayout | None: ...
    variables: list[Variable]
    @property
    def claim(self) -> Claim: ...
    @property
    def known(self) -> dict[Variable, dict[str, NDArray[Any]]]: ...
    learning_rate: float
    @property
    def accumulation(self) -> int: ...
    iterations: int
    schedule: Callable[[int], float] | None
    ranks: Any
    def __init__(
        self,
        kernel: str,
        correction: str | None = None,
    ) -> None: ...
    def configure(
        self,
        slots: tuple[str | None, ...],
        rule: dict[str, Any],
        start: Mapping[str, float],
        weight_decay: float = 0.0,
        clip_norm: float = 0.0,
        clip_value: float = 0.0,
        global_clip_norm: float = 0.0,
        accumulation: int = 1,
        ema_momentum: float | None = None,
        ema_overwrite: int = 0,
    ) -> None: ...
    def bind(
        self,
        variables: Iterable[Variable],
        exempt: Set[Variable] = ...,
        constraints: Sequence[tuple[Variable, Callable[..., Any], tuple[float, ...] | None]] = (),
    ) -> None: ...
    def step(self, gradients: NDArray[Any], chosen: list[Variable]) -> None: ...
