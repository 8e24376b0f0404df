"""Cases of recurrent networks, of models with several inputs and outputs, and of ten steps of each optimizer.

A graph is a table too: its inputs by name, what each node is made of, and the names of the outputs.
"""

import json
from itertools import product

import numpy as np

from . import cases
from .cases import ROWS, conv, dense, of


def more_data():
    """Arrays beside those of `cases.data`: of integers, with padding, and second inputs."""
    rng = np.random.default_rng(11)
    kept = np.ones((ROWS, 4), bool)
    kept[1, 2:] = kept[2, :1] = kept[3] = kept[6, 1:3] = kept[8, :3] = kept[12, 1:] = kept[22, 3:] = False
    some = kept | (np.arange(ROWS)[:, None] == 3) & (np.arange(4) == 1)  # of every row a step at least
    tokens = rng.integers(1, 7, (ROWS, 4))
    step_weights = rng.uniform(0.2, 2, (ROWS, 4))
    step_weights[[0, 5, 9], [1, 0, 3]] = 0
    arrays = {
        "padded": np.where(kept[..., None], values := rng.normal(size=(ROWS, 4, 3)), 0),
        "padded_some": np.where(some[..., None], values, 0),
        "tokens": np.where(kept, tokens, 0),
        "tokens_some": np.where(some, tokens, 0),
        "tokens_unpadded": tokens,
        "others": rng.normal(size=(ROWS, 5)),
        "column": rng.normal(size=(ROWS, 1)),
        "sequences_step": rng.normal(size=(ROWS, 1, 3)),
        "sequences_other": rng.normal(size=(ROWS, 4, 3)),
        "decoded": rng.normal(size=(ROWS, 3, 2)),
        "frames": rng.normal(size=(ROWS, 3, 4, 4, 1)),
        "state": rng.normal(size=(ROWS, 3)),
        "state_other": rng.normal(size=(ROWS, 3)),
        "step_weights": step_weights,
        "other_weights": rng.uniform(0.1, 1, ROWS),
    }
    return {k: a.astype("int32" if a.dtype.kind == "i" else "float32") for k, a in arrays.items()}


def case(layers, y, loss, x="rows", optimizer=None, full=False, **more):
    """A case; unless `full`, losses and metrics are of all rows at once after training, without `fit`.

    Recurrent layers are unrolled, which says nothing here and spares Keras a compilation; but not behind a
    mask, of which that loop of Keras knows less: it forgets `zero_output_for_mask` and the initial state.
    """
    text = json.dumps(layers)
    if not ("Masking" in text or "mask_zero" in text):
        layers = json.loads(text.replace('"unroll": false', '"unroll": true'))
    return cases.case(layers, y, loss, x, optimizer, **more if full else {"brief": True} | more)


ADAM = of("Adam", learning_rate=0.02)
CELLS = {
    "simple": ("SimpleRNN", {}),
    "lstm": ("LSTM", {}),
    "gru": ("GRU", {}),
    "gru_before": ("GRU", {"reset_after": False}),
}


def recurrent(name, units=3, **config):
    """A recurrent layer."""
    class_name, own = CELLS[name]
    return of(class_name, units=units, unroll=False, **own, **config)


