"""What the benchmarks share. Each verifies what it times, then reports a figure without a unit of time.

A benchmark fails if results differ, never because something is slow: targets are shown beside the figures
at the end of the session.
"""

from typing import NamedTuple

import pytest

import fastnn
from fastnn.bench.measure import Ratio, alternate, calls_in, clock, ratio

TURN = 0.03  # seconds
ROUNDS = 5


class Figure(NamedTuple):
    label: str
    value: Ratio
    unit: str
    bound: str
    limit: float | None

    def cells(self):
        percent = self.unit.startswith("%")
        numbers = [f"{100 * v:.0f}" if percent else f"{v:.2f}" for v in self.value]
        value = f"{numbers[0]} {self.unit}"
        spread = f"{numbers[1]}-{numbers[2]}" if self.value.lowest < self.value.highest else ""
        if self.limit is None:
            return [self.label, value, spread, "", ""]
        target = f"{self.bound} {100 * self.limit:.0f} %" if percent else f"{self.bound} {self.limit:g}"
        met = self.value.median >= self.limit if self.bound == ">=" else self.value.median <= self.limit
        return [self.label, value, spread, target, "reached" if met else "missed"]


FIGURES = pytest.StashKey[list[Figure]]()


def pytest_configure(config):
    config.stash[FIGURES] = []
    config.addinivalue_line("python_files", "bench_*.py")


@pytest.fixture
def figure(request):
    """Note a figure: `figure(label, value, unit, at_least=None, at_most=None)`."""

    def note(label, value, unit, at_least=None, at_most=None):
        if not isinstance(value, Ratio):
            value = Ratio(value, value, value)
        bound, limit = (">=", at_least) if at_most is None else ("<=", at_most)
        request.config.stash[FIGURES].append(Figure(label, value, unit, bound, limit))

    return note


@pytest.fixture
def versus(benchmark, figure):
    """Time two sides in turns and note how many times as fast the first one is.

    `versus(label, ours, theirs)` has `at_least` and `at_most` for a target, `unit` for what the ratio is of,
    `factor` for a ratio of something else than the times, and `threads` where both sides use fewer than
    they might.
    """

    def run(label, ours, theirs, at_least=None, at_most=None, unit="x NumPy", factor=1.0, threads=None):
        if benchmark.disabled:
            benchmark(ours)
            return
        clock_used = clock(threads or fastnn.num_threads())
        times = alternate({"ours": ours, "theirs": theirs}, ROUNDS, TURN, clock_used)
        faster = ratio(times["theirs"], times["ours"], factor)
        figure(label, faster, unit, at_least, at_most)
        benchmark.extra_info.update(faster._asdict(), unit=unit)
        benchmark.pedantic(ours, rounds=ROUNDS, iterations=calls_in(ours, TURN / 3))

    return run


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, config):
    figures = config.stash[FIGURES]
    if not figures:
        return
    rows = [["", "median", "rounds", "target", ""], *(f.cells() for f in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    terminalreporter.section(
        f"fastnn against NumPy, threads: {fastnn.num_threads()} where not said otherwise"
    )
    for row in rows:
        label = row[0].ljust(widths[0])
        rest = "   ".join(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))
        terminalreporter.write_line(f"{label}   {rest}".rstrip())
