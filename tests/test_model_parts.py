"""The parts of a model by themselves, and that nothing else of a model is in the way of its subclasses."""

import io

import numpy as np
import pytest

import fastnn
from fastnn.activations import relu, tanh
from fastnn.callbacks import Callback, CallbackList
from fastnn.data.adapters import DataAdapter, by_output
from fastnn.data.batches import ArrayBatches, DatasetBatches, batch_size_for
from fastnn.data.dataset import DatasetIterator
from fastnn.data.shuffle import EpochShuffler
from fastnn.data.validation import InputSpec, ordered_inputs, split_inputs, validate_inputs
from fastnn.layers import Dense
from fastnn.training.compile_spec import CompileSpec
from fastnn.training.inference import inference_plan
from fastnn.training.loop import run_epochs, run_evaluation, validation_schedule
from fastnn.training.plan_cache import KEPT_SHAPES, PlanCache
from fastnn.training.prediction import predict_batches
from fastnn.training.progress import Progress


def data(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


# ---- a dense layer trained without a model ----------------------------------------------------------------


@pytest.fixture
def parts():
    """A dense layer, what it is trained for, its plans, and an adapter for its data."""
    layer = Dense(2)
    layer.build((None, 3))
    objective = CompileSpec.of(layer, "sgd", "mse", metrics=["mae"]).objective(layer, ["y"], [(2,)])
    plans = PlanCache(lambda plan, inputs: [layer._append_steps(plan, inputs[0])], "float32")
    adapter = DataAdapter(
        lambda x, name: validate_inputs([x], [InputSpec("x", (3,), (3,))], "float32", name),
        lambda shapes: [(2,)],
        objective.outputs,
        "float32",
    )
    return layer, objective, plans, adapter


def expected(x, y, batch, epochs):
    """The same by a model."""
    model = fastnn.Sequential([fastnn.Input((3,)), Dense(2)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model, lambda: model.fit(x, y, batch_size=batch, epochs=epochs, shuffle=False, verbose=0).history


def test_training_and_evaluation_without_a_model(parts):
    layer, objective, plans, adapter = parts
    x, y = data(10, 3), data(10, 2, seed=1)
    model, train = expected(x, y, 4, 3)
    model.set_weights(layer.get_weights())
    history = train()
    arrays = adapter.arrays(x.tolist(), y.astype("float64"), None)
    plan = plans.training(objective, arrays.sample_shapes, arrays.weight_shapes, 4)
    batches = ArrayBatches(lambda _: plan, arrays, 4)
    seen = []

    class Logs(Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(logs)

    callbacks = CallbackList([Logs()], epochs=3, steps=batches.steps, verbose=0)
    progress = Progress(batches, EpochShuffler(), callbacks.callbacks, 0)
    logs = run_epochs(batches, 3, progress, callbacks, lambda: False, lambda epoch: {"extra": float(epoch)})
    batches.close()
    assert logs == seen[-1]
    assert [entry["extra"] for entry in seen] == [1.0, 2.0, 3.0]
    assert [entry["loss"] for entry in seen] == history["loss"]
    for a, b in zip(layer.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    plan = plans.evaluation(objective, arrays.sample_shapes)
    found = run_evaluation(
        ArrayBatches(lambda _: plan, arrays, 10), CallbackList(epochs=1, steps=1, verbose=0)
    )
    assert found == model.evaluate(x, y, verbose=0, return_dict=True)
    made = plans.inference(((3,),)).predict(x)
    np.testing.assert_array_equal(made, model.predict(x))


def test_batches_of_a_dataset(parts):
    _, objective, plans, adapter = parts
    x, y = data(6, 3), data(6, 2)
    dataset = DatasetIterator([(x[:4], y[:4]), (x[4:], y[4:], np.ones(2))])
    batches = DatasetBatches(
        dataset,
        lambda batch: adapter.arrays(*batch),
        lambda arrays: plans.evaluation(objective, arrays.sample_shapes, arrays.weight_shapes, len(arrays)),
    )
    found = run_evaluation(batches, CallbackList(epochs=1, steps=2, verbose=0))
    whole = adapter.arrays(x, y, None)
    plan = plans.evaluation(objective, whole.sample_shapes, capacity=6)
    at_once = run_evaluation(
        ArrayBatches(lambda _: plan, whole, 6), CallbackList(epochs=1, steps=1, verbose=0)
    )
    assert found == pytest.approx(at_once, rel=1e-6)


def test_plans_are_made_once_and_the_last_ones_kept():
    made = []

    def emit(plan, inputs):
        made.append(plan)
        return [relu.emit(plan, tanh.emit(plan, x)) for x in inputs]

    plans = PlanCache(emit, "float64")
    first = plans.inference(((1,),))
    assert plans.inference(((1,),)) is first
    assert plans.inference(((1,),), capacity=1000).capacity == 1000
    for width in range(2, KEPT_SHAPES + 2):
        plans.inference(((width,),))
    assert plans.inference(((1,),)) is not first
    assert len(made) == KEPT_SHAPES + 2
    x = np.array([[-1.0, 2.0]])
    np.testing.assert_allclose(inference_plan(plans, [x]).predict(x), [[0, np.tanh(2)]])


def test_what_depends_on_compile_can_be_dropped_alone(parts):
    _, objective, plans, _ = parts
    kept, dropped = plans.inference(((3,),)), plans.training(objective, ((3,),))
    plans.clear_compiled()
    assert plans.inference(((3,),)) is kept
    assert plans.training(objective, ((3,),)) is not dropped


def test_an_optimizer_built_for_others_in_between_is_built_again(parts):
    layer, objective, plans, adapter = parts
    plan = plans.training(objective, ((3,),))
    objective.optimizer.build(layer.weights[:1])
    again = plans.training(objective, ((3,),))
    assert again is not plan
    assert objective.optimizer.trainable_variables == layer.weights
    arrays = adapter.arrays(data(4, 3), data(4, 2), None)
    again.bind(*arrays.arrays)
    assert again.run(0, 4) == -1


# ---- data -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "names", "ndims", "message"),
    [
        ({"a": 1}, ["a", "b"], [1, 1], r"x: expected the inputs \['a', 'b'\], got \['a'\]"),
        ([np.ones(2)] * 3, ["a", "b"], [1, 1], "x: expected 2 inputs"),
        (np.ones((2, 2)), ["a", "b"], [1, 1], "x: expected a list of 2 arrays"),
    ],
)
def test_inputs_that_do_not_fit(x, names, ndims, message):
    with pytest.raises((ValueError, TypeError), match=message):
        split_inputs(x, names, ndims)


def test_inputs_in_their_order():
    assert ordered_inputs({"b": 2, "a": 1}, ["a", "b"]) == [1, 2]
    assert split_inputs([1.0, 2.0], ["a"], [0]) == [[1.0, 2.0]]
    x = np.ones((2, 3))
    assert split_inputs([x], ["a"], [1])[0] is x


def test_entries_of_outputs():
    assert by_output({"b": 1}, ["a", "b"], "y") == [None, 1]
    assert by_output(3.0, ["a", "b"], "sample_weight", shared=True) == [3.0, 3.0]
    with pytest.raises(ValueError, match="y: expected a list of 2 arrays"):
        by_output(3.0, ["a", "b"], "y")


def test_batch_sizes():
    assert [batch_size_for(None, n) for n in (0, 5, 100)] == [1, 5, 32]
    with pytest.raises(ValueError, match="batch_size"):
        batch_size_for(0, 5)


def test_schedules_of_validation():
    assert [validation_schedule(2)(epoch) for epoch in (1, 2, 3, 4)] == [False, True, False, True]
    assert [validation_schedule([1, 4])(epoch) for epoch in (1, 2, 3, 4)] == [True, False, False, True]


def test_predictions_of_batches_are_joined():
    def predict(x):
        return {"twice": 2 * x, "both": [x, x]}

    made = predict_batches([np.ones((2, 1)), np.zeros((1, 1))], predict, CallbackList(epochs=1, verbose=0))
    np.testing.assert_array_equal(made["twice"], [[2], [2], [0]])
    np.testing.assert_array_equal(made["both"][1], [[1], [1], [0]])


# ---- names ------------------------------------------------------------------------------------------------

NAMES = [
    *("accepts", "accepted_shape", "adapter", "alone", "append", "apply", "arrays", "as_called"),
    *("batches", "build_for", "build_once", "cache", "check_input", "connect", "emit"),
    *("emit_mask", "feed", "first_row", "forget_plans", "gate", "goals", "graph", "input_rows"),
    *("keys", "layers_of", "loop", "mask", "objective", "of_layers", "on_tape", "order", "ordered"),
    *("output_rows", "packed", "parts", "plan", "plan_cache", "plans", "predict_plan", "progress"),
    *("record", "rows", "rows_of", "run", "sample", "shape", "shuffler", "spec", "state", "states"),
    *("step", "stepwise", "structure", "sublayers", "trainer", "units", "update", "validate"),
    *("validate_inputs", "walks", "x", "y"),
]


def refuse(*args, **kwargs):
    raise AssertionError("a method of the user's own has been called")


@pytest.mark.parametrize("as_value", [False, True], ids=["methods", "attributes"])
def test_names_of_a_subclass_are_its_own(as_value):
    """Methods and attributes that happen to be called like something inside fastnn change nothing."""

    class Plain(fastnn.Model):
        def __init__(self):
            super().__init__(name="model")
            self.dense = Dense(2)
            if as_value:
                for name in NAMES:
                    setattr(self, name, 0.5)

        def call(self, x):
            return self.dense(x)

    own = type("Own", (Plain,), {} if as_value else dict.fromkeys(NAMES, refuse))
    x, y = data(8, 3), data(8, 2)
    results = []
    for cls in (Plain, own):
        fastnn.utils.set_random_seed(2)
        model = cls()
        model.compile("adam", "mse", metrics=["mae"])
        history = model.fit(x, y, epochs=2, batch_size=3, validation_split=0.25, verbose=0).history
        model.train_on_batch(x, y)
        model.fit(iter([(x, y)]), verbose=0)
        model.summary(print_fn=lambda text: None)
        model.save_weights(io.BytesIO())
        outer = fastnn.Sequential([fastnn.Input((3,)), model, Dense(1)])
        evaluated = model.evaluate(x, y, verbose=0)
        called = model(x, training=True)
        called.sum().backward()
        results.append((history, evaluated, model.predict(x).tolist(), outer.predict(x).shape))
    assert results[0] == results[1]


def test_the_public_face_of_a_model():
    """What is not in Keras' documentation, or in ours, starts with an underscore."""
    for cls in (fastnn.Model, fastnn.Sequential):
        assert not {name for name in dir(cls) if not name.startswith("_")} & set(NAMES)
