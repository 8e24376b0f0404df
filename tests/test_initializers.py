"""Initial weights: shapes, moments, limits, seeds and names."""

import inspect
import json
import math

import numpy as np
import pytest

from fastnn import config, initializers, layers, utils
from fastnn.initializers import (
    Constant,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Identity,
    Initializer,
    LecunNormal,
    LecunUniform,
    Ones,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    Zeros,
)

FIXED = [Zeros(), Ones(), Constant(-1.5), Identity(2.0)]
SCALING = [GlorotNormal, GlorotUniform, HeNormal, HeUniform, LecunNormal, LecunUniform]
RANDOM = [Orthogonal, RandomNormal, RandomUniform, TruncatedNormal, VarianceScaling, *SCALING]

# Of the standard normal distribution cut off at -2 and 2, whose density is phi(x) / erf(sqrt(2)).
PHI_2 = math.exp(-2) / math.sqrt(2 * math.pi)
TRUNCATED = math.sqrt(1 - 4 * PHI_2 / math.erf(math.sqrt(2)))


@pytest.mark.parametrize("dtype", ["float32", "float64", np.float32, np.dtype("float64")])
@pytest.mark.parametrize("init", FIXED + [cls(seed=3) for cls in RANDOM], ids=lambda i: type(i).__name__)
def test_shape_and_dtype(init, dtype):
    for shape in [(3, 4), [4, 3], (np.int64(5), 1), (0, 3), (3, 0)]:
        x = init(shape, dtype)
        assert type(x) is np.ndarray
        assert x.shape == tuple(shape)
        assert x.dtype == np.dtype(dtype)
        assert x.flags.writeable
        assert init(shape, dtype) is not x


@pytest.mark.parametrize("init", [Zeros(), Ones(), Constant(2.0), *(cls(seed=1) for cls in RANDOM[1:])])
@pytest.mark.parametrize("shape", [(), (7,), (2, 3, 4), (2, 3, 4, 5)])
def test_any_number_of_dimensions(init, shape):
    assert init(shape).shape == shape


@pytest.mark.parametrize("init", FIXED + [cls() for cls in RANDOM], ids=lambda i: type(i).__name__)
def test_default_dtype_is_floatx(init):
    assert init((2, 2)).dtype == np.float32
    config.set_floatx("float64")
    try:
        assert init((2, 2)).dtype == np.float64
    finally:
        config.set_floatx("float32")
    with pytest.raises(ValueError, match="dtype: expected 'float32' or 'float64', got 'int32'"):
        init((2, 2), "int32")


def test_fixed_values():
    assert (Zeros()((2, 3)) == 0).all()
    assert (Ones()((2, 3)) == 1).all()
    assert (Constant(0.1)((2, 3)) == np.float32(0.1)).all()
    assert (Constant(0.1)((2, 3), "float64") == 0.1).all()
    np.testing.assert_array_equal(Identity(2.0)((3, 2)), [[2, 0], [0, 2], [0, 0]])
    with pytest.raises(ValueError, match=r"shape: expected two dimensions .* got \(3,\)"):
        Identity()((3,))


def moments(init, shape):
    """Standard deviation and largest absolute value of 200,000 numbers."""
    x = init(shape, "float64")
    assert x.size == 200_000
    assert abs(x.mean()) < 5 * x.std() / math.sqrt(x.size)
    return x.std(), abs(x).max()


# The standard deviation of a sample of n normal numbers is off by less than std / sqrt(2 n) in two of three
# cases, that of distributions with shorter tails by less yet; 1% is six times that.
def test_moments_of_the_plain_ones():
    assert moments(RandomNormal(stddev=0.5, seed=1), (400, 500))[0] == pytest.approx(0.5, rel=0.01)
    std, top = moments(TruncatedNormal(stddev=0.5, seed=1), (400, 500))
    assert std == pytest.approx(0.5 * TRUNCATED, rel=0.01)
    assert 0.999 < top <= 1.0
    std, top = moments(RandomUniform(-0.5, 0.5, seed=1), (400, 500))
    assert std == pytest.approx(1 / math.sqrt(12), rel=0.01)
    assert 0.499 < top <= 0.5
    x = RandomNormal(3.0, 0.1, seed=1)((1000,))
    assert x.mean() == pytest.approx(3.0, abs=0.02)
    x = TruncatedNormal(3.0, 0.1, seed=1)((1000,))
    assert 2.8 <= x.min() < x.max() <= 3.2
    x = RandomUniform(2.0, 3.0, seed=1)((1000,))
    assert 2.0 <= x.min() < 2.01
    assert 2.99 < x.max() <= 3.0


SHAPES = [
    ((400, 500), 400, 500),
    ((2, 5, 100, 200), 1000, 2000),
    ((5, 200, 200), 1000, 1000),
    ((200_000,), 2e5, 2e5),
]


