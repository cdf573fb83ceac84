"""XML read as a stream of records, with nothing in it that could harm (SAFETY T48, section 3 « XML »).

Document types are refused, and with them every entity. Depth, length of a text, number of fields and of
different names are bounded, so that memory is, whatever the file says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from xml.sax import SAXParseException

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from schools.rosters.rows import FileRefused

MOST_DEPTH = 32
MOST_LETTERS = 10_000  # of one text
MOST_NAMES = 2_000  # different names of elements and attributes
MOST_SHARED_LETTERS = 20_000_000
MOST_LETTERS_OF_A_NAME = 100
MOST_SILENCE = 256 * 1024  # bytes without an event: one giant comment, attribute or name

_ENCODINGS = frozenset(
    ("utf-8", "utf8", "iso-8859-15", "iso-8859-1", "iso8859-15", "iso8859-1", "latin-1", "latin1",
     "windows-1252", "cp1252", "us-ascii", "ascii")
)  # fmt: skip
# What expat says at the end of a file that should go on.
_CUT_SHORT = frozenset(("no element found", "unclosed token", "unclosed CDATA section"))
_DECLARED = re.compile(rb"^(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records are asked for: at what depth (the root's is 1), and which of their fields."""

    depth: int
    fields: frozenset[str]


@dataclass(slots=True)
class Record:
    """An element with the texts of its children, by their names; of two of one name the first counts."""

    name: str
    line: int
    fields: dict[str, str]  # those asked for, and the attributes of the element
    parent: dict[str, str]  # attributes of the element around it

    def get(self, *names: str) -> str:
        """Return the first of these fields that is not empty, or ``""``."""
        for name in names:
            if value := self.fields.get(name):
                return value
        return ""


class _Parser(DefusedExpatParser):
    """Puts records together from what it meets, and stops at what no school's program writes.

    It listens to expat itself, with the refusals of defusedxml in place: a content handler between them
    costs a third of the time. Texts are asked for only where a field of a record stands.
    """

    def __init__(self, *, root: str, wanted: Mapping[str, Wanted], source: str) -> None:
        super().__init__(forbid_dtd=True, forbid_entities=True, forbid_external=True)
        self.source = source
        self.done: list[Record] = []
        self.events = 0
        self._root, self._wanted = root, wanted
        self._depth = 0
        self._names: set[str] = set()
        self._outer: list[dict[str, str]] = []
        self._record: Record | None = None
        self._field_depth = 0
        self._fields: frozenset[str] = frozenset()
        self._letters = 0
        self._text: list[str] = []

    def reset(self) -> None:
        super().reset()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = None

    def refuse(self, code: str) -> FileRefused:
        return FileRefused(code, source=self.source, line=self._parser.CurrentLineNumber)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.events += 1
        self._depth = depth = self._depth + 1
        if name not in self._names:
            self._meet(name)
        if attributes:
            self._meet_attributes(attributes)
        if self._record is None:
            self._start_outside(name, depth, attributes)
        elif depth == self._field_depth:
            if name in self._fields:
                self._letters = 0
                self._text = []
                self._parser.CharacterDataHandler = self._characters
        else:
            self._parser.CharacterDataHandler = None
            if depth > MOST_DEPTH:
                raise self.refuse("xml_deep")

    def _start_outside(self, name: str, depth: int, attributes: dict[str, str]) -> None:
        """Begin a record, or go on to where records are."""
        wanted = self._wanted.get(name)
        if wanted is not None and wanted.depth == depth:
            line = self._parser.CurrentLineNumber
            self._record = Record(name, line, attributes, self._outer[-1] if self._outer else {})
            self._fields = wanted.fields
            self._field_depth = depth + 1
            return
        self._outer.append(attributes)
        if depth == 1 and name != self._root:
            raise self.refuse("wrong_kind")
        if depth > MOST_DEPTH:
            raise self.refuse("xml_deep")

    def _characters(self, content: str) -> None:
        self._letters += len(content)
        if self._letters > MOST_LETTERS:
            raise self.refuse("xml_giant")
        self._text.append(content)

    def _end(self, name: str) -> None:
        record, depth = self._record, self._depth
        self._depth = depth - 1
        if record is None:
            self._outer.pop()
        elif depth == self._field_depth:
            if name in self._fields:
                self._parser.CharacterDataHandler = None
                fields = record.fields
                if not fields.get(name):
                    fields[name] = "".join(self._text).strip()
        elif depth < self._field_depth:
            self.done.append(record)
            self._record = None

    def _meet(self, name: str) -> None:
        """Take note of a name; refuse those of other vocabularies (XInclude) and too many of them."""
        self._names.add(name)
        if len(self._names) > MOST_NAMES or len(name) > MOST_LETTERS_OF_A_NAME:
            raise self.refuse("xml_giant")
        if ":" in name:
            raise self.refuse("xml_forbidden")

    def _meet_attributes(self, attributes: dict[str, str]) -> None:
        for name, value in attributes.items():
            if name.startswith("xmlns"):
                if "XInclude" in value:
                    raise self.refuse("xml_forbidden")
            elif name not in self._names:
                self._names.add(name)
                if len(self._names) > MOST_NAMES or len(name) > MOST_LETTERS_OF_A_NAME:
                    raise self.refuse("xml_giant")


