"""A school declares a family, in the database of the journeys' portal.

python -m tests.journeys.declared UAI MOBILE FAMILY_NAME FIRST_NAME=BIRTH_DATE…
"""

from __future__ import annotations

import sys

import django


def main(uai: str, mobile: str, name: str, *children: str) -> None:
    """Make a school, one guardian (« Inès ») with this mobile, and the children."""
    django.setup()
    from schools.models import Academy, GuardianContact, GuardianTie, School, Schooling, Student

    academy = Academy.objects.get(code="70")
    school, _new = School.objects.get_or_create(
        uai=uai,
        defaults={
            "name": "Collège Jules Verne",
            "kind": School.Kind.COLLEGE,
            "academy": academy,
            "department": academy.departments.all()[0],
        },
    )
    contact = GuardianContact.objects.create(
        school=school, family_name=name, first_name="Inès", mobile=mobile
    )
    for child in children:
        first_name, _equals, born = child.partition("=")
        student = Student.objects.create(family_name=name, first_name=first_name, birth_date=born)
        Schooling.objects.create(student=student, school=school, school_year=2026)
        GuardianTie.objects.create(contact=contact, student=student, responsibility="legal")


if __name__ == "__main__":
    main(*sys.argv[1:])
