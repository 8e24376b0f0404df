"""Arguments of optimizers, and those of them that `compile` fixes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from ..checks import positive_number, real_number, whole_number

if TYPE_CHECKING:
    from ..kernels.core.optimizer import Update
    from .base import Optimizer

# Returns an argument, from its value and its name, or raises a `TypeError` or `ValueError`.
Check = Callable[[Any, str], Any]


def flag(value: Any, name: str) -> bool:
    """Return an argument that is True or False."""
    return bool(value)


not_negative: Check = partial(real_number, least=0)
share: Check = partial(real_number, least=0, below=1)


def _up_to_one(value: Any, name: str) -> float:
    number = real_number(value, name, 0)
    if number > 1:
        raise ValueError(f"{name}: expected a number from 0 to 1, got {value!r}")
    return number


def _optional(check: Check) -> Check:
    return lambda value, name: None if value is None else check(value, name)


class CommonArguments(TypedDict, total=False):
    """Arguments of all optimizers but the learning rate; see `Optimizer`."""

    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    name: str | None


_COMMON: dict[str, Check] = {
    "weight_decay": _optional(not_negative),
    "clipnorm": _optional(positive_number),
    "clipvalue": _optional(positive_number),
    "global_clipnorm": _optional(positive_number),
    "use_ema": flag,
    "ema_momentum": _up_to_one,
    "ema_overwrite_frequency": _optional(partial(whole_number, least=1)),
    "gradient_accumulation_steps": _optional(partial(whole_number, least=2)),
}
_LIMITS = ("clipnorm", "clipvalue", "global_clipnorm")

Slots = tuple[str | None, str | None, str | None]


class Rule(NamedTuple):
    """What a kernel needs to update weights, beside the common arguments.

    Attributes
    ----------
    slots : tuple of str or None
        Names of the kernel's three slots; None where it gets none.
    fields : dict
        Fields of `fnn_update` that stay the same from step to step, and Ftrl's `beta`.
    start : dict
        Initial values of slots by name; 0 for others.
    """

    slots: Slots
    fields: dict[str, Any]
    start: Mapping[str, float] = {}


class Settings(NamedTuple):
    """What stays the same from one `compile` to the next.

    Attributes
    ----------
    arguments : dict
        The arguments, checked, by name.
    rule : Rule
    """

    arguments: dict[str, Any]
    rule: Rule

    @classmethod
    def of(cls, optimizer: Optimizer, given: Mapping[str, Any] | None = None) -> Settings:
        """Return the settings of an optimizer.

        Parameters
        ----------
        optimizer : Optimizer
        given : dict, optional
            The arguments; by default what the attributes hold now.

        Raises
        ------
        TypeError, ValueError
            If an argument is not valid, or several limit the gradients.
        """
        checks = _COMMON | optimizer._arguments
        values = {name: getattr(optimizer, name) for name in checks} if given is None else given
        limits = [name for name in _LIMITS if values[name] is not None]
        if len(limits) > 1:
            raise ValueError(f"{', '.join(limits)}: at most one of them may be given")
        checked = {name: check(values[name], name) for name, check in checks.items()}
        return cls(checked, optimizer._rule(checked))

    def configure(self, update: Update) -> None:
        """Let an update rule follow the settings."""
        given = self.arguments
        update.configure(
            *self.rule,
            weight_decay=given["weight_decay"] or 0.0,
            clip_norm=given["clipnorm"] or 0.0,
            clip_value=given["clipvalue"] or 0.0,
            global_clip_norm=given["global_clipnorm"] or 0.0,
            accumulation=given["gradient_accumulation_steps"] or 1,
            ema_momentum=given["ema_momentum"] if given["use_ema"] else None,
            ema_overwrite=given["ema_overwrite_frequency"] or 0,
        )
