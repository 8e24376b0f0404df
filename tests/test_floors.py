"""bench/floors.py: its kernels compute what NumPy does, in each family."""

import pytest
from programs import program

from fastnn.kernels.core import runtime

floors = program("floors")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("family", floors.FAMILIES)
def test_verifies(family, dtype):
    cases, shape, *_ = floors.FAMILIES[family]
    for isa in runtime.isa_names():
        for case in cases(floors.Arrays(dtype), *shape):  # new ones: some kernels add to what is there
            floors.Call(case, isa, dtype)


def test_a_wrong_result_is_not_timed():
    right = next(floors.dropout(floors.Arrays("float32"), 100))
    y = right.arrays[0]
    with pytest.raises(AssertionError):
        floors.Call(right._replace(pairs=((y, y + 1),)), runtime.isa()[0], "float32")


def test_a_share_is_printed(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["floors.py", "--family", "dot", "--rounds", "1", "--seconds", "1e-4"])
    monkeypatch.setitem(floors.FAMILIES, "dot", (floors.dot, (16, 1, 16)))
    floors.main()
    kernels = [line.split()[0] for line in capsys.readouterr().out.splitlines()[3:]]
    assert kernels == ["matvec", "outer"]