def rnn():
    """What is alike for all cells."""
    variants = {
        "last": {},
        "sequences": {"return_sequences": True},
        "backwards": {"go_backwards": True},
        "backwards_sequences": {"go_backwards": True, "return_sequences": True},
    }
    masked = variants | {
        "zero_output": {"return_sequences": True, "zero_output_for_mask": True},
        "backwards_zero_output": {
            "go_backwards": True,
            "return_sequences": True,
            "zero_output_for_mask": True,
        },
    }
    others = {
        "no_bias": {"use_bias": False},
        "relu": {"activation": "relu", "return_sequences": True},
        "random_bias": {"bias_initializer": "random_normal"},
        "penalties": {
            "kernel_regularizer": of("L1", l1=0.01),
            "recurrent_regularizer": of("L2", l2=0.1),
            "bias_regularizer": "l2",
            "activity_regularizer": of("L2", l2=0.1),
        },
        "constraints": {
            "kernel_constraint": of("MaxNorm", max_value=0.8, axis=0),
            "recurrent_constraint": of("UnitNorm", axis=0),
            "bias_constraint": of("NonNeg"),
        },
    }
    few = ("sequences", "backwards", "penalties", "zero_output")
    for cell in CELLS:
        for name, config in (variants | others).items():
            if cell not in ("lstm", "gru") and name not in few:
                continue
            if cell == "simple":  # Keras forgets what it is given
                config = {key: value for key, value in config.items() if key != "activity_regularizer"}
            y = "real_sequences" if config.get("return_sequences") else "real"
            stack = [recurrent(cell, **config), dense(2)]
            yield f"{cell}_{name}", case(stack, y, "mse", "sequences", ADAM, metrics=["mae"])
        for name, config in masked.items():
            if cell not in ("lstm", "gru") and name not in few:
                continue
            y = "real_sequences" if config.get("return_sequences") else "real"
            stack = [of("Masking"), recurrent(cell, **config), dense(2)]
            yield f"{cell}_masked_{name}", case(stack, y, "mse", "padded", ADAM, metrics=["mae"])
        deep = [of("Masking"), recurrent(cell, return_sequences=True), recurrent(cell, 2), dense(2)]
        yield f"{cell}_masked_deep", case(deep, "real", "mse", "padded", ADAM)
        sgd = of("SGD", learning_rate=0.1, momentum=0.9)
        yield f"{cell}_sgd", case([recurrent(cell), dense(2)], "real", "mse", "sequences", sgd)
    hard = {"recurrent_activation": "hard_sigmoid", "return_sequences": True}
    for cell in ("lstm", "gru"):
        stack = [recurrent(cell, **hard), recurrent(cell, 2, activation="softsign")]
        yield f"{cell}_activations", case(stack, "real", "mse", "sequences", ADAM)
    stack = [recurrent("lstm", unit_forget_bias=False), dense(2)]
    yield "lstm_no_forget_bias", case(stack, "real", "mse", "sequences", ADAM)


def wrappers():
    """Layers around layers and around cells."""
    for cell, mode, masked in product(("simple", "lstm"), ("sum", "mul", "concat", "ave"), (0, 1)):
        steps = masked == (mode in ("sum", "concat"))
        inner = recurrent(cell, 2, return_sequences=steps)
        both = of("Bidirectional", layer=inner, merge_mode=mode)
        stack = [of("Masking")] * masked + [both, dense(2)]
        name = f"bidirectional_{cell}_{mode}{'_masked' * masked}{'_sequences' * steps}"
        y, x = "real_sequences" if steps else "real", "padded" if masked else "sequences"
        yield name, case(stack, y, "mse", x, ADAM)
    forward, backward = recurrent("lstm", 2), recurrent("gru", 2, go_backwards=True)
    both = of("Bidirectional", layer=forward, backward_layer=backward)
    yield "bidirectional_of_two", case([both, dense(2)], "real", "mse", "sequences", ADAM)
    inner = recurrent("lstm", 2, return_sequences=True, zero_output_for_mask=True)
    stack = [of("Masking"), of("Bidirectional", layer=inner), of("Bidirectional", layer=recurrent("gru", 2))]
    yield "bidirectional_deep", case([*stack, dense(2)], "real", "mse", "padded", ADAM)
    cells = {
        "cell": of("GRUCell", units=3, reset_after=False),
        "cells": [of("LSTMCell", units=3), of("GRUCell", units=2), of("SimpleRNNCell", units=3)],
        "stacked": of("StackedRNNCells", cells=[of("LSTMCell", units=2), of("LSTMCell", units=3)]),
    }
    for (name, cell), masked in product(cells.items(), (0, 1)):
        stack = [of("Masking")] * masked + [
            of("RNN", cell=cell, unroll=False, return_sequences=True),
            dense(2),
        ]
        x = "padded" if masked else "sequences"
        yield f"rnn_of_{name}{'_masked' * masked}", case(stack, "real_sequences", "mse", x, ADAM)
    distributed = {
        "dense": ("sequences", [of("TimeDistributed", layer=dense(4, "tanh"))]),
        "layers": (
            "frames",
            [
                of("TimeDistributed", layer=conv(2, 2, "tanh")),
                of("TimeDistributed", layer=of("MaxPooling2D")),
                of("TimeDistributed", layer=of("Flatten")),
                recurrent("lstm"),
            ],
        ),
    }
    for name, (x, stack) in distributed.items():
        end = [] if x == "frames" else [of("Flatten")]
        yield f"distributed_{name}", case([*stack, *end, dense(2)], "real", "mse", x, ADAM)
    repeated = [dense(3, "tanh"), of("RepeatVector", n=4), recurrent("gru", return_sequences=True)]
    head = of("TimeDistributed", layer=dense(2))
    yield "repeated", case([*repeated, head], "real_sequences", "mse", optimizer=ADAM)


