"""Roles in the administration: given and taken by a national admin, never by oneself (SAFETY T36)."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from audit import journal
from schools.models import Academy

from . import correspondence, open_sessions
from .models import Power, Role, StaffRole, User

KIND_GIVEN = "accounts.role_given"
KIND_TAKEN = "accounts.role_taken"

ROLE_GIVEN = journal.register_act("role.given", _("Rôle donné"))
ROLE_TAKEN = journal.register_act("role.taken", _("Rôle retiré"))


class NotAllowed(Exception):
    """Only a national admin gives and takes roles, and never their own."""


class WrongPlace(Exception):
    """A DANE admin has an académie, a national admin has none."""


class HasItAlready(Exception):
    """This person has this role there already."""


class Suspended(Exception):
    """Somebody whose account is suspended gets no role."""


def appoint(
    person: User, role: Role, *, academy: Academy | None = None, by: User | None = None, reason: str
) -> StaffRole:
    """Give a role, in one académie or (without) in all. ``by`` is ``None`` for whoever runs the portal.

    Raises :class:`NotAllowed`, :class:`WrongPlace`, :class:`HasItAlready` and :class:`Suspended`.
    """
    _check(person, by)
    if not person.is_active:
        raise Suspended
    if (role is Role.DANE and academy is None) or (role is Role.NATIONAL and academy is not None):
        raise WrongPlace
    try:
        with transaction.atomic():
            given = StaffRole.objects.create(user=person, role=role, academy=academy)
            User.objects.filter(pk=person.pk).update(is_staff=True)
            _note(ROLE_GIVEN, given, by, reason)
            _tell(KIND_GIVEN, person)
    except IntegrityError as error:
        raise HasItAlready from error
    return given


def dismiss(held: StaffRole, *, by: User | None = None, reason: str) -> None:
    """Take a role; with the last one the sessions end too. Twice is once. Raises :class:`NotAllowed`."""
    person = held.user
    _check(person, by)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=person.pk)  # two roles taken at once: one of them is the last
        deleted, _rows = StaffRole.objects.filter(pk=held.pk).delete()
        if not deleted:
            return
        if not person.staff_roles.exists():
            User.objects.filter(pk=person.pk).update(is_staff=False, session_epoch=F("session_epoch") + 1)
            open_sessions.close_all(person)
        _note(ROLE_TAKEN, held, by, reason)
        _tell(KIND_TAKEN, person)


def _check(person: User, by: User | None) -> None:
    if by is not None and (by.pk == person.pk or not by.scope(Power.GIVE_ROLES)):
        raise NotAllowed


def _note(act: str, held: StaffRole, by: User | None, reason: str) -> None:
    journal.record(
        act=act,
        actor=by.subject if by else "system",
        subject=held.user.subject,
        fields=[held.role],
        reason=reason,
        academy=held.academy.code if held.academy else "",
    )


def _tell(kind: str, person: User) -> None:
    correspondence.post(kind, person)
