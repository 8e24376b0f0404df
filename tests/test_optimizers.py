"""Every optimizer over fifty steps against Keras' rules in NumPy: one float64 loop over the variables."""

import copy
import json
import pickle
import re
from contextvars import Context
from functools import cache

import numpy as np
import pytest

import fastnn
from fastnn import optimizers
from fastnn.constraints import MaxNorm
from fastnn.layers import Dense
from fastnn.optimizers import schedules
from fastnn.variables import Variable

SHAPES = ((7, 5), (5,), (3, 3, 2), (1,))
STEPS = 50


# ---- the rules: (w, g, slots, t, rate, config) -> w; slots is a dict that they change -------------------


def sgd(w, g, s, t, rate, momentum=0.0, nesterov=False):
    v = s["v"] = momentum * s.get("v", 0) - rate * g
    return w + (momentum * v - rate * g if nesterov and momentum else v)


def moments(g, s, beta_1, beta_2):
    m = s["m"] = s.get("m", 0) * beta_1 + g * (1 - beta_1)
    v = s["v"] = s.get("v", 0) * beta_2 + g * g * (1 - beta_2)
    return m, v


def adam(w, g, s, t, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False):
    m, v = moments(g, s, beta_1, beta_2)
    if amsgrad:
        v = s["largest"] = np.maximum(s.get("largest", 0), v)
    return w - rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (np.sqrt(v) + epsilon)


