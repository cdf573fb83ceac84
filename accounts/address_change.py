"""Another address for an account: confirmed at the new one, told to the old one (DESIGN 3a, SAFETY T24).

One change at a time, for 72 hours from the moment its mail was sent. The same happens for an address
that already serves an account; only its owner's mailbox tells (SAFETY G1).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit import journal
from notifications import outbox
from throttling import limits

from . import correspondence, custody, links, registration
from .models import AddressChange, RecoveryRequest, User

KIND = "accounts.address_change"  # to the new address: the link
KIND_ASKED = "accounts.address_change_asked"  # to the old one: it was asked for
KIND_DONE = "accounts.address_changed"  # to the old one: it is done
LIVES = timedelta(days=7)

ASKED = journal.register_act("address.change_asked", _("Changement d’adresse demandé"))
CHANGED = journal.register_act("address.changed", _("Adresse changée"))
CANCELLED = journal.register_act("address.change_cancelled", _("Changement d’adresse annulé"))


class SameAddress(Exception):
    """The account has this address already."""


class Outdated(Exception):
    """The change was cancelled, replaced, done, or its 72 hours are over."""


class Taken(Exception):
    """Another account confirmed the address meanwhile."""


def pending(user: User) -> AddressChange | None:
    """Return the change that waits to be confirmed, if there is one."""
    return AddressChange.objects.filter(user=user).first()


def ask(user: User, address: str, *, device: str) -> AddressChange:
    """Write a link to the new address and a word to the old one; an earlier change is dropped.

    Raises :class:`SameAddress` and :class:`throttling.limits.Refused`.
    """
    old = user.address()
    if address == old:
        raise SameAddress
    limits.hit(
        limits.Limit("address_change.account", user.subject, 5, timedelta(days=1)),
        limits.Limit("address_change.device", device or user.subject, 20, timedelta(hours=1)),
        *registration.letter_limits(address),
    )
    with transaction.atomic():
        drop(user)
        change = AddressChange.objects.create(user=user, address=address)
        reference = str(change.public_id)
        outbox.post(kind=KIND, reference=reference, to=address, language=user.language)
        if old:
            outbox.post(kind=KIND_ASKED, reference=str(user.public_id), to=old, language=user.language)
        journal.record(act=ASKED, actor=user.subject, subject=user.subject, fields=["address"])
    return change


def asked_enough(user: User) -> None:
    """Note that somebody was asked for an address of their own: they gave one, or have none."""
    User.objects.filter(pk=user.pk).update(owes_address=False)


def drop(user: User) -> bool:
    """Forget the change that waits: its link is dead, and its mail stays if it has not left."""
    waiting = list(AddressChange.objects.select_for_update().filter(user=user))
    for change in waiting:
        outbox.withdraw(kind=KIND, reference=str(change.public_id))
        change.delete()
    return bool(waiting)


def cancel(user: User) -> None:
    """« Annuler ce changement »."""
    with transaction.atomic():
        if drop(user):
            journal.record(act=CANCELLED, actor=user.subject, subject=user.subject, fields=["address"])


def by_link(token: str) -> AddressChange | None:
    """Return the change that a mail's link opens, ``None`` if the link is no good. Changes nothing."""
    public_id = links.public_id(token)
    if public_id is None:
        return None
    change = AddressChange.objects.select_related("user").filter(public_id=public_id).first()
    return change if change is not None and links.opens(token, KIND, change) else None


def has_expired(change: AddressChange) -> bool:
    """Say whether the link's 72 hours are over."""
    return links.expired(KIND, str(change.public_id))


def confirm(change: AddressChange) -> User:
    """Give the account its new address, and tell the old one.

    Raises :class:`Outdated` and :class:`Taken`.
    """
    try:
        with transaction.atomic():
            locked = AddressChange.objects.select_for_update().filter(pk=change.pk).first()
            if locked is None or has_expired(locked):
                raise Outdated
            user = User.objects.select_for_update().get(pk=locked.user_id)
            old = user.address()
            holders = [] if old else correspondence.holders_of(user)  # told once: the next letters go there
            EmailAddress.objects.filter(user=user).delete()
            EmailAddress.objects.create(user=user, email=locked.address, verified=True, primary=True)
            locked.delete()
            asked_enough(user)
            # A link to choose a new password that lies in the old mailbox opens nothing any more.
            RecoveryRequest.objects.filter(user=user, used_at=None).update(used_at=Now())
            if old:
                outbox.post(kind=KIND_DONE, reference=str(user.public_id), to=old, language=user.language)
            correspondence.post(custody.KIND_ADDRESS, user, readers=holders)
            journal.record(act=CHANGED, actor=user.subject, subject=user.subject, fields=["address"])
    except IntegrityError as error:
        raise Taken from error
    return user


def purge(now: datetime) -> int:
    """Forget changes nobody confirmed within a week. Returns how many."""
    return AddressChange.objects.filter(created_at__lt=now - LIVES).delete()[0]
