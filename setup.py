"""The compiled part: a static library of threads, one per instruction set, and the Cython modules.

FASTNN_OPENMP=0 builds without OpenMP, =1 insists on it; else it is used where a test program compiles.
FASTNN_ISAS=avx2 (or several, by commas) builds fewer instruction sets; scalar and ref are always there.
FASTNN_NATIVE_DEBUG=1 is for debuggers, sanitizers and coverage: with symbols and lines of Cython, with its
bounds checks, and optimized only as far as compiles quickly under them.
"""

import os
import platform
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import ClassVar

from setuptools import Extension, setup

sys.path.insert(0, str(Path(__file__).parent / "tools"))
from build_commands import Build, BuildClib, BuildExt

PLATFORM = sysconfig.get_platform().lower()
if PLATFORM.endswith("universal2"):
    # One file for both processors of Apple could have the flags of neither: it is built for the one here.
    PLATFORM = PLATFORM.replace("universal2", platform.machine())
    os.environ |= {"ARCHFLAGS": f"-arch {platform.machine()}", "_PYTHON_HOST_PLATFORM": PLATFORM}
MSVC = sys.platform == "win32"
X86 = PLATFORM.endswith(("x86_64", "amd64"))
ARM = PLATFORM.endswith(("arm64", "aarch64"))

DEBUG = os.environ.get("FASTNN_NATIVE_DEBUG") == "1"

# No fast-math, at compile or link time. Contraction is off so that a multiply-add is where we wrote one.
# Nor does Visual C optimize across files, which Python's flags ask for: they are for different processors.
SYMBOLS = [] if MSVC or DEBUG else ["-g0"]  # Python's own flags ask for 8 MB of them
# What finds symbols for debuggers, a tenth of the modules, and names of builds, 4 kB of a wheel.
STRIP = ["-Wl,--strip-all,--build-id=none"] if sys.platform == "linux" and not DEBUG else []
# No exception passes through C: without the tables for one, modules are 6 % smaller.
UNWIND = [] if MSVC or DEBUG else ["-fno-asynchronous-unwind-tables", "-fno-unwind-tables"]
# Addresses of Python's functions are looked up when a module is loaded, which takes no longer, and not by
# code that the linker makes for each: modules are 3.5 % smaller.
NO_PLT = ["-fno-plt"] if PLATFORM.startswith("linux") else []
COMMON = ["/O2", "/std:c11", "/GL-"] if MSVC else [
    *SYMBOLS, *UNWIND, "-O1" if DEBUG else "-O2", "-ftree-vectorize", "-std=c11", "-ffp-contract=off",
    "-fno-math-errno", "-fno-trapping-math", "-fvisibility=hidden",
]  # fmt: skip
# Vector kernels gain from -O3, which tests for whole vectors once before a loop; others lose.
WIDE = [] if MSVC or DEBUG else ["-O3"]
# Where speed is elsewhere: textbook kernels, and modules that make plans or arrange the calls of kernels.
SMALL = [] if MSVC or DEBUG else ["-Os", "-fno-tree-vectorize"]
ISAS = {"ref": SMALL, "scalar": []}
if X86:
    ISAS["avx2"] = ["/arch:AVX2"] if MSVC else [*WIDE, "-mavx2", "-mfma"]
    ISAS["avx512"] = (
        ["/arch:AVX512"] if MSVC else [*WIDE, "-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl"]
    )
if ARM:
    ISAS["neon"] = WIDE

if "FASTNN_ISAS" in os.environ:
    wanted = {name.strip() for name in os.environ["FASTNN_ISAS"].split(",")}
    if not wanted <= ISAS.keys():
        sys.exit(
            f"FASTNN_ISAS={os.environ['FASTNN_ISAS']!r}: choose from {', '.join(ISAS)}, separated by commas"
        )
    ISAS = {isa: flags for isa, flags in ISAS.items() if isa in wanted | {"ref", "scalar"}}

MACROS = [(f"FNN_HAVE_{isa.upper()}", None) for isa in ISAS if isa not in ("ref", "scalar")]


TABLE, REFERENCE = "csrc/table.c", "csrc/ref/all.c"
UNITS = sorted(str(path) for path in Path("csrc/kernels").glob("*.c") if not path.name.endswith(".inc.c"))


