"""Commands of setup.py that compile everything in one pool of jobs, and only what has changed.

A file is made again when the digest of what it is made from differs: the content of its sources and of what
they include, and the command. Time stamps do not count: another branch checked out and back rebuilds nothing.
"""

import functools
import hashlib
import logging
import multiprocessing
import os
import re
import runpy
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, ClassVar

from Cython import __version__ as cython_version
from Cython.Build import cythonize
from Cython.Compiler.Errors import CompileError as CythonError
from setuptools import Extension
from setuptools.command.build import build
from setuptools.command.build_clib import build_clib
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError

CPU_COUNT = Path(__file__).parent.parent / "fastnn/kernels/core/cpu_count.py"
PROCESSOR_SECONDS = 150  # for everything, on a fast processor of 2023
GENERATED = Path("build/cython")
KERNEL_LIST = Path("csrc/kernels.def")
KERNEL_DECLARATIONS = GENERATED / "kernels.pxi"
KERNEL = re.compile(r"^FNN_KERNEL\((\w+), (\w+), (\(.*\))\)$", re.MULTILINE)
# Where a list comprehension has no memory to grow, Cython 3.3.1 drops its element, and then once more.
APPEND = (
    "PyList_Append(list, x);\n    Py_DECREF(x);\n",
    "PyList_Append(list, x);\n    if (likely(result == 0)) Py_DECREF(x);\n",
)
# Cython names some files as their importers do, and its own by no file: debuggers and gcov do not find them.
LINE = re.compile(r'^(#line \d+) "(?!fastnn/)([\w/.]+)"$', re.MULTILINE)
INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def job_count(wish: int | None) -> int:
    """Count the processors this process may use by affinity and control group, at most `wish`."""
    available, _ = runpy.run_path(str(CPU_COUNT))["default_threads"]({})
    return min(int(wish or available), available)


@functools.cache
def included(path: Path, folders: tuple[Path, ...]) -> frozenset[Path]:
    """List the files of this project that a C file includes, directly or not."""
    found: set[Path] = set()
    for name in INCLUDE.findall(path.read_bytes()):
        for folder in (path.parent, *folders):
            file = Path(os.path.normpath(folder / name.decode()))
            if file.is_file():
                found |= {file} | included(file, folders)
                break
    return frozenset(found)


def declare_kernels() -> None:
    """Write the fields of the kernel table for Cython, from the list that declares them in C."""
    fields = [
        f"        {returns} (*{name}){arguments} noexcept nogil\n"
        for returns, name, arguments in KERNEL.findall(KERNEL_LIST.read_text())
    ]
    KERNEL_DECLARATIONS.parent.mkdir(parents=True, exist_ok=True)
    KERNEL_DECLARATIONS.write_text(
        'cdef extern from "fastnn.h" nogil:\n'
        "    ctypedef struct fnn_kernels:\n"
        "        const char *isa\n"
        "        fnn_idx itemsize\n" + "".join(fields)
    )


def cythonize_module(name: str, source: str, directives: dict[str, Any], options: dict[str, Any]) -> None:
    """Write the C source of a module, and beside it, for Make, what it was made from."""
    try:
        cythonize(
            [Extension(name, [source])], build_dir=str(GENERATED), compiler_directives=directives,
            include_path=[str(GENERATED)], depfile=True, force=True, quiet=True, **options,
        )  # fmt: skip
    except CythonError:  # which it has printed
        raise CompileError(f"Cython does not compile {source}") from None
    c_file = GENERATED / Path(source).with_suffix(".c")
    declarations = [path.as_posix() for path in sorted(Path("fastnn").rglob("*.pxd"))]

    def with_path(line: re.Match[str]) -> str:
        names = [path for path in declarations if path.endswith(f"/{line[2]}")]
        return f'{line[1]} "{names[0] if names else c_file.as_posix()}"'

    c_file.write_text(LINE.sub(with_path, c_file.read_text().replace(*APPEND)))


