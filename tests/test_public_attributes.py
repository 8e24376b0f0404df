"""The public attributes of classes that programs extend: those of the documentation, and no others."""

import inspect

import numpy as np
import pytest

import fastnn
from fastnn import callbacks, constraints, initializers, layers, losses, metrics, optimizers, regularizers
from fastnn.attributes import constructor_arguments
from fastnn.optimizers import schedules
from fastnn.utils import PyDataset

LAYER = """
    activity_regularizer add_loss add_weight autocast build built call compute_dtype compute_mask
    compute_output_shape count_params dtype from_config get_config get_weights input losses name
    non_trainable_variables non_trainable_weights output set_weights supports_masking trainable
    trainable_variables trainable_weights variables weights"""
MODEL = f"""{LAYER}
    build_from_config compile compiled compute_loss compute_metrics evaluate export fit get_build_config
    get_layer get_metrics_result history
    input_names input_shape inputs layers load_weights loss metadata metrics metrics_names optimizer
    output_names output_shape outputs predict predict_on_batch predict_step profile reset_metrics reset_states
    save save_weights stop_evaluating stop_predicting stop_training stream summary test_on_batch test_step
    to_json train_on_batch train_step"""
HOOKS = " ".join(
    f"on_{of}{moment}"
    for of in ("", "train_", "test_", "predict_")
    for moment in ("batch_begin", "batch_end")
)

# An object of each class, and the attributes that it may have.
EXPECTED = [
    (layers.Layer(), LAYER),
    (fastnn.Model(), MODEL),
    (fastnn.Sequential(), f"{MODEL} add pop"),
    (losses.Loss(), "call dtype from_config get_config name reduction"),
    (
        metrics.Metric(),
        "add_variable add_weight dtype from_config get_config name reset_state result update_state variables",
    ),
    (
        optimizers.SGD(),
        """
        apply apply_gradients build built clipnorm clipvalue ema_momentum ema_overwrite_frequency
        exclude_from_weight_decay finalize_variable_values from_config get_config get_state
        global_clipnorm gradient_accumulation_steps iterations learning_rate loss_scale_factor lr momentum
        name nesterov scale_loss set_state step swap_averages trainable_variables use_ema variables
        weight_decay zero_grad""",
    ),
    (schedules.LearningRateSchedule(), "from_config get_config"),
    (
        callbacks.Callback(),
        f"""
        {HOOKS} get_state model on_epoch_begin on_epoch_end on_predict_begin on_predict_end on_test_begin
        on_test_end on_train_begin on_train_end params set_model set_params set_state""",
    ),
    (regularizers.Regularizer(), "from_config get_config"),
    (constraints.Constraint(), "from_config get_config"),
    (initializers.Initializer(), "from_config get_config"),
    (initializers.Ones(), "from_config get_config"),
    (initializers.HeNormal(), "distribution from_config get_config input_axes mode output_axes scale seed"),
    (constraints.MaxNorm(), "axis from_config get_config max_value"),
    (losses.Huber(), "call delta dtype from_config get_config name reduction"),
    (losses.MeanSquaredError(), "call dtype from_config get_config name reduction"),
    (
        PyDataset(),
        "get_state max_queue_size num_batches on_epoch_begin on_epoch_end set_state use_multiprocessing "
        "workers",
    ),
]


@pytest.mark.parametrize(("made", "names"), EXPECTED, ids=lambda value: type(value).__name__)
def test_attributes_are_those_of_the_documentation(made, names):
    found = {name for name in {*dir(made), *vars(made)} if not name.startswith("_")}
    assert sorted(found) == sorted(set(names.split()))


def test_concrete_losses_and_metrics_add_arguments_only():
    for module, base in (
        (losses, losses.Loss),
        (metrics, metrics.Metric),
        (optimizers, optimizers.Optimizer),
    ):
        for cls in vars(module).copy().values():
            if isinstance(cls, type) and issubclass(cls, base):
                added = set(dir(cls)) - set(dir(base)) - constructor_arguments(cls)
                assert not {name for name in added if not name.startswith("_")}, cls


FIRST = {
    **dict.fromkeys(("MeanIoU", "OneHotMeanIoU"), (2,)),
    **dict.fromkeys(("IoU", "OneHotIoU"), (2, [0])),
    **dict.fromkeys(("SensitivityAtSpecificity", "SpecificityAtSensitivity"), (0.5,)),
    **dict.fromkeys(("PrecisionAtRecall", "RecallAtPrecision"), (0.5,)),
    **dict.fromkeys(("MeanMetricWrapper", "FunctionLoss"), (max,)),
}


@pytest.mark.parametrize("module", [losses, metrics, optimizers, regularizers, constraints, initializers])
def test_arguments_are_attributes(module):
    for name in sorted(set(module.__all__) - {"Optimizer"}):
        cls = getattr(module, name)
        if isinstance(cls, type) and cls.__module__.startswith(module.__name__):
            made = cls(*FIRST.get(name, ()))
            arguments = set(inspect.signature(cls).parameters) - {"args", "kwargs"}
            assert not {argument for argument in arguments if not hasattr(made, argument)}, cls


@pytest.mark.parametrize(
    ("metric", "argument", "value"),
    [
        (metrics.RecallAtPrecision(0.25), "precision", 0.25),
        (metrics.BinaryCrossentropy(label_smoothing=0.5), "label_smoothing", 0.5),
        (metrics.SparseCategoricalCrossentropy(ignore_class=3), "ignore_class", 3),
        (metrics.CosineSimilarity(axis=1), "axis", 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_arguments_of_metrics(metric, argument, value):
    assert getattr(metric, argument) == metric.get_config()[argument] == value


NAMES = """
    accepts by_batch clear correction emit graph is_mean kernel labels layers_of logged plan plan_spec plans
    read rule rows_of run serve slots spec sparse state step_count stream_seed tally update value zeros
    """


def taking(cls):
    """Return a subclass whose objects have attributes of these names, which are no numbers of its base."""

    def __init__(self, *args, **kwargs):
        cls.__init__(self, *args, **kwargs)
        for name in NAMES.split():
            setattr(self, name, f"{name} of the program")

    return type(f"My{cls.__name__}", (cls,), {"__init__": __init__})


def trained(take):
    """Return what a model of classes of the program learns."""
    fastnn.utils.set_random_seed(0)
    dense = take(layers.Dense)(
        3,
        kernel_initializer=take(initializers.HeNormal)(seed=1),
        bias_initializer=take(initializers.Ones)(),
        kernel_regularizer=take(regularizers.L2)(0.1),
        kernel_constraint=take(constraints.MaxNorm)(1.0),
    )
    model = take(fastnn.Sequential)([fastnn.Input((2,)), dense, layers.Dense(2, "softmax")])
    optimizer = take(optimizers.Adam)(take(schedules.ExponentialDecay)(0.1, 2, 0.5))
    model.compile(
        optimizer,
        take(losses.CategoricalCrossentropy)(label_smoothing=0.1),
        metrics=[take(metrics.AUC)(name="auc"), take(metrics.CategoricalAccuracy)(name="accuracy")],
    )
    x = np.linspace(-1, 1, 16, dtype="float32").reshape(8, 2)
    y = np.eye(2, dtype="float32")[np.arange(8) % 2]
    history = model.fit(x, y, 4, 3, verbose=0, shuffle=False, callbacks=[take(callbacks.Callback)()])
    return history.history, [w.tolist() for w in model.get_weights()], model.evaluate(x, y, verbose=0)


def test_names_of_subclasses_are_free():
    assert trained(taking) == trained(lambda cls: cls)
