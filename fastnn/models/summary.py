"""The table that `summary()` prints, and how text is printed that an output may lack the signs for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..layers import Layer
    from ..variables import Variable
    from . import Model

HEADINGS = ["Layer (type)", "Output Shape", "Param #", "Connected to", "Trainable"]
NUMBERS = 2  # the column that is aligned to the right


def _size(variables: list[Variable]) -> str:
    """Return the number of elements and the bytes that they take."""
    size = sum(v.size for v in variables)
    space = float(sum(v.value.nbytes for v in variables))
    for unit in ("B", "KB", "MB"):
        if space < 1024:
            return f"{size:,} ({space:.2f} {unit})"
        space /= 1024
    return f"{size:,} ({space:.2f} GB)"


def _chosen(model: Model, layer_range: tuple[str, str] | None) -> list[Layer]:
    """Return the layers from the first to the last of a range of names."""
    layers = model.layers
    if layer_range is None:
        return layers
    first, last = (model.get_layer(name) for name in layer_range)
    return layers[layers.index(first) : layers.index(last) + 1]


def _rows(model: Model, layers: list[Layer], nested: bool, depth: int) -> Iterator[list[str]]:
    """Yield what the columns show for each layer, those of models inside with a mark for each level."""
    from . import Model

    calls = {node.layer: node for node in reversed(model._graph.nodes)} if model._graph else {}
    for layer in layers:
        made = calls[layer].outputs if layer in calls else layer._outputs_so_far
        parents = [tensor.name for tensor in calls[layer].parents] if layer in calls else []
        yield [
            f"{'  ' * depth}{layer.name} ({type(layer).__name__})",
            ", ".join(str(tensor.shape) for tensor in made) or "?",
            f"{layer.count_params():,}" if layer.built else "not built",
            ", ".join(dict.fromkeys(parents)) or "-",
            "Y" if layer.trainable_weights else "N" if layer.weights else "-",
        ]
        if nested and isinstance(layer, Model):
            yield from _rows(layer, layer.layers, nested, depth + 1)


def _is_chain(model: Model) -> bool:
    """Whether each layer but the first reads the one before it, and nothing else."""
    graph = model._graph
    if graph is None:
        return True
    before = graph.inputs[0]
    for node in graph.nodes:
        if node.parents != [before] or len(node.outputs) > 1:
            return False
        before = node.outputs[0]
    return len(graph.inputs) == 1


def summary_lines(
    model: Model,
    width: int,
    show_trainable: bool,
    expand_nested: bool = False,
    layer_range: tuple[str, str] | None = None,
) -> list[str]:
    """Return the lines of a model's summary, at most `width` columns wide if they fit."""
    rows = [HEADINGS, *_rows(model, _chosen(model, layer_range), expand_nested, 0)]
    hidden = {"Connected to"} if _is_chain(model) else set()
    if not show_trainable:
        hidden.add("Trainable")
    shown = [i for i, heading in enumerate(HEADINGS) if heading not in hidden]
    widths = {i: max(len(row[i]) for row in rows) for i in shown}
    spare = max(0, width - sum(widths.values()) - 3 * len(shown) - 1)
    widths = {i: w + spare // len(shown) for i, w in widths.items()}

    def line(left: str, middle: str, right: str) -> str:
        return left + middle.join("─" * (w + 2) for w in widths.values()) + right

    def cells(row: list[str]) -> str:
        aligned = [row[i].rjust(w) if i == NUMBERS else row[i].ljust(w) for i, w in widths.items()]
        return "│ " + " │ ".join(aligned) + " │"

    lines = [f'Model: "{model.name}"', line("┌", "┬", "┐"), cells(rows[0]), line("├", "┼", "┤")]
    lines += [cells(row) for row in rows[1:]]
    lines.append(line("└", "┴", "┘"))
    if model.built:
        lines.append(f" Total params: {_size(model.weights)}")
        lines.append(f" Trainable params: {_size(model.trainable_weights)}")
        lines.append(f" Non-trainable params: {_size(model.non_trainable_weights)}")
    return lines


def print_text(text: str) -> None:
    """Print a text, where need be with other signs."""
    print(printable(text, sys.stdout.encoding or "utf-8"))


def printable(text: str, encoding: str) -> str:
    """Return a text as an output of this encoding can show it, where need be with other signs.

    Examples
    --------
    >>> printable("│ é │", "ascii")
    '| ? |'
    """
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        plain = text.translate(str.maketrans("│─┌┬┐├┼┤└┴┘", "|-+++++++++"))
        return plain.encode(encoding, "replace").decode(encoding)
    return text
