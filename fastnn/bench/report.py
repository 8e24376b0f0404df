"""Verify and measure rows of `models`, and show what came out: as a table, as JSON, as a picture.

Results are ratios of times of one run, "x NumPy", and shares of the multiply-add peak of the same run.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..kernels.core import runtime
from .cores import Cores
from .measure import Ratio, alternate, clock, ratio
from .models import Model
from .peak import Peak
from .peers import limits

__all__ = ["MismatchError", "environment", "heading", "measure", "plot", "table", "verify"]

# In the steps that are timed the weights stay where they are. A model that has learnt its batch by heart
# has gradients below the smallest normal number, with which processors are slow: that would be measured.
NO_LEARNING = 1e-12

STEPS = 3
WIDTH = 79  # of lines of text, for terminals of 80 columns
TOLERANCE = 1e-4
MOVE_TOLERANCE = 0.05


class MismatchError(Exception):
    """The two sides of a comparison do not compute the same."""


def verify(model: Model) -> None:
    """Check that both sides compute the same from the same weights: predictions, loss, three steps of Adam.

    The losses of later steps agree only if the steps before did. How far the weights moved is compared more
    loosely, and in all but a hundredth of the elements: a unit at the corner of ReLU can be on here and off
    there by rounding alone, and Adam makes steps of one size from gradients of any size.

    Parameters
    ----------
    model : Model
        A row of `models.MODELS`.

    Raises
    ------
    MismatchError
        Saying what differs, and by how much.
    """
    ours, theirs = model.make()
    plain = model.make_plain()
    x, y = model.data(model.batch)

    def agree(what: str, a: Any, b: Any) -> None:
        size = np.abs(b)
        error = float(np.max(np.abs(np.subtract(a, b)) / (size + np.mean(size))))
        if not error <= TOLERANCE:
            raise MismatchError(f"{model.name}: {what} differ by {error:.1e}, more than {TOLERANCE:.0e}")

    agree("predictions", ours.predict(x, verbose=0), theirs.predict(x))
    agree("predictions of plain NumPy", ours.predict(x, verbose=0), plain.predict(x))
    agree("predictions for one row", ours(x[:1]), theirs.predict(x[:1]))
    start = theirs.get_weights()
    for step in range(STEPS):
        loss = theirs.train_step(x, y)
        agree(f"losses of step {step + 1}", ours.train_on_batch(x, y), loss)
        agree(f"losses of step {step + 1} in plain NumPy", plain.train_step(x, y), loss)
    for i, (a, b, w) in enumerate(zip(ours.get_weights(), theirs.get_weights(), start, strict=True)):
        error = float(np.quantile(np.abs(a - b), 0.99) / np.max(np.abs(b - w)))
        if not error <= MOVE_TOLERANCE:
            raise MismatchError(
                f"{model.name}: weights {i} differ after {STEPS} steps of Adam by {error:.1e} of their way, "
                f"more than {MOVE_TOLERANCE:g}"
            )


def measure(model: Model, peak: Peak, rounds: int, cores: Cores) -> dict[str, Any]:
    """Time both sides of a model.

    Parameters
    ----------
    model : Model
        A row of `models.MODELS`.
    peak : Peak
        On the threads in use.
    rounds : int
        Turns of each side.
    cores : Cores
        For as many threads.

    Returns
    -------
    dict
        Ready for JSON: what the columns of the table are made of. Every ratio has its median, lowest and
        highest over the rounds.
    """
    ours, theirs = model.make(NO_LEARNING)
    plain = model.make_plain(NO_LEARNING)
    x, y = model.data(model.batch)
    row = x[:1].copy()

    def take_turns(**sides: Callable[[], object]) -> dict[str, list[float]]:
        return alternate(sides, rounds, clock=clock(peak.threads), turn=cores.turn)

    training = take_turns(
        fastnn=lambda: ours.train_on_batch(x, y),
        numpy=lambda: theirs.train_step(x, y),
        plain=lambda: plain.train_step(x, y),
        peak=peak,
    )
    one = take_turns(
        call=lambda: ours(row),
        predict=lambda: ours.predict(row, verbose=0),
        numpy=lambda: theirs.predict(row),
        plain=lambda: plain.predict(row),
    )
    batch = take_turns(fastnn=lambda: ours.predict(x, verbose=0), numpy=lambda: theirs.predict(x), peak=peak)

    def share(times: dict[str, list[float]], training: bool) -> dict[str, float]:
        return ratio(times["peak"], times["fastnn"], model.flops(training) / peak.flops)._asdict()

    def faster(times: dict[str, list[float]], side: str = "fastnn", than: str = "numpy") -> dict[str, float]:
        return ratio(times[than], times[side])._asdict()

    return {
        "name": model.name,
        "title": model.title,
        "training_step_plain": faster(training, than="plain"),
        "training_step": faster(training),
        "training_step_share_of_peak": share(training, True),
        "call_one_row_plain": faster(one, "call", "plain"),
        "call_one_row": faster(one, "call"),
        "predict_one_row": faster(one, "predict"),
        "predict_over_call": ratio(one["predict"], one["call"])._asdict(),
        "predict_batch": faster(batch),
        "predict_batch_share_of_peak": share(batch, False),
    }


def environment(peak: Peak, rounds: int) -> dict[str, Any]:
    """Return what the results depend on, ready for JSON."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "fastnn": __version__,
        "isa": runtime.isa()[0],
        "threads": peak.threads,
        "numpy": np.__version__,
        "blas": " ".join(str(blas[key]) for key in ("name", "version") if key in blas),
        "dtype": peak.dtype,
        "fma_peak_gflops": round(peak.per_second() / 1e9, 1),
        "rounds": rounds,
        "limits": limits(),
    }


