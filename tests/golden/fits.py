"""What users see of `fit`, `evaluate`, `predict` and callbacks: programs to run in Keras and in fastnn.

Each function takes the package and returns what JSON can hold: names, orders, decisions, few numbers.
"""

import inspect
import tempfile
from pathlib import Path

import numpy as np

from .cases import of

X = np.linspace(-1, 1, 40, dtype="float32").reshape(10, 4)
Y = np.linspace(0, 1, 20, dtype="float32").reshape(10, 2)
CLASSES = np.arange(10, dtype="int32") % 3
WEIGHTS = np.linspace(0.5, 1.5, 10, dtype="float32")
QUIET = {"verbose": 0, "shuffle": False, "batch_size": 4}

# What callbacks decide: a callback, and the value that it sees after each epoch.
FALLING = [1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
BUMPY = [1.0, 0.9, 0.95, 0.85, 0.86, 0.87, 0.849, 0.9, 0.95, 0.99]
FLAT = [0.5] * 8
RISING = [0.1, 0.2, 0.15, 0.3, 0.3, 0.25, 0.31, 0.2]
BROKEN = [1.0, 0.9, float("nan"), 0.8, float("nan"), float("nan"), 0.7]


def decisions():
    """Callbacks that watch a value, each with values to watch."""
    stop, lower, save = "EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint"
    path = {"filepath": "{epoch:02d}-{val_loss:.2f}.keras"}
    for name, config in {
        "plain": {},
        "patience": {"patience": 2},
        "patience_3": {"patience": 3},
        "delta": {"patience": 1, "min_delta": 0.12},
        "negative_delta": {"patience": 1, "min_delta": -0.12},
        "baseline": {"patience": 2, "baseline": 0.55},
        "baseline_unmet": {"patience": 3, "baseline": 0.05, "restore_best_weights": True},
        "restore": {"patience": 2, "restore_best_weights": True},
        "restore_late": {"patience": 1, "restore_best_weights": True, "start_from_epoch": 3},
        "start": {"start_from_epoch": 4},
        "max": {"patience": 2, "mode": "max", "restore_best_weights": True},
    }.items():
        yield f"stop_{name}", of(stop, **config)
    for name, config in {
        "patience": {"patience": 1},
        "half": {"patience": 2, "factor": 0.5},
        "cooldown": {"patience": 1, "factor": 0.5, "cooldown": 2},
        "delta": {"patience": 1, "factor": 0.5, "min_delta": 0.15},
        "least": {"patience": 1, "factor": 0.3, "min_lr": 0.05},
        "max": {"patience": 1, "factor": 0.5, "mode": "max"},
        "at_once": {"patience": 0, "factor": 0.9},
    }.items():
        yield f"lower_{name}", of(lower, **config)
    for name, config in {
        "all": {},
        "best": {"save_best_only": True},
        "best_max": {"save_best_only": True, "mode": "max"},
        "threshold": {"save_best_only": True, "initial_value_threshold": 0.86},
    }.items():
        yield f"save_{name}", of(save, **path, **config)
    yield (
        "save_batches",
        of(save, filepath="{epoch}-{batch}.keras", save_freq=4),
    )
    yield "save_many_batches", of(save, filepath="{epoch}-{batch}.keras", save_freq=7)


def decide(package, entry, values):
    """What a callback does when it sees these values as the validation loss of each epoch."""

    class Script(package.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["val_loss"] = values[epoch]
            self.model.set_weights([np.full((4, 2), epoch), np.zeros(2)])

    model = small(package)
    model.optimizer.learning_rate = 0.5
    saved = []
    model.save = lambda path, **_: saved.append(Path(path).name)
    callback = getattr(package.callbacks, entry["class_name"])(**entry["config"])
    done = model.fit(X, Y, epochs=len(values), callbacks=[Script(), callback], **QUIET)
    names = ("best", "best_epoch", "stopped_epoch", "wait", "cooldown_counter")
    return {
        "epochs": done.epoch,
        "rates": done.history.get("learning_rate"),
        "saved": saved,
        "weight": float(model.get_weights()[0][0, 0]),
        "rate": float(model.optimizer.learning_rate),
        **{name: plain(getattr(callback, name)) for name in names if hasattr(callback, name)},
    }


def plain(value):
    """A number as JSON holds it."""
    return value if value is None else float(value)


def small(package, **compiled):
    """A model of one output."""
    model = package.Sequential([package.Input((4,)), package.layers.Dense(2)])
    options = {"optimizer": package.optimizers.SGD(0.01), "loss": "mse", "run_eagerly": True}
    model.compile(**options | compiled)
    return model


def two_headed(package, form=list, **compiled):
    """A model of two outputs, "value" and "kind"."""
    x = package.Input((4,), name="x")
    value = package.layers.Dense(2, name="value")(x)
    kind = package.layers.Dense(3, activation="softmax", name="kind")(x)
    model = package.Model(x, {"value": value, "kind": kind} if form is dict else [value, kind])
    scce = "sparse_categorical_crossentropy"
    losses = {"value": "mse", "kind": scce} if form is dict else ["mse", scce]
    model.compile(**{"optimizer": "sgd", "loss": losses, "run_eagerly": True} | compiled)
    return model


def recorder(package, seen, **more):
    """A callback that notes each hook, its number and the keys of its logs."""

    def noted(hook):
        def numbered(self, number, logs=None):
            seen.append([hook, number, sorted(logs or {})])

        def plain(self, logs=None):
            seen.append([hook, sorted(logs or {})])

        return numbered if "batch" in hook or "epoch" in hook else plain

    hooks = [f"on_{kind}_{end}" for kind in ("train", "test", "predict", "epoch") for end in ("begin", "end")]
    hooks += [f"on_{kind}_batch_{end}" for kind in ("train", "test", "predict") for end in ("begin", "end")]
    methods = {hook: noted(hook) for hook in hooks} | more
    return type("Recorder", (package.callbacks.Callback,), methods)()


def kinds(structure):
    """Shapes instead of arrays, in their dicts and lists."""
    if isinstance(structure, dict):
        return {key: kinds(part) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        return ["list", *map(kinds, structure)]
    return ["scalar"] if np.ndim(structure) == 0 else list(np.shape(structure))


# ---- programs ------------------------------------------------------------------------------------------


def hooks_of_fit(package):
    seen, model = [], small(package, metrics=["mae"])
    model.fit(X, Y, epochs=2, validation_split=0.4, callbacks=[recorder(package, seen)], **QUIET)
    return seen


def hooks_of_evaluate(package):
    seen, model = [], small(package, metrics=["mae"])
    model.evaluate(X, Y, batch_size=4, verbose=0, callbacks=[recorder(package, seen)])
    return seen


def hooks_of_predict(package):
    seen, model = [], small(package)
    model.predict(X, batch_size=4, verbose=0, callbacks=[recorder(package, seen)])
    return [entry[:2] if "batch" in entry[0] else entry for entry in seen]


def parameters_of_callbacks(package):
    seen, callback = [], recorder(package, [])
    model = small(package)
    for options in ({"epochs": 3}, {"epochs": 3, "initial_epoch": 1, "steps_per_epoch": 2}):
        model.fit(X, Y, callbacks=[callback], **QUIET, **options)
        seen.append({key: callback.params[key] for key in ("epochs", "steps", "verbose")})
    return seen


def history_of_fit(package):
    model = small(package, metrics=["mae"], weighted_metrics=["mse"])
    done = model.fit(X, Y, epochs=2, validation_split=0.4, **QUIET)
    return {key: [len(values), type(values[0]).__name__] for key, values in sorted(done.history.items())}


def history_of_two_outputs(package):
    found = {}
    for form in (list, dict):
        metrics = {"value": ["mae", "mse"], "kind": "accuracy"}
        model = two_headed(package, form, metrics=metrics, weighted_metrics={"kind": ["accuracy"]})
        y = {"value": Y, "kind": CLASSES} if form is dict else [Y, CLASSES]
        done = model.fit(X, y, epochs=1, validation_data=(X, y), **QUIET)
        found[form.__name__] = sorted(done.history)
    return found


def names_of_metrics(package):
    m = package.metrics
    found = []
    for metrics in (
        ["mae", "mse"],
        ["mean_absolute_error"],
        ["MAE"],
        [m.MeanAbsoluteError()],
        [m.MeanAbsoluteError(name="mine")],
        [package.losses.MeanAbsoluteError()],
        ["mae", m.MeanAbsoluteError(name="mae")],
        [m.RootMeanSquaredError(), "cosine_similarity"],
        ["accuracy"],
    ):
        model = small(package, metrics=metrics)
        found.append(sorted(model.evaluate(X, Y, verbose=0, return_dict=True)))
    return found


def forms_of_evaluate(package):
    found = [kinds(small(package).evaluate(X, Y, verbose=0))]
    one = small(package, metrics=["mae"])
    found += [
        kinds(one.evaluate(X, Y, verbose=0)),
        kinds(one.evaluate(X, Y, verbose=0, return_dict=True)),
    ]
    two = two_headed(package)
    found += [
        kinds(two.evaluate(X, [Y, CLASSES], verbose=0)),
        kinds(two.evaluate(X, [Y, CLASSES], verbose=0, return_dict=True)),
    ]
    two = two_headed(package, metrics=[["mae"], ["accuracy"]])
    listed = two.evaluate(X, [Y, CLASSES], verbose=0)
    named = two.evaluate(X, [Y, CLASSES], verbose=0, return_dict=True)
    found.append([next(key for key, v in named.items() if v == value) for value in listed])
    return found


def forms_of_batches(package):
    found = []
    for metrics in ([], ["mae"]):
        model = small(package, metrics=metrics)
        for call in (model.train_on_batch, model.test_on_batch):
            found += [kinds(call(X, Y)), kinds(call(X, Y, return_dict=True))]
        found.append(kinds(model.predict_on_batch(X)))
    two = two_headed(package)
    return [*found, kinds(two.train_on_batch(X, [Y, CLASSES])), kinds(two.predict_on_batch(X))]


def forms_of_predict(package):
    x = package.Input((4,), name="x")
    y = package.layers.Dense(2, name="y")(x)
    z = package.layers.Dense(3, name="z")(x)
    outputs = (y, [y], (y, z), [y, z], {"first": z, "second": y}, {"a": y})
    found = [kinds(package.Model(x, form).predict(X, verbose=0)) for form in outputs]
    found += [kinds(package.Model([x], y).predict([X], verbose=0))]
    named = package.Model({"x": x}, y)
    return [*found, kinds(named.predict({"x": X}, verbose=0)), list(two_headed(package).output_names)]


def frequency_of_validation(package):
    found = []
    for frequency in (1, 2, 3, [1, 4], [5]):
        model = small(package)
        done = model.fit(X, Y, epochs=5, validation_data=(X, Y), validation_freq=frequency, **QUIET)
        found.append({key: len(values) for key, values in sorted(done.history.items())})
    return found


def first_epochs(package):
    found = []
    for options in (
        {"epochs": 5, "initial_epoch": 3},
        {"epochs": 2, "initial_epoch": 2},
        {"epochs": 3},
    ):
        seen, model = [], small(package)
        done = model.fit(X, Y, callbacks=[recorder(package, seen)], **QUIET, **options)
        found.append([done.epoch, [entry[:2] for entry in seen if "epoch" in entry[0]]])
    return found


def generators(package):
    def batches(count):
        for i in range(count):
            rows = slice(i * 2 % 10, i * 2 % 10 + 2)
            yield X[rows], Y[rows]

    found = []
    for count, epochs, steps in ((1000, 3, 2), (3, 1, None), (4, 2, 2), (7, 3, 2)):
        seen, model = [], small(package)
        done = model.fit(
            batches(count),
            epochs=epochs,
            steps_per_epoch=steps,
            verbose=0,
            callbacks=[recorder(package, seen)],
        )
        found.append([done.epoch, [entry[:2] for entry in seen if entry[0] == "on_train_batch_end"]])
    model = small(package)
    done = model.fit(
        batches(1000),
        epochs=2,
        steps_per_epoch=3,
        validation_data=batches(1000),
        validation_steps=2,
        verbose=0,
    )
    found.append({key: len(values) for key, values in sorted(done.history.items())})
    found.append(len(model.predict(((x,) for x, _ in batches(1000)), steps=3, verbose=0)))
    return found


def data_sets(package):
    class Batches(package.utils.PyDataset):
        def __len__(self):
            return 5

        def __getitem__(self, i):
            seen.append(i)
            rows = slice(2 * i, 2 * i + 2)
            return X[rows], Y[rows], WEIGHTS[rows]

        def on_epoch_end(self):
            seen.append("end")

    found = []
    for steps in (None, 2):
        seen, model = [], small(package, weighted_metrics=["mae"])
        done = model.fit(Batches(), epochs=2, steps_per_epoch=steps, shuffle=False, verbose=0)
        found.append([sorted(done.history), done.epoch])
        if steps is None:
            found.append([entry for entry in seen if entry != "end"][-5:])
    return found


def stop_in_a_batch(package):
    def stop(self, batch, logs=None):
        seen.append(["batch", batch])
        self.model.stop_training = batch == 1

    seen, model = [], small(package)
    options = {"epochs": 3, "validation_data": (X, Y)}
    callback = recorder(package, seen, on_train_batch_end=stop)
    done = model.fit(X, Y, callbacks=[callback], **QUIET, **options)
    kept = [entry for entry in seen if not entry[0].startswith("on_test")]
    return [kept, done.epoch, sorted(done.history), model.stop_training]


def stop_before(package):
    model = small(package)
    model.stop_training = True
    return model.fit(X, Y, epochs=3, **QUIET).epoch


def rates(package):
    found = []
    for schedule in (
        lambda epoch: 0.1 / (epoch + 1),
        lambda epoch, rate: rate * 0.5,
        lambda epoch, rate=9.0: rate if epoch < 2 else rate * 0.1,
    ):
        model = small(package, optimizer=package.optimizers.SGD(0.4))
        callback = package.callbacks.LearningRateScheduler(schedule)
        done = model.fit(X, Y, epochs=4, callbacks=[callback], **QUIET)
        found.append([done.history["learning_rate"], float(model.optimizer.learning_rate)])
    return found


def lines_of_csv(package):
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        for options in ({}, {"append": True}, {"separator": ";"}):
            model = small(package, metrics=["mae"])
            logger = package.callbacks.CSVLogger(str(path), **options)
            model.fit(X, Y, epochs=2, validation_split=0.2, callbacks=[logger], **QUIET)
            lines = path.read_text().split("\n")
            found.append([lines[0] if i == 0 else line[:2] for i, line in enumerate(lines)])
    return found


def stop_at_nan(package):
    seen, model = [], small(package)
    x = X.copy()
    x[5] = np.inf
    callbacks = [package.callbacks.TerminateOnNaN(), recorder(package, seen)]
    done = model.fit(x, Y, epochs=3, callbacks=callbacks, **QUIET)
    return [done.epoch, [entry[:2] for entry in seen if entry[0] == "on_train_batch_end"]]


def lambdas(package):
    seen, model = [], small(package)
    callback = package.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append(["begin", epoch]),
        on_epoch_end=lambda epoch, logs: seen.append(["end", epoch, sorted(logs)]),
        on_train_end=lambda logs: seen.append(["done", sorted(logs)]),
    )
    model.fit(X, Y, epochs=2, callbacks=[callback], **QUIET)
    return seen


def frozen_and_counted(package):
    model = two_headed(package)
    model.get_layer("kind").trainable = False
    return [
        model.count_params(),
        len(model.trainable_weights),
        len(model.non_trainable_weights),
        [layer.name for layer in model.layers[1:]],
        [tuple(w.shape) for w in model.get_weights()],
        list(model.input_names) if hasattr(model, "input_names") else ["x"],
        [list(shape) for shape in model.output_shape],
    ]


def updates_of_state(package):
    """Counts of steps: of the optimizer, over fits, and after compiling anew."""
    model = small(package, optimizer=package.optimizers.Adam())
    model.fit(X, Y, epochs=2, **QUIET)
    found = [int(model.optimizer.iterations)]
    model.fit(X, Y, epochs=1, **QUIET)
    found.append(int(model.optimizer.iterations))
    model.train_on_batch(X, Y)
    found.append(int(model.optimizer.iterations))
    model.compile("adam", "mse")
    return [*found, int(model.optimizer.iterations)]


PROGRAMS = (
    *(hooks_of_fit, hooks_of_evaluate, hooks_of_predict, parameters_of_callbacks),
    *(history_of_fit, history_of_two_outputs, names_of_metrics),
    *(forms_of_evaluate, forms_of_batches, forms_of_predict),
    *(frequency_of_validation, first_epochs, generators, data_sets, stop_in_a_batch, stop_before),
    *(rates, lines_of_csv, stop_at_nan, lambdas, frozen_and_counted, updates_of_state),
)
VALUES = {"falling": FALLING, "bumpy": BUMPY, "flat": FLAT, "rising": RISING, "broken": BROKEN}
DECISIONS = {
    f"{name}/{values}": (entry, VALUES[values])
    for name, entry in decisions()
    for values in (["bumpy"] if "batches" in name else VALUES)
    if (name, values) != ("stop_start", "broken")  # where Keras takes the NaN that comes first for the best
}
ALL = {f"decide/{name}": (decide, *given) for name, given in DECISIONS.items()} | {
    f"fit/{program.__name__}": (program,) for program in PROGRAMS
}


def source():
    """The text of all this, to tell whether stored answers are of it."""
    return inspect.getsource(inspect.getmodule(source))


def answer(package, name):
    """What a program or a decision gives in a package."""
    program, *given = ALL[name]
    return program(package, *given)