def embeddings():
    """Sequences of words: what a mask leaves out of layers, losses and metrics."""
    words = of("Embedding", input_dim=7, output_dim=3, mask_zero=True)
    plain = of("Embedding", input_dim=7, output_dim=3)
    sgd = of("SGD", learning_rate=0.2)
    pool, batch, layer = of("GlobalAveragePooling1D"), of("BatchNormalization"), of("LayerNormalization")
    rows = {
        "average": [words, pool],
        "average_unmasked": [plain, pool],
        "flat": [plain, of("Flatten")],
        "lstm": [words, recurrent("lstm")],
        "batch_normalization": [words, of("BatchNormalization", momentum=0.7), recurrent("gru")],
        "layer_normalization": [words, layer, recurrent("simple")],
        "activation": [words, dense(4), of("ReLU"), recurrent("lstm")],
        "padded_batch_normalization": [of("Masking"), batch, pool],
        "padded_layer_normalization": [of("Masking"), layer, pool],
    }
    for name, stack in rows.items():
        x = "padded" if name.startswith("padded") else "tokens"
        x += "_some" * (pool in stack)  # a mean of none is NaN, in Keras too
        yield name, case([*stack, dense(2)], "real", "mse", x, ADAM)
    for name, optimizer in {
        "sgd_momentum": of("SGD", learning_rate=0.1, momentum=0.9),
        "adamw": of("AdamW", learning_rate=0.05, weight_decay=0.1),
        "rmsprop": of("RMSprop", learning_rate=0.02),
        "adagrad": of("Adagrad", learning_rate=0.1),
    }.items():
        yield name, case([words, pool, dense(2)], "real", "mse", "tokens_some", optimizer)
    penalty = of("Embedding", input_dim=7, output_dim=3, mask_zero=True, embeddings_regularizer="l2")
    yield "penalty", case([penalty, pool, dense(2)], "real", "mse", "tokens_some", sgd)
    limited = of("Embedding", input_dim=7, output_dim=3, embeddings_constraint=of("MaxNorm", max_value=0.05))
    yield "constraint", case([limited, pool, dense(2)], "real", "mse", "tokens_some", sgd)
    scce = "sparse_categorical_crossentropy"
    weights, both = {"sample_weight": "step_weights"}, {"metrics": ["mae"], "weighted_metrics": ["mae"]}
    tagger = [words, recurrent("lstm", return_sequences=True), dense(3, "softmax")]
    counts = {"metrics": ["accuracy"], "weighted_metrics": ["accuracy"]}
    yield "tagger", case(tagger, "step_classes", scce, "tokens", ADAM, **counts)
    yield "tagger_weights", case(tagger, "step_classes", scce, "tokens", ADAM, **weights, **counts)
    # In training Keras forgets the mask of metrics where JAX is below: `full` without them.
    yield "tagger_batches", case(tagger, "step_classes", scce, "tokens", ADAM, full=True)
    regression = [words, recurrent("gru", return_sequences=True), dense(2)]
    yield "regression", case(regression, "real_sequences", "mse", "tokens", ADAM, **weights, **both)
    batches = {"full": True} | weights
    yield "regression_batches", case(regression, "real_sequences", "mse", "tokens", ADAM, **batches)
    free = [plain, recurrent("lstm", return_sequences=True), dense(3, "softmax")]
    unmasked = batches | counts
    yield "temporal_weights", case(free, "step_classes", scce, "tokens_unpadded", ADAM, **unmasked)
    cce, names = "categorical_crossentropy", ["accuracy", "mse"]
    yield "one_hot_tagger", case(tagger, "step_one_hot", cce, "tokens", ADAM, metrics=names)


