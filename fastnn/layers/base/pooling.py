"""Base of the layers that reduce windows of each channel."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from .spatial import Spatial
from .window import LARGEST, Pair, Window, as_pair, one_of, whole_numbers

if TYPE_CHECKING:
    from ...kernels.core.steps import Value


class Pooling(Spatial):
    """Base of layers that reduce windows of each channel; see `MaxPooling2D`."""

    def __init__(
        self,
        pool_size: int | Sequence[int],
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format, name=name, **kwargs)
        self.pool_size = whole_numbers(pool_size, "pool_size", self._rank)
        if prod(self.pool_size) > LARGEST:
            raise ValueError(f"pool_size: expected at most {LARGEST} positions, got {pool_size!r}")
        self.strides = self.pool_size if strides is None else whole_numbers(strides, "strides", self._rank)
        self.padding = one_of(padding, "padding", "valid", "same")

    @property
    def _window(self) -> Window:
        """The window of one result."""
        return Window(self.pool_size, self.strides, (1,) * self._rank, self.padding)

    def _geometry(self, x: Value) -> tuple[Pair, Pair, Pair, Pair]:
        """Return window, strides, places in front and size of the output, each as (height, width)."""
        strides, before, _, outputs = self._window.geometry(x.shape)
        return as_pair(self.pool_size), strides, before, outputs

    def _output_last(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (windows ..., channels)."""
        return (*self._window.outputs(sample_shape[:-1]), sample_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {
            "pool_size": list(self.pool_size),
            "strides": list(self.strides),
            "padding": self.padding,
        }
