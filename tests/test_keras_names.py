"""Names that Keras programs use: modules, arguments, attributes, kinds of errors."""

import importlib

import numpy as np
import pytest

import fastnn
from fastnn import layers, optimizers
from fastnn._lazy import TABLES
from fastnn.checks import ArgumentError

X, Y = np.ones((4, 3), "float32"), np.ones((4, 1), "float32")


def small():
    model = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


# ---- modules -------------------------------------------------------------------------------------------


def test_fastnn_is_keras():
    from fastnn.keras.layers import Dense

    from fastnn import keras

    assert keras is fastnn
    assert Dense is layers.Dense


@pytest.mark.parametrize("package", sorted({*TABLES, "fastnn"} - {"fastnn.keras"}))
def test_every_public_module_has_the_name_of_keras(package):
    importlib.import_module("fastnn.keras")
    for inner in TABLES[package].get(".", "").split():
        if inner == "keras":
            continue
        name = f"{package}.{inner}"
        alias = "fastnn.keras" + name.removeprefix("fastnn")
        assert importlib.import_module(alias) is importlib.import_module(name)


def test_preprocessing_and_backend():
    from fastnn.keras.preprocessing.image import img_to_array

    from fastnn.preprocessing.sequence import pad_sequences

    assert pad_sequences is fastnn.utils.pad_sequences
    assert img_to_array is fastnn.utils.img_to_array
    assert fastnn.backend.epsilon() == fastnn.config.epsilon()
    assert fastnn.backend.backend() == "fastnn"
    assert fastnn.backend.is_keras_tensor(fastnn.Input((2,)))
    with pytest.raises(AttributeError, match="np.mean"):
        fastnn.backend.mean  # noqa: B018


@pytest.mark.parametrize(
    ("module", "name", "hint"),
    [
        ("fastnn.preprocessing.text", "Tokenizer", "pad_sequences"),
        ("fastnn.layers", "TextVectorization", "pad_sequences"),
        ("fastnn.layers", "Conv3D", "one and two dimensions"),
        ("fastnn.layers", "MultiHeadAttention", "attention"),
        ("fastnn", "ops", "NumPy"),
        ("fastnn", "applications", "pretrained"),
        ("fastnn.preprocessing.image", "ImageDataGenerator", None),
    ],
)
def test_what_is_absent_says_what_there_is(module, name, hint):
    with pytest.raises(AttributeError, match=hint):
        getattr(importlib.import_module(module), name)
    with pytest.raises(ImportError, match=hint):
        exec(f"from {module} import {name}")
    assert not hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize(
    ("module", "name", "hint"),
    [
        ("fastnn.layers", "CuDNNLSTM", "LSTM and GRU"),
        ("fastnn.layers", "merge", "layers.add, layers.concatenate"),
        ("fastnn.layers", "Deconvolution2D", "Conv2DTranspose"),
        ("fastnn.layers", "AtrousConvolution2D", "dilation_rate"),
        ("fastnn.layers", "TimeDistributedDense", r"TimeDistributed\(layers.Dense"),
        ("fastnn.layers", "maxpooling2d", "it is called MaxPooling2D"),
        ("fastnn.utils", "np_utils", "utils.to_categorical"),
        ("fastnn.utils", "multi_gpu_model", "processor"),
        ("fastnn.losses", "cosine_proximity", "cosine_similarity"),
        ("fastnn.losses", "mse", "mean_squared_error"),
        ("fastnn.initializers", "normal", "RandomNormal"),
        ("fastnn.losses", "logcosh", "it is called log_cosh$"),
        ("fastnn.metrics", "fmeasure", "F1Score"),
        ("fastnn.metrics", "fbeta_score", "it is called FBetaScore$"),
        ("fastnn.models", "model_from_yaml", "to_json"),
        ("fastnn", "objectives", "fastnn.losses"),
    ],
)
def test_names_of_earlier_versions_say_what_there_is(module, name, hint):
    test_what_is_absent_says_what_there_is(module, name, hint)


