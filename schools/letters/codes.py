"""The codes of the letters: read, and spent once.

No letter is made here yet: every code is a wrong one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from throttling import limits

from ..models import GuardianContact, School, StaffMember, Student


class Audience(StrEnum):
    """Whom a letter is for."""

    PUPIL = "pupil"
    STAFF = "staff"
    GUARDIAN = "guardian"


class Mistyped(Exception):
    """What was typed is no code."""


class WrongCode(Exception):
    """Wrong, spent, revoked, too old, or of somebody who is gone: nobody is told which."""


@dataclass(frozen=True)
class Spent:
    """Whom a code is for; one of the three is set."""

    audience: Audience
    student: Student | None = None
    staff_member: StaffMember | None = None
    contact: GuardianContact | None = None


def read(typed: str) -> str:
    """Return a code as it is kept: capitals, without spaces and hyphens. Raises :class:`Mistyped`."""
    plain = unicodedata.normalize("NFKC", typed[:100]).upper()
    code = re.sub(r"[\s.\u200b-]", "", plain)
    if not re.fullmatch("[2-9A-HJKMNP-Z]{8,20}", code):
        raise Mistyped
    return code


@dataclass(frozen=True)
class Replaced:
    """A letter made by itself: what to print."""

    pdf: bytes


class NoIdentifier(Exception):
    """Somebody without an identifier gets no letter."""


def replace(
    person: Student | StaffMember | GuardianContact,
    *,
    school: School,
    by: str,
    submission: UUID,
    language: str = "fr",
) -> Replaced:
    """Make one new letter for somebody of a school. Raises :class:`NoIdentifier`."""
    raise NoIdentifier


def spend(
    *, identifier: str, code: str, audiences: frozenset[Audience], client: str, network: str = ""
) -> Spent:
    """Spend a code. Raises :class:`WrongCode` and :class:`throttling.limits.Refused`."""
    limits.hit(
        limits.Limit("letters.code_identifier", identifier, 25, timedelta(days=1)),
        limits.Limit("letters.code_network", network or client, 600, timedelta(hours=1)),
    )
    raise WrongCode
