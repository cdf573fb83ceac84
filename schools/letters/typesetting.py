"""Letters as a tagged PDF (PDF/UA-1), and their squares, by the two libraries that DESIGN section 5 names.

Fonts are those of the library: the same pages on every machine. Nothing is fetched and no file is read but
the layout.
"""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import segno
from django.utils import translation
from django.utils.formats import date_format

from schools.models import LetterBatch, School
from schools.person_names import transliterate

from . import addresses, signs, texts

LAYOUT = Path(__file__).parent / "layouts" / "letters.typ"
PRESS = Path(__file__).parent / "press.py"
PATIENCE = 100  # seconds for a file of five hundred letters: two or three on a machine that is not busy
# What the fonts of the library can draw of names; beyond it letters are printed without their marks.
_DRAWN = frozenset(chr(sign) for sign in (*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x1EA0, 0x1EFA)))
_DRAWN |= frozenset("‘’“”–—•…«»ȘșȚț")


class Unprintable(Exception):
    """The pages could not be made."""


@dataclass(frozen=True)
class Line:
    """What one letter says of one person. The only place where a code stands in clear."""

    name: str
    division: str
    about: str  # the children of a guardian
    identifier: str
    code: str

    @property
    def address(self) -> str:
        """Where its square leads."""
        return addresses.address_of(self.identifier, self.code)


def pack(lines: Iterable[Line]) -> bytes:
    """Write lines as bytes, to be sealed."""
    return json.dumps([asdict(line) for line in lines], ensure_ascii=False).encode()


def unpack(written: bytes) -> list[Line]:
    """Read what :func:`pack` wrote."""
    return [Line(**said) for said in json.loads(written)]


def pdf(batch: LetterBatch, lines: Sequence[Line]) -> bytes:
    """Return the letters of a batch as one PDF. Raises :class:`Unprintable`."""
    [made] = _compile(_document(batch, lines), format="pdf", pdf_standards=["ua-1"])
    return made


def pictures(batch: LetterBatch, lines: Sequence[Line], *, dots_per_inch: int = 70) -> list[bytes]:
    """Return the same pages as PNG, for eyes. Raises :class:`Unprintable`."""
    return _compile(_document(batch, lines), format="png", ppi=float(dots_per_inch))


def square(address: str) -> str:
    """Return an address as a square to photograph (QR code, SVG), with its quiet margin."""
    drawn = io.BytesIO()
    segno.make(address, micro=False, error="m").save(drawn, kind="svg", xmldecl=False, border=4, scale=4)
    return drawn.getvalue().decode()


def in_words(day: date, language: str) -> str:
    """Return a day in the words of a language: « 25 février 2027 »."""
    with translation.override(language):
        return date_format(day, "j F Y")


def _compile(document: dict[str, Any], **options: Any) -> list[bytes]:
    sources = {"main.typ": LAYOUT.read_text(encoding="utf-8"), "letters.json": json.dumps(document)}
    try:
        pressed = subprocess.run(  # noqa: S603  (a program of ours, and no shell)
            [sys.executable, "-I", str(PRESS)],
            input=json.dumps({"sources": sources, "options": options}).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it may quote a letter
            timeout=PATIENCE,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        raise Unprintable from None
    return [base64.b64decode(each) for each in json.loads(pressed.stdout)]


def _document(batch: LetterBatch, lines: Sequence[Line]) -> dict[str, Any]:
    said = texts.of(batch.language)
    words = said[batch.audience]
    day = in_words(batch.last_day, batch.language)
    return {
        "language": batch.language.partition("-")[0],
        "title": f"{said['title']} — {_drawn(batch.school.name)}",
        "school": _drawn(batch.school.name),
        "place": _drawn(_place(batch.school)),
        "per_page": batch.per_page,
        "words": said["words"],
        "letters": [_letter(line, words, batch.school, day) for line in lines],
    }


def _letter(line: Line, words: dict[str, Any], school: School, day: str) -> dict[str, Any]:
    filled = {
        "school": _drawn(school.name),
        "address": addresses.door_of(line.identifier),
        "until": day,
        "children": _drawn(line.about),
    }
    return {
        "name": _drawn(line.name).strip() or line.identifier or "…",
        "class": _drawn(line.division),
        "about": words["about"].format(**filled) if line.about else "",
        "identifier": line.identifier,
        "code": signs.shown(line.code),
        "address": filled["address"],
        "square": square(line.address),
        "heading": words["heading"].format(**filled),
        "intro": [each.format(**filled) for each in words["intro"]],
        "steps": [each.format(**filled) for each in words["steps"]],
        "until": words["until"].format(**filled),
        "notes": [each.format(**filled) for each in words["notes"]],
        "short": words["short"].format(**filled),
    }


def _place(school: School) -> str:
    return " ".join(word for word in (school.postcode, school.commune) if word)


def _drawn(text: str) -> str:
    """Return a name as the fonts can draw it: a rare letter without its marks, rather than no letter."""
    return "".join(sign if sign in _DRAWN else transliterate(sign) for sign in text)
