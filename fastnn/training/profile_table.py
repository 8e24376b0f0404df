"""`Profile`: the times of the steps of a plan, as a table that prints itself and as rows to compute with."""

from __future__ import annotations

import html
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Profile", "StepProfile"]

WIDTH = 100  # of lines of text
LONGEST = 24  # letters of the name of a layer or of a step


@dataclass(frozen=True)
class StepProfile:
    """What one step takes in one direction.

    Attributes
    ----------
    layer : str
        Name of the layer; empty for losses, metrics, penalties on weights, and the update of the weights.
    step : str
        What it computes. Steps that are fused with it have no row of their own.
    direction : {"forward", "backward", "update"}
    seconds : float
        The median over runs.
    share : float
        Of the time of all steps.
    gflops, gbytes : float
        10**9 floating-point operations, and bytes, a second; 0 where there are none to count.
    share_of_peak, share_of_memory : float
        The same over the processor's peak of multiply-adds and the bandwidth of memory, measured just before.
    """

    layer: str
    step: str
    direction: str
    seconds: float
    share: float
    gflops: float
    gbytes: float
    share_of_peak: float
    share_of_memory: float


HEADINGS = ("layer", "step", "direction", "time", "share", "GFLOP/s", "of peak", "GB/s", "of memory")
TEXTS = 3  # the first columns, which are aligned to the left


@dataclass(frozen=True, repr=False)
class Profile:
    """The times of the steps of a plan.

    Attributes
    ----------
    rows : tuple of StepProfile
        In the order in which the steps run.
    model : str
        Name of the model.
    samples : int
        In the batch.
    training : bool
        Whether it is of a training step.
    threads : int
    isa : str
        Instruction set of the kernels.
    dtype : str
    peak_gflops, memory_gbytes : float
        The processor's peak of multiply-adds, on all threads, and the bandwidth of memory.
    """

    rows: tuple[StepProfile, ...]
    model: str
    samples: int
    training: bool
    threads: int
    isa: str
    dtype: str
    peak_gflops: float
    memory_gbytes: float

    @property
    def seconds(self) -> float:
        """The time of all steps."""
        return sum(row.seconds for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        """Return everything in numbers, texts, lists and dicts: ready for JSON."""
        return asdict(self) | {"rows": [asdict(row) for row in self.rows], "seconds": self.seconds}

    @property
    def _title(self) -> str:
        what = "a training step" if self.training else "a prediction"
        samples = "1 sample" if self.samples == 1 else f"{self.samples:,} samples"
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f'Profile of "{self.model}": {what} of {samples}'[:WIDTH] + (
            f"\n{self.dtype} with {self.isa}, {threads}; peak {self.peak_gflops:.0f} GFLOP/s, "
            f"memory {self.memory_gbytes:.1f} GB/s"
        )

    def _cells(self) -> list[tuple[str, ...]]:
        """Return the headings, the rows and the sum, without the direction where there is only one."""
        lines: list[tuple[str, ...]] = [HEADINGS]
        for row in self.rows:
            lines.append((_shortened(row.layer), _shortened(row.step), row.direction, *_numbers(row)))
        flops = sum(row.gflops * row.seconds for row in self.rows) / (self.seconds or 1)
        total = _microseconds(self.seconds), "100 %", f"{flops:.1f}", _percent(flops / self.peak_gflops)
        lines.append(("all steps", "", "", *total, "", ""))
        return lines if self.training else [(*line[:2], *line[3:]) for line in lines]

    def __str__(self) -> str:
        lines = self._cells()
        left = TEXTS if self.training else TEXTS - 1
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = [
            "  ".join(
                cell.ljust(width) if i < left else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        return "\n".join([self._title, "", text[0], "-" * max(map(len, text)), *text[1:]])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the table for notebooks."""
        left = TEXTS if self.training else TEXTS - 1

        def line(tag: str, cells: tuple[str, ...]) -> str:
            aligned = (
                f'<{tag} style="text-align: {"left" if i < left else "right"}">{html.escape(cell)}</{tag}>'
                for i, cell in enumerate(cells)
            )
            return f"<tr>{''.join(aligned)}</tr>"

        head, *body = self._cells()
        title = html.escape(self._title).replace("\n", "<br>")
        rows = "".join(line("td", cells) for cells in body)
        return f"<p>{title}</p><table><thead>{line('th', head)}</thead><tbody>{rows}</tbody></table>"


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 3]}..."


def _microseconds(seconds: float) -> str:
    return f"{1e6 * seconds:,.1f} us"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _numbers(row: StepProfile) -> tuple[str, ...]:
    work = (f"{row.gflops:.1f}", _percent(row.share_of_peak)) if row.gflops else ("", "")
    traffic = (f"{row.gbytes:.1f}", _percent(row.share_of_memory)) if row.gbytes else ("", "")
    return _microseconds(row.seconds), _percent(row.share), *work, *traffic
