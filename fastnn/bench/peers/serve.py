"""The process of a peer of `fastnn bench --against`: python serve.py FILE THREADS.

It runs in the peer's own environment, with the Python from 3.10 on that this has, so it needs nothing but
NumPy, the peer, and the file `measure.py`. FILE is the module beside this one that has the peer's name. It
defines

    start(threads)                      -> dict of versions: "version", and of what it needs by name; not to
                                           import is to be missing
    Network(model, weights)             model: the fields of `fastnn.bench.models.Model`, by name; weights: a
                                        list of arrays in Keras' order; NotImplementedError: not for this peer
    network.ways(operation)             -> dict of names to functions: the ways to do "train", (x, y) -> loss,
                                        or "predict", x -> array; empty where there is none
    network.reset(weights, rate)        start anew from these weights, with this learning rate of Adam
    network.learning_rate = rate        go on with another one

A message in either direction is one line of JSON followed by the bytes of its arrays. Requests come on
standard input and are answered on what was standard output; whatever the peer prints goes to standard error.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
import timeit
import traceback
from typing import IO, Any

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
TRIALS = 3  # of each way to do something, of which the fastest is measured
TRIAL_SECONDS = 0.1


def send(stream: IO[bytes], message: dict[str, Any], arrays: Any = ()) -> None:
    """Write a message."""
    arrays = [np.asarray(array, order="C") for array in arrays]
    described = [[array.dtype.str, list(array.shape)] for array in arrays]
    stream.write(json.dumps({**message, "arrays": described}).encode() + b"\n")
    for array in arrays:
        stream.write(array.tobytes())
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], list[Any]]:
    """Read a message and its arrays.

    Raises
    ------
    EOFError
        If the other side has ended.
    ValueError
        If something else than messages comes.
    """
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError("the other side has ended")
    arrays = []
    try:
        message = json.loads(line)
        described = message.pop("arrays")
    except (ValueError, AttributeError, KeyError, TypeError):
        raise ValueError(f"expected a message, got {line!r:.200}") from None
    for dtype, shape in described:
        size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        data = stream.read(size)
        if len(data) < size:
            raise EOFError("the other side has ended")
        arrays.append(np.frombuffer(data, dtype).reshape(shape).copy())
    return message, arrays


def clock(threads: int) -> Any:
    """Return processor time for one thread, in which other programs do not count, else the time of day."""
    return time.process_time if threads == 1 and sys.platform != "win32" else time.perf_counter


class Server:
    """What a peer can be asked to do: the methods whose names do not start with an underscore.

    Parameters
    ----------
    peer : module
    threads : int
    """

    def __init__(self, peer: Any, threads: int) -> None:
        self._peer, self._clock = peer, clock(threads)
        self._calls_in = load(os.path.join(HERE, "..", "measure.py")).calls_in
        self._network: Any = None
        self._data: list[Any] = []
        self._chosen: dict[str, Any] = {}

    def make(self, arrays: list[Any], model: dict[str, Any]) -> dict[str, Any]:
        """Make the network of a model from its weights."""
        self._network, self._chosen = None, {}
        try:
            self._network = self._peer.Network(model, arrays)
        except NotImplementedError as error:
            return {"unsupported": str(error)}
        return {"operations": [name for name in ("train", "predict") if self._network.ways(name)]}

    def use(self, arrays: list[Any]) -> dict[str, Any]:
        """Compute on these arrays from now on: x and y."""
        self._data = arrays
        return {}

    def reset(self, arrays: list[Any], learning_rate: float) -> dict[str, Any]:
        """Start anew from these weights."""
        self._network.reset(arrays, learning_rate)
        return {}

    def learn(self, arrays: list[Any], learning_rate: float) -> dict[str, Any]:
        """Go on with another learning rate."""
        self._network.learning_rate = learning_rate
        return {}

    def choose(self, arrays: list[Any], task: str) -> dict[str, Any]:
        """Choose the fastest way to do a task; say which ways failed, and how."""
        times, failed = {}, {}
        ways = self._network.ways(task.split()[0])
        for name, way in ways.items():
            self._chosen[task] = way
            run = self._side(task)
            try:
                run()
                calls = self._calls_in(run, TRIAL_SECONDS, self._clock)
                times[name] = min(self._seconds(run, calls) for _ in range(TRIALS)) / calls
            except Exception as error:
                failed[name] = f"{type(error).__name__}: {error}"[:300]
        if not times:
            raise RuntimeError(f"no way to {task}: {failed}")
        best = min(times, key=times.__getitem__)
        self._chosen[task] = ways[best]
        return {"way": best, "seconds": times, "failed": failed}

    def run(self, arrays: list[Any], task: str) -> tuple[dict[str, Any], list[Any]]:
        """Do a task once and return its result."""
        return {}, [np.asarray(self._side(task)())]

    def calls_in(self, arrays: list[Any], task: str, seconds: float) -> dict[str, Any]:
        """Return how many times a task can be done in so many seconds."""
        return {"calls": self._calls_in(self._side(task), seconds, self._clock)}

    def time(self, arrays: list[Any], task: str, calls: int) -> dict[str, Any]:
        """Return the seconds that a task takes so many times."""
        return {"seconds": self._seconds(self._side(task), calls)}

    def _side(self, task: str) -> Any:
        """Return the function without arguments that does "train", "predict" or "predict row"."""
        way, (x, y) = self._chosen[task], self._data
        if task == "train":
            return lambda: way(x, y)
        part = x[:1].copy() if task == "predict row" else x
        return lambda: way(part)

    def _seconds(self, run: Any, calls: int) -> float:
        return timeit.Timer(run, timer=self._clock).timeit(calls)


def load(file: str) -> Any:
    """Return the module of a file."""
    name = f"fastnn_{os.path.basename(file).removesuffix('.py')}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def main(file: str, threads: int) -> None:
    """Answer requests until there are no more."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # Python looks for modules beside the script first: those have the peers' names.
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != HERE]
    try:
        peer = load(file)
        versions = peer.start(threads)
    except ImportError as error:
        send(answers, {"missing": str(error)})
        return
    send(answers, {"versions": {"python": sys.version.split()[0], "numpy": np.__version__, **versions}})
    server = Server(peer, threads)
    while True:
        try:
            request, arrays = receive(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer = getattr(server, request.pop("do"))(arrays, **request)
            send(answers, *(answer if isinstance(answer, tuple) else (answer,)))
        except Exception:
            send(answers, {"error": traceback.format_exc()})


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