def cython_inputs(c_file: Path) -> set[Path]:
    """Read which files of this project a generated C source was made from; Cython's own have its version."""
    dependencies = Path(f"{c_file}.dep")
    if not dependencies.exists():
        return set()
    _, *lines = dependencies.read_text().splitlines()
    return {path for line in lines if (path := Path(line.strip(" \\"))).parts[0] != ".." and path.is_file()}


def digest_of(inputs: Callable[[], Iterable[Path]], command: object) -> str:
    """Compute the digest of files and the command that makes something of them."""
    digest = hashlib.sha256(repr(command).encode())
    for path in sorted(inputs()):
        content = path.read_bytes()
        digest.update(f"{path.as_posix()} {len(content)} ".encode() + content)
    return digest.hexdigest()


def run_jobs(jobs: Mapping[str, Callable[[], bool]], workers: int, announce: Callable[[str], None]) -> None:
    """Run jobs, the first ones first; each returns whether there was anything to do, which is announced."""
    start = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        names = {pool.submit(job): name for name, job in jobs.items()}
        try:
            for count, job in enumerate(as_completed(names), 1):
                if job.result():
                    seconds = time.perf_counter() - start
                    announce(f"fastnn: [{count}/{len(names)}] {names[job]}, after {seconds:.0f} s")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


class Compiling:
    """Mixin of commands that make files."""

    def progress(self, message):
        self.announce(message, logging.INFO)

    def make(self, target, inputs, command, action):
        """Call `action` to write `target`, unless it was made from equal `inputs()` by the same command.

        Returns whether it was called. The inputs are asked for again after it, which may find more.
        """
        digest = functools.partial(digest_of, inputs, command)
        record = Path(self.build_temp, "digests", Path(target).as_posix().replace("/", "+"))
        known = Path(target).exists() and record.exists() and record.read_text() == digest()
        if known and not self.force:
            return False
        record.parent.mkdir(parents=True, exist_ok=True)
        record.unlink(missing_ok=True)
        Path(target).unlink(
            missing_ok=True
        )  # `ar` would keep members, a linker what is newer than the objects
        action()
        record.write_text(digest())
        return True

    def objects(self, sources, name=""):
        """List the object files of a library's or a module's sources."""
        return self.compiler.object_filenames(sources, output_dir=os.path.join(self.build_temp, name))

    def compile(self, source, flags, macros=(), include_dirs=(), name="", includes=()):
        """Return whether a C source had to be compiled, for the library `name` or a module.

        `includes` are files that it includes by the value of a macro.
        """
        options = {
            "output_dir": os.path.join(self.build_temp, name), "macros": list(macros),
            "include_dirs": list(include_dirs), "extra_postargs": list(flags), "debug": self.debug,
        }  # fmt: skip
        [target] = self.objects([source], name)
        folders = tuple(Path(folder) for folder in include_dirs)
        roots = [Path(source), *map(Path, includes)]
        return self.make(
            target,
            lambda: set(roots).union(*(included(path, folders) for path in roots)),
            [getattr(self.compiler, "compiler_so", None), options],
            lambda: self.compiler.compile([source], **options),
        )


class BuildClib(Compiling, build_clib):
    """Builds the static libraries of `setup(libraries=...)`."""

    user_options: ClassVar = [
        *build_clib.user_options,
        ("parallel=", "j", "number of jobs, if there are as many processors"),
    ]
    parallel = None
    deferred = False  # to build_ext, which runs these jobs in one pool with its own

    def build_libraries(self, libraries):
        if not self.deferred:
            run_jobs(self.jobs(), job_count(self.parallel), self.progress)
            self.archive()

    def jobs(self):
        """Map each source of each library to the job that compiles it."""
        return {
            f"{source} for {name}": functools.partial(
                self.compile, source, info["cflags"], info["macros"], name=name, includes=info["includes"]
            )
            for name, info in self.libraries
            for source in info["sources"]
        }

    def archive(self):
        """Put the objects of each library into one file."""
        for name, info in self.libraries:
            objects = self.objects(info["sources"], name)
            self.make(
                self.compiler.library_filename(name, output_dir=self.build_clib),
                functools.partial(map, Path, objects),
                "archive",
                functools.partial(self.compiler.create_static_lib, objects, name, output_dir=self.build_clib),
            )


