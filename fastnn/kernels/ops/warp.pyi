from ..core.plan import Plan
from ..core.steps import Value

FILL: dict[str, int]
_Range = tuple[float, float]

def emit_flip(plan: Plan, x: Value, horizontal: bool, vertical: bool, seed: int) -> Value: ...
def emit_affine(
    plan: Plan,
    x: Value,
    zoom: tuple[_Range, _Range | None],
    shift: tuple[_Range, _Range],
    turn: _Range,
    fill_mode: str,
    interpolation: str,
    fill_value: float,
    seed: int,
) -> Value: ...
def emit_crop(plan: Plan, x: Value, height: int, width: int, seed: int) -> Value: ...
def emit_window(
    plan: Plan, x: Value, window: tuple[int, int, int, int], height: int, width: int
) -> Value: ...
