"""The first sign-in of staff who have proved who they are: the account that a school's record leads to."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from schools.models import StaffMember

from . import sessions
from .models import SignInName, User


def begin_for_staff(request: HttpRequest, staff_member: StaffMember, authority: str) -> HttpResponse:
    """Open the account of a member of the staff, made now if there is none; return where to go.

    ``authority`` is the door whose name is their academic identifier. Clicked twice, it makes one account.
    """
    with transaction.atomic():
        member = StaffMember.objects.select_for_update().get(pk=staff_member.pk)
        user = User.objects.filter(staff_member=member).first()
        if user is None:
            user = User.objects.create_user(
                first_name=member.first_name, last_name=member.family_name, staff_member=member
            )
            SignInName.objects.create(authority=authority, name=member.identifier.lower(), user=user)
    return sessions.sign_in(request, user)