class BuildExt(Compiling, build_ext):
    """Builds the libraries and the Cython modules, all in one pool."""

    directives: ClassVar[dict[str, Any]] = {}  # of Cython
    options: ClassVar[dict[str, Any]] = {}  # of cythonize

    def configure(self):
        """Add to the extensions what only the compiler can tell."""

    def run(self):
        self.get_finalized_command("build").forecast(job_count(self.parallel))
        super().run()

    def build_extensions(self):
        self.make(KERNEL_DECLARATIONS, lambda: [KERNEL_LIST, Path(__file__)], "declare", declare_kernels)
        self.compiler.set_libraries([])  # a module is linked with those that it names
        self.configure()
        clib = self.get_finalized_command("build_clib")
        if not self.distribution.have_run.get("build_clib"):
            clib.deferred = True
            clib.run()
        self.compiler.add_library_dir(clib.build_clib)
        workers = job_count(self.parallel)
        # Threads do not agree with fork().
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as cython:
            largest_first = sorted(self.extensions, key=lambda e: -os.path.getsize(e.sources[0]))
            jobs = {e.sources[0]: functools.partial(self.build_object, e, cython) for e in largest_first}
            run_jobs(jobs | clib.jobs(), workers, self.progress)
        clib.archive()
        run_jobs(
            {e.name: functools.partial(self.link, e, clib) for e in self.extensions}, workers, self.announce
        )

    def build_object(self, extension, cython):
        """Write and compile the C source of a module."""
        [source] = extension.sources
        c_file = GENERATED / Path(source).with_suffix(".c")
        written = self.make(
            c_file,
            lambda: {Path(source)} | cython_inputs(c_file),
            [cython_version, self.directives | self.options, APPEND],
            lambda: cython.submit(
                cythonize_module, extension.name, source, self.directives, self.options
            ).result(),
        )
        flags, macros = extension.extra_compile_args, extension.define_macros
        return self.compile(str(c_file), flags, macros, extension.include_dirs) or written

    def link(self, extension, clib):
        """Link a module."""
        c_file = GENERATED / Path(extension.sources[0]).with_suffix(".c")
        objects = self.objects([str(c_file)])
        libraries = [
            self.compiler.library_filename(name, output_dir=clib.build_clib) for name in extension.libraries
        ]
        return self.make(
            self.get_ext_fullpath(extension.name),
            functools.partial(map, Path, objects + libraries),
            [getattr(self.compiler, "linker_so", None), extension.extra_link_args, extension.libraries],
            lambda: self.compiler.link_shared_object(
                objects,
                self.get_ext_fullpath(extension.name),
                libraries=self.get_libraries(extension),
                extra_postargs=extension.extra_link_args,
                export_symbols=self.get_export_symbols(extension),
                debug=self.debug,
                build_temp=self.build_temp,
            ),
        )


class Build(build):
    """Says first what will take long, and leaves the libraries to build_ext."""

    sub_commands: ClassVar = [c for c in build.sub_commands if c[0] != "build_clib"]
    announced = False

    def run(self):
        self.forecast(job_count(self.parallel))
        super().run()

    def forecast(self, workers):
        """Print once what is compiled and about how long that takes when nothing is there yet."""
        distribution, seconds = self.distribution, PROCESSOR_SECONDS / workers
        if not self.announced:
            self.announced = True
            libraries = ", ".join(name for name, _ in distribution.libraries)
            modules = len(distribution.ext_modules)
            self.announce(
                f"fastnn: compiling {libraries} and {modules} Cython modules in {workers} jobs; "
                f"from scratch this takes {seconds / 60:.1f} to {seconds / 30:.1f} minutes",
                logging.INFO,
            )
