"""`get_file`: what is fetched, when, and what an archive may hold. No network."""

import hashlib
import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pooch
import pytest

from fastnn.utils import get_file

ADDRESS = "https://example.org/folder/series.csv?version=2"
CONTENT = b"1,2\n3,4\n"


@pytest.fixture
def served(tmp_path, monkeypatch):
    """Serve what the list holds, from its end; the cache is an empty folder."""
    monkeypatch.setenv("FASTNN_HOME", str(tmp_path / "home"))
    contents, asked = [CONTENT], []

    def serve(self, url, output, *arguments, **keywords):
        asked.append(url)
        Path(output).write_bytes(contents[-1])

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", serve)
    serve.contents, serve.asked, serve.home = contents, asked, tmp_path / "home"
    return serve


def test_a_file_is_fetched_once(served):
    for _ in range(2):
        path = get_file(origin=ADDRESS)
        assert path == str(served.home / "datasets" / "series.csv")
        assert Path(path).read_bytes() == CONTENT
    assert served.asked == [ADDRESS]
    assert get_file(origin=ADDRESS, force_download=True) == path
    assert len(served.asked) == 2
    assert [p.name for p in Path(path).parent.iterdir()] == ["series.csv"]


def test_name_and_place(served, tmp_path):
    assert get_file("a.csv", ADDRESS, cache_subdir="mine") == str(served.home / "mine" / "a.csv")
    assert get_file("a.csv", ADDRESS, cache_dir=tmp_path) == str(tmp_path / "datasets" / "a.csv")
    assert get_file("a.csv", ADDRESS, cache_subdir=str(tmp_path / "b")) == str(tmp_path / "b" / "a.csv")


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_a_checksum(served, algorithm):
    digits = hashlib.new(algorithm, CONTENT).hexdigest()
    for keywords in ({"file_hash": digits.upper()}, {"file_hash": digits, "hash_algorithm": algorithm}):
        path = get_file(origin=ADDRESS, **keywords)
    Path(path).write_bytes(b"another")
    get_file(origin=ADDRESS, file_hash=digits)
    assert Path(path).read_bytes() == CONTENT
    assert len(served.asked) == 2
    served.contents.append(b"another")
    with pytest.raises(OSError, match="hash"):
        get_file(origin=ADDRESS, file_hash=digits, force_download=True)
    assert Path(path).read_bytes() == CONTENT
    if algorithm == "md5":
        assert get_file(origin=ADDRESS, md5_hash=digits) == path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "origin: expected an address, got None"),
        ({"origin": "https://example.org/"}, "fname: expected the name of a file"),
        ({"origin": ADDRESS, "fname": "../a"}, "fname: expected the name of a file without a folder"),
        ({"origin": ADDRESS, "fname": "a\\b"}, "fname: "),
        ({"origin": ADDRESS, "fname": ".."}, "fname: "),
        ({"origin": ADDRESS, "file_hash": "12"}, "file_hash: expected 64 hexadecimal digits, got '12'"),
        ({"origin": ADDRESS, "file_hash": "g" * 32}, "file_hash: expected 32 hexadecimal digits"),
        ({"origin": ADDRESS, "file_hash": "a", "hash_algorithm": "sha1"}, "hash_algorithm"),
        ({"origin": ADDRESS, "extract": True, "archive_format": "rar"}, "archive_format"),
        ({"origin": ADDRESS, "extract": True}, "archive_format: expected .* to be tar or zip"),
    ],
)
def test_bad_arguments_are_named(served, arguments, message):
    with pytest.raises(ValueError, match=message):
        get_file(**arguments)


# ---- archives -------------------------------------------------------------------------------------------