def _threads(environment: dict[str, Any]) -> str:
    return "1 thread" if environment["threads"] == 1 else f"{environment['threads']} threads"


def heading(environment: dict[str, Any]) -> str:
    """Return the lines above the table."""
    e = environment
    threads = _threads(e)
    rounds = "1 round" if e["rounds"] == 1 else f"{e['rounds']} rounds"
    paragraphs = [
        f"fastnn {e['fastnn']} with {e['isa']} against NumPy {e['numpy']} with {e['blas']}, {threads} each",
        f"multiply-add peak {e['fma_peak_gflops']:.0f} GFLOP/s in {e['dtype']}; medians of {rounds}, "
        "lowest and highest in brackets",
    ]
    if e["limits"]:
        paragraphs.append(f"NumPy's products are kept to {e['isa']} by the settings of its BLAS, too")
    return "\n".join(textwrap.fill(paragraph, WIDTH) for paragraph in paragraphs) + "\n"


COLUMNS = "x NumPy", "x tuned NumPy", "of peak"

# What is measured, and the keys of the columns; None where there is nothing to compare.
ROWS = {
    "training step": ("training_step_plain", "training_step", "training_step_share_of_peak"),
    "model(x), 1 row": ("call_one_row_plain", "call_one_row", None),
    "predict(x), 1 row": (None, "predict_one_row", None),
    "predict(x), batch": (None, "predict_batch", "predict_batch_share_of_peak"),
}


def table(results: list[dict[str, Any]]) -> str:
    """Return the results of `measure` as lines of text: how many times as fast as NumPy, or a share.

    Examples
    --------
    >>> number = {"median": 2.0, "lowest": 1.5, "highest": 2.25}
    >>> keys = [key for row in ROWS.values() for key in row if key]
    >>> print(table([{"title": "20-32-1, batch 32"} | dict.fromkeys(keys, number)]))
                                 x NumPy      x tuned NumPy   of peak
    20-32-1, batch 32
      training step     2.00 (1.50-2.25)   2.00 (1.50-2.25)     200 %
      model(x), 1 row   2.00 (1.50-2.25)   2.00 (1.50-2.25)
      predict(x), 1 row                    2.00 (1.50-2.25)
      predict(x), batch                    2.00 (1.50-2.25)     200 %
    """
    rows: list[list[str]] = [["", *COLUMNS]]
    for result in results:
        rows.append([result["title"]])
        for title, keys in ROWS.items():
            ratios = [None if key is None else Ratio(**result[key]) for key in keys]
            *faster, share = ratios
            cells = ["" if r is None else f"{r.median:.2f} ({r.lowest:.2f}-{r.highest:.2f})" for r in faster]
            rows.append([f"  {title}", *cells, "" if share is None else f"{100 * share.median:.0f} %"])
    widths = [max(map(len, column)) for column in zip(*(row for row in rows if len(row) > 1), strict=True)]
    return "\n".join(
        "   ".join(
            [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=False))]
        ).rstrip()
        for row in rows
    )


def plot(results: list[dict[str, Any]], environment: dict[str, Any], file: Path) -> None:
    """Draw the ratios as bars from 1 on a logarithmic axis, in the format that the file's name says."""
    from matplotlib.figure import Figure

    labels = {
        key: f"{title}, {against}"
        for title, keys in ROWS.items()
        for key, against in zip(keys[:-1], COLUMNS, strict=False)
        if key is not None
    }
    figure = Figure(figsize=(8, 1.5 + 0.9 * len(results)), layout="constrained")
    axes = figure.subplots()
    height = 0.8 / len(labels)
    for i, (key, label) in enumerate(labels.items()):
        medians = [result[key]["median"] for result in results]
        at = [j + (i - (len(labels) - 1) / 2) * height for j in range(len(results))]
        bars = axes.barh(at, [m - 1 for m in medians], height, left=1, label=label)
        axes.bar_label(bars, [f"{m:.1f}" for m in medians], padding=3, fontsize="small")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_yticks(range(len(results)), [result["title"] for result in results])
    axes.invert_yaxis()
    axes.margins(x=0.1)
    axes.set_xlabel(f"times as fast as NumPy, {_threads(environment)}")
    figure.legend(loc="outside upper center", ncols=2, fontsize="small")
    figure.savefig(file)
