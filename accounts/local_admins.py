"""A head lets a member of the staff look after a part of the school, and ends it (docs/adr/0010).

Given by the school's head alone, about somebody whom the school declares (SAFETY T35, T36): nobody says of
themselves what they may do. It ends with the head's word, or when a file no longer names the person.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit import journal
from schools.letters import revoking
from schools.models import StaffMember

from . import correspondence
from .models import LocalAdmin, Power, User

KIND_CHANGED = "accounts.local_admin_changed"

GIVEN = journal.register_act("local_admin.given", _("Administrateur local nommé"))
TAKEN = journal.register_act("local_admin.taken", _("Administrateur local retiré"))


class NotAllowed(Exception):
    """Only the head of their school, and never a head."""


def may_be_named(member: StaffMember) -> bool:
    """Say whether somebody can be a local admin: a head has every power already, who left has none."""
    return member.role != StaffMember.Role.HEAD and member.gone_at is None


def areas_of(member: StaffMember) -> list[str]:
    """Return the areas that somebody has now."""
    return list(
        LocalAdmin.objects.in_force().filter(member=member).order_by("area").values_list("area", flat=True)
    )


def set_areas(member: StaffMember, areas: Collection[str], *, by: User) -> None:
    """Give a member of the staff these areas and no others; the same again changes nothing.

    The person is told by letter, where they have an account. A letter on paper from before an area was given
    opens nothing any more. Raises :class:`NotAllowed`.
    """
    mine = StaffMember.objects.open_to(by.scope(Power.LOOK_AFTER_STAFF))
    if not mine.filter(pk=member.pk).exists() or not may_be_named(member):
        raise NotAllowed
    with transaction.atomic():
        # One after the other: two tabs of one head would both add.
        StaffMember.objects.select_for_update(no_key=True).get(pk=member.pk)
        has = set(areas_of(member))
        for area in sorted(set(areas) - has):
            LocalAdmin.objects.create(member=member, area=area, given_by=by)
            _note(GIVEN, member, area, by=by.subject)
        if set(areas) - has:
            revoking.outgrow(member, by=by.subject)
        for area in sorted(has - set(areas)):
            _end(LocalAdmin.objects.get(member=member, area=area, ended_at=None), by=by.subject)
        account = User.objects.found_by(Q(staff_member=member), Q(other_posts__staff_member=member)).first()
        if account is not None and has != set(areas):
            correspondence.post(KIND_CHANGED, account, academy=member.school.academy.code)


def end_of_who_left() -> int:
    """End what was given to people whom their school no longer declares: it gives nothing already.

    Who comes back is named again, or not. Returns how many areas.
    """
    left = LocalAdmin.objects.filter(ended_at=None, member__gone_at__isnull=False)
    with transaction.atomic():
        found = list(
            left.select_for_update(skip_locked=True, of=("self",)).select_related("member__school__academy")[
                :500
            ]
        )
        for each in found:
            _end(each, by="system")
    return len(found)


def _end(given: LocalAdmin, *, by: str) -> None:
    if LocalAdmin.objects.filter(pk=given.pk, ended_at=None).update(ended_at=Now()):
        _note(TAKEN, given.member, given.area, by=by)


def _note(act: str, member: StaffMember, area: str, *, by: str) -> None:
    journal.record(
        act=act, actor=by, subject=member.subject, fields=[area], academy=member.school.academy.code
    )
