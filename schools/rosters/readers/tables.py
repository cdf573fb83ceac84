"""Tables that schools make themselves: CSV of any of their encodings and separators, and XLSX.

A table is a line of headers and lines of texts. Formulas are texts, and never worked out; a date of a
spreadsheet is written as « 2012-03-09 ». Lines are counted as the school's program counts them.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import openpyxl

from schools.rosters.rows import FileRefused

from .containers import Document, is_spreadsheet
from .xml import inspect, may_be_xml

MOST_LINES = 200_000
MOST_COLUMNS = 300
MOST_LETTERS = 1_000  # of one cell
MOST_OF_A_LINE = 256 * 1024  # letters, quoted line breaks included
MOST_SHARED_TEXTS = 300_000
LINES_BEFORE_HEADERS = 10

_SEPARATORS = ";,\t"
# What Windows-1252 has where ISO-8859-15 has controls, and letters that only ISO-8859-15 has there.
_WINDOWS = re.compile(rb"[\x80-\x9f]")
_LATIN_9 = re.compile(rb"[\xa4\xa6\xa8\xb4\xb8\xbc-\xbe]")

Cells = list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table opened: where it came from, and how to go through it (again)."""

    source: str
    document: Document
    encoding: str = ""  # empty for a spreadsheet

    def lines(self) -> Iterator[tuple[int, Cells]]:
        """Yield each line that holds something with its number, its cells without outer spaces.

        Raises :class:`FileRefused` where the file is damaged, or larger than any school's.
        """
        found = self._of_csv() if self.encoding else self._of_spreadsheet()
        for count, (number, cells) in enumerate(found):
            if count > MOST_LINES:
                raise FileRefused("too_many_rows", source=self.source, line=number)
            yield number, cells

    def _of_csv(self) -> Iterator[tuple[int, Cells]]:
        with self.document.open() as raw:
            text = io.TextIOWrapper(raw, encoding=self.encoding, newline="")
            feeder = _Feeder(text, self.source)
            lines = csv.reader(feeder, delimiter=feeder.separator)
            number, width = 1, 0
            try:
                for cells in lines:
                    feeder.letters = 0
                    filled = [cell.strip() for cell in cells]
                    if any(filled):
                        if len(filled) > MOST_COLUMNS:
                            raise FileRefused("row_giant", source=self.source, line=number)
                        cut = feeder.ended_early and width and len(filled) < width
                        if cut or (feeder.ended_early and not feeder.ended_quoted and "\n" in filled[-1]):
                            raise FileRefused("table_truncated", source=self.source, line=number)
                        width = width or len(filled)
                        yield number, filled
                    number = lines.line_num + 1
            except csv.Error as error:
                raise FileRefused("row_giant", source=self.source, line=number) from error

    def _of_spreadsheet(self) -> Iterator[tuple[int, Cells]]:
        try:
            book = openpyxl.load_workbook(self.document.path, read_only=True, keep_links=False)
            try:
                sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
                rows = sheets[0].iter_rows(max_row=MOST_LINES + 2, max_col=MOST_COLUMNS, values_only=True)
                for number, values in enumerate(rows, start=1):
                    cells = [_text(value) for value in values]
                    if any(cells):
                        yield number, cells
            finally:
                book.close()
        except FileRefused:
            raise
        except MemoryError:
            raise
        except Exception as error:  # whatever its reader stumbles over in what somebody made up
            raise FileRefused("table_damaged", source=self.source) from error


class _Feeder:
    """Hands lines to the CSV reader, and stops at one that no program of a school writes."""

    def __init__(self, text: io.TextIOWrapper, source: str) -> None:
        self._text, self._source = text, source
        self.letters = 0  # since the last record
        self.ended_early = self.ended_quoted = False  # the last line has no line break, but a quote
        self._number = 0
        self._first = self._line()
        self.separator = _separator_of(self._first)

    def __iter__(self) -> Iterator[str]:
        line = self._first
        while line:
            yield line
            line = self._line()

    def _line(self) -> str:
        line = self._text.readline(MOST_OF_A_LINE + 1)
        self._number += 1
        self.letters += len(line)
        if self.letters > MOST_OF_A_LINE:
            raise FileRefused("row_giant", source=self._source, line=self._number)
        if line:
            self.ended_early = line[-1] not in "\r\n"
            self.ended_quoted = line[-1] == '"'
        return line


def open_table(given: Sequence[Document]) -> Table:
    """Return the one table in what a school handed over: a CSV file or a workbook, in an archive or not."""
    if not given:
        raise FileRefused("empty")
    first = given[0]
    if is_spreadsheet(list(given)):
        return _spreadsheet(given)
    if len(given) > 1:
        raise FileRefused("file_twice", source=given[1].source)
    if first.member.lower().endswith((".xml", ".ods", ".docx")):
        raise FileRefused("wrong_kind", source=first.source)
    return Table(first.source, first, _encoding_of(first))


def header_key(written: str) -> str:
    """Return what two ways of writing one header have in common: no case, accents, signs or spaces."""
    plain = unicodedata.normalize("NFKD", written[:200]).casefold().replace("œ", "oe")
    letters = "".join(sign if sign.isascii() and sign.isalnum() else " " for sign in plain if not
                      unicodedata.combining(sign))  # fmt: skip
    return " ".join(re.findall(r"[a-z]+|[0-9]+", letters))


def _spreadsheet(members: Sequence[Document]) -> Table:
    """Look through the parts of a workbook before its reader, which knows no limits, is let near them."""
    path = members[0].path
    for part in members:
        # What a part is named says nothing of what its reader takes it for.
        if may_be_xml(part.beginning()):
            inspect(
                part.chunks(),
                source=path.name,
                repeats={"row": MOST_LINES + 2, "si": MOST_SHARED_TEXTS},
                within={"c": MOST_COLUMNS},
            )
    return Table(path.name, Document(path.name, path, sum(part.size for part in members)))


def _encoding_of(document: Document) -> str:
    """Return the encoding of a CSV file; it is gone through whole, since one letter may settle it."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    utf8, windows, latin_9, first = True, False, False, True
    for piece in document.chunks():
        if first and piece.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise FileRefused("encoding", source=document.source)
        first = False
        if b"\0" in piece:
            raise FileRefused("nul", source=document.source)
        if utf8:
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                utf8 = False
        windows = windows or bool(_WINDOWS.search(piece))
        latin_9 = latin_9 or bool(_LATIN_9.search(piece))
    if utf8:
        try:
            decoder.decode(b"", final=True)
            return "utf-8-sig"
        except UnicodeDecodeError:
            pass
    encoding = "iso-8859-15" if latin_9 and not windows else "windows-1252"
    for piece in document.chunks():
        try:
            piece.decode(encoding)
        except UnicodeDecodeError as error:
            raise FileRefused("encoding", source=document.source) from error
    return encoding


def _separator_of(line: str) -> str:
    """Return what stands most often between the headers; a semicolon where nothing does."""
    bare = re.sub(r'"[^"]*"', "", line)
    return max(_SEPARATORS, key=bare.count)


def _text(value: Any) -> str:
    """Return a cell of a spreadsheet as a text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
