"""The files that people hand over, plain or in a ZIP archive, opened within limits (SAFETY T48, section 3).

Nothing is written to disk and no name of an archive is ever a path. An archive is judged by what it
declares before a byte of it is unpacked, and by what comes out while it is.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from schools.rosters.rows import FileRefused

MOST_RAW = 20 * 1024 * 1024
MOST_UNPACKED = 100 * 1024 * 1024
MOST_MEMBERS = 500  # a spreadsheet has some dozens
CHUNK = 64 * 1024
# What zipfile raises for an archive that it cannot read; the last one is how it says that a member is
# encrypted or packed in a way that it does not know.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)

_ARCHIVE = b"PK\x03\x04"
_NESTED = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")
_NESTED_NAMES = (".zip", ".gz", ".7z", ".rar", ".tar", ".bz2", ".xz", ".jar")
_END = struct.Struct("<4s4H2LH")
_MOST_DIRECTORY = MOST_MEMBERS * 1024


class Meter:
    """How many bytes of how many have been read."""

    def __init__(self) -> None:
        self.total = self.done = 0

    @property
    def part(self) -> float:
        """Between 0 and 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Document:
    """One file to read, or one member of an archive. ``source`` is how refusals name it."""

    source: str
    path: Path
    size: int  # unpacked
    member: str = ""

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open it for reading; what is damaged in it comes out as :class:`FileRefused`."""
        try:
            if not self.member:
                with self.path.open("rb") as plain:
                    yield plain
                return
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as packed:
                yield packed
        except DAMAGED as error:
            raise FileRefused("zip_damaged", source=self.source) from error

    def chunks(self, meter: Meter | None = None) -> Iterator[bytes]:
        """Yield its bytes in pieces, counting them."""
        with self.open() as stream:
            while piece := stream.read(CHUNK):
                if meter:
                    meter.done += len(piece)
                yield piece

    def beginning(self) -> bytes:
        """Return its first bytes, to see what it is."""
        with self.open() as stream:
            return stream.read(512)


def documents(path: Path) -> list[Document]:
    """Return the files in what was handed over: itself, or the members of the archive that it is.

    Refused (:class:`FileRefused`): more than 20 MB, more than 100 MB unpacked or said to be so, more
    than 500 members, an archive within, encryption, links, names that climb out of their folder.
    """
    size = path.stat().st_size
    if size == 0:
        raise FileRefused("empty", source=path.name)
    if size > MOST_RAW:
        raise FileRefused("too_large", source=path.name)
    with path.open("rb") as file:
        beginning = file.read(8)
    if beginning.startswith(_ARCHIVE):
        return _members(path)
    if beginning.startswith(_NESTED):
        raise FileRefused("wrong_kind", source=path.name)
    return [Document(path.name, path, size)]


def is_spreadsheet(members: list[Document]) -> bool:
    """Say whether an archive is an Excel or LibreOffice workbook in the XLSX format."""
    return any(each.member == "xl/workbook.xml" for each in members)


def _members(path: Path) -> list[Document]:
    """Return the files of an archive once nothing in its directory speaks against unpacking it."""
    _weigh_directory(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_MEMBERS:
                raise FileRefused("zip_too_many", source=path.name)
            for entry in entries:
                _judge(entry, path)
            files = [entry for entry in entries if not entry.is_dir() and not _is_decoration(entry)]
            if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
                raise FileRefused("zip_bomb", source=path.name)
            for entry in files:
                with archive.open(entry) as packed:
                    if packed.read(8).startswith(_NESTED):
                        raise FileRefused("zip_nested", source=path.name)
    except (*DAMAGED, UnicodeDecodeError) as error:
        raise FileRefused("zip_damaged", source=path.name) from error
    if not files:
        raise FileRefused("empty", source=path.name)
    if len({entry.filename for entry in files}) < len(files):
        raise FileRefused("zip_damaged", source=path.name)  # two of one name: which one was meant?
    alone = len(files) == 1
    return [
        Document(
            path.name if alone else f"{path.name} ({index})", path, entry.file_size, member=entry.filename
        )
        for index, entry in enumerate(files, start=1)
    ]


def _weigh_directory(path: Path) -> None:
    """Refuse an archive with a giant directory before it is read: 100,000 entries fill the memory.

    It is found as :mod:`zipfile` finds it. The form for archives over 4 GB (« ZIP64 ») is refused:
    another directory may hide behind it.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65_535 - _END.size - 20))
        tail = file.read()
    at = len(tail) - _END.size
    if not (at >= 0 and tail[at : at + 4] == b"PK\x05\x06" and tail[-2:] == b"\0\0"):
        at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise FileRefused("zip_damaged", source=path.name)
    _sign, _disk, _first, here, entries, size, offset, _comment = _END.unpack(tail[at : at + _END.size])
    if max(here, entries) > MOST_MEMBERS or size > _MOST_DIRECTORY:
        raise FileRefused("zip_too_many", source=path.name)
    if tail[max(0, at - 20) :].startswith(b"PK\x06\x07") or 0xFFFFFFFF in (size, offset):
        raise FileRefused("zip_damaged", source=path.name)


def _judge(entry: zipfile.ZipInfo, path: Path) -> None:
    """Refuse an archive for one of its entries."""
    name = entry.filename
    if entry.flag_bits & 0x41:
        raise FileRefused("zip_encrypted", source=path.name)
    climbs = name.startswith(("/", "\\")) or ".." in PurePosixPath(name.replace("\\", "/")).parts
    if climbs or "\0" in name or name[1:2] == ":":
        raise FileRefused("zip_path", source=path.name)
    kind = stat.S_IFMT(entry.external_attr >> 16) if entry.create_system == 3 else 0
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise FileRefused("zip_path", source=path.name)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileRefused("zip_damaged", source=path.name)
    if name.lower().endswith(_NESTED_NAMES):
        raise FileRefused("zip_nested", source=path.name)


def _is_decoration(entry: zipfile.ZipInfo) -> bool:
    """Say whether an entry is what systems add of their own (macOS, Windows)."""
    last = PurePosixPath(entry.filename).name.lower()
    return entry.filename.startswith("__MACOSX/") or last in (".ds_store", "thumbs.db", "desktop.ini")
