"""« Clé OTP »: a key that makes codes, and a PIN, which together stand for a password (SCREENS C2)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from ..sealing import seal, unseal
from .people import User

PURPOSE = "accounts.otp_key"


class OtpKeyQuerySet(models.QuerySet["OtpKey"]):
    """Keys, by whether they open anything yet."""

    def active(self) -> OtpKeyQuerySet:
        """Keep those that open an account: one of a person at most."""
        return self.filter(active_at__isnull=False)

    def waiting(self) -> OtpKeyQuerySet:
        """Keep those that wait for their PIN and first code: likewise."""
        return self.filter(active_at=None)


class OtpKey(models.Model):
    """A key of one person, in use or waiting for its first code (docs/adr/0009)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="otp_keys")
    sealed_seed = models.TextField()
    pin = models.CharField(max_length=128, blank=True)  # hashed as a password is
    counter = models.BigIntegerField(
        default=0, db_default=0
    )  # the step of the last code accepted; only rises
    spare = models.JSONField(default=list)  # keyed hashes of the recovery codes that are left
    began_at = models.DateTimeField(db_default=Now(), editable=False)
    active_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    objects = OtpKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(active_at__isnull=False), name="one_otp_key_in_use"
            ),
            models.UniqueConstraint(fields=["user"], condition=Q(active_at=None), name="one_otp_key_waits"),
            models.CheckConstraint(condition=Q(active_at=None) | ~Q(pin=""), name="otp_key_has_a_pin"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}"

    def seed(self) -> str:
        """Return the key in base 32, as apps read it."""
        return unseal(PURPOSE, self.sealed_seed)

    @staticmethod
    def sealed(seed: str) -> str:
        """Return a key as a row keeps it."""
        return seal(PURPOSE, seed)
