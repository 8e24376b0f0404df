"""What `fastnn bench --against` shows: lines above a table, the table, a summary, a picture."""

from __future__ import annotations

import argparse
import datetime
import math
import os
import platform
import textwrap
from pathlib import Path
from typing import Any

from . import report
from .against import TASKS
from .measure import Ratio
from .peak import Peak
from .peers import UNLIMITED

__all__ = ["environment", "heading", "plot", "summary", "table"]

COMMON = ("version", "python", "numpy")  # versions of peers that are not shown beside that of the peer
WIDTH = 100  # of lines of text
BUSY = (
    0.3  # programs at work in the minute before, on average, from which figures are those of a busy machine
)


def environment(peak: Peak, options: argparse.Namespace) -> dict[str, Any]:
    """Return what the results depend on, ready for JSON."""
    found = report.environment(peak, options.rounds)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return found | {
        "date": datetime.date.today().isoformat(),
        "processor": _processor(),
        "load_before": None if load is None else round(load, 2),
    }


def _processor() -> str:
    """Return the name of the processor, as well as the system knows it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def heading(environment: dict[str, Any]) -> str:
    """Return the lines above the table."""
    e = environment
    versions = []
    for name, found in e["peers"].items():
        beside = [f"{other} {version}" for other, version in found.items() if other not in COMMON]
        versions.append(f"{name} {found['version']}" + (f" with {', '.join(beside)}" if beside else ""))
    threads = "1 thread" if e["threads"] == 1 else f"{e['threads']} threads"
    rounds = "1 round" if e["rounds"] == 1 else f"{e['rounds']} rounds"
    paragraphs = [
        f"fastnn {e['fastnn']} with {e['isa']} against {', '.join(versions)}; {threads} each, {e['dtype']}, "
        f"{e['date']}",
        f"{e['processor']}; multiply-add peak {e['fma_peak_gflops']:.0f} GFLOP/s; medians of {rounds}, "
        "lowest and highest in brackets",
    ]
    if e["limits"]:
        free = [f"but for {name}, which has no setting for it" for name in UNLIMITED if name in e["peers"]]
        paragraphs.append(", ".join([f"peers are kept to {e['isa']} by their settings, too", *free]))
    load = e["load_before"]
    if load is not None and load > BUSY:
        paragraphs.append(f"BUSY MACHINE: a load of {load:.1f} before this run; other programs disturb it")
    return "\n".join(textwrap.fill(paragraph, WIDTH) for paragraph in paragraphs) + "\n"


def _time(seconds: float) -> str:
    return f"{1e6 * seconds:,.1f} us" if seconds < 1e-2 else f"{1e3 * seconds:,.1f} ms"


def table(results: list[dict[str, Any]]) -> str:
    """Return the results as lines of text of at most 100 columns, with a row for each task and peer.

    Parameters
    ----------
    results : list of dict
        For each model "name", "title" and "rows", what `against.compare` has returned.

    Examples
    --------
    >>> ratio = {"median": 2.0, "lowest": 1.5, "highest": 2.25}
    >>> row = {"task": "train", "peer": "jax", "way": "jit", "ratio": ratio}
    >>> row |= {"fastnn_seconds": 1e-5, "peer_seconds": 2e-5}
    >>> print(table([{"name": "tabular", "title": "20-32-1, batch 32", "rows": [row]}]))
                       peer    fastnn     peer   times as fast        peer's way
    20-32-1, batch 32
      training step    jax    10.0 us  20.0 us   2.00 (1.50-2.25)     jit
    <BLANKLINE>
    geometric mean over the best peer of each row
      training step    2.00, lowest 2.00: tabular, jax
    """
    lines: list[list[str]] = [["", "peer", "fastnn", "peer", "times as fast", "peer's way"]]
    for result in results:
        lines.append([result["title"]])
        task = None
        for row in result["rows"]:
            r = Ratio(**row["ratio"])
            lines.append(
                [
                    "" if row["task"] == task else f"  {TASKS[row['task']]}",
                    row["peer"],
                    _time(row["fastnn_seconds"]),
                    _time(row["peer_seconds"]),
                    f"{r.median:.2f} ({r.lowest:.2f}-{r.highest:.2f})",
                    row["way"],
                ]
            )
            task = row["task"]
    full = [line for line in lines if len(line) > 1]
    widths = [max(map(len, column)) for column in zip(*full, strict=True)]
    text = []
    for line in lines:
        if len(line) == 1:
            text.append(line[0][:WIDTH])
            continue
        name, peer, ours, theirs, faster, way = (
            cell.rjust(width) if 2 <= i <= 3 else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        text.append(f"{name}  {peer}  {ours}  {theirs}   {faster}   {way}".rstrip()[:WIDTH])
    text += ["", "geometric mean over the best peer of each row"]
    for task, found in summary(results).items():
        lowest = f"{found['lowest']:.2f}: {found['lowest_model']}, {found['lowest_peer']}"
        text.append(f"  {TASKS[task]:{widths[0]}}{found['geometric_mean']:.2f}, lowest {lowest}")
    return "\n".join(text)


def summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return for each task the geometric mean of the ratios to the best peers of models, and the lowest."""
    found: dict[str, Any] = {}
    for task in TASKS:
        best = []
        for result in results:
            rows = [row for row in result["rows"] if row["task"] == task]
            if rows:
                row = min(rows, key=lambda row: row["ratio"]["median"])
                best.append((row["ratio"]["median"], result["name"], row["peer"]))
        if best:
            lowest = min(best)
            found[task] = {
                "geometric_mean": math.exp(sum(math.log(median) for median, _, _ in best) / len(best)),
                "lowest": lowest[0],
                "lowest_model": lowest[1],
                "lowest_peer": lowest[2],
            }
    return found


def plot(results: list[dict[str, Any]], environment: dict[str, Any], file: Path) -> None:
    """Draw the ratios as bars from 1 on a logarithmic axis, tasks side by side, a color for each peer."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    peers = list(environment["peers"])
    tasks = [task for task in TASKS if any(row["task"] == task for r in results for row in r["rows"])]
    size = (4 + 3.5 * len(tasks), 1.5 + (0.4 + 0.2 * len(peers)) * len(results))
    figure = Figure(figsize=size, layout="constrained")
    every = figure.subplots(1, len(tasks), sharey=True, squeeze=False)[0]
    height = 0.8 / len(peers)
    for axes, task in zip(every, tasks, strict=True):
        for i, peer in enumerate(peers):
            found = {
                j: row["ratio"]["median"]
                for j, result in enumerate(results)
                for row in result["rows"]
                if (row["task"], row["peer"]) == (task, peer)
            }
            at = [j + (i - (len(peers) - 1) / 2) * height for j in found]
            medians = list(found.values())
            bars = axes.barh(at, [m - 1 for m in medians], height, left=1, color=f"C{i}")
            axes.bar_label(bars, [f"{m:.1f}" for m in medians], padding=3, fontsize="small")
        axes.set_title(TASKS[task])
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.axvline(1, color="black", linewidth=0.8)
        axes.margins(x=0.15)
    every[0].set_yticks(range(len(results)), [result["title"] for result in results])
    every[0].invert_yaxis()
    threads = "1 thread" if environment["threads"] == 1 else f"{environment['threads']} threads"
    figure.supxlabel(f"time of the peer over that of fastnn, {threads}")
    colors = [Patch(color=f"C{i}", label=peer) for i, peer in enumerate(peers)]
    figure.legend(handles=colors, loc="outside upper center", ncols=len(peers), fontsize="small")
    figure.savefig(file)
