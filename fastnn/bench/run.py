"""What `fastnn bench` does with its options: verify, measure, print and write."""

from __future__ import annotations

import argparse
import json
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from . import against, against_report, report
from .cores import Cores
from .models import MODELS
from .peak import Peak
from .processors import same_processors

__all__ = ["against_numpy", "against_peers"]


def against_numpy(options: argparse.Namespace) -> None:
    """Compare with plain NumPy."""
    peak = Peak(options.threads, options.dtype)
    environment = report.environment(peak, options.rounds)
    print(report.heading(environment))
    results, cores = [], Cores(options.threads)
    for name in options.models:
        model = replace(MODELS[name], dtype=options.dtype)
        report.verify(model)
        print(f"{name}: both sides agree in predictions, losses and weights", flush=True)
        results.append(report.measure(model, peak, options.rounds, cores))
    print(f"\n{report.table(results)}")
    _print_remark(cores)
    _write_json(options, environment | _turns(cores) | {"models": results})
    if options.plot:
        report.plot(results, environment, options.plot)


def against_peers(options: argparse.Namespace) -> None:
    """Compare with other libraries."""
    with ExitStack() as stack:
        stack.enter_context(same_processors(options.threads))
        environment = against_report.environment(Peak(options.threads, options.dtype), options)
        peers = against.open_peers(stack, options.against, options.python, options.threads)
        environment["peers"] = {peer.name: peer.versions for peer in peers}
        print(against_report.heading(environment), flush=True)
        results, cores = [], Cores(options.threads)
        for name in options.models:
            model = replace(MODELS[name], dtype=options.dtype)
            rows = against.compare(model, peers, options.rounds, cores)
            if rows:
                results.append({"name": name, "title": model.title, "rows": rows})
                # After each model: a run of all of them takes a quarter of an hour, and may be broken off.
                summary = against_report.summary(results)
                _write_json(options, environment | _turns(cores) | {"models": results, "summary": summary})
    print(f"\n{against_report.table(results)}")
    _print_remark(cores)
    if options.plot:
        against_report.plot(results, environment, options.plot)


def _turns(cores: Cores) -> dict[str, int]:
    """Return how turns were taken, ready for JSON."""
    return {"turns": cores.turns, "turns_on_shared_cores": cores.shared}


def _print_remark(cores: Cores) -> None:
    if cores.shared:
        print(f"\n{cores.remark()}")


def _write_json(options: argparse.Namespace, results: dict[str, Any]) -> None:
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")
