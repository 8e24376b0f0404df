"""The ratios to NumPy that guard.py has recorded, commit by commit: `python bench/history.py`.

    python bench/history.py                        # of the instruction set in use, as a table
    python bench/history.py --isa avx2             # of another one
    python bench/history.py --plot ratios.svg      # as a plot; needs the extra `plot`

Git keeps the history: each commit that records ratios changes bench/guard.json. Those of two commits can be
compared where the processor and NumPy's BLAS are the same; a line tells where they change.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from fastnn.bench.files import checked_plot
from fastnn.cli import exit_status

ROOT = Path(__file__).parent.parent
FILE = "bench/guard.json"


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"history.py: {done.stderr.strip()}")
    return done.stdout


def records(isa):
    """Return title and record of each commit that changed that of an instruction set, the oldest first."""
    found = []
    for line in reversed(git("log", "--format=%h %as", "--", FILE).splitlines()):
        record = json.loads(git("show", f"{line.split()[0]}:{FILE}")).get(isa)
        if record and (not found or record != found[-1][1]):
            found.append((line, record))
    return found


def table(found):
    """Return lines: a row for each ratio, a column for each commit, and what they were recorded with."""
    names = list(dict.fromkeys(name for _, record in found for name in record["ratios"]))
    lines = [" " * 28 + "".join(f"{title.split()[0]:>10}" for title, _ in found)]
    for name in names:
        ratios = [record["ratios"].get(name) for _, record in found]
        lines.append(f"{name:28}" + "".join(" " * 10 if r is None else f"{r:10.2f}" for r in ratios))
    before = None
    for title, record in found:
        here = record["processor"], record["numpy"]
        lines.append(title if here == before else f"{title}: {here[0]}; NumPy {here[1]}")
        before = here
    return lines


def plot(found, isa, file):
    """Draw a line for each ratio."""
    import matplotlib.pyplot as plt
    from cycler import cycler

    figure, axes = plt.subplots(figsize=(9, 5), layout="constrained")
    titles = [title.split()[0] for title, _ in found]
    axes.set_prop_cycle(cycler(marker=["o", "s", "^"]) * plt.rcParams["axes.prop_cycle"])
    for name in dict.fromkeys(name for _, record in found for name in record["ratios"]):
        axes.plot(titles, [record["ratios"].get(name) for _, record in found], label=name)
    axes.set(xlabel="commit", ylabel=f"times as fast as NumPy, one thread, {isa}", yscale="log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(file)


def main():
    parser = argparse.ArgumentParser(description="Show the ratios that guard.py has recorded.")
    parser.add_argument("--isa", help="instruction set; by default the one in use")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw them")
    options = parser.parse_args()
    if options.plot:
        options.plot = checked_plot(parser, options.plot)
    if options.isa is None:
        from fastnn.kernels.core import runtime

        options.isa = runtime.isa()[0]
    found = records(options.isa)
    if not found:
        print(f"no ratios are recorded for {options.isa}: python bench/guard.py --record")
        return 1
    if options.plot:
        plot(found, options.isa, options.plot)
    else:
        print(*table(found), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status("history.py", main))