def graph(inputs, nodes, outputs):
    """A model: inputs by name, each the name of an array; nodes `name: (layer or name of one, sources)`."""
    return {
        "inputs": inputs,
        "nodes": [[name, *node] for name, node in nodes.items()],
        "outputs": outputs,
    }


def of_graph(made, y, loss, **more):
    """The case of a graph."""
    return case(made, y, loss, **{"x": list(made["inputs"].values()), "optimizer": ADAM} | more)


def merging():
    """Layers of several inputs."""
    pair = {"a": "rows", "b": "others"}
    heads = {"h": (dense(4, "tanh"), "a"), "k": (dense(4), "b")}
    names = "Add Subtract Multiply Average Maximum Minimum Concatenate"
    for name in names.split():
        nodes = heads | {"m": (of(name), ["h", "k"]), "out": (dense(2), "m")}
        yield name.lower(), of_graph(graph(pair, nodes, ["out"]), "real", "mse")
        if name not in ("Subtract",):
            more = heads | {"l": (dense(4, "sigmoid"), "a"), "m": (of(name), ["h", "k", "l"])}
            yield (
                f"{name.lower()}_of_three",
                of_graph(graph(pair, more | {"out": (dense(2), "m")}, ["out"]), "real", "mse"),
            )
        if name != "Concatenate":
            column = {"a": "rows", "b": "column"}
            nodes = {"h": (dense(4, "tanh"), "a"), "m": (of(name), ["h", "b"]), "out": (dense(2), "m")}
            yield f"{name.lower()}_column", of_graph(graph(column, nodes, ["out"]), "real", "mse")
            steps = {"a": "sequences", "b": "sequences_step"}
            nodes = {
                "h": (dense(3, "tanh"), "a"),
                "k": (dense(3), "b"),
                "m": (of(name), ["h", "k"]),
                "out": (dense(2), "m"),
            }
            yield f"{name.lower()}_step", of_graph(graph(steps, nodes, ["out"]), "real_sequences", "mse")
    both = {"a": "sequences", "b": "sequences_other"}
    heads = {"h": (dense(3, "tanh"), "a"), "k": (dense(3), "b")}
    for axis in (1, 2, -1):
        nodes = heads | {
            "m": (of("Concatenate", axis=axis), ["h", "k"]),
            "f": (of("Flatten"), "m"),
            "out": (dense(2), "f"),
        }
        yield f"concatenate_axis_{axis}", of_graph(graph(both, nodes, ["out"]), "real", "mse")
    for i, config in enumerate(
        (
            {"axes": 1},
            {"axes": 2},
            {"axes": [1, 1]},
            {"axes": [2, 2], "normalize": True},
            {"axes": -1, "normalize": True},
        )
    ):
        nodes = heads | {
            "m": (of("Dot", **config), ["h", "k"]),
            "f": (of("Flatten"), "m"),
            "out": (dense(2), "f"),
        }
        yield f"dot_{i}", of_graph(graph(both, nodes, ["out"]), "real", "mse")
    rows = {"h": (dense(4, "tanh"), "a"), "k": (dense(4), "b")}
    for normalize in (False, True):
        nodes = rows | {"m": (of("Dot", axes=1, normalize=normalize), ["h", "k"]), "out": (dense(2), "m")}
        yield f"dot_rows{'_normalized' * normalize}", of_graph(graph(pair, nodes, ["out"]), "real", "mse")
    masks = {"a": "padded", "b": "sequences_other"}
    start = {"n": (of("Masking"), "a"), "h": (dense(3, "tanh"), "n"), "k": (dense(3), "b")}
    for name in ("Add", "Concatenate"):
        nodes = start | {
            "m": (of(name), ["h", "k"]),
            "r": (recurrent("lstm"), "m"),
            "out": (dense(2), "r"),
        }
        yield f"{name.lower()}_masked", of_graph(graph(masks, nodes, ["out"]), "real", "mse")
    nodes = start | {"l": (of("Masking", mask_value=5.0), "k"), "m": (of("Add"), ["h", "l"])}
    nodes |= {"r": (recurrent("gru"), "m"), "out": (dense(2), "r")}
    yield "add_of_two_masked", of_graph(graph(masks, nodes, ["out"]), "real", "mse")


