"""The command `fastnn`: what this installation runs on, a demonstration, profiles, and the benchmark.

What a command needs is imported when it runs, so `fastnn --version` takes no longer than `import fastnn`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from typing import Any, TextIO, cast

from . import __version__
from .interop.formats import endings

__all__ = ["main"]

# What a shell reports for a process that a signal ended: 128 + SIGINT, 128 + SIGPIPE.
INTERRUPTED, PIPE_CLOSED = 130, 141
MOST_SAMPLES = 2**31 - 1


def main(arguments: list[str] | None = None) -> int:
    """Run the command `fastnn`.

    Parameters
    ----------
    arguments : list of str, optional
        Those behind the command's name; by default the process' own.

    Returns
    -------
    int
        The exit status: 0 where all went well, 1 where a file could not be written or read, 130 after
        Ctrl-C, 141 where nobody reads the output.

    Raises
    ------
    SystemExit
        With status 2 where the arguments are wrong, with 0 for `--help` and `--version`.

    Examples
    --------
    >>> main(["info"])
    fastnn             ...
    instruction set    ...
    0
    """
    return exit_status("fastnn", lambda: _run(sys.argv[1:] if arguments is None else arguments))


def exit_status(program: str, run: Callable[[], int | None]) -> int:
    """Run a program and return its exit status, where its user or the system end it too.

    Parameters
    ----------
    program : str
        Its name, for messages.
    run : callable
        What it does; returns its exit status, or None for 0.
    """
    with ExitStack() as stack:
        if cast("TextIO | None", sys.stdout) is None:  # closed by the shell: what is printed goes nowhere
            stack.enter_context(redirect_stdout(stack.enter_context(open(os.devnull, "w"))))
        try:
            status = run()
            sys.stdout.flush()
        except KeyboardInterrupt:
            print(file=sys.stderr)
            return INTERRUPTED
        except BrokenPipeError:
            # Python flushes standard output once more when it ends, and must not meet the closed pipe again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return PIPE_CLOSED
        except (MemoryError, OSError) as error:
            print(f"{program}: {_described(error) or 'there is not enough memory'}", file=sys.stderr)
            return 1
    return status or 0


def _described(error: BaseException) -> str:
    """Return what an error says; one of the system names the file first and has no number."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    file = "" if error.filename is None else f"{error.filename}: "
    return f"{file}{error.strerror}"


def _run(arguments: list[str]) -> int:
    if arguments[:1] == ["bench"]:
        from .bench import main as bench

        return bench(arguments[1:])
    parser = argparse.ArgumentParser(
        "fastnn",
        description="Neural networks on CPUs.",
        epilog="fastnn COMMAND --help says more about a command.",
    )
    parser.add_argument("--version", action="version", version=f"fastnn {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    info = commands.add_parser(
        "info",
        help="what this installation runs on, or what is in a file of a model",
        description="Show what fastnn runs on, or what is in a file of a model.",
    )
    info.add_argument("file", type=Path, nargs="?", metavar="FILE", help="of a model, in any format")
    info.add_argument("--json", action="store_true", help="print it as JSON")
    demo = commands.add_parser(
        "demo",
        help="learn to read digits, in about a second",
        description="Train a network on the handwritten digits that come with fastnn, and try it.",
    )
    demo.add_argument(
        "--epochs",
        type=whole_number_type(1),
        default=20,
        metavar="N",
        help="times through the data; default: 20",
    )
    demo.add_argument(
        "--seed",
        type=whole_number_type(0, 2**32 - 1),
        default=0,
        metavar="N",
        help="seed of all random numbers; default: 0",
    )
    demo.add_argument(
        "--save", type=Path, metavar="FILE", help="write the model there, for fastnn.models.load_model"
    )
    demo.add_argument("--force", action="store_true", help="let --save replace a file")
    profile = commands.add_parser(
        "profile",
        help="time the steps of a model",
        description="Time each step of the model in a file, on random samples.",
    )
    profile.add_argument("file", type=Path, metavar="FILE", help="of a model, as model.save writes it")
    profile.add_argument(
        "--batch-size",
        type=whole_number_type(1, MOST_SAMPLES),
        default=32,
        metavar="N",
        help="samples in the batch; default: 32",
    )
    profile.add_argument(
        "--length",
        type=whole_number_type(1, MOST_SAMPLES),
        metavar="N",
        help="of inputs that may have any length",
    )
    profile.add_argument("--training", action="store_true", help="time a training step, not a prediction")
    profile.add_argument("--json", action="store_true", help="print the numbers as JSON")
    conversion = commands.add_parser(
        "convert",
        help="write a model in another format",
        description=f"Write a model in the format of OUT's ending: {', '.join(endings())}; .weights.h5 is "
        "for weights alone.",
    )
    conversion.add_argument("source", type=Path, metavar="IN", help="a file of a model, of any format")
    conversion.add_argument("target", type=Path, metavar="OUT", help="the file to write")
    conversion.add_argument("--force", action="store_true", help="replace a file that is there")
    commands.add_parser("bench", help="compare fastnn with plain NumPy or other libraries", add_help=False)
    options = parser.parse_args(arguments)
    if options.command == "convert" or (options.command == "info" and options.file is not None):
        return _on_file(options)
    if options.command == "info":
        found = _info()
        from .models.summary import print_text

        print_text(json.dumps(found, indent=2) if options.json else _as_text(found))
    elif options.command == "demo":
        file = options.save
        if file is not None and not file.absolute().parent.is_dir():
            demo.error(f"argument --save: there is no folder {str(file.absolute().parent)!r}")
        if file is not None and file.exists() and not (options.force and file.is_file()):
            demo.error(f"argument --save: {str(file)!r} is there already; --force replaces a file")
        from .demo import run

        run(options.epochs, options.seed, file)
    elif options.command == "profile":
        from .models.summary import print_text
        from .profile_command import run as run_profile

        try:
            found_steps = run_profile(options.file, options.batch_size, options.length, options.training)
        except (OSError, ValueError) as error:
            print(f"fastnn profile: {_described(error)}", file=sys.stderr)
            return 1
        except MemoryError as error:
            print(f"fastnn profile: --batch-size, --length: expected fewer samples: {error}", file=sys.stderr)
            return 1
        print_text(json.dumps(found_steps.as_dict(), indent=2) if options.json else str(found_steps))
    else:
        parser.print_help()
    return 0


