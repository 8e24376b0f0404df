"""Draw the last full runs of docs/benchmarks.md, one picture for each instruction set, into docs/.

    python bench/plot_runs.py

`tests/test_bench_plots.py` tells when a run has been recorded and not drawn.
"""

import hashlib
import re
import textwrap
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "docs"
PAGE = FOLDER / "benchmarks.md"
RUN = re.compile(r"^### (\w+), (\d+) threads?\n\n```text\n(.*?)^```$", re.M | re.S)
MODEL = re.compile(r"^(\S.*), batch \d+$", re.M)
RANGE = r"(?P<times>[\d.,]+) \((?P<low>[\d.,]+)-(?P<high>[\d.,]+)\)"
ROW = re.compile(rf"^  (?P<work>[a-z]+ ?[a-z]*)? +(?P<peer>[a-z]+) .* {RANGE}")
WORK = {"training step": "A training step", "one row": "A prediction for one row"}
# Colours of Okabe and Ito, and shapes, so that nobody needs to tell colours apart.
LOOKS = {
    "torch": ("PyTorch", "#D55E00", "o"),
    "tensorflow": ("TensorFlow", "#E69F00", "s"),
    "jax": ("JAX", "#0072B2", "^"),
    "onnxruntime": ("ONNX Runtime", "#009E73", "D"),
    "sklearn": ("scikit-learn", "#CC79A7", "v"),
}


def runs(page):
    """Yield instruction set, number of threads and text of each run."""
    return [(found[1], int(found[2]), found[3]) for found in RUN.finditer(page)]


def digest(text):
    """Return what changes when figures do."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def figures(text):
    """Return, by kind of work, rows of (model, peer, ratio, lowest, highest)."""
    found = {}
    model = work = None
    for line in text.splitlines():
        if start := MODEL.match(line):
            model = start[1]
        elif model and (row := ROW.match(line)):
            work = (row["work"] or "").strip() or work
            ratios = [float(row[name].replace(",", "")) for name in ("times", "low", "high")]
            found.setdefault(work, []).append((model, row["peer"], *ratios))
    return found


def label(model):
    """Return the layers of a model in short lines."""
    return "\n".join(textwrap.wrap(model.replace("-", "- "), 27)).replace("- ", "-")


def draw(isa, threads, text, file):
    """Draw ratios on a logarithmic axis, a panel for each kind of work."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    style = {"svg.fonttype": "none", "svg.hashsalt": "fastnn", "font.size": 11, "font.family": "sans-serif"}
    with pyplot.rc_context(style):
        figure, panels = pyplot.subplots(len(WORK), figsize=(5.6, 8.4), sharex=True, layout="constrained")
        measured = figures(text)
        for panel, (work, title) in zip(panels, WORK.items(), strict=True):
            models = list(dict.fromkeys(row[0] for row in measured[work]))
            for model, peer, times, low, high in measured[work]:
                _, colour, shape = LOOKS[peer]
                at = models.index(model) + (list(LOOKS).index(peer) - 2) * 0.15
                panel.plot([low, high], [at, at], color=colour, linewidth=1)
                panel.plot(times, at, shape, color=colour, markersize=5)
            panel.axvline(1, color="black", linewidth=1)
            panel.set(title=title, yticks=range(len(models)), yticklabels=map(label, models), xscale="log")
            panel.tick_params(axis="y", labelsize=9, length=0)
            panel.invert_yaxis()
            panel.grid(axis="x", color="0.85")
        panels[-1].set_xlabel("fastnn is so many times as fast (ratio of times)")
        panels[-1].set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
        handles = [
            pyplot.Line2D([], [], color=colour, marker=shape, label=name)
            for name, colour, shape in LOOKS.values()
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
        about = f"{isa}, {threads} threads; figures {digest(text)}"
        figure.savefig(file, metadata={"Date": None, "Creator": None, "Description": about})
        pyplot.close(figure)
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for isa, threads, text in runs(PAGE.read_text(encoding="utf-8")):
        draw(isa, threads, text, FOLDER / f"last-run-{isa}.svg")
