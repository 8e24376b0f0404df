"""Fixtures of all tests: `isa`, `dtype` and `n_threads` run a test once for each value there is."""

import pytest
from harness import instruction_set

import fastnn
from fastnn.kernels.core import runtime
from fastnn.kernels.core.cpu_count import default_threads


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Count the processors that this process may use, a container's quota included, for `pytest -n auto`."""
    return default_threads({})[0]


def pytest_configure(config):
    """Give each process of a parallel run one processor; tests of threads choose their number themselves."""
    if hasattr(config, "workerinput"):
        fastnn.set_num_threads(1)


def pytest_make_parametrize_id(val, argname):
    """Name file contents and long texts by their argument, so that identifiers are the same in every run.

    Archives hold the time at which they were made: the processes of a parallel run would not agree on names.
    """
    return argname if isinstance(val, bytes) or (isinstance(val, str) and len(val) > 60) else None


@pytest.fixture(params=runtime.isa_names())
def isa(request):
    """Run the test with each instruction set of this processor."""
    with instruction_set(request.param):
        yield request.param


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    """Run the test with each dtype that models compute in."""
    return request.param


@pytest.fixture(params=[1, 2, 4])
def n_threads(request):
    """Run the test with several numbers of threads."""
    with fastnn.threads(request.param):
        yield request.param


@pytest.fixture(autouse=True)
def fresh_start():
    """Start every test with the same seeds and the default dtype."""
    fastnn.config.set_floatx("float32")
    fastnn.utils.set_random_seed(0)
    yield
    fastnn.config.set_floatx("float32")
