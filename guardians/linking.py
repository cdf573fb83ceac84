"""FranceConnect for an account that began by SMS: both prove themselves in one browser first (SAFETY T42)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import open_sessions
from accounts.models import User
from accounts.ways_in import OnlyWay
from audit import journal
from schools.models import GuardianContact

from . import matching, mobiles
from .franceconnect.identity import Identity
from .models import FranceConnectAccount

KIND_JOINED = "guardians.franceconnect_joined"  # wherever the person is known: it was you?
JOINED = journal.register_act("guardian.franceconnect_joined", _("FranceConnect relié au compte"))


KIND_PARTED = "guardians.franceconnect_left"  # to the same places: it opens the account no more
PARTED = journal.register_act("guardian.franceconnect_left", _("FranceConnect retiré du compte"))


class SomebodyElse(Exception):
    """No school's record of this account bears those names, or the identity opens another account."""


def is_of(user: User, who: Identity) -> bool:
    """Say whether FranceConnect names the person of an account, by a school's record, and is free for it."""
    if FranceConnectAccount.objects.filter(issuer=who.issuer, sub=who.sub).exists():
        return False
    return any(matching.is_named(contact, who) for contact in _records(user))


def join(user: User, who: Identity) -> None:
    """Let somebody who is signed in come to their account by FranceConnect from now on.

    ``who`` is who came back from FranceConnect to the same browser. Told wherever the person is known, as
    each new way in. Raises :class:`SomebodyElse`.
    """
    if not any(matching.is_named(contact, who) for contact in _records(user)):
        raise SomebodyElse
    with transaction.atomic():
        joined, is_new = FranceConnectAccount.objects.get_or_create(
            issuer=who.issuer, sub=who.sub, defaults={"user": user}
        )
        if joined.user_id != user.pk:
            raise SomebodyElse
        if not is_new:
            return
        journal.record(act=JOINED, actor=user.subject, subject=user.subject)
        mobiles.tell(
            user,
            kind=KIND_JOINED,
            reference=str(user.public_id),
            numbers=[mobiles.of(user)],
            mails=[contact.email for contact in _records(user)],
        )


def is_joined(user: User) -> bool:
    """Say whether somebody comes to this account by FranceConnect."""
    return FranceConnectAccount.objects.filter(user=user).exists()


def is_only_way(user: User) -> bool:
    """Say whether FranceConnect alone opens this account: there is no password, or no name to type."""
    return not (user.has_usable_password() and user.sign_in_names.exists())


def part(user: User, *, keep: str | None) -> None:
    """Let FranceConnect open this account no more; twice is once. Told as each change of a way in.

    The other sessions end: who came by it may not be who should have. ``keep`` is the key of the session
    where it is asked. Raises :class:`OnlyWay`.
    """
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        if is_only_way(locked):
            raise OnlyWay
        if not FranceConnectAccount.objects.filter(user=locked).delete()[0]:
            return
        open_sessions.close_all(locked, keep=keep)
        journal.record(act=PARTED, actor=user.subject, subject=user.subject)
        mobiles.tell(
            locked,
            kind=KIND_PARTED,
            reference=str(locked.public_id),
            numbers=[mobiles.of(locked)],
            mails=[contact.email for contact in _records(locked)],
        )


def _records(user: User) -> list[GuardianContact]:
    return list(GuardianContact.objects.filter(account__user=user).order_by("pk"))
