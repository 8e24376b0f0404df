"""Diagrams of boxes and arrows: where they are, and their drawing with matplotlib.

Positions are (across, along): across the flow and along it, from the first level to the last. `Diagram` lays
itself out in such coordinates; `draw` turns them into (x, y), downwards or to the right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Box", "Diagram", "draw"]

FONT = 9  # points
LINE = 0.19  # inches of a line of text
PAD = 0.15, 0.09  # inches beside and above the text of a box
GAP, ROOM = 0.5, 0.3  # inches between levels and between the boxes of a level
STUB, HEAD = 0.12, 0.09  # of a gap's ends, where edges are straight, and the length of an arrow's head
GRAY = "#666666"

Point = tuple[float, float]


@dataclass(eq=False)
class Box:
    """A layer, a nested model, or a place that an edge passes.

    Attributes
    ----------
    text : str
        The lines in it, or above the frame of a nested model; empty for a place.
    color : str
        Of the background.
    sources : list of (Box, int)
        What the arrows come from: boxes and the numbers of their outlets.
    inside : Diagram or None
        The layers of a nested model, which is drawn as a frame around them.
    level : int
        Longest distance from the inputs, set by the layout.
    across, along : float
        Position of the center.
    size : (float, float)
        Extent across and along the flow.
    """

    text: str
    color: str = "#ffffff"
    sources: list[tuple[Box, int]] = field(default_factory=list)
    inside: Diagram | None = None
    level: int = 0
    across: float = 0.0
    along: float = 0.0
    size: Point = (0.0, 0.0)

    def outlet(self, number: int) -> float:
        """Return where across the flow an arrow leaves the box."""
        return self.across + (self.inside.outputs[number].across if self.inside else 0.0)

    def inlet(self, number: int) -> float:
        """Return where across the flow an arrow enters the box."""
        return self.across + (self.inside.inputs[number].across if self.inside else 0.0)

    def wanted(self) -> float | None:
        """Return where the box would be right below its sources, if it has any."""
        shifts = [source.outlet(n) - self.inlet(i) for i, (source, n) in enumerate(self.sources)]
        return self.across + sum(shifts) / len(shifts) if shifts else None


@dataclass(eq=False)
class Diagram:
    """Boxes, each after those that it has arrows from.

    Attributes
    ----------
    boxes : list of Box
        Places that edges pass, which keep them away from other boxes, are added by the layout.
    inputs, outputs : list of Box
        Of a nested model: places at its frame.
    size : (float, float)
        Extent across and along the flow, after the layout.
    depths : list of float
        Extent along the flow of each level, after the layout.
    """

    boxes: list[Box]
    inputs: list[Box] = field(default_factory=list)
    outputs: list[Box] = field(default_factory=list)
    size: Point = (0.0, 0.0)
    depths: list[float] = field(default_factory=list)

    def lay_out(self, measure: Callable[[Box], Point], down: bool) -> None:
        """Position the boxes level by level, around 0 across the flow and from 0 along it.

        Parameters
        ----------
        measure : callable
            Returns the width and height of a box of text.
        down : bool
            Whether the flow is downwards, rather than to the right.
        """
        for box in self.boxes:
            box.level = 1 + max((source.level for source, _ in box.sources), default=-1)
            if box.inside is not None:
                box.size = box.inside.lay_out_in_frame(measure(box), measure, down)
            elif box.text:
                width, height = measure(box)
                box.size = (width, height) if down else (height, width)
        last = max(box.level for box in self.boxes)
        for box in self.outputs:
            box.level = last
        self._split_long_edges()
        levels = [[box for box in self.boxes if box.level == level] for level in range(last + 1)]
        for level in levels:
            _place(level)
        left = min(box.across - box.size[0] / 2 for box in self.boxes)
        right = max(box.across + box.size[0] / 2 for box in self.boxes)
        self.depths = [max(box.size[1] for box in level) for level in levels]
        begin = 0.0
        for level, depth in zip(levels, self.depths, strict=True):
            for box in level:
                box.across -= (left + right) / 2
                box.along = begin + depth / 2
            begin += depth + GAP
        self.size = right - left, begin - GAP

    def _split_long_edges(self) -> None:
        """Let edges that skip levels pass a place on each of them."""
        for box in [*self.boxes]:
            for i, (source, outlet) in enumerate(box.sources):
                while box.level - source.level > 1:
                    source = Box("", sources=[(source, outlet)], level=source.level + 1)
                    outlet = 0
                    self.boxes.append(source)
                box.sources[i] = source, outlet

    def lay_out_in_frame(self, title: Point, measure: Callable[[Box], Point], down: bool) -> Point:
        """Position the boxes of a nested model, and return the size of a frame that has room for its title.

        The title stands in the upper left corner of the frame, where neither boxes nor edges are.
        """
        width, height = title
        for box in self.inputs:
            box.size = (0.0, height if down else 0.0)  # edges are straight beside the title
        self.lay_out(measure, down)
        across, along = self.size
        if down:
            first = min(box.across for box in self.inputs)
            return max(across + 2 * ROOM, 2 * (width - first)), along
        for box in self.outputs:
            box.along = max(along, width)
        self.size = across, max(along, width)
        return across + 2 * (height + PAD[1]), self.size[1]


def _place(level: list[Box]) -> None:
    """Position the boxes of a level close to their sources, in the sources' order, without overlap."""
    for box in level:
        box.across = box.wanted() or 0.0
    level.sort(key=lambda box: box.across)
    for before, box in pairwise(level):
        box.across = max(box.across, before.across + (before.size[0] + box.size[0]) / 2 + ROOM)
    targets = [target - box.across for box in level if (target := box.wanted()) is not None]
    shift = sum(targets) / len(targets) if targets else -sum(box.across for box in level) / len(level)
    for box in level:
        box.across += shift