def functional():
    """Several outputs, shared layers, models in models, states that are passed on."""
    scce = "sparse_categorical_crossentropy"
    two = {
        "h": (dense(5, "tanh"), "a"),
        "value": (dense(2), "h"),
        "kind": (dense(3, "softmax"), "h"),
    }
    one_in = {"a": "rows"}
    model = graph(one_in, two, ["value", "kind"])
    ys, losses = ["real", "classes"], {"value": "mse", "kind": scce}
    by_name = {"value": "real", "kind": "classes"}
    yield "two_outputs", of_graph(model, ys, ["mse", scce], full=True)
    yield "two_outputs_by_name", of_graph(model, by_name, losses, full=True, metrics={"kind": ["accuracy"]})
    table = {
        "loss_weights": {"loss_weights": [0.3, 2.0]},
        "loss_weights_by_name": {"loss_weights": {"value": 0.5, "kind": 3.0}},
        "metrics_lists": {"metrics": [["mae"], ["accuracy"]]},
        "metrics_by_name": {"metrics": {"value": ["mae", "mse"], "kind": "accuracy"}},
        "weights": {
            "sample_weight": ["weights", "other_weights"],
            "metrics": [["mae"], ["accuracy"]],
            "weighted_metrics": [["mae"], ["accuracy"]],
        },
        "weighted_metrics_by_name": {
            "loss_weights": [2.0, 0.5],
            "weighted_metrics": {"kind": ["accuracy"]},
        },
    }
    for name, more in table.items():
        if name.endswith("by_name"):
            yield name, of_graph(model, by_name, losses, full=True, **more)
        else:
            yield name, of_graph(model, ys, ["mse", scce], full=True, **more)
    yield (
        "one_loss_for_two",
        of_graph(
            graph(one_in, two | {"kind": (dense(2), "h")}, ["value", "kind"]),
            ["real", "real"],
            ["mse", "mae"],
        ),
    )
    penalty = {
        "h": (dense(5, "tanh", kernel_regularizer="l2", activity_regularizer=of("L1", l1=0.01)), "a"),
        "value": (dense(2), "h"),
        "kind": (dense(3, "softmax", activity_regularizer="l2"), "h"),
    }
    yield (
        "penalties",
        of_graph(graph(one_in, penalty, ["value", "kind"]), ys, ["mse", scce], loss_weights=[0.3, 2.0]),
    )
    pair = {"a": "rows", "b": "others"}
    shared = {
        "h": (dense(4, "tanh"), "a"),
        "k": ("h", "b"),
        "m": (of("Concatenate"), ["h", "k"]),
        "out": (dense(2), "m"),
    }
    yield "shared", of_graph(graph(pair, shared, ["out"]), "real", "mse")
    penalized = shared | {"h": (dense(4, "tanh", kernel_regularizer="l2"), "a")}
    yield "shared_penalty", of_graph(graph(pair, penalized, ["out"]), "real", "mse")
    normalized = shared | {"h": (of("LayerNormalization"), "a")}
    yield "shared_normalization", of_graph(graph(pair, normalized, ["out"]), "real", "mse")
    residual = {
        "h": (dense(5, "tanh"), "a"),
        "s": (of("Add"), ["a", "h"]),
        "k": (dense(5, "relu"), "s"),
        "t": (of("Add"), ["s", "k"]),
        "out": (dense(2), "t"),
    }
    yield "residual", of_graph(graph(one_in, residual, ["out"]), "real", "mse")
    three = {"a": "rows", "b": "others", "c": "sequences"}
    wide = {
        "r": (recurrent("gru"), "c"),
        "m": (of("Concatenate"), ["a", "r"]),
        "h": (dense(4, "tanh"), "m"),
        "n": (of("Concatenate"), ["h", "b"]),
        "value": (dense(2), "n"),
        "flag": (dense(1, "sigmoid"), "h"),
    }
    yield (
        "three_inputs",
        of_graph(
            graph(three, wide, ["flag", "value"]),
            ["binary", "real"],
            ["bce", "mse"],
            metrics=[["accuracy"], []],
        ),
    )
    yield (
        "inputs_by_name",
        of_graph(
            graph(three, wide, ["value", "flag"]),
            {"flag": "binary", "value": "real"},
            {"value": "mse", "flag": "bce"},
            x=three,
        ),
    )
    inner = graph({"i": [5]}, {"u": (dense(4, "tanh"), "i"), "v": (dense(3), "u")}, ["v"])
    nested = {
        "h": (inner, "a"),
        "k": ("h", "b"),
        "m": (of("Multiply"), ["h", "k"]),
        "out": (dense(2), "m"),
    }
    yield "nested", of_graph(graph(pair, nested, ["out"]), "real", "mse")
    branches = graph({"i": [5]}, {"u": (dense(4, "tanh"), "i"), "v": (dense(3), "u")}, ["u", "v"])
    nested = {"h": (branches, "a"), "out": (dense(2), "h/0"), "side": (dense(2), "h/1")}
    yield "nested_outputs", of_graph(graph(one_in, nested, ["out", "side"]), ["real", "real"], ["mse", "mae"])
    middle = two | {"value": (dense(2), "h")}
    yield (
        "inner_output",
        of_graph(
            graph(one_in, middle | {"kind": (dense(3, "softmax"), "value")}, ["kind", "value"]),
            ["classes", "real"],
            [scce, "mse"],
        ),
    )
    states = {"simple": 1, "lstm": 2, "gru": 1}
    for cell, count in states.items():
        source = {"c": "sequences", "s": "state", "t": "state_other"}
        if count == 1:
            del source["t"]
        given = {"initial_state": ["s", "t"][:count]}
        nodes = {"r": (recurrent(cell), "c", given), "out": (dense(2), "r")}
        yield f"initial_state_{cell}", of_graph(graph(source, nodes, ["out"]), "real", "mse")
        passed = {"initial_state": [f"r/{i + 1}" for i in range(count)]}
        nodes = {
            "n": (of("Masking"), "c"),
            "r": (recurrent(cell, return_state=True), "n"),
            "q": (recurrent(cell, return_sequences=True), "d", passed),
            "out": (dense(2), "q"),
        }
        translated = {"c": "padded", "d": "sequences_other"}
        yield f"translator_{cell}", of_graph(graph(translated, nodes, ["out"]), "real_sequences", "mse")
        nodes = {
            "r": (recurrent(cell, return_state=True, return_sequences=True), "c"),
            "m": (of("Concatenate"), [f"r/{i + 1}" for i in range(count)] + ["s"]),
            "f": (of("Flatten"), "r/0"),
            "value": (dense(2), "m"),
            "other": (dense(2), "f"),
        }
        source = {"c": "sequences", "s": "state"}
        yield (
            f"states_{cell}",
            of_graph(graph(source, nodes, ["value", "other"]), ["real", "real"], ["mse", "mse"]),
        )
    for cell in states:
        nodes = {
            "n": (of("Masking"), "c"),
            "r": (of("Bidirectional", layer=recurrent(cell, return_state=True)), "n"),
            "m": (of("Concatenate"), [f"r/{i}" for i in range(1 + 2 * states[cell])]),
            "out": (dense(2), "m"),
        }
        yield f"bidirectional_states_{cell}", of_graph(graph({"c": "padded"}, nodes, ["out"]), "real", "mse")
        both = of("Bidirectional", layer=recurrent(cell, 2, return_sequences=True), merge_mode=None)
        nodes = {
            "n": (of("Masking"), "c"),
            "r": (both, "n"),
            "m": (of("Subtract"), ["r/0", "r/1"]),
            "out": (dense(2), "m"),
        }
        yield (
            f"bidirectional_apart_{cell}",
            of_graph(graph({"c": "padded"}, nodes, ["out"]), "real_sequences", "mse"),
        )


