"""What the logger `fastnn` says of plans: nothing, unless the program has imported and set up `logging`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from ..kernels.core import runtime

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan

__all__ = ["log_made", "log_message"]


def log_message(message: str, *values: Any) -> None:
    """Log a message at the level DEBUG; a program without `logging` has no use for it and does not pay."""
    logging = sys.modules.get("logging")
    if logging is not None:
        logging.getLogger("fastnn").debug(message, *values)


def log_made(plan: Plan, key: Any, shapes: Any, seconds: float) -> None:
    """Log that a plan has been made, and what it runs on."""
    kind = key[0] if isinstance(key, tuple) else "stochastic" if key else "inference"
    log_message(
        "made a plan for %s of samples of %s in %.1f ms: %d bytes, instruction set %s (%s), %d threads (%s)",
        kind,
        ", ".join(map(str, shapes)),
        1000 * seconds,
        plan.nbytes,
        *runtime.isa(),
        *runtime.num_threads(),
    )