def draw(diagram: Diagram, down: bool) -> Figure:
    """Return a figure of a diagram, a box of text being as large as its text needs."""
    from ..plotting.figures import new_figure

    diagram.lay_out(_measure, down)
    across, along = (extent + 2 * ROOM for extent in diagram.size)
    width, height = (across, along) if down else (along, across)
    figure = new_figure(width, height)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set(xlim=(0, width), ylim=(height, 0))
    _Pen(axes, down).diagram(diagram, across / 2, ROOM)
    return figure


def _measure(box: Box) -> Point:
    """Return the width and height of a box in inches."""
    from matplotlib.textpath import TextPath

    lines = box.text.split("\n")
    widest = max(float(TextPath((0, 0), line or " ", size=FONT).get_extents().x1) for line in lines)
    # Letters of files with few dots per inch are rounded to whole pixels, mostly upwards.
    return 1.08 * widest / 72 + 2 * PAD[0], LINE * len(lines) + 2 * PAD[1]


class _Pen:
    """Draws boxes and edges on axes whose units are inches."""

    def __init__(self, axes: Axes, down: bool) -> None:
        self.axes, self.down = axes, down

    def at(self, across: float, along: float) -> Point:
        return (across, along) if self.down else (along, across)

    def diagram(self, diagram: Diagram, across: float, along: float) -> None:
        """Draw a diagram whose middle is at `across`, and that begins at `along`."""
        for box in diagram.boxes:
            for i, (source, outlet) in enumerate(box.sources):
                self.edge(diagram, source, outlet, box, i, (across, along))
        for box in diagram.boxes:
            center = box.across + across, box.along + along
            if box.inside is not None:
                self.rectangle(box, center, "#f7f7f7", "--")
                self.title(box, center)
                self.diagram(box.inside, center[0], center[1] - box.inside.size[1] / 2)
            elif box.text:
                self.rectangle(box, center, box.color, "-")
                self.axes.text(
                    *self.at(*center), box.text, ha="center", va="center", fontsize=FONT, linespacing=1.35,
                    zorder=4,
                )  # fmt: skip

    def rectangle(self, box: Box, center: Point, color: str, style: str) -> None:
        """Draw the border of a box or frame."""
        from matplotlib.patches import Rectangle

        left, top = self.at(center[0] - box.size[0] / 2, center[1] - box.size[1] / 2)
        self.axes.add_patch(
            Rectangle(
                (left, top), *self.at(*box.size), facecolor=color, edgecolor=GRAY, linewidth=0.9,
                linestyle=style, zorder=1 if box.inside else 3,
            )
        )  # fmt: skip

    def title(self, box: Box, center: Point) -> None:
        """Write the title of a frame into its upper left corner."""
        left, top = self.at(center[0] - box.size[0] / 2, center[1] - box.size[1] / 2)
        self.axes.text(
            left + PAD[1], top + PAD[1], box.text, ha="left", va="top", fontsize=FONT, color=GRAY, zorder=4
        )

    def edge(self, diagram: Diagram, source: Box, outlet: int, box: Box, inlet: int, origin: Point) -> None:
        """Draw an edge, straight beside boxes and slanted between levels only; with a head at boxes."""
        begin, end = source.outlet(outlet) + origin[0], box.inlet(inlet) + origin[0]
        start = source.along + source.size[1] / 2 * (1 if source.text else -1)  # a place is passed
        stop = box.along - box.size[1] / 2
        turn = source.along + diagram.depths[source.level] / 2 + STUB
        back = box.along - diagram.depths[box.level] / 2 - STUB
        points = [(begin, start), (begin, turn), (end, back), (end, stop)]
        points = [(across, along + origin[1]) for across, along in points]
        self.axes.plot(
            *zip(*(self.at(*point) for point in points), strict=True), color=GRAY, lw=0.9, zorder=2
        )
        if box.text:
            tip = points[-1]
            wings = [(tip[0] - HEAD / 2, tip[1] - HEAD), (tip[0] + HEAD / 2, tip[1] - HEAD)]
            self.axes.fill(
                *zip(*(self.at(*p) for p in [tip, *wings]), strict=True), color=GRAY, lw=0, zorder=2
            )