@pytest.mark.parametrize(
    ("module", "hint"),
    [
        ("fastnn.utils.np_utils", "utils.to_categorical"),
        ("fastnn.layers.core", "layers.Dense"),
        ("fastnn.keras.layers.embeddings", "layers.Dense"),
        ("fastnn.engine.topology", "fastnn.Model"),
        ("fastnn.applications.vgg16", "pretrained"),
    ],
)
def test_modules_of_earlier_versions_say_what_there_is(module, hint):
    with pytest.raises(ModuleNotFoundError, match=hint):
        importlib.import_module(module)


@pytest.mark.parametrize(
    ("make", "name", "hint"),
    [
        (lambda: fastnn.Sequential(), "fit_generator", "fit takes generators"),
        (lambda: fastnn.Sequential(), "evaluate_generator", "take generators"),
        (lambda: fastnn.Sequential(), "predict_generator", "take generators"),
        (lambda: fastnn.Sequential(), "predict_classes", "np.argmax"),
        (lambda: fastnn.Sequential(), "predict_proba", "predict returns"),
        (lambda: fastnn.Sequential(), "to_yaml", "to_json"),
        (lambda: fastnn.Model((x := fastnn.Input((3,))), layers.Dense(1)(x)), "add", "only a Sequential"),
        (lambda: layers.Dense(1), "inbound_nodes", "first call"),
        (lambda: layers.Dense(1), "get_output_at", "first call"),
        (lambda: optimizers.Adam(), "get_weights", "optimizer.variables"),
        (lambda: fastnn.callbacks.Callback(), "validation_data", "constructor"),
    ],
)
def test_methods_of_earlier_versions_say_what_there_is(make, name, hint):
    made = make()
    with pytest.raises(AttributeError, match=f"has no attribute '{name}': .*{hint}"):
        getattr(made, name)
    assert not hasattr(made, name)
    with pytest.raises(AttributeError, match="has no attribute 'any_other'$"):
        made.any_other  # noqa: B018


def test_a_layer_of_another_name_is_suggested():
    model = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(1, name="hidden")])
    with pytest.raises(ValueError, match=r"there are \['hidden'\]; did you mean 'hidden'\?"):
        model.get_layer("hidden_1")
    with pytest.raises(TypeError, match=r"expected a string, got 0; get_layer\(index"):
        model.get_layer(0)


# ---- arguments -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "attribute", "value"),
    [
        (lambda: layers.LeakyReLU(alpha=0.01), "negative_slope", 0.01),
        *[(lambda c=c: c(lr=0.5), "learning_rate", 0.5) for c in optimizers.registry.classes() if c.__init__],
    ],
)
def test_former_names_of_arguments_warn(make, attribute, value):
    with pytest.warns(fastnn.FastnnWarning, match=f"is called {attribute} now") as shown:
        made = make()
    assert getattr(made, attribute) == value
    assert shown[0].filename == __file__


def test_decay_names_the_schedule():
    with pytest.raises(ValueError, match=r"InverseTimeDecay\(0.1, 1, 0.001\)"):
        optimizers.SGD(0.1, decay=1e-3)


INTERNAL = ("rule", "start", "unknown", "kwargs", "args", "self", "'_")


@pytest.mark.parametrize("registry", [layers.registry, optimizers.registry], ids=["layers", "optimizers"])
def test_unknown_arguments_list_public_ones_only(registry):
    for cls in registry.classes():
        needed = {"Wrapper": (layers.Dense(1),)}.get(cls.__name__, ())
        for name in ("zzz", "rule", "start", "nmae", "trainabel"):
            with pytest.raises((TypeError, ValueError)) as error:
                cls(*needed, **{name: 1})
            text = str(error.value)
            assert name in text or "missing" in text or "expected" in text
            offered = text.partition(f"unknown name '{name}'")[2]
            assert not any(f"'{word}'" in offered for word in INTERNAL)


def test_unknown_arguments_of_a_subclass_suggest_those_of_its_base():
    class Mine(layers.Dense):
        def __init__(self, units, flavour=1, **kwargs):
            super().__init__(units, **kwargs)

    with pytest.raises(ValueError, match="did you mean 'activation'"):
        Mine(2, activatoin="relu")
    with pytest.raises(ValueError, match="did you mean 'flavour'"):
        Mine(2, flavor=1)


