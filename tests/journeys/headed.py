"""A school has a head with an account, in the database of the journeys' portal.

python -m tests.journeys.headed UAI NAME USERNAME ADDRESS PASSWORD
"""

from __future__ import annotations

import sys

import django


def main(uai: str, name: str, username: str, address: str, password: str) -> None:
    """Make a school, its head, and the head's account, enrolled for this school year."""
    django.setup()
    from allauth.account.models import EmailAddress

    from accounts.models import MCM, Enrolment, PolicyAcceptance, PolicyDocument, SignInName, User
    from schools.models import Academy, School, StaffMember
    from schools.school_year import SchoolYear

    academy = Academy.objects.get(code="70")
    school, _new = School.objects.get_or_create(
        uai=uai,
        defaults={
            "name": name,
            "kind": School.Kind.COLLEGE,
            "academy": academy,
            "department": academy.departments.all()[0],
            "commune": "Saint-Lô",
            "postcode": "50000",
        },
    )
    member = StaffMember.objects.create(school=school, family_name="Roux", first_name="Samir", role="head")
    head = User.objects.create_user(
        first_name="Samir", last_name="Roux", password=password, staff_member=member
    )
    SignInName.objects.create(authority=MCM, name=username, user=head)
    EmailAddress.objects.create(user=head, email=address, verified=True, primary=True)
    Enrolment.objects.create(
        user=head,
        level="college",
        profile="personnel",
        academy=academy,
        department=school.department,
        school_year=SchoolYear.current().year,
    )
    for document in PolicyDocument.objects.in_force("terms"):
        PolicyAcceptance.objects.create(user=head, document=document)


if __name__ == "__main__":
    main(*sys.argv[1:])