def penalties():
    """Constraints and regularizers of dense layers."""
    sgd = of("SGD", learning_rate=0.2)
    constraints = {
        "max_norm": of("MaxNorm", max_value=0.5),
        "max_norm_axis": of("MaxNorm", max_value=0.7, axis=1),
        "unit_norm": of("UnitNorm"),
        "non_neg": of("NonNeg"),
        "min_max_norm": of("MinMaxNorm", min_value=0.6, max_value=0.8, rate=0.5),
        "name": "max_norm",
    }
    for name, constraint in constraints.items():
        stack = [dense(6, "tanh", kernel_constraint=constraint, bias_constraint="non_neg"), dense(2)]
        yield name, case(stack, "real", "mse", optimizer=sgd)
        yield f"{name}_adam", case(stack, "real", "mse", optimizer=of("Adam", learning_rate=0.1))
    regularizers = {
        "activity_l1": {"activity_regularizer": of("L1", l1=0.1)},
        "activity_l2": {"activity_regularizer": "l2"},
        "activity_l1_l2": {"activity_regularizer": of("L1L2", l1=0.1, l2=0.2)},
        "orthogonal": {"kernel_regularizer": of("OrthogonalRegularizer", factor=0.1)},
        "orthogonal_columns": {"kernel_regularizer": of("OrthogonalRegularizer", factor=0.1, mode="columns")},
    }
    for name, config in regularizers.items():
        stack = [dense(6, "tanh", **config), dense(2)]
        yield name, case(stack, "real", "mse", optimizer=sgd)
    stack = [dense(6, "tanh"), of("ActivityRegularization", l1=0.02, l2=0.1), dense(2)]
    yield "activity_layer", case(stack, "real", "mse", optimizer=sgd, sample_weight=True)
    limited = conv(3, 2, "tanh", kernel_constraint=of("MaxNorm", max_value=0.6, axis=[0, 1, 2]))
    stack = [limited, of("Flatten"), dense(2, activity_regularizer="l1")]
    yield "images", case(stack, "real", "mse", "images", optimizer=sgd)
    stack = [of("BatchNormalization", gamma_constraint="non_neg", beta_regularizer="l2"), dense(2)]
    yield "batch_normalization", case(stack, "real", "mse", optimizer=sgd)


