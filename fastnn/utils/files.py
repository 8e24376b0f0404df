"""`get_file`: download and cache files, and unpack archives safely."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ..registry import unknown_name

__all__ = ["get_file"]

ALGORITHMS = {"md5": 32, "sha256": 64}  # digits of a checksum
EXPANSION = 1000  # an archive may unpack to this many times its size
LONGEST_NAME = 255  # bytes, of a file or folder, on the usual file systems

Member = tuple[str, int, "IO[bytes] | None"]  # name, size, content; None for a folder


def get_file(
    fname: str | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | list[str] | None = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """Return the path of a file in the cache, which is downloaded if it does not exist.

    A download needs the extra ``datasets``. Pass `file_hash` for files from others.

    Parameters
    ----------
    fname : str, optional
        The file's name in the cache; by default the last part of `origin`. With `extract`, a name without a
        suffix is that of the folder.
    origin : str
        The address.
    untar : bool, default False
        The same as `extract` with a tar archive.
    md5_hash : str, optional
        The same as `file_hash` with "md5".
    file_hash : str, optional
        The expected checksum in hexadecimal digits. An existing file with another checksum is downloaded
        again.
    cache_subdir : str, default "datasets"
        The folder in the cache, or an absolute path.
    hash_algorithm : {"auto", "sha256", "md5"}, default "auto"
        Algorithm of the checksum; "auto" decides by its length.
    extract : bool, default False
        Whether to unpack the file, an archive, if it is not unpacked yet, and return the folder.
    archive_format : {"auto", "tar", "zip"}, list of them or None, default "auto"
        Accepted formats; a tar archive may be compressed.
    cache_dir : str or path-like, optional
        The cache: by default ``$FASTNN_HOME`` or else ``fastnn`` in the user's cache folder.
    force_download : bool, default False
        Whether to download the file even if it exists.

    Returns
    -------
    str
        The path of the file, or of the folder with the unpacked files.

    Raises
    ------
    ValueError
        If an argument is not as expected, or the file is not such an archive or contains anything but regular
        files and folders: a link, a device, or a path that leads out of the folder. Then nothing is unpacked.
    OSError
        If the file cannot be downloaded, or has another checksum.
    ImportError
        If the file has to be downloaded and pooch is not installed.

    Examples
    --------
    >>> get_file(origin="https://example.org/series.zip", extract=True)  # doctest: +SKIP
    '/home/me/.cache/fastnn/datasets/series.zip'
    """
    from ..datasets._fetch import fetch, home

    if not origin:
        raise ValueError(f"origin: expected an address, got {origin!r}")
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    checksum = None if file_hash is None else _checksum(file_hash, hash_algorithm)
    name = fname or re.split(r"[?#]", origin)[0].rsplit("/", 1)[-1]
    if not name or name in (".", "..") or re.search(r"[/\\]", name):
        raise ValueError(f"fname: expected the name of a file without a folder, got {name!r}")
    folder = Path(home() if cache_dir is None else cache_dir).expanduser() / cache_subdir
    if not extract and not untar:
        file = folder / name
    elif fname and "." in name:
        file, unpacked = folder / name, folder / f"{name.split('.')[0]}_extracted"
    else:
        file, unpacked = folder / f"{name}_archive", folder / name
    there = file.exists() and not force_download and (checksum is None or _matches(file, checksum))
    if not there:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as fresh:
            fetch(origin, Path(fresh) / file.name, checksum, file)
            os.replace(Path(fresh) / file.name, file)
    if not extract and not untar:
        return str(file)
    if not there or not unpacked.is_dir():
        unpack(file, unpacked, "tar" if untar else archive_format)
    return str(unpacked)


def _checksum(digits: str, algorithm: str) -> str:
    """Return a checksum in the form that pooch expects: "sha256:..."."""
    digits = digits.lower()
    if algorithm == "auto":
        algorithm = next((name for name, n in ALGORITHMS.items() if n == len(digits)), "sha256")
    if algorithm not in ALGORITHMS:
        raise ValueError(unknown_name("hash_algorithm", algorithm, ("auto", *ALGORITHMS)))
    if not re.fullmatch(rf"[0-9a-f]{{{ALGORITHMS[algorithm]}}}", digits):
        raise ValueError(f"file_hash: expected {ALGORITHMS[algorithm]} hexadecimal digits, got {digits!r}")
    return f"{algorithm}:{digits}"


def _matches(file: Path, checksum: str) -> bool:
    import hashlib

    algorithm, digits = checksum.split(":")
    with file.open("rb") as content:
        return hashlib.file_digest(content, algorithm).hexdigest() == digits


def unpack(file: Path, folder: Path, formats: str | list[str] | None = "auto") -> None:
    """Unpack an archive into a folder, completely or, after an error, not at all.

    Parameters
    ----------
    file : Path
    folder : Path
        The folder; existing contents are replaced.
    formats : {"auto", "tar", "zip"}, list of them or None, default "auto"

    Raises
    ------
    ValueError
        If the file is not such an archive, is damaged, contains anything but files and folders, or unpacks to
        far more than its size.
    """
    wanted = (
        ("tar", "zip") if formats == "auto" else (formats,) if isinstance(formats, str) else formats or ()
    )
    for name in wanted:
        if name not in ("tar", "zip"):
            raise ValueError(unknown_name("archive_format", name, ("auto", "tar", "zip")))
    import lzma
    import tarfile
    import zipfile
    import zlib

    with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:
        try:
            if "tar" in wanted and tarfile.is_tarfile(file):
                _write(_tar_members(file), Path(fresh), file)
            elif "zip" in wanted and zipfile.is_zipfile(file):
                _write(_zip_members(file), Path(fresh), file)
            else:
                raise ValueError(f"archive_format: expected {file} to be {' or '.join(wanted) or 'none'}")
        except (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
            raise ValueError(f"{file} is damaged: {error}") from None
        except RuntimeError as error:  # of `zipfile`: it is encrypted, or compressed in another way
            raise ValueError(f"{file} cannot be unpacked: {error}") from None
        if folder.is_dir():
            shutil.rmtree(folder)
        os.replace(fresh, folder)
        Path(fresh).mkdir()  # which the context manager removes


def _tar_members(file: Path) -> Iterator[Member]:
    import tarfile

    with tarfile.open(file) as archive:
        for member in archive:
            if not member.isreg() and not member.isdir():
                raise ValueError(f"{file}: {member.name!r} is neither a file nor a folder")
            yield member.name, member.size, archive.extractfile(member)


def _zip_members(file: Path) -> Iterator[Member]:
    import stat
    import zipfile

    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise ValueError(f"{file}: {member.filename!r} is neither a file nor a folder")
            content = None if member.is_dir() else archive.open(member)
            yield member.filename, member.file_size, content


def _write(members: Iterator[Member], folder: Path, file: Path) -> None:
    """Write the contents of files below a folder, without their other properties."""
    left = EXPANSION * file.stat().st_size
    for name, size, content in members:
        parts = [part for part in re.split(r"[/\\]", name) if part not in ("", ".")]
        if ".." in parts or name.startswith(("/", "\\")) or ":" in name or "\0" in name:
            raise ValueError(f"{file}: {name!r} leads out of the archive")
        left -= size
        if left < 0:
            raise ValueError(f"{file} unpacks to more than {EXPANSION} times its size")
        if any(len(os.fsencode(part)) > LONGEST_NAME for part in parts):
            raise ValueError(f"{file}: {name!r:.80} is longer than names of files may be")
        path = folder.joinpath(*parts)
        if content is None:
            _make_folder(path, folder, name, file)
            continue
        _make_folder(path.parent, folder, name, file)
        if not parts or path.is_dir():
            raise ValueError(f"{file}: {name!r:.80} is the name of a folder, too")
        with content, path.open("wb") as target:
            while piece := _read(content, file):
                target.write(piece)


def _make_folder(path: Path, top: Path, name: str, file: Path) -> None:
    """Make a folder of an archive, unless a file has its name."""
    if any(part.is_file() for part in (path, *path.parents) if part.is_relative_to(top)):
        raise ValueError(f"{file}: {name!r:.80} has a file for a folder")
    path.mkdir(parents=True, exist_ok=True)


def _read(content: IO[bytes], file: Path) -> bytes:
    """Return the next bytes of a member of an archive."""
    try:
        return content.read(2**20)
    except OSError as error:  # of `bz2`: writing has errors of its own
        raise ValueError(f"{file} is damaged: {error}") from None
