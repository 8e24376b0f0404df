"""What is in a wheel: sizes, symbols, the oldest glibc, licences, bill of materials."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

from report import Failure, Skip

LIMIT = 3_000_000  # bytes of a wheel


def elf_files(folder: Path) -> list[Path]:
    """List the shared libraries in an unpacked wheel."""
    return sorted(path for path in folder.rglob("*.so*") if path.read_bytes()[:4] == b"\x7fELF")


def sizes(wheel: Path) -> str:
    """State the sizes of a wheel, packed and unpacked."""
    with ZipFile(wheel) as archive:
        files = archive.infolist()
    size, unpacked = wheel.stat().st_size, sum(file.file_size for file in files)
    if size > LIMIT:
        raise Failure(f"{size:,} bytes, more than {LIMIT:,}")
    return f"{size:,} bytes, {unpacked:,} unpacked, {len(files)} files"


def symbols(folder: Path) -> str:
    """Check that modules export what Python calls and nothing else, and find the oldest glibc."""
    try:
        from elftools.elf.elffile import ELFFile
    except ImportError:
        raise Skip("pyelftools is missing (it comes with auditwheel)") from None
    modules = [path for path in elf_files(folder) if path.is_relative_to(folder / "fastnn")]
    if not modules:
        raise Skip("no ELF files in it")
    glibc = (0, 0)
    for path in modules:
        with path.open("rb") as file:
            elf = ELFFile(file)
            if any(section.name.startswith(".debug") for section in elf.iter_sections()):
                raise Failure(f"{path.name} has symbols for debuggers")
            table = elf.get_section_by_name(".dynsym")
            exported = {
                symbol.name
                for symbol in table.iter_symbols()
                if symbol["st_shndx"] != "SHN_UNDEF" and symbol["st_info"]["bind"] != "STB_LOCAL"
            }
            expected = {f"PyInit_{path.name.partition('.')[0]}"}
            if exported != expected:
                raise Failure(f"{path.name} exports {', '.join(sorted(exported ^ expected))}")
            needed = elf.get_section_by_name(".gnu.version_r")
            names = [aux.name for _, entry in needed.iter_versions() for aux in entry] if needed else []
            versions = [tuple(map(int, name[6:].split("."))) for name in names if name.startswith("GLIBC_")]
            glibc = max([glibc, *((v[0], v[1]) for v in versions)])
    oldest = f"glibc {glibc[0]}.{glibc[1]} or later" if glibc > (0, 0) else "no symbol of glibc"
    return f"{len(modules)} modules, each exports its PyInit function alone; they need {oldest}"


def licences(folder: Path) -> str:
    """Check that each library that is bundled is named in a licence file of the wheel."""
    texts = list(folder.glob("*.dist-info/licenses/**/*"))
    bundled = sorted(
        {path.name.partition(".")[0].partition("-")[0] for path in folder.glob("*.libs/*")}
    )  # libgomp-24e2ab19.so.1.0.0
    for name in bundled:
        if not any(path.is_file() and name in path.read_text(encoding="utf-8") for path in texts):
            raise Failure(f"{name} is bundled, and no licence file names it")
    files = ", ".join(sorted(path.name for path in texts if path.is_file()))
    return f"{files}; bundled: {', '.join(bundled) or 'nothing'}"


def materials(folder: Path) -> str:
    """Check that the bill of materials which auditwheel has added names what is bundled."""
    bundled = [path.name.partition("-")[0] for path in folder.glob("*.libs/*")]
    bills = list(folder.glob("*.dist-info/sboms/*.json"))
    if not bundled:
        return "nothing is bundled, so there is no bill of materials"
    if not bills:
        raise Failure("libraries are bundled without a bill of materials")
    components = [
        part for bill in bills for part in json.loads(bill.read_text(encoding="utf-8"))["components"]
    ]
    names = [f"{part['name']} {part.get('version', '')}".strip() for part in components]
    missing = [library for library in bundled if not any(library in name for name in names)]
    if missing:
        raise Failure(f"{', '.join(missing)} not in {', '.join(names)}")
    return f"{bills[0].name}: {', '.join(names)}"