def _on_file(options: argparse.Namespace) -> int:
    """Convert a file, or say what is in it."""
    from . import file_commands
    from .models.summary import print_text

    try:
        if options.command == "convert":
            file_commands.convert(options.source, options.target, options.force)
            return 0
        found = file_commands.info(options.file)
    except (ImportError, OSError, TypeError, ValueError) as error:
        print(f"fastnn {options.command}: {_described(error)}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        for line in _lines(found):
            print_text(line)
    return 1 if "problem" in found else 0


def _lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a table, of values and of lists and dicts of them, as they are safe to print."""
    for name, value in found.items():
        if value is None:
            continue
        entries = value if isinstance(value, list) else [value]
        if isinstance(value, dict):
            entries = [
                f"{key if key.isprintable() else repr(key)}: {entry!r}" for key, entry in value.items()
            ]
        for i, entry in enumerate(entries or [""]):
            text = str(entry)
            yield f"{'' if i else name:18}{text if text.isprintable() else repr(text)}"


def whole_number_type(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return a type for argparse: a whole number in these bounds."""

    def whole_number(text: str) -> int:
        number = int(text) if text.isascii() and text.isdigit() else -1
        if number < least or (most is not None and number > most):
            bounds = f"from {least}" if most is None else f"from {least} to {most}"
            raise argparse.ArgumentTypeError(f"expected a whole number {bounds}, got {text!r}")
        return number

    return whole_number


def positive_number_type(most: float) -> Callable[[str], float]:
    """Return a type for argparse: a number above 0, at most this one."""

    def positive_number(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = 0.0
        if not 0 < number <= most:
            raise argparse.ArgumentTypeError(f"expected a number above 0, at most {most:g}, got {text!r}")
        return number

    return positive_number


def _info() -> dict[str, Any]:
    """Return what `fastnn info` reports, ready for JSON."""
    import numpy as np

    from .datasets._fetch import home
    from .kernels.core import runtime

    isa, isa_source = runtime.isa()
    threads, threads_source = runtime.num_threads()
    threading, threading_source = runtime.threading_choice()
    return {
        "fastnn": __version__,
        "instruction_set": isa,
        "instruction_set_from": isa_source,
        "instruction_sets": runtime.isa_names(),
        "threads": threads,
        "threads_from": threads_source,
        "threading": threading,
        "threading_from": threading_source,
        "openmp": runtime.openmp,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": platform.platform(),
        "datasets": str(home() / "datasets"),
    }


def _as_text(found: dict[str, Any]) -> str:
    isa, threads, threading = (found[f"{name}_from"] for name in ("instruction_set", "threads", "threading"))
    lines = {
        "fastnn": found["fastnn"],
        "instruction set": f"{found['instruction_set']}, "
        + ("the best of this processor" if isa == "processor" else f"as {isa} says"),
        "this machine runs": ", ".join(found["instruction_sets"]),
        "threads": f"{found['threads']}, "
        + ("one for each processor" if threads == "processors" else f"as {threads} says"),
        "threading": f"{found['threading']}, "
        + ("the default" if threading == "default" else f"as {threading} says"),
        "OpenMP": "yes" if found["openmp"] else "no",
        "Python": found["python"],
        "NumPy": found["numpy"],
        "platform": found["platform"],
        "data sets": found["datasets"],
    }
    width = max(map(len, lines)) + 2
    return "\n".join(f"{name:{width}}{value}" for name, value in lines.items())
