"""Base of the layers that reduce all positions of each channel."""

from __future__ import annotations

from typing import Any

from .spatial import Spatial


class GlobalPooling(Spatial):
    """Base of layers that reduce all positions of each channel; see `GlobalMaxPooling2D`."""

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        self.keepdims = bool(keepdims)

    def _output_last(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (channels,), or with `keepdims` (1 ..., channels)."""
        return (1,) * (self._rank if self.keepdims else 0) + sample_shape[-1:]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"keepdims": self.keepdims}