def library(name, sources, flags, macros, includes=()):
    """A static library for `setup(libraries=...)`; `includes`: what is included by names that macros make."""
    return name, {"sources": sources, "cflags": COMMON + flags, "macros": macros, "includes": list(includes)}


def kernels(isa, dtype):
    """The library of the kernels of an instruction set in f32 or f64."""
    macros = [("FNN_ISA", isa), ("FNN_F64", str(int(dtype == "f64")))]
    if isa == "ref":
        return library(f"fnn_{isa}_{dtype}", [TABLE, REFERENCE], ISAS[isa], macros)
    # Double precision on a processor of x86 or ARM without vectors is for few: 70 kB of a wheel are for more.
    flags = SMALL if (isa, dtype) == ("scalar", "f64") and (X86 or ARM) else ISAS[isa]
    return library(f"fnn_{isa}_{dtype}", [TABLE, *UNITS], flags, macros, [f"csrc/simd/vec_{isa}.h"])


PTHREAD = [] if MSVC else ["-pthread"]

# The library that names the tables comes before those that define them.
LIBRARIES = [
    library("fnn_threads", ["csrc/threads/pool.c"], PTHREAD, []),
    library("fnn_dispatch", ["csrc/dispatch.c"], [], MACROS),
    *(kernels(isa, dtype) for isa in ISAS for dtype in ("f32", "f64")),
]

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": False,
    "initializedcheck": DEBUG,
    "cdivision": True,
    "auto_pickle": False,  # no class of ours can be pickled so, and each would refuse with code of its own
    "binding": False,  # methods need no attributes of Python functions, which are a tenth of a module
    "embedsignature": True,
    "embedsignature.format": "clinic",  # so inspect.signature knows them all the same
}
RUNTIME = "fastnn.kernels.core.runtime"  # the one module that has the kernels, and uses OpenMP
EACH_BATCH = {RUNTIME, *(f"fastnn.kernels.core.{name}" for name in ("batch", "optimizer", "plan", "stream"))}


# Python 3.12 ended the versions of dictionaries by which Cython remembers globals: 1 % of a module's size.
NO_VERSIONS = [("CYTHON_USE_DICT_VERSIONS", "0")]


def extension(path):
    name = ".".join(path.with_suffix("").parts)
    size = [] if name in EACH_BATCH else SMALL
    flags = [*SYMBOLS, *UNWIND, *NO_PLT, "-O2", *size, "-std=c11", "-fvisibility=hidden"]
    return Extension(
        name, [str(path)], include_dirs=["csrc"],
        define_macros=[] if name in EACH_BATCH else NO_VERSIONS,
        libraries=[library for library, _ in LIBRARIES] if name == RUNTIME else [],
        extra_compile_args=[] if MSVC else flags,
        extra_link_args=[] if MSVC else ["-lm", *STRIP, *PTHREAD],
    )  # fmt: skip


class BuildFastnn(BuildExt):
    """Adds OpenMP to the one module that uses it, where the compiler has it."""

    directives = DIRECTIVES
    options: ClassVar = {"emit_linenums": True} if DEBUG else {}

    def configure(self):
        flags = self.openmp_flags()
        for extension in self.extensions:
            if extension.name == RUNTIME:
                extension.extra_compile_args = extension.extra_compile_args + flags
                extension.extra_link_args = extension.extra_link_args + ([] if MSVC else flags)

    def openmp_flags(self):
        wish = os.environ.get("FASTNN_OPENMP", "")
        flags = ["/openmp"] if MSVC else ["-fopenmp"]
        if wish == "0" or (wish == "" and not self.compiles_openmp(flags)):
            print("fastnn: built without OpenMP: threads of its own only")
            return []
        return flags

    def compiles_openmp(self, flags):
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "openmp.c")
            source.write_text("#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n")
            try:
                objects = self.compiler.compile([str(source)], output_dir=folder, extra_postargs=flags)
                self.compiler.link_executable(objects, "openmp", folder, extra_postargs=[] if MSVC else flags)
            except Exception as error:  # distutils has no common class for "the compiler said no"
                print(f"fastnn: no OpenMP: {error}")
                return False
        return True


if __name__ == "__main__":  # not in the processes that build_ext starts
    setup(
        libraries=LIBRARIES,
        ext_modules=[extension(path) for path in sorted(Path("fastnn/kernels").rglob("*.pyx"))],
        cmdclass={"build": Build, "build_clib": BuildClib, "build_ext": BuildFastnn},
    )
