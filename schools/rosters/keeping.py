"""The bytes of the files that a school handed over: in PostgreSQL until they are applied or given up."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from schools.models import RosterFile, RosterFilePart, RosterImport

PART = 1024 * 1024


class Upload(Protocol):
    """A file as a form has it."""

    @property
    def name(self) -> str | None:
        """What it is called where it came from."""
        ...

    @property
    def size(self) -> int | None:
        """How many bytes it has."""
        ...

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """Yield its bytes."""
        ...


@contextmanager
def files_of(roster_import: RosterImport) -> Iterator[list[Path]]:
    """Put the files on this machine's disk for as long as they are read, under names of ours."""
    with TemporaryDirectory(prefix="roster-") as folder:
        paths = []
        for file in roster_import.files.all():
            path = Path(folder) / _own_name(file)
            with path.open("wb") as out:
                for content in file.parts.values_list("content", flat=True).iterator(chunk_size=2):
                    out.write(zlib.decompress(content, bufsize=PART))
            paths.append(path)
        yield paths


def names_of(roster_import: RosterImport) -> dict[str, str]:
    """Return what people call the files that are read under names of ours."""
    return {_own_name(file): file.name for file in roster_import.files.all()}


def _own_name(file: RosterFile) -> str:
    return f"{file.position}{Path(file.name).suffix.lower()[:6]}"


def keep(made: RosterImport, position: int, upload: Upload) -> None:
    """Write a file down in PostgreSQL, a megabyte a row: web and worker share no disk (DESIGN 3)."""
    name = Path((upload.name or "").replace("\\", "/").replace("\0", "")).name[-100:]
    file = RosterFile.objects.create(roster_import=made, position=position, name=name, size=upload.size or 0)
    digest = hashlib.sha256()
    for number, part in enumerate(_parts(upload.chunks(PART))):
        digest.update(part)
        RosterFilePart.objects.create(file=file, number=number, content=zlib.compress(part, 1))
    file.digest = digest.hexdigest()
    file.save(update_fields=["digest"])


def _parts(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a megabyte at a time, in whatever pieces the bytes come."""
    gathered = b""
    for chunk in chunks:
        gathered += chunk
        while len(gathered) >= PART:
            yield gathered[:PART]
            gathered = gathered[PART:]
    if gathered:
        yield gathered


def forget(roster_import: RosterImport) -> None:
    """Delete the bytes of an import."""
    RosterFilePart.objects.filter(file__roster_import=roster_import).delete()
