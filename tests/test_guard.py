"""bench/guard.py: when a loss of speed warns, when it fails, and that what seems slow is measured again."""

import json

import pytest
from programs import program

guard = program("guard")

HERE = {"processor": "a", "numpy": "1"}
NO_BLAS = next(name for name, (has_blas, _) in guard.ROWS.items() if not has_blas)
BLAS = next(name for name, (has_blas, _) in guard.ROWS.items() if has_blas)


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [(2.0, "ok"), (3.0, "ok"), (1.71, "ok"), (1.69, "warn"), (1.21, "warn"), (1.19, "fail"), (0.01, "fail")],
)
@pytest.mark.parametrize("has_blas", [False, True])
def test_losses_of_15_percent_warn_and_of_40_percent_fail(ratio, expected, has_blas):
    assert guard.judge(ratio, 2.0, has_blas, HERE, HERE | {"ratios": {}}) == expected


@pytest.mark.parametrize("has_blas", [False, True])
def test_another_processor_only_warns(has_blas):
    assert guard.judge(0.1, 2.0, has_blas, HERE, HERE | {"processor": "b"}) == "warn"


def test_another_blas_only_warns_where_it_counts():
    assert guard.judge(0.1, 2.0, True, HERE, HERE | {"numpy": "2"}) == "warn"
    assert guard.judge(0.1, 2.0, False, HERE, HERE | {"numpy": "2"}) == "fail"


def compare(ratios, name=NO_BLAS):
    """Compare the ratios that measurements return one after the other with a record of 2."""
    given = iter(ratios)
    record = HERE | {"ratios": {name: 2.0}}
    return guard.compare(record, lambda _: lambda: next(given), [name], HERE, pause=0), list(given)


def test_what_is_fast_is_measured_once(capsys):
    assert compare([1.9, 0.1]) == (True, [0.1])
    assert "WARNING" not in capsys.readouterr().out


def test_what_seems_slow_is_measured_again(capsys):
    assert compare([0.1, 0.5, 1.8, 0.1]) == (True, [0.1])
    assert "WARNING" not in capsys.readouterr().out


def test_what_stays_slow_warns_or_fails_by_its_best(capsys):
    assert compare([0.1, 1.5, 0.1, 0.2, 0.3, 0.4])[0]
    assert "WARNING: 25 % slower than recorded" in capsys.readouterr().out
    assert not compare([0.1, 0.2, 1.0, 0.2, 0.3, 0.4])[0]
    assert "FAILED: 50 % slower than recorded" in capsys.readouterr().out


def test_what_is_not_recorded_is_said(capsys):
    assert guard.compare(HERE | {"ratios": {}}, None, [BLAS], HERE)
    assert "not recorded" in capsys.readouterr().out


def test_records_are_of_all_rows():
    records = json.loads(guard.ROWS_FILE.read_text())
    assert {"avx2", "avx512"} <= records.keys()
    for record in records.values():
        assert record["ratios"].keys() == guard.ROWS.keys()
        assert min(record["ratios"].values()) > 0
        assert record["processor"]
        assert record["numpy"]


@pytest.mark.parametrize("name", [name for name, (has_blas, _) in guard.ROWS.items() if not has_blas])
def test_sides_compute_the_same(name):
    ours, theirs = guard.ROWS[name][1]()
    ours()
    theirs()
