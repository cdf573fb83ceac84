"""XML read as a stream of records, with nothing in it that could harm (SAFETY T48, section 3 « XML »).

Document types are refused, and with them every entity. Depth, length of a text, number of fields and of
different names are bounded, so that memory is, whatever the file says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from schools.rosters.rows import FileRefused

MOST_DEPTH = 32
MOST_LETTERS = 10_000  # of one text
MOST_FIELDS = 300  # of one record
MOST_NAMES = 2_000  # different names of elements and attributes
MOST_SILENCE = 256 * 1024  # bytes without an event: one giant comment, attribute or name

_ENCODINGS = frozenset(
    ("utf-8", "utf8", "iso-8859-15", "iso-8859-1", "iso8859-15", "iso8859-1", "latin-1", "latin1",
     "windows-1252", "cp1252", "us-ascii", "ascii")
)  # fmt: skip
_DECLARED = re.compile(rb"^(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")


@dataclass(slots=True)
class Record:
    """An element with the texts of its children, by their names; of two of one name the first counts."""

    name: str
    line: int
    fields: dict[str, str]  # attributes of the element among them
    parent: dict[str, str]  # attributes of the element around it

    def get(self, *names: str) -> str:
        """Return the first of these fields that is not empty, or ``""``."""
        for name in names:
            if value := self.fields.get(name):
                return value
        return ""


class _Collector(ContentHandler):
    """Puts records together from what the parser meets, and stops at what no school's program writes."""

    def __init__(self, parser: Any, wanted: Collection[tuple[int, str]], source: str) -> None:
        self._parser = parser
        self.wanted = frozenset(wanted)
        self.source = source
        self.root = ""
        self.done: list[Record] = []
        self.events = 0
        self._depth = 0
        self._names: set[str] = set()
        self._outer: list[dict[str, str]] = []
        self._record: Record | None = None
        self._record_depth = 0
        self._letters = 0
        self._text: list[str] = []

    def refuse(self, code: str) -> FileRefused:
        return FileRefused(code, source=self.source, line=self._parser.getLineNumber() or 0)

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 - the parser's word
        self.events += 1
        self._depth = depth = self._depth + 1
        self._letters = 0
        if self._text:
            self._text.clear()
        if depth > MOST_DEPTH:
            raise self.refuse("xml_deep")
        if name not in self._names:
            self._meet(name)
        attributes = dict(attrs._attrs) if attrs._attrs else {}
        if attributes:
            for each, value in attributes.items():
                if each not in self._names:
                    self._meet_attribute(each, value)
        if depth == 1:
            self.root = name
        if self._record is None:
            if (depth, name) in self.wanted:
                parent = self._outer[-1] if self._outer else {}
                self._record = Record(name, self._parser.getLineNumber(), attributes, parent)
                self._record_depth = depth
            else:
                self._outer.append(attributes)

    def characters(self, content: str) -> None:
        self.events += 1
        self._letters += len(content)
        if self._letters > MOST_LETTERS:
            raise self.refuse("xml_giant")
        if self._record is not None:
            self._text.append(content)

    def endElement(self, name: str) -> None:  # noqa: N802 - the parser's word
        self.events += 1
        record, depth = self._record, self._depth
        self._depth = depth - 1
        self._letters = 0
        if record is None:
            self._outer.pop()
        elif depth == self._record_depth + 1:
            fields = record.fields
            if name not in fields or not fields[name]:
                fields[name] = "".join(self._text).strip()
                if len(fields) > MOST_FIELDS:
                    raise self.refuse("xml_giant")
            self._text.clear()
        elif depth == self._record_depth:
            self.done.append(record)
            self._record = None
            self._text.clear()
        else:
            self._text.clear()

    def _meet(self, name: str) -> None:
        """Take note of a name; refuse those of other vocabularies (XInclude) and too many of them."""
        self._names.add(name)
        if len(self._names) > MOST_NAMES or len(name) > 100:
            raise self.refuse("xml_giant")
        if ":" in name:
            raise self.refuse("xml_forbidden")

    def _meet_attribute(self, name: str, value: str) -> None:
        if name.startswith("xmlns") and "XInclude" in value:
            raise self.refuse("xml_forbidden")
        if name.startswith("xmlns"):
            return  # may come again with another value
        self._names.add(name)
        if len(self._names) > MOST_NAMES or len(name) > 100:
            raise self.refuse("xml_giant")


def records(
    pieces: Iterable[bytes], *, root: str, wanted: Collection[tuple[int, str]], source: str
) -> Iterator[Record]:
    """Yield the elements named in ``wanted``, each with the depth it stands at (the root's is 1), in order.

    An element in a wanted one is a field of it, never a record. Raises :class:`FileRefused`: for another
    ``root``, for a document type or entity, another encoding than those of schools, what is cut short or
    not well formed, and what is too deep, too long or too many.
    """
    parser = DefusedExpatParser(forbid_dtd=True, forbid_entities=True, forbid_external=True)
    collector = _Collector(parser, wanted, source)
    parser.setContentHandler(collector)
    first, silence = True, 0
    try:
        for piece in pieces:
            if first:
                _check_encoding(piece, source)
                first = False
            before = collector.events
            parser.feed(piece)
            silence = silence + len(piece) if collector.events == before else 0
            if silence > MOST_SILENCE:
                raise collector.refuse("xml_giant")
            if collector.root and collector.root != root:
                raise collector.refuse("wrong_kind")
            if collector.done:
                yield from collector.done
                collector.done.clear()
        parser.close()
    except DefusedXmlException as forbidden:
        raise collector.refuse("xml_forbidden") from forbidden
    except SAXParseException as damaged:
        line = damaged.getLineNumber() or 0
        code = "xml_truncated" if _is_cut_short(damaged) else "xml_damaged"
        raise FileRefused(code, source=source, line=line) from damaged
    except (LookupError, UnicodeDecodeError) as error:
        raise FileRefused("encoding", source=source) from error
    yield from collector.done


def root_of(beginning: bytes) -> str:
    """Return the name of the root element in the first bytes of a file, ``""`` if it is not seen there.

    A guess, to tell files from one another; :func:`records` refuses what it did not come to read.
    """
    text = re.sub(rb"<\?.*?\?>|<!--.*?-->", b"", beginning, flags=re.DOTALL).lstrip(b"\xef\xbb\xbf \t\r\n")
    found = re.match(rb"<([A-Za-z_][A-Za-z0-9_.-]*)", text)
    return found[1].decode("ascii") if found else ""


def looks_like_xml(beginning: bytes) -> bool:
    """Say whether a file is meant as XML, well formed or not, of whatever encoding."""
    return beginning.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xfe\xff \t\r\n").startswith(b"<")


def _check_encoding(beginning: bytes, source: str) -> None:
    """Refuse what the programs of schools never write: UTF-16 and -32, UTF-7, EBCDIC."""
    declared = _DECLARED.match(beginning[:200])
    unknown = declared and declared[1].decode("ascii").lower() not in _ENCODINGS
    wide = b"\0" in beginning[:4] or beginning.startswith((b"\xff\xfe", b"\xfe\xff"))
    if unknown or wide:
        raise FileRefused("encoding", source=source, line=1)


def _is_cut_short(error: SAXParseException) -> bool:
    """Say whether the parser met the end of the file too early, and nothing else wrong."""
    return error.getMessage() in ("no element found", "unclosed token", "unclosed CDATA section")
