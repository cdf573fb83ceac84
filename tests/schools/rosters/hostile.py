"""Files made to harm whoever reads them, each by hand (SAFETY section 3, « XML » and « ZIP »)."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.schools.rosters import generator
from tests.schools.rosters.generator import Roster

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
PARAMETERS = "<PARAMETRES><UAJ>0752387M</UAJ><ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE></PARAMETRES>"
BODY = f"<BEE_ELEVES>{PARAMETERS}<DONNEES><ELEVES>%s</ELEVES></DONNEES></BEE_ELEVES>"
XINCLUDE = "http://www.w3.org/2001/XInclude"
MEGABYTE = 1024 * 1024


def pupil(name: str) -> str:
    return BODY % (f'<ELEVE ELEVE_ID="1"><NOM_DE_FAMILLE>{name}</NOM_DE_FAMILLE><PRENOM>Zoé</PRENOM></ELEVE>')


def typed(declarations: str, content: str, *, external: str = "") -> bytes:
    """Return a file with a document type."""
    inner = f" [{declarations}]" if declarations else ""
    return f"{HEAD}<!DOCTYPE BEE_ELEVES{external}{inner}>{pupil(content)}".encode()


def laughs(levels: int) -> bytes:
    """Return « billion laughs »: 10 to the power of ``levels`` from one entity."""
    entities = '<!ENTITY l0 "ha">' + "".join(
        f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, levels + 1)
    )
    return typed(entities, f"&l{levels};")


XML: dict[str, tuple[str, bytes]] = {
    "a million laughs": ("xml_forbidden", laughs(6)),
    "ten million laughs": ("xml_forbidden", laughs(7)),
    "ten billion laughs": ("xml_forbidden", laughs(10)),
    "quadratic": ("xml_forbidden", typed(f'<!ENTITY a "{"a" * 100_000}">', "&a;" * 10_000)),
    "external entity": ("xml_forbidden", typed('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;")),
    "parameter entity": (
        "xml_forbidden", typed('<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;', "A")
    ),
    "external document type": (
        "xml_forbidden", typed("", "A", external=' SYSTEM "http://127.0.0.1:9/x.dtd"')
    ),
    "a document type alone": ("xml_forbidden", typed("", "A")),
    "entity that nobody declared": ("xml_damaged", (HEAD + pupil("&passwd;")).encode()),
    "XInclude": (
        "xml_forbidden",
        (HEAD + pupil(f'<xi:include xmlns:xi="{XINCLUDE}" href="/etc/passwd"/>')).encode(),
    ),
    "XInclude without a prefix": (
        "xml_forbidden",
        (HEAD + pupil(f'<include xmlns="{XINCLUDE}" href="/etc/passwd"/>')).encode(),
    ),
    "UTF-7": ("encoding", b'<?xml version="1.0" encoding="UTF-7"?>+ADw-BEE_ELEVES+AD4-'),
    "UTF-7 by its name alone": ("encoding", ('<?xml version="1.0" encoding="utf-7"?>' + pupil("A")).encode()),
    "UTF-16": ("encoding", ('<?xml version="1.0" encoding="UTF-16"?>' + pupil("A")).encode("utf-16")),
    "UTF-16 without a mark": ("encoding", ('<?xml version="1.0"?>' + pupil("A")).encode("utf-16-le")),
    "UTF-32": ("encoding", ('<?xml version="1.0" encoding="UTF-32"?>' + pupil("A")).encode("utf-32")),
    "a million levels": ("xml_deep", (HEAD + BODY % ("<a>" * 1_000_000 + "</a>" * 1_000_000)).encode()),
    "a million levels in a pupil": (
        "xml_deep", (HEAD + pupil("<a>" * 1_000_000 + "</a>" * 1_000_000)).encode()
    ),
    "cut short": ("xml_truncated", (HEAD + pupil("MARTIN")).encode()[:-40]),
    "cut short in a tag": ("xml_truncated", (HEAD + pupil("MARTIN")).encode()[:-4]),
    "tags that do not match": ("xml_damaged", (HEAD + pupil("<A></B>")).encode()),
    "another root": ("wrong_kind", (HEAD + "<html><body>bonjour</body></html>").encode()),
    "no XML": ("wrong_kind", b"Nom;Prenom\r\nMARTIN;Zoe\r\n"),
    "another letter of the UAI": ("uai_wrong", (HEAD + pupil("A")).replace("0752387M", "0752387N").encode()),
    "no heading": ("heading_missing", (HEAD + pupil("A")).replace(PARAMETERS, "").encode()),
    "empty": ("empty", b""),
    "21 MB": ("too_large", HEAD.encode() + b" " * (21 * MEGABYTE)),
}  # fmt: skip


def _filled(before: str, piece: str, size: int, after: str) -> Iterator[bytes]:
    """Yield a text with ``piece`` repeated to ``size`` bytes in it."""
    yield before.encode()
    block = piece.encode() * (MEGABYTE // len(piece))
    for _count in range(size // len(block)):
        yield block
    yield after.encode()


def _names() -> Iterator[bytes]:
    """Yield a million elements, each with a name of its own."""
    yield (HEAD + BODY.partition("%s")[0]).encode()
    for start in range(0, 1_000_000, 1_000):
        yield "".join(f"<n{start + count}/>" for count in range(1_000)).encode()
    yield BODY.partition("%s")[2].encode()


_BEFORE, _AFTER = BODY.split("%s")
_FIELD = '<ELEVE ELEVE_ID="1"><NOM_DE_FAMILLE>'
GIANTS: dict[str, tuple[str, Callable[[], Iterator[bytes]]]] = {
    "an element of 90 MB": (
        "xml_giant",
        lambda: _filled(HEAD + _BEFORE + _FIELD, "A", 90 * MEGABYTE, "</NOM_DE_FAMILLE></ELEVE>" + _AFTER),
    ),
    "an element of 90 MB that nobody reads": (
        "xml_giant",
        lambda: _filled(HEAD + _BEFORE + "<a>", "A", 90 * MEGABYTE, "</a>" + _AFTER),
    ),
    "an attribute of 90 MB": (
        "xml_giant",
        lambda: _filled(HEAD + _BEFORE + '<a b="', "A", 90 * MEGABYTE, '"/>' + _AFTER),
    ),
    "a comment of 90 MB": (
        "xml_giant",
        lambda: _filled(HEAD + _BEFORE + "<!--", "> ", 90 * MEGABYTE, "-->" + _AFTER),
    ),
    "a name of 90 MB": (
        "xml_giant", lambda: _filled(HEAD + _BEFORE + "<", "A", 90 * MEGABYTE, "/>" + _AFTER)
    ),
    "CDATA of 90 MB": (
        "xml_giant",
        lambda: _filled(HEAD + _BEFORE + _FIELD + "<![CDATA[", "A", 90 * MEGABYTE, "]]>" + _AFTER),
    ),
    "a million names": ("xml_giant", _names),
    "200 MB": ("zip_bomb", lambda: _filled(HEAD + _BEFORE, " ", 200 * MEGABYTE, _AFTER)),
}  # fmt: skip


def _target(out: io.BytesIO) -> zipfile.ZipFile:
    return zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1)


def zipped(parts: Iterator[bytes], name: str = "ElevesAvecAdresses.xml") -> bytes:
    out = io.BytesIO()
    with _target(out) as archive, archive.open(name, "w") as member:
        for part in parts:
            member.write(part)
    return out.getvalue()


def _archive(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return out.getvalue()


def _lying(says: int) -> bytes:
    """Return an archive of 30 MB that says it is small, in both of its headers."""
    real = zipped(_filled(HEAD + _BEFORE, " ", 30 * MEGABYTE, _AFTER))
    size = len(HEAD + _BEFORE + _AFTER) + 30 * MEGABYTE
    return real.replace(struct.pack("<L", size), struct.pack("<L", says))


def _encrypted() -> bytes:
    """Return an archive whose entry says that it is encrypted."""
    data = bytearray(_archive(("ElevesAvecAdresses.xml", b"secret")))
    data[6] |= 1
    data[data.find(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def _link() -> bytes:
    entry = zipfile.ZipInfo("ElevesAvecAdresses.xml")
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return _archive((entry, b"/etc/passwd"))


def _many() -> bytes:
    return _archive(*((f"{index}.xml", b"") for index in range(100_000)), method=zipfile.ZIP_STORED)


def _many_said_few() -> bytes:
    """Return 100,000 entries in a directory that says it has one."""
    data = bytearray(_many())
    end = data.rfind(b"PK\x05\x06")
    data[end + 8 : end + 12] = struct.pack("<HH", 1, 1)
    return bytes(data)


def _directory_behind() -> bytes:
    """Return an archive with the locator of another directory before its end (« ZIP64 »)."""
    data = _archive(("ElevesAvecAdresses.xml", pupil("A").encode()))
    end = data.rfind(b"PK\x05\x06")
    return data[:end] + b"PK\x06\x07" + struct.pack("<LQL", 0, 0, 1) + data[end:]


_GOOD = (HEAD + pupil("A")).encode()
ZIP: dict[str, tuple[str, Callable[[], bytes]]] = {
    "194 kB that become 200 MB": ("zip_bomb", lambda: zipped(GIANTS["200 MB"][1]())),
    "a header that lies": ("zip_damaged", lambda: _lying(1_000)),
    "a header that says more": ("zip_bomb", lambda: _lying(2_000_000_000)),
    "an archive in an archive": ("zip_nested", lambda: _archive(("a.zip", _archive(("b.xml", _GOOD))))),
    "an archive under another name": ("zip_nested", lambda: _archive(("a.xml", _archive(("b.xml", _GOOD))))),
    "gzip in an archive": ("zip_nested", lambda: _archive(("a.xml", b"\x1f\x8b\x08" + b"0" * 50))),
    "a link": ("zip_path", _link),
    "a path upwards": ("zip_path", lambda: _archive(("../../ElevesAvecAdresses.xml", _GOOD))),
    "a path upwards for Windows": ("zip_path", lambda: _archive(("..\\..\\ElevesAvecAdresses.xml", _GOOD))),
    "a path from the root": ("zip_path", lambda: _archive(("/etc/cron.d/x.xml", _GOOD))),
    "a path of Windows": ("zip_path", lambda: _archive(("C:\\x.xml", _GOOD))),
    "100,000 entries": ("zip_too_many", _many),
    "100,000 entries said to be one": ("zip_too_many", _many_said_few),
    "encrypted": ("zip_encrypted", _encrypted),
    "another directory behind": ("zip_damaged", _directory_behind),
    "a method of its own": ("zip_damaged", lambda: _archive(("a.xml", _GOOD), method=zipfile.ZIP_LZMA)),
    "cut in the middle": ("zip_damaged", lambda: zipped(iter([_GOOD]))[:200]),
    "nothing in it": ("empty", lambda: _archive(("folder/", b""))),
    "no ZIP but RAR": ("wrong_kind", lambda: b"Rar!\x1a\x07\x00" + b"0" * 100),
}  # fmt: skip

_LINE = "MARTIN;Zoé;01/01/2015;CP\r\n"
_HEADERS = "Nom;Prénom;Date de naissance;Classe\r\n"
CSV: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a line of 15 MB": ("row_giant", lambda: (_HEADERS + "A" * 15 * MEGABYTE).encode()),
    "fifteen million columns": ("row_giant", lambda: (_HEADERS + ";" * 15 * MEGABYTE).encode()),
    "a thousand columns": ("row_giant", lambda: (_HEADERS + "a;" * 1000 + "\r\n").encode()),
    "a quote never closed": ("row_giant", lambda: (_HEADERS + '"' + _LINE * 50_000).encode()),
    "many short lines in quotes": ("row_giant", lambda: (_HEADERS + '"a\n";' * 2_000_000).encode()),
    "three million lines": ("too_many_rows", lambda: (_HEADERS + "A;B;;\r\n" * 2_900_000).encode()),
    "NUL": ("nul", lambda: _HEADERS.encode() + b"MAR\0TIN;Zo\xc3\xa9;01/01/2015;CP\r\n"),
    "UTF-16": ("encoding", lambda: _HEADERS.encode("utf-16")),
    "bytes of no encoding": ("encoding", lambda: _HEADERS.encode() + b"\x81\x8d\x8f;A;;\r\n"),
    "cut in a line": ("table_truncated", lambda: (_HEADERS + _LINE + "DUPONT;Lé").encode()),
    "cut in a quoted cell": (
        "table_truncated", lambda: (_HEADERS + 'MARTIN;Zoé;01/01/2015;"CP\r\nDUPONT;Léa;02/02').encode()
    ),
    "other headers": ("columns_missing", lambda: b"Ville;Pays\r\nParis;France\r\n"),
    "empty": ("empty", lambda: b"\r\n\r\n"),
    "XML": ("columns_missing", lambda: _GOOD),
}  # fmt: skip


def _workbook(**changed: Callable[[], Iterator[bytes]]) -> bytes:
    """Return a workbook of ours with parts of it replaced: ``sheet`` or ``texts``."""
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["Nom", "Prénom", "Date de naissance", "Classe"])
    plain = io.BytesIO()
    book.save(plain)
    names = {"xl/worksheets/sheet1.xml": "sheet", "xl/sharedStrings.xml": "texts"}
    out = io.BytesIO()
    with zipfile.ZipFile(plain) as source, _target(out) as target:
        for name in dict.fromkeys((*source.namelist(), *names)):
            make = changed.get(names.get(name, ""))
            with target.open(name, "w") as member:
                for part in (
                    make() if make else [source.read(name) if name in source.namelist() else b"<sst/>"]
                ):
                    member.write(part)
    return out.getvalue()


def _renamed() -> bytes:
    """Return a workbook whose sheet is full of laughs, and called a picture."""
    book = _workbook(sheet=lambda: iter([laughs(7)]))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as source, _target(out) as target:
        for name in source.namelist():
            content = source.read(name)
            if not name.endswith("sheet1.xml"):
                content = content.replace(b"sheet1.xml", b"sheet1.png")
            target.writestr(name.replace("sheet1.xml", "sheet1.png"), content)
    return out.getvalue()


_SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_SHEET = f"{HEAD}<worksheet {_SPACE}><sheetData>"
_SHEET_END = "</sheetData></worksheet>"
_TEXTS = f"{HEAD}<sst {_SPACE}>"
XLSX: dict[str, tuple[str, Callable[[], bytes]]] = {
    "laughs in a sheet": ("xml_forbidden", lambda: _workbook(sheet=lambda: iter([laughs(7)]))),
    "laughs in a sheet called a picture": ("xml_forbidden", _renamed),
    "a million shared texts": (
        "table_giant",
        lambda: _workbook(texts=lambda: _filled(_TEXTS, "<si><t>A</t></si>", 20 * MEGABYTE, "</sst>")),
    ),
    "shared texts of 90 MB, each short": (
        "table_giant",
        lambda: _workbook(
            texts=lambda: _filled(_TEXTS, f"<si><t>{'A' * 1_000}</t></si>", 90 * MEGABYTE, "</sst>")
        ),
    ),
    "a cell of 90 MB": (
        "xml_giant",
        lambda: _workbook(
            sheet=lambda: _filled(
                _SHEET + '<row><c t="inlineStr"><is><t>', "A", 90 * MEGABYTE, "</t></is></c></row>"
            )
        ),
    ),
    "three million rows": (
        "too_many_rows",
        lambda: _workbook(sheet=lambda: _filled(_SHEET, "<row/>", 20 * MEGABYTE, _SHEET_END)),
    ),
    "a million columns": (
        "table_giant",
        lambda: _workbook(
            sheet=lambda: _filled(_SHEET + "<row>", "<c/>", 4 * MEGABYTE, "</row>" + _SHEET_END)
        ),
    ),
    "a million levels": (
        "xml_deep",
        lambda: _workbook(sheet=lambda: _filled(_SHEET, "<a>", 3 * MEGABYTE, _SHEET_END)),
    ),
    "a number of a text that is not there": (
        "table_damaged",
        lambda: _workbook(
            sheet=lambda: _filled(_SHEET + '<row><c t="s"><v>99</v></c></row>', "\n", 0, _SHEET_END)
        ),
    ),
    "no workbook but letters": ("columns_missing", lambda: _archive(("a.csv", b"bonjour;bonsoir\r\n"))),
}  # fmt: skip


def files(folder: Path) -> Iterator[tuple[str, str, list[str], str]]:
    """Write them all; yield name, kind, paths and the reason that each must be refused for."""
    folder.mkdir(exist_ok=True)
    _pupils, guardians, _nomenclature = generator.siecle(Roster(pupils=3), folder)
    count = 0

    def written(content: bytes, suffix: str) -> str:
        nonlocal count
        count += 1
        path = folder / f"{count}.{suffix}"
        path.write_bytes(content)
        return str(path)

    for name, (code, content) in XML.items():
        yield f"XML: {name}", "siecle", [written(content, "xml"), str(guardians)], code
    for name, (code, parts) in GIANTS.items():
        yield f"XML: {name}", "siecle", [written(zipped(parts()), "zip"), str(guardians)], code
    for name, (code, make) in ZIP.items():
        yield f"ZIP: {name}", "siecle", [written(make(), "zip"), str(guardians)], code
    for name, (code, make) in CSV.items():
        yield f"CSV: {name}", "pupils", [written(make(), "csv")], code
    for name, (code, make) in XLSX.items():
        yield f"XLSX: {name}", "pupils", [written(make(), "xlsx")], code
