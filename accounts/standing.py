"""Where somebody stands: their names at the doors, this year's enrolments, and which texts they accepted.

Every page behind the sign-in asks for it, so that it comes with the session, in the same statement
(:mod:`accounts.session_store`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Concat, JSONObject
from django_countries import countries

from schools.school_year import SchoolYear

from .models import MCM, Enrolment, Level, PolicyAcceptance, PolicyDocument, Profile, SignInName, User


@dataclass(frozen=True)
class YearOfMcm:
    """An enrolment of this school year, as its owner reads it."""

    level: str
    profile: str
    academy: str  # its name; empty outside France
    department: str
    country: str  # ISO 3166-1, only outside France

    @property
    def level_in_words(self) -> str:
        """Its level in the language of the page."""
        return str(Level(self.level).label)

    @property
    def profile_in_words(self) -> str:
        """The profile in the language of the page."""
        return str(Profile(self.profile).label)

    @property
    def country_name(self) -> str:
        """The country in the language of the page."""
        return countries.name(self.country)


@dataclass(frozen=True)
class Standing:
    """Where one person stands now."""

    names: tuple[str, ...]  # at the doors of MCM
    doors: frozenset[str]  # the authorities that know a name of theirs
    enrolments: tuple[YearOfMcm, ...]  # of the school year that runs
    owes_consent: bool  # terms in force that they have not accepted (SCREENS A3)
    accepted: frozenset[int]  # keys of the texts that they ever accepted

    @property
    def is_in_mcm(self) -> bool:
        """Whether they have a name at the door of MCM, where an account lasts for a school year."""
        return MCM in self.doors

    @property
    def own_door(self) -> str:
        """The authority of the door they sign in at: of several, that of MCM, else the first."""
        return MCM if MCM in self.doors or not self.doors else min(self.doors)


def columns(person: str) -> dict[str, Any]:
    """Return what a query annotates, in this order, for :func:`read`; ``person`` names its key of a user."""
    return {
        "standing_names": ArraySubquery(
            SignInName.objects.filter(user=OuterRef(person))
            .order_by("pk")
            .values(said=Concat("authority", Value(" "), "name"))
        ),
        "standing_enrolments": ArraySubquery(
            Enrolment.objects.of_this_year()
            .filter(user=OuterRef(person))
            .order_by("pk")
            .values(
                year=JSONObject(
                    level="level",
                    profile="profile",
                    academy="academy__name",
                    department="department__name",
                    country="country",
                )
            )
        ),
        "standing_owes_consent": Exists(
            PolicyDocument.objects.to_accept(PolicyDocument.Kind.TERMS, OuterRef(OuterRef(person)))
        ),
        "standing_accepted": ArraySubquery(
            PolicyAcceptance.objects.filter(user=OuterRef(person)).order_by().values("document_id")
        ),
    }


def read(names: list[str], enrolments: list[Any], owes_consent: bool, accepted: list[int]) -> Standing:
    """Make a standing of the columns as the driver gives them."""
    years = (json.loads(each) if isinstance(each, str) else each for each in enrolments)
    said = [each.partition(" ") for each in names]
    return Standing(
        names=tuple(name for authority, _space, name in said if authority == MCM),
        doors=frozenset(authority for authority, _space, _name in said),
        enrolments=tuple(YearOfMcm(**{name: value or "" for name, value in year.items()}) for year in years),
        owes_consent=owes_consent,
        accepted=frozenset(accepted),
    )


def of(user: User) -> Standing:
    """Return where a person stands: as they came with their session, else as PostgreSQL says now."""
    if user.came_with is not None:
        return user.came_with
    return read(*User.objects.filter(pk=user.pk).annotate(**columns("pk")).values_list(*columns("pk")).get())


def variant() -> int:
    """Return what the SQL of :func:`columns` depends on besides the person: the school year."""
    return SchoolYear.current().year
