"""Arguments that all optimizers have in common, and those of them that `compile` fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from ..checks import positive_number, real_number, whole_number

if TYPE_CHECKING:
    from ..kernels.core.optimizer import Update

_LIMITS = ("clipnorm", "clipvalue", "global_clipnorm")


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


class Settings(NamedTuple):
    """The arguments that stay the same from one `compile` to the next; see `Optimizer`."""

    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    gradient_accumulation_steps: int | None

    @classmethod
    def of(cls, optimizer: Any) -> Settings:
        """Return the settings that the attributes of an optimizer hold now.

        Raises
        ------
        TypeError, ValueError
            If an attribute is not valid, or several limit the gradients.
        """
        values = {field: getattr(optimizer, field) for field in cls._fields}
        limits = [name for name in _LIMITS if values[name] is not None]
        if len(limits) > 1:
            raise ValueError(f"{', '.join(limits)}: at most one of them may be given")
        for name in limits:
            positive_number(values[name], name)
        if values["weight_decay"] is not None:
            values["weight_decay"] = real_number(values["weight_decay"], "weight_decay", 0)
        values["use_ema"] = bool(values["use_ema"])
        momentum = real_number(values["ema_momentum"], "ema_momentum", 0)
        if momentum > 1:
            raise ValueError(f"ema_momentum: expected a number from 0 to 1, got {values['ema_momentum']!r}")
        values["ema_momentum"] = momentum
        for name, least in (("ema_overwrite_frequency", 1), ("gradient_accumulation_steps", 2)):
            if values[name] is not None:
                values[name] = whole_number(values[name], name, least)
        return cls(**values)

    def configure(self, update: Update) -> None:
        """Let an update rule follow the settings."""
        update.configure(
            weight_decay=self.weight_decay or 0.0,
            clip_norm=self.clipnorm or 0.0,
            clip_value=self.clipvalue or 0.0,
            global_clip_norm=self.global_clipnorm or 0.0,
            accumulation=self.gradient_accumulation_steps or 1,
            ema_momentum=self.ema_momentum if self.use_ema else None,
            ema_overwrite=self.ema_overwrite_frequency or 0,
        )
