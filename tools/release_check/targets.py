"""Compile C and Cython for other systems and processors, by Zig's compiler, warnings as errors."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path

from report import Skip, run
from wheels import ROOT

# The target's name at Zig, the platform's at setup.py.
TARGETS = {
    "x86_64-windows-gnu": "win-amd64",
    "aarch64-windows-gnu": "win-arm64",
    "x86_64-macos": "macosx-12.0-x86_64",
    "aarch64-macos": "macosx-12.0-arm64",
    "x86_64-linux-musl": "linux-x86_64",
    "aarch64-linux-musl": "linux-aarch64",
    "aarch64-linux-gnu.2.28": "linux-aarch64",
}
KERNELS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wno-sign-conversion", "-Wshadow", "-Werror"]
# What Cython generates has parameters and functions that a module does not use, and converts as C does.
MODULES = [
    "-Wall",
    "-Wextra",
    "-Wno-unused-parameter",
    "-Wno-unused-function",
    "-Wno-sign-compare",
    "-Werror",
]
# Of the configuration of another Python, as much as its headers ask for.
CONFIGURATION = """
#ifdef _WIN32
#define MS_WINDOWS
#define MS_WIN64
#define HAVE_DECLSPEC_DLL
#define NT_THREADS 1
#define SIZEOF_LONG 4
#define SIZEOF_WCHAR_T 2
#else
#define HAVE_PTHREAD_H 1
#define HAVE_SYS_TIME_H 1
#define SIZEOF_LONG 8
#define SIZEOF_WCHAR_T 4
#define SIZEOF_PTHREAD_T 8
#endif
#define SIZEOF_VOID_P 8
#define SIZEOF_SIZE_T 8
#define SIZEOF_LONG_LONG 8
#define SIZEOF_INT 4
#define SIZEOF_SHORT 2
#define ALIGNOF_MAX_ALIGN_T 16
"""


def headers(room: Path) -> Path:
    """Copy Python's headers, with a configuration for any of the targets."""
    folder = room / "include"
    if not folder.exists():
        shutil.copytree(sysconfig.get_path("include"), folder)
        (folder / "pyconfig.h").write_text(CONFIGURATION, encoding="ascii")
    return folder


def compile(target: str, room: Path) -> str:
    """Compile the libraries and all modules for one target."""
    try:
        import ziglang
    except ImportError:
        raise Skip("Zig is missing: pip install ziglang") from None
    zig = Path(ziglang.__file__).with_name("zig")
    log = room / f"{target}.log"
    environment = {
        "CC": f"{zig} cc -target {target}", "AR": f"{zig} ar", "LDSHARED": "true",  # links nothing
        "_PYTHON_HOST_PLATFORM": TARGETS[target], "FASTNN_OPENMP": "0",
    }  # fmt: skip
    setup = [sys.executable, "setup.py", "--quiet"]
    folders = ["-b", room / target, "-t", room / "objects"]  # all in one, so Cython runs once
    kernels, modules = " ".join(KERNELS), " ".join([f"-I{headers(room)}", *MODULES])
    run([*setup, "build_clib", *folders], ROOT, log, CFLAGS=kernels, **environment)
    run([*setup, "build_ext", *folders], ROOT, log, CFLAGS=modules, FASTNN_ISAS="scalar", **environment)
    count = sum(1 for _ in (ROOT / "fastnn/kernels").rglob("*.pyx"))
    return f"csrc/ and the C of {count} Cython modules, no warning"
