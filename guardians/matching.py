"""Whom a school knows: names and a number compared with its records (SCREENS D5).

Accents, hyphens, case and apostrophes do not count, the name may be that of birth or of usage, and of
several given names one may write some, in any order.
"""

from __future__ import annotations

import re

from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, OuterRef, Q

from schools.models import GuardianContact, GuardianTie, Schooling
from schools.person_names import comparison_key
from schools.search_key import search_key, words_of

from .franceconnect.identity import Identity
from .models import GIVES_ACCESS

WORD = re.compile(r"[^\s.’'‘-]+")


def same_family_name(typed: str, contact: GuardianContact) -> bool:
    """Compare with the names of birth and of usage, each alone or both together (« Dupont-Martin »)."""
    birth, usage = comparison_key(contact.family_name), comparison_key(contact.usage_name)
    return comparison_key(typed) in {birth, usage, birth + usage, usage + birth} - {""}


def same_first_name(typed: str, declared: str) -> bool:
    """Compare given names: the same altogether, or all the words of one among those of the other."""
    if comparison_key(typed) == comparison_key(declared):
        return True
    one, other = (
        {comparison_key(word) for word in WORD.findall(names)} - {""} for names in (typed, declared)
    )
    return bool(one and other) and (one <= other or other <= one)


def contacts_known_by(first_name: str, last_name: str, mobile: str) -> list[GuardianContact]:
    """Return the schools' records of the person with this name and number who has a child there now.

    One statement whatever is found. A record that is somebody's to call only gives no access.
    """
    tied = GuardianTie.objects.filter(
        Exists(Schooling.objects.with_access().filter(student=OuterRef("student"))),
        contact=OuterRef("pk"),
        removed_at=None,
        responsibility__in=GIVES_ACCESS,
    )
    found = GuardianContact.objects.filter(Exists(tied), mobile=mobile).exclude(mobile="").order_by("pk")
    return [
        contact
        for contact in found[:50]
        if same_family_name(last_name, contact) and same_first_name(first_name, contact.first_name)
    ]


def contacts_of_identity(
    *, family_name: str, usage_name: str, given_names: str, child_born: str
) -> list[GuardianContact]:
    """Return the schools' records of one person whom FranceConnect named, with a child born that day.

    The family name is that of birth or of usage, the first given name must be among those that the school
    has, and the school has no other. Records that may be of two people are nobody's (SCREENS D3, SAFETY T13).
    ``child_born`` is « 2012-03-09 », with 00 for what is not known.
    """
    given = [word for word in given_names.replace(",", " ").split() if word]
    if not given or not child_born:
        return []
    names = [name for name in dict.fromkeys((family_name, usage_name)) if name]
    asked = Q(pk__in=[])
    for name in names:
        words = [word for word in re.split(r"\W+", search_key(f"{name} {given[0]}")) if word]
        asked |= Q(words=SearchQuery(" & ".join(words), search_type="raw", config="simple"))
    tied = GuardianTie.objects.filter(
        Exists(Schooling.objects.with_access().filter(student=OuterRef("student"))),
        contact=OuterRef("pk"),
        student__birth_date=child_born,
        removed_at=None,
        responsibility__in=GIVES_ACCESS,
    )
    found = GuardianContact.objects.alias(words=words_of("search_key")).filter(asked, Exists(tied))
    known: list[GuardianContact] = [
        contact
        for contact in found.prefetch_related("ties").order_by("pk")[:50]
        if any(same_family_name(name, contact) for name in names)
        and _has_given_name(given, contact.first_name)
    ]
    return known if _are_one_person(known) else []


def is_named(contact: GuardianContact, who: Identity) -> bool:
    """Say whether a school's record bears the names that FranceConnect says, as it is matched above."""
    given = [word for word in who.given_names.replace(",", " ").split() if word]
    names = (who.family_name, who.preferred_username)
    return (
        bool(given)
        and any(same_family_name(name, contact) for name in names if name)
        and _has_given_name(given, contact.first_name)
    )


def _has_given_name(given: list[str], declared: str) -> bool:
    first = _words(given[0])
    return bool(first) and first <= _words(declared) <= _words(" ".join(given))


def _words(names: str) -> set[str]:
    return {comparison_key(word) for word in WORD.findall(names)} - {""}


def _are_one_person(contacts: list[GuardianContact]) -> bool:
    """Say whether records hang together: by a child, a mobile or an address that two of them share."""
    marks = [
        {("child", tie.student_id) for tie in contact.ties.all()}
        | {("mobile", contact.mobile), ("email", contact.email.lower())} - {("mobile", ""), ("email", "")}
        for contact in contacts
    ]
    if not marks:
        return False
    joined = marks.pop()
    while near := next((mark for mark in marks if mark & joined), None):
        marks.remove(near)
        joined |= near
    return not marks
