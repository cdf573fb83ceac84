"""What a roster says, in one vocabulary for all formats: readers make these rows, the import stages them.

Every row knows the ``line`` it came from (of the file ``source``), so that a refusal can be found again
by whoever exported the file. Text is NFC, without outer or doubled spaces, as the school wrote it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class GroupKind(StrEnum):
    """What pupils are put together in."""

    DIVISION = "division"  # a class: every pupil is in one at a time
    GROUP = "group"  # for some lessons only


class Responsibility(StrEnum):
    """What a contact is to a child (SIECLE: NIVEAU_RESPONSABILITE 1, 2, 3; FORMATS 2)."""

    LEGAL = "legal"  # « représentant légal »: sees and consents
    IN_CHARGE = "in_charge"  # « personne en charge »: sees, does not consent
    CONTACT = "contact"  # to be called in need, nothing else


class StaffRole(StrEnum):
    """What somebody does in a school."""

    TEACHER = "teacher"
    HEAD = "head"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What a file says of itself. Empty, or ``None``, where the format does not say it."""

    uai: str = ""
    school_year: int | None = None  # the year it begins in
    exported_on: str = ""  # ISO date


@dataclass(frozen=True, slots=True, kw_only=True)
class DivisionRow:
    """A division or a group of the school."""

    source: str
    line: int
    code: str
    name: str = ""
    kind: GroupKind = GroupKind.DIVISION


@dataclass(frozen=True, slots=True, kw_only=True)
class PupilRow:
    """A pupil of the school. ``key`` ties rows of one import together and means nothing elsewhere."""

    source: str
    line: int
    key: str
    family_name: str
    first_name: str
    ine: str = ""  # upper case, without spaces; empty when the school has none
    usage_name: str = ""
    other_first_names: str = ""  # separated by spaces
    birth_date: str = ""  # « 2012-03-00 »: 00 where day or month are not known; empty when unknown
    sex: str = ""  # « M », « F » or empty
    divisions: tuple[str, ...] = ()  # codes of divisions and groups


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRow:
    """Somebody whom the school may call about a child."""

    source: str
    line: int
    key: str
    family_name: str
    first_name: str
    usage_name: str = ""
    title: str = ""  # « M. », « Mme » or empty
    mobile: str = ""  # E.164
    phone: str = ""  # E.164
    email: str = ""
    sms_consent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TieRow:
    """A contact is something to a pupil."""

    source: str
    line: int
    pupil: str  # PupilRow.key
    contact: str  # ContactRow.key
    responsibility: Responsibility
    relationship: str = ""  # the school's own word or code: mother, grandfather…


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRow:
    """A member of the staff. ``identifier`` is the academic one (first letter and name)."""

    source: str
    line: int
    key: str
    family_name: str
    first_name: str
    role: StaffRole
    identifier: str = ""
    email: str = ""
    # E.164; « None » where the table has no such column, and what the school said before stays.
    personal_phone: str | None = None
    professional_phone: str | None = None
    mobile: str | None = None
    divisions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A line that was not taken, or only in part. Holds no value of the line: it may be shown and logged.

    ``code`` is one of :data:`schools.rosters.refusals.REASONS`; ``field`` the column or element meant.
    ``whole`` says whether the line was left out, or taken without ``field``.
    """

    source: str
    line: int
    code: str
    field: str = ""
    whole: bool = True


Row = DivisionRow | PupilRow | ContactRow | TieRow | StaffRow | Refusal


class FileRefused(Exception):
    """A file that is not read at all. ``code`` as in :class:`Refusal`; ``line`` where it became clear."""

    def __init__(self, code: str, *, source: str = "", line: int = 0) -> None:
        super().__init__(code)
        self.code, self.source, self.line = code, source, line
