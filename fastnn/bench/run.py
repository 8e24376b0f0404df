"""What `fastnn bench` does with its options: verify, measure, print and write."""

from __future__ import annotations

import argparse
import json
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from . import against, against_report, report
from .models import MODELS
from .peak import Peak

__all__ = ["against_numpy", "against_peers"]


def against_numpy(options: argparse.Namespace) -> None:
    """Compare with plain NumPy."""
    peak = Peak(options.threads, options.dtype)
    environment = report.environment(peak, options.rounds)
    print(report.heading(environment))
    results = []
    for name in options.models:
        model = replace(MODELS[name], dtype=options.dtype)
        report.verify(model)
        print(f"{name}: both sides agree in predictions, losses and weights", flush=True)
        results.append(report.measure(model, peak, options.rounds))
    print(f"\n{report.table(results)}")
    _write_json(options, environment | {"models": results})
    if options.plot:
        report.plot(results, environment, options.plot)


def against_peers(options: argparse.Namespace) -> None:
    """Compare with other libraries."""
    with ExitStack() as stack:
        stack.enter_context(against.same_cores(options.threads))
        environment = against_report.environment(Peak(options.threads, options.dtype), options)
        peers = against.open_peers(stack, options.against, options.python, options.threads)
        environment["peers"] = {peer.name: peer.versions for peer in peers}
        print(against_report.heading(environment), flush=True)
        results = []
        for name in options.models:
            model = replace(MODELS[name], dtype=options.dtype)
            rows = against.compare(model, peers, options.rounds, options.threads)
            if rows:
                results.append({"name": name, "title": model.title, "rows": rows})
                # After each model: a run of all of them takes a quarter of an hour, and may be broken off.
                summary = against_report.summary(results)
                _write_json(options, environment | {"models": results, "summary": summary})
    print(f"\n{against_report.table(results)}")
    if options.plot:
        against_report.plot(results, environment, options.plot)


def _write_json(options: argparse.Namespace, results: dict[str, Any]) -> None:
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")
