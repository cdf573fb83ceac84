"""A teacher and a pupil have begun with their letters, in the database of the journeys' portal.

python -m tests.journeys.newcomers UAI IDENTIFIER CODE teacher|pupil
"""

from __future__ import annotations

import sys

import django


def main(uai: str, identifier: str, code: str, who: str) -> None:
    """Declare somebody, and leave their first sign-in where the letter was opened at another computer."""
    django.setup()
    from accounts.models import PUPILS, FirstSignIn, SignInName, User, staff_door
    from schools.models import Academy, Division, DivisionPupil, School, Schooling, StaffMember, Student
    from schools.school_year import SchoolYear

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
    year = SchoolYear.current().year
    division, _new = Division.objects.get_or_create(school=school, school_year=year, code="5A")
    if who == "teacher":
        member = StaffMember.objects.create(
            school=school, family_name="Morel", first_name="Claire", role="teacher", identifier=identifier
        )
        member.divisions.add(division)
        user = User.objects.create_user(
            first_name="Claire",
            last_name="Morel",
            password=code,
            staff_member=member,
            owes_password=True,
            owes_contact=True,
        )
        SignInName.objects.create(authority=staff_door("70"), name=identifier, user=user)
    else:
        child = Student.objects.create(
            family_name="Petit", first_name="Zoé", birth_date="2016-05-01", identifier=identifier
        )
        schooling = Schooling.objects.create(student=child, school=school, school_year=year)
        DivisionPupil.objects.create(schooling=schooling, division=division)
        user = User.objects.create_user(
            first_name="Zoé", last_name="Petit", password=code, student=child, owes_password=True
        )
        SignInName.objects.create(authority=PUPILS, name=identifier, user=user)
    FirstSignIn.objects.create(user=user, code_digest=f"journey {identifier}")


if __name__ == "__main__":
    main(*sys.argv[1:])
