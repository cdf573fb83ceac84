"""Who answers for a school and for an académie, as far as they have an account to answer with."""

from __future__ import annotations

from allauth.account.models import EmailAddress

from accounts.models import User
from accounts.powers import Role
from schools.models import Academy, School, StaffMember


def heads_of(school: School) -> list[str]:
    """Return the confirmed addresses of the heads of a school."""
    heads = StaffMember.objects.filter(school=school, role=StaffMember.Role.HEAD, gone_at=None)
    return _addresses(User.objects.filter(staff_member__in=heads, is_active=True))


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
