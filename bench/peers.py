"""fastnn against other libraries, each in an environment of its own: `python bench/peers.py`.

    python bench/peers.py --record                      # all models and peers, into docs/benchmarks.md
    python bench/peers.py --only torch,jax --threads 1 --models lstm_100

It makes the environments that are not there yet, a gigabyte or two, and runs `fastnn bench --against` with
them; other options are passed on to it. An environment is kept in a folder of its peer's name under --folder.
"""

import argparse
import re
import subprocess
import sys
import venv
from pathlib import Path

from fastnn.cli import exit_status

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
SECTION = "## Last full runs"

PACKAGES = {
    "torch": ["torch", "numpy"],
    "tensorflow": ["tensorflow-cpu"],
    "jax": ["jax"],
    "onnxruntime": ["onnxruntime", "onnx"],
    "sklearn": ["scikit-learn"],
}


def python_of(environment):
    """Return the Python of an environment, which may not be there."""
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def make_environment(folder, peer):
    """Return the Python of a peer's environment, made and filled if it is not there."""
    python = python_of(folder / peer)
    if not python.exists():
        print(f"making an environment with {' '.join(PACKAGES[peer])} in {folder / peer}", flush=True)
        try:
            venv.create(folder / peer, with_pip=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES[peer]], check=True)
        except BaseException:
            python.unlink(missing_ok=True)  # so that the next run does not take it for complete
            raise
    return python


def run(command):
    """Print what a command prints, as it does, and return it."""
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        sys.exit(process.returncode)
    return "".join(lines)


def recorded(page, text):
    """Return the page with the text of a run as that of its instruction set and number of threads."""
    isa, threads = re.search(r" with (\w+) against", text)[1], re.search(r"; (\d+ threads?) each", text)[1]
    lines = [line for line in text.splitlines() if ": the same predictions" not in line]
    text = re.sub(r"\n\n+", "\n\n", "\n".join(lines)).strip()
    heading = f"### {isa}, {threads}"
    block = f"{heading}\n\n```text\n{text}\n```\n"
    before, separator, runs = page.partition(f"{SECTION}\n")
    if not separator:
        raise SystemExit(f"{PAGE} has no section {SECTION!r}")
    found = re.search(rf"^{re.escape(heading)}\n\n```text\n.*?\n```\n", runs, re.M | re.S)
    if found:
        runs = runs[: found.start()] + block + runs[found.end() :]
    else:
        first = re.search(r"^## ", runs, re.M)
        at = first.start() if first else len(runs)
        runs = f"{runs[:at].rstrip()}\n\n{block}\n{runs[at:]}".rstrip() + "\n"
    return before + separator + runs


def main():
    parser = argparse.ArgumentParser(
        description="Run fastnn bench --against, with an environment for each peer."
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "peers", help="of the environments")
    parser.add_argument("--only", default=",".join(PACKAGES), help="these peers, separated by commas")
    parser.add_argument("--record", action="store_true", help="write what is printed into docs/benchmarks.md")
    options, others = parser.parse_known_args()
    peers = options.only.split(",")
    for peer in peers:
        if peer not in PACKAGES:
            parser.error(f"--only: expected peers from {', '.join(PACKAGES)}, got {peer!r}")
    try:
        pythons = {peer: make_environment(options.folder.absolute(), peer) for peer in peers}
    except subprocess.CalledProcessError as error:
        sys.exit(f"peers.py: the environment could not be made: {error}")
    named = [argument for peer, path in pythons.items() for argument in ("--python", f"{peer}={path}")]
    command = [sys.executable, "-P", "-m", "fastnn", "bench", "--against", ",".join(peers), *named, *others]
    text = run(command)
    if options.record:
        PAGE.write_text(recorded(PAGE.read_text(), text))
        print(f"\nwritten into {PAGE}; draw it by bench/plot_runs.py")


if __name__ == "__main__":
    sys.exit(exit_status("peers.py", main))
