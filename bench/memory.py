"""What training takes of memory, against what it cannot do without: `python bench/memory.py`.

Backward needs the output of every layer, the gradients on both sides of the layer that it is at, the weights,
their gradients and the two averages of Adam for each. On top of that come workspace of the kernels
and gaps in the arena; but not all of it is alive at the same time, so the ratio can be below 1.
"""

import argparse
import json
import sys
from itertools import pairwise
from math import prod
from pathlib import Path

import fastnn
from fastnn.bench.files import check_file
from fastnn.bench.models import MODELS
from fastnn.cli import exit_status
from fastnn.training.plan_cache import plan_of

MOST = 1.15


def needed(model, batch):
    """Return the bytes that backward needs for a model of fastnn.bench, by what they are for."""
    rows = [model.input_shape[1:]]
    for layer in model.layers:
        if not isinstance(layer, fastnn.layers.Flatten):  # it names the same memory otherwise
            rows.append(layer.compute_output_shape((None, *rows[-1]))[1:])
    sizes = [prod(row) for row in rows]
    item = 8 if model.dtype == "float64" else 4
    # The first layer makes no gradient of its input, and its output's was counted with the second.
    pairs = [a + b for a, b in pairwise(sizes[1:])] or sizes[1:]
    weights = item * model.count_params()
    return {
        "outputs of the layers": item * batch * sum(sizes[1:]),
        "gradients on both sides of a layer": item * batch * max(pairs),
        "weights": weights,
        "gradients of the weights": weights,
        "averages of the optimizer": 2 * weights,
    }


def taken(model, batch):
    """Return the bytes that a training plan of the model takes, by what they are for."""
    plan = plan_of(model, "training", capacity=batch)
    weights = sum(variable.value.nbytes for variable in model.weights)
    slots = [slot for slot in model.optimizer._update.slots.values() if slot is not None]
    return {
        "arena of the plan": plan.arena_size,
        f"workspace of {fastnn.num_threads()} threads": fastnn.num_threads() * plan.scratch_size,
        "weights": weights,
        "gradients of the weights": weights,
        "averages of the optimizer": sum(slot.nbytes for slot in slots),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=["cnn_deep"], choices=MODELS, metavar="NAME")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the ratios there, by name of a model"
    )
    options = parser.parse_args()
    if options.json:
        check_file(parser, "json", options.json)
    ratios = {}
    for name in options.models:
        model, batch = MODELS[name].make()[0], MODELS[name].batch
        tables = {"needed by backward": needed(model, batch), "taken by fastnn": taken(model, batch)}
        print(f"{name}: {MODELS[name].title}")
        for title, table in tables.items():
            for label, size in table.items():
                print(f"    {label:40}{size / 1e6:10.2f} MB")
            print(f"  {title:42}{sum(table.values()) / 1e6:10.2f} MB")
        need, take = (sum(table.values()) for table in tables.values())
        ratios[name] = take / need
        print(f"  {f'ratio, at most {MOST:g}':42}{ratios[name]:10.2f}\n")
    if options.json:
        options.json.write_text(json.dumps(ratios) + "\n")


if __name__ == "__main__":
    sys.exit(exit_status("memory.py", main))
