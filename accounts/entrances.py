"""The entrances of the regions: read for the pages, loaded from what the portal ships with, edited by staff.

A stranger costs one query a minute and process, whatever they ask for: all entrances are read at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from audit import journal
from economy.remembered import forget, remembered
from schools.models import Academy

from .models import Entrance, User, WayIn

FOLDER = Path(__file__).parent / "entrances_shipped"
FRESH = 60  # seconds
Leads = WayIn.LeadsTo

ENTRANCE_WRITTEN = journal.register_act("entrance.written", _("Entrée d’une région écrite"))
WAY_WRITTEN = journal.register_act("entrance.way_written", _("Choix d’une entrée écrit"))


@dataclass(frozen=True, kw_only=True)
class Provider:
    """An identity provider that a choice leads to, as far as its page needs it."""

    public_id: Any
    name: str
    issuer: str
    is_on: bool


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One choice of a region, with those under it where it is a heading."""

    code: str
    french: str
    english: str
    audience: str
    leads_to: str
    academy: str = ""  # its code
    academy_name: str = ""
    provider: Provider | None = None
    sentence_french: str = ""
    sentence_english: str = ""
    choices: tuple[Choice, ...] = ()

    @property
    def label(self) -> str:
        """What people read, in the language of the page."""
        return WayIn.in_this_language(self.french, self.english)

    @property
    def sentence(self) -> str:
        """What they read where they cannot go on, likewise."""
        return WayIn.in_this_language(self.sentence_french, self.sentence_english)


@dataclass(frozen=True, kw_only=True)
class Tree:
    """The entrance of one region."""

    slug: str
    name: str
    choices: tuple[Choice, ...]

    def leaves(self) -> Iterator[Choice]:
        """Yield every choice that leads somewhere, in the order of the page."""
        for choice in self.choices:
            yield from choice.choices or (choice,)

    def leaf(self, code: str) -> Choice | None:
        """Return the choice of this code, if it leads somewhere."""
        return next((each for each in self.leaves() if each.code == code), None)

    def in_full(self, leaf: Choice) -> str:
        """Return what a choice is called where its heading does not stand above it."""
        above = [each.label for each in self.choices if leaf in each.choices]
        return ", ".join([*above, leaf.label])

    def issuers(self) -> list[str]:
        """Return the issuers of the providers that choices lead to and that are on."""
        return [each.provider.issuer for each in self.leaves() if each.provider and each.provider.is_on]


@remembered(FRESH)
def trees() -> dict[str, Tree]:
    """Return every open entrance that leads somewhere, by its name in an address; one query."""
    shown = WayIn.objects.filter(entrance__is_open=True, is_shown=True)
    rows = list(
        shown.select_related("entrance", "academy", "provider").order_by("entrance__name", "order", "pk")
    )
    found: dict[str, Tree] = {}
    for entrance in {row.entrance_id: row.entrance for row in rows}.values():
        own = [row for row in rows if row.entrance_id == entrance.pk]
        choices = tuple(
            _choice(row, tuple(_choice(each) for each in own if each.parent_id == row.pk))
            for row in own
            if row.parent_id is None
        )
        # A heading that nothing stands under is no choice.
        choices = tuple(each for each in choices if each.leads_to != Leads.HEADING or each.choices)
        if choices:
            found[entrance.slug] = Tree(slug=entrance.slug, name=entrance.name, choices=choices)
    return found


def _choice(row: WayIn, under: tuple[Choice, ...] = ()) -> Choice:
    told = row.provider
    provider = None
    if told is not None:
        provider = Provider(
            public_id=told.public_id,
            name=told.name,
            issuer=told.issuer,
            is_on=told.is_on,
        )
    return Choice(
        code=row.code,
        french=row.label,
        english=row.label_en,
        audience=row.audience,
        leads_to=row.leads_to,
        academy=row.academy.code if row.academy else "",
        academy_name=row.academy.name if row.academy else "",
        provider=provider,
        sentence_french=row.sentence,
        sentence_english=row.sentence_en,
        choices=under,
    )


# --- what the portal ships with -------------------------------------------------------------------


@transaction.atomic
def load(folder: Path = FOLDER) -> int:
    """Add the entrances and choices of ``folder`` that are not there yet; return how many rows were added.

    What is there stays as it is, whoever wrote it: a text that staff corrected, a door they changed or a
    choice they hid is never brought back. Raises ``ValidationError`` for what the models refuse, and
    ``KeyError`` for an académie that is none; nothing is kept then.
    """
    with connection.cursor() as cursor:  # two deployments at once take turns
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('accounts.entrances'))")
    added = 0
    for path in sorted(folder.glob("*.json")):
        said = json.loads(path.read_text(encoding="utf-8"))
        entrance = Entrance.objects.filter(slug=said["slug"]).first()
        if entrance is None:
            entrance = Entrance(slug=said["slug"], name=said["name"])
            entrance.full_clean()
            entrance.save()
            added += 1
        added += _load_choices(entrance, said["choices"], None)
    forget()
    return added


def _load_choices(entrance: Entrance, said: list[dict[str, Any]], parent: WayIn | None) -> int:
    added = 0
    codes = {each["academy"] for each in said if "academy" in each}
    academies = {each.code: each for each in Academy.objects.filter(code__in=codes)} if codes else {}
    for number, each in enumerate(said, start=1):
        row = WayIn.objects.filter(entrance=entrance, code=each["code"]).first()
        if row is None:
            row = WayIn(
                entrance=entrance,
                parent=parent,
                order=number * 10,  # room for what staff put between
                code=each["code"],
                label=each["label"]["fr"],
                label_en=each["label"]["en"],
                audience=each["audience"],
                leads_to=each.get("leads_to", Leads.HEADING),
                academy=academies[each["academy"]] if "academy" in each else None,
                sentence=each.get("sentence", {}).get("fr", ""),
                sentence_en=each.get("sentence", {}).get("en", ""),
            )
            row.full_clean(exclude={"is_heading", "is_under_heading"})
            row.save()
            added += 1
        if row.leads_to == Leads.HEADING:  # staff may have made another thing of it
            added += _load_choices(entrance, each.get("choices", []), row)
    return added


# --- what staff write -----------------------------------------------------------------------------


def write_entrance(entrance: Entrance, fields: list[str], *, by: User) -> None:
    """Keep a region's entrance as a form has cleaned it; the journal names the fields."""
    with transaction.atomic():
        entrance.save()
        _record(ENTRANCE_WRITTEN, entrance, fields, by)


def write_way(way: WayIn, fields: list[str], *, by: User) -> None:
    """Keep a choice, likewise.

    Raises ``IntegrityError`` for what another page made impossible since the form was cleaned.
    """
    with transaction.atomic():
        way.save()
        _record(WAY_WRITTEN, way.entrance, fields, by)


def _record(act: str, entrance: Entrance, fields: list[str], by: User) -> None:
    journal.record(act=act, actor=by.subject, subject=f"entrance:{entrance.slug}", fields=fields)
    forget()
