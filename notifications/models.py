"""The outbox, the local mailbox and the worker's sign of life."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from . import reasons


class Channel(models.TextChoices):
    """How a message travels."""

    MAIL = "mail", _("courriel")
    SMS = "sms", _("SMS")


class State(models.TextChoices):
    """Where a message stands. Only ``waiting`` ever changes into another."""

    WAITING = "waiting", _("en attente")
    SENT = "sent", _("parti")
    DEAD = "dead", _("refusé")
    VOID = "void", _("sans objet")
    WITHDRAWN = "withdrawn", _("retiré")


# What waits goes by itself; what was withdrawn, or had no purpose any more, is not to be sent.
RESENDABLE = (State.SENT, State.DEAD)


class MessageQuerySet(models.QuerySet["Message"]):
    """Messages, by what can be done with them."""

    def resendable(self) -> MessageQuerySet:
        """Keep what has left or was refused, and whose address is still known."""
        return self.filter(state__in=RESENDABLE).exclude(to="")


class Message(models.Model):
    """A mail or SMS to send: written in the transaction that gives rise to it, sent by the worker.

    It holds whom it goes to and what it is about (``kind``, ``reference``), never its text nor a
    secret. All its times come from the clock of the database, the only one that all nodes share
    (SAFETY F16).
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=60)
    reference = models.CharField(max_length=100)
    channel = models.CharField(max_length=4, choices=Channel)
    to = models.CharField(max_length=320, help_text=_("Vidé quelque temps après le départ du message."))
    language = models.CharField(max_length=10, default="fr")
    # The code of the académie whose staff may see it; empty for messages of nobody's académie.
    academy = models.CharField(_("académie"), max_length=2, blank=True, default="", db_default="")
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    # How many senders died while they held it: a letter that kills its sender is found out by it.
    interruptions = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = MessageQuerySet.as_manager()

    # Where it was read to judge a link (outbox.latest): when a message about the same thing last left, and
    # what PostgreSQL's clock said.
    left_at: datetime | None = None
    read_at: datetime | None = None

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages envoyés ou à envoyer")
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=models.Q(state="waiting"), name="message_due"),
            models.Index(fields=["kind", "reference"], name="message_about"),
            models.Index(fields=["academy", "-id"], name="message_of_an_academy"),
            models.Index(fields=["to"], condition=~models.Q(to=""), name="message_to"),
            # What did not leave, which staff look for: little beside what did.
            models.Index(
                fields=["state", "academy", "-id"], condition=~models.Q(state="sent"), name="message_unsent"
            ),
            BrinIndex(fields=["created_at"], name="message_age"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="sent", sent_at__isnull=False)
                | ~models.Q(state="sent") & models.Q(sent_at__isnull=True),
                name="message_sent_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"

    @property
    def subject(self) -> str:
        """Its opaque name in the journal."""
        return f"message:{self.public_id}"

    @property
    def can_be_resent(self) -> bool:
        """Whether staff may send it again: see :mod:`notifications.resending`."""
        return self.state in RESENDABLE and bool(self.to)

    @property
    def situation(self) -> str:
        """Where it stands for whoever waits for it: its state, or ``retrying`` after a failure."""
        return "retrying" if self.state == State.WAITING and self.last_error else self.state

    @property
    def situation_in_words(self) -> str:
        """A French sentence for « Vérifiez vos messages » (SCREENS A5)."""
        return reasons.situation_in_words(self.situation, self.last_error, self.sent_at)

    @property
    def reason_in_words(self) -> str:
        """Why it could not be sent, in plain French for a parent; empty if nothing went wrong."""
        return reasons.in_words(self.last_error, given_up=self.state == State.DEAD)


class LocalMessage(models.Model):
    """A message kept instead of sent, for the local mailbox page, which exists only with DEBUG."""

    message_id = models.UUIDField(editable=False)
    channel = models.CharField(max_length=4, choices=Channel)
    to = models.CharField(max_length=320)
    subject = models.TextField(blank=True)
    text = models.TextField()
    html = models.TextField(blank=True)
    kept_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.channel} {self.message_id}"


class Heartbeat(models.Model):
    """When a background process was last seen alive, by the clock of the database."""

    name = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name
