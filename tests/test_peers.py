"""bench/peers.py: an environment is there as a whole or not at all."""

import subprocess
import venv

import pytest
from programs import program

peers = program("peers")


def test_an_environment_that_pip_has_not_filled_is_made_again(tmp_path, monkeypatch):
    python = peers.python_of(tmp_path / "jax")

    def create(folder, with_pip):
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()

    def fail(command, **options):
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(venv, "create", create)
    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(subprocess.CalledProcessError):
        peers.make_environment(tmp_path, "jax")
    assert not python.exists()
    monkeypatch.setattr(subprocess, "run", lambda command, **options: None)
    assert peers.make_environment(tmp_path, "jax") == python
    assert python.exists()