def nadam(w, g, s, t, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m, v = moments(g, s, beta_1, beta_2)
    now, later = (beta_1 * (1 - 0.5 * 0.96**i) for i in (t, t + 1))
    product = s["product"] = s.get("product", 1.0) * now
    mean = later * m / (1 - product * later) + (1 - now) * g / (1 - product)
    return w - rate * mean / (np.sqrt(v / (1 - beta_2**t)) + epsilon)


def adamax(w, g, s, t, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m, _ = moments(g, s, beta_1, 0.0)
    norm = s["norm"] = np.maximum(beta_2 * s.get("norm", 0), abs(g))
    return w - rate * m / ((1 - beta_1**t) * (norm + epsilon))


def lamb(w, g, s, t, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m, v = moments(g, s, beta_1, beta_2)
    step = m / (1 - beta_1**t) / (np.sqrt(v / (1 - beta_2**t)) + epsilon)
    weight, length = np.linalg.norm(w), np.linalg.norm(step)
    return w - (weight / length if weight > 0 and length > 0 else 1) * rate * step


def rmsprop(w, g, s, t, rate, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False):
    v = s["v"] = rho * s.get("v", 0) + (1 - rho) * g * g
    a = s["a"] = rho * s.get("a", 0) + (1 - rho) * g if centered else 0
    s["m"] = momentum * s.get("m", 0) + rate * g / np.sqrt(v - a * a + epsilon)
    return w - s["m"]


def adagrad(w, g, s, t, rate, initial_accumulator_value=0.1, epsilon=1e-7):
    a = s["a"] = s.get("a", initial_accumulator_value) + g * g
    return w - rate * g / np.sqrt(a + epsilon)


def adadelta(w, g, s, t, rate, rho=0.95, epsilon=1e-7):
    a = s["a"] = rho * s.get("a", 0) + (1 - rho) * g * g
    step = g * np.sqrt(s.get("d", 0) + epsilon) / np.sqrt(a + epsilon)
    s["d"] = rho * s.get("d", 0) + (1 - rho) * step * step
    return w - rate * step


def lion(w, g, s, t, rate, beta_1=0.9, beta_2=0.99):
    m = s.get("m", 0)
    s["m"] = beta_2 * m + (1 - beta_2) * g
    return w - rate * np.sign(beta_1 * m + (1 - beta_1) * g)


def ftrl(w, g, s, t, rate, learning_rate_power=-0.5, initial_accumulator_value=0.1,
         l1_regularization_strength=0.0, l2_regularization_strength=0.0,
         l2_shrinkage_regularization_strength=0.0, beta=0.0):  # fmt: skip
    p, l1, a = -learning_rate_power, l1_regularization_strength, s.get("a", initial_accumulator_value)
    s["a"] = b = a + g * g
    z = s.get("z", 0) + g + 2 * l2_shrinkage_regularization_strength * w - (b**p - a**p) / rate * w
    s["z"] = z
    return (np.clip(z, -l1, l1) - z) / (b**p / rate + 2 * (l2_regularization_strength + beta / (2 * rate)))


RULES = {
    "sgd": (sgd, {}),
    "sgd momentum": (sgd, {"momentum": 0.9}),
    "sgd nesterov": (sgd, {"momentum": 0.8, "nesterov": True}),
    "adam": (adam, {}),
    "adam amsgrad": (adam, {"amsgrad": True, "beta_1": 0.8, "beta_2": 0.9}),
    "adamw": (adam, {"epsilon": 1e-3}),
    "adamax": (adamax, {}),
    "nadam": (nadam, {}),
    "nadam epsilon": (nadam, {"epsilon": 0.01, "beta_2": 0.99}),
    "lamb": (lamb, {"epsilon": 0.01}),
    "rmsprop": (rmsprop, {}),
    "rmsprop momentum": (rmsprop, {"momentum": 0.9, "rho": 0.8}),
    "rmsprop centered": (rmsprop, {"centered": True, "momentum": 0.5, "epsilon": 1e-3}),
    "adagrad": (adagrad, {}),
    "adagrad start": (adagrad, {"initial_accumulator_value": 0.5, "epsilon": 0.01}),
    "adadelta": (adadelta, {"epsilon": 1e-4}),
    "lion": (lion, {}),
    "ftrl": (ftrl, {}),
    "ftrl penalties": (ftrl, {
        "l1_regularization_strength": 0.05, "l2_regularization_strength": 0.1,
        "l2_shrinkage_regularization_strength": 0.02, "beta": 0.3, "initial_accumulator_value": 0.4,
    }),
    "ftrl power": (ftrl, {"learning_rate_power": -0.4}),
}  # fmt: skip
RATE = 0.02
DECAYING = schedules.InverseTimeDecay(RATE, 10, 0.5)
OPTIONS = {
    "plain": {},
    "decay": {"weight_decay": 0.1},
    "clipnorm": {"clipnorm": 1.0, "weight_decay": 0.05},
    "clipvalue": {"clipvalue": 0.5},
    "global_clipnorm": {"global_clipnorm": 2.0},
    "ema": {"use_ema": True, "ema_momentum": 0.9},
    "ema overwrites": {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 3},
    "accumulation": {"gradient_accumulation_steps": 4, "clipnorm": 0.4, "weight_decay": 0.1},
    "accumulation of ema": {
        "gradient_accumulation_steps": 3, "use_ema": True, "ema_overwrite_frequency": 2, "ema_momentum": 0.5,
    },
    "schedule": {"learning_rate": DECAYING, "weight_decay": 0.1},
    "schedule of steps": {"learning_rate": DECAYING, "gradient_accumulation_steps": 2},
}  # fmt: skip


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@cache
def gradients(step):
    return [(1.0 + i) * noise(*shape, seed=100 * step + i) for i, shape in enumerate(SHAPES)]


def variables(dtype, **options):
    return [
        Variable(noise(*shape, seed=i).astype(dtype), f"w{i}", **options) for i, shape in enumerate(SHAPES)
    ]


def expected(rule, config, start, steps, learning_rate=RATE, weight_decay=0.0, clipnorm=None, clipvalue=None,
             global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None,
             gradient_accumulation_steps=1, exempt=(), constraint=None):  # fmt: skip
    """Weights and averages after so many steps."""
    w = [x.astype("float64") for x in start]
    average, sums = [x.copy() for x in w], [np.zeros_like(x) for x in w]
    slots = [{} for _ in w]
    n = gradient_accumulation_steps
    for k in range(steps):
        rate = learning_rate(k) if callable(learning_rate) else learning_rate
        sums = [s + g for s, g in zip(sums, gradients(k), strict=True)]
        if (k + 1) % n == 0:
            g = [s / n for s in sums]
            sums = [np.zeros_like(x) for x in w]
            if clipnorm:
                g = [x * min(1, clipnorm / np.linalg.norm(x)) for x in g]
            if clipvalue:
                g = [np.clip(x, -clipvalue, clipvalue) for x in g]
            if global_clipnorm:
                total = np.sqrt(sum((x * x).sum() for x in g))
                g = [x * min(1, global_clipnorm / total) for x in g]
            w = [x if i in exempt else x * (1 - rate * weight_decay) for i, x in enumerate(w)]
            w = [rule(x, y, s, (k + 1) // n, rate, **config) for x, y, s in zip(w, g, slots, strict=True)]
        if use_ema:
            keep = ema_momentum if k // n else 0
            average = [keep * a + (1 - keep) * x for a, x in zip(average, w, strict=True)]
            if ema_overwrite_frequency and (k // n + 1) % ema_overwrite_frequency == 0:
                w = [a.copy() for a in average]
        if constraint is not None:
            w = [constraint(x) for x in w]
    return w, average


def made(name, config, options):
    arguments = {"learning_rate": RATE, "weight_decay": None} | config | options
    if name.split()[0] == "adamw" and arguments["weight_decay"] is None:
        arguments["weight_decay"] = 0.0
    return optimizers.get({"class_name": name.split()[0], "config": {}}).from_config(arguments)


def assert_close(actual, desired, dtype):
    tolerance = {"float32": 5e-5, "float64": 1e-12}[dtype]
    for a, d in zip(actual, desired, strict=True):
        np.testing.assert_allclose(a, d, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", RULES)
def test_trajectory(name, options, dtype):
    rule, config = RULES[name]
    weights = variables(dtype)
    start = [v.numpy() for v in weights]
    optimizer = made(name, config, OPTIONS[options])
    optimizer.build(weights)
    for k in range(STEPS):
        optimizer.apply(gradients(k))
    desired, average = expected(rule, config, start, STEPS, **OPTIONS[options])
    assert_close([v.value for v in weights], desired, dtype)
    assert optimizer.iterations == STEPS // OPTIONS[options].get("gradient_accumulation_steps", 1)
    if OPTIONS[options].get("use_ema"):
        optimizer.finalize_variable_values()
        assert_close([v.value for v in weights], average, dtype)


@pytest.mark.parametrize("name", RULES)
def test_constraints_come_last(name):
    rule, config = RULES[name]
    weights = variables("float64", constraint=lambda w: np.clip(w, -0.5, 0.5))
    start = [v.numpy() for v in weights]
    optimizer = made(name, config, {"weight_decay": 0.2})
    for k in range(10):
        optimizer.apply(gradients(k), weights)
    clip = lambda w: np.clip(w, -0.5, 0.5)  # noqa: E731
    desired, _ = expected(rule, config, start, 10, weight_decay=0.2, constraint=clip)
    assert_close([v.value for v in weights], desired, "float64")


@pytest.mark.parametrize("chosen", [{"var_names": ["w1", "w3$"]}, {"var_list": (1, 3)}])
def test_some_weights_do_not_decay(chosen):
    weights = variables("float64")
    start = [v.numpy() for v in weights]
    optimizer = optimizers.AdamW(RATE, weight_decay=0.5)
    if "var_list" in chosen:
        chosen = {"var_list": [weights[i] for i in chosen["var_list"]]}
    optimizer.exclude_from_weight_decay(**chosen)
    for k in range(5):
        optimizer.apply(gradients(k), weights)
    desired, _ = expected(adam, {}, start, 5, weight_decay=0.5, exempt=(1, 3))
    assert_close([v.value for v in weights], desired, "float64")
    with pytest.raises(ValueError, match="is built already"):
        optimizer.exclude_from_weight_decay(var_names=["bias"])


@pytest.mark.parametrize("name", RULES)
def test_threads_change_no_bit(name):
    """A weight of several chunks, with all that happens around the rule."""
    config = RULES[name][1]
    options = {
        "use_ema": True, "ema_overwrite_frequency": 2, "gradient_accumulation_steps": 2, "clipnorm": 3.0,
    }  # fmt: skip
    results = []
    for threads in (1, 3):
        with fastnn.threads(threads):
            w = Variable(noise(170, 200).astype("float32"), "w", constraint=MaxNorm(10.0))
            b = Variable(noise(200).astype("float32"), "b")
            optimizer = made(name, config, options)
            for k in range(4):
                optimizer.apply([noise(170, 200, seed=k), noise(200, seed=k)], [w, b])
        results.append((w.numpy(), b.numpy(), *optimizer.get_state().values()))
    for one, several in zip(*results, strict=True):
        assert np.array_equal(one, several)


# ---- in a plan -------------------------------------------------------------------------------------------

FITTED = {
    "plain": {},
    "ema": {"use_ema": True, "ema_momentum": 0.6, "ema_overwrite_frequency": 4},
    "accumulation": {"gradient_accumulation_steps": 3, "global_clipnorm": 0.1},
    "schedule": {"learning_rate": lambda step: 0.1 / (1 + step)},
    "callable": {"learning_rate": lambda: 0.05},
}


@pytest.mark.parametrize("constraint", [None, "max_norm", lambda w: np.minimum(w, 0.1)])
@pytest.mark.parametrize("options", FITTED)
def test_fit_does_what_apply_does(options, constraint):
    """The update of a plan is the one of a loop by hand."""
    x, y = noise(40, 6), noise(40, 3, seed=1)
    layer = fastnn.layers.Dense(3, kernel_constraint=constraint, dtype="float64")
    model = fastnn.Sequential([fastnn.Input((6,)), layer])
    arguments = {"learning_rate": 0.05} | FITTED[options]
    model.compile(optimizers.Adam(**arguments), "mse")
    kernel = Variable(layer.kernel.numpy(), "kernel", constraint=layer.kernel.constraint)
    bias = Variable(layer.bias.numpy(), "bias")
    twin = optimizers.Adam(**arguments)
    model.fit(x, y, batch_size=10, epochs=2, shuffle=False, verbose=0)
    for k in range(8):
        rows = slice(10 * (k % 4), 10 * (k % 4) + 10)
        slope = 2 * (x[rows] @ kernel.value + bias.value - y[rows]) / 30
        twin.apply([x[rows].T @ slope, slope.sum(0)], [kernel, bias])
    twin.finalize_variable_values()
    np.testing.assert_allclose(layer.kernel.value, kernel.value, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(layer.bias.value, bias.value, rtol=1e-10, atol=1e-12)
    assert model.optimizer.iterations == twin.iterations


def test_accumulation_leaves_the_gradients_of_an_embedding_alone():
    """They are made in the rows that a batch names, and in no others."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 12, (24, 1)), rng.normal(size=(24, 1, 3))
    table = fastnn.layers.Embedding(12, 3, embeddings_initializer="zeros", dtype="float64")
    model = fastnn.Sequential([fastnn.Input((1,), dtype="float64"), table])
    model.compile(optimizers.SGD(0.5, gradient_accumulation_steps=3), "mse")
    model.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0)
    twin, optimizer = Variable(np.zeros((12, 3)), "table"), optimizers.SGD(0.5)
    for first in (0, 12):
        gradient = np.zeros((12, 3))
        for i in range(first, first + 12):
            gradient[x[i, 0]] += 2 * (twin.value[x[i, 0]] - y[i, 0]) / 12 / 3
        optimizer.apply([gradient], [twin])
    np.testing.assert_allclose(table.embeddings.value, twin.value, rtol=1e-10, atol=1e-14)


def test_a_schedule_is_asked_before_each_step():
    asked = []
    model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(1)])
    optimizer = optimizers.SGD(lambda step: asked.append(step) or 0.0)
    model.compile(optimizer, "mse")
    model.fit(np.ones((12, 2)), np.ones((12, 1)), batch_size=4, epochs=2, verbose=0)
    assert asked == list(range(6))
    with pytest.raises(ValueError, match="learning_rate: .*nan"):
        _ = optimizers.SGD(lambda: float("nan")).learning_rate


def test_an_error_in_a_hook_is_raised():
    def refuses(argument):
        raise RuntimeError("no more")

    for options in ({"learning_rate": refuses}, {}):
        layer = fastnn.layers.Dense(1, kernel_constraint=None if options else refuses)
        model = fastnn.Sequential([fastnn.Input((2,)), layer])
        model.compile(optimizers.SGD(**options), "mse")
        with pytest.raises(RuntimeError, match="no more"):
            model.train_on_batch(np.ones((4, 2)), np.ones((4, 1)))
        assert np.isfinite(model.predict(np.ones((4, 2)), verbose=0)).all()


# ---- a loop by hand --------------------------------------------------------------------------------------


def test_step_and_zero_grad():
    weights = variables("float32")
    start = [v.numpy() for v in weights]
    optimizer = optimizers.SGD(0.5, momentum=0.5)
    optimizer.build(weights)
    weights[0].grad = np.ones(SHAPES[0])
    optimizer.step()
    np.testing.assert_allclose(weights[0].value, start[0] - 0.5)
    for v, old in zip(weights[1:], start[1:], strict=True):
        assert np.array_equal(v.value, old)
    optimizer.zero_grad()
    assert weights[0].grad is None
    with pytest.raises(ValueError, match="none of the variables has a gradient"):
        optimizer.step()
    for v in weights:
        v.grad = np.zeros(v.shape)
    optimizer.step()
    np.testing.assert_allclose(weights[0].value, start[0] - 0.75, rtol=1e-6)
    assert optimizer.iterations == 2


def test_a_model_goes_on_where_a_loop_has_stopped():
    """Memory may move between the two: weights and slots move along."""
    model = fastnn.Sequential(
        [fastnn.Input((6,)), fastnn.layers.Dense(3), fastnn.layers.BatchNormalization()]
    )
    optimizer = optimizers.Adam(0.1)
    optimizer.build(model.trainable_variables)
    optimizer.apply([np.ones(v.shape) for v in model.trainable_variables])
    momentum = optimizer.get_state()["momentum/0"]
    model.compile(optimizer, "mse")
    model.predict(noise(4, 6), verbose=0)
    optimizer.apply([np.zeros(v.shape) for v in model.trainable_variables])
    np.testing.assert_allclose(optimizer.get_state()["momentum/0"], 0.9 * momentum, rtol=1e-6)
    model.train_on_batch(noise(4, 6), noise(4, 3))
    assert optimizer.iterations == 3


def test_apply_gradients():
    weights = variables("float64")
    optimizer = optimizers.SGD(1.0)
    start = weights[1].numpy()
    pairs = zip([None, np.ones(5), None, None], weights, strict=True)
    with pytest.warns(UserWarning, match="no gradients for w0, w2, w3"):
        optimizer.apply_gradients(pairs)
    assert optimizer.iterations == 1
    np.testing.assert_allclose(weights[1].value, start - 1)
    assert [v.name for v in optimizers.Adam().variables] == []
    assert optimizer.apply([]) is None
    scaled = optimizers.SGD(1.0, loss_scale_factor=4.0)
    assert scaled.scale_loss(2.0) == 8.0
    scaled.apply([np.full(5, 4.0)], [weights[1]])
    np.testing.assert_allclose(weights[1].value, start - 2)


def test_what_does_not_fit_is_refused():
    weights, optimizer = variables("float32"), optimizers.SGD()
    with pytest.raises(ValueError, match="has to be built first"):
        optimizer.apply([np.ones(1)])
    with pytest.raises(ValueError, match="step: which variables"):
        Context().run(optimizer.step)  # where no `backward` has been called
    Context().run(optimizer.zero_grad)
    optimizer.build(weights[:2])
    for grads, given, message in (
        ([np.ones(5)], None, "expected 2 gradients, got 1"),
        ([np.ones(5), np.ones(5)], None, r"expected shape \(7, 5\) for 'w0'"),
        ([np.ones(SHAPES[2])], [weights[2]], "'w2' .* none that .* built for"),
        ([None, None], None, "none of the variables"),
    ):
        with pytest.raises(ValueError, match=message):
            optimizer.apply(grads, given)
    with pytest.raises(ValueError, match="expected one dtype, got float32 and float64"):
        optimizers.SGD().build([*variables("float32"), *variables("float64")])


def test_learning_rate():
    optimizer = optimizers.SGD(DECAYING)
    assert optimizer.learning_rate == RATE
    weights = variables("float32")
    optimizer.apply(gradients(0), weights)
    assert optimizer.learning_rate == DECAYING(1)
    with pytest.raises(TypeError, match=r"learning_rate: .*schedule.* 0\.5"):
        optimizer.learning_rate = 0.5
    optimizer.learning_rate = schedules.ExponentialDecay(0.1, 1, 0.5)
    assert optimizer.learning_rate == 0.05
    plain = optimizers.SGD(0.1)
    plain.learning_rate = 0.5
    plain.learning_rate = DECAYING
    assert plain.learning_rate == RATE


# ---- state and configuration -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", RULES)
def test_state_and_config_make_an_equal_optimizer(name):
    config = RULES[name][1]
    options = {
        "use_ema": True, "gradient_accumulation_steps": 2, "clipvalue": 2.0, "learning_rate": DECAYING,
        "ema_overwrite_frequency": 3, "loss_scale_factor": 2.0,
    }  # fmt: skip
    one = made(name, config, options)
    weights = variables("float32")
    for k in range(5):
        one.apply(gradients(k), weights)
    described = json.loads(json.dumps(optimizers.serialize(one)))
    two = optimizers.deserialize(described)
    assert optimizers.serialize(two) == described
    twins = [Variable(v.numpy(), v.name) for v in reversed(weights)][::-1]
    two.build(twins)
    two.set_state(one.get_state())
    for k in range(5, 10):
        one.apply(gradients(k))
        two.apply(gradients(k))
    for v, twin in zip(weights, twins, strict=True):
        assert np.array_equal(v.value, twin.value)
    assert len(one.variables) == len(weights) * len([k for k in one.get_state() if k.endswith("/0")])


def test_a_wrong_state_changes_nothing():
    optimizer = optimizers.Adam()
    state = optimizer.get_state()
    assert sorted(state) == ["iterations", "learning_rate"]
    with pytest.raises(ValueError, match="built first"):
        optimizer.set_state(state)
    optimizer.build(variables("float32"))
    good = optimizer.get_state()
    for change, message in (
        ({"momentum/9": np.ones(2)}, "'momentum/9' is unknown"),
        ({"momentum/0": np.ones(2)}, r"expected shape \(7, 5\) for 'momentum/0'"),
        ({"iterations": -3}, "iterations"),
    ):
        with pytest.raises(ValueError, match=message):
            optimizer.set_state(good | {"velocity/1": np.ones(5)} | change)
        assert not optimizer.get_state()["velocity/1"].any()
    del good["velocity/2"]
    with pytest.raises(ValueError, match="'velocity/2' is missing"):
        optimizer.set_state(good)


def test_averages_are_swapped_and_back():
    weights = variables("float32")
    optimizer = optimizers.SGD(0.1, use_ema=True)
    for k in range(3):
        optimizer.apply(gradients(k), weights)
    now, average = weights[0].numpy(), optimizer.get_state()["average/0"]
    optimizer.swap_averages()
    assert np.array_equal(weights[0].value, average)
    optimizer.swap_averages()
    assert np.array_equal(weights[0].value, now)
    with pytest.raises(ValueError, match="use_ema"):
        optimizers.SGD().swap_averages()


@pytest.mark.parametrize("name", [cls.__name__ for cls in optimizers.registry.classes()])
def test_every_optimizer_has_a_rule(name):
    assert name.lower() in RULES


@pytest.mark.parametrize("name", [cls.__name__ for cls in optimizers.registry.classes()])
def test_names_in_any_case(name):
    cls = getattr(optimizers, name)
    assert {
        type(optimizers.get(n)) for n in (name, name.lower(), name.upper(), cls, {"class_name": name})
    } == {cls}
    assert re.fullmatch(name.lower() + r"(_\d+)?", optimizers.get(name).name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ema_momentum": 1.5}, "ema_momentum: .*1.5"),
        ({"ema_overwrite_frequency": 0}, "ema_overwrite_frequency: .*0"),
        ({"gradient_accumulation_steps": 1}, "gradient_accumulation_steps: .*1"),
        ({"clipnorm": 0}, "clipnorm: .*positive"),
        ({"learning_rate": "fast"}, "learning_rate: .*'fast'"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        optimizers.SGD(**arguments)


SETTINGS = {
    "weight_decay": 0.1,
    "clipnorm": 0.01,
    "clipvalue": 0.002,
    "global_clipnorm": 0.01,
    "use_ema": True,
    "gradient_accumulation_steps": 2,
}


@pytest.mark.parametrize(("name", "value"), SETTINGS.items(), ids=SETTINGS)
def test_settings_are_read_by_compile(name, value):
    """Assigned before `compile` they are as given to the constructor; after it, they wait for the next."""
    x, y = np.random.default_rng(0).standard_normal((2, 8, 3))

    def compiled(optimizer, model=None):
        fastnn.utils.set_random_seed(1)
        model = model or fastnn.Sequential([fastnn.Input((3,), dtype="float64"), Dense(3)])
        model.compile(optimizer, "mse")
        return model

    def trained(model):
        model.fit(x, y, batch_size=2, epochs=1, shuffle=False, verbose=0)
        return model.get_weights()

    def assert_equal(found, expected):
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(a, b)

    plain, given = trained(compiled(optimizers.SGD(0.1))), optimizers.SGD(0.1, **{name: value})
    expected = trained(compiled(given))
    assert any((a != b).any() for a, b in zip(plain, expected, strict=True))
    optimizer = optimizers.SGD(0.1)
    setattr(optimizer, name, value)
    assert_equal(trained(compiled(optimizer)), expected)

    optimizer = optimizers.SGD(0.1)
    model = compiled(optimizer)
    start = model.get_weights()
    setattr(optimizer, name, value)
    assert_equal(trained(model), plain)
    model.set_weights(start)
    again = trained(compiled(optimizer, model))
    if name != "use_ema":  # which keeps averages of what follows
        assert_equal(again, expected)


def test_settings_are_read_by_build():
    optimizer, (w,) = optimizers.SGD(1.0), variables("float64")[:1]
    start = w.numpy().copy()
    optimizer.build([w])
    optimizer.clipvalue = 0.5
    optimizer.apply([np.full(w.shape, 2.0)])
    np.testing.assert_allclose(w.numpy(), start - 2.0)
    optimizer.build([w])
    optimizer.apply([np.full(w.shape, 2.0)])
    np.testing.assert_allclose(w.numpy(), start - 2.5)


def test_settings_keep_what_is_known():
    """Averages or sums of gradients come and go; momentum and the number of updates stay."""
    (w,) = variables("float64")[:1]
    optimizer = optimizers.SGD(0.1, momentum=0.9)
    optimizer.build([w])
    for _ in range(3):
        optimizer.apply([np.ones(w.shape)])
    momentum = optimizer._slot("momentum", w).copy()
    optimizer.use_ema, optimizer.gradient_accumulation_steps = True, 2
    optimizer.build([w])
    assert optimizer.iterations == 3
    assert set(optimizer.get_state()) == {
        *("iterations", "learning_rate", "momentum/0", "average/0", "gradient_accumulator/0")
    }
    np.testing.assert_array_equal(optimizer._slot("momentum", w), momentum)
    np.testing.assert_array_equal(optimizer._slot("average", w), w.numpy())
    optimizer.use_ema, optimizer.gradient_accumulation_steps = False, None
    optimizer.build([w])
    assert optimizer.iterations == 3
    np.testing.assert_array_equal(optimizer._slot("momentum", w), momentum)


def test_settings_that_are_not_valid_change_nothing():
    model = fastnn.Sequential([fastnn.Input((3,)), Dense(1)])
    optimizer = optimizers.SGD(0.1, clipnorm=1.0)
    optimizer.clipvalue = 1.0
    with pytest.raises(ValueError, match="clipnorm, clipvalue: at most one"):
        model.compile(optimizer, "mse")
    optimizer.clipnorm, optimizer.clipvalue = None, -1.0
    with pytest.raises(ValueError, match="clipvalue: .*-1.0"):
        model.compile(optimizer, "mse")
    optimizer.clipvalue = None
    fastnn.Sequential([fastnn.Input((3,)), Dense(1)]).compile(optimizer, "mse")  # it serves no model so far


# Arguments of optimizers, and another value of each.
OTHER_ARGUMENTS = [
    *((cls, name, value) for cls in (optimizers.SGD, optimizers.Adam) for name, value in SETTINGS.items()),
    (optimizers.SGD, "momentum", 0.9),
    (optimizers.RMSprop, "momentum", 0.9),
    (optimizers.RMSprop, "centered", True),
    (optimizers.RMSprop, "rho", 0.5),
    (optimizers.Adam, "amsgrad", True),
    (optimizers.AdamW, "amsgrad", True),
    (optimizers.Adam, "beta_1", 0.5),
    (optimizers.Nadam, "beta_1", 0.5),
    (optimizers.Adamax, "beta_2", 0.5),
    (optimizers.Lamb, "epsilon", 0.1),
    (optimizers.Lion, "beta_1", 0.2),
    (optimizers.Adagrad, "epsilon", 0.1),
    (optimizers.Adagrad, "initial_accumulator_value", 2.0),
    (optimizers.Adadelta, "rho", 0.2),
    (optimizers.Ftrl, "l1_regularization_strength", 0.2),
    (optimizers.Ftrl, "beta", 0.2),
    (optimizers.Ftrl, "initial_accumulator_value", 2.0),
]
OTHER_IDS = [f"{cls.__name__}-{name}" for cls, name, _ in OTHER_ARGUMENTS]
ROWS = np.random.default_rng(7).standard_normal((2, 8, 3))


def compiled_for(optimizer):
    fastnn.utils.set_random_seed(1)
    model = fastnn.Sequential([fastnn.Input((3,), dtype="float64"), Dense(3)])
    model.compile(optimizer, "mse")
    return model


def trained_on(model, epochs=1):
    model.fit(*ROWS, batch_size=2, epochs=epochs, shuffle=False, verbose=0)
    return model.get_weights()


@pytest.mark.parametrize(("cls", "name", "value"), OTHER_ARGUMENTS, ids=OTHER_IDS)
def test_all_arguments_are_read_by_compile(cls, name, value):
    plain, expected = trained_on(compiled_for(cls(0.1))), trained_on(compiled_for(cls(0.1, **{name: value})))
    optimizer = cls(0.1)
    setattr(optimizer, name, value)
    for a, b in zip(trained_on(compiled_for(optimizer)), expected, strict=True):
        np.testing.assert_array_equal(a, b)
    later = cls(0.1)
    model = compiled_for(later)
    setattr(later, name, value)
    for a, b in zip(trained_on(model), plain, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("way", ["load_model", "pickle", "deepcopy"])
@pytest.mark.parametrize(("cls", "name", "value"), OTHER_ARGUMENTS, ids=OTHER_IDS)
def test_files_after_an_argument_has_changed(cls, name, value, way, tmp_path):
    """What has been assigned waits for `compile`; a copy continues as the model does, before and after."""

    def copied(model):
        if way == "load_model":
            model.save(tmp_path / "model")
            return fastnn.models.load_model(tmp_path / "model")
        return pickle.loads(pickle.dumps(model)) if way == "pickle" else copy.deepcopy(model)

    model = compiled_for(cls(0.1))
    trained_on(model)
    setattr(model.optimizer, name, value)
    twin = copied(model)
    for a, b in zip(trained_on(model), trained_on(twin), strict=True):
        np.testing.assert_array_equal(a, b)
    for one in (model, twin):
        setattr(one.optimizer, name, value)
        one.compile(one.optimizer, "mse")
    for a, b in zip(trained_on(model), trained_on(twin), strict=True):
        np.testing.assert_array_equal(a, b)
    assert getattr(twin.optimizer, name) == value
    again = copied(model)
    for a, b in zip(trained_on(model), trained_on(again), strict=True):
        np.testing.assert_array_equal(a, b)


def test_files_keep_what_has_been_set_aside(tmp_path):
    """State of a weight that is frozen, from before there were averages, is read again with what it has."""
    model = compiled_for(optimizers.SGD(0.1, momentum=0.9))
    trained_on(model)
    model.layers[0].bias.trainable = False
    model.optimizer.use_ema = True
    model.compile(model.optimizer, "mse")
    trained_on(model)
    model.save(tmp_path / "model")
    again = fastnn.models.load_model(tmp_path / "model")
    for one in (model, again):
        one.layers[0].trainable = True
        one.compile(one.optimizer, "mse")
    for a, b in zip(trained_on(model), trained_on(again), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("name", "value"), [("momentum", 1.5), ("momentum", "much"), ("momentum", -0.1)])
def test_own_arguments_that_are_not_valid_change_nothing(name, value):
    model = compiled_for(optimizers.SGD(0.1, momentum=0.5))
    setattr(model.optimizer, name, value)
    with pytest.raises(ValueError, match=f"{name}: expected"):
        model.compile(model.optimizer, "mse")
    trained_on(model)
    assert "momentum" in model.optimizer._update.slots