@pytest.mark.parametrize(
    "call",
    [
        lambda: layers.Dense(2, foo=1),
        lambda: layers.Dense(2, activation=3),
        lambda: layers.Dense(2, kernel_initializer=3),
        lambda: layers.Dense(2, name=3),
        lambda: layers.TimeDistributed(3),
        lambda: layers.Dropout("a"),
        lambda: layers.RepeatVector(1.5),
        lambda: optimizers.SGD(foo=1),
        lambda: optimizers.get(3),
        lambda: fastnn.losses.get(3),
        lambda: fastnn.metrics.get(3),
        lambda: fastnn.Sequential([3]),
        lambda: fastnn.Model(3, 3),
        lambda: small().compile("sgd", "mse", metrics="accuracy"),
        lambda: small().fit(X, Y, batch_size="a"),
        lambda: small().fit(X, Y, validation_data=3),
        lambda: small().fit("a", Y),
        lambda: fastnn.utils.to_categorical("a"),
        lambda: fastnn.utils.set_random_seed("a"),
    ],
)
def test_an_argument_of_a_wrong_type_is_a_value_error_and_a_type_error(call):
    assert issubclass(ArgumentError, ValueError)
    assert issubclass(ArgumentError, TypeError)
    with pytest.raises(ArgumentError):
        call()


def test_pop_of_nothing_is_an_index_error():
    with pytest.raises(IndexError):
        fastnn.Sequential().pop()


# ---- attributes ----------------------------------------------------------------------------------------


def test_paths_of_variables():
    inner = fastnn.Sequential([layers.Dense(1, name="last")], name="inner")
    model = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(2, name="first"), inner], name="outer")
    assert [v.path for v in model.weights] == [
        "outer/first/kernel",
        "outer/first/bias",
        "outer/inner/last/kernel",
        "outer/inner/last/bias",
    ]
    alone = layers.Dense(2, name="alone")
    alone.build((None, 3))
    assert [v.path for v in alone.weights] == ["alone/kernel", "alone/bias"]
    assert fastnn.Variable(np.zeros(2), "w").path == "w"


def test_dtype_of_layers_is_that_of_their_results():
    layer = layers.Dense(2)
    assert layer.dtype == layer.compute_dtype == layer(X).dtype == "float32"
    assert layers.Dense(2, dtype="float64").dtype == "float64"
    inner = layers.TimeDistributed(layers.Dense(2))
    fastnn.Model(start := fastnn.Input((3, 2), dtype="float64"), inner(start))
    assert inner.dtype == inner.layer.dtype == "float64"
    assert layers.Dense(2).get_config()["dtype"] is None


def test_names_of_optimizers_are_numbered():
    fastnn.utils.clear_session()
    assert [optimizers.Adam().name, optimizers.Adam().name, optimizers.get("sgd").name] == [
        "adam",
        "adam_1",
        "sgd",
    ]
    assert optimizers.Adam(name="mine").name == "mine"
    fastnn.backend.clear_session()
    assert [layers.Dense(1).name, optimizers.Adam().name] == ["dense", "adam"]


def test_learning_rate_has_a_value():
    optimizer = optimizers.SGD(0.5)
    assert float(optimizer.learning_rate.value) == float(optimizer.learning_rate.value.numpy()) == 0.5
    optimizer.learning_rate.value.assign(0.25)
    assert optimizer.learning_rate == 0.25


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("Precision", {"true_positives": [1.0], "false_positives": [1.0]}),
        ("Recall", {"true_positives": [1.0], "false_negatives": [1.0]}),
        ("TruePositives", {"accumulator": [1.0]}),
        ("BinaryIoU", {"total_cm": [[1.0, 1.0], [1.0, 1.0]]}),
        ("MeanSquaredError", {"total": 0.345, "count": 2.0}),
        ("BinaryAccuracy", {"total": 1.0, "count": 2.0}),
        ("PearsonCorrelation", {"total": 0.0, "count": 2.0}),
    ],
)
def test_states_of_metrics_are_variables(metric, expected):
    made = getattr(fastnn.metrics, metric)(name="m")
    keras_names = {"total_cm": "total_confusion_matrix"}
    assert [v.path for v in made.variables] == [f"m/{keras_names.get(name, name)}" for name in expected]
    before = [v.numpy() for v in made.variables]
    assert not any(np.any(value) for value in before)
    made.update_state([[0.0, 1.0], [1.0, 0.0]], [[0.2, 0.7], [0.3, 0.6]])
    if metric == "PearsonCorrelation":
        expected = {"total": float(made.total.value), "count": 2.0}
    if metric == "MeanSquaredError":
        expected = {"total": (0.04 + 0.09) / 2 + (0.49 + 0.36) / 2, "count": 2.0}
    for name, value in expected.items():
        np.testing.assert_allclose(getattr(made, name).numpy(), value, rtol=1e-6)
    made.reset_state()
    assert not any(np.any(v.numpy()) for v in made.variables)
    assert not hasattr(made, "nothing")


