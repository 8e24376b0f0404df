"""One step of every optimizer in C against its rule in NumPy, and the sums over all weights."""

import numpy as np
import pytest
from ctable import Table, Update, pointer
from kernelcheck import SIZES, assert_close, noise

SLOTS = type(Update().slot)
LR, MOMENTUM, BETA_1, BETA_2, EPSILON = 0.05, 0.9, 0.8, 0.99, 1e-3
GRADIENT_RATE, L1, L2, SHRINKAGE, POWER = 0.02, 0.3, 0.4, 0.1, 0.4


def sgd(g, w, m=None, nesterov=False):
    if m is None:
        return w - LR * g, ()
    m = MOMENTUM * m - LR * g
    return w + (MOMENTUM * m - LR * g if nesterov else m), (m,)


def adam(g, w, m, v, largest=None):
    m, v = m + (g - m) * (1 - BETA_1), v + (g * g - v) * (1 - BETA_2)
    if largest is None:
        return w - LR * m / (np.sqrt(v) + EPSILON), (m, v)
    largest = np.maximum(largest, v)
    return w - LR * m / (np.sqrt(largest) + EPSILON), (m, v, largest)


def rmsprop(g, w, v, m=None, a=None):
    v = BETA_1 * v + (1 - BETA_1) * g * g
    a = None if a is None else BETA_1 * a + (1 - BETA_1) * g
    step = LR * g / np.sqrt(v + EPSILON - (0 if a is None else a * a))
    if m is None:
        return w - step, (v, m, a)
    m = MOMENTUM * m + step
    return w - m, (v, m, a)


def nadam(g, w, m, v):
    m, v = m + (g - m) * (1 - BETA_1), v + (g * g - v) * (1 - BETA_2)
    return w - (LR * m + GRADIENT_RATE * g) / (np.sqrt(v) + EPSILON), (m, v)


def adamax(g, w, m, v):
    m, v = m + (g - m) * (1 - BETA_1), np.maximum(BETA_2 * v, abs(g))
    return w - LR * m / (v + EPSILON), (m, v)


def adagrad(g, w, a):
    return w - LR * g / np.sqrt(a + g * g + EPSILON), (a + g * g,)


def adadelta(g, w, a, d):
    a = BETA_1 * a + (1 - BETA_1) * g * g
    step = np.sqrt(d + EPSILON) * g / np.sqrt(a + EPSILON)
    return w - LR * step, (a, BETA_1 * d + (1 - BETA_1) * step * step)


def lion(g, w, m):
    return w - LR * np.sign(BETA_1 * m + (1 - BETA_1) * g), (BETA_2 * m + (1 - BETA_2) * g,)


def ftrl(g, w, a, z, power=0.5):
    b = a + g * g
    z = z + g + SHRINKAGE * w - (b**power - a**power) / LR * w
    return (np.clip(z, -L1, L1) - z) / (b**power / LR + L2), (b, z)


# The rule, and which of its slots are in use.
CASES = {
    "sgd": (sgd, ()),
    "sgd-momentum": (sgd, (1,)),
    "sgd-nesterov": (sgd, (1,)),
    "adam": (adam, (1, 1)),
    "adam-amsgrad": (adam, (1, 1, 1)),
    "adam-nesterov": (nadam, (1, 1)),
    "adamax": (adamax, (1, 1)),
    "adagrad": (adagrad, (1,)),
    "adadelta": (adadelta, (1, 1)),
    "lion": (lion, (1,)),
    "ftrl": (ftrl, (1, 1)),
    "ftrl-power": (ftrl, (1, 1)),
    "rmsprop": (rmsprop, (1,)),
    "rmsprop-momentum": (rmsprop, (1, 1)),
    "rmsprop-centered": (rmsprop, (1, 0, 1)),
    "rmsprop-momentum-centered": (rmsprop, (1, 1, 1)),
}
each_case = pytest.mark.parametrize("case", CASES)


def update(table, case, w, g, slots, decay=0.0, gradient_scale=1.0, clip_value=0.0):
    """One step in place."""
    addresses = [pointer(slot) for slot in slots] + [None] * (3 - len(slots))
    u = Update(
        w.size, pointer(w), pointer(g), SLOTS(*addresses), LR, decay, gradient_scale, clip_value,
        BETA_1, BETA_2, MOMENTUM, EPSILON, case.endswith("nesterov"), GRADIENT_RATE,
        L1, L2, SHRINKAGE, POWER if case == "ftrl-power" else 0.5,
    )  # fmt: skip
    getattr(table, case.split("-")[0])(u)


def formula(case, w, g, slots):
    rule, _ = CASES[case]
    options = {"sgd-nesterov": {"nesterov": True}, "ftrl-power": {"power": POWER}}
    return rule(g, w, *slots, **options.get(case, {}))


def fresh_slots(case, n, dtype):
    """Positive, and the mean square (first) above the square of the mean (last)."""
    used = enumerate(CASES[case][1])
    return [(1 + abs(noise(n, dtype=dtype, seed=9 + i))) / 4**i if use else None for i, use in used]


@each_case
def test_five_steps(isa, dtype, case):
    for table in (Table("ref", dtype), Table(isa, dtype)):
        for n in SIZES:
            w, slots = noise(n, dtype=dtype), fresh_slots(case, n, dtype)
            w_want = w.astype("float64")
            slots_want = [None if slot is None else slot.astype("float64") for slot in slots]
            for step in range(5):
                g = noise(n, dtype=dtype, seed=100 + step)
                update(table, case, w, g, slots)
                w_want, slots_want = formula(case, w_want, g.astype("float64"), slots_want)
            for got, want in zip([w, *slots], [w_want, *slots_want], strict=False):
                if got is not None:
                    assert_close(got, want, factor=4)


