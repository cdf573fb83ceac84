"""Who answers for a school and for an académie, as far as they have an account to answer with."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db.models import Exists, OuterRef, Q

from accounts.models import Area, LocalAdmin, User
from accounts.powers import Role
from schools.models import Academy, School, StaffMember


def heads_of(school: School) -> list[str]:
    """Return the confirmed addresses of the heads of a school, and of whom they let answer families."""
    helpers = LocalAdmin.objects.in_force().filter(member=OuterRef("pk"), area=Area.FAMILIES)
    answer = StaffMember.objects.filter(
        Q(role=StaffMember.Role.HEAD) | Exists(helpers), school=school, gone_at=None
    )
    return _addresses(User.objects.filter(staff_member__in=answer, is_active=True))


def dane_of(academy: Academy) -> list[str]:
    """Return the confirmed addresses of the administrators of an académie."""
    return _addresses(
        User.objects.filter(
            staff_roles__role=Role.DANE, staff_roles__academy=academy, is_staff=True, is_active=True
        )
    )


def _addresses(people: object) -> list[str]:
    found = EmailAddress.objects.filter(user__in=people, verified=True, primary=True)
    return list(found.order_by("pk").values_list("email", flat=True))
