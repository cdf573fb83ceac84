"""The identifiers of pupils: « ines.benali42 », given once and for good by the first letter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from secrets import SystemRandom

from django.db import IntegrityError, transaction

from schools.models import Student
from schools.person_names import transliterate

DIGITS = (2, 3, 4, 6)
TRIES_PER_LENGTH = 4
FIRST, FAMILY = 11, 12  # letters: with the point and six digits no more than thirty signs
_random = SystemRandom()


def give(students: Iterable[Student]) -> None:
    """Give those an identifier who have none, and say it to the objects; inside a transaction.

    A name of two random digits, of three once those are taken four times running, then of four and six.
    As many statements for one as for a hundred, as long as no name is full.
    """
    keys = {student.pk: student for student in students}
    # Two letters at once, of two schools: the second one finds what the first gave.
    locked = Student.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    found = {student.pk: student for student in locked}
    for _race in range(5):
        waiting = [student for student in found.values() if not student.identifier]
        if not waiting:
            break
        _draw(waiting)
        try:
            with transaction.atomic():
                Student.objects.bulk_update(waiting, ["identifier"])
        except IntegrityError:  # somebody else drew one of them at this moment
            for student in waiting:
                student.identifier = ""
    for key, student in keys.items():
        student.identifier = found[key].identifier
        if not student.identifier:
            raise RuntimeError("no identifier is free for this name")


def _draw(waiting: list[Student]) -> None:
    left = list(waiting)
    for digits in DIGITS:
        for _try in range(TRIES_PER_LENGTH):
            drawn = {f"{stem(student)}{_random.randrange(10**digits):0{digits}}": student for student in left}
            taken = set(Student.objects.filter(identifier__in=drawn).values_list("identifier", flat=True)) | {
                student.identifier for student in waiting
            }
            for name, student in drawn.items():
                if name not in taken:
                    student.identifier = name
            left = [student for student in left if not student.identifier]
            if not left:
                return


def stem(student: Student) -> str:
    """Return the letters of an identifier: « ines.benali », from the names that are printed."""
    return (
        f"{_letters(student.first_name)[:FIRST] or 'eleve'}"
        f".{_letters(student.usage_name or student.family_name)[:FAMILY] or 'eleve'}"
    )


def _letters(name: str) -> str:
    return re.sub("[^a-z]", "", transliterate(name).lower())
