"""All cases, and what is done with each in a package that speaks Keras."""

import json

import numpy as np

from . import cases, graphs
from .cases import BATCH, FIT, FORMAT, ROWS, STEPS

CASES = {f"{make.__name__}/{name}": case for make in (*cases.MAKERS, *graphs.MAKERS) for name, case in make()}


def data():
    """The arrays that cases name; the file stores them."""
    return cases.data() | graphs.more_data()


def fingerprint():
    """The table and what is done with it, as text to compare."""
    return json.dumps([FORMAT, ROWS, BATCH, STEPS, FIT, CASES], sort_keys=True)


def packed(arrays):
    """Arrays of one dtype by key as two: thousands of small ones take more room than what they hold."""
    shapes = json.dumps({key: array.shape for key, array in arrays.items()})
    return {"values": np.concatenate([a.ravel() for a in arrays.values()]), "shapes": np.array(shapes)}


def unpacked(path):
    """What the file holds: all arrays by key."""
    with np.load(path) as file:
        stored = dict(file)
    values, at = stored.pop("values"), 0
    for key, shape in json.loads(str(stored.pop("shapes"))).items():
        size = int(np.prod(shape))
        stored[key] = values[at : at + size].reshape(shape)
        at += size
    return stored


def mapped(function, structure):
    """A list or dict with `function` of what it holds."""
    if isinstance(structure, list):
        return [mapped(function, part) for part in structure]
    if isinstance(structure, dict) and "class_name" not in structure:
        return {key: mapped(function, part) for key, part in structure.items()}
    return function(structure)


def made(package, kind, entry):
    """The object of an entry, and of what its config holds of objects; a name is left to `compile`."""
    if not isinstance(entry, dict):
        return entry
    inner = {
        **dict.fromkeys(("layer", "backward_layer", "cell", "cells"), "layers"),
        "learning_rate": "schedules",
    }
    config = {
        key: mapped(lambda part, key=key: made(package, inner[key], part), value) if key in inner else value
        for key, value in entry["config"].items()
    }
    table = package.optimizers.schedules if kind == "schedules" else getattr(package, kind)
    return getattr(table, entry["class_name"])(**config)


def network(package, graph, arrays, name=None):
    """The model of a graph."""
    tensors, layers = {}, {}
    for key, source in graph["inputs"].items():
        if isinstance(source, str):
            array = arrays[source]
            tensors[key] = package.Input(array.shape[1:], dtype=array.dtype.name, name=key)
        else:
            tensors[key] = package.Input(source, name=key)
    for key, entry, source, *options in graph["nodes"]:
        if isinstance(entry, str):
            layer = layers[entry]
        elif "nodes" in entry:
            layer = network(package, entry, arrays, key)
        else:
            layer = made(package, "layers", entry | {"config": entry["config"] | {"name": key}})
        layers[key] = layer
        given = mapped(tensors.get, options[0]) if options else {}
        output = layer(mapped(tensors.get, source), **given)
        several = isinstance(output, (list, tuple))
        tensors |= {f"{key}/{i}": part for i, part in enumerate(output)} if several else {key: output}
    inputs, outputs = list(mapped(tensors.get, list(graph["inputs"]))), mapped(tensors.get, graph["outputs"])
    return package.Model(*((part[0] if len(part) == 1 else part) for part in (inputs, outputs)), name=name)


class Run:
    """A case in a package that speaks Keras: `keras` or `fastnn`."""

    def __init__(self, package, case, arrays):
        self.package, self.case, self.arrays = package, case, arrays
        x = case["x"]
        self.x = mapped(arrays.get, x[0] if isinstance(x, list) and len(x) == 1 else x)
        self.y = mapped(arrays.get, case["y"])
        weight = "weights" if case["sample_weight"] is True else case["sample_weight"]
        self.sample_weight = mapped(arrays.get, weight) if weight else None
        self.class_weight = None if case["class_weight"] is None else dict(enumerate(case["class_weight"]))
        self.steps = case.get("steps", STEPS)
        self.brief = case.get("brief", False)

    def model(self, flat_weights=None):
        """A compiled model with these weights, or as the layers make them."""
        package, case = self.package, self.case
        if isinstance(case["layers"], dict):
            model = network(package, case["layers"], self.arrays)
        else:
            layers = [made(package, "layers", entry) for entry in case["layers"]]
            model = package.Sequential([package.Input(self.x.shape[1:]), *layers])
        model.compile(
            optimizer=made(package, "optimizers", case["optimizer"]),
            loss=mapped(lambda entry: made(package, "losses", entry), case["loss"]),
            loss_weights=case.get("loss_weights"),
            metrics=mapped(lambda entry: made(package, "metrics", entry), case["metrics"]),
            weighted_metrics=mapped(lambda entry: made(package, "metrics", entry), case["weighted_metrics"]),
            run_eagerly=True,
        )
        if flat_weights is not None:
            shapes = [w.shape for w in model.get_weights()]
            parts = np.split(flat_weights, np.cumsum([int(np.prod(s)) for s in shapes])[:-1])
            model.set_weights([p.reshape(s) for p, s in zip(parts, shapes, strict=True)])
        return model

    def predict(self, model):
        """The outputs, several as one row."""
        output = model.predict(self.x, verbose=0)
        if isinstance(output, list):
            return np.concatenate([part.ravel() for part in output])
        return output

    def step(self, model, i):
        """Train on the i-th batch; after the last comes the first."""
        first = i * BATCH % (STEPS * BATCH)
        x, y, weights = (
            mapped(lambda array: None if array is None else array[first : first + BATCH], arrays)
            for arrays in (self.x, self.y, self.sample_weight)
        )
        model.train_on_batch(x, y, sample_weight=weights, class_weight=self.class_weight)

    def evaluate(self, model):
        """Loss and metrics of all rows."""
        return model.evaluate(
            self.x,
            self.y,
            sample_weight=self.sample_weight,
            batch_size=ROWS if self.brief else BATCH,
            verbose=0,
            return_dict=True,
        )

    def history(self, model):
        """What `fit` reports of every epoch."""
        return model.fit(
            self.x,
            self.y,
            sample_weight=self.sample_weight,
            class_weight=self.class_weight,
            **FIT | self.case["fit"],
        ).history


def flat(model):
    """All weights as one array."""
    return np.concatenate([w.ravel() for w in model.get_weights()])
