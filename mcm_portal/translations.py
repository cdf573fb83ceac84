"""The words of the portal in other languages: found in the code, kept in ``locale/``, compiled.

GNU gettext is on no bare machine; Babel does its work for who develops, and what it compiled is part of
the project, so that a portal in production needs neither.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
APPS = (
    "throttling", "schools", "notifications", "accounts", "support", "guardians", "virtual_classes",
    "mcm_portal",
)  # fmt: skip
# The administration is in French: its readers are the staff of French académies.
FRENCH_ONLY = (
    "accounts/admin/",
    "accounts/management/",
    "accounts/powers.py",
    "accounts/appointments.py",
    "accounts/assistance.py",
    "accounts/publishing.py",
    "guardians/admin.py",
    "support/admin.py",
    "virtual_classes/admin/",
    "notifications/admin.py",
    "notifications/resending.py",
    "schools/admin/",
    "schools/management/",
    "schools/rosters/merging.py",
    "schools/rosters/retention.py",
    "schools/reading.py",
    "schools/domains.py",
    "mcm_portal/management/",
    "templates/admin/",
    "templates/back_office/",
    "templates/accounts/admin/",
    "templates/accounts/panels/administration.html",
    "templates/guardians/demonstration/",
    "templates/mcm_portal/components.html",
    "templates/mcm_portal/panel_example.html",
)
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")


def path_of(language: str) -> Path:
    """Return where a language's words are kept."""
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def sources() -> Iterator[Path]:
    """Return every file whose words a family may read."""
    for app in APPS:
        yield from sorted((ROOT / app).rglob("*.py"))
    yield from sorted((ROOT / "templates").rglob("*.html"))
    yield from sorted((ROOT / "templates").rglob("*.txt"))


def used() -> Catalog:
    """Return every message that the code uses."""
    found = Catalog(charset="utf-8")
    for path in sources():
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(FRENCH_ONLY) or "/migrations/" in name:
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            text = templatize(text, origin=name)
        for _line, ids, _comments, context in extract(
            "python", io.BytesIO(text.encode("utf-8")), keywords=KEYWORDS
        ):
            found.add(ids, context=context)
    return found


def read(language: str) -> Catalog:
    """Return what is translated so far."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language, charset="utf-8")
    with path.open("rb") as written:
        return read_po(written, locale=language)


def update(language: str) -> list[str]:
    """Bring a language's file up to the code, and compile it; return what is still to translate."""
    known = read(language)
    fresh = Catalog(locale=language, charset="utf-8", fuzzy=False)
    for message in used():
        if message.id:
            old = known.get(message.id, context=message.context)
            fresh.add(message.id, old.string if old else None, context=message.context)
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        write_po(out, fresh, sort_output=True, width=100, omit_header=True)
    path.with_suffix(".mo").write_bytes(compiled(fresh))
    return [first(message) for message in fresh if message.id and not is_translated(message)]


def compiled(catalog: Catalog) -> bytes:
    """Return a catalogue as the program reads it."""
    out = io.BytesIO()
    # Its head holds dates: the same words must always give the same file.
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    write_mo(out, catalog)
    return out.getvalue()


def first(message: Message) -> str:
    """Return a message's id; of a plural, the singular."""
    return str(message.id[0] if isinstance(message.id, (list, tuple)) else message.id)


def is_translated(message: Message) -> bool:
    """Say whether every form of a message has its words."""
    forms = message.string if isinstance(message.string, (list, tuple)) else [message.string]
    return all(forms) and bool(forms)


def faults(language: str) -> list[str]:
    """Return what is wrong with a language: missing, left over, other placeholders, not compiled."""
    known, needed = read(language), used()
    wanted = {(first(message), message.context) for message in needed if message.id}
    found = []
    for message in known:
        if not message.id:
            continue
        if (first(message), message.context) not in wanted:
            found.append(f"left over: {first(message)}")
        elif not is_translated(message):
            found.append(f"not translated: {first(message)}")
        else:
            forms = message.string if isinstance(message.string, (list, tuple)) else [message.string]
            ids = message.id if isinstance(message.id, (list, tuple)) else [message.id]
            expected = set(PLACEHOLDER.findall(ids[-1]))
            if any(set(PLACEHOLDER.findall(str(form))) - expected for form in forms) or expected - set(
                PLACEHOLDER.findall(str(forms[-1]))
            ):
                found.append(f"other placeholders: {first(message)}")
    have = {(first(message), message.context) for message in known if message.id}
    found += [f"missing: {each}" for each, _context in sorted(wanted - have, key=str)]
    mo = path_of(language).with_suffix(".mo")
    if not mo.exists() or mo.read_bytes() != compiled(known):
        found.append("not compiled: run make manage ARGS=translations")
    return found