@pytest.mark.parametrize(("shape", "fan_in", "fan_out"), SHAPES)
@pytest.mark.parametrize(
    ("cls", "scale", "mode"),
    [
        (GlorotNormal, 1, "fan_avg"),
        (GlorotUniform, 1, "fan_avg"),
        (HeNormal, 2, "fan_in"),
        (HeUniform, 2, "fan_in"),
        (LecunNormal, 1, "fan_in"),
        (LecunUniform, 1, "fan_in"),
    ],
)
def test_scaling_by_the_fans(cls, scale, mode, shape, fan_in, fan_out):
    n = {"fan_in": fan_in, "fan_avg": (fan_in + fan_out) / 2}[mode]
    stddev = math.sqrt(scale / n)
    std, top = moments(cls(seed=5), shape)
    assert std == pytest.approx(stddev, rel=0.01)
    limit = math.sqrt(3) * stddev if "Uniform" in cls.__name__ else 2 * stddev / TRUNCATED
    assert 0.999 * limit < top <= limit * (1 + 1e-12)
    same = VarianceScaling(scale, mode, "uniform" if "Uniform" in cls.__name__ else "normal", seed=5)
    np.testing.assert_array_equal(same(shape), cls(seed=5)(shape))


def test_variance_scaling():
    std, top = moments(VarianceScaling(3.0, "fan_out", "untruncated_normal", seed=1), (400, 500))
    assert std == pytest.approx(math.sqrt(3 / 500), rel=0.01)
    assert top > 4 * std
    assert VarianceScaling(distribution="normal").distribution == "truncated_normal"
    x = VarianceScaling(3.0, distribution="uniform", seed=1)((0, 3), "float64")
    assert x.shape == (0, 3)


def test_variance_scaling_by_axes():
    # The kernel of an attention layer, (heads, depth of a head, model), seen from its output.
    init = GlorotUniform(seed=1, input_axes=(0, 1), output_axes=(-1,))
    _, top = moments(init, (10, 20, 1000))
    assert 0.999 < top / math.sqrt(6 / (200 + 1000)) <= 1
    assert init.get_config() == {"seed": 1, "input_axes": [0, 1], "output_axes": [-1]}


@pytest.mark.parametrize("shape", [(5, 5), (8, 3), (3, 8), (1, 4), (2, 3, 4), (3, 3, 2, 30)])
def test_orthogonal(shape):
    q = Orthogonal(gain=-2.0, seed=1)(shape, "float64").reshape(-1, shape[-1])
    product = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
    np.testing.assert_allclose(product, 4 * np.eye(min(q.shape)), atol=1e-13)


def test_orthogonal_is_uniform():
    corners = [Orthogonal(seed=s)((2, 2), "float64")[0, 0] for s in range(400)]
    assert abs(np.mean(corners)) < 0.2
    assert np.mean(np.array(corners) > 0) == pytest.approx(0.5, abs=0.1)
    with pytest.raises(ValueError, match=r"shape: expected at least two dimensions .* got \(3,\)"):
        Orthogonal()((3,))


@pytest.mark.parametrize("cls", RANDOM)
def test_seeds(cls):
    shape = (6, 5)
    init = cls(seed=11)
    x = init(shape, "float64")
    np.testing.assert_array_equal(init(shape, "float64"), x)
    np.testing.assert_array_equal(cls(seed=np.int64(11))(shape, "float64"), x)
    np.testing.assert_array_equal(init(shape, "float32"), x.astype("float32"))
    assert (cls(seed=12)(shape, "float64") != x).any()
    unseeded = cls()
    utils.set_random_seed(5)
    first, second = unseeded(shape), unseeded(shape)
    assert (first != second).any()
    utils.set_random_seed(5)
    np.testing.assert_array_equal(cls()(shape), first)
    np.testing.assert_array_equal(cls()(shape), second)


def test_stream_is_the_documented_one():
    rng = np.random.Generator(np.random.PCG64(7))
    np.testing.assert_array_equal(
        RandomUniform(-1, 1, seed=7)((3, 4), "float64"), rng.uniform(-1.0, 1.0, 12).reshape(3, 4)
    )


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("zeros", Zeros),
        ("zero", Zeros),
        ("Zeros", Zeros),
        ("ones", Ones),
        ("one", Ones),
        ("constant", Constant),
        ("identity", Identity),
        ("normal", RandomNormal),
        ("random_normal", RandomNormal),
        ("truncated_normal", TruncatedNormal),
        ("uniform", RandomUniform),
        ("random_uniform", RandomUniform),
        ("variance_scaling", VarianceScaling),
        ("glorot_uniform", GlorotUniform),
        ("glorot_normal", GlorotNormal),
        ("GlorotNormal", GlorotNormal),
        ("lecun_normal", LecunNormal),
        ("lecun_uniform", LecunUniform),
        ("he_normal", HeNormal),
        ("he_uniform", HeUniform),
        ("orthogonal", Orthogonal),
    ],
)
def test_get_by_name(name, cls):
    assert type(initializers.get(name)) is cls