def make_tar(members, mode="w:gz"):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for info, content in members:
            info = tarfile.TarInfo(info) if isinstance(info, str) else info
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def make_zip(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in members:
            archive.writestr(info, content)
    return file.getvalue()


@pytest.mark.parametrize("make", [make_tar, make_zip])
@pytest.mark.parametrize(
    ("fname", "folder"), [(None, "series.zip"), ("mine", "mine"), ("mine.tar.gz", "mine_extracted")]
)
def test_an_archive_is_unpacked_once(served, make, fname, folder):
    served.contents.append(make([("./a/b.txt", b"one"), ("c.txt", b"two")]))
    origin = "https://example.org/series.zip"
    for _ in range(2):
        path = Path(get_file(fname, origin, extract=True))
        assert path == served.home / "datasets" / folder
        assert (path / "a" / "b.txt").read_bytes() == b"one"
        assert (path / "c.txt").read_bytes() == b"two"
        (path / "d.txt").touch()
    assert len(served.asked) == 1
    get_file(fname, origin, extract=True, force_download=True)
    assert sorted(p.name for p in path.iterdir()) == ["a", "c.txt"]
    assert len(list((served.home / "datasets").iterdir())) == 2


def test_untar(served):
    served.contents.append(make_tar([("a.txt", b"one")], "w:xz"))
    path = Path(get_file("mine", ADDRESS, untar=True))
    assert (path / "a.txt").read_bytes() == b"one"
    served.contents.append(make_zip([("a.txt", b"one")]))
    with pytest.raises(ValueError, match="archive_format: expected .* to be tar"):
        get_file("other", ADDRESS, untar=True)


def link(kind):
    info = tarfile.TarInfo("link")
    info.type, info.linkname = kind, "/etc/passwd"
    return make_tar([("first.txt", b"one"), (info, b"")])


def zip_link():
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return make_zip([("first.txt", b"one"), (info, b"/etc/passwd")])


def altered_zip(field, value):
    """An archive with other flags or another method of compression, in its header and in its directory."""
    content = bytearray(make_zip([("a.txt", b"one")]))
    for start, offset in ((b"PK\3\4", 0), (b"PK\1\2", 2)):
        at = content.index(start) + field + offset
        content[at : at + 2] = value
    return bytes(content)


def outside(make, name):
    return make([("first.txt", b"one"), (name, b"two")])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (link(tarfile.SYMTYPE), "'link' is neither a file nor a folder"),
        (link(tarfile.LNKTYPE), "'link' is neither"),
        (link(tarfile.FIFOTYPE), "'link' is neither"),
        (link(tarfile.CHRTYPE), "'link' is neither"),
        (zip_link(), "'link' is neither"),
        *(
            (outside(make, name), "leads out of the archive")
            for make in (make_tar, make_zip)
            for name in ("../out.txt", "a/../../out.txt", "/tmp/out.txt", "a\\..\\..\\out.txt", "C:\\out.txt")
        ),
        (make_zip([("zeros", bytes(10**7)), ("more", bytes(10**7))]), "more than 1000 times its size"),
        *(
            (make(members), message)
            for make in (make_tar, make_zip)
            for members, message in (
                ([("a", b"one"), ("a/b", b"two")], "'a/b' has a file for a folder"),
                ([("a/b", b"one"), ("a", b"two")], "'a' is the name of a folder, too"),
                ([("./.", b"one")], "is the name of a folder, too"),
                ([("x" * 300, b"one")], "longer than names"),
            )
        ),
        (altered_zip(6, b"\1\0"), "cannot be unpacked: .*encrypted"),
        (altered_zip(8, b"\x63\0"), "cannot be unpacked: .*compression"),
        (make_tar([("a.txt", b"one" * 1000)])[:-20], "is damaged|to be tar or zip"),
    ],
)
def test_what_an_archive_may_not_hold(served, tmp_path, content, message):
    served.contents.append(content)
    with pytest.raises(ValueError, match=message):
        get_file("mine", ADDRESS, extract=True)
    assert [p.name for p in (served.home / "datasets").iterdir()] == ["mine_archive"]
    assert [p.name for p in tmp_path.iterdir()] == ["home"]
