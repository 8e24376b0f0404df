"""Do what this machine can of the checks of a release: python tools/release_check [CHECK...].

wheels        with each Python on the path: source distribution, wheel, repaired on Linux; sizes, symbols,
              the oldest glibc, licences and bill of materials; then `fastnn demo` where no compiler is
tests         and the whole test suite there
reproducible  and a second build in another folder, which must have the same bytes
targets       C and Cython compile without a warning for other systems and processors, by Zig's compiler

Without names, all of them. build/release/ has the report, the wheels and what programs printed.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path
from zipfile import ZipFile

import contents
import targets
import wheels
from report import Report

CHECKS = ("wheels", "tests", "reproducible", "targets")


def check_python(report: Report, python: wheels.Python, source: Path, room: Path, wanted: set[str]) -> None:
    """Build a wheel by one Python, look into it, and try it."""
    built: list[Path] = []

    def build() -> str:
        built.append(wheels.build(python, source, room))
        return built[0].name

    if not report.check(f"{python.name}: wheel", build):
        return
    [wheel] = built
    unpacked = room / "content"
    with ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    report.check(f"{python.name}: size", lambda: contents.sizes(wheel))
    report.check(f"{python.name}: symbols", lambda: contents.symbols(unpacked))
    report.check(f"{python.name}: licences", lambda: contents.licences(unpacked))
    report.check(f"{python.name}: bill of materials", lambda: contents.materials(unpacked))
    report.check(f"{python.name}: demo without a compiler", lambda: wheels.demo(python, wheel, room))
    if "tests" in wanted:
        report.check(f"{python.name}: tests", lambda: wheels.suite(python, wheel, source, room))
    if "reproducible" in wanted:
        report.check(
            f"{python.name}: a second build",
            lambda: wheels.build_again(python, wheel, source, room / "again"),
        )


def main() -> int:
    """Run the checks that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=", ".join(CHECKS))
    parser.add_argument("--python", action="append", help="use this one, not all on the path; repeatable")
    arguments = parser.parse_args()
    wanted = set(arguments.checks or CHECKS)
    if unknown := wanted - set(CHECKS):
        parser.error(f"{', '.join(sorted(unknown))}: choose from {', '.join(CHECKS)}")
    room = wheels.ROOT / "build" / "release"
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(parents=True)
    os.environ.setdefault("SOURCE_DATE_EPOCH", "315532800")  # 1980, the first date that a wheel can have
    report = Report()
    if {"wheels", "tests", "reproducible"} & wanted:
        source = wheels.source_distribution(room)
        for python in wheels.pythons(arguments.python):
            check_python(report, python, source, room / python.name, wanted)
    if "targets" in wanted:
        for target in targets.TARGETS:
            report.check(f"compile for {target}", lambda target=target: targets.compile(target, room))
    (room / "report.md").write_text(report.table(), encoding="utf-8")
    print(report.table())
    return int(report.failed())


if __name__ == "__main__":
    sys.exit(main())
