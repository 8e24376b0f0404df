"""What the checks found, and how they run programs."""

from __future__ import annotations

import os
import subprocess
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path


class Skip(Exception):
    """A check that this machine cannot do, with the reason."""


class Failure(Exception):
    """A check that found a fault."""


def run(command: Sequence[str | Path], cwd: Path, log: Path, **environment: str) -> str:
    """Run a program and return what it printed, which is in `log`, too."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as output:
        begin = output.tell()
        code = subprocess.run(
            command, cwd=cwd, env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT
        ).returncode
    text = log.read_bytes()[begin:].decode(errors="replace")
    if code:
        tail = "\n".join(text.splitlines()[-15:])
        raise Failure(f"{' '.join(map(str, command))} exited with {code}; the end of {log}:\n{tail}")
    return text


class Report:
    """Lines of a table: what was checked, the outcome, and the facts."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []

    def check(self, subject: str, action: Callable[[], str]) -> bool:
        """Do one check, which returns facts or raises `Skip` or `Failure`; return whether it passed."""
        start = time.monotonic()
        print(f"== {subject}", flush=True)
        try:
            outcome, facts = "passed", action()
        except Skip as reason:
            outcome, facts = "skipped", str(reason)
        except Failure as fault:
            outcome, facts = "FAILED", str(fault)
        except Exception as error:  # of the check itself: the others go on, and the report has it
            traceback.print_exc()
            outcome, facts = "FAILED", f"{type(error).__name__}: {error}"
        print(f"   {outcome}, {time.monotonic() - start:.0f} s: {facts}", flush=True)
        self.lines.append((subject, outcome, facts))
        return outcome == "passed"

    def failed(self) -> bool:
        """Return whether some check has failed."""
        return any(outcome == "FAILED" for _, outcome, _ in self.lines)

    def table(self) -> str:
        """Format all lines as a table of Markdown."""
        cells = [
            (s, o, f.split("\n")[0] if o == "FAILED" else f.replace("\n", "; ")) for s, o, f in self.lines
        ]
        rows = [f"| {' | '.join(row)} |" for row in [("check", "outcome", "facts"), ("---",) * 3, *cells]]
        return "\n".join(rows) + "\n"
