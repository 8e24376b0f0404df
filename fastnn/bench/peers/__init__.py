"""Other libraries that `fastnn bench --against` compares with: each runs in a process of its own.

The modules beside `serve` are not imported here. They are run by a peer's Python, which need not be this one.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from ...kernels.core import runtime
from ..measure import Timed
from .serve import receive, send

__all__ = ["PEERS", "UNLIMITED", "MissingPeerError", "Peer", "PeerError", "RemoteSide", "limits"]

FOLDER = Path(__file__).parent
PEERS = ("torch", "tensorflow", "jax", "onnxruntime", "sklearn")
TAIL = 2000  # characters of what a peer has printed, in errors

# FASTNN_ISA=avx2 keeps fastnn from AVX-512. These keep the products of the others from it. Not among them is
# ATEN_CPU_CAPABILITY, for PyTorch's other loops: with it PyTorch 2.13 gives wrong results now and then.
AVX2 = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}
UNLIMITED = ("onnxruntime",)  # has no such setting: it uses all that the processor has


def limits() -> dict[str, str]:
    """Return what the environment of peers has to say for them to use fastnn's instruction set.

    Returns
    -------
    dict of str to str
        Nothing, unless fastnn has been told to use AVX2.

    Examples
    --------
    >>> all(name.isupper() for name in limits())
    True
    """
    return AVX2 if os.environ.get("FASTNN_ISA") and runtime.isa()[0] == "avx2" else {}


class PeerError(Exception):
    """A peer has failed."""


class MissingPeerError(PeerError):
    """A peer cannot be imported by its Python."""


class Peer:
    """The process of a peer, and what it is asked.

    Parameters
    ----------
    name : str
        One of `PEERS`.
    python : str
        The Python to run it with.
    threads : int

    Attributes
    ----------
    name : str
    versions : dict of str to str
        Of the peer and of what it runs on.

    Raises
    ------
    MissingPeerError
        If that Python cannot import the peer.
    PeerError
        If the process ends, or the peer raises an exception; also of the methods.
    """

    def __init__(self, name: str, python: str, threads: int) -> None:
        self.name = name
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (until `close`)
        command = [python, str(FOLDER / "serve.py"), str(FOLDER / f"{name}.py"), str(threads)]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=os.environ | limits(),
            )
        except OSError as error:
            self._errors.close()
            raise PeerError(f"{name}: {python!r} cannot be run: {error}") from error
        try:
            hello = self._receive()[0]
            if "missing" in hello:
                raise MissingPeerError(f"{name} is not installed for {python}: {hello['missing']}")
        except BaseException:
            self.close()
            raise
        self.versions: dict[str, str] = hello["versions"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, do: str, arrays: Sequence[Any] = (), **options: Any) -> tuple[dict[str, Any], list[Any]]:
        """Let the peer do something and return its answer; see `serve.Server`."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # the process has ended: there is no answer to receive either
            send(self._process.stdin, {"do": do, **options}, arrays)
        answer, results = self._receive()
        if "error" in answer:
            raise PeerError(f"{self.name}: {do} failed\n{answer['error']}")
        return answer, results

    def close(self) -> None:
        """End the process."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.kill()
        process.wait()
        with suppress(BrokenPipeError):  # what it has not read
            process.stdin.close()
        process.stdout.close()
        self._errors.close()

    def _receive(self) -> tuple[dict[str, Any], list[Any]]:
        assert self._process.stdout is not None
        try:
            return receive(self._process.stdout)
        except EOFError:
            status = self._process.wait()
            self._errors.seek(0)
            text = self._errors.read().decode(errors="replace").strip()[-TAIL:]
            raise PeerError(f"{self.name}: its process ended with status {status}\n{text}") from None
        except ValueError as error:
            raise PeerError(f"{self.name}: {error}; is it a Python that prints nothing?") from None


class RemoteSide(Timed):
    """A task of a peer as a side for `measure.alternate`.

    Parameters
    ----------
    peer : Peer
    task : {"train", "predict", "predict row"}
    """

    def __init__(self, peer: Peer, task: str) -> None:
        self._peer, self._task = peer, task

    def calls_in(self, seconds: float) -> int:
        """Return how many calls take about `seconds`."""
        return int(self._peer.ask("calls_in", task=self._task, seconds=seconds)[0]["calls"])

    def time(self, calls: int) -> float:
        """Return the seconds of so many calls."""
        return float(self._peer.ask("time", task=self._task, calls=calls)[0]["seconds"])
