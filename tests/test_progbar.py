"""`Progbar`: means, and what is shown where."""

import io
import re
import sys

import pytest

from fastnn.utils import Progbar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(**arguments):
    progress = Progbar(3, **arguments)
    for i, (a, b) in enumerate([(4.0, 1.0), (1.0, 2.0), (1.0, 3.0)]):
        progress.update(i + 1, [("a", a), ("b", b)])
    return progress


def test_values_are_means_or_stand_as_they_are():
    assert run(verbose=0).values == {"a": 2.0, "b": 2.0}
    assert run(verbose=0, stateful_metrics=["b"]).values == {"a": 2.0, "b": 3.0}
    assert run(verbose=0, stateless_metrics=["b"]).values == {"a": 1.0, "b": 2.0}
    progress = Progbar(None, verbose=0)
    progress.add(3, [("a", 1.0)])
    progress.add(1, [("a", 5.0)])
    assert progress.values == {"a": 2.0}


@pytest.mark.parametrize("verbose", [1, 2])
def test_a_line_at_the_end(capsys, verbose):
    run(verbose=verbose)
    out = capsys.readouterr().out
    assert re.fullmatch(r"3/3 \d+\.\d\ds - \S+ms/step - a: 2\.0000 - b: 2\.0000\n", out)


def test_nothing_is_shown(capsys):
    run(verbose=0)
    Progbar(5).update(3, [("a", 1.0)])
    assert capsys.readouterr() == ("", "")
    Progbar(5).update(3, finalize=True)
    assert capsys.readouterr().out.startswith("3/5 ")


def test_a_bar_on_a_terminal(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    run(interval=0, unit_name="sample")
    assert "2/3 |" in terminal.getvalue()
    assert terminal.getvalue().rstrip().endswith("ms/sample - a: 2.0000 - b: 2.0000")


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="verbose: expected 0, 1 or 2, got 3"):
        Progbar(1, verbose=3)
    with pytest.raises(ValueError, match="stateful_metrics, stateless_metrics: expected at most one"):
        Progbar(1, stateful_metrics=[], stateless_metrics=[])