def test_get():
    init = HeNormal(seed=1)
    assert initializers.get(None) is None
    assert initializers.get(init) is init
    assert type(initializers.get(HeNormal)) is HeNormal

    def function(shape, dtype=None):
        return np.full(shape, 7, dtype)

    assert initializers.get(function) is function
    with pytest.raises(
        ValueError, match="initializer: unknown name 'glorot_unifrom'; did you mean 'glorot_uniform'"
    ):
        initializers.get("glorot_unifrom")
    with pytest.raises(
        TypeError, match="initializer: expected a name, a config or an instance of Initializer, got 3"
    ):
        initializers.get(3)
    config = initializers.serialize(function)
    assert config == {"class_name": "function", "config": "Custom>function"}
    assert initializers.deserialize(config, custom_objects={"function": function}) is function
    with pytest.raises(TypeError, match="initializer: expected an instance of Initializer"):
        initializers.serialize(3)


@pytest.mark.parametrize(
    "init",
    [
        *FIXED,
        RandomNormal(1.0, 2.0, 3),
        TruncatedNormal(1.0, 2.0, 3),
        RandomUniform(1.0, 2.0, 3),
        VarianceScaling(2.0, "fan_out", "uniform", 3, (0,), (1,)),
        Orthogonal(2.0, 3),
        *(cls(3, [1], [0]) for cls in SCALING),
        *(cls() for cls in RANDOM),
    ],
    ids=lambda i: type(i).__name__,
)
def test_round_trip(init):
    written = initializers.serialize(init)
    assert written["class_name"] == type(init).__name__
    assert list(written["config"]) == list(inspect.signature(type(init)).parameters)
    again = initializers.get(json.loads(json.dumps(written)))
    assert type(again) is type(init)
    assert vars(again) == vars(init)


@pytest.mark.parametrize(
    ("cls", "arguments", "message"),
    [
        (Constant, {"value": "1"}, "value: expected a finite number, got '1'"),
        (Constant, {"value": np.array([1, np.nan])}, "value: expected finite numbers, got array"),
        (Identity, {"gain": None}, "gain: expected a finite number, got None"),
        (RandomNormal, {"stddev": -1}, "stddev: expected a finite number of at least 0, got -1"),
        (RandomNormal, {"mean": np.nan}, "mean: expected a finite number, got nan"),
        (TruncatedNormal, {"stddev": -1}, "stddev: expected a finite number of at least 0, got -1"),
        (
            RandomUniform,
            {"minval": 1, "maxval": 0},
            r"maxval: expected a finite number of at least 1\.0, got 0",
        ),
        (VarianceScaling, {"scale": 0.0}, r"scale: expected a positive number, got 0\.0"),
        (VarianceScaling, {"mode": "fan"}, "mode: expected 'fan_in', 'fan_out' or 'fan_avg', got 'fan'"),
        (VarianceScaling, {"distribution": "beta"}, "distribution: expected .* got 'beta'"),
        (Orthogonal, {"gain": np.inf}, "gain: expected a finite number, got inf"),
        *((cls, {"seed": -1}, "seed: expected an integer of at least 0, got -1") for cls in RANDOM),
        *((cls, {"seed": 1.5}, r"seed: expected an integer of at least 0, got 1\.5") for cls in RANDOM),
    ],
)
def test_arguments_are_checked(cls, arguments, message):
    with pytest.raises(ValueError, match=message):
        cls(**arguments)


def test_the_base_class_draws_nothing():
    with pytest.raises(NotImplementedError, match="Initializer defines no __call__"):
        Initializer()((2,))


def test_an_array_is_an_initializer():
    values = np.arange(6.0).reshape(2, 3)
    layer = layers.Dense(3, kernel_initializer=values)
    layer(np.ones((1, 2)))
    assert np.array_equal(layer.kernel.value, values)
    layer.kernel.assign(np.zeros((2, 3)))
    assert values.any()
    with pytest.raises(ValueError, match=r"shape: .*\(2, 3\), got \(4, 3\)"):
        layers.Dense(3, kernel_initializer=values)(np.ones((1, 4)))


@pytest.mark.parametrize(
    "name", ["IdentityInitializer", "OrthogonalInitializer", "normal", "uniform", "one", "zero"]
)
def test_keras_other_names(name):
    assert initializers.get(name)((3, 3)).shape == (3, 3)