COUNTS = ["true_positives", "false_positives", "true_negatives", "false_negatives"]
OF_COLUMNS = ["true_positives", "false_positives", "false_negatives", "intermediate_weights"]
OF_R2 = ["num_samples", "squared_sum", "sum", "residual", "count"]


@pytest.mark.parametrize(
    ("metric", "before", "names", "shapes"),
    [
        (lambda m: m.FBetaScore(), [], OF_COLUMNS, [(3,)] * 4),
        (lambda m: m.F1Score("macro", 0.5), [], OF_COLUMNS, [(3,)] * 4),
        (lambda m: m.F1Score("micro"), [], OF_COLUMNS, [()] * 4),
        (lambda m: m.R2Score(), ["num_samples"], OF_R2, [(), (3,), (3,), (3,), (3,)]),
        (lambda m: m.AUC(num_thresholds=7), COUNTS, COUNTS, [(7,)] * 4),
        (lambda m: m.AUC(num_thresholds=7, multi_label=True), [], COUNTS, [(7, 3)] * 4),
        (lambda m: m.Precision([0.2, 0.5]), COUNTS[:2], COUNTS[:2], [(2,)] * 2),
        (
            lambda m: m.OneHotMeanIoU(3),
            ["total_confusion_matrix"],
            ["total_confusion_matrix"],
            [(3, 3)],
        ),
        (lambda m: m.RootMeanSquaredError(), ["total", "count"], ["total", "count"], [(), ()]),
        (
            lambda m: m.MeanMetricWrapper(lambda y, p: abs(y - p).max(-1)),
            ["total", "count"],
            ["total", "count"],
            [(), ()],
        ),
    ],
)
def test_variables_of_metrics_have_the_names_and_shapes_of_keras(metric, before, names, shapes):
    made = metric(fastnn.metrics)
    assert [v.name for v in made.variables] == before
    made.update_state(np.eye(3), [[0.9, 0.2, 0.4], [0.7, 0.6, 0.8], [0.3, 0.9, 0.1]])
    assert [v.name for v in made.variables] == names
    assert [v.shape for v in made.variables] == shapes
    made.reset_state()
    assert [v.name for v in made.variables] == before


@pytest.mark.parametrize(("metric", "names"), [("Mean", ["total", "count"]), ("Sum", ["total"])])
def test_sums_of_numbers_are_variables(metric, names):
    made = getattr(fastnn.metrics, metric)()
    assert [v.name for v in made.variables] == names
    made.update_state([1.0, 4.0])
    assert made.total.numpy() == 5.0


def test_values_of_variables_of_scores():
    y, p = [[1, 0, 1], [0, 1, 1], [1, 1, 0.0]], [[0.9, 0.2, 0.4], [0.7, 0.6, 0.8], [0.3, 0.9, 0.1]]
    score, explained = fastnn.metrics.FBetaScore(threshold=0.5), fastnn.metrics.R2Score()
    for metric in (score, explained):
        metric.update_state(y, p, [1, 2, 0.5])
    found = {name: getattr(score, name).numpy().tolist() for name in OF_COLUMNS}
    assert found == {
        "true_positives": [1.0, 2.5, 2.0],
        "false_positives": [2.0, 0.0, 0.0],
        "false_negatives": [0.5, 0.0, 1.0],
        "intermediate_weights": [1.5, 2.5, 3.0],
    }
    assert explained.num_samples.numpy() == 9.0
    np.testing.assert_allclose(explained.sum.numpy(), [1.5, 2.5, 3.0], rtol=1e-6)
    np.testing.assert_allclose(explained.squared_sum.numpy(), [1.5, 2.5, 3.0], rtol=1e-6)
    np.testing.assert_allclose(explained.total_mse.numpy(), [1.235, 0.365, 0.445], rtol=1e-6)
    np.testing.assert_allclose(explained.count.numpy(), [3.5, 3.5, 3.5], rtol=1e-6)


