"""Sending a message again by hand: staff, for somebody who did not get theirs.

The new message is written anew when it leaves, so its link is a fresh one, and the app that owns it
still says « nothing to send » for what was used, replaced or moved to another address meanwhile.

It counts with every other letter to that mailbox, three an hour and ten a day (SAFETY T28): whoever
wants to flood somebody could otherwise ask support to do it, and an agent who presses the button four
times helps nobody. So there is no limit of its own for staff, and none that they could pass.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import journal
from throttling import limits

from . import letters, outbox
from .models import Message, MessageQuerySet

MOST_AT_ONCE = 400

RESENT = journal.register_act("message.resent", _("Message renvoyé à la main"))
READ = journal.register_act("message.read_by_staff", _("Message consulté"))


class NotNow(Exception):
    """The message has not left yet, was withdrawn, has no purpose, or nobody knows where it went."""


def resend(message: Message, *, actor: str, reason: str) -> Message:
    """Put a message in the outbox again, to the same place; the reason goes into the journal.

    Raises :class:`NotNow` and :class:`throttling.limits.Refused`; then nothing was sent, and the
    mailbox's count is not given back.
    """
    if not message.can_be_resent:
        raise NotNow
    limits.hit(*letters.limits_for(message.kind, message.to))
    with transaction.atomic():
        # Seen by the one who asks a moment ago; since then it may have been forgotten.
        held = Message.objects.select_for_update().get(pk=message.pk)
        if not held.can_be_resent:
            raise NotNow
        again = outbox.post_again(held)
        journal.record(act=RESENT, actor=actor, subject=held.subject, reason=reason, academy=held.academy)
    return again


def note_reading(message: Message, *, actor: str) -> None:
    """Note in the journal that staff opened the page of a message (SAFETY T53)."""
    journal.record(act=READ, actor=actor, subject=message.subject, academy=message.academy)


def resendable(rows: MessageQuerySet) -> list[Message]:
    """Return the first messages of a list that can be sent again, :data:`MOST_AT_ONCE` at most."""
    return list(rows.resendable()[:MOST_AT_ONCE])
