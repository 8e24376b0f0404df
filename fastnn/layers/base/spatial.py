"""Base of layers over images and sequences.

Steps of plans take samples of (height, width, channels); a sequence is an image of height 1. A layer with
`data_format="channels_first"` transposes its input and its output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .layer import Layer
from .shapes import Shape, of_any_length
from .window import format_of

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from ...kernels.core.steps import Value


class Spatial(Layer):
    """Base of layers over images (rank 2) and sequences (rank 1); their rows end in channels here.

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
    **kwargs
        See `Layer`.
    """

    _rank: ClassVar[int] = 2

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = format_of(data_format)

    # Defined by subclasses, in terms of sample shapes with channels last.

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the steps for samples of (height, width, channels); the height is 1 for sequences."""
        raise NotImplementedError

    def _output_last(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the sample shape of the output for samples of (positions ..., channels)."""
        return sample_shape

    # Inherited by subclasses.

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Refuse samples that there is no output for."""
        Spatial.compute_output_shape(self, input_shape)

    def _channels(self, input_shape: Shape) -> int | None:
        """Return the number of channels of the input."""
        channels: int | None = self._last(input_shape[1:])[-1]
        return channels

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the steps, with channels last in between."""
        from ...kernels.ops import transpose

        first, shape = self.data_format == "channels_first", x.shape
        if first:
            x = transpose.emit(plan, x, (*range(1, self._rank + 1), 0))
        if self._rank == 1:
            x = plan.reshaped(x, (1, *x.shape))
        y = self._emit_last(plan, x)
        last = self._output_last(self._last(shape))
        if y.shape != last:
            y = plan.reshaped(y, last)
        if first and len(last) == self._rank + 1:
            y = transpose.emit(plan, y, (self._rank, *range(self._rank)))
        return y

    @of_any_length
    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output."""
        last = self._output_last(self._last(input_shape[1:]))
        if self.data_format == "channels_first" and len(last) == self._rank + 1:
            last = (last[-1], *last[:-1])
        return (input_shape[0], *last)

    def _last(self, shape: Any) -> Any:
        """Return a sample shape with channels last, if it has as many dimensions as it should."""
        if len(shape) != self._rank + 1:
            names = ("length",) if self._rank == 1 else ("height", "width")
            order = (*names, "channels") if self.data_format == "channels_last" else ("channels", *names)
            raise ValueError(
                f"input: {type(self).__name__} expects rows of ({', '.join(order)}), "
                f"got rows of shape {shape}"
            )
        return (*shape[1:], shape[0]) if self.data_format == "channels_first" else shape

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"data_format": self.data_format}