def trajectories():
    """Ten steps: what the optimizers of `cases.optimizers` leave out."""
    stack, rate = [dense(6, "tanh"), dense(3)], {"learning_rate": 0.05}
    table = {
        "nadam": of("Nadam", **rate),
        "nadam_decay": of("Nadam", beta_1=0.8, beta_2=0.9, weight_decay=0.1, **rate),
        "adamax": of("Adamax", **rate),
        "adamax_betas": of("Adamax", beta_1=0.5, beta_2=0.7, clipvalue=0.05, **rate),
        "adagrad": of("Adagrad", **rate),
        "adagrad_start": of("Adagrad", initial_accumulator_value=0.0, epsilon=0.01, **rate),
        "adadelta": of("Adadelta", learning_rate=1.0),
        "adadelta_rho": of("Adadelta", learning_rate=1.0, rho=0.7, epsilon=0.01),
        "lion": of("Lion", learning_rate=0.01),
        "lion_betas": of("Lion", learning_rate=0.01, beta_1=0.5, beta_2=0.8, weight_decay=0.3),
        "lamb": of("Lamb", **rate),
        "lamb_decay": of("Lamb", beta_1=0.7, beta_2=0.9, weight_decay=0.1, **rate),
        "ftrl": of("Ftrl", **rate),
        "ftrl_all": of(
            "Ftrl",
            l1_regularization_strength=0.001,
            l2_regularization_strength=0.01,
            l2_shrinkage_regularization_strength=0.1,
            beta=0.2,
            learning_rate=0.5,
        ),
        "ftrl_power": of("Ftrl", learning_rate_power=-0.3, initial_accumulator_value=0.2, **rate),
        "adamw_exponents": of("AdamW", beta_1=0.7, amsgrad=True, weight_decay=0.1, **rate),
        "rmsprop_clipped": of("RMSprop", global_clipnorm=0.1, epsilon=0.01, **rate),
        "average": of("Adam", use_ema=True, ema_momentum=0.8, epsilon=0.01, **rate),
        "average_over": of("SGD", use_ema=True, ema_momentum=0.7, ema_overwrite_frequency=3, **rate),
        "accumulation": of("SGD", gradient_accumulation_steps=3, momentum=0.9, **rate),
        "accumulation_adam": of("Adam", gradient_accumulation_steps=2, epsilon=0.01, **rate),
        "accumulation_all": of(
            "Adam",
            gradient_accumulation_steps=4,
            use_ema=True,
            ema_momentum=0.5,
            clipnorm=0.1,
            weight_decay=0.1,
            epsilon=0.01,
            **rate,
        ),
    }
    schedules = {
        "exponential": of("ExponentialDecay", initial_learning_rate=0.1, decay_steps=4, decay_rate=0.5),
        "staircase": of(
            "ExponentialDecay", initial_learning_rate=0.1, decay_steps=3, decay_rate=0.5, staircase=True
        ),
        "piecewise": of("PiecewiseConstantDecay", boundaries=[2, 6], values=[0.1, 0.03, 0.01]),
        "polynomial": of(
            "PolynomialDecay",
            initial_learning_rate=0.1,
            decay_steps=4,
            end_learning_rate=0.01,
            power=2.0,
            cycle=True,
        ),
        "inverse_time": of("InverseTimeDecay", initial_learning_rate=0.1, decay_steps=2, decay_rate=0.5),
        "cosine": of(
            "CosineDecay",
            initial_learning_rate=0.01,
            decay_steps=6,
            alpha=0.1,
            warmup_target=0.1,
            warmup_steps=3,
        ),
        "restarts": of(
            "CosineDecayRestarts", initial_learning_rate=0.1, first_decay_steps=3, t_mul=1.5, m_mul=0.7
        ),
    }
    for name, schedule in schedules.items():
        table[f"schedule_{name}"] = of("SGD", learning_rate=schedule, momentum=0.5)
    table["schedule_accumulation"] = of(
        "SGD", learning_rate=schedules["exponential"], gradient_accumulation_steps=2
    )
    table["schedule_adam"] = of("Adam", learning_rate=schedules["cosine"], epsilon=0.01)
    for name, optimizer in table.items():
        full = {"full": True, "fitted": True} if optimizer["config"].get("use_ema") else {}
        yield name, case(stack, "soft", "mse", optimizer=optimizer, steps=10, **full)


MAKERS = (rnn, wrappers, embeddings, merging, functional, penalties, trajectories)
