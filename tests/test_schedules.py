"""Schedules against their formulas, written once more."""

import json
import math

import pytest

import fastnn
from fastnn.optimizers import schedules

STEPS = (0, 1, 3, 9, 10, 11, 25, 30, 31, 70, 71, 1000)


def cosine(x):
    return 0.5 * (1 + math.cos(math.pi * x))


def restarts(step, first, t_mul, m_mul, alpha, rate):
    period, start, length = 0, 0.0, first
    while step >= start + length:
        period, start, length = period + 1, start + length, length * t_mul
    return rate * ((1 - alpha) * m_mul**period * cosine((step - start) / length) + alpha)


def cycles(step):
    end = 10 * max(1, math.ceil(step / 10))
    return (0.5 - 0.1) * (1 - step / end) ** 2 + 0.1


CASES = [
    (schedules.ExponentialDecay(0.5, 10, 0.9), lambda i: 0.5 * 0.9 ** (i / 10)),
    (schedules.ExponentialDecay(0.5, 10, 0.9, staircase=True), lambda i: 0.5 * 0.9 ** (i // 10)),
    (schedules.InverseTimeDecay(0.5, 10, 0.9), lambda i: 0.5 / (1 + 0.9 * i / 10)),
    (schedules.InverseTimeDecay(0.5, 10, 0.9, staircase=True), lambda i: 0.5 / (1 + 0.9 * (i // 10))),
    (
        schedules.PiecewiseConstantDecay([10, 30], [1.0, 0.5, 0.1]),
        lambda i: 1.0 if i <= 10 else 0.5 if i <= 30 else 0.1,
    ),
    (schedules.PolynomialDecay(0.5, 30), lambda i: (0.5 - 1e-4) * (1 - min(i, 30) / 30) + 1e-4),
    (schedules.PolynomialDecay(0.5, 10, 0.1, power=2.0, cycle=True), cycles),
    (schedules.CosineDecay(0.5, 30), lambda i: 0.5 * cosine(min(i, 30) / 30)),
    (schedules.CosineDecay(0.5, 30, alpha=0.2), lambda i: 0.5 * (0.8 * cosine(min(i, 30) / 30) + 0.2)),
    (
        schedules.CosineDecay(0.1, 20, 0.1, warmup_target=0.5, warmup_steps=10),
        lambda i: 0.1 + 0.4 * i / 10 if i < 10 else 0.5 * (0.9 * cosine(min(i - 10, 20) / 20) + 0.1),
    ),
    (schedules.CosineDecayRestarts(0.5, 10), lambda i: restarts(i, 10, 2.0, 1.0, 0.0, 0.5)),
    (
        schedules.CosineDecayRestarts(0.5, 10, t_mul=1.0, m_mul=0.9, alpha=0.1),
        lambda i: restarts(i, 10, 1.0, 0.9, 0.1, 0.5),
    ),
    (schedules.CosineDecayRestarts(0.5, 7, 1.5, 0.8), lambda i: restarts(i, 7, 1.5, 0.8, 0.0, 0.5)),
]
named = pytest.mark.parametrize(("schedule", "formula"), CASES)


@named
def test_formula(schedule, formula):
    for step in STEPS:
        assert schedule(step) == pytest.approx(formula(step), rel=1e-12, abs=1e-15)
        assert type(schedule(step)) is float


@named
def test_configuration(schedule, formula):
    described = json.loads(json.dumps(schedules.serialize(schedule)))
    again = schedules.deserialize(described)
    assert schedules.serialize(again) == described
    assert again(17) == schedule(17)
    optimizer = fastnn.optimizers.deserialize(fastnn.optimizers.serialize(fastnn.optimizers.SGD(schedule)))
    assert optimizer.learning_rate == schedule(0)


def test_a_schedule_of_ones_own():
    @schedules.registry.add
    class Triangle(schedules.LearningRateSchedule):
        def __init__(self, top, half):
            self.top, self.half = top, half

        def __call__(self, step):
            return self.top * (1 - abs(step % (2 * self.half) - self.half) / self.half)

    schedule = Triangle(0.5, 4)
    assert [schedule(i) for i in (0, 2, 4, 8)] == [0, 0.25, 0.5, 0]
    assert schedules.serialize(schedule) == {"class_name": "Triangle", "config": {"top": 0.5, "half": 4}}
    assert (
        fastnn.optimizers.get(fastnn.optimizers.serialize(fastnn.optimizers.Adam(schedule))).learning_rate
        == 0
    )
    with pytest.raises(TypeError, match="no name that a file could call it by"):
        fastnn.optimizers.SGD(lambda step: 0.1).get_config()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), "decay_steps: .*0"),
        (lambda: schedules.CosineDecay(-0.1, 10), "initial_learning_rate: .*-0.1"),
        (lambda: schedules.PiecewiseConstantDecay([1], [1.0]), "values: expected one more than the 1"),
        (lambda: schedules.PiecewiseConstantDecay([2, 1], [1.0, 0.5, 0.1]), "boundaries: expected rising"),
        (lambda: schedules.CosineDecayRestarts(0.1, 10, t_mul=0.5), "t_mul: .*at least 1"),
        (lambda: schedules.deserialize({"class_name": "Expnential"}), "schedule: unknown name"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


SIZES = [0.0, 1e-300, 0.1, 1e300]
LENGTHS = [1, 3, 1e-320, 1e300, 10**6]


@pytest.mark.parametrize("step", [0, 1, 5, 10**6, 2**62])
@pytest.mark.parametrize("rate", SIZES)
def test_every_step_has_a_rate_whatever_the_arguments(step, rate):
    for length in LENGTHS:
        for factor in (0, 0.5, 1, 2, 1e10):
            made = [
                *(schedules.ExponentialDecay(rate, length, factor, whole) for whole in (False, True)),
                *(schedules.InverseTimeDecay(rate, length, factor, whole) for whole in (False, True)),
                *(schedules.PolynomialDecay(rate, length, 0.01, factor, cycle) for cycle in (False, True)),
                schedules.CosineDecay(rate, length, factor),
                schedules.CosineDecay(rate, length, factor, warmup_target=0.3, warmup_steps=length),
                *(
                    schedules.CosineDecayRestarts(rate, length, growth, factor, alpha)
                    for growth in (1, 1 + 1e-15, 2, 1e300)
                    for alpha in (0, 1)
                ),
            ]
            for schedule in made:
                assert schedule(step) >= 0, schedule.get_config()


def test_limits_of_decays():
    assert schedules.ExponentialDecay(0.1, 1, 2.0)(10**6) == math.inf
    assert schedules.ExponentialDecay(0.1, 1, 0.5)(2**62) == 0.0
    assert schedules.ExponentialDecay(0.0, 1, 2.0)(2**62) == 0.0
    assert schedules.ExponentialDecay(1e-300, 1, 2.0)(1030) == pytest.approx(1e-300 * 2.0**1000 * 2.0**30)
    assert schedules.CosineDecayRestarts(0.1, 1, 1.0, 2.0)(10**6) == math.inf
    assert schedules.InverseTimeDecay(0.1, 1e-320, 1.0)(5) == 0.0
    with pytest.raises(ValueError, match="boundaries: expected"):
        schedules.PiecewiseConstantDecay(["a"], [0.1, 0.2])
    model = fastnn.Sequential([fastnn.Input((1,)), fastnn.layers.Dense(1)])
    model.compile(fastnn.optimizers.SGD(schedules.ExponentialDecay(0.1, 1e-320, 2.0)), "mse")
    model.train_on_batch([[1.0]], [[1.0]])
    with pytest.raises(ValueError, match="learning_rate: expected .*, got inf"):
        model.train_on_batch([[1.0]], [[1.0]])