@each_case
def test_scale_clip_and_decay_come_first(isa, dtype, case):
    """In this order: the gradient is scaled, then clipped; the weight decays by the rate given."""
    n, decay, scale, clip = 100, 0.01, 0.5, 0.3
    g = noise(n, dtype=dtype, seed=1)
    for table in (Table("ref", dtype), Table(isa, dtype)):
        w, slots = noise(n, dtype=dtype), fresh_slots(case, n, dtype)
        slots_want = [None if slot is None else slot.astype("float64") for slot in slots]
        w_want, _ = formula(
            case,
            w.astype("float64") * (1 - decay),
            np.clip(scale * g.astype("float64"), -clip, clip),
            slots_want,
        )
        update(table, case, w, g, slots, decay=decay, gradient_scale=scale, clip_value=clip)
        assert_close(w, w_want, factor=4)


@each_case
def test_a_bad_gradient_is_seen(isa, dtype, case):
    for table in (Table("ref", dtype), Table(isa, dtype)):
        w, g, slots = noise(33, dtype=dtype), noise(33, dtype=dtype, seed=1), fresh_slots(case, 33, dtype)
        g[20] = np.nan
        update(table, case, w, g, slots, clip_value=1.0)
        assert np.flatnonzero(np.isnan(w)).tolist() == [20]


@each_case
def test_a_split_changes_nothing(isa, dtype, case):
    """Threads update ranges of their own: bit for bit the same."""
    table, g = Table(isa, dtype), noise(257, dtype=dtype, seed=1)
    whole, whole_slots = noise(257, dtype=dtype), fresh_slots(case, 257, dtype)
    parts, part_slots = whole.copy(), fresh_slots(case, 257, dtype)
    update(table, case, whole, g, whole_slots)
    for part in (slice(0, 128), slice(128, 257)):
        update(
            table, case, parts[part], g[part], [None if slot is None else slot[part] for slot in part_slots]
        )
    assert np.array_equal(whole, parts)


@pytest.mark.parametrize("n", [*SIZES, 5000])
def test_sum_squares(isa, dtype, n):
    x = noise(n, dtype=dtype)
    desired = (x.astype("float64") ** 2).sum()
    for table in (Table("ref", dtype), Table(isa, dtype)):
        assert_close(np.array(table.sum_squares(x, n), dtype), desired)


@pytest.mark.parametrize(("l1", "l2"), [(0.01, 0.0), (0.0, 0.02), (0.01, 0.02)])
def test_regularization(isa, dtype, l1, l2):
    for n in (*SIZES, 5000):
        w, start = noise(n, dtype=dtype), noise(n, dtype=dtype, seed=1)
        w[::3] = 0
        wide = w.astype("float64")
        penalty = l1 * abs(wide).sum() + l2 * (wide**2).sum()
        for table in (Table("ref", dtype), Table(isa, dtype)):
            dw = start.copy()
            assert_close(np.array(table.regularization(dw, w, n, l1, l2), dtype), penalty)
            assert_close(dw, start + l1 * np.sign(wide) + 2 * l2 * wide)
            assert_close(np.array(table.regularization(None, w, n, l1, l2), dtype), penalty)


# Shapes (outer, n, inner) and how many of the columns are a weight's own.
COLUMNS = [
    (1, 1, 1, 1),
    (1, 5, 7, 7),
    (3, 7, 1, 1),
    (2, 1500, 1, 1),
    (2, 4, 70, 100),
    (1, 1100, 17, 17),
    (3, 2, 65, 65),
]


@pytest.mark.parametrize("bounds", [(0.0, 2.0, 1.0), (1.0, 1.0, 1.0), (0.5, 1.5, 0.25)])
@pytest.mark.parametrize("shape", COLUMNS)
def test_clip_norms(isa, dtype, shape, bounds):
    outer, n, inner, ld = shape
    w = noise(outer, n, ld, dtype=dtype)
    w[:, :, 0] = 0
    wide = w[:, :, :inner].astype("float64")
    norms, (least, most, rate) = np.sqrt((wide**2).sum(1, keepdims=True)), bounds
    desired = w.copy()
    wanted = rate * np.clip(norms, least, most) + (1 - rate) * norms
    desired[:, :, :inner] = wide * wanted / (EPSILON + norms)
    for table in (Table("ref", dtype), Table(isa, dtype)):
        got = w.copy()
        table.clip_norms(got, outer, n, inner, ld, *bounds, EPSILON)
        assert_close(got, desired)


def test_clip_norms_of_columns_apart(isa, dtype):
    """Threads take columns of their own: bit for bit the same."""
    table, whole = Table(isa, dtype), noise(30, 200, dtype=dtype)
    parts = whole.copy()
    table.clip_norms(whole, 1, 30, 200, 200, 0.0, 2.0, 1.0, 1e-7)
    for first in (0, 64, 128, 192):
        at = parts.ravel()[first:]
        table.clip_norms(at, 1, 30, min(64, 200 - first), 200, 0.0, 2.0, 1.0, 1e-7)
    assert np.array_equal(whole, parts)


def test_clip_negative(isa, dtype):
    for n in SIZES:
        w = noise(n, dtype=dtype)
        w[1::5] = np.nan
        for table in (Table("ref", dtype), Table(isa, dtype)):
            got = w.copy()
            table.clip_negative(got, n)
            np.testing.assert_array_equal(got, np.maximum(w, 0))
