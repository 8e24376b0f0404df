"""`fastnn bench --against`: fastnn beside other libraries, on the same models, weights and data.

fastnn runs in this process and each peer in one of its own, since two OpenMP runtimes in one process disturb
each other. They take turns: while one computes, the others wait for a message.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

import numpy as np

from .cores import Cores
from .measure import LocalSide, alternate, ratio
from .models import Model
from .peers import MissingPeerError, Peer, RemoteSide
from .peers.serve import clock
from .report import NO_LEARNING, STEPS, MismatchError

__all__ = ["TASKS", "compare", "open_peers"]

RATE = 1e-3

# What is measured, by the names that peers know; and how close results have to be.
TASKS = {"train": "training step", "predict row": "one row", "predict": "batch prediction"}
TOLERANCES = {"float32": 1e-4, "float64": 1e-6}
AFTER_STEPS = 30  # times that far apart predictions may be after steps: Adam divides by small numbers


def open_peers(stack: ExitStack, names: Sequence[str], pythons: dict[str, str], threads: int) -> list[Peer]:
    """Start the processes of peers, and say which are missing.

    Raises
    ------
    MissingPeerError
        If none of them is installed.
    """
    peers: list[Peer] = []
    for name in names:
        try:
            peers.append(stack.enter_context(Peer(name, pythons.get(name, sys.executable), threads)))
        except MissingPeerError as error:
            print(f"fastnn bench: {error}; it is left out", file=sys.stderr)
    if not peers:
        raise MissingPeerError(
            f"none of {', '.join(names)} is installed; --python PEER=PATH names the Python of a peer's own "
            "environment"
        )
    return peers


def compare(model: Model, peers: Sequence[Peer], rounds: int, cores: Cores) -> list[dict[str, Any]]:
    """Verify that peers compute what fastnn does, then time them in turns.

    Parameters
    ----------
    model : Model
        A row of `models.MODELS`.
    peers : sequence of Peer
    rounds : int
        Turns of each side.
    cores : Cores
        For as many threads as each side has.

    Returns
    -------
    list of dict
        For each task and peer: the ratio of the peer's time to fastnn's, and the median times of both.

    Raises
    ------
    MismatchError
        If a result of a peer differs; then nothing has been timed.
    """
    ours, _ = model.make()
    weights = ours.get_weights()
    x, y = model.data(model.batch)
    row = x[:1].copy()
    tasks: dict[str, list[tuple[Peer, str]]] = {task: [] for task in TASKS}
    able = []
    for peer in peers:
        made, _ = peer.ask("make", weights, model=asdict(model))
        if "unsupported" in made:
            print(f"{model.name}: without {peer.name}: {made['unsupported']:.200}", flush=True)
            continue
        peer.ask("use", (x, y))
        able.append((peer, made["operations"]))
        for task, sides in tasks.items():
            if task.split()[0] in made["operations"]:
                chosen, _ = peer.ask("choose", task=task)
                sides.append((peer, chosen["way"]))
                for way, error in chosen["failed"].items():
                    print(f"{model.name}: {peer.name} cannot {task} {way}: {error}", flush=True)
    if not able:
        return []
    expected = _results(ours, x, y)
    for peer, operations in able:
        peer.ask("reset", weights, learning_rate=RATE)
        _verify(model, peer, operations, expected)
        peer.ask("learn", learning_rate=NO_LEARNING)
    print(
        f"{model.name}: the same predictions and losses from {', '.join(p.name for p, _ in able)}", flush=True
    )

    ours, _ = model.make(NO_LEARNING)
    calls = {
        "train": lambda: ours.train_on_batch(x, y),
        "predict row": lambda: ours(row),
        "predict": lambda: ours.predict(x, verbose=0),
    }
    rows = []
    for task, sides in tasks.items():
        if not sides:
            continue
        timed: dict[str, Any] = {"fastnn": LocalSide(calls[task], clock(cores.threads))}
        timed |= {peer.name: RemoteSide(peer, task) for peer, _ in sides}
        times = alternate(timed, rounds, turn=cores.turn)
        for peer, way in sides:
            rows.append(
                {
                    "task": task,
                    "peer": peer.name,
                    "way": way,
                    "ratio": ratio(times[peer.name], times["fastnn"])._asdict(),
                    "fastnn_seconds": float(np.median(times["fastnn"])),
                    "peer_seconds": float(np.median(times[peer.name])),
                }
            )
    return rows


def _results(ours: Any, x: Any, y: Any) -> dict[str, Any]:
    """Return what peers have to compute, too: predictions, losses of steps, predictions after these."""
    before, row = ours.predict(x, verbose=0), ours(x[:1])
    losses = [ours.train_on_batch(x, y) for _ in range(STEPS)]
    return {"predict": before, "predict row": row, "losses": losses, "after": ours.predict(x, verbose=0)}


def _verify(model: Model, peer: Peer, operations: list[str], expected: dict[str, Any]) -> None:
    """Raise a `MismatchError` where a peer that has been reset computes something else."""
    tolerance = TOLERANCES[model.dtype]

    def agree(what: str, theirs: Any, ours: Any, tolerance: float) -> None:
        theirs = np.asarray(theirs)
        if theirs.shape != np.shape(ours):
            raise MismatchError(
                f"{model.name}: {what} of {peer.name} have shape {theirs.shape}, not {np.shape(ours)}"
            )
        size = np.abs(ours)
        error = float(np.max(np.abs(theirs - ours) / (size + np.mean(size))))
        if not error <= tolerance:
            raise MismatchError(
                f"{model.name}: {what} of {peer.name} differ by {error:.1e}, more than {tolerance:.0e}"
            )

    for task in ("predict", "predict row"):
        agree(TASKS[task], peer.ask("run", task=task)[1][0], expected[task], tolerance)
    if "train" in operations:
        for step, loss in enumerate(expected["losses"], 1):
            agree(f"losses of step {step}", peer.ask("run", task="train")[1][0], loss, tolerance)
        after = peer.ask("run", task="predict")[1][0]
        agree(f"predictions after {STEPS} steps", after, expected["after"], AFTER_STEPS * tolerance)
