"""The table that `summary()` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .models import Sequential
    from .variables import Variable

HEADINGS = ["Layer (type)", "Output Shape", "Param #", "Trainable"]


def _size(variables: list[Variable]) -> str:
    """Return the number of elements and the bytes that they take."""
    size = sum(v.size for v in variables)
    space = float(sum(v.value.nbytes for v in variables))
    for unit in ("B", "KB", "MB"):
        if space < 1024:
            return f"{size:,} ({space:.2f} {unit})"
        space /= 1024
    return f"{size:,} ({space:.2f} GB)"


def summary_lines(model: Sequential, width: int, show_trainable: bool) -> list[str]:
    """Return the lines of a model's summary, at most `width` columns wide."""
    rows = []
    shape: tuple[int | None, ...] | None = model.input_shape if model.built else None
    for layer in model.layers:
        shape = None if shape is None else layer.compute_output_shape(shape)
        parameters = f"{layer.count_params():,}" if layer.built else "not built"
        learns = "Y" if layer.trainable_weights else "N" if layer.weights else "-"
        rows.append(
            [
                f"{layer.name} ({type(layer).__name__})",
                "?" if shape is None else str(shape),
                parameters,
                learns,
            ]
        )
    columns = len(HEADINGS) if show_trainable else len(HEADINGS) - 1
    table = [row[:columns] for row in (HEADINGS, *rows)]
    widths = [max(len(row[i]) for row in table) for i in range(columns)]
    spare = max(0, width - sum(widths) - 3 * columns - 1)
    widths = [w + spare // columns for w in widths]

    def line(left: str, middle: str, right: str, fill: str) -> str:
        return left + middle.join(fill * (w + 2) for w in widths) + right

    def cells(row: list[str]) -> str:
        aligned = [
            c.rjust(w) if i == 2 else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        ]
        return "│ " + " │ ".join(aligned) + " │"

    lines = [f'Model: "{model.name}"', line("┌", "┬", "┐", "─"), cells(table[0]), line("├", "┼", "┤", "─")]
    lines += [cells(row) for row in table[1:]]
    lines.append(line("└", "┴", "┘", "─"))
    if model.built:
        lines.append(f" Total params: {_size(model.weights)}")
        lines.append(f" Trainable params: {_size(model.trainable_weights)}")
        lines.append(f" Non-trainable params: {_size(model.non_trainable_weights)}")
    return lines