def test_variables_that_a_subclass_adds_to_a_metric():
    class Counting(fastnn.metrics.Precision):
        def __init__(self):
            super().__init__()
            self.calls = self.add_variable((), name="calls")

        def update_state(self, y_true, y_pred, sample_weight=None):
            super().update_state(y_true, y_pred, sample_weight)
            self.calls.assign(self.calls + 1)

    metric = Counting()
    metric.update_state([1.0], [0.7])
    assert [v.name for v in metric.variables] == ["true_positives", "false_positives", "calls"]
    assert metric.calls.numpy() == metric.true_positives.numpy()[0] == 1.0


def test_counts_of_auc_are_variables():
    auc = fastnn.metrics.AUC(num_thresholds=5)
    auc.update_state([0.0, 1.0], [0.3, 0.6])
    assert auc.true_positives.numpy().tolist() == [1.0, 1.0, 1.0, 0.0, 0.0]
    assert len(auc.variables) == 4
    assert fastnn.metrics.AUC(multi_label=True, label_weights=[1.0, 2.0]).variables == []


def test_compiled():
    model = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(1)])
    assert not model.compiled
    model.compile("sgd", "mse")
    assert model.compiled


def test_reset_states_of_a_model():
    inner = fastnn.Sequential([fastnn.Input((3, 2)), layers.LSTM(2, stateful=True, return_sequences=True)])
    both = layers.Bidirectional(layers.GRU(2, stateful=True))
    model = fastnn.Sequential([fastnn.Input((3, 2)), inner, both, layers.Dense(1)])
    x = np.ones((2, 3, 2), "float32")
    first, second = model.predict(x), model.predict(x)
    assert not np.allclose(first, second)
    model.reset_states()
    np.testing.assert_array_equal(model.predict(x), first)
    small().reset_states()


# ---- callbacks and data --------------------------------------------------------------------------------


def test_hooks_get_empty_logs_where_there_are_none():
    seen = {}

    class Seen(fastnn.callbacks.Callback):
        pass

    hooks = [name for name in dir(fastnn.callbacks.Callback) if name.startswith("on_")]
    for hook in hooks:
        setattr(Seen, hook, lambda self, *args, hook=hook: seen.setdefault(hook, args[-1]))
    model = small()
    model.fit(X, Y, validation_data=(X, Y), verbose=0, callbacks=[Seen()])
    model.predict(X, callbacks=[Seen()])
    begins = [hook for hook in hooks if hook.endswith("_begin") and not hook.startswith("on_batch")]
    assert {hook: seen[hook] for hook in begins} == {hook: {} for hook in begins}
    assert seen["on_predict_end"] == {}
    assert set(seen["on_train_end"]) == {"loss", "val_loss"}


def test_lambda_callback_has_other_attributes():
    callback = fastnn.callbacks.LambdaCallback(custom=lambda: 7, best=3)
    assert (callback.custom(), callback.best) == (7, 3)
    with pytest.raises(TypeError, match="did you mean 'on_epoch_end'"):
        fastnn.callbacks.LambdaCallback(on_epoch_ends=print)


def test_split_dataset_of_a_list_makes_pairs():
    x, y = np.arange(10.0)[:, None], np.arange(10)
    left, right = fastnn.utils.split_dataset([x, y], left_size=0.8)
    assert [(float(a[0]), int(b)) for a, b in right] == [(8.0, 8), (9.0, 9)]
    assert len(left) == 8
    again, _ = fastnn.utils.split_dataset(left, left_size=3)
    assert again == left[:3]
    with pytest.raises(ValueError, match="one length"):
        fastnn.utils.split_dataset([x, y[:3]], left_size=0.5)
    with pytest.raises(ValueError, match="share 10 elements"):
        fastnn.utils.split_dataset(x, left_size=12)