def records(
    pieces: Iterable[bytes], *, root: str, wanted: Mapping[str, Wanted], source: str
) -> Iterator[Record]:
    """Yield the elements named in ``wanted``, in order, with those of their fields that are asked for.

    An element in a wanted one is a field of it, never a record. Raises :class:`FileRefused`: for another
    ``root``, for a document type or entity, another encoding than those of schools, what is cut short or
    not well formed, and what is too deep, too long or too many.
    """
    parser = _Parser(root=root, wanted=wanted, source=source)
    for _fed in _feed(parser, pieces):
        if parser.done:
            yield from parser.done
            parser.done.clear()


def _feed(parser: _Parser | _Inspector, pieces: Iterable[bytes]) -> Iterator[None]:
    """Hand a file to a parser piece by piece, each time giving back the turn."""
    source = parser.source
    first, silence = True, 0
    try:
        for piece in pieces:
            if first:
                _check_encoding(piece, source)
                first = False
            before = parser.events
            parser.feed(piece)
            silence = silence + len(piece) if parser.events == before else 0
            if silence > MOST_SILENCE:
                raise parser.refuse("xml_giant")
            yield
        parser.close()
        yield
    except DefusedXmlException as forbidden:
        raise parser.refuse("xml_forbidden") from forbidden
    except SAXParseException as damaged:
        line = damaged.getLineNumber() or 0
        code = "xml_truncated" if damaged.getMessage() in _CUT_SHORT else "xml_damaged"
        raise FileRefused(code, source=source, line=line) from damaged
    except (LookupError, UnicodeDecodeError) as error:
        raise FileRefused("encoding", source=source) from error


class _Inspector(DefusedExpatParser):
    """Counts, and keeps nothing."""

    def __init__(self, source: str, repeats: Mapping[str, int], within: Mapping[str, int]) -> None:
        super().__init__(forbid_dtd=True, forbid_entities=True, forbid_external=True)
        self.source, self.events = source, 0
        self._repeats, self._within = repeats, within
        self._counts: dict[str, int] = {}
        self._inner: dict[str, int] = {}
        self._depth = self._letters = self._all_letters = 0
        self._names: set[str] = set()
        self._are_shared = False  # texts of a workbook, which its reader holds in memory, all of them

    def reset(self) -> None:
        super().reset()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def refuse(self, code: str) -> FileRefused:
        return FileRefused(code, source=self.source)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.events += 1
        self._depth += 1
        self._letters = 0
        self._names.add(name)
        self._names.update(attributes)
        if self._depth > MOST_DEPTH or len(self._names) > MOST_NAMES:
            raise self.refuse("xml_deep")
        local = name.rpartition(":")[2]
        if self._depth == 1:
            self._are_shared = local == "sst"
        if local in self._repeats:
            self._inner.clear()
            self._counts[local] = count = self._counts.get(local, 0) + 1
            if count > self._repeats[local]:
                raise self.refuse("table_giant" if self._are_shared else "too_many_rows")
        elif local in self._within:
            self._inner[local] = count = self._inner.get(local, 0) + 1
            if count > self._within[local]:
                raise self.refuse("table_giant")

    def _characters(self, content: str) -> None:
        self.events += 1
        self._letters += len(content)
        if self._letters > 4 * MOST_LETTERS:  # a cell of Excel may have 32,767
            raise self.refuse("xml_giant")
        if self._are_shared:
            self._all_letters += len(content)
            if self._all_letters > MOST_SHARED_LETTERS:
                raise self.refuse("table_giant")

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._letters = 0


def inspect(
    pieces: Iterable[bytes], *, source: str, repeats: Mapping[str, int], within: Mapping[str, int]
) -> None:
    """Go through XML that another reader will read, and refuse what could fill its memory.

    ``repeats`` says how often an element may stand in the file, ``within`` how often between two of those.
    """
    for _fed in _feed(_Inspector(source, repeats, within), pieces):
        pass


def root_of(beginning: bytes) -> str:
    """Return the name of the root element in the first bytes of a file, ``""`` if it is not seen there.

    A guess, to tell files from one another; :func:`records` refuses what it did not come to read.
    """
    text = re.sub(rb"<\?.*?\?>|<!--.*?-->", b"", beginning, flags=re.DOTALL).lstrip(b"\xef\xbb\xbf \t\r\n")
    found = re.match(rb"<([A-Za-z_][A-Za-z0-9_.-]*)", text)
    return found[1].decode("ascii") if found else ""


def may_be_xml(beginning: bytes) -> bool:
    """Say whether a file may be meant as XML, well formed or not, of whatever encoding."""
    said = beginning.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xfe\xff \t\r\n")
    return said.startswith(b"<") or not said


def _check_encoding(beginning: bytes, source: str) -> None:
    """Refuse what the programs of schools never write: UTF-16 and -32, UTF-7, EBCDIC."""
    declared = _DECLARED.match(beginning[:200])
    unknown = declared and declared[1].decode("ascii").lower() not in _ENCODINGS
    wide = b"\0" in beginning[:4] or beginning.startswith((b"\xff\xfe", b"\xfe\xff"))
    if unknown or wide:
        raise FileRefused("encoding", source=source, line=1)
