"""Who gets a letter of a batch: by class, then by name. A few statements for a hundred people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from schools.models import (
    Audience,
    Division,
    DivisionPupil,
    GuardianContact,
    GuardianTie,
    Letter,
    LetterBatch,
    School,
    Schooling,
    StaffDivision,
    StaffMember,
    Student,
)
from schools.models.pupils import GIVES_ACCESS, GroupKind

from . import known


@dataclass(frozen=True)
class Recipient:
    """Somebody to write to: the class whose pile the letter lies in, and for a guardian the children."""

    person: Student | StaffMember | GuardianContact
    division: Division | None = None
    about: str = ""

    @property
    def identifier(self) -> str:
        """What they sign in with; a guardian has none yet."""
        return "" if isinstance(self.person, GuardianContact) else self.person.identifier


def how_many(batch: LetterBatch) -> int:
    """Count who is to get a letter of a batch."""
    return _wanted(batch).count()


def without_identifier(school: School) -> int:
    """Count the staff whom no letter can be made for: their academic identifier is not known."""
    return StaffMember.objects.filter(school=school, gone_at=None, identifier="").count()


def next_of(batch: LetterBatch, most: int) -> list[Recipient]:
    """Return the next who have no letter of this batch yet, in the order of the pages."""
    if batch.audience == Audience.STAFF:
        staff = _wanted(batch).order_by("family_name", "first_name", "pk")[:most]
        return [Recipient(member) for member in staff]
    ordered = _wanted(batch).order_by(F("class_code").asc(nulls_last=True), "family_name", "first_name", "pk")
    people: list[Any] = list(ordered[:most])
    divisions = Division.objects.in_bulk({person.class_key for person in people} - {None})
    about = _children_of(people) if batch.audience == Audience.GUARDIAN else {}
    return [Recipient(person, divisions.get(person.class_key), about.get(person.pk, "")) for person in people]


def recipient(person: Student | StaffMember | GuardianContact, school: School) -> Recipient:
    """Return one person as a letter of a school needs them."""
    if isinstance(person, StaffMember):
        return Recipient(person)
    path = "pk" if isinstance(person, Student) else "ties__student"
    model: Any = type(person)
    found = _with_class(model.objects.filter(pk=person.pk), school.pk, path).first()
    division = Division.objects.filter(pk=found.class_key).first() if found else None
    about = _children_of([person]).get(person.pk, "") if isinstance(person, GuardianContact) else ""
    return Recipient(person, division, about)


def _wanted(batch: LetterBatch) -> QuerySet[Any]:
    """Return who is to get a letter of this batch and has none."""
    chosen = list(batch.divisions.values_list("pk", flat=True)) if batch.pk else []
    made = Letter.objects.filter(batch=batch)
    accounts = None if batch.includes_known else known.accounts_of(batch.audience, OuterRef("pk"))
    if batch.audience == Audience.STAFF:
        # A head's letter opens all that a head may do: one at a time, and given by a head (docs/adr/0010). So
        # does that of whose rights have grown otherwise.
        staff = StaffMember.objects.filter(school=batch.school_id, gone_at=None)
        people: QuerySet[Any] = staff.of_plain_rights().exclude(identifier="")
        if chosen:
            people = people.filter(
                Exists(StaffDivision.objects.filter(member=OuterRef("pk"), division__in=chosen))
            )
        people = people.exclude(Exists(made.filter(staff_member=OuterRef("pk"))))
    elif batch.audience == Audience.PUPIL:
        here = _schoolings(batch.school_id, chosen)
        people = Student.objects.filter(Exists(here.filter(student=OuterRef("pk"))))
        people = people.exclude(Exists(made.filter(student=OuterRef("pk"))))
        people = _with_class(people, batch.school_id, "pk")
    else:
        here = _schoolings(batch.school_id, chosen)
        ties = GuardianTie.objects.filter(
            Exists(here.filter(student=OuterRef("student"))),
            contact=OuterRef("pk"),
            removed_at=None,
            responsibility__in=GIVES_ACCESS,
        )
        people = GuardianContact.objects.filter(Exists(ties), school=batch.school_id, mobile="")
        people = people.exclude(Exists(made.filter(contact=OuterRef("pk"))))
        people = _with_class(people, batch.school_id, "ties__student")
    return people if accounts is None else people.exclude(Exists(accounts))


def _schoolings(school: int, divisions: list[int]) -> QuerySet[Schooling]:
    here = Schooling.objects.current().filter(school=school)
    if divisions:
        here = here.filter(
            Exists(DivisionPupil.objects.filter(schooling=OuterRef("pk"), division__in=divisions))
        )
    return here


def _with_class(people: QuerySet[Any], school: int, path: str) -> QuerySet[Any]:
    """Add the class of a pupil, or of the first child of a guardian, at this school."""
    places = DivisionPupil.objects.filter(
        schooling__school=school,
        schooling__gone_at=None,
        division__closed_at=None,
        division__kind=GroupKind.DIVISION,
    )
    if path == "pk":
        places = places.filter(schooling__student=OuterRef("pk"))
    else:
        places = places.filter(
            Q(schooling__student__ties__removed_at=None),
            schooling__student__ties__contact=OuterRef("pk"),
            schooling__student__ties__responsibility__in=GIVES_ACCESS,
        )
    first = places.order_by("division__code", "pk")
    return people.annotate(
        class_code=Subquery(first.values("division__code")[:1]),
        class_key=Subquery(first.values("division")[:1]),
    )


def _children_of(contacts: list[Any]) -> dict[int, str]:
    """Return the names of the children, by contact."""
    here = Schooling.objects.current().filter(student=OuterRef("student"), school=OuterRef("contact__school"))
    ties = (
        GuardianTie.objects.filter(
            Exists(here), contact__in=contacts, removed_at=None, responsibility__in=GIVES_ACCESS
        )
        .select_related("student")
        .order_by("student__first_name", "pk")
    )
    names: dict[int, list[str]] = {}
    for tie in ties:
        names.setdefault(tie.contact_id, []).append(str(tie.student))
    return {contact: ", ".join(children) for contact, children in names.items()}
