"""Rows behind the links of mails, and the sessions that are open."""

from __future__ import annotations

import uuid

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now

from .custody import Custody
from .people import User
from .sign_ups import random_secret


class RecoveryRequest(models.Model):
    """Somebody asked to get back in. The row is written whether or not we know them (SAFETY T5).

    ``user`` is whom we found, if anybody. Of an account that is held, each holder has a request of their
    own, with its own link, which ends with their ``custody``. Only the newest of a reader opens anything.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="recovery_requests")
    custody = models.ForeignKey(Custody, on_delete=models.CASCADE, null=True, related_name="+")
    link_secret = models.CharField(max_length=32, default=random_secret)
    created_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="recovery_created")]

    def __str__(self) -> str:
        return str(self.public_id)


class AddressChange(models.Model):
    """A new address that waits to be confirmed at that address. One per person, 72 h from sending.

    Our own instead of allauth's: one truth for addresses (DESIGN 3a).
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="address_change")
    address = models.CharField(max_length=254)
    link_secret = models.CharField(max_length=32, default=random_secret)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="address_change_created")]

    def __str__(self) -> str:
        return str(self.public_id)


class OpenSession(AbstractBaseSession):
    """A session: what it holds, whose it is, and what its owner reads of it in « Mon compte ».

    One table for both: a session is written once when it begins, and closing it from elsewhere is
    deleting its row. All its times come from the clock of the database (SAFETY F16).
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Nobody yet between the password and the second factor.
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="open_sessions")
    device = models.CharField(max_length=40, blank=True)  # a code such as « firefox.android »
    network = models.CharField(max_length=45, blank=True)  # an address cut to its network: never whole
    opened_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(self.public_id)
